"""Bars by number: where each begins, and in which one a tick lies. By arithmetic, so that a piece of a million bars costs nothing."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.excerpt import excerpt
from lstmgen.music.score import Score

_NEARLY: Final = 1e-9


class Bars:
    """The bars of a piece, counted from 0; after its end they continue in the last meter.

    Args:
        score: whose meters they follow; a change of meter always begins a bar.
    """

    def __init__(self, score: Score) -> None:
        self._ticks = np.array([meter.tick for meter in score.meters], np.int64)
        self._lengths = np.array([meter.bar_ticks(score.ticks_per_beat) for meter in score.meters])
        self._numerators = np.array([meter.numerator for meter in score.meters], np.float64)
        self._compound = np.array([meter.denominator >= 8 and meter.numerator > 3 and meter.numerator % 3 == 0 for meter in score.meters])
        counts = np.maximum(1, np.ceil(np.diff(self._ticks) / self._lengths[:-1] - _NEARLY)).astype(np.int64)
        self._firsts = np.concatenate([[0], np.cumsum(counts)])
        """Number of the first bar of each meter."""
        self.count = self.index(max(0, score.length_ticks - 1)) + 1
        """How many the piece has, the last one perhaps incomplete; a piece without length has one."""
        self.end_tick = self.tick(self.count)
        """The bar line at or after the end of the piece."""

    def ticks(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ticks at which bars begin."""
        place = np.searchsorted(self._firsts, indices, side="right") - 1
        return self._ticks[place] + np.rint((indices - self._firsts[place]) * self._lengths[place]).astype(np.int64)

    def tick(self, index: int) -> int:
        """The tick at which a bar begins."""
        return int(self.ticks(np.array([index]))[0])

    def index(self, tick: int) -> int:
        """The bar in which a tick lies."""
        place = int(np.searchsorted(self._ticks, tick, side="right")) - 1
        index = int(self._firsts[place]) + int((tick - self._ticks[place]) / self._lengths[place] + _NEARLY)
        if self._lengths[place] >= 1 and self.tick(index + 1) <= tick:
            index += 1  # the next bar line was rounded down to this very tick
        return index if place + 1 == len(self._ticks) else min(index, int(self._firsts[place + 1]) - 1)

    def lines(self, first: int, *, stop_tick: int, most: int) -> NDArray[np.int64]:
        """The ticks of a bar and of those after it, up to the first at or after `stop_tick`, and no more than `most` but at least two."""
        count = min(most, self.index(max(0, stop_tick - 1)) + 2 - first)
        return self.ticks(np.arange(first, first + max(count, 2)))

    def beats(self, start_tick: int, end_tick: int) -> NDArray[np.int64]:
        """The ticks of the beats within a bar, its first left out; in 6/8, 9/8 and 12/8 a beat is three eighths."""
        place = int(np.searchsorted(self._ticks, start_tick, side="right")) - 1
        unit = float(self._lengths[place] / self._numerators[place]) * (3 if self._compound[place] else 1)
        count = min(int(np.ceil((end_tick - start_tick) / unit - _NEARLY)), int(self._numerators[place]))
        return start_tick + np.rint(np.arange(1, max(count, 1)) * unit).astype(np.int64)


def upbeat_ticks(score: Score) -> int:
    """How long before the first full bar the notes begin, at most half a bar; 0 where the first bar is a full one.

    An upbeat stands in the second half of a bar, or in a bar of its own that is no longer than half of the next.
    """
    if not len(score.notes):
        return 0
    bars = Bars(score)
    return upbeat_before(int(score.notes.start_ticks.min()), bars.tick(1), bars.tick(2))


def upbeat_before(first: int, line: int, next_line: int) -> int:
    """The same of a first note and the first two bar lines, in any unit."""
    return line - first if first < line and (line <= 2 * first or 3 * line <= next_line) else 0


def first_number(score: Score) -> int:
    """How the first bar is counted: 1, and an upbeat 0."""
    return int(not upbeat_ticks(score))


def full_bars(score: Score) -> int:
    """How many bars it has, an upbeat not counted."""
    return Bars(score).count - 1 + first_number(score)


def beginning(score: Score, bars: int) -> Score:
    """Its first full bars, with its upbeat; the whole where it has no more."""
    every = Bars(score)
    until = bars + 1 - first_number(score)
    return score if until >= every.count else excerpt(score, 0, every.tick(until))
