"""Bars that come back with other velocities, and first halves that come back with another end, in the `notes` tokenizer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.notes.events import VELOCITY_BINS
from lstmgen.media.tunes.notes.measures import BAR, POSITION, TEMPO
from lstmgen.media.tunes.notes.repeats import AGAIN, FARTHEST, HALF, REPEAT
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.score import Notes, Score

REPEATS = NotesTokenizer("beats", 12, repeats=True)
VARIANTS = replace(REPEATS, variants=True)
GUIDED = replace(VARIANTS, guides=True, common_key=True, tracks=4)
TABLE = VARIANTS.table
LANTERNS = sorted((Path(__file__).parents[3] / "corpora" / "lanterns").glob("*.mid"))
SCALE = [(0, 60, 1, 82), (1, 62, 1, 82), (2, 64, 1, 82), (3, 65, 1, 82)]


def tune(*bars):
    """Bars of notes: (beat, pitch, beats, velocity)."""
    rows = [(1920 * number + int(480 * note[0]), *note[1:]) for number, bar in enumerate(bars) for note in bar]
    start, pitch, beats, velocity = np.array(rows).T
    start, length = start.astype(int), (480 * beats).astype(int)
    return Score.of(Notes.of(start, start + length, pitch.astype(int), velocity=velocity.astype(int)), length_ticks=1920 * len(bars))


def louder(bar, *velocities):
    return [(*note[:3], velocity) for note, velocity in zip(bar, velocities, strict=True)]


def words(score, tokenizer=VARIANTS):
    """What each bar says, behind its mark."""
    said = " ".join(f"[{tokenizer.piece(token)}]" for token in tokenizer.encode(score).tolist()).split("[bar]")
    return [each.strip() for each in said[1:]]


def same(one, other):
    return one.notes.same_as(other.notes) and (one.length_ticks, one.meters) == (other.length_ticks, other.meters)


def assert_comes_back(tokenizer, score):
    """A tune is its ids, however they are read: at once, by a cursor, note by note."""
    ids, plain = tokenizer.encode(score), replace(tokenizer, variants=False)
    decoded = tokenizer.decode(ids)
    assert same(decoded, plain.decode(plain.encode(score)))
    assert tokenizer.encode(decoded).tolist() == ids.tolist()
    assert tokenizer.measure(ids) == plain.measure(plain.encode(score))
    cursor, stream = tokenizer.cursor(), tokenizer.decoder()
    for token in ids.tolist():
        cursor.push(token)
    given = [*map(stream.push, ids.tolist()), stream.finish()]
    assert Notes.joined(given).in_order().same_as(decoded.notes.in_order())


def test_a_bar_with_other_velocities_says_all_of_them_and_one_that_is_equal_none():
    soft, loud = louder(SCALE, 82, 82, 82, 90), louder(SCALE, 102, 82, 82, 82)
    bars = words(tune(SCALE, soft, loud, soft, SCALE))
    assert bars[1] == "[repeat 1 back] [again 82] [again 82] [again 82] [again 90]"
    assert bars[2] == "[repeat 1 back] [again 102] [again 82] [again 82] [again 82]"
    assert bars[3:] == ["[repeat 2 back]", "[repeat 4 back]"]
    assert_comes_back(VARIANTS, tune(SCALE, soft, loud, soft, SCALE))


def test_a_first_half_comes_back_with_another_end_or_none_and_with_other_velocities():
    other, ended = [*SCALE[:2], (2, 72, 1, 82)], SCALE[:2]
    bars = words(tune(SCALE, other, ended, louder(ended, 90, 94), other))
    assert bars[1].startswith("[first half 1 back] [position 2 beats] [velocity 82] [pitch C5]") or bars[1].startswith(
        "[first half 1 back] [position 2 beats] [pitch C5]"
    )
    assert bars[2:] == ["[first half 1 back]", "[repeat 1 back] [again 90] [again 94]", "[repeat 3 back]"]
    loud = [*louder(SCALE[:2], 90, 94), (3, 48, 1, 82)]
    assert words(tune(SCALE, loud))[1].startswith("[first half 1 back] [again 90] [again 94] [position 3 beats]")
    for score in (tune(SCALE, other, ended, louder(ended, 90, 94), other), tune(SCALE, loud, SCALE, loud)):
        assert_comes_back(VARIANTS, score)


def test_a_single_note_and_a_bar_in_which_the_tempo_changes_bring_no_first_half_back():
    assert "first half" not in " ".join(words(tune([SCALE[0], SCALE[3]], [SCALE[0], SCALE[2]])))
    score = tune(SCALE, [*SCALE[:2], (2, 72, 1, 82)])
    slower = Score.of(score.notes, tempos=[(0, 500_000), (1920 + 960, 600_000)], length_ticks=score.length_ticks)
    assert "first half" not in words(slower)[1]
    assert_comes_back(VARIANTS, slower)
    cursor = VARIANTS.cursor()
    for token in [*VARIANTS.encode(tune(SCALE)).tolist(), TABLE.first(BAR), TABLE.first(HALF), TABLE.first(POSITION) + 24]:
        cursor.push(token)
    assert not cursor.allowed()[TABLE.span(TEMPO)].any()


def test_drums_that_come_back_last_are_as_long_as_ever():
    score = tune(SCALE, SCALE)
    assert_comes_back(VARIANTS, score.changed(notes=score.notes.changed(drum=np.ones(len(score.notes), bool))))


@pytest.mark.parametrize("path", LANTERNS[4::20], ids=lambda path: path.stem)
def test_real_tunes_come_back(path):
    assert_comes_back(GUIDED, read_midi(path.read_bytes()).score)


KINDS = {REPEAT: 0.7, HALF: 5, AGAIN: 2, POSITION: 2, "velocity": 0.2, "program": 0.3, TEMPO: 0.05, "meter": 0.05, "end": 0.2}
NARROW = [
    Constraints(bars=9, keep_tempo=True, keep_meter=True),
    Constraints(bars=12, pitches=frozenset({60, 64}), programs=frozenset({0}), drums=False, keep_tempo=True, keep_meter=True),
    Constraints(bars=12, programs=frozenset(), keep_tempo=True, keep_meter=True),
]


@pytest.mark.parametrize("tokenizer", [VARIANTS, GUIDED], ids=["plain", "guided"])
@pytest.mark.parametrize("constraints", NARROW, ids=["few words", "two pitches", "drums"])
def test_whatever_a_cursor_allows_has_one_form(tokenizer, constraints):
    table, seen, compared = tokenizer.table, set(), 0
    for seed in range(8):
        random, cursor, ids = np.random.default_rng(seed), tokenizer.cursor(constraints), []
        cursor.begin()
        while not cursor.finished:
            allowed = np.flatnonzero(cursor.allowed())
            kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
            weights = np.array([KINDS.get(kind, 1.0) for kind in np.unique(kinds)])
            of_kind = allowed[kinds == random.choice(np.unique(kinds), p=weights / weights.sum())]
            token = int(random.choice(of_kind[:2] if random.random() < 0.5 else of_kind[-2:]))
            if not token:
                break
            cursor.push(token)
            ids.append(token)
        ids = np.array(ids, np.int64)
        again = tokenizer.encode(tokenizer.decode(ids))
        heads = [some[: np.flatnonzero(table.are(some, BAR))[0]].tolist() for some in (ids, again)]
        if heads[0] == heads[1]:  # else an instrument was announced that never plays
            assert [tokenizer.piece(token) for token in again.tolist()] == [tokenizer.piece(token) for token in ids.tolist()]
            compared += 1
        seen |= {table.event(token)[0] for token in ids.tolist()}
    assert compared >= 2
    assert seen >= {REPEAT, HALF, AGAIN}


def test_velocities_that_are_said_are_no_bar_that_is_there_already():
    cursor = VARIANTS.cursor(FREE)
    first = SCALE[:2]
    ids = VARIANTS.encode(tune(first, louder(first, 82, 90), louder(first, 82, 94))).tolist()
    for token in [*ids, TABLE.first(BAR), TABLE.first(REPEAT)]:
        cursor.push(token)
    allowed = cursor.allowed()
    assert allowed[TABLE.first(BAR)]
    assert allowed[TABLE.span(AGAIN)].all()
    cursor.push(TABLE.first(AGAIN) + 20)
    assert set(range(VELOCITY_BINS)) - set(np.flatnonzero(cursor.allowed()[TABLE.span(AGAIN)]).tolist()) == {20, 22, 23}
    assert cursor.allowed().sum() == VELOCITY_BINS - 3
    cursor.push(TABLE.first(AGAIN) + 1)
    assert not cursor.allowed()[TABLE.span(AGAIN)].any()
    assert cursor.allowed()[TABLE.first(BAR)]


def test_ids_that_make_no_sense_are_read_for_what_they_are():
    begin = VARIANTS.encode(tune(SCALE)).tolist()
    bar, half, again = TABLE.first(BAR), TABLE.first(HALF), TABLE.first(AGAIN)
    for more, pitches in (
        ([bar, half + FARTHEST - 1], []),
        ([bar, half, *[again + 25] * 9], [60, 62]),
        ([bar, half, again, half], [60, 62]),
        ([again, again], []),
        ([bar, again, half], [60, 62]),
    ):
        notes = VARIANTS.decode([*begin, *more]).notes
        assert notes.take(notes.start_ticks >= 1920).pitch.tolist() == pitches
        stream = VARIANTS.decoder()
        for token in [*begin, *more]:
            stream.push(token)
        stream.finish()


def test_it_is_the_default_with_repeats_and_needs_them_and_older_models_have_none():
    score = tune(SCALE)
    assert build("notes", [score]).variants
    assert not build("notes", [score], repeats=False).variants
    assert not build("notes", [score], variants=False).variants
    for options in ({"repeats": False, "variants": True}, {"time_base": "seconds", "variants": True}):
        with pytest.raises(UsageError, match="--variants"):
            build("notes", [score], **options)
    assert "variants" not in REPEATS.to_json()
    assert from_json(REPEATS.to_json()) == REPEATS
    assert from_json(VARIANTS.to_json()) == VARIANTS
    assert VARIANTS.vocab_size == REPEATS.vocab_size + FARTHEST + VELOCITY_BINS
    with pytest.raises(ModelFileError):
        from_json(VARIANTS.to_json() | {"variants": "yes"})
