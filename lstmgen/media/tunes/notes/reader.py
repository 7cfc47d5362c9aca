"""The notes of the `notes` tokenizer as their ids come, and who plays them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, final

import numpy as np

from lstmgen.media.tunes.notes.events import DRUM, DRUMS, DURATION, INSTRUMENTS, PITCH, PROGRAM, UNSAID_BIN, VELOCITY, loudness
from lstmgen.media.tunes.notes.time import Clock
from lstmgen.media.tunes.step_notes import Row, StepNotes
from lstmgen.music.lanes import Steps
from lstmgen.music.score import Score, Track


def instruments_of(score: Score) -> Steps:
    """The instrument of every note."""
    return np.where(score.notes.drum, DRUMS, score.notes.program.astype(np.int64))


@final
class Ensemble:
    """A `Band` of instruments, each with a track: the first of the score that plays it, or a new one.

    New tracks stand in the order in which the instruments are named, so that they are known as soon as a note is.
    """

    def __init__(self, like: Score) -> None:
        self.tracks = list(like.tracks)
        instruments, first = np.unique(instruments_of(like), return_index=True)
        self._track_I = np.full(INSTRUMENTS, -1)
        self._track_I[instruments] = like.notes.track[first]

    def name(self, instrument: int) -> None:
        """Gives an instrument a track that has none."""
        if self._track_I[instrument] < 0:
            self._track_I[instrument] = len(self.tracks)
            self.tracks.append(Track())

    def columns(self, notes: StepNotes) -> dict[str, Any]:
        """Track, program, velocity and whether it is a drum of each note."""
        for instrument in np.unique(notes.line_N).tolist():
            self.name(instrument)
        drum_N = notes.line_N == DRUMS
        program_N = np.where(drum_N, 0, notes.line_N)
        return {"track": self._track_I[notes.line_N], "program": program_N, "velocity": notes.velocity_N, "drum": drum_N}


@final
class NotesReader:
    """A `Reader`. The end of a note is known with its duration, that of a drum when the piece is long enough for it."""

    def __init__(self, clock: Clock, ensemble: Ensemble, lengths_D: Steps, drum_steps: int) -> None:
        self._clock, self._ensemble, self._lengths_D, self._drum_steps = clock, ensemble, lengths_D, drum_steps
        self._instrument, self._bin = 0, UNSAID_BIN
        self._open: tuple[int, int] | None = None
        self._drums = deque[Row]()

    def push(self, kind: str, value: int, place: int) -> Iterable[Row]:
        """The notes whose end this event tells."""
        told, self._open = self._open, None
        if kind == PROGRAM:
            self._instrument = value
            self._ensemble.name(value)
        elif kind == VELOCITY:
            self._bin = value
        elif kind == PITCH and self._instrument != DRUMS:
            self._open = (value, place)
        elif kind == DRUM and self._instrument == DRUMS:
            self._drums.append(self._row(self._drum_steps, value, place))
        elif kind == DURATION and told is not None:
            yield self._row(int(self._lengths_D[value]), *told)
        elif kind in self._clock.pushes:
            self._clock.pushes[kind](value)
        while self._drums and self._drums[0][1] <= self._clock.length:
            yield self._drums.popleft()

    def _row(self, steps: int, pitch: int, place: int) -> Row:
        now = self._clock.course.now
        return now, now + steps, pitch, self._instrument, int(loudness(self._bin)), place

    def finish(self) -> Iterable[Row]:
        """The drums that are cut off with the piece."""
        for start, _, pitch, instrument, velocity, place in self._drums:
            yield start, max(self._clock.length, 1), pitch, instrument, velocity, place
