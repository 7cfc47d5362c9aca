"""A hole in a grid of voices: the ids of the voices that are kept are known, and those of the others are written.

Letters: V voices, S steps, N notes.
"""

from __future__ import annotations

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.legal import Rows, with_what_stands
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.grid.frames import on_grid
from lstmgen.media.tunes.grid.voices import HOLD, PITCH, REST, VoiceGrid
from lstmgen.media.tunes.grid.voicing import voice_name, voices_of
from lstmgen.media.tunes.holes import Hole
from lstmgen.media.tunes.time_bases import nearest
from lstmgen.music.score import Score

_FREE = -1


@final
class VoiceGap:
    """See `media.gaps.Gap`.

    Args:
        tokenizer: of the grid.
        grid: its notation.
        hole: what is written anew.

    Raises:
        UsageError: a voice is both kept and written anew, or none is written anew.
        InputError: the tune is longer than any real one.
    """

    usual: int = 64
    short: bool = False

    def __init__(self, tokenizer: EventTokenizer, grid: VoiceGrid, hole: Hole) -> None:
        self.tokenizer, self.grid, self.hole = tokenizer, grid, hole
        ids_SV = tokenizer.encode(hole.score).reshape(-1, grid.voices)
        begin, end = (int(step) for step in nearest(grid.base.places(hole.score, [hole.begin_tick, hole.end_tick])))
        end = min(end, len(ids_SV))
        if begin >= end:
            raise UsageError("nothing is written anew: the gap is shorter than a step of the grid", remedy="--bars 5-8")
        free_V = self._free()
        known_SV = ids_SV.copy()
        for voice in np.flatnonzero(free_V).tolist():
            self._make_room(known_SV[:, voice], begin, end)
        self._true = ids_SV[begin:end].reshape(-1)
        self.before = ids_SV[:begin].reshape(-1)
        self.known = known_SV[begin:end].reshape(-1)
        self.after = known_SV[end:].reshape(-1)
        rest = grid.table.first(REST)
        self.sounding_V = ids_SV[begin - 1] != rest if begin else np.zeros(grid.voices, np.bool_)

    def _free(self) -> NDArray[np.bool_]:
        """Which voices are written anew: those of the tracks that are, or all that no track has that is kept."""
        hole, voices = self.hole, self.grid.voices
        notes = on_grid(hole.score, self.grid.base)
        voice_N, free_N = voices_of(notes, hole.score, voices=voices), hole.free(notes.line_N)
        counts_2V = np.stack([np.bincount(voice_N[(voice_N >= 0) & (free_N == free)], minlength=voices) for free in (False, True)])
        if both := np.flatnonzero(counts_2V.all(0)).tolist():
            names = ", ".join(map(voice_name, both))
            raise UsageError(
                f"this model cannot tell the tracks apart that are kept and written anew: both have notes in {names}",
                remedy="write whole bars anew: --bars 5-8",
            )
        free_V = counts_2V[0] == 0 if hole.others else counts_2V[1] > 0
        if not free_V.any():
            raise UsageError(f"there is no voice to write: the model knows {voices}, and all are kept", remedy="keep fewer")
        return free_V

    def _make_room(self, known_S: Ids, begin: int, end: int) -> None:
        """Frees the steps of a voice; what began before them sounds on, and what they began ends with them."""
        rest, pitch = self.grid.table.first(REST), self.grid.table.first(PITCH)
        hold = self.grid.table.first(HOLD) if self.grid.hold else None

        def held(step: int) -> bool:
            """Whether the note of the step before sounds on."""
            return known_S[step] == hold if hold is not None else step > 0 and pitch <= known_S[step] == known_S[step - 1]

        first, last = begin, end
        while first < end and held(first):
            first += 1
        if first < end:
            while last < len(known_S) and held(last):
                last += 1
            known_S[end:last] = rest
            known_S[first:end] = _FREE

    def filling(self) -> VoiceFilling:
        """Nothing is written yet."""
        return VoiceFilling(self, self.sounding_V.copy())

    def true(self) -> Ids:
        """What stands there."""
        return self._true


@final
class VoiceFilling:
    """See `media.gaps.Filling`: id after id, step after step, so that all ways have always come equally far."""

    def __init__(self, gap: VoiceGap, sounding_V: NDArray[np.bool_]) -> None:
        self.ids: list[int] = []
        self._gap, self._sounding_V = gap, sounding_V

    @property
    def stage(self) -> int:
        """The step that is written."""
        return len(self.ids) // self._gap.grid.voices

    @property
    def ended(self) -> bool:
        """Whether the last step is written."""
        return len(self.ids) == len(self._gap.known)

    @property
    def complete(self) -> bool:
        """Only at the end."""
        return self.ended

    def allowed(self) -> NDArray[np.bool_]:
        """What is known, or a rest, any pitch, and the note that sounds."""
        grid, known = self._gap.grid, int(self._gap.known[len(self.ids)])
        mask_V = np.zeros(grid.table.vocab_size, np.bool_)
        if known != _FREE:
            mask_V[known] = True
        else:
            mask_V[1:] = True
            if grid.hold:
                mask_V[grid.table.first(HOLD)] = self._sounding_V[len(self.ids) % grid.voices]
        return mask_V

    def legal(self) -> NDArray[np.bool_] | None:
        """A note is held only where one sounds, and a tune ends with a step."""
        grid, voice = self._gap.grid, len(self.ids) % self._gap.grid.voices
        if not self._gap.tokenizer.grammar:
            return None
        mask_V = np.ones(grid.table.vocab_size, np.bool_)
        mask_V[BOUNDARY_ID] = voice == 0
        if grid.hold:
            mask_V[grid.table.first(HOLD)] = self._sounding_V[voice]
        return mask_V

    def push(self, token_id: int) -> None:
        """One more id."""
        self._sounding_V[len(self.ids) % self._gap.grid.voices] = token_id != self._gap.grid.table.first(REST)
        self.ids.append(token_id)

    def fork(self) -> Self:
        """Another one."""
        other = type(self)(self._gap, self._sounding_V.copy())
        other.ids = [*self.ids]
        return other

    def behind(self, most: int) -> Ids:
        """The steps behind the hole."""
        return self._gap.after[:most]

    def legal_behind(self, most: int) -> Rows | None:
        """What the grammar allows behind the hole."""
        gap = self._gap
        if not gap.tokenizer.grammar:
            return None
        whole = np.concatenate([gap.before, np.array(self.ids, np.int64), self.behind(most)])
        return with_what_stands(gap.tokenizer.legal(whole), whole)[len(whole) - len(self.behind(most)) : -1]

    def shown(self) -> str:
        """Its pitches and rests; of two ways that sound alike one id differs."""
        return " ".join(map(str, self.ids))

    def decoded(self) -> Score:
        """The whole tune."""
        gap = self._gap
        ids = np.concatenate([gap.before, np.array(self.ids, np.int64), gap.after])
        return gap.tokenizer.decode(ids, like=gap.hole.score)
