"""The grammar of a performance with a hole: keys that are kept go down and up at their time, and between them what is written.

    kept      on C4 . . . . . . . . . . . off C4          on D4
    written          on E4 . . off E4        on G4 . off G4

A key that is written goes up where the hole ends, or its pitch is struck next, or it has sounded for as long as a key that is never let go.
Letters: P pitches, V ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.performance.ages import ON
from lstmgen.media.tunes.performance.grammar import HANGING_STEPS, PerformanceGrammar
from lstmgen.media.tunes.shifts import LONGEST_SHIFT
from lstmgen.media.tunes.spans import Span
from lstmgen.media.tunes.step_limits import NO_LIMIT, NOTHING_LIMITED
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, Row, StepNotes

_LET_GO: Final = replace(NOTHING_LIMITED, longest=HANGING_STEPS)

Coming = tuple[int, int, int, int]
"""A key that is kept: first step, pitch, bin of its velocity, and the step in which it goes up."""


@final
class PerformanceHole(PerformanceGrammar):
    """A `Grammar` of a performance up to the end of a hole.

    Args:
        table: of the ids.
        span: the hole.
        ages: whether keys go up by their age.
    """

    def __init__(self, table: EventTable, span: Span, *, ages: bool) -> None:
        super().__init__(table, _LET_GO, ages=ages)
        self.kept_places: list[int] = []
        self._span, self._at = span, 0
        kept = span.kept
        bin_N = (kept.velocity_N - 1) // VELOCITIES_PER_BIN
        keys = sorted(zip(kept.start_N.tolist(), kept.pitch_N.tolist(), bin_N.tolist(), kept.end_N.tolist(), strict=True))
        self._coming = [key for key in keys if key[0] >= span.begin]
        self._sounding = {pitch: end for start, pitch, _, end in keys if start < span.begin <= end}
        """By pitch where keys go up that went down before the hole."""
        self._own = np.zeros(128, np.bool_)
        """Which keys are down that are written."""

    @property
    def shared(self) -> tuple[object, ...]:
        """What never changes."""
        return self._span, self._coming, self._sounding, _LET_GO, NOTHING_LIMITED

    @property
    def stage(self) -> int:
        """How many seconds and kept keys lie behind."""
        return self._span.stage(self.course.now, self._at)

    @property
    def over(self) -> bool:
        """Whether the hole lies behind, and all that was written in it is silent; that a tune ends is an event."""
        return self.course.now >= self._span.end and not self._own.any() and not self._span.ends

    @property
    def _now(self) -> Coming | None:
        """The key that is kept and goes down now."""
        return self._next if self._next is not None and self._next[0] == self.course.now else None

    @property
    def _next(self) -> Coming | None:
        return self._coming[self._at] if self._at < len(self._coming) else None

    def begin(self) -> None:
        """All that stands before the hole was pushed."""
        self.course.begin()
        for pitch in self._down:
            self._due_P[pitch] = self._sounding[pitch]

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        super().allow(mask_V)
        now, span, kept = self.course.now, self._span, self._now
        mask_V[BOUNDARY_ID] = span.ends and now >= span.end and not self._down
        shifts_V = mask_V[self._shift : self._shift + LONGEST_SHIFT]
        shifts_V &= kept is None and not self._before_on
        shifts_V &= span.shifts(now, min(int(self._due_P.min()), NO_LIMIT if self._next is None else self._next[0]))
        self._keep_down(mask_V[self._off])
        if not self._before_on and self._due_P.min() <= now:
            return  # what is due goes up before anything goes down
        free_P = self._startable(self._onset_P < 0, NOTHING_LIMITED) & span.holds(now)
        if kept is not None:
            free_P[kept[1] :] = False
        said = self._before_on or self._bin >= 0
        mask_V[self._on] = free_P & said
        if kept is not None and self._bin == kept[2]:
            mask_V[self._on.start + kept[1]] = True
        if not self._before_on:
            mask_V[self._velocity] = free_P.any()
            if kept is not None:
                mask_V[self._velocity.start + kept[2]] = True
            if self._bin >= 0:
                mask_V[self._velocity.start + self._bin] = False

    def _keep_down(self, off_P: NDArray[np.bool_]) -> None:
        """Keys that are kept do not go up before their time."""
        for age, pitch in enumerate(self._down):
            if not self._own[pitch] and self._due_P[pitch] > self.course.now:
                off_P[age if self._ages else pitch] = False

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        kept = self._now
        rows = super().push(kind, value, place)
        for row in rows:
            self._own[row[2]] = False
        if kind == ON and kept is not None and kept[1] == value:
            self._at += 1
            self._due_P[value] = kept[3]
            self.kept_places.append(place)
        elif kind == ON and self.course.now >= self._span.begin:
            self._own[value] = True
            again = (start for start, pitch, *_ in self._coming[self._at :] if pitch == value)
            self._due_P[value] = min(int(self._due_P[value]), self._span.end, next(again, NO_LIMIT))
        return rows

    def writable(self, notes: StepNotes) -> StepNotes:
        """Keys that go up where the hole ends, or earlier."""
        return replace(notes, end_N=np.minimum(notes.end_N, np.minimum(notes.start_N + HANGING_STEPS, self._span.end)))

    def of_written(self, ids_T: Ids) -> Ids:
        """The same ids."""
        return ids_T
