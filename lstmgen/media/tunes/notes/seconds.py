"""Time in seconds, for performances: shifts of hundredths of a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import Times, note_ids, strides
from lstmgen.media.tunes.shifts import LONGEST_SHIFT, SHIFT, shifted_steps, with_shifts
from lstmgen.media.tunes.step_limits import NO_LIMIT, Course, StepLimits
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.media.tunes.time_bases import Seconds
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps
from lstmgen.music.score import Score


@final
class SecondWork:
    """Shifts of hundredths of a second; a drum sounds for a tenth of a second, and nothing for longer than half a minute."""

    ranges = ((SHIFT, LONGEST_SHIFT),)
    last_ranges = ()
    repeats = guides = length_first = full_bars = together = False
    lone = ()
    head: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.base = Seconds()
        unit = self.base.per_unit
        self.lengths_D = strides(unit, (1, 1), (2, unit // 20), (4, unit // 10), (10, unit // 2), (30, unit))
        self.drum_steps = unit // 10

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How a shift reads."""
        return {SHIFT: lambda value: f"shift {self.base.word(value + 1)}"}

    def written(self, notes: StepNotes, index_N: Steps, table: EventTable, *, score: Score, length: int, following: int) -> Ids:
        """The ids of notes with the shifts between them."""
        del score, following
        ids_T, step_T = note_ids(notes, index_N, table)
        return with_shifts(ids_T, step_T, table, length=length)

    def read(self, ids_T: Ids, table: EventTable) -> Times:
        """Where any ids stand."""
        step_T = shifted_steps(ids_T, table)
        return Times(step_T=step_T, steps=int(step_T[-1]) if len(step_T) else 0)

    def seconds(self, times: Times) -> float:
        """Length of a piece."""
        return times.steps / self.base.per_unit

    def slower(self, ids_T: Ids, table: EventTable, factor: float) -> None:
        """None: there is no tempo."""

    def clock(self, table: EventTable, constraints: Constraints, limits: StepLimits) -> SecondClock:
        """A clock at the beginning of a piece."""
        del constraints
        return SecondClock(table, limits)


@final
class SecondClock:
    """The time of a piece in shifts while it is written: whole seconds first, then one shorter one, then notes."""

    ready = True
    closing = restrained = False
    onsets_end = NO_LIMIT

    def __init__(self, table: EventTable, limits: StepLimits) -> None:
        self.course = Course(limits)
        self.pushes = {SHIFT: self._push_shift}
        self._first = table.first(SHIFT)
        self._short = False

    @property
    def length(self) -> int:
        """Now."""
        return self.course.now

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self.course.finished

    @property
    def complete(self) -> bool:
        """The same."""
        return self.finished

    def begin(self) -> None:
        """The prompt is over."""
        self.course.begin()

    def begin_note(self) -> None:
        """A note begins now."""

    def allow(self, mask_V: NDArray[np.bool_], before: str, *, latest_end: int, openings: Callable[[Steps], NDArray[np.bool_]]) -> None:
        """Marks the shifts, and the end; see `BeatClock.allow`."""
        now, end, room = self.course.now, self.course.end, self.course.room
        if before != SHIFT or not self._short:
            shift_T = np.arange(1, min(LONGEST_SHIFT, room) + 1, dtype=np.int64)
            may_end_T = now + shift_T >= (latest_end if end is None else NO_LIMIT)
            mask_V[self._first + shift_T - 1] = openings(now + shift_T) | (shift_T == LONGEST_SHIFT) | (shift_T == room) | may_end_T
        mask_V[BOUNDARY_ID] = end is None and latest_end <= now

    def _push_shift(self, value: int) -> None:
        self.course.now += value + 1
        self._short = value + 1 < LONGEST_SHIFT
