"""Where a tune on a grid stands while it is written, and which ids may come next; see `lstmgen.media.base.Cursor`.

    voices   hold only where the voice sounds; a rest always; the end only between steps
    chords   pitches strictly ascending within a step, `held` only of what sounded in the step before; the end of the step always;
             the end only between steps

So each tune has one form, and there is always something that may come next.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.grid.chords import STEP, ChordGrid
from lstmgen.media.tunes.grid.voices import HOLD, PITCH, REST, VoiceGrid
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED, StepLimits, check_allowed


@final
class _Progress:
    """How far a tune has come, in steps, and what holds for it."""

    def __init__(self, wished: StepLimits) -> None:
        self._wished = wished
        self.limits = NOTHING_LIMITED
        self.step = 0
        self._end: int | None = None

    def begin(self) -> None:
        """From here on the constraints hold."""
        self.limits = self._wished
        self._end = self._wished.end_after(self.step)

    @property
    def finished(self) -> bool:
        """Whether the end that was wished for has been reached."""
        return self._end is not None and self.step >= self._end

    @property
    def may_end(self) -> bool:
        """Whether the tune may end between two steps."""
        return self._end is None or self.finished


@final
class VoiceCursor:
    """A cursor on voices. Of more notes at once than are wanted the higher voices, which come first, have theirs."""

    def __init__(self, grid: VoiceGrid, wished: StepLimits) -> None:
        self._grid = grid
        self._progress = _Progress(wished)
        self._hold = grid.table.first(HOLD) if grid.hold else -1
        self._rest, self._pitches = grid.table.first(REST), grid.table.span(PITCH)
        self._voice = 0
        self._sounding = 0
        self._length_V = [0] * grid.voices
        self._id_V = [self._rest] * grid.voices
        self._allowed: NDArray[np.bool_] | None = None

    @property
    def finished(self) -> bool:
        """Whether the end that was wished for has been reached."""
        return self._progress.finished

    def begin(self) -> None:
        """The prompt is over. If it ended within a step, that step counts as the first one drawn."""
        self._progress.begin()
        self._allowed = None

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); read-only."""
        if self._allowed is None:
            self._allowed = self._mask()
            self._allowed.setflags(write=False)
        return self._allowed

    def _mask(self) -> NDArray[np.bool_]:
        mask_V = np.zeros(self._grid.table.vocab_size, np.bool_)
        limits = self._progress.limits
        mask_V[BOUNDARY_ID] = self._voice == 0 and self._progress.may_end
        if self.finished:
            return mask_V
        mask_V[self._rest] = True
        if self._sounding >= limits.max_sounding:
            return mask_V
        mask_V[self._pitches] = limits.pitches_P
        length = self._length_V[self._voice]
        if self._grid.hold:
            mask_V[self._hold] = 0 < length < limits.longest
        elif length >= limits.longest:
            mask_V[self._id_V[self._voice]] = False
        return mask_V

    def push(self, token_id: int) -> None:
        """One more id. Raises ValueError where it is not allowed."""
        check_allowed(self.allowed(), token_id)
        self._allowed = None
        if token_id == BOUNDARY_ID:
            self._length_V = [0] * self._grid.voices
            return
        voice = self._voice
        if token_id == self._rest:
            self._length_V[voice] = 0
        elif token_id == self._hold or (not self._grid.hold and self._length_V[voice] and token_id == self._id_V[voice]):
            self._length_V[voice] += 1
        else:
            self._length_V[voice] = 1
        self._id_V[voice] = token_id
        self._sounding += token_id != self._rest
        self._voice += 1
        if self._voice == self._grid.voices:
            self._voice = self._sounding = 0
            self._progress.step += 1


@final
class ChordCursor:
    """A cursor on chords."""

    def __init__(self, grid: ChordGrid, wished: StepLimits) -> None:
        self._grid = grid
        self._progress = _Progress(wished)
        self._end_of_step = grid.table.first(STEP)
        self._new, self._held = grid.table.first(grid.pitch_kinds[0]), grid.table.first(grid.pitch_kinds[-1])
        self._before_P = np.zeros(128, np.int64)
        self._now_P = np.zeros(128, np.int64)
        self._lowest = 0
        self._sounding = 0
        self._allowed: NDArray[np.bool_] | None = None

    @property
    def finished(self) -> bool:
        """Whether the end that was wished for has been reached."""
        return self._progress.finished

    def begin(self) -> None:
        """The prompt is over. If it ended within a step, that step counts as the first one drawn."""
        self._progress.begin()
        self._allowed = None

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); read-only."""
        if self._allowed is None:
            self._allowed = self._mask()
            self._allowed.setflags(write=False)
        return self._allowed

    def _mask(self) -> NDArray[np.bool_]:
        mask_V = np.zeros(self._grid.table.vocab_size, np.bool_)
        limits, low = self._progress.limits, self._lowest
        mask_V[BOUNDARY_ID] = self._sounding == 0 and self._progress.may_end
        if self.finished:
            return mask_V
        mask_V[self._end_of_step] = True
        if self._sounding >= limits.max_sounding:
            return mask_V
        before_P, pitches_P = self._before_P[low:], limits.pitches_P[low:]
        if self._grid.hold:
            mask_V[self._new + low : self._new + 128] = pitches_P
            mask_V[self._held + low : self._held + 128] = (before_P > 0) & (before_P < limits.longest)
        else:
            mask_V[self._new + low : self._new + 128] = pitches_P & (before_P < limits.longest)
        return mask_V

    def push(self, token_id: int) -> None:
        """One more id. Raises ValueError where it is not allowed."""
        check_allowed(self.allowed(), token_id)
        self._allowed = None
        if token_id == BOUNDARY_ID:
            self._before_P = np.zeros(128, np.int64)
        elif token_id == self._end_of_step:
            self._before_P, self._now_P = self._now_P, np.zeros(128, np.int64)
            self._lowest = self._sounding = 0
            self._progress.step += 1
        else:
            pitch = int(self._grid.table.value_of_V[token_id])
            begins = self._grid.hold and token_id < self._held
            self._now_P[pitch] = 1 if begins else self._before_P[pitch] + 1
            self._lowest = pitch + 1
            self._sounding += 1
