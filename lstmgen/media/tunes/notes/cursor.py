"""Where a tune of the `notes` tokenizer stands while it is written, and which ids may come next; see `base.Cursor`.

    a piece   program, program ... ascending ─► beats or seconds, with notes of these alone
    beats     bar [meter] ─► position (later in the bar) [tempo] ─► notes ─► position | bar; the first position is 0, with a tempo
    seconds   shifts (whole seconds first) ─► notes ─► shift
    a note    [program] [velocity] pitch duration | drum; within a moment ascending by instrument and pitch, never what sounds already

The end may come where nothing sounds beyond the bar, or beyond now. When a length is wished for the tune is finished when the next bar
would begin behind it.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import TimeBase
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import (
    BAR,
    COMMON_TIME,
    DRUM,
    DRUMS,
    DURATION,
    INSTRUMENTS,
    LONGEST_SHIFT,
    METER,
    PITCH,
    POSITION,
    PROGRAM,
    SHIFT,
    TEMPO,
    TEMPO_BINS,
    TEMPO_OF_120,
    VELOCITY,
    bar_steps,
    durations,
    tempo_us,
)
from lstmgen.media.tunes.step_limits import NO_LIMIT, NOTHING_LIMITED, StepLimits, check_allowed
from lstmgen.music.constraints import Constraints

_UNSAID: Final = -1
_START: Final = "start"


@final
class NotesCursor:
    """A cursor on notes in beats or in seconds. Times are steps; letters: P pitches, I instruments, D durations, V ids."""

    def __init__(
        self, table: EventTable, wished: StepLimits, constraints: Constraints, *, time_base: TimeBase, steps_per_beat: int
    ) -> None:
        self._table = table
        self._wished = wished
        self._constraints = constraints
        self._limits = NOTHING_LIMITED
        self._in_beats = time_base == "beats"
        self._steps_per_beat = steps_per_beat
        self._lengths_D = durations(time_base, steps_per_beat)
        self._bar_steps_M = bar_steps(steps_per_beat)
        self._free_I = np.ones(INSTRUMENTS, np.bool_)
        self._begun = False
        self.finished = False
        self._reset()

    def _reset(self) -> None:
        """A piece begins."""
        self._before = _START
        self._now = 0
        self._bar, self._bar_start, self._meter = -1, 0, COMMON_TIME
        self._position = -1
        self._tempo, self._tempo_said = TEMPO_OF_120, not self._in_beats
        self._program, self._bin = 0, _UNSAID
        self._naming, self._last_named = True, -1
        self._named_I = np.zeros(INSTRUMENTS, np.bool_)
        self._last_instrument, self._last_pitch = -1, -1
        self._ends_IP = np.zeros((INSTRUMENTS, 128), np.int64)
        self._shifted_short = False
        self._last_bar: int | None = None
        self._seconds_left: float | None = None
        self._end: int | None = None
        self._allowed: NDArray[np.bool_] | None = None

    def begin(self) -> None:
        """The prompt is over."""
        self._begun, self._limits, self._allowed = True, self._wished, None
        wanted = self._constraints
        if wanted.programs is not None:
            self._free_I[:DRUMS] = np.isin(np.arange(DRUMS), sorted(wanted.programs))
        self._free_I[DRUMS] = wanted.drums
        if not self._naming and wanted.programs is not None:  # who is wished for may join
            self._named_I = self._free_I.copy()
        if not self._in_beats:
            self._end = self._wished.end_after(self._now)
            return
        if wanted.bars is not None:
            self._last_bar = max(self._bar, -1) + wanted.bars
        if wanted.seconds is not None:
            self._seconds_left = wanted.seconds
            if self._bar >= 0:  # the seconds begin where the last bar of the prompt ends
                self._seconds_left += (self._bar_end - self._now) * self._step_s
        self._set_end()

    @property
    def _bar_end(self) -> int:
        return self._bar_start + int(self._bar_steps_M[self._meter]) if self._bar >= 0 else 0

    @property
    def _step_s(self) -> float:
        return float(tempo_us(np.array(self._tempo))) / 1e6 / self._steps_per_beat

    def _set_end(self) -> None:
        """The step at which the tune will end, should meter and tempo stay."""
        ends: list[int] = []
        if self._last_bar is not None:
            ends.append(self._bar_end + (self._last_bar - self._bar) * int(self._bar_steps_M[self._meter]))
        if self._seconds_left is not None:
            ends.append(self._now + max(1, round(self._seconds_left / self._step_s)))
        self._end = min(ends) if ends else None

    @property
    def end_step(self) -> int | None:
        """The step at which the tune ends, where a length is wished for."""
        return self._end

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); read-only."""
        if self._allowed is None:
            self._allowed = self._mask()
            self._allowed.setflags(write=False)
        return self._allowed

    def _mask(self) -> NDArray[np.bool_]:
        mask_V = np.zeros(self._table.vocab_size, np.bool_)
        if self.finished:
            mask_V[BOUNDARY_ID] = True
        elif self._before == PITCH:
            longest = min(self._limits.longest, NO_LIMIT if self._end is None else self._end - self._now)
            count = max(1, int(np.searchsorted(self._lengths_D, longest, side="right")))
            first = self._table.first(DURATION)
            mask_V[first : first + count] = True
        elif self._naming and self._begun and not self._playing_I.any():
            self._allow_names(mask_V)
        elif self._before in {PROGRAM, VELOCITY} and not self._naming:
            self._allow_notes(mask_V, programs=False)
            if not mask_V.any():  # a prompt ended here, and the constraints leave nothing to go with it
                mask_V[self._table.span(DRUM if self._program == DRUMS else PITCH)] = True
        else:
            self._allow_names(mask_V)
            self._allow_time(mask_V)
            if self._tempo_said and (not self._in_beats or self._position >= 0):
                self._allow_notes(mask_V, programs=True)
        return mask_V

    @property
    def _playing_I(self) -> NDArray[np.bool_]:
        """The instruments that may play."""
        return self._named_I & self._free_I

    def _allow_names(self, mask_V: NDArray[np.bool_]) -> None:
        """The instruments that can still be named."""
        if self._naming:
            mask_V[self._table.span(PROGRAM)] = self._free_I & (np.arange(INSTRUMENTS) > self._last_named)

    def _allow_time(self, mask_V: NDArray[np.bool_]) -> None:
        """What lets time go on, and the end."""
        if not self._in_beats:
            self._allow_shifts(mask_V)
            return
        table, wanted = self._table, self._constraints
        if self._bar < 0:
            mask_V[table.first(BAR)] = True
            return
        fixed_tempo, fixed_meter = self._begun and wanted.keep_tempo, self._begun and wanted.keep_meter
        if self._before == BAR and not fixed_meter:
            mask_V[table.span(METER)] = self._fitting_meters()
            mask_V[table.first(METER) + self._meter] = False
        if not self._tempo_said:  # the first thing of a piece
            if self._before == POSITION:
                mask_V[table.span(TEMPO)] = True
            else:
                mask_V[table.first(POSITION)] = True
            return
        if self._before == POSITION:
            if not fixed_tempo:
                mask_V[table.span(TEMPO)] = self._fitting_tempi()
                mask_V[table.first(TEMPO) + self._tempo] = False
            return
        mask_V[table.first(BAR)] = True
        last = min(self._bar_end, NO_LIMIT if self._end is None else self._end) - self._bar_start
        later_T = np.arange(self._position + 1, last, dtype=np.int64)
        if len(later_T):
            mask_V[table.first(POSITION) + later_T] = not fixed_tempo or self._openings(self._bar_start + later_T)
        mask_V[BOUNDARY_ID] = self._end is None and int(self._ends_IP.max()) <= self._bar_end

    def _fitting_meters(self) -> NDArray[np.bool_]:
        """The meters in which the tune would not end before what sounds already."""
        if self._last_bar is None:
            return np.ones(len(self._bar_steps_M), np.bool_)
        return self._bar_start + (self._last_bar - self._bar + 1) * self._bar_steps_M >= int(self._ends_IP.max())

    def _fitting_tempi(self) -> NDArray[np.bool_]:
        """The tempi at which the tune would not end before what sounds already."""
        if self._seconds_left is None:
            return np.ones(TEMPO_BINS, np.bool_)
        steps = np.maximum(1, np.rint(self._seconds_left * 1e6 * self._steps_per_beat / tempo_us(np.arange(TEMPO_BINS))))
        return self._now + steps >= int(self._ends_IP.max())

    def _openings(self, steps_T: NDArray[np.int64]) -> NDArray[np.bool_]:
        """At which of these later steps a note could begin."""
        playing_I = self._playing_I
        free_I = playing_I[:DRUMS]
        open_T = np.zeros(len(steps_T), np.bool_)
        if free_I.any() and self._limits.pitches_P.any():
            ends_IP = self._ends_IP[:DRUMS]
            open_T = steps_T >= int(ends_IP[free_I][:, self._limits.pitches_P].min())
            if self._limits.max_sounding < NO_LIMIT:
                ends = np.sort(ends_IP[ends_IP > self._now])
                open_T &= len(ends) - np.searchsorted(ends, steps_T, side="right") < self._limits.max_sounding
        if playing_I[DRUMS]:
            open_T |= steps_T >= int(self._ends_IP[DRUMS].min())
        return open_T

    def _allow_shifts(self, mask_V: NDArray[np.bool_]) -> None:
        room = NO_LIMIT if self._end is None else self._end - self._now
        if not self._shifted_short:
            # After a shift below a second something has to begin; the end may come instead where one is wished for.
            shift_T = np.arange(1, min(LONGEST_SHIFT, room) + 1, dtype=np.int64)
            mask_V[self._table.first(SHIFT) + shift_T - 1] = (
                self._openings(self._now + shift_T) | (shift_T == LONGEST_SHIFT) | (shift_T == room) | self._silent_by(shift_T)
            )
        mask_V[BOUNDARY_ID] = self._end is None and int(self._ends_IP.max()) <= self._now and not (self._naming and self._begun)

    def _silent_by(self, shift_T: NDArray[np.int64]) -> NDArray[np.bool_]:
        """After which shifts the piece could end."""
        return self._now + shift_T >= (int(self._ends_IP.max()) if self._end is None else NO_LIMIT)

    def _allow_notes(self, mask_V: NDArray[np.bool_], *, programs: bool) -> None:
        """What may begin now: with the instrument as it is, or with another."""
        table = self._table
        legal_IP = self._legal()
        program = self._program
        if self._before == PROGRAM or program >= self._last_instrument:
            own_P = legal_IP[program]
            if own_P.any():
                if self._bin != _UNSAID or self._before == VELOCITY:
                    mask_V[table.span(DRUM if program == DRUMS else PITCH)] = own_P
                if self._before != VELOCITY:
                    mask_V[table.span(VELOCITY)] = True
                    if self._bin != _UNSAID:
                        mask_V[table.first(VELOCITY) + self._bin] = False
        if programs:
            others_I = np.array(legal_IP.any(axis=1), np.bool_, ndmin=1)
            others_I[: max(0, self._last_instrument + 1)] = False
            others_I[program] = False
            mask_V[table.span(PROGRAM)] |= others_I

    def _legal(self) -> NDArray[np.bool_]:
        """Which pitches of which instruments may begin now, of shape (I, P)."""
        if self._end is not None and self._now >= self._end:
            return np.zeros((INSTRUMENTS, 128), np.bool_)
        legal_IP: NDArray[np.bool_] = self._ends_IP <= self._now
        legal_IP[:DRUMS] &= self._limits.pitches_P
        if self._limits.max_sounding < NO_LIMIT and int((self._ends_IP[:DRUMS] > self._now).sum()) >= self._limits.max_sounding:
            legal_IP[:DRUMS] = False
        legal_IP[~self._playing_I] = False
        if self._last_instrument >= 0:
            legal_IP[self._last_instrument, : self._last_pitch + 1] = False
        return legal_IP

    def push(self, token_id: int) -> None:
        """One more id. Raises ValueError where it is not allowed."""
        check_allowed(self.allowed(), token_id)
        self._allowed = None
        kind, value = self._table.event(token_id)
        if token_id == BOUNDARY_ID:
            self._reset()
            return
        self._naming = self._naming and kind == PROGRAM and value > self._last_named
        _PUSH[kind](self, value)
        self._before = kind

    def _push_bar(self, _: int) -> None:
        if self._end is not None and self._bar >= 0 and self._bar_end >= self._end:
            self.finished = True
            return
        self._pass(self._bar_end - self._now)
        self._bar, self._bar_start, self._position = self._bar + 1, self._bar_end, -1
        self._moment()

    def _push_meter(self, value: int) -> None:
        self._meter = value
        self._set_end()

    def _push_position(self, value: int) -> None:
        self._pass(self._bar_start + value - self._now)
        self._position = value
        self._moment()

    def _push_tempo(self, value: int) -> None:
        self._tempo, self._tempo_said = value, True
        self._set_end()

    def _push_shift(self, value: int) -> None:
        self._now += value + 1
        self._shifted_short = value + 1 < LONGEST_SHIFT
        self._moment()
        self.finished = self._end is not None and self._now >= self._end

    def _pass(self, steps: int) -> None:
        """Time goes on."""
        if self._seconds_left is not None:
            self._seconds_left -= steps * self._step_s
        self._now += steps

    def _moment(self) -> None:
        """A new moment, in which nothing has begun yet."""
        self._last_instrument = self._last_pitch = -1

    def _push_program(self, value: int) -> None:
        self._program = value
        if self._naming:
            self._last_named = value
            self._named_I[value] = True

    def _push_velocity(self, value: int) -> None:
        self._bin = value

    def _push_pitch(self, value: int) -> None:
        self._last_instrument, self._last_pitch = self._program, value
        self._shifted_short = False

    def _push_drum(self, value: int) -> None:
        self._push_pitch(value)
        self._ends_IP[DRUMS, value] = self._now + 1

    def _push_duration(self, value: int) -> None:
        self._ends_IP[self._last_instrument, self._last_pitch] = self._now + int(self._lengths_D[value])


_PUSH: Final = {
    BAR: NotesCursor._push_bar,  # noqa: SLF001 - a table of its own methods
    METER: NotesCursor._push_meter,  # noqa: SLF001
    TEMPO: NotesCursor._push_tempo,  # noqa: SLF001
    POSITION: NotesCursor._push_position,  # noqa: SLF001
    SHIFT: NotesCursor._push_shift,  # noqa: SLF001
    PROGRAM: NotesCursor._push_program,  # noqa: SLF001
    VELOCITY: NotesCursor._push_velocity,  # noqa: SLF001
    PITCH: NotesCursor._push_pitch,  # noqa: SLF001
    DRUM: NotesCursor._push_drum,  # noqa: SLF001
    DURATION: NotesCursor._push_duration,  # noqa: SLF001
}
