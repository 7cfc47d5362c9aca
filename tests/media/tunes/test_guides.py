"""What a model of `notes` is told: the key, by how much a tune was transposed, and with each bar how many remain."""

from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from lstmgen.analysis.evaluation import evaluate
from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.beats import BAR, METER, POSITION, TEMPO
from lstmgen.media.tunes.notes.events import DURATION, KEY, MOST_TRANSPOSED, PITCH, PROGRAM, TRANSPOSED, VELOCITY
from lstmgen.media.tunes.notes.remaining import BANDS, LEFT, LENGTH, MOST_BARS, band_name, bands_of
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.media.writing import Encoded
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.keys import KEYS, key_name, key_of, moved, number_of, signature
from lstmgen.music.scales import parse_key
from lstmgen.music.score import Key, Meter, Notes, Score
from lstmgen.training.pieces import PieceStreams
from lstmgen.training.streams import IGNORED
from lstmgen.training.validation import Validation

TOKENIZER = NotesTokenizer("beats", 12, repeats=True, guides=True)
LENGTH_FIRST = replace(TOKENIZER, length_first=True)
FULL = replace(LENGTH_FIRST, full_bars=True)
TABLE = TOKENIZER.table
SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def tune(bars=4, *, keys=(), semitones=0, late=False):
    """A scale up, a note a bar but for the upbeat."""
    start = 1920 * np.arange(bars) + (1440 if late else 0) * (np.arange(bars) == 0)
    pitch = np.resize(SCALE, bars) + semitones
    return Score.of(Notes.of(start, start + 480, pitch, velocity=80), keys=keys, length_ticks=1920 * bars)


def said(ids):
    """The number of bars that the beginning says, and those that the bars say."""
    events = [TABLE.event(int(token)) for token in ids]
    return [value + 1 if kind == LENGTH else band_name(value) for kind, value in events if kind in {LENGTH, LEFT}]


def cursor_behind(ids, constraints, tokenizer=TOKENIZER):
    cursor = tokenizer.cursor(constraints)
    for token in ids:
        cursor.push(int(token))
    cursor.begin()
    return cursor


def offered(cursor, kind):
    return np.flatnonzero(cursor.allowed()[TABLE.span(kind)]).tolist()


def walk(constraints, seed, tokenizer=TOKENIZER):
    """Ids that a cursor allows, each kind of event as likely as any other, up to the end; None where none comes."""
    random, cursor, ids = np.random.default_rng(seed), tokenizer.cursor(constraints), []
    cursor.begin()
    while not cursor.finished and len(ids) < 1000:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = np.array([TABLE.event(token)[0] for token in allowed.tolist()])
        token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
        if token == 0:
            return np.array(ids, np.int64)
        cursor.push(token)
        ids.append(token)
    return None


# How many bars remain ----------------------------------------------------------------------------------------------------------------


def test_bands_are_numbers_up_to_eight_and_then_one_after_the_other():
    counts = np.arange(1, 400)
    bands = bands_of(counts)
    assert bands[:8].tolist() == list(range(8))
    assert set(np.diff(bands).tolist()) == {0, 1}
    assert [band_name(int(band)) for band in bands_of(np.array([9, 12, 13, 128, 129, 10**6]))] == [
        *("9 to 12", "9 to 12", "13 to 16", "65 to 128", "129 or more", "129 or more")
    ]
    assert int(bands_of(10**9)) == BANDS - 1


def test_a_tune_says_how_many_bars_it_has_and_every_change_of_what_is_left():
    assert said(TOKENIZER.encode(tune(11))) == [11, "9 to 12", "8", "7", "6", "5", "4", "3", "2", "1"]
    assert said(TOKENIZER.encode_prompt(tune(3), bars=4)) == [7, "7", "6", "5"]
    assert said(TOKENIZER.encode(tune(300)))[:2] == [MOST_BARS, "129 or more"]


@pytest.mark.parametrize("constraints", [FREE, Constraints(bars=1), Constraints(bars=4), Constraints(bars=11), Constraints(bars=16)])
@pytest.mark.parametrize("tokenizer", [TOKENIZER, LENGTH_FIRST, FULL], ids=["key first", "length first", "full bars"])
def test_what_a_cursor_allows_comes_back_and_has_so_many_full_bars(tokenizer, constraints):
    compared = 0
    for seed in range(9):
        ids = walk(constraints, seed, tokenizer)
        if ids is None:
            assert constraints.bars is None
            continue
        score = tokenizer.decode(ids)
        again = tokenizer.encode(score)
        names, names_again = (set(some[TABLE.are(some, PROGRAM)].tolist()) for some in (ids, again))
        if names == names_again:  # else an instrument was announced that never plays
            assert again.tolist() == ids.tolist()
            compared += 1
        if constraints.bars is not None and len(score.notes):
            bars = Bars(score)
            upbeat = bars.tick(1) // 2 <= int(score.notes.start_ticks.min()) < bars.tick(1)
            assert bars.count == constraints.bars + upbeat
    assert compared >= 2


def ids_of(*events):
    """Ids of events by kind and value."""
    return [TABLE.first(kind) + value for kind, value in events]


def test_new_models_say_the_length_before_the_key_so_that_it_may_depend_on_it_and_older_ones_behind_the_instruments():
    score = tune(keys=(Key(0, 2),))
    old, new = TOKENIZER.encode(score), LENGTH_FIRST.encode(score)
    assert [TABLE.event(int(token))[0] for token in old[:5]] == [TRANSPOSED, KEY, PROGRAM, LENGTH, BAR]
    assert [TABLE.event(int(token))[0] for token in new[:5]] == [LENGTH, TRANSPOSED, KEY, PROGRAM, BAR]
    assert new[4:].tolist() == old[4:].tolist()
    assert LENGTH_FIRST.decode(new).content() == TOKENIZER.decode(old).content()
    assert build("notes", [score]).length_first
    assert not build("notes", [score], guides=False).length_first
    assert "length_first" not in TOKENIZER.to_json()
    assert from_json(LENGTH_FIRST.to_json()) == LENGTH_FIRST


@pytest.mark.parametrize("bars", [4, 16])
def test_a_length_that_is_asked_for_is_what_a_model_is_told_first(bars):
    cursor = LENGTH_FIRST.cursor(Constraints(bars=bars, key=parse_key("D")))
    cursor.begin()
    assert np.flatnonzero(cursor.allowed()).tolist() == [TABLE.first(LENGTH) + bars - 1, TABLE.first(LENGTH) + bars]
    cursor.push(TABLE.first(LENGTH) + bars - 1)
    assert np.flatnonzero(cursor.allowed()).tolist() == [TABLE.first(TRANSPOSED) + MOST_TRANSPOSED]
    cursor.push(TABLE.first(TRANSPOSED) + MOST_TRANSPOSED)
    assert offered(cursor, KEY) == [2]


@pytest.mark.parametrize(("length", "position"), [(16, 0), (17, 36)])
def test_an_upbeat_is_no_bar(length, position):
    cursor = TOKENIZER.cursor(Constraints(bars=16))
    cursor.begin()
    for token in TOKENIZER.encode(tune())[:3].tolist():
        cursor.push(token)
    assert [value + 1 for value in offered(cursor, LENGTH)] == [16, 17]
    begin = [(LENGTH, length - 1), (BAR, 0), (LEFT, int(bands_of(length))), (POSITION, 0), (TEMPO, 124)]
    for token in ids_of(*begin):
        cursor.push(token)
    upbeat = length == 17
    assert bool(offered(cursor, VELOCITY)) == bool(offered(cursor, BAR)) == (not upbeat)
    assert all((value >= 24) == upbeat for value in offered(cursor, POSITION))
    for token in [*(ids_of((POSITION, position)) if position else []), *ids_of((VELOCITY, 20), (PITCH, 60), (DURATION, 0))]:
        cursor.push(token)
    bars = 1
    while not cursor.allowed()[0]:
        cursor.push(TABLE.first(BAR))
        bars += 1
        for band in offered(cursor, LEFT):
            cursor.push(TABLE.first(LEFT) + band)
        if cursor.closing:
            assert not cursor.allowed()[0]  # the last bar is not to be silent
            for token in ids_of((POSITION, 0), (PITCH, 62), (DURATION, 0)):
                cursor.push(token)
    assert bars == length


@pytest.mark.parametrize(("begin", "upbeat"), [(0, False), (2, True), (3, True), (1.5, False)])
def test_an_upbeat_is_none_of_the_bars_that_are_counted(begin, upbeat):
    score = tune(4)
    start, end = score.notes.start_ticks.copy(), score.notes.end_ticks.copy()
    start[0], end[0] = begin * score.ticks_per_beat, (begin + 1) * score.ticks_per_beat
    late = score.changed(notes=score.notes.changed(start_ticks=start, end_ticks=end))
    ids = FULL.encode(late)
    assert said(ids) == ([3, "3", "2", "1"] if upbeat else [4, "4", "3", "2", "1"])
    assert FULL.decode(ids).notes.same_as(LENGTH_FIRST.decode(LENGTH_FIRST.encode(late)).notes)
    cursor = FULL.cursor(FREE)
    for token in ids.tolist():
        cursor.push(token)
    assert cursor.allowed()[0]
    assert not offered(cursor, BAR)


def test_a_bar_alone_is_counted_wherever_its_notes_begin_and_an_upbeat_that_goes_on_is_not():
    alone = Score.of(Notes.of([1440], [1920], [60]), length_ticks=1920)
    ids = FULL.encode(alone)
    assert said(ids) == [1, "1"]
    cursor = FULL.cursor(FREE)
    for token in ids.tolist():
        cursor.push(token)
    assert cursor.allowed()[0]
    prompt = FULL.encode_prompt(alone, bars=2)
    assert said(prompt) == [2, "2"]
    cursor, bars = cursor_behind(prompt, Constraints(bars=2), tokenizer=FULL), 0
    while not cursor.allowed()[0]:
        bars += bool(offered(cursor, BAR))
        for token in ids_of((BAR, 0), *[(LEFT, 0)] * bool(bars == 2), (POSITION, 0), (PITCH, 60 + bars), (DURATION, 0)):
            cursor.push(token)
    assert bars == 2


@pytest.mark.parametrize("position", [0, 24, 36])
@pytest.mark.parametrize("bars", [1, 3])
def test_a_tune_that_is_drawn_has_as_many_full_bars_as_were_asked_for_with_an_upbeat_or_without(bars, position):
    cursor = FULL.cursor(Constraints(bars=bars))
    cursor.begin()
    assert [value + 1 for value in offered(cursor, LENGTH)] == [bars]
    head = [
        (LENGTH, bars - 1),
        (TRANSPOSED, MOST_TRANSPOSED),
        (KEY, 0),
        (PROGRAM, 0),
        (BAR, 0),
        (LEFT, bars - 1),
        (POSITION, 0),
        (TEMPO, 124),
    ]
    for token in ids_of(*head):
        cursor.push(token)
    assert {0, 24, 36} - {0} <= set(offered(cursor, POSITION))  # whether there is an upbeat is drawn
    for token in ids_of(*[(POSITION, position)] * bool(position), (VELOCITY, 20), (PITCH, 60), (DURATION, 0)):
        cursor.push(token)
    written, bands = 1, []
    while not cursor.allowed()[0]:
        cursor.push(TABLE.first(BAR))
        written += 1
        for band in offered(cursor, LEFT):
            bands.append(band_name(band))
            cursor.push(TABLE.first(LEFT) + band)
        for token in ids_of((POSITION, 0), (PITCH, 60 + written), (DURATION, 0)):
            cursor.push(token)
    upbeat = position > 0
    assert written == bars + upbeat
    assert bands == [str(left) for left in range(bars - 1, 0, -1)]
    assert not offered(cursor, BAR)


def test_new_models_count_full_bars_and_find_keys_by_how_a_tune_ends():
    score = tune(8)
    assert build("notes", [score]).full_bars
    assert build("notes", [score]).ending_key
    assert not build("notes", [score], guides=False).full_bars
    assert {"full_bars", "ending_key", "lone", "together"}.isdisjoint(TOKENIZER.to_json())
    assert from_json(FULL.to_json()) == FULL


def test_a_tune_ends_with_its_last_bar_and_nothing_sounds_beyond_it():
    ids = TOKENIZER.encode(tune(3)).tolist()
    last = max(place for place, token in enumerate(ids) if TABLE.event(token)[0] == LEFT)
    cursor = cursor_behind(ids[: last + 1], FREE)
    assert offered(cursor, BAR) == []
    for token in ids_of((POSITION, 36), (PITCH, 50)):
        cursor.push(token)
    assert len(offered(cursor, DURATION)) == 12
    cursor.push(TABLE.first(DURATION))
    assert cursor.allowed()[0]


def test_a_prompt_of_a_finished_tune_goes_on_for_as_many_bars_as_are_asked_for():
    cursor = cursor_behind(TOKENIZER.encode_prompt(tune(3), bars=2), Constraints(bars=2))
    assert not cursor.allowed()[0]
    cursor.push(TABLE.first(BAR))
    assert [band_name(band) for band in offered(cursor, LEFT)] == ["2"]
    cursor.push(TABLE.first(LEFT) + 1)
    for token in ids_of((POSITION, 0), (PITCH, 50), (DURATION, 0), (BAR, 0), (LEFT, 0)):
        cursor.push(token)
    assert not cursor.allowed()[0]
    for token in ids_of((POSITION, 0), (PITCH, 51), (DURATION, 0)):
        cursor.push(token)
    assert cursor.allowed()[0]
    assert not offered(cursor, BAR)


def test_a_tune_that_ends_after_seconds_is_told_about_how_many_bars_that_is():
    cursor = cursor_behind(TOKENIZER.encode(tune())[:3], Constraints(seconds=32.0))
    assert [value + 1 for value in offered(cursor, LENGTH)] == [16]
    for token in ids_of((LENGTH, 15), (BAR, 0)):
        cursor.push(token)
    assert [band_name(band) for band in offered(cursor, LEFT)] == ["13 to 16"]


def test_what_a_model_is_told_never_competes_with_what_it_has_learned():
    told_V = MEDIUM.told(TOKENIZER)
    for seed in range(6):
        random, cursor = np.random.default_rng(seed), TOKENIZER.cursor(Constraints(bars=20))
        cursor.begin()
        for _ in range(400):
            allowed = np.flatnonzero(cursor.allowed())
            assert not told_V[allowed].any() or len(allowed) == 1
            kinds = np.array([TABLE.event(token)[0] for token in allowed.tolist()])
            token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
            if token == 0:
                break
            cursor.push(token)


def test_what_a_model_is_told_is_neither_learned_nor_counted():
    told_V = MEDIUM.told(TOKENIZER)
    assert {TABLE.event(token)[0] for token in np.flatnonzero(told_V).tolist()} == {TRANSPOSED, LEFT}
    assert MEDIUM.told(NotesTokenizer("beats", 12)) is None
    ids = np.concatenate([[0], TOKENIZER.encode(tune(4)), [0]])
    window = PieceStreams(ids[:-1], np.array([0]), batch_size=1, seq_length=200, seed=1, told_V=told_V).next_window()
    targets = window.targets_TB[: len(ids) - 1, 0].numpy()
    assert np.array_equal(targets == IGNORED, told_V[ids[1:]])
    assert window.counted == len(ids) - 1 - int(told_V[ids].sum())
    network = LanguageModel(Architecture(vocab_size=TOKENIZER.vocab_size, embedding_size=4, hidden_size=6, num_layers=1))
    evaluation = evaluate(network, MEDIUM, TOKENIZER, [Encoded(item=tune(4), ids=ids[1:-1])])
    assert evaluation.tokens == len(ids) - 2 - int(told_V[ids].sum()) == sum(row.tokens for row in evaluation.rows())
    nats, counted = Validation(ids, np.array([0]), told_V)(network, arithmetic=nullcontext)
    assert counted == evaluation.tokens
    assert nats == pytest.approx(evaluation.tokens * evaluation.nats_per_token, rel=1e-5)


# Key and tempo -----------------------------------------------------------------------------------------------------------------------


def test_every_key_has_a_name_that_is_read_back_and_a_signature():
    for number in range(KEYS):
        assert parse_key(key_name(number)) == number_of(signature(number)) == number
        assert moved(moved(number, 5), -5) == number
    assert [parse_key(text) for text in ("Am", "F# major", "Bb", "e minor", "C#m")] == [21, 6, 10, 16, 13]
    for text in ("H", "D dorian", "", "major", "chromatic"):
        with pytest.raises(UsageError) as caught:
            parse_key(text)
        assert "D minor" in caught.value.remedy


def test_the_key_is_that_of_the_signature_or_of_what_sounds():
    assert key_name(key_of(tune(8))) == "C major"
    assert key_name(key_of(tune(8, semitones=2))) == "D major"
    assert key_name(key_of(tune(8, keys=[Key(0, -1, True)]))) == "D minor"
    assert key_of(Score.of(Notes.of([0], [10], [40], drum=True))) == 0


def test_a_key_signature_is_written_and_a_tune_that_goes_on_keeps_its_own():
    score = TOKENIZER.decode(TOKENIZER.encode(tune(8, semitones=2)))
    assert score.keys == (Key(0, 2, False),)
    like = tune(4, keys=[Key(0, 3, False)])
    ids = TOKENIZER.encode(like)
    assert TOKENIZER.decode(ids, like=like, since=len(ids)).keys == like.keys


def test_a_transposed_tune_says_so_and_its_key():
    ids = TOKENIZER.encode(tune(8))
    up = TOKENIZER.augmented(ids, semitones=5)
    assert [TOKENIZER.piece(token) for token in ids[:2].tolist()] == ["as written", "key C major"]
    assert [TOKENIZER.piece(token) for token in up[:2].tolist()] == ["transposed +5", "key F major"]
    assert TOKENIZER.augmented(up, semitones=-5).tolist() == ids.tolist()


def test_tunes_are_learned_in_other_keys_and_at_their_own_speed():
    varied = MEDIUM.augmentation(TOKENIZER, DataConfig(sources=("x",)))
    ids = TOKENIZER.encode(tune(8))
    forms = [varied(ids, np.random.default_rng(seed), 0) for seed in range(40)]
    assert {TABLE.event(int(form[0]))[1] - MOST_TRANSPOSED for form in forms} == set(range(-6, 7))
    assert {TOKENIZER.measure(form).seconds for form in forms} == {TOKENIZER.measure(ids).seconds}


def test_what_is_drawn_stands_as_it_was_written_and_in_the_key_that_is_asked_for():
    cursor = cursor_behind([], FREE)
    assert offered(cursor, TRANSPOSED) == [MOST_TRANSPOSED]
    cursor.push(TABLE.first(TRANSPOSED) + MOST_TRANSPOSED)
    assert len(offered(cursor, KEY)) == KEYS
    cursor = cursor_behind([], Constraints(key=14))
    assert offered(cursor, TRANSPOSED) == [MOST_TRANSPOSED]
    cursor.push(TABLE.first(TRANSPOSED) + MOST_TRANSPOSED)
    assert offered(cursor, KEY) == [14]


def test_a_tune_keeps_the_tempo_that_is_asked_for():
    plain = NotesTokenizer("beats", 12)
    for tokenizer in (TOKENIZER, plain):
        cursor = tokenizer.cursor(Constraints(tempo_us=625_000))
        cursor.begin()
        ids = tokenizer.encode(tune(bars=2)).tolist()
        for token in ids[: ids.index(tokenizer.table.first(POSITION)) + 1]:
            cursor.push(token)
        tempi = np.flatnonzero(cursor.allowed()[tokenizer.table.span(TEMPO)]).tolist()
        assert [tokenizer.piece(tokenizer.table.first(TEMPO) + value) for value in tempi] == ["tempo 96.63"]
        cursor.push(tokenizer.table.first(TEMPO) + tempi[0])
        for token in ids[ids.index(tokenizer.table.first(POSITION)) + 2 :]:
            cursor.push(token)
            assert not cursor.allowed()[tokenizer.table.span(TEMPO)].any()


@pytest.mark.parametrize(
    ("tokenizer", "options", "remedy"),
    [
        (NotesTokenizer("beats", 12), {"key": "D minor"}, "--scale"),
        (NotesTokenizer("seconds"), {"tempo": 96.0}, "--bpm"),
        (NotesTokenizer("seconds"), {"key": "C"}, "--scale"),
    ],
)
def test_a_model_that_cannot_be_told_refuses(tokenizer, options, remedy):
    plan = partial(MEDIUM.plan, length=None, echo=True, data=DataConfig())
    prompt = MEDIUM.parse_prompt(tokenizer, None, options, DataConfig(sources=("x",)))
    with pytest.raises(UsageError) as caught:
        plan(tokenizer, prompt, options)
    assert remedy in caught.value.remedy


def test_a_tune_that_goes_on_is_told_no_other_key():
    options = {"key": "D minor"}
    prompt = MEDIUM.parse_prompt(TOKENIZER, tune(), options, DataConfig(sources=("x",)))
    with pytest.raises(UsageError, match="--key"):
        MEDIUM.plan(TOKENIZER, prompt, options, length=None, echo=True, data=DataConfig())


def test_guides_are_part_of_the_description_and_need_bars():
    assert from_json(TOKENIZER.to_json()) == TOKENIZER
    assert "guides" not in NotesTokenizer("beats", 12, repeats=True).to_json()
    with pytest.raises(UsageError, match="--guides"):
        NotesTokenizer("seconds", guides=True)


def test_a_change_of_meter_says_what_remains_too():
    notes = tune(4).notes
    score = Score.of(notes, meters=[Meter(0, 4, 4), Meter(3840, 3, 4)], length_ticks=3840 + 2 * 1440)
    ids = TOKENIZER.encode(score)
    assert said(ids) == [4, "4", "3", "2", "1"]
    assert TABLE.are(ids, METER).sum() == 1
    assert TOKENIZER.encode(TOKENIZER.decode(ids)).tolist() == ids.tolist()
