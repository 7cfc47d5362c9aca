"""What both forms of the `grid` tokenizer have in common: notes in equal steps of a beat, of which each is a frame."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.ids import Ids
from lstmgen.media.base import Clock
from lstmgen.media.tunes.events import Measures
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.score import DEFAULT_TEMPO_US, Score


def on_grid(score: Score, base: TimeBase) -> StepNotes:
    """The pitched notes of a score, each at least one step long, in the score's order.

    Raises:
        InputError: the piece has more steps than any real one.
    """
    return StepNotes.of(score, base, most_steps=limits.MAX_GRID_STEPS, most_filled=limits.MAX_GRID_CELLS)


class GridNotation(Protocol):
    """The half of a `Notation` that does not depend on how a step looks."""

    base: TimeBase
    says_instruments: bool = False
    whole_bars: bool = False

    def read(self, ids_T: Ids) -> StepNotes:
        """The notes of any ids."""
        ...

    def clock(self, steps: int) -> Clock:
        """A cycle of so many steps, and which ids tick."""
        ...

    def frame_ends(self, ids_T: Ids) -> NDArray[np.bool_]:
        """Which ids are the last of their step."""
        ...

    def measure(self, ids_T: Ids) -> Measures:
        """Notes, seconds at 120 beats per minute, and steps."""
        notes = self.read(ids_T)
        seconds = notes.steps / self.base.per_unit * DEFAULT_TEMPO_US / 1e6
        ends_T = self.frame_ends(ids_T)
        first = int(ends_T.argmax()) + 1 if ends_T.any() else 0
        return Measures(notes=len(notes.start_N), seconds=seconds, frames=notes.steps, first_frame=first)

    def steps_of(self, ids_T: Ids) -> NDArray[np.int64]:
        """The step at which each id stands."""
        ends_T = self.frame_ends(ids_T)
        return np.cumsum(ends_T) - ends_T

    def stretched(self, ids_T: Ids, _: float) -> Ids:
        """The same ids: a grid has no tempo."""
        return ids_T
