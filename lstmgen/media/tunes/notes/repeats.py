"""Bars that come back: what a bar holds, which earlier bar one repeats, and the one way to say so.

A bar is repeated when it has the meter of an earlier one, at most `FARTHEST` bars back, and the same notes: position, instrument, pitch,
duration and bin of velocity of each. It need not have the same tempo, but a bar in which the tempo changes is always written out, and so is
an empty one. What a repeat says changes neither the instrument nor the loudness that hold for the notes that are written.

    bar  repeat 4 back                                      the same bar
    bar  repeat 4 back      again 80  again 84 ...          with variants: the same but for the velocities, which all notes say then
    bar  first half 4 back  position ... notes ...          with variants: what begins in the first half of that bar, and another end

With variants a bar that is the same in all but velocity is a repeat too, where none is the same in that as well; a bar that is no repeat,
but begins with two notes or more in its first half as an earlier one does, repeats that half.

Of several equal bars the one is named that lies as far back as the one that the bar before repeated; where there is none the nearest.
So a section that comes back is one number again and again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import loudness
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.music.lanes import Steps

REPEAT: Final = "repeat"
HALF: Final = "first half"
AGAIN: Final = "again"
FARTHEST: Final = 64
"""Bars back that a repeat reaches; value v of the event means v + 1."""
_LEAST: Final = 2
"""Notes of a first half that comes back, at least."""

BarNote = tuple[int, int, int, int, int]
"""A note in its bar: position, instrument, pitch, index of the duration and bin of the velocity."""
Shape = tuple[tuple[int, ...], ...]
"""The notes of a bar without their velocities."""


@final
@dataclass(frozen=True)
class Bar:
    """What a bar holds, or its first half; two that are equal repeat one another.

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
    def shape(self) -> tuple[int, Shape]:
        """All but the velocities."""
        return self.meter, tuple(note[:4] for note in self.notes)

    @cached_property
    def columns(self) -> tuple[Steps, Steps, Steps, Steps, Steps]:
        """The notes as columns, each of shape (N,)."""
        position_N, line_N, pitch_N, duration_N, bin_N = np.array(self.notes, np.int64).reshape(-1, 5).T
        return position_N, line_N, pitch_N, duration_N, bin_N

    def first_half(self, steps: int) -> Bar:
        """The notes that begin in the first half of so many steps."""
        return replace(self, notes=tuple(note for note in self.notes if 2 * note[0] < steps))

    def with_bins(self, bins: Sequence[int]) -> Bar:
        """With other velocities, of the first notes where there are fewer."""
        changed = [(*note[:4], value) for note, value in zip(self.notes, bins, strict=False)]
        return replace(self, notes=(*changed, *self.notes[len(changed) :]))


class Named(NamedTuple):
    """How far back the bar lies that one repeats, 0 where there is none; and whether its velocities are other ones, and are said."""

    distance: int = 0
    louder: bool = False


@final
class Memory:
    """The bars of a tune so far, or their first halves, as far back as a repeat reaches.

    Args:
        loose: whether bars repeat one another that differ in velocity alone.
        least: notes of a bar that comes back, at least.
    """

    def __init__(self, *, loose: bool = False, least: int = 1) -> None:
        self._loose, self._least = loose, least
        self._bars = deque[Bar](maxlen=FARTHEST)
        self._count = 0
        self._last: dict[Bar, int] = {}
        self._last_shape: dict[tuple[int, Shape], int] = {}

    def add(self, bar: Bar) -> None:
        """One more bar."""
        self._bars.append(bar)
        self._last[bar] = self._last_shape[bar.shape] = self._count
        self._count += 1

    def at(self, distance: int) -> Bar | None:
        """The bar so far back from the one that comes next."""
        return self._bars[-distance] if 1 <= distance <= len(self._bars) else None

    def named(self, bar: Bar, before: int) -> Named:
        """How a bar is named that this one would repeat, behind one that lies so far from what it repeated."""
        if len(bar.notes) < self._least:
            return Named()
        if (last := self._last.get(bar)) is not None and self._count - last <= FARTHEST:
            return Named(before if self.at(before) == bar else self._count - last)
        return Named(distance, louder=True) if (distance := self.base(bar, before)) else Named()

    def base(self, bar: Bar, before: int) -> int:
        """How far back the bar lies whose velocities this one would change, whether or not another is equal; 0 where there is none."""
        last = self._last_shape.get(bar.shape) if self._loose and len(bar.notes) >= self._least else None
        if last is None or self._count - last > FARTHEST:
            return 0
        there = self.at(before)
        return before if there is not None and there.shape == bar.shape else self._count - last

    def alike(self, meter: int) -> list[Bar]:
        """The different bars of a meter that can be repeated."""
        return [bar for bar in dict.fromkeys(self._bars) if bar.meter == meter and len(bar.notes) >= self._least]


class Repeats(NamedTuple):
    """What each bar repeats; arrays of shape (B,).

    Attributes:
        whole_B: how far back the bar lies; 0: none.
        half_B: how far back the bar lies whose first half it is; 0: none.
        louder_B: whether the velocities of what comes back are said.
    """

    whole_B: Steps
    half_B: Steps
    louder_B: NDArray[np.bool_]


def repeats_of(
    columns: tuple[Steps, ...], bar_N: Steps, meter_B: Steps, *, changes_B: NDArray[np.bool_], lengths_M: Steps, variants: bool
) -> Repeats:
    """What each bar repeats.

    Args:
        columns: what a `BarNote` is made of, for notes in order.
        bar_N: the bar in which each note begins.
        meter_B: meter of each bar.
        changes_B: whether the tempo changes in a bar.
        lengths_M: steps of a bar of each meter.
        variants: whether velocities may differ, and first halves come back.
    """
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    ends = np.searchsorted(bar_N, np.arange(len(meter_B)), side="right").tolist()
    whole, halves, begin, before = Memory(loose=variants), Memory(loose=variants, least=_LEAST), 0, 0
    found = Repeats(np.zeros_like(meter_B), np.zeros_like(meter_B), np.zeros(len(meter_B), np.bool_))
    for place, (meter, end, changes) in enumerate(zip(meter_B.tolist(), ends, changes_B.tolist(), strict=True)):
        bar = Bar(meter, tuple(rows[begin:end]))
        half = bar.first_half(int(lengths_M[meter])) if variants else bar
        named = half_named = Named()
        if not changes:
            named = whole.named(bar, before)
            half_named = halves.named(half, before) if variants and not named.distance else Named()
        found.whole_B[place], found.half_B[place] = named.distance, half_named.distance
        found.louder_B[place] = named.louder or half_named.louder
        before = named.distance or half_named.distance
        whole.add(bar)
        if variants:
            halves.add(half)
        begin = end
    return found


@final
class BarsSoFar:
    """The bars of a tune while it is written, and which earlier ones the last of them could become equal to.

    Args:
        lengths_M: steps of a bar of each meter.
        variants: whether velocities may differ, and first halves come back.
    """

    def __init__(self, lengths_M: Steps, *, variants: bool = False) -> None:
        self._lengths_M, self._variants = lengths_M, variants
        self._whole, self._halves = Memory(loose=variants), Memory(loose=variants, least=_LEAST)
        self._before, self._meter = 0, -1
        self.open(-1)

    def open(self, meter: int) -> None:
        """A bar begins, or, while it is empty, has another meter; see `close`."""
        self._meter, self._notes, self._distance = meter, list[BarNote](), 0
        self._steps = int(self._lengths_M[meter]) if meter >= 0 else 0
        self._tempo_changes = False
        self._source: Bar | None = None
        """What is repeated, until a note is written behind it."""
        self._bins: list[int] | None = None
        """The velocities that are said of it."""
        self._alike = self._whole.alike(meter)
        self._halves_alike = self._halves.alike(meter) if self._variants else []

    def close(self) -> None:
        """The bar is over."""
        if self._meter >= 0:
            bar = Bar(self._meter, tuple(self._notes))
            self._whole.add(bar)
            if self._variants:
                self._halves.add(bar.first_half(self._steps))
            self._before = self._distance

    def add(self, note: BarNote) -> None:
        """One more note."""
        place, count = len(self._notes), 4 if self._variants else 5
        self._notes.append(note)
        self._alike, self._halves_alike = (
            [bar for bar in bars if len(bar.notes) > place and bar.notes[place][:count] == note[:count]]
            for bars in (self._alike, self._halves_alike if 2 * note[0] < self._steps else [])
        )

    def change_tempo(self) -> None:
        """The tempo changes, so that the bar is written out whatever it holds."""
        self._tempo_changes = True

    def repeat(self, distance: int, *, half: bool = False) -> Bar | None:
        """The bar repeats the one so far back, or its first half; None where there is none."""
        self._source, self._distance = (self._halves if half else self._whole).at(distance), distance
        self._halves_alike = []
        self._take(self._source)
        if not half:
            self._alike = []
        return self._source

    def _take(self, bar: Bar | None) -> None:
        """The bar begins as another does."""
        self._notes = [] if bar is None else list(bar.notes)
        shape = tuple(note[:4] for note in self._notes)
        self._alike = [each for each in self._alike if each.shape[1][: len(shape)] == shape]

    def say(self, value: int) -> Bar | None:
        """One more velocity of what is repeated; gives that with those that were said."""
        if self._source is None:
            return None
        self._bins = [*(self._bins or []), value]
        changed = self._source.with_bins(self._bins)
        self._notes[: len(changed.notes)] = changed.notes
        return changed

    @property
    def saying(self) -> bool:
        """Whether some velocities of what is repeated were said, and more have to be."""
        return self._bins is not None and self._source is not None and len(self._bins) < len(self._source.notes)

    def sayable(self, count: int, *, half: bool) -> NDArray[np.bool_] | None:
        """Which of so many bins the next velocity may have; None where velocities are no other ones, or all of them are said."""
        memory, source = self._halves if half else self._whole, self._source
        said = self._bins or []
        if source is None or len(said) >= len(source.notes) or memory.base(source, self._before) != self._distance:
            return None
        free_V = np.ones(count, np.bool_)
        if len(said) + 1 == len(source.notes):  # with the last one no equal bar may come about
            others = [[note[4] for note in bar.notes] for bar in memory.alike(self._meter) if bar.shape == source.shape]
            free_V[[bins[-1] for bins in others if bins[:-1] == said]] = False
        return free_V if free_V.any() else np.ones(count, np.bool_)

    def at(self, distance: int) -> Bar | None:
        """The bar so far back from the one that is written."""
        return self._whole.at(distance)

    def distance(self, bar: Bar) -> int:
        """How a repeat of an earlier bar would name it; 0 where it could not."""
        return self._whole.named(bar, self._before).distance

    @property
    def repeatable(self) -> list[tuple[int, Bar]]:
        """While the bar is empty: the bars that it can repeat, each with its distance."""
        return [(self._whole.named(bar, self._before).distance, bar) for bar in self._alike]

    @property
    def halves(self) -> list[tuple[int, Bar, bool]]:
        """While the bar is empty: the first halves that it can repeat, each with its distance, and whether something must follow."""
        shapes = {bar.shape for bar in self._alike}
        return [(self._halves.named(half, self._before).distance, half, half.shape in shapes) for half in self._halves_alike]

    @property
    def repeats(self) -> bool:
        """Whether the bar, as it stands, is equal to an earlier one and would have to be a repeat."""
        return self._has_become(self._alike)

    @property
    def repeats_half(self) -> bool:
        """Whether its first half is equal to an earlier one, and would have to be that."""
        return self._has_become(self._halves_alike)

    def _has_become(self, alike: list[Bar]) -> bool:
        return not self._tempo_changes and any(len(bar.notes) == len(self._notes) for bar in alike if self._notes)

    @property
    def endings(self) -> list[tuple[BarNote, bool]]:
        """The notes with which the bar would become equal to an earlier one, or, each with True, its first half would."""
        count = len(self._notes) + 1
        whole = [(bar.notes[-1], False) for bar in self._alike if len(bar.notes) == count]
        halves = [(bar.notes[-1], True) for bar in self._halves_alike if len(bar.notes) == count]
        return [] if self._tempo_changes else [*whole, *halves]


class Said(NamedTuple):
    """A repeat among ids.

    Attributes:
        place: index of its id.
        bar: in which it stands.
        source: the bar that it names.
        moved: steps from one to the other.
        until: the step before which the notes of the source begin that come back; None: all of them do.
        velocities: those that are said of them.
    """

    place: int
    bar: int
    source: int
    moved: int
    until: int | None
    velocities: list[int]


def repeats_among(ids_T: Ids, number_T: Steps, start_B: Steps, length_B: Steps, table: EventTable, *, variants: bool) -> list[Said]:
    """The repeats among any ids; the first of a bar counts, and what reaches too far is none.

    Args:
        ids_T: any.
        number_T: the bar in which each stands; -1 before the first.
        start_B: the step at which each bar begins.
        length_B: its steps.
        table: the ranges of ids.
        variants: whether velocities and first halves are said.
    """
    kinds = (REPEAT, HALF) if variants else (REPEAT,)
    places = np.flatnonzero(table.are(ids_T, *kinds) & (number_T >= 0))
    bars, first = np.unique(number_T[places], return_index=True)
    again_T = np.append(table.are(ids_T, AGAIN) if variants else np.zeros(len(ids_T), np.bool_), False)
    found: list[Said] = []
    for bar, place in zip(bars.tolist(), places[first].tolist(), strict=True):
        kind, value = table.events[int(ids_T[place])]
        source, end = bar - value - 1, place + 1 + int(np.argmin(again_T[place + 1 :]))
        if source < 0:
            continue
        until = int(start_B[source]) + (int(length_B[source]) + 1) // 2 if kind == HALF else None
        velocities = loudness(table.value_of_V[ids_T[place + 1 : end]]).tolist()
        found.append(Said(place, bar, source, int(start_B[bar] - start_B[source]), until, velocities))
    return found


def played_out(notes: StepNotes, number_T: Steps | None, repeats: Sequence[Said]) -> StepNotes:
    """The notes that are written out, in order, and behind them those of repeated bars.

    Args:
        notes: those that are written out.
        number_T: the bar in which each id stands.
        repeats: in the order of their bars.
    """
    if number_T is None or not repeats:
        return notes
    bar_N = number_T[notes.place_N]
    velocity_N, none = notes.velocity_N, np.zeros(0, np.int64)
    holds: dict[int, tuple[Steps, Steps, Steps]] = {}
    """Of bars that repeat others the notes in order: which, by how many steps each is moved, and its velocity."""
    found = [(np.arange(len(bar_N)), np.zeros_like(bar_N), velocity_N, notes.place_N)]

    def written(bar: int) -> tuple[Steps, Steps, Steps]:
        own = np.arange(*np.searchsorted(bar_N, [bar, bar + 1]))
        return own, np.zeros_like(own), velocity_N[own]

    for said in repeats:
        which, shift, velocity = holds[said.source] if said.source in holds else written(said.source)
        if said.until is not None:
            here = notes.start_N[which] + shift < said.until
            which, shift, velocity = which[here], shift[here], velocity[here]
        shift, velocity = shift + said.moved, velocity.copy()
        velocity[: len(said.velocities)] = said.velocities[: len(velocity)]
        found.append((which, shift, velocity, np.full(len(which), said.place)))
        behind = (none, none, none) if said.until is None else written(said.bar)
        holds[said.bar] = tuple(np.concatenate(pair) for pair in zip((which, shift, velocity), behind, strict=True))  # pyright: ignore[reportArgumentType]
    which_N, shift_N, velocity_N, place_N = (np.concatenate(column) for column in zip(*found, strict=True))
    start_N, end_N = notes.start_N[which_N] + shift_N, notes.end_N[which_N] + shift_N
    return notes.take(which_N, start_N=start_N, end_N=end_N, velocity_N=velocity_N, place_N=place_N)
