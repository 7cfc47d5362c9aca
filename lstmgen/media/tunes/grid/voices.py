"""The `grid` of voices: for every step one id for each voice, in the order of the voices.

    step             0              1              2
    voice         1     2        1     2        1     2
    ids          C5    E4       hold   F4      rest  hold

With `hold` a pitch begins a note and the id `hold` holds it. Without, every step says the pitch that sounds, as a piano roll does, and
a note that is held and one that is struck again are the same. The ids are the same for every voice: which voice an id belongs to follows
from its place.

What may come next: `hold` only where the voice sounds; a rest always; the end only between steps. So each tune has one form. Letters: V
voices, S steps, N notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Clock
from lstmgen.media.legal import Rows
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.grid.frames import GridNotation, on_grid
from lstmgen.media.tunes.grid.legal import rows_of_voices
from lstmgen.media.tunes.grid.voicing import track_of_voices, voice_name, voices_of
from lstmgen.media.tunes.parts import Band, Parts, parts_of
from lstmgen.media.tunes.step_limits import Course, StepLimits
from lstmgen.media.tunes.step_notes import UNSAID, Row, StepNotes
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import cells, is_new, one_at_a_time
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Score

HOLD: Final = "hold"
REST: Final = "rest"
PITCH: Final = "pitch"


@final
class VoiceGrid(GridNotation):
    """Ids of voices side by side.

    Args:
        base: the steps.
        voices: how many; 1 for melodies, 4 for chorales.
        hold: whether held notes and repeated ones are told apart.
    """

    pitch_kinds: tuple[str, ...] = (PITCH,)
    starts: tuple[str, ...] = (PITCH,)
    waits: tuple[str, ...] = (REST,)

    def __init__(self, base: TimeBase, *, voices: int, hold: bool) -> None:
        self.base, self.voices, self.hold = base, voices, hold
        self.table = EventTable([*([(HOLD, 1)] if hold else []), (REST, 1), (PITCH, 128)])

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How the ids of each kind read."""
        return {HOLD: lambda _: "hold", REST: lambda _: "rest", PITCH: pitch_name}

    def clock(self, steps: int) -> Clock:
        """Every id ticks, for each is one of a voice."""
        return Clock(steps * self.voices, 1, self.table.vocab_size - 1)

    def write(self, score: Score) -> Ids:
        """The ids of the notes that have a voice.

        Of the notes that begin in one step of a voice the highest stays, and a note ends where the next of its voice begins.
        """
        notes = on_grid(score, self.base)
        voice_N = voices_of(notes, score, voices=self.voices)
        voiced = np.flatnonzero(voice_N >= 0)
        start_N, end_N, pitch_N = notes.start_N[voiced], notes.end_N[voiced], notes.pitch_N[voiced]
        kept, end_N = one_at_a_time(voice_N[voiced], start_N, end_N, rank_N=start_N - end_N - (pitch_N << 32))
        start_N, pitch_id_N, voice_N = start_N[kept], self.table.first(PITCH) + pitch_N[kept], voice_N[voiced[kept]]
        ids_SV = np.full((notes.length, self.voices), self.table.first(REST))
        note_C, step_C = cells(start_N, end_N)
        ids_SV[step_C, voice_N[note_C]] = self.table.first(HOLD) if self.hold else pitch_id_N[note_C]
        ids_SV[start_N, voice_N] = pitch_id_N
        return ids_SV.reshape(-1)

    def read(self, ids_T: Ids) -> StepNotes:
        """The notes of any ids, voice by voice; `hold` where nothing sounds is a rest, and so is what lacks of the last step."""
        place = np.flatnonzero(ids_T != BOUNDARY_ID)
        steps = -(-len(place) // self.voices)
        rest = self.table.first(REST)
        ids_SV = np.full(steps * self.voices, rest)
        ids_SV[: len(place)] = ids_T[place]
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
            velocity_N=np.full(len(start), UNSAID),
            place_N=place[start_N * self.voices + voice_N],
            steps=steps,
        )

    def _changes(self, line: Ids) -> NDArray[np.bool_]:
        """Where a note or a rest begins."""
        return line != self.table.first(HOLD) if self.hold else is_new(line)

    def frame_ends(self, ids_T: Ids) -> NDArray[np.bool_]:
        """Which ids are the last of their step; boundaries begin a piece, and so a step."""
        index = np.arange(len(ids_T))
        boundary = ids_T == BOUNDARY_ID
        since_boundary = index - np.maximum.accumulate(np.where(boundary, index, -1))
        return ~boundary & (since_boundary % self.voices == 0)

    def band(self, like: Score, _: Iterable[int]) -> Band:
        """Tracks named "Voice 1", "Voice 2" ...; beside a score its tracks, and new ones where it has too few."""
        found: list[int | None] = [None] * self.voices
        if len(like.notes):
            before = on_grid(like, self.base)
            found = track_of_voices(before, voices_of(before, like, voices=self.voices), voices=self.voices)
        by_track = {part.track: part for part in parts_of(like)}
        return Parts(like, [None if track is None else by_track[track] for track in found], list(map(voice_name, range(self.voices))))

    def grammar(self, _: Constraints, limits: StepLimits) -> Grammar:
        """What may come next."""
        return VoiceGrammar(self.table, limits, voices=self.voices, hold=self.hold)

    def legal(self, ids_T: Ids) -> Rows | None:
        """What may come where."""
        hold = self.table.first(HOLD) if self.hold else None
        return rows_of_voices(ids_T, self.table, voices=self.voices, hold=hold, rest=self.table.first(REST))


@final
class VoiceGrammar(Grammar):
    """A `Grammar` of voices."""

    def __init__(self, table: EventTable, limits: StepLimits, *, voices: int, hold: bool) -> None:
        self.course = Course(limits)
        self._hold = table.first(HOLD) if hold else -1
        self._rest, self._pitches = table.first(REST), table.span(PITCH)
        self._voice = 0
        self._note_V: list[tuple[int, int, int] | None] = [None] * voices
        """What sounds in each voice: first step, pitch, and place."""

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        course, limits, note = self.course, self.course.limits, self._note_V[self._voice]
        mask_V[self._rest] = True
        if self._voice == 0 and course.end is None:
            mask_V[BOUNDARY_ID] = True
        mask_V[self._pitches] = limits.pitches_P
        if note is None:
            return
        too_long = course.now - note[0] >= limits.longest
        if self._hold >= 0:
            mask_V[self._hold] = not too_long
        elif too_long:
            mask_V[self._pitches.start + note[1]] = False

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event. A note ends where its voice says anything but that it is held."""
        course, voice = self.course, self._voice
        now, was = course.now, self._note_V[voice]
        goes_on = was is not None and (kind == HOLD or (self._hold < 0 and kind == PITCH and value == was[1]))
        if not goes_on:
            self._note_V[voice] = (now, value, place) if kind == PITCH else None
        if voice + 1 < len(self._note_V):
            self._voice = voice + 1
        else:
            self._voice = 0
            course.now = now + 1
        return () if goes_on or was is None else [_row(voice, was, now)]

    def rest(self) -> Sequence[Row]:
        """The notes that sound; of a step that breaks off the voices that lack rest."""
        now = self.course.now
        return [_row(voice, was, now + (voice < self._voice)) for voice, was in enumerate(self._note_V) if was is not None]


def _row(voice: int, note: tuple[int, int, int], end: int) -> Row:
    start, pitch, place = note
    return start, end, pitch, voice, UNSAID, place
