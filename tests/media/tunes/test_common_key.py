"""Pitches written as if every tonic were C: nothing is lost, and every key is written alike."""

from dataclasses import replace

import numpy as np
import pytest

from lstmgen.config import Config, DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.common_key import semitones_above
from lstmgen.media.tunes.notes.events import DRUM, KEY, MOST_TRANSPOSED, PITCH, TRANSPOSED
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.constraints import Constraints
from lstmgen.music.keys import KEYS, key_name, moved, signature
from lstmgen.music.score import Notes, Score

PLAIN = NotesTokenizer("beats", 12, repeats=True, guides=True)
COMMON = replace(PLAIN, common_key=True)
TABLE = COMMON.table


def scale(key, *, semitones=0):
    """A scale up from C4, moved, with a drum on each note, in a key that is written."""
    start = 480 * np.arange(8)
    pitch = np.array([60, 62, 64, 65, 67, 69, 71, 72]) + semitones
    pitched = Notes.of(start, start + 480, pitch, velocity=80)
    drums = Notes.of(start, start + 480, np.full(8, 38), velocity=80, drum=np.ones(8, bool), track=1)
    return Score.of(Notes.joined([pitched, drums]), keys=[signature(key)], length_ticks=3840)


def pitches(ids):
    return TABLE.value_of_V[ids[TABLE.are(ids, PITCH)]].tolist()


@pytest.mark.parametrize("key", range(KEYS))
def test_every_key_is_written_alike_and_comes_back(key):
    above = semitones_above(key)
    assert -5 <= above <= 6
    assert (key - above) % 12 == 0
    score = scale(key, semitones=above)
    ids = COMMON.encode(score)
    assert pitches(ids) == pitches(COMMON.encode(scale(12 * (key >= 12))))
    assert TABLE.value_of_V[ids[TABLE.are(ids, DRUM)]].tolist() == [38] * 8
    back = COMMON.decode(ids)
    assert sorted(back.notes.pitch.tolist()) == sorted(score.notes.pitch.tolist())
    assert back.keys == score.keys


@pytest.mark.parametrize("key", [6, 7, 18])
def test_the_lowest_and_the_highest_pitches_come_back(key):
    notes = Notes.of([0, 0, 480, 480], [480, 480, 960, 960], [0, 127, 3, 124], velocity=80)
    score = Score.of(notes, keys=[signature(key)], length_ticks=1920)
    assert sorted(COMMON.decode(COMMON.encode(score)).notes.pitch.tolist()) == [0, 3, 124, 127]


@pytest.mark.parametrize("key", [0, 5, 19])
def test_a_transposed_piece_says_so_and_has_its_key(key):
    ids = COMMON.encode(scale(key, semitones=semitones_above(key)))
    up = COMMON.augmented(ids, semitones=4)
    assert pitches(up) == [pitch + 4 for pitch in pitches(ids)]
    assert TABLE.value_of_V[up[TABLE.are(up, KEY)]].tolist() == [moved(key, 4)]
    assert COMMON.augmented(up, semitones=-4).tolist() == ids.tolist()


def test_transposing_is_that_of_pitches_as_they_sound():
    up = COMMON.augmented(COMMON.encode(scale(0)), semitones=4)
    assert (
        COMMON.decode(up).notes.pitch.tolist() == (PLAIN.decode(PLAIN.augmented(PLAIN.encode(scale(0)), semitones=4))).notes.pitch.tolist()
    )
    assert COMMON.transpositions(COMMON.encode(scale(5, semitones=5))) == PLAIN.transpositions(PLAIN.encode(scale(5, semitones=5)))


def test_tunes_are_read_as_they_were_written_and_transposed_the_more_often_the_more_often_they_were_read():
    varied, random = MEDIUM.augmentation(COMMON, DataConfig(sources=("x",))), np.random.default_rng(1)
    ids = COMMON.encode(scale(2, semitones=2))
    changed = [sum(varied(ids, random, turn).tolist() != ids.tolist() for _ in range(60)) for turn in (0, 2, 5, 50)]
    assert changed[:2] == [0, 0]
    assert 15 < changed[2] < 45 < changed[3]


def test_a_share_of_the_readings_stays_as_written_however_often_all_was_read():
    ids, random = COMMON.encode(scale(2, semitones=2)), np.random.default_rng(1)
    for share, low, high in ((0.5, 30, 70), (1.0, 100, 100)):
        varied = MEDIUM.augmentation(COMMON, DataConfig(sources=("x",), as_written=share))
        assert low <= sum(varied(ids, random, 500).tolist() == ids.tolist() for _ in range(100)) <= high


def test_runs_of_before_read_on_as_they_did_and_new_ones_say_what_they_do():
    ids, before, now = COMMON.encode(scale(2, semitones=2)), DataConfig(sources=("x",)), DataConfig(sources=("x",), as_written=0.0)
    one, other = (
        [MEDIUM.augmentation(COMMON, data)(ids, np.random.default_rng(seed), 9).tolist() for seed in range(20)] for data in (before, now)
    )
    assert one == other
    assert MEDIUM.settings(COMMON, tokens=10**6, passes=1.0)["data.as_written"] == 0.5
    assert MEDIUM.settings(replace(COMMON, seats=True), tokens=10**6, passes=1.0)["data.as_written"] == 0.75
    assert "data.as_written" not in MEDIUM.settings(PLAIN, tokens=10**6, passes=1.0)


def test_the_fewer_tokens_the_more_decay_in_place_of_dropout_unless_another_way_is_chosen():
    chosen = [Config().filled(MEDIUM.settings(COMMON, tokens=tokens, passes=1.0)) for tokens in (10, 10**5, 2 * 10**5, 10**6)]
    decays = [config.optimizer.weight_decay for config in chosen]
    assert decays[0] == 8
    assert decays[0] > decays[1] > decays[2] > 0.3
    assert decays[3] is None  # presets choose
    assert [config.model.dropout for config in chosen] == [0.05, 0.05, 0.05, None]
    asked = Config().replace({"optimizer.weight_decay": 0.1, "model.dropout": 0.4})
    assert asked.filled(MEDIUM.settings(COMMON, tokens=10, passes=1.0)).optimizer.weight_decay == 0.1
    for others in (MEDIUM.settings(PLAIN, tokens=10, passes=1.0), MEDIUM.settings(COMMON, tokens=None, passes=1.0)):
        assert others.keys().isdisjoint({"optimizer.weight_decay", "model.dropout"})


def test_where_parts_come_back_more_passes_over_few_tokens_mean_more_decay():
    returning = replace(COMMON, variants=True, seats=True, returns=True)
    decays = [MEDIUM.settings(returning, tokens=10, passes=passes)["optimizer.weight_decay"] for passes in (1.0, 20.0, 180.0)]
    assert decays == [8.0, 8.0, 19.0]
    assert MEDIUM.settings(replace(returning, returns=False), tokens=10, passes=180.0)["optimizer.weight_decay"] == 8.0


@pytest.mark.parametrize("key", [0, 2, 6, 7, 16])
def test_wishes_are_about_what_sounds(key):
    wishes = Constraints(bars=2, pitches=frozenset(range(61, 80, 3)), key=key)
    random, cursor, ids = np.random.default_rng(key), COMMON.cursor(wishes), []
    cursor.begin()
    while not cursor.finished and len(ids) < 400:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = np.array([TABLE.event(token)[0] for token in allowed.tolist()])
        ids.append(int(random.choice(allowed[kinds == random.choice(np.unique(kinds))])))
        cursor.push(ids[-1])
    notes = COMMON.decode(ids).notes
    assert len(notes.take(~notes.drum))
    assert set(notes.take(~notes.drum).pitch.tolist()) <= wishes.pitches


def test_it_is_the_default_where_keys_are_said_and_needs_them():
    scores = [scale(0)]
    assert build("notes", scores).common_key
    assert not build("notes", scores, guides=False).common_key
    assert not build("notes", scores, common_key=False).common_key
    assert from_json(COMMON.to_json()) == COMMON
    assert not from_json(PLAIN.to_json()).common_key
    for options in ({"guides": False, "common_key": True}, {"time_base": "seconds", "common_key": True}):
        with pytest.raises(UsageError, match="--common-key"):
            build("notes", scores, **options)


@pytest.mark.parametrize("key", [0, 6, 7, 13])
def test_for_a_key_that_is_asked_for_a_model_may_be_told_any_near_one_of_its_mode(key):
    prompt, wishes = MEDIUM.parse_prompt(COMMON, None, {}, DataConfig()), {"bars": 1, "key": key_name(key)}
    plan = MEDIUM.plan(COMMON, prompt, wishes, length=None, echo=True, data=DataConfig())
    told, items = TABLE.span(KEY), []
    for place in range(2):
        writer = plan.writer()
        writer.push(TABLE.first(TRANSPOSED) + MOST_TRANSPOSED)
        offered = np.flatnonzero(writer.allowed()[told])
        assert key in offered
        assert set(offered // 12) == {key // 12}
        assert all(abs(semitones_above(int(other)) - semitones_above(key)) <= 6 for other in offered)
        assert writer.allowed() is writer.allowed()
        writer.push(TABLE.first(KEY) + (key if place else int(offered[offered != key][0])))
        for kind, value in (("program", 0), ("length", 0), ("bar", 0), ("left", 0), ("position", 0), ("tempo", 124), ("velocity", 20)):
            writer.push(TABLE.first(kind) + value)
        writer.push(TABLE.first("pitch") + 60)
        streamed = [writer.push(TABLE.first("duration") + 11), writer.finish()]
        items.append(writer.outcome().item)
        assert Notes.joined(streamed).pitch.tolist() == items[-1].notes.pitch.tolist() == [60 + semitones_above(key)]
    one, other = items
    assert one.keys == other.keys == (signature(key),)
    assert one.notes.same_as(other.notes)
