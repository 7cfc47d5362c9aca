"""The notes of the `notes` tokenizer as their ids come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import final

from lstmgen.media.tunes.notes.beats import BeatClock
from lstmgen.media.tunes.notes.events import DRUM, DURATION, PITCH, PROGRAM, UNSAID_BIN, VELOCITY, loudness
from lstmgen.media.tunes.notes.seconds import SecondClock
from lstmgen.media.tunes.parts import DRUMS, Ensemble
from lstmgen.media.tunes.step_notes import Row
from lstmgen.music.lanes import Steps


@final
class NotesReader:
    """A `Reader`. The end of a note is known with its duration, that of a drum when the piece is long enough for it."""

    def __init__(self, clock: BeatClock | SecondClock, ensemble: Ensemble, lengths_D: Steps, drum_steps: int) -> None:
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
