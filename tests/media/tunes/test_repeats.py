"""Bars that come back, in the `notes` tokenizer: one event each, only those that exist, in one form only."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.notes.beats import BAR, POSITION
from lstmgen.media.tunes.notes.events import DRUM, DURATION, PITCH, VELOCITY
from lstmgen.media.tunes.notes.repeats import FARTHEST, REPEAT
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.score import Meter, Notes, Score

PLAIN, REPEATS = NotesTokenizer("beats", 12), NotesTokenizer("beats", 12, repeats=True)
LANTERNS = sorted((Path(__file__).parents[3] / "corpora" / "lanterns").glob("*.mid"))
BAR_TICKS = 1920


def tune(*bars, **changes):
    """Bars of notes: `pitch`, or (beat, pitch, beats, velocity)."""
    rows = []
    for number, bar in enumerate(bars):
        for note in bar:
            beat, pitch, beats, velocity = note if isinstance(note, tuple) else (0, note, 4, 80)
            rows.append((BAR_TICKS * number + int(480 * beat), int(480 * beats), pitch, velocity))
    start, length, pitch, velocity = np.array(rows).T
    score = Score.of(Notes.of(start, start + length, pitch, velocity=velocity), length_ticks=BAR_TICKS * len(bars))
    return score.changed(**changes)


def distances(score):
    """How far back each bar goes; 0 where it is written out."""
    table, found = REPEATS.table, []
    for token in REPEATS.encode(score).tolist():
        kind, value = table.event(token)
        if kind == BAR:
            found.append(0)
        elif kind == REPEAT:
            found[-1] = value + 1
    return found


def names_of(ids):
    """The ids before the first bar, which name the instruments."""
    return ids.tolist()[: ids.tolist().index(REPEATS.table.first(BAR))]


def same(one, other):
    return one.notes.same_as(other.notes) and (one.length_ticks, one.meters) == (other.length_ticks, other.meters)


def test_a_bar_that_comes_back_is_one_event():
    words = [REPEATS.piece(token) for token in REPEATS.encode(tune([60], [62], [60], [62])).tolist()]
    assert words[-5:] == ["duration 4 beats", "bar", "repeat 2 back", "bar", "repeat 2 back"]
    assert words.count("bar") == 4


def test_a_section_that_comes_back_is_one_distance_again_and_again():
    a, b, c = [60], [62], [64]
    assert distances(tune(a, b, a, c, a, b, a, c)) == [0, 0, 2, 0, 2, 4, 4, 4]
    assert distances(tune(a, b, c, a, b, c)) == [0, 0, 0, 3, 3, 3]


def test_what_differs_in_anything_is_written_out():
    bar = [(0, 60, 1, 80), (1, 64, 2, 80)]
    assert distances(tune(bar, bar)) == [0, 1]
    for other in ([(0, 60, 1, 80)], [(0, 60, 1, 80), (1, 64, 1, 80)], [(0, 60, 1, 80), (2, 64, 2, 80)], [(0, 60, 1, 80), (1, 64, 2, 99)]):
        assert distances(tune(bar, other)) == [0, 0]
    assert distances(tune(bar, [(0, 60, 1, 81), (1, 64, 2, 83)])) == [0, 1]  # within the bins of velocity


def test_a_change_of_tempo_or_of_meter_is_written_out_and_empty_bars_are_no_repeats():
    tempo = tune([60], [60], [60])
    slower = Score.of(tempo.notes, tempos=[(0, 500_000), (BAR_TICKS, 600_000)], length_ticks=tempo.length_ticks)
    assert distances(slower) == [0, 0, 1]
    meters = Score.of(
        tune([(0, 60, 2, 80)], [(0, 60, 2, 80)]).notes, meters=[Meter(0, 4, 4), Meter(BAR_TICKS, 3, 4)], length_ticks=BAR_TICKS + 1440
    )
    assert distances(meters) == [0, 0]
    assert distances(tune([60], [], [], [60])) == [0, 0, 0, 3]
    for score in (slower, meters):
        assert same(REPEATS.decode(REPEATS.encode(score)), PLAIN.decode(PLAIN.encode(score)))


def test_a_repeat_reaches_so_far_and_no_further():
    others = [[40 + number % 40, (1, 41 + number, 1, 80)] for number in range(FARTHEST)]
    assert distances(tune([100], *others[:-1], [100]))[-1] == FARTHEST
    assert distances(tune([100], *others, [100]))[-1] == 0


def test_a_note_that_crosses_the_bar_line_comes_back_with_its_bar():
    over = [(3, 60, 2, 80)]
    score = tune(over, [(2, 64, 1, 80)], over, [(2, 64, 1, 80)], [])
    assert distances(score) == [0, 0, 2, 2, 0]
    assert same(REPEATS.decode(REPEATS.encode(score)), PLAIN.decode(PLAIN.encode(score)))
    # The same pitch in the next bar cuts it: what is cut is another bar.
    assert distances(tune(over, [60], over, [(2, 64, 1, 80)])) == [0, 0, 0, 0]


@pytest.mark.parametrize("path", LANTERNS[::6], ids=lambda path: path.stem)
def test_real_tunes_mean_the_same_with_and_without_repeats(path):
    score = read_midi(path.read_bytes()).score
    flat = score.changed(notes=score.notes.changed(velocity=np.full(len(score.notes), 80)))
    for one in (score, flat):
        ids, plain = REPEATS.encode(one), PLAIN.encode(one)
        assert same(REPEATS.decode(ids), PLAIN.decode(plain))
        assert REPEATS.measure(ids) == PLAIN.measure(plain)
        moved, moved_plain = (
            tokenizer.augmented(given, semitones=-1, stretch=1.04) for tokenizer, given in ((REPEATS, ids), (PLAIN, plain))
        )
        assert same(REPEATS.decode(moved), PLAIN.decode(moved_plain))
        assert REPEATS.encode(REPEATS.decode(moved)).tolist() == moved.tolist()


NARROW = [
    Constraints(bars=12, pitches=frozenset({60}), programs=frozenset({0}), drums=False, keep_tempo=True, keep_meter=True),
    Constraints(bars=12, pitches=frozenset({60, 64}), programs=frozenset({0}), drums=False, keep_meter=True),
    Constraints(bars=12, pitches=frozenset({60}), programs=frozenset(), keep_tempo=True, keep_meter=True),
    Constraints(bars=12, pitches=frozenset({60}), programs=frozenset({0, 9}), drums=False, max_note_beats=1 / 12, keep_tempo=True),
]


def narrow_walk(constraints, seed, *, repeats):
    """A tune of few different bars: late positions, long notes and no other velocity where that can be, and repeats with a chance."""
    random, cursor, table, ids = np.random.default_rng(seed), REPEATS.cursor(constraints), REPEATS.table, []
    cursor.begin()
    while not cursor.finished and len(ids) < 4000:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
        wanted, must = np.unique(kinds), not {PITCH, DRUM} & set(kinds)
        weights = np.array([{REPEAT: repeats, VELOCITY: 1.0 if must else 0.1}.get(kind, 1.0) for kind in wanted])
        if not weights.any():
            weights[:] = 1
        of_kind = allowed[kinds == random.choice(wanted, p=weights / weights.sum())]
        coarse = of_kind[-2:] if table.event(int(of_kind[0]))[0] in {POSITION, DURATION} else of_kind[:2]
        token = int(random.choice(coarse))
        if token == 0:
            break
        cursor.push(token)
        ids.append(token)
    return np.array(ids[:-1] if cursor.finished else ids, np.int64)


@pytest.mark.parametrize("constraints", NARROW, ids=range(len(NARROW)))
@pytest.mark.parametrize("repeats", [0.0, 3.0])
def test_a_bar_that_is_written_out_never_becomes_one_that_would_be_a_repeat(constraints, repeats):
    compared = 0
    for seed in range(25):
        ids = narrow_walk(constraints, seed, repeats=repeats)
        assert len(ids) < 4000
        again = REPEATS.encode(REPEATS.decode(ids))
        if names_of(ids) == names_of(again):  # else an instrument was announced that never plays
            assert again.tolist() == ids.tolist()
            compared += 1
    assert compared >= 15


def test_the_last_note_that_fits_is_not_offered_where_it_would_complete_an_earlier_bar():
    short, loud, soft = 1 / 12, 100, 80
    written = tune([(0, 60, short, soft), (47 / 12, 60, short, loud)], [(0, 60, short, soft)])
    constraints = Constraints(pitches=frozenset({60}), max_note_beats=short, keep_tempo=True)
    table = REPEATS.table
    for velocity, pitches in ((None, [60]), (loud, []), (soft - 8, [60])):
        cursor = REPEATS.cursor(constraints)
        for token in [*REPEATS.encode(written).tolist(), table.first(POSITION) + 47]:
            cursor.push(token)
        if velocity is not None:
            cursor.push(table.first(VELOCITY) + velocity // 4)
        cursor.begin()
        allowed = cursor.allowed()
        if velocity is None:
            refused = np.flatnonzero(~allowed[table.span(VELOCITY)]).tolist()
            assert refused == [soft // 4, loud // 4]  # what holds already, and what leaves no pitch
        assert np.flatnonzero(allowed[table.span(PITCH)]).tolist() == pitches or velocity == loud  # where the prompt broke off


def test_only_bars_that_exist_can_be_repeated_and_of_equal_ones_one():
    cursor, table = REPEATS.cursor(FREE), REPEATS.table
    for token in [*REPEATS.encode(tune([60], [62], [60], [])), table.first(BAR)]:
        cursor.push(int(token))
    cursor.begin()
    offered = np.flatnonzero(cursor.allowed()[table.span(REPEAT)]) + 1
    assert offered.tolist() == [2, 3]  # not 4, which is equal to 2, and not the empty bar
    cursor.push(table.first(REPEAT) + 2)
    assert np.flatnonzero(cursor.allowed()).tolist() == [0, table.first(BAR)]


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (Constraints(pitches=frozenset({60, 64})), [3]),
        (Constraints(max_polyphony=1), [1, 2, 3]),  # of which too many notes go afterwards
        (Constraints(max_note_beats=2), [1]),
        (Constraints(programs=frozenset({7})), []),
        (Constraints(seconds=1.5), [1]),
    ],
)
def test_a_repeat_keeps_to_what_is_asked_for(constraints, expected):
    cursor, table = REPEATS.cursor(constraints), REPEATS.table
    for token in REPEATS.encode(tune([60], [62], [(0, 67, 2, 80), (1, 71, 1, 80)])):
        cursor.push(int(token))
    cursor.begin()
    cursor.push(table.first(BAR))
    assert (np.flatnonzero(cursor.allowed()[table.span(REPEAT)]) + 1).tolist() == expected


def test_a_pitch_that_still_sounds_cannot_be_repeated_over():
    cursor, table = REPEATS.cursor(FREE), REPEATS.table
    for token in REPEATS.encode(tune([60], [62], [(2, 64, 4, 80), (3, 60, 4, 80)], [])).tolist():
        cursor.push(token)
    cursor.begin()
    assert (np.flatnonzero(cursor.allowed()[table.span(REPEAT)]) + 1).tolist() == [1, 2]  # not 3, whose pitch sounds until the fourth beat


def test_repeats_are_part_of_the_description_and_older_ones_are_read():
    assert "repeats" not in PLAIN.to_json()
    assert from_json(REPEATS.to_json()) == REPEATS
    assert from_json(PLAIN.to_json()) == PLAIN == replace(REPEATS, repeats=False)
    assert REPEATS.vocab_size == PLAIN.vocab_size + FARTHEST


def test_a_stream_gives_a_repeated_bar_at_once():
    score = tune([60, 64], [62], [60, 64])
    stream = REPEATS.decoder()
    given = [stream.push(token) for token in REPEATS.encode(score).tolist()]
    assert len(given[-1]) == 2
    assert Notes.joined([*given, stream.finish()]).same_as(REPEATS.decode(REPEATS.encode(score)).notes)
