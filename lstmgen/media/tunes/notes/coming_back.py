"""What comes back in the bars of a tune that is written; see `repeats.py` and `returns.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.notes.bar import Bar, middle_of
from lstmgen.media.tunes.notes.repeats import LEAST, Memory, Named, Tails
from lstmgen.media.tunes.notes.returns import NEAR, Return, Sections
from lstmgen.music.lanes import Steps


class Repeats(NamedTuple):
    """What each bar repeats; arrays of shape (B,).

    Attributes:
        whole_B: how far back the bar lies; 0: none.
        begun_B: how far back the bar lies as which it begins; 0: none.
        until_B: the position before which it does.
        louder_B: whether the velocities of what comes back are said.
        tail_B: how far back the bar lies whose tail it has; 0: none.
        behind_B: the position behind which that begins.
        returns: the parts that come back by themselves.
        returned_N: of all notes those of such parts.
    """

    whole_B: Steps
    begun_B: Steps
    until_B: Steps
    louder_B: NDArray[np.bool_]
    tail_B: Steps
    behind_B: Steps
    returns: list[Return]
    returned_N: NDArray[np.bool_]

    @staticmethod
    def none(meter_B: Steps, bar_N: Steps) -> Repeats:
        """Bars of which none repeats anything, and their notes."""
        whole_B, begun_B, until_B, tail_B, behind_B = np.zeros((5, len(meter_B)), np.int64)
        return Repeats(whole_B, begun_B, until_B, meter_B < 0, tail_B, behind_B, [], bar_N < 0)

    def add(self, returned: Sequence[Return], bar: Bar, first: int) -> None:
        """The parts that come back in a bar by themselves, and the number of its first note."""
        lines = {each.line for each in returned}
        self.returns.extend(returned)
        self.returned_N[first : first + len(bar.notes)] = [note[1] in lines for note in bar.notes]

    def come_back(self, bar_N: Steps, position_N: Steps) -> NDArray[np.bool_]:
        """Which notes come back, and are not written.

        Args:
            bar_N: the bar of each of all notes.
            position_N: where it begins there.
        """
        tail_N = (self.tail_B[bar_N] > 0) & (position_N > self.behind_B[bar_N])
        return (self.whole_B[bar_N] > 0) | (position_N < self.until_B[bar_N]) | tail_N | self.returned_N

    def louder(self, bar_N: Steps, position_N: Steps) -> NDArray[np.bool_]:
        """Which notes come back with other velocities; as `come_back`."""
        return self.louder_B[bar_N] & ((position_N < self.until_B[bar_N]) | (self.begun_B[bar_N] == 0))


def repeats_of(
    columns: tuple[Steps, ...],
    bar_N: Steps,
    meter_B: Steps,
    *,
    changes_B: NDArray[np.bool_],
    lengths_M: Steps,
    variants: bool,
    tails: Sequence[int] | None,
    heads: bool,
    returns: bool,
) -> Repeats:
    """What each bar repeats.

    Args:
        columns: what a `BarNote` is made of, for notes in order.
        bar_N: the bar in which each note begins.
        meter_B: meter of each bar.
        changes_B: whether the tempo changes in a bar.
        lengths_M: steps of a bar of each meter.
        variants: whether velocities may differ, and first halves come back.
        tails: steps of every duration, where tails do; None: they do not.
        heads: whether heads do, in the place of first halves.
        returns: whether parts come back by themselves.
    """
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    ends = np.searchsorted(bar_N, np.arange(len(meter_B)), side="right").tolist()
    bars = [Bar(meter, tuple(rows[begin:end])) for meter, begin, end in zip(meter_B.tolist(), [0, *ends], ends, strict=False)]
    sections = Sections(bars) if returns else None
    whole, halves, begin, before = Memory(loose=variants), Memory(loose=variants, least=LEAST), 0, 0
    found, endings = Repeats.none(meter_B, bar_N), None if tails is None else Tails(tails)
    for place, (meter, end, changes) in enumerate(zip(meter_B.tolist(), ends, changes_B.tolist(), strict=True)):
        bar, steps = bars[place], int(lengths_M[meter])
        named, begun, until, tail_distance, returned = Named(), Named(), 0, 0, list[Return]()
        if not changes:
            bar, named, returned = _told(bar, place, whole, before, sections)
        half = bar.first_half(steps) if variants else bar
        alone = not changes and not named.distance and not returned
        if variants and alone:
            if heads:
                distance, until = whole.head(bar, before, middle=middle_of(steps))
                begun = Named(distance)
            elif (begun := halves.named(half, before)).distance:
                until = middle_of(steps)
        if endings is not None and alone:
            since = bar.before(until).notes[-1][0] if until else 0
            tail_distance, found.behind_B[place] = endings.named(bar, begun.distance or before, since=since)
        found.whole_B[place], found.begun_B[place], found.until_B[place] = named.distance, begun.distance, until
        found.louder_B[place], found.tail_B[place] = named.louder or begun.louder, tail_distance
        before = named.distance or begun.distance or tail_distance
        whole.add(bar)
        if returned:
            found.add(returned, bar, begin)
        if endings is not None:
            endings.add(bar)
        if variants and not heads:
            halves.add(half)
        begin = end
    return found


def _told(bar: Bar, number: int, whole: Memory, before: int, sections: Sections | None) -> tuple[Bar, Named, list[Return]]:
    """A bar as it is told, which one it repeats, and else the parts that come back in it by themselves."""
    if sections is None:
        return bar, whole.named(bar, before), []
    bar, returned = whole.near(bar, before, most=NEAR), list[Return]()
    named = whole.named(bar, before)
    if not named.distance or named.louder:
        returned = sections.returns_in(number)
    if named.louder and sum(len(each.told.notes) for each in returned) < len(bar.notes):
        returned = []  # it comes back as a whole, and all its velocities are said
    elif returned and whole.near(told := _with(bar, returned), before, most=NEAR) is not told:
        returned = sections.returns_in(number, exactly=True)  # else it would be read as another bar, from which it differs more
    bar = _with(bar, returned)
    sections.tell(number, bar)
    return bar, Named() if returned else named, returned


def _with(bar: Bar, returned: Sequence[Return]) -> Bar:
    """A bar with what comes back in it as that is told."""
    told = {note[:4]: note for each in returned for note in each.told.notes}
    return replace(bar, notes=tuple(told.get(note[:4], note) for note in bar.notes))
