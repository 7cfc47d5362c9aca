"""What a bar of notes holds."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from operator import itemgetter
from typing import final

import numpy as np

from lstmgen.media.tunes.parts import FIRST_DRUMS
from lstmgen.music.lanes import Steps

BarNote = tuple[int, int, int, int, int]
"""A note in its bar: position, instrument, pitch, index of the duration and bin of the velocity."""
Shape = tuple[tuple[int, ...], ...]
"""The notes of a bar without their velocities."""


def middle_of(steps: int) -> int:
    """The position at which the second half of a bar of so many steps begins."""
    return (steps + 1) // 2


@final
@dataclass(frozen=True)
class Bar:
    """What a bar holds, or its beginning; two that are equal repeat one another.

    Attributes:
        meter: number of its meter.
        notes: those that begin in it, in the order in which they are written.
    """

    meter: int
    notes: tuple[BarNote, ...]

    def __deepcopy__(self, memo: object) -> Bar:
        """Itself: nothing of it changes."""
        return self

    @cached_property
    def shape(self) -> tuple[int, Shape]:
        """All but the velocities."""
        return self.meter, tuple(note[:4] for note in self.notes)

    @cached_property
    def columns(self) -> tuple[Steps, Steps, Steps, Steps, Steps]:
        """The notes as columns, each of shape (N,)."""
        position_N, line_N, pitch_N, duration_N, bin_N = np.array(self.notes, np.int64).reshape(-1, 5).T
        return position_N, line_N, pitch_N, duration_N, bin_N

    def first_half(self, steps: int) -> Bar:
        """The notes that begin in the first half of so many steps."""
        return self.before(middle_of(steps))

    @cached_property
    def _known_ends(self) -> dict[int, dict[int, int]]:
        return {}

    def ends(self, count: int, lengths: Sequence[int]) -> dict[int, int]:
        """By line the position at which the last of its first so many notes ends, given the steps of every duration; drums do not count."""
        if count not in self._known_ends:
            found: dict[int, int] = {}
            for note in self.notes[:count]:
                if note[1] >= FIRST_DRUMS:
                    continue
                found[note[1]] = max(found.get(note[1], 0), note[0] + lengths[note[3]])
            self._known_ends[count] = found
        return self._known_ends[count]

    def behind(self, position: int) -> int:
        """The number of the first note that begins behind a position."""
        return bisect(self.notes, position, key=itemgetter(0))

    def differs_at(self, other: Bar) -> int:
        """The position of the first moment at which two bars differ; -1: at none."""
        pairs = (pair for pair in zip_longest(self.notes, other.notes) if pair[0] != pair[1])
        return min((note[0] for note in next(pairs, ()) if note is not None), default=-1)

    def before(self, position: int) -> Bar:
        """The notes that begin before a position."""
        return replace(self, notes=self.notes[: self.behind(position - 1)])

    def joined(self, begun: Bar, lengths: Sequence[int]) -> tuple[BarNote, ...]:
        """The notes that begin behind those of a bar so far, and not while one of these sounds longer on their line than it did here."""
        begin = self.behind(begun.notes[-1][0] if begun.notes else -1)
        here, there = self.ends(begin, lengths), begun.ends(len(begun.notes), lengths)
        return tuple(note for note in self.notes[begin:] if there.get(note[1], 0) <= max(here.get(note[1], 0), note[0]))

    def with_bins(self, bins: Sequence[int]) -> Bar:
        """With other velocities, of the first notes where there are fewer."""
        changed = [(*note[:4], value) for note, value in zip(self.notes, bins, strict=False)]
        return replace(self, notes=(*changed, *self.notes[len(changed) :]))
