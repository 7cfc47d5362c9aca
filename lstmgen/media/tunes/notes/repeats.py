"""Bars that come back: which earlier bar one repeats, and the one way to say so.

A bar is repeated when it has the meter of an earlier one, at most `FARTHEST` bars back, and the same notes: position, instrument, pitch,
duration and bin of velocity of each. It need not have the same tempo, but a bar in which the tempo changes is always written out, and so is
an empty one. What a repeat says changes neither the instrument nor the loudness that hold for the notes that are written.

    bar  repeat 4 back                                      the same bar
    bar  repeat 4 back      again 80  again 84 ...          with variants: the same but for the velocities, which all notes say then
    bar  first half 4 back  position ... notes ...          with variants: what begins in the first half of that bar, and another end
    bar  tail 4 back  position ... notes ...                with tails: another beginning, and what begins behind it in that bar
    bar  head 4 back  position 3 beats  notes ...           with heads, in the place of first halves: what begins before that position

With variants a bar that is the same in all but velocity is a repeat too, where none is the same in that as well; a bar that is no repeat,
but begins with two notes or more in its first half as an earlier one does, repeats that half. With tails one that is no repeat, but from
one of its moments on has the notes of an earlier one, two or more and with their velocities, says so first, and is written out up to the
first such moment alone. What began before must end there as it did in the other bar, instrument by instrument: so nothing sounds into a
tail, and no rest is left before it, that was not there.

With heads a bar that is no repeat, but has the first half of an earlier one, two notes or more and with their velocities, repeats that
and what is the same behind it, up to the first moment at which the two differ. That moment is said, whether or not the bar has notes
there. Of several bars the one counts that is alike for longest.

Of several equal bars the one is named that lies as far back as the one that the bar before repeated; where there is none the nearest.
So a section that comes back is one number again and again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple, final

from lstmgen.media.tunes.notes.bar import Bar, BarNote, Shape

REPEAT: Final = "repeat"
HALF: Final = "first half"
AGAIN: Final = "again"
TAIL: Final = "tail"
HEAD: Final = "head"
FARTHEST: Final = 64
"""Bars back that a repeat reaches; value v of the event means v + 1."""
LEAST: Final = 2
"""Notes of a first half, or of a tail, that comes back, at least."""
ANY_BIN: Final = -1
"""In the place of a bin of velocity: whichever."""


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

    def near(self, bar: Bar, before: int, *, most: int) -> Bar:
        """A bar so far with the same notes, no velocity of which differs by more bins; itself where there is none."""
        if bar in self._last or bar.shape not in self._last_shape:
            return bar
        others = (self.at(distance) for distance in (before, *range(1, len(self._bars) + 1)))
        bins = bar.columns[-1]
        return next((each for each in others if each and each.shape == bar.shape and abs(each.columns[-1] - bins).max() <= most), bar)

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

    def with_tails(self, meter: int, position: int) -> list[tuple[int, Bar, int]]:
        """The bars of a meter with enough notes behind a position, the nearest first: distance, bar, and how many notes come before."""
        counts = ((distance, bar, bar.behind(position)) for distance, bar in enumerate(reversed(self._bars), 1) if bar.meter == meter)
        return [found for found in counts if len(found[1].notes) - found[2] >= LEAST]

    def head(self, bar: Bar, before: int, *, middle: int) -> tuple[int, int]:
        """How far back the bar lies that begins like this one for longest, and the position where they differ; (0, 0): there is none.

        Args:
            bar: that is no repeat.
            before: how far back lies what came back last.
            middle: of the bar, where they may differ at the earliest.
        """
        found, longest = 0, middle - 1
        for distance, other in enumerate(reversed(self._bars), 1) if len(bar.before(middle).notes) >= LEAST else ():
            if other.meter == bar.meter and other.notes[:1] == bar.notes[:1]:
                position = bar.differs_at(other)
                if position > longest or (position == longest >= middle and distance == before):
                    found, longest = distance, position
        return (found, longest) if found else (0, 0)

    def beginnable(self, meter: int, middle: int, before: int) -> dict[Bar, int]:
        """The different bars of a meter with enough notes before its middle, each with the distance that is named."""
        found: dict[Bar, int] = {}
        for distance, bar in enumerate(reversed(self._bars), 1):
            enough = bar.meter == meter and len(bar.notes) >= LEAST and bar.notes[LEAST - 1][0] < middle
            if enough and (distance == before or bar not in found):
                found[bar] = distance
        return found

    def endable(self, meter: int, position: int, before: int) -> dict[Bar, int]:
        """The different bars of a meter in which enough begins behind a position and a note more, each with the distance that is named."""
        found: dict[Bar, int] = {}
        for distance, bar in enumerate(reversed(self._bars), 1):
            enough = bar.meter == meter and len(bar.notes) >= LEAST and bar.notes[-LEAST][0] > position
            if enough and (distance == before or bar not in found):
                found[bar] = distance
        return found

    def alike(self, meter: int) -> list[Bar]:
        """The different bars of a meter that can be repeated."""
        return [bar for bar in dict.fromkeys(self._bars) if bar.meter == meter and len(bar.notes) >= self._least]


@final
class Tails:
    """The bars of a tune so far, by how they end, as far back as a repeat reaches.

    Args:
        lengths: steps of every duration.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = lengths
        self._bars = deque[Bar](maxlen=FARTHEST)
        self._count = 0
        self._numbers: dict[tuple[BarNote, int], int] = {}
        """A number for each tail: of its first note and the tail behind that, 0 and below for none in a bar of a meter."""
        self._ending: dict[int, list[int]] = {}
        """The bars that end with a tail, ascending."""

    def add(self, bar: Bar) -> None:
        """One more bar."""
        number = -bar.meter
        for place in range(len(bar.notes) - 1, -1, -1):
            number = self._numbers.setdefault((bar.notes[place], number), len(self._numbers) + 1)
            if not place or bar.notes[place - 1][0] < bar.notes[place][0]:
                self._ending.setdefault(number, []).append(self._count)
        self._bars.append(bar)
        self._count += 1

    def named(self, bar: Bar, before: int, *, since: int) -> tuple[int, int]:
        """How far back the bar lies whose tail this one has, and the position behind which it begins; (0, 0): there is none.

        Args:
            bar: that is no repeat.
            before: how far back lies what came back last.
            since: the first position that may be behind.
        """
        numbers, count = [-bar.meter], len(bar.notes)
        while len(numbers) <= count and (known := self._numbers.get((bar.notes[count - len(numbers)], numbers[-1]))) is not None:
            numbers.append(known)
        for position in dict.fromkeys(note[0] for note in bar.notes if note[0] >= since):
            length = count - (begin := bar.behind(position))
            ends = bar.ends(begin, self._lengths)
            if LEAST <= length < len(numbers) and (distance := self._distance(numbers[length], position, length, ends, before)):
                return distance, position
        return 0, 0

    def _distance(self, number: int, position: int, length: int, ends: dict[int, int], before: int) -> int:
        """How far back the bar lies that has a tail, of so many notes, behind a position, and what ends so before it; 0: none has."""
        nearest = 0
        for distance in (self._count - other for other in reversed(self._ending.get(number, ()))):
            if distance > FARTHEST:
                break
            there = self._bars[-distance]
            begin = there.behind(position)
            if len(there.notes) - begin == length and there.ends(begin, self._lengths) == ends:
                if distance == before:
                    return distance
                nearest = nearest or distance
        return nearest
