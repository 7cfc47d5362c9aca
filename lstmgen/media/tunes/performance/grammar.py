"""Where a performance stands while it is written, and which ids may come next; see `lstmgen.media.base.Cursor`.

    within a step   off (ascending or the oldest first, struck earlier) ─► [velocity] on (ascending, of what is silent) ─► shift
    between steps   shifts of a whole second, then one shorter one; after that something has to happen
    end             where nothing sounds

A note that has reached its greatest length, and at the end of the piece every note, must end before time goes on: no shift goes beyond
such a moment, and there no key goes down, and no key goes up behind one that still has to, in the order in which keys go up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.performance.ages import OFF, ON
from lstmgen.media.tunes.shifts import LONGEST_SHIFT, SHIFT
from lstmgen.media.tunes.step_limits import NO_LIMIT, NOTHING_LIMITED, Course, StepLimits
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, Row
from lstmgen.media.tunes.time_bases import Seconds

VELOCITY: Final = "velocity"

UNSAID_BIN: Final = 15
"""Where illegal ids begin a note before any velocity: the middle."""
HANGING_STEPS: Final = 5 * Seconds.per_unit
"""A note that no id ends is ended after five seconds, as Performance RNN does, or at the end of the piece."""
_SILENT: Final = -1
_UNSAID: Final = -1


def loudness(bins: Any) -> Any:
    """The middle of a velocity bin, the lower of its two, for a number or an array of them."""
    return bins * VELOCITIES_PER_BIN + VELOCITIES_PER_BIN // 2


class PerformanceGrammar(Grammar):
    """A `Grammar` of the events of a performance. Times are hundredths of a second; letters: P pitches, V ids."""

    def __init__(self, table: EventTable, limits: StepLimits, *, ages: bool) -> None:
        self.course = Course(limits)
        self._ages = ages
        self._on, self._off = table.span(ON), table.span(OFF)
        self._shift, self._velocity = table.first(SHIFT), table.span(VELOCITY)
        self._onset_P = np.full(128, _SILENT, np.int64)
        self._due_P = np.full(128, NO_LIMIT, np.int64)
        self._down: dict[int, tuple[int, int, int]] = {}
        """The notes whose keys are down, by pitch, the oldest first: first step, velocity, and place."""
        self._bin, self._loudness = _UNSAID, loudness(UNSAID_BIN)
        self._before_on = False
        self._may_shift = True
        self._next_off = self._next_on = 0

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached, and everything is silent."""
        return self.course.finished and not self._down

    def begin(self) -> None:
        """The prompt is over. A note of it that is too long already ends at the next moment at which it can."""
        self.course.begin()
        sounding_P = self._onset_P != _SILENT
        self._due_P[sounding_P] = np.maximum(self._onset_P[sounding_P] + self.course.limits.longest, self.course.now + 1)

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        now, end, limits = self.course.now, self.course.end, self.course.limits
        due = NO_LIMIT if end is None else end
        if limits.longest < NO_LIMIT:
            due = min(due, int(self._due_P.min()))
        silent_P = self._onset_P == _SILENT
        if self._before_on:
            mask_V[self._on] = self._startable(silent_P, limits)
            if not mask_V.any():  # a prompt ended in a velocity, and the constraints leave no key to go with it
                mask_V[self._on] = self._startable(silent_P, NOTHING_LIMITED)
            return
        if due > now:
            startable_P = self._startable(silent_P, limits)
            if startable_P.any():
                mask_V[self._velocity] = True
                if self._bin != _UNSAID:
                    mask_V[self._on] = startable_P
                    mask_V[self._velocity.start + self._bin] = False
        if self._down and not self._next_on:
            # Nothing was struck in this step yet, so whatever sounds was struck earlier.
            endable = np.arange(128) < len(self._down) if self._ages else ~silent_P
            endable[: self._next_off] = False
            if due <= now:
                endable[self._first_due() + 1 :] = False
            mask_V[self._off] = endable
        if self._may_shift:
            mask_V[self._shift : self._shift + min(LONGEST_SHIFT, due - now)] = True
        mask_V[BOUNDARY_ID] = end is None and not self._down

    def _startable(self, silent_P: NDArray[np.bool_], limits: StepLimits) -> NDArray[np.bool_]:
        """Which keys may go down."""
        startable_P = silent_P & limits.pitches_P
        startable_P[: self._next_on] = False
        return startable_P

    def _first_due(self) -> int:
        """The first key that has to go up now: its pitch, or its age."""
        due_P = self._onset_P != _SILENT if self.course.finished else self._due_P <= self.course.now
        return int(np.argmax(due_P[list(self._down)] if self._ages else due_P))

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event. A key that goes up, or down again, ends its note."""
        now = self.course.now
        self._before_on = kind == VELOCITY
        self._may_shift = kind != SHIFT or value + 1 == LONGEST_SHIFT
        if kind == SHIFT:
            self.course.now += value + 1
            self._next_off = self._next_on = 0
            return ()
        if kind == VELOCITY:
            self._bin, self._loudness = value, loudness(value)
            return ()
        if kind == OFF:
            self._next_off = value if self._ages else value + 1
            if self._ages:
                keys = list(self._down)
                if value >= len(keys):
                    return ()
                value = keys[value]
        ended = [self._row(value, now)] if value in self._down else []
        if kind == ON:
            self._down[value] = (now, self._loudness, place)
            self._onset_P[value], self._due_P[value] = now, now + min(self.course.limits.longest, NO_LIMIT - now)
            self._next_on = value + 1
        else:
            self._onset_P[value], self._due_P[value] = _SILENT, NO_LIMIT
        return ended

    def _row(self, pitch: int, end: int) -> Row:
        start, velocity, place = self._down.pop(pitch)
        return start, max(end, start + 1), pitch, 0, velocity, place

    def rest(self) -> Sequence[Row]:
        """The notes whose keys are still down."""
        return [self._row(pitch, min(start + HANGING_STEPS, self.course.now)) for pitch, (start, _, _) in sorted(self._down.items())]
