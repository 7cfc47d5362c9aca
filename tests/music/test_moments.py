"""What is played freely has seconds in the place of bars."""

import numpy as np
import pytest

from lstmgen.music.moments import Moments, keeps_bars
from lstmgen.music.rendering import render_bytes
from lstmgen.music.roll import draw_terminal
from lstmgen.music.score import Notes, Score


def played(*, freely, count=60):
    random = np.random.default_rng(2)
    start = np.sort(random.integers(0, 10_000, count)) if freely else 120 * np.arange(count)
    return Score.of(Notes.of(start, start + 200, 60 + random.integers(0, 12, count)))


def test_it_is_heard_whether_a_piece_keeps_to_bars():
    assert keeps_bars(played(freely=False))
    assert not keeps_bars(played(freely=True))
    assert keeps_bars(played(freely=True, count=8))  # too few to say
    assert keeps_bars(Score.of(Notes.empty()))


def test_moments_are_whole_seconds_whatever_the_tempo():
    score = Score.of(Notes.of([0], [4800], [60]), tempos=[(0, 1_000_000), (960, 500_000)])
    moments = Moments(score)
    ticks = moments.lines(0, stop_tick=4800, most=99)
    assert score.seconds_at(ticks) == pytest.approx(np.arange(len(ticks)))
    assert ticks[0] == 0
    assert ticks[-1] >= 4800
    assert [moments.index(int(tick)) for tick in ticks] == list(range(len(ticks)))
    assert moments.count == len(ticks) - 1
    assert not len(moments.beats(0, 480))


def test_the_rolls_of_what_is_played_freely_say_seconds_and_neither_bars_nor_tempo():
    free, strict = played(freely=True), played(freely=False)
    drawn = draw_terminal(free, width=80, colour=False)
    assert "bpm" not in drawn
    assert "bar" not in drawn
    assert " 0:00 " in drawn
    assert "0:04" in drawn
    assert "bar 1" in draw_terminal(strict, width=80, colour=False)
    svg = render_bytes(free, "svg").decode()
    assert "bpm" not in svg
    assert "0:04" in svg
