"""Where a tune of the `notes` tokenizer stands while it is written, and which ids may come next; see `lstmgen.media.base.Cursor`.

    a piece   program, program ... ascending ─► beats or seconds, with notes of these alone
    beats     bar [meter] ─► position (later in the bar) [tempo] ─► notes ─► position | bar; the first position is 0, with a tempo
    seconds   shifts (whole seconds first) ─► notes ─► shift
    a note    [program] [velocity] pitch duration | drum; within a moment ascending by instrument and pitch, never what sounds already

The end may come where nothing sounds beyond the bar, or beyond now. When a length is asked for the tune is finished when the next bar
would begin behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.notes.beats import BeatWork
from lstmgen.media.tunes.notes.events import DRUM, DURATION, PITCH, PROGRAM, UNSAID_BIN, VELOCITY, loudness
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.parts import DRUMS, INSTRUMENTS
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED, StepLimits
from lstmgen.media.tunes.step_notes import Row
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps

_UNSAID: Final = -1
_START: Final = "start"


@final
class NotesGrammar(Grammar):
    """A `Grammar` of notes around a clock. Letters: P pitches, I instruments, D durations, V ids, T steps."""

    def __init__(self, table: EventTable, time: BeatWork | SecondWork, constraints: Constraints, limits: StepLimits) -> None:
        self._table, self._time, self._clock = table, time, time.clock(table, constraints, limits)
        self.course = self._clock.course
        self.named = self._names = dict[int, None]()
        self._constraints = constraints
        self._free_I = np.ones(INSTRUMENTS, np.bool_)
        self._begun = False
        self._before = _START
        self._program, self._bin = 0, _UNSAID
        self._naming, self._last_named = True, -1
        self._named_I = np.zeros(INSTRUMENTS, np.bool_)
        self._last_instrument, self._last_pitch = -1, -1
        self._ends_IP = np.zeros((INSTRUMENTS, 128), np.int64)
        self._latest_end = 0
        self._place = 0
        self._drums = deque[Row]()

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self._clock.finished

    def begin(self) -> None:
        """The prompt is over."""
        requested = self._constraints
        self._begun = True
        self._clock.begin()
        if requested.programs is not None:
            self._free_I[:DRUMS] = np.isin(np.arange(DRUMS), sorted(requested.programs))
        self._free_I[DRUMS] = requested.drums
        if not self._naming and requested.programs is not None:  # who is asked for may join
            self._named_I = self._free_I.copy()

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        naming = self._begun and self._naming  # what is drawn names its instruments first
        if self._before == PITCH:
            longest = min(self.course.limits.longest, self.course.room)
            count = max(1, int(np.searchsorted(self._time.lengths_D, longest, side="right")))
            first = self._table.first(DURATION)
            mask_V[first : first + count] = True
        elif naming and not self._playing_I.any():
            self._allow_names(mask_V)
        elif self._before in {PROGRAM, VELOCITY} and not self._naming:
            self._allow_own(mask_V, self._legal())
            if not mask_V.any():  # a prompt ended here, and the constraints leave nothing to go with it
                self._allow_own(mask_V, self._in_order(self._ends_IP <= self.course.now))
        else:
            self._allow_names(mask_V)
            self._clock.allow(mask_V, self._before, latest_end=self._latest_end, openings=self._openings)
            mask_V[BOUNDARY_ID] &= not naming
            if self._clock.ready:
                legal_IP = self._legal()
                self._allow_own(mask_V, legal_IP)
                self._allow_others(mask_V, legal_IP)

    @property
    def _playing_I(self) -> NDArray[np.bool_]:
        """The instruments that may play."""
        return self._named_I & self._free_I

    def _allow_names(self, mask_V: NDArray[np.bool_]) -> None:
        """The instruments that can still be named."""
        if self._naming:
            mask_V[self._table.span(PROGRAM)] = self._free_I & (np.arange(INSTRUMENTS) > self._last_named)

    def _allow_own(self, mask_V: NDArray[np.bool_], legal_IP: NDArray[np.bool_]) -> None:
        """What may begin now with the instrument as it is."""
        table, own_P = self._table, legal_IP[self._program]
        if not own_P.any() or (self._before != PROGRAM and self._program < self._last_instrument):
            return
        if self._bin != _UNSAID or self._before == VELOCITY:
            mask_V[table.span(DRUM if self._program == DRUMS else PITCH)] = own_P
        if self._before != VELOCITY:
            mask_V[table.span(VELOCITY)] = True
            if self._bin != _UNSAID:
                mask_V[table.first(VELOCITY) + self._bin] = False

    def _allow_others(self, mask_V: NDArray[np.bool_], legal_IP: NDArray[np.bool_]) -> None:
        """The other instruments with which something may begin now."""
        others_I = np.array(legal_IP.any(axis=1), np.bool_, ndmin=1)
        others_I[: max(0, self._last_instrument + 1)] = False
        others_I[self._program] = False
        mask_V[self._table.span(PROGRAM)] |= others_I

    def _openings(self, step_T: Steps) -> NDArray[np.bool_]:
        """At which of these later steps a note could begin."""
        playing_I, limits = self._playing_I, self.course.limits
        free_I = playing_I[:DRUMS]
        open_T = np.zeros(len(step_T), np.bool_)
        if free_I.any() and limits.pitches_P.any():
            open_T = step_T >= int(self._ends_IP[:DRUMS][free_I][:, limits.pitches_P].min())
        if playing_I[DRUMS]:
            open_T |= step_T >= int(self._ends_IP[DRUMS].min())
        return open_T

    def _legal(self) -> NDArray[np.bool_]:
        """Which pitches of which instruments may begin now, of shape (I, P)."""
        now, limits = self.course.now, self.course.limits
        if self.course.room <= 0:
            return np.zeros((INSTRUMENTS, 128), np.bool_)
        legal_IP: NDArray[np.bool_] = self._ends_IP <= now
        if limits is not NOTHING_LIMITED:
            legal_IP[:DRUMS] &= limits.pitches_P
        legal_IP[~self._playing_I] = False
        return self._in_order(legal_IP)

    def _in_order(self, legal_IP: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Without the pitches of an instrument up to the one that began last."""
        if self._last_instrument >= 0:
            legal_IP[self._last_instrument, : self._last_pitch + 1] = False
        return legal_IP

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event. The end of a note is known with its duration, that of a drum when the piece is long enough for it."""
        self._naming = self._naming and kind == PROGRAM and value > self._last_named
        ended: list[Row] = []
        if kind == PROGRAM:
            self._program = value
            self._names.setdefault(value)
            if self._naming:
                self._last_named = value
                self._named_I[value] = True
        elif kind == VELOCITY:
            self._bin = value
        elif kind in {PITCH, DRUM}:
            self._last_instrument, self._last_pitch, self._place = self._program, value, place
            self._names.setdefault(self._program)
            if kind == DRUM:
                self._sounds_until(self.course.now + 1)
                self._drums.append(self._row(self._time.drum_steps))
        elif kind == DURATION:
            self._sounds_until(self.course.now + int(self._time.lengths_D[value]))
            if self._before == PITCH:
                ended.append(self._row(int(self._time.lengths_D[value])))
        else:
            before = self.course.now
            self._clock.pushes[kind](value)
            if self.course.now > before:
                self._last_instrument = self._last_pitch = -1
        while self._drums and self._drums[0][1] <= self._clock.length:
            ended.append(self._drums.popleft())
        self._before = kind
        return ended

    def _sounds_until(self, end: int) -> None:
        self._ends_IP[self._last_instrument, self._last_pitch] = end
        self._latest_end = max(self._latest_end, end)

    def _row(self, steps: int) -> Row:
        """What began last."""
        velocity = loudness(UNSAID_BIN if self._bin == _UNSAID else self._bin)
        return self.course.now, self.course.now + steps, self._last_pitch, self._last_instrument, velocity, self._place

    def rest(self) -> Sequence[Row]:
        """The drums that are cut off with the piece."""
        end = max(self._clock.length, 1)
        return [(start, end, pitch, instrument, velocity, place) for start, _, pitch, instrument, velocity, place in self._drums]
