"""Parts of a tune that are tunes themselves: its beginning, and what ends with one of its sections.

    a tune      upbeat | A A A A A A A A | A A A A A A A A | B B B B ...
    sections           ^ begins          ^ comes back      ^ has come back

It may end at any of these marks but the first, without the upbeat of what follows there.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from lstmgen.music.bars import Bars
from lstmgen.music.excerpt import excerpt
from lstmgen.music.keys import key_of
from lstmgen.music.lanes import Steps, is_new
from lstmgen.music.score import Score

_FARTHEST: Final = 64
"""Bars of the longest section."""
_MOST: Final = 256
"""Bars of a tune in which sections are looked for."""
_SHORTEST: Final = 4
"""Bars of the shortest tune that is made of another."""


def upbeat_ticks(score: Score) -> int:
    """How long before the first full bar the notes begin, at most half a bar; 0 where the first bar is a full one."""
    if not len(score.notes):
        return 0
    line = Bars(score).tick(1)
    first = int(score.notes.start_ticks.min())
    return line - first if line <= 2 * first < 2 * line else 0


def full_bars(score: Score) -> int:
    """How many bars it has, an upbeat not counted."""
    return Bars(score).count - (upbeat_ticks(score) > 0)


def beginning(score: Score, bars: int) -> Score:
    """Its first full bars, with its upbeat; the whole where it has no more."""
    every = Bars(score)
    until = bars + (upbeat_ticks(score) > 0)
    return score if until >= every.count else excerpt(score, 0, every.tick(until))


def ends_on(score: Score, tonic: int) -> bool:
    """Whether the highest or the lowest of the pitched notes that begin last is of the pitch class of a tonic."""
    pitched = score.notes.take(~score.notes.drum)
    last = pitched.take(pitched.start_ticks == pitched.start_ticks.max(initial=0)).pitch.astype(np.int64)
    return len(last) > 0 and bool(((np.array([last.min(), last.max()]) - tonic) % 12 == 0).any())


def sections(score: Score) -> list[int]:
    """The numbers of the bars with which sections begin, the one behind the last section among them, ascending.

    A section is one that comes back at once, such as both of AABB. The first begins with the first full bar, and another where the bars
    since a section began come back: at least half of them, at least two, one after the other.
    """
    label_B = _labels(score)[:_MOST]
    count = len(label_B)
    begins = [int(upbeat_ticks(score) > 0)]
    for begin in range(begins[0] + 2, count):
        if begin < begins[-1] and begin not in begins:  # within a section that comes back
            continue
        for start in reversed(begins):
            length = begin - start
            if length > _FARTHEST:
                break
            back_B = label_B[begin : begin + length]
            same_B = (back_B == label_B[start : start + len(back_B)]) & (back_B >= 0)
            alike = len(same_B) if same_B.all() else int(same_B.argmin())
            if alike >= max(2, length / 2):
                begins += [bar for bar in (begin, begin + length) if bar > begins[-1] and bar <= count]
                break
    return begins


def _labels(score: Score) -> Steps:
    """For each bar a number that bars have in common whose notes have the same onsets and pitches, of shape (B,); -1 for empty ones."""
    bars, notes = Bars(score), score.notes
    lines = bars.ticks(np.arange(bars.count + 1))
    bar_N = np.searchsorted(lines, notes.start_ticks, side="right") - 1
    place_N = notes.start_ticks - lines[bar_N]
    rows = np.lexsort((notes.pitch, place_N, bar_N))
    content = np.stack([place_N, notes.pitch.astype(np.int64), notes.track.astype(np.int64)], axis=1)[rows]
    label_B = np.full(bars.count, -1, np.int64)
    known: dict[tuple[int, bytes], int] = {}
    firsts = np.flatnonzero(is_new(bar_N[rows])).tolist()
    for begin, end in itertools.pairwise([*firsts, len(rows)]):
        bar = int(bar_N[rows[begin]])
        label_B[bar] = known.setdefault((int(lines[bar + 1] - lines[bar]), content[begin:end].tobytes()), len(known))
    return label_B


def closed_beginnings(score: Score) -> list[Score]:
    """The tunes that it begins with: each up to the end of a section, without the upbeat of the next, where that ends on the tonic."""
    bars, upbeat, tonic = Bars(score), upbeat_ticks(score), key_of(score) % 12
    found: list[Score] = []
    for bar in sections(score)[1:]:
        if bar >= bars.count or bar < _SHORTEST:
            continue
        end = bars.tick(bar)
        part = excerpt(score, 0, end)
        part = part.changed(notes=part.notes.take(part.notes.start_ticks < end - upbeat))
        if ends_on(part, tonic):
            found.append(part)
    return found
