"""Which notes stay where too many sound at once."""

import numpy as np
import pytest

from lstmgen.music.score import Notes
from lstmgen.music.thinning import thinned


def rows(notes):
    return sorted(zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), strict=True))


def at_once(notes):
    pitched = notes.take(~notes.drum)
    return max((int(((pitched.start_ticks <= tick) & (pitched.end_ticks > tick)).sum()) for tick in pitched.start_ticks), default=0)


CHORD_AND_BASS = Notes.of([0, 0, 0, 0], [480] * 4, [60, 64, 67, 36], track=[0, 0, 0, 1])


def test_the_highest_of_each_track_stays_before_a_second_of_any():
    assert thinned(CHORD_AND_BASS, 1).pitch.tolist() == [67]
    assert sorted(thinned(CHORD_AND_BASS, 2).pitch.tolist()) == [36, 67]
    assert sorted(thinned(CHORD_AND_BASS, 3).pitch.tolist()) == [36, 64, 67]
    assert thinned(CHORD_AND_BASS, 4).same_as(CHORD_AND_BASS)


def test_or_the_lowest_where_that_is_asked_for():
    assert sorted(thinned(CHORD_AND_BASS, 2, keep="lowest").pitch.tolist()) == [36, 60]


def test_a_higher_note_ends_what_sounds_and_a_lower_one_does_not_begin():
    assert rows(thinned(Notes.of([0, 240], [960, 480], [60, 72]), 1)) == [(0, 240, 60), (240, 480, 72)]
    assert rows(thinned(Notes.of([0, 240], [960, 480], [60, 48]), 1)) == [(0, 960, 60)]


def test_what_is_left_of_a_note_is_left_out_where_it_is_too_short():
    rolled = Notes.of([0, 10, 20], [480] * 3, [60, 64, 67])
    assert rows(thinned(rolled, 1, shortest_ticks=60)) == [(20, 480, 67)]


def test_drums_stay_and_what_sounds_beside_counts_and_is_not_touched():
    drums = Notes.of([0, 0], [100, 100], [36, 38], drum=[True, True], track=3)
    both = Notes.joined([CHORD_AND_BASS, drums])
    assert int(thinned(both, 1).drum.sum()) == 2
    held = Notes.of([0], [480], [40])
    assert thinned(CHORD_AND_BASS, 2, beside=held).pitch.tolist() == [67]
    assert not len(thinned(CHORD_AND_BASS, 1, beside=held))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("most", [1, 2, 3])
def test_never_more_sound_and_the_top_of_a_track_stays_for_as_long_as_it_is_the_top(seed, most):
    random = np.random.default_rng(seed)
    start = random.integers(0, 2000, 80)
    notes = Notes.of(start, start + random.integers(1, 600, 80), random.integers(30, 90, 80), track=random.integers(0, 2, 80))
    few = thinned(notes, most)
    assert at_once(few) <= most
    assert set(zip(few.start_ticks.tolist(), few.pitch.tolist(), strict=True)) <= set(
        zip(notes.start_ticks.tolist(), notes.pitch.tolist(), strict=True)
    )
    for tick in start:  # whatever sounds: the highest note of all that sound begins and stays
        sounding = few.take((few.start_ticks <= tick) & (few.end_ticks > tick))
        new = notes.take(notes.start_ticks == tick)
        if len(new) and int(new.pitch.max()) > int(sounding.pitch.max(initial=0)):
            raise AssertionError(f"the highest note that begins at {tick} is missing")
