"""Bars that come back: what a bar holds, which earlier bar one repeats, and the one way to say so.

A bar is repeated when it has the meter of an earlier one, at most `FARTHEST` bars back, and the same notes: position, instrument, pitch,
duration and bin of velocity of each. It need not have the same tempo, but a bar in which the tempo changes is always written out, and so is
an empty one. What a repeat says changes neither the instrument nor the loudness that hold for the notes that are written.

Of several equal bars the one is named that lies as far back as the one that the bar before repeated; where there is none the nearest.
So a section that comes back is one number again and again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import Times
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.music.lanes import Steps

REPEAT: Final = "repeat"
FARTHEST: Final = 64
"""Bars back that a repeat reaches; value v of the event means v + 1."""

BarNote = tuple[int, int, int, int, int]
"""A note in its bar: position, instrument, pitch, index of the duration and bin of the velocity."""


@final
@dataclass(frozen=True)
class Bar:
    """What a bar holds; two that are equal repeat one another.

    Attributes:
        meter: number of its meter.
        notes: those that begin in it, in the order in which they are written.
    """

    meter: int
    notes: tuple[BarNote, ...]

    def __deepcopy__(self, memo: object) -> Bar:
        """Itself: nothing of it changes."""
        return self

    @cached_property
    def columns(self) -> tuple[Steps, Steps, Steps, Steps, Steps]:
        """The notes as columns, each of shape (N,)."""
        position_N, line_N, pitch_N, duration_N, bin_N = np.array(self.notes, np.int64).reshape(-1, 5).T
        return position_N, line_N, pitch_N, duration_N, bin_N


@final
class Memory:
    """The bars of a tune so far, as far back as a repeat reaches."""

    def __init__(self) -> None:
        self._bars = deque[Bar](maxlen=FARTHEST)
        self._count = 0
        self._last: dict[Bar, int] = {}
        self._distance = 0

    def add(self, bar: Bar, distance: int) -> None:
        """One more bar, and how far back the bar lies that it repeats; 0: it is written out."""
        self._bars.append(bar)
        self._last[bar] = self._count
        self._count += 1
        self._distance = distance

    def at(self, distance: int) -> Bar | None:
        """The bar so far back from the one that comes next."""
        return self._bars[-distance] if 1 <= distance <= len(self._bars) else None

    def distance(self, bar: Bar) -> int:
        """How far back the bar lies that this one would repeat; 0 where there is none."""
        if not bar.notes or (last := self._last.get(bar)) is None or self._count - last > FARTHEST:
            return 0
        return self._distance if self.at(self._distance) == bar else self._count - last

    def alike(self, meter: int) -> list[Bar]:
        """The different bars of a meter that can be repeated."""
        return [bar for bar in dict.fromkeys(self._bars) if bar.meter == meter and bar.notes]


def distances(columns: tuple[Steps, ...], bar_N: Steps, meter_B: Steps, *, changes_B: NDArray[np.bool_]) -> Steps:
    """How far back the bar lies that each bar repeats, of shape (B,); 0 where it is written out.

    Args:
        columns: what a `BarNote` is made of, for notes in order.
        bar_N: the bar in which each note begins.
        meter_B: meter of each bar.
        changes_B: whether the tempo changes in a bar.
    """
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    ends = np.searchsorted(bar_N, np.arange(len(meter_B)), side="right").tolist()
    memory, begin = Memory(), 0
    found = np.zeros(len(meter_B), np.int64)
    for place, (meter, end, changes) in enumerate(zip(meter_B.tolist(), ends, changes_B.tolist(), strict=True)):
        bar = Bar(meter, tuple(rows[begin:end]))
        found[place] = 0 if changes else memory.distance(bar)
        memory.add(bar, int(found[place]))
        begin = end
    return found


def sources(distance_B: Steps) -> Steps:
    """The bar that is written out for each bar, of shape (B,): itself, or where a chain of repeats begins. What reaches too far is none."""
    source_B = np.arange(len(distance_B))
    for bar in np.flatnonzero((distance_B > 0) & (distance_B <= source_B)).tolist():
        source_B[bar] = source_B[bar - distance_B[bar]]
    return source_B


@final
class BarsSoFar:
    """The bars of a tune while it is written, and which earlier ones the last of them could become equal to."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._meter = -1
        self.open(-1)

    def open(self, meter: int) -> None:
        """A bar begins, or, while it is empty, has another meter; see `close`."""
        self._meter, self._notes, self._distance = meter, list[BarNote](), 0
        self._repeated: Bar | None = None
        self._tempo_changes = False
        self._alike = self._memory.alike(meter)

    def close(self) -> None:
        """The bar is over."""
        if self._meter >= 0:
            self._memory.add(self._repeated or Bar(self._meter, tuple(self._notes)), self._distance)

    def add(self, note: BarNote) -> None:
        """One more note."""
        place = len(self._notes)
        self._notes.append(note)
        self._alike = [bar for bar in self._alike if len(bar.notes) > place and bar.notes[place] == note]

    def change_tempo(self) -> None:
        """The tempo changes, so that the bar is written out whatever it holds."""
        self._tempo_changes = True

    def repeat(self, distance: int) -> Bar | None:
        """The bar repeats the one so far back; None where there is none."""
        self._repeated, self._distance = self._memory.at(distance), distance
        return self._repeated

    def at(self, distance: int) -> Bar | None:
        """The bar so far back from the one that is written."""
        return self._memory.at(distance)

    def distance(self, bar: Bar) -> int:
        """How a repeat of an earlier bar would name it; 0 where it could not."""
        return self._memory.distance(bar)

    @property
    def repeatable(self) -> list[tuple[int, Bar]]:
        """While the bar is empty: the bars that it can repeat, each with its distance."""
        return [(self._memory.distance(bar), bar) for bar in self._alike]

    @property
    def repeats(self) -> bool:
        """Whether the bar, as it stands, is equal to an earlier one and would have to be a repeat."""
        return not self._tempo_changes and any(len(bar.notes) == len(self._notes) for bar in self._alike if self._notes)

    @property
    def endings(self) -> list[BarNote]:
        """The notes with which the bar would become equal to an earlier one."""
        count = len(self._notes)
        return [] if self._tempo_changes else [bar.notes[-1] for bar in self._alike if len(bar.notes) == count + 1]


def played_out(notes: StepNotes, times: Times) -> StepNotes:
    """The notes that are written out, in order, and behind them those of repeated bars."""
    if times.number_T is None or not times.repeats:
        return notes
    bar_N = times.number_T[notes.place_N]
    which, shift, place = [np.arange(len(bar_N))], [np.zeros_like(bar_N)], [notes.place_N]
    for at, source, moved in times.repeats:
        own = np.arange(*np.searchsorted(bar_N, [source, source + 1]))
        which.append(own)
        shift.append(np.full(len(own), moved))
        place.append(np.full(len(own), at))
    which_N, shift_N = np.concatenate(which), np.concatenate(shift)
    start_N, end_N = notes.start_N[which_N] + shift_N, notes.end_N[which_N] + shift_N
    return notes.take(which_N, start_N=start_N, end_N=end_N, place_N=np.concatenate(place))


def repeats_among(ids_T: Ids, number_T: Steps, start_B: Steps, table: EventTable) -> list[tuple[int, int, int]]:
    """The repeats among any ids, as in `Times`; the first of a bar counts."""
    places = np.flatnonzero(table.are(ids_T, REPEAT) & (number_T >= 0))
    bars, first = np.unique(number_T[places], return_index=True)
    distance_B = np.zeros_like(start_B)
    distance_B[bars] = table.value_of_V[ids_T[places[first]]] + 1
    source_B = sources(distance_B)
    shift_B = start_B - start_B[source_B]
    return [
        (place, int(source_B[bar]), int(shift_B[bar]))
        for place, bar in zip(places[first].tolist(), bars.tolist(), strict=True)
        if source_B[bar] < bar
    ]
