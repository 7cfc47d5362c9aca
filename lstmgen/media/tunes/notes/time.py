"""How the `notes` tokenizer writes time: a `Clockwork` is one of two ways, bars and positions (`beats.py`) or shifts (`seconds.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.step_limits import Course, StepLimits
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps
from lstmgen.music.score import Score


@dataclass(frozen=True, kw_only=True)
class Times:
    """Where ids stand.

    Attributes:
        step_T: step of each id; -1 where there is no time yet.
        steps: length of the piece.
        tempos: as in `StepNotes`.
        meters: as in `StepNotes`.
    """

    step_T: Steps
    steps: int
    tempos: Sequence[tuple[int, int, int]] = ()
    meters: Sequence[tuple[int, int, tuple[int, int]]] = ()


class Notes(Protocol):
    """What a clock asks of the notes around it."""

    @property
    def latest_end(self) -> int:
        """The step at which the last of all notes so far ends."""
        ...

    @property
    def naming(self) -> bool:
        """Whether a piece that is drawn has still to name its instruments."""
        ...

    def openings(self, step_T: Steps) -> NDArray[np.bool_]:
        """At which of these later steps a note could begin."""
        ...


class Clock(Protocol):
    """The time of a piece while it is written."""

    @property
    def course(self) -> Course:
        """How far the piece has come."""
        ...

    @property
    def pushes(self) -> Mapping[str, Callable[[int], None]]:
        """What each kind of event that tells time does, given its value."""
        ...

    @property
    def length(self) -> int:
        """Where the piece ends if nothing but notes follows."""
        ...

    @property
    def ready(self) -> bool:
        """Whether notes may begin."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        ...

    def begin(self) -> None:
        """The prompt is over."""
        ...

    def allow(self, mask_V: NDArray[np.bool_], before: str, notes: Notes) -> None:
        """Marks what lets time go on, and the end, behind an event of the kind `before`."""
        ...


class Clockwork(Protocol):
    """One of the two ways in which time is written."""

    @property
    def base(self) -> TimeBase:
        """What time is counted in."""
        ...

    @property
    def ranges(self) -> Sequence[tuple[str, int]]:
        """The events that tell time."""
        ...

    @property
    def lengths_D(self) -> Steps:
        """Steps of every duration, ascending from 1: each step for short notes, then coarser and coarser."""
        ...

    @property
    def drum_steps(self) -> int:
        """Steps that a drum is said to sound."""
        ...

    @property
    def words(self) -> Mapping[str, Callable[[int], str]]:
        """How the events that tell time read."""
        ...

    def written(self, ids_T: Ids, step_T: Steps, table: EventTable, *, score: Score | None, length: int) -> Ids:
        """The ids of notes that stand at these steps, with those that tell time; without a score at no tempo and in no meter."""
        ...

    def read(self, ids_T: Ids, table: EventTable) -> Times:
        """Where any ids stand."""
        ...

    def seconds(self, times: Times) -> float:
        """Length of a piece, at its own tempi."""
        ...

    def slower(self, ids_T: Ids, table: EventTable, factor: float) -> Ids | None:
        """The same piece played slower by a factor; None where its notes have to be written anew."""
        ...

    def clock(self, table: EventTable, constraints: Constraints, limits: StepLimits) -> Clock:
        """A clock at the beginning of a piece."""
        ...


def strides(unit: int, *plan: tuple[int, int]) -> Steps:
    """Steps of every duration: up to so many units in strides of so many steps, and on."""
    reached = [0, *(until * unit for until, _ in plan)]
    return np.concatenate(
        [np.arange(begin + stride, end + 1, stride) for begin, end, (_, stride) in zip(reached[:-1], reached[1:], plan, strict=True)]
    )
