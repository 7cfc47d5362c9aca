"""The policies for pedals and overlaps: what changes is what they say, and nothing else."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.music.bars import Bars, full_bars, upbeat_ticks
from lstmgen.music.score import Key, Meter, Notes, Pedal, Score
from lstmgen.music.tidy import with_pedal, with_whole_upbeat, without_overlaps, without_silent_end


def score(rows, **more):
    """Rows of (start, end, pitch, program, drum, track)."""
    columns = list(zip(*rows, strict=True))
    notes = Notes.of(columns[0], columns[1], columns[2], program=columns[3], drum=columns[4], track=columns[5])
    return Score.of(notes, **more)


def rows_of(found):
    notes = found.notes
    return sorted(zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), notes.program.tolist(), strict=True))


def test_an_upbeat_in_a_short_bar_of_its_own_ends_a_whole_one():
    notes = Notes.of([0, 480, 1920], [480, 1920, 3360], [62, 67, 66])
    short = Score.of(
        notes,
        meters=[Meter(0, 1, 4), Meter(480, 3, 4), Meter(1920, 4, 4)],
        tempos=[(0, 500_000), (480, 600_000)],
        keys=[Key(0, 1), Key(1920, 2)],
        pedals=[Pedal(480, 0, True), Pedal(1200, 0, False)],
        length_ticks=3840,
    )
    whole = with_whole_upbeat(short)
    assert whole.notes.start_ticks.tolist() == [960, 1440, 2880]
    assert whole.meters == (Meter(0, 3, 4), Meter(2880, 4, 4))
    assert (list(whole.tempos), whole.keys, list(whole.pedals)) == (
        [(0, 500_000), (1440, 600_000)],
        (Key(0, 1), Key(2880, 2)),
        [Pedal(1440, 0, True), Pedal(2160, 0, False)],
    )
    assert Bars(whole).ticks(np.arange(4)).tolist() == [0, 1440, 2880, 4800]
    assert (upbeat_ticks(short), full_bars(short), whole.length_ticks) == (upbeat_ticks(whole), full_bars(whole), 4800) == (480, 2, 4800)
    assert with_whole_upbeat(whole) is whole


@pytest.mark.parametrize("meters", [(), (Meter(0, 1, 4),), (Meter(0, 3, 4), Meter(1440, 4, 4)), (Meter(0, 4, 4), Meter(1920, 1, 4))])
def test_a_first_bar_that_is_no_upbeat_stays_as_it_is(meters):
    score = Score.of(Notes.of([0, 1920], [480, 2400], [60, 62]), meters=meters)
    assert with_whole_upbeat(score) is score
    late = Score.of(Notes.of([1440, 1920], [1920, 2400], [60, 62]))  # in the second half of a whole bar
    assert with_whole_upbeat(late) is late
    end = Score.of(Notes.of([0, 480], [480, 2400], [60, 62]), meters=[Meter(0, 1, 4), Meter(480, 4, 4)], length_ticks=2**31 - 1)
    assert with_whole_upbeat(end) is end  # there is no room for silence


@pytest.mark.parametrize(("last", "length", "end"), [(1920, 2400, 1920), (1921, 9000, 3840), (1500, 1800, 1800), (3840, 3840, 3840)])
def test_bars_of_silence_behind_the_music_are_left_out(last, length, end):
    notes, more = Notes.of([0, 480], [480, last], [60, 62]), {"tempos": [(0, 500_000), (8000, 400_000)], "keys": [Key(0, 2), Key(8000, 1)]}
    whole = Score.of(notes, length_ticks=length, **more)
    short = without_silent_end(whole)
    assert short.length_ticks == end
    assert short.notes.same_as(notes)
    assert (short is whole) == (end == length)
    assert without_silent_end(short) is short
    if end < length:
        assert (list(short.tempos), short.keys) == ([(0, 500_000)], (Key(0, 2),))


def test_what_a_pedal_holds_is_no_silence():
    held = Score.of(Notes.of([0], [480], [60]), pedals=[Pedal(0, 0, True), Pedal(2400, 0, False)], length_ticks=9000)
    short = without_silent_end(held)
    assert short.length_ticks == 3840
    assert list(short.pedals) == list(held.pedals)
    assert without_silent_end(with_pedal(held, "extend")).length_ticks == 3840
    assert without_silent_end(with_pedal(held, "drop")).length_ticks == 1920
    silent = Score.of(Notes.empty(), length_ticks=9000)
    assert without_silent_end(silent) is silent


def test_voices_may_meet_on_a_note():
    rows = [(0, 100, 60, 0, False, 0), (0, 100, 60, 0, False, 1), (40, 90, 60, 0, False, 2)]
    assert rows_of(without_overlaps(score(rows))) == rows_of(score(rows))


def test_a_pitch_struck_again_ends_the_earlier_note():
    tidy = without_overlaps(score([(0, 100, 60, 0, False, 1), (40, 90, 60, 0, False, 1)]))
    assert rows_of(tidy) == [(0, 40, 60, 0), (40, 90, 60, 0)]


def test_of_notes_that_start_together_the_longest_stays():
    tidy = without_overlaps(score([(0, 50, 60, 0, False, 0), (0, 80, 60, 0, False, 0), (0, 20, 60, 0, False, 0)]))
    assert rows_of(tidy) == [(0, 80, 60, 0)]


def test_other_pitches_instruments_and_drums_are_left_alone():
    rows = [(0, 100, 60, 0, False, 0), (10, 90, 61, 0, False, 0), (10, 90, 60, 5, False, 1), (10, 90, 60, 0, True, 2)]
    tidy = without_overlaps(score(rows))
    assert rows_of(tidy) == sorted((start, end, pitch, program) for start, end, pitch, program, _, _ in rows)


row = st.tuples(st.integers(0, 40), st.integers(1, 30), st.integers(58, 61), st.sampled_from([0, 7]), st.booleans(), st.integers(0, 2))


@settings(max_examples=200)
@given(st.lists(row, min_size=1, max_size=25))
def test_afterwards_nothing_overlaps_every_note_has_a_length_and_every_onset_is_still_there(rows):
    before = score([(start, start + length, *rest) for start, length, *rest in rows])
    after = without_overlaps(before)
    notes = after.notes
    assert np.all(notes.end_ticks > notes.start_ticks)

    def onsets(found):
        return set(zip(*(getattr(found, name).tolist() for name in ("track", "program", "drum", "pitch", "start_ticks")), strict=True))

    assert onsets(notes) == onsets(before.notes)
    assert len(onsets(notes)) == len(notes)
    columns = ("track", "program", "drum", "pitch", "start_ticks", "end_ticks")
    ordered = sorted(zip(*(getattr(notes, name).tolist() for name in columns), strict=True))
    assert all(one[:4] != other[:4] or one[5] <= other[4] for one, other in itertools.pairwise(ordered))
    assert without_overlaps(after).notes.same_as(notes)


PEDAL = [Pedal(10, 0, True), Pedal(70, 0, False)]


@pytest.mark.parametrize(
    ("rows", "ends"),
    [
        ([(0, 20, 60, 0, False, 0)], [70]),  # ends while the pedal is down: until it is up
        ([(0, 5, 60, 0, False, 0)], [5]),  # ended before
        ([(60, 90, 60, 0, False, 0)], [90]),  # ends after
        ([(0, 20, 60, 0, False, 0), (40, 50, 60, 0, False, 0)], [40, 70]),  # struck again first
        ([(0, 20, 60, 0, False, 1)], [20]),  # another track
        ([(0, 20, 60, 0, True, 0)], [20]),  # a drum
    ],
)
def test_a_note_sounds_until_the_pedal_is_up_or_its_pitch_is_struck_again(rows, ends):
    held = with_pedal(score(rows, pedals=PEDAL, length_ticks=100), "extend")
    assert held.notes.end_ticks.tolist() == ends
    assert not held.pedals


def test_a_pedal_that_never_comes_up_holds_to_the_end_of_the_piece():
    held = with_pedal(score([(0, 20, 60, 0, False, 0)], pedals=PEDAL[:1], length_ticks=100), "extend")
    assert held.notes.end_ticks.tolist() == [100]


def test_a_pedal_that_only_comes_up_holds_nothing():
    held = with_pedal(score([(0, 20, 60, 0, False, 0)], pedals=PEDAL[1:], length_ticks=100), "extend")
    assert held.notes.end_ticks.tolist() == [20]


def test_dropping_the_pedal_changes_no_note():
    before = score([(0, 20, 60, 0, False, 0)], pedals=PEDAL)
    dropped = with_pedal(before, "drop")
    assert dropped.notes.same_as(before.notes)
    assert not dropped.pedals
