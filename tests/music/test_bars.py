"""Bars by number."""

import numpy as np
import pytest

from lstmgen.music.bars import Bars, beginning, first_number, full_bars, upbeat_ticks
from lstmgen.music.score import Meter, Notes, Score

METERS = [(), (Meter(0, 3, 4),), (Meter(0, 4, 4), Meter(1000, 3, 8), Meter(5000, 7, 16)), (Meter(0, 5, 7), Meter(333, 2, 3))]


def score_of(meters, *, length=9000, ticks_per_beat=96):
    return Score.of(Notes.empty(), meters=meters, length_ticks=length, ticks_per_beat=ticks_per_beat)


def bar_lines(score):
    """The tick of every bar line from 0 on, and one at or after the end, meter by meter."""
    starts = []
    ends = [*(meter.tick for meter in score.meters[1:]), max(score.length_ticks, score.meters[-1].tick + 1)]
    for meter, end in zip(score.meters, ends, strict=True):
        bar = meter.bar_ticks(score.ticks_per_beat)
        count = max(1, int(np.ceil((end - meter.tick) / bar - 1e-9))) + (meter is score.meters[-1])
        starts.append(meter.tick + np.rint(np.arange(count) * bar).astype(np.int64))
    return np.concatenate(starts)


@pytest.mark.parametrize("meters", METERS)
def test_bar_lines_are_those_of_the_score(meters):
    score = score_of(meters)
    bars = Bars(score)
    assert np.array_equal(bars.lines(0, stop_tick=score.length_ticks, most=10**6), bar_lines(score))
    assert bars.count == len(bar_lines(score)) - 1


@pytest.mark.parametrize("meters", METERS)
def test_every_tick_lies_in_the_bar_that_begins_at_or_before_it(meters):
    score = score_of(meters)
    bars, starts = Bars(score), bar_lines(score)
    for tick in range(0, 9000, 7):
        index = bars.index(tick)
        assert bars.tick(index) <= tick < bars.tick(index + 1)
        assert index == np.searchsorted(starts, tick, side="right") - 1


def test_bars_go_on_after_the_end():
    bars = Bars(score_of((), length=100))
    assert bars.count == 1
    assert bars.tick(10) == 10 * 4 * 96


def test_billions_of_bars_cost_nothing():
    bars = Bars(score_of((Meter(0, 1, 64),), length=2**31 - 1, ticks_per_beat=1))
    assert bars.count == pytest.approx(2**35, rel=1e-6)
    assert len(bars.lines(2**30, stop_tick=2**31 - 1, most=50)) == 50


@pytest.mark.parametrize(
    ("numerator", "denominator", "beats"), [(4, 4, [96, 192, 288]), (6, 8, [144]), (12, 8, [144, 288, 432]), (3, 8, [48, 96]), (1, 4, [])]
)
def test_beats_divide_a_bar_and_compound_meters_in_threes(numerator, denominator, beats):
    bars = Bars(score_of((Meter(0, numerator, denominator),)))
    assert bars.beats(bars.tick(2), bars.tick(3)).tolist() == [bars.tick(2) + beat for beat in beats]


def pickup(*, late):
    """Six bars of a note each; the first one early, or late as in an upbeat."""
    starts = 1920 * np.arange(6) + (1440 if late else 0) * (np.arange(6) == 0)
    return Score.of(Notes.of(starts, starts + 240, np.arange(60, 66)), length_ticks=1920 * 6)


@pytest.mark.parametrize("late", [False, True])
def test_a_beginning_has_so_many_full_bars_and_an_upbeat_is_none(late):
    score = pickup(late=late)
    assert (upbeat_ticks(score), full_bars(score)) == ((480, 5) if late else (0, 6))
    part = beginning(score, 4)
    assert (full_bars(part), Bars(part).count) == (4, 4 + late)
    assert part.notes.same_as(score.notes.take(score.notes.start_ticks < part.length_ticks))
    assert beginning(score, 6) is beginning(score, 60) is score
    assert (upbeat_ticks(Score.of(Notes.empty())), full_bars(Score.of(Notes.empty(), length_ticks=3840))) == (0, 2)


@pytest.mark.parametrize(("meter", "upbeat"), [(Meter(0, 1, 4), 480), (Meter(0, 2, 4), 960), (Meter(0, 3, 4), 0), (Meter(0, 4, 4), 0)])
def test_a_first_bar_of_its_own_length_is_an_upbeat_where_it_is_no_longer_than_half_of_the_next(meter, upbeat):
    line = int(meter.bar_ticks(480))
    score = Score.of(Notes.of([0, line], [240, line + 1920], [60, 64]), meters=[meter, Meter(line, 4, 4)])
    assert (upbeat_ticks(score), first_number(score), full_bars(score)) == (upbeat, int(not upbeat), 2 - bool(upbeat))
