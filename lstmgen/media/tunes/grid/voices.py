"""The `grid` of voices: for every step one id for each voice, in the order of the voices.

    step             0              1              2
    voice         1     2        1     2        1     2
    ids          C5    E4       hold   F4      rest  hold

With `hold` a pitch begins a note and the id `hold` lets it go on. Without, every step says the pitch that sounds, as a piano roll does, and
a note that is held and one that is struck again are the same. The ids are the same for every voice: which voice an id belongs to follows
from its place. Letters: V voices, S steps, N notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grid.steps import StepNotes
from lstmgen.music.lanes import Steps, cells, is_new, one_at_a_time

HOLD: Final = "hold"
REST: Final = "rest"
PITCH: Final = "pitch"


@final
@dataclass(frozen=True)
class VoiceGrid:
    """Ids of voices side by side.

    Args:
        voices: how many; 1 for melodies, 4 for chorales.
        hold: whether held notes and repeated ones are told apart.
    """

    voices: int
    hold: bool

    @cached_property
    def table(self) -> EventTable:
        """`hold` (where there is one), `rest`, and the 128 pitches."""
        return EventTable([*([(HOLD, 1)] if self.hold else []), (REST, 1), (PITCH, 128)])

    @property
    def pitch_kinds(self) -> tuple[str, ...]:
        """The kinds of events whose value is a pitch."""
        return (PITCH,)

    def ids_of(self, notes: StepNotes, voice_N: Steps) -> Ids:
        """The ids of the notes that have a voice.

        Of the notes that begin in one step of a voice the highest stays, and a note ends where the next of its voice begins.
        """
        voiced = np.flatnonzero(voice_N >= 0)
        start_N, end_N, pitch_N = notes.start_N[voiced], notes.end_N[voiced], notes.pitch_N[voiced]
        kept, end_N = one_at_a_time(voice_N[voiced], start_N, end_N, rank_N=start_N - end_N - (pitch_N << 32))
        kept = voiced[kept]
        start_N, pitch_id_N, voice_N = notes.start_N[kept], self.table.first(PITCH) + notes.pitch_N[kept], voice_N[kept]
        ids_SV = np.full((notes.steps, self.voices), self.table.first(REST))
        note_C, step_C = cells(start_N, end_N)
        ids_SV[step_C, voice_N[note_C]] = self.table.first(HOLD) if self.hold else pitch_id_N[note_C]
        ids_SV[start_N, voice_N] = pitch_id_N
        return ids_SV.reshape(-1)

    def notes_of(self, ids: Ids) -> StepNotes:
        """The notes of any ids, voice by voice; `hold` where nothing sounds is a rest, and so is what lacks of the last step."""
        place = np.flatnonzero(ids != BOUNDARY_ID)
        steps = -(-len(place) // self.voices)
        rest = self.table.first(REST)
        ids_SV = np.full(steps * self.voices, rest)
        ids_SV[: len(place)] = ids[place]
        # Voice after voice, each with a rest behind it: whatever ends there cannot reach into the next voice.
        ids_VS = np.full((self.voices, steps + 1), rest)
        ids_VS[:, :-1] = ids_SV.reshape(steps, self.voices).T
        line = ids_VS.reshape(-1)
        changes = np.flatnonzero(self._changes(line))
        begins = line[changes] >= self.table.first(PITCH)
        start, end = changes[begins], changes[np.flatnonzero(begins) + 1]
        voice_N, start_N = np.divmod(start, steps + 1)
        return StepNotes(
            start_N=start_N,
            end_N=start_N + end - start,
            pitch_N=line[start] - self.table.first(PITCH),
            line_N=voice_N,
            place_N=place[start_N * self.voices + voice_N],
            steps=steps,
        )

    def _changes(self, line: Ids) -> NDArray[np.bool_]:
        """Where a note or a rest begins."""
        return line != self.table.first(HOLD) if self.hold else is_new(line)

    def frame_ends(self, ids: Ids) -> NDArray[np.bool_]:
        """Which ids are the last of their step; boundaries begin a piece, and so a step."""
        index = np.arange(len(ids))
        boundary = ids == BOUNDARY_ID
        since_boundary = index - np.maximum.accumulate(np.where(boundary, index, -1))
        return ~boundary & (since_boundary % self.voices == 0)
