"""The bars of a tune while it is written: what may come back, and what would have to say that it does; see `repeats.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.notes.bar import Bar, BarNote, middle_of
from lstmgen.media.tunes.notes.repeats import ANY_BIN, LEAST, Memory
from lstmgen.music.lanes import Steps


@final
class BarsSoFar:
    """The bars of a tune while it is written, and which earlier ones the last of them could become equal to.

    Args:
        lengths_M: steps of a bar of each meter.
        variants: whether velocities may differ, and first halves come back.
        tails: steps of every duration, where tails do; None: they do not.
        heads: whether heads do, in the place of first halves.
    """

    def __init__(self, lengths_M: Steps, *, variants: bool = False, tails: Sequence[int] | None = None, heads: bool = False) -> None:
        self._lengths_M, self._variants, self._tails, self._heads = lengths_M, variants, tails, heads
        self._whole, self._halves = Memory(loose=variants), Memory(loose=variants, least=LEAST)
        self._before, self._meter = 0, -1
        self.open(-1)

    def open(self, meter: int) -> None:
        """A bar begins, or, while it is empty, has another meter; see `close`."""
        self._meter, self._notes, self._distance = meter, list[BarNote](), 0
        self._steps = int(self._lengths_M[meter]) if meter >= 0 else 0
        self._written_out = False
        self._source: Bar | None = None
        """What is repeated, until a note is written behind it."""
        self._is_whole = False
        self._head: Bar | None = None
        """As which the bar begins, until it is known how far."""
        self._bins: list[int] | None = None
        """The velocities that are said of it."""
        self._alike = self._whole.alike(meter)
        self._halves_alike = self._halves.alike(meter) if self._variants and not self._heads else []
        self._tails_alike: list[tuple[BarNote, ...]] = []
        """What is missing of the tails that have begun behind one of the moments of the bar."""
        self._with_tails: tuple[int, list[tuple[int, Bar, int]]] = -1, []
        """The last moment for which earlier bars were looked for, and those."""

    def close(self) -> None:
        """The bar is over."""
        if self._meter >= 0:
            bar = Bar(self._meter, tuple(self._notes))
            self._whole.add(bar)
            if self._variants and not self._heads:
                self._halves.add(bar.first_half(self._steps))
            self._before = self._distance

    def add(self, note: BarNote) -> None:
        """One more note."""
        place, count = len(self._notes), 4 if self._variants else 5
        begun = self._behind() if self._notes and self._notes[-1][0] < note[0] else ()
        self._tails_alike = [tail[1:] for tail in (*self._tails_alike, *begun) if tail and tail[0] == note]
        self._notes.append(note)
        self._alike, self._halves_alike = (
            [bar for bar in bars if len(bar.notes) > place and bar.notes[place][:count] == note[:count]]
            for bars in (self._alike, self._halves_alike if 2 * note[0] < self._steps else [])
        )

    def write_out(self) -> None:
        """The bar is written out whatever it holds: the tempo changes, or parts of it come back by themselves."""
        self._written_out = True

    def repeat(self, distance: int, *, half: bool = False) -> Bar | None:
        """The bar repeats the one so far back, or its first half; None where there is none."""
        self._source, self._distance = (self._halves if half else self._whole).at(distance), distance
        self._is_whole = not half and self._source is not None
        self._halves_alike = []
        self._take(self._source)
        if not half:
            self._alike = []
        return self._source

    @property
    def beginnable(self) -> list[tuple[int, Bar]]:
        """While the bar is empty: those as which it could begin, each with its distance."""
        if not self._heads or self._written_out:
            return []
        found = self._whole.beginnable(self._meter, middle_of(self._steps), self._before)
        return [(distance, bar) for bar, distance in found.items()]

    def begin_as(self, distance: int) -> Bar | None:
        """The bar begins as the one so far back, which is known once it is known how far; None where there is none."""
        self._head, self._distance = self._whole.at(distance), distance
        return self._head

    def cut(self, position: int) -> Bar | None:
        """What the bar has of the head that was named comes before a position: that; None where none was named."""
        if self._head is None:
            return None
        head, self._head = self._head.before(position), None
        self._take(head)
        return head

    @property
    def endable(self) -> list[tuple[int, Bar]]:
        """Before anything is written in the bar: those whose tail it could have, each with its distance."""
        if self._tails is None or self._is_whole or self._written_out:
            return []
        # Behind a first half that comes back the tail begins in the second one.
        last = middle_of(self._steps) - 1 if self._notes or self._head is not None else 0
        found = self._whole.endable(self._meter, last, self._distance or self._before)
        return [(distance, bar) for bar, distance in found.items()]

    @property
    def written(self) -> Sequence[BarNote]:
        """The notes of the bar so far."""
        return self._notes

    @property
    def begun(self) -> bool:
        """Whether anything is written in the bar, or comes back."""
        return bool(self._notes)

    def joined(self, distance: int) -> tuple[BarNote, ...]:
        """The notes with which the bar would end now if it had the tail of the one so far back; none where there is none."""
        bar = self._whole.at(distance)
        return () if bar is None or self._tails is None else bar.joined(Bar(self._meter, tuple(self._notes)), self._tails)

    def end(self, distance: int) -> tuple[BarNote, ...]:
        """The bar is over, and has the tail of the one so far back; the notes of that."""
        tail = self.joined(distance)
        self._notes += tail
        self._distance = self._distance or distance
        return tail

    def _behind(self) -> dict[tuple[BarNote, ...], int]:
        """The tails that could come behind the last moment, each with its distance."""
        if self._tails is None:
            return {}
        position = self._notes[-1][0]
        if self._with_tails[0] != position:
            self._with_tails = position, self._whole.with_tails(self._meter, position)
        if not self._with_tails[1]:
            return {}
        before, ends = self._distance or self._before, Bar(self._meter, tuple(self._notes)).ends(len(self._notes), self._tails)
        found: dict[tuple[BarNote, ...], int] = {}
        for distance, bar, begin in self._with_tails[1]:
            tail = bar.notes[begin:]
            if (tail not in found or distance == before) and bar.ends(begin, self._tails) == ends:
                found[tail] = distance
        return found

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

    @property
    def repeats_tail(self) -> bool:
        """Whether the bar, as it stands, ends as an earlier one does, and would have to say that."""
        return not self._written_out and not all(self._tails_alike)

    @property
    def tails(self) -> list[tuple[int, Bar]]:
        """The tails that may come back behind this moment and behind none before it, each with its distance; the bar is no repeat then."""
        may = self._notes and not self._written_out and not self._is_whole
        if not may or not (tails := self._behind()):
            return []
        count, begun_before = len(self._notes), set(self._tails_alike)
        wholes = {bar.shape[1][count:] for bar in self._alike}
        halves = {half.shape[1][count:] for half in self._halves_alike}
        found: list[tuple[int, Bar]] = []
        for tail, distance in tails.items():
            bar = Bar(self._meter, tail)
            in_half = bar.first_half(self._steps).shape[1] if halves or self._source is not None else ()
            is_other = tail in begun_before or bar.shape[1] in wholes or in_half in halves
            if not is_other and not (self._source is not None and in_half):
                found.append((distance, bar))
        return found

    def _has_become(self, alike: list[Bar]) -> bool:
        return not self._written_out and any(len(bar.notes) == len(self._notes) for bar in alike if self._notes)

    def endings(self, *, with_tails: bool) -> list[tuple[BarNote, bool]]:
        """The notes with which the bar would become equal to an earlier one, or, each with True, its first half would.

        With variants they do whatever the velocity is, which then is `ANY_BIN`.

        Args:
            with_tails: those with which its tail would, too.
        """
        count = len(self._notes) + 1
        whole = [(bar.notes[-1], False) for bar in self._alike if len(bar.notes) == count]
        halves = [(bar.notes[-1], True) for bar in self._halves_alike if len(bar.notes) == count]
        if self._variants:
            whole, halves = ([((*note[:4], ANY_BIN), half) for note, half in some] for some in (whole, halves))
        tails = [(tail[0], False) for tail in self._tails_alike if len(tail) == 1 and with_tails]
        return [] if self._written_out else [*whole, *halves, *tails]
