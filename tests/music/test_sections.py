"""What a tune begins with: so many full bars, and the tunes that end with one of its sections."""

import numpy as np
import pytest

from lstmgen.music.bars import Bars
from lstmgen.music.score import Key, Notes, Score
from lstmgen.music.sections import beginning, closed_beginnings, ends_on, full_bars, sections, upbeat_ticks

C, G, F, D = 60, 67, 65, 62


def tune(*tonics, upbeat=None):
    """A bar of four quarters for each pitch, which begins and ends it; the upbeat leads into every fourth bar too."""
    bars = [[first, first + 2, first, first + 12] for first in tonics]
    starts, pitches = [], []
    begin = 0
    if upbeat is not None:
        starts, pitches, begin = [1440], [upbeat], 1920
    for number, bar in enumerate(bars):
        starts += [begin + 1920 * number + 480 * beat for beat in range(4)]
        pitches += bar
    if upbeat is not None:
        pitches = [upbeat if place and place % 16 == 0 and place < len(pitches) - 1 else pitch for place, pitch in enumerate(pitches)]
    starts = np.array(starts)
    return Score.of(Notes.of(starts, starts + 480, pitches), keys=(Key(0, 0, minor=False),), length_ticks=begin + 1920 * len(bars))


def test_sections_are_what_comes_back_at_once():
    assert sections(tune(C, D, F, G, C, D, F, G, F, F, G, D)) == [0, 4, 8]
    assert sections(tune(C, D, F, G, C, D, F, C, D, D, G, G, D, D, G, G)) == [0, 4, 8, 12, 16]
    assert sections(tune(C, D, F, G, D, G, C)) == [0]
    assert sections(Score.of(Notes.empty(), length_ticks=19200)) == [0]


def test_an_upbeat_is_no_bar_of_a_section_and_what_leads_on_is_left_out():
    score = tune(C, D, F, C, C, D, F, C, D, D, D, D, upbeat=G)
    assert (upbeat_ticks(score), full_bars(score), Bars(score).count) == (480, 12, 13)
    assert sections(score)[:3] == [1, 5, 9]
    parts = closed_beginnings(score)
    assert [full_bars(part) for part in parts] == [4, 8]
    for part in parts:
        line = Bars(part).tick(Bars(part).count - 1)
        assert part.length_ticks == line + 1920
        assert part.notes.start_ticks.max() < line + 1440
        assert ends_on(part, 0)


def test_only_what_ends_on_the_tonic_is_a_tune_of_its_own():
    assert [full_bars(part) for part in closed_beginnings(tune(D, C, F, G, D, C, F, G, D, D, C, C))] == []
    assert [full_bars(part) for part in closed_beginnings(tune(D, G, F, C, D, G, F, C, D, D, C, C))] == [4, 8]


@pytest.mark.parametrize("upbeat", [None, G])
def test_a_beginning_has_so_many_full_bars_and_the_whole_is_one(upbeat):
    score = tune(C, D, F, G, C, D, upbeat=upbeat)
    part = beginning(score, 4)
    assert full_bars(part) == 4
    assert part.notes.same_as(score.notes.take(score.notes.start_ticks < part.length_ticks))
    assert beginning(score, 6) is score
    assert beginning(score, 60) is score
