"""Parts that come back by themselves: what one plays in a bar is what it played in an earlier one, while the others play something else.

    bar  part 3  return 4 back  again 80  again 84 ...  position 0  part 1 ...
    bar  part 3  rhythm 1 back  pitch C5  pitch E5 ...  again 80  again 84 ...  position 0  part 1 ...

Where parts are told by their numbers (`seats.py`), a bar that is no repeat of an earlier one says first, by part, what comes back in it:
two notes or more, and their velocities where those are other ones; or, of all but drums, when the notes begin and how long they are,
with other pitches. The rest of the bar is written out as it is. A part that comes back has no other notes there, nor does the bar have a
beginning or a tail of another one, or a change of tempo.

Of several earlier bars in which a part plays the same the one is named from which on all parts together go on for longest as they do
here, so that parts which return to one section say one distance, bar after bar; then one with the same velocities, then the nearest.
What is drawn may name another, and may write out a part that could have come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, final

import numpy as np

from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.bar import Bar
from lstmgen.media.tunes.notes.events import PITCH, PROGRAM
from lstmgen.media.tunes.notes.repeats import AGAIN, FARTHEST, LEAST, Named
from lstmgen.media.tunes.parts import FIRST_DRUMS, MOST_TRACKS
from lstmgen.music.lanes import Steps

RETURN: Final = "return"
RHYTHM: Final = "rhythm"


class Return(NamedTuple):
    """A part that comes back.

    Attributes:
        bar: in which it does, from 0.
        line: that plays it.
        distance: how far back lies the bar that it comes back from.
        pitches: where its rhythm alone comes back: those of its notes.
        bins: its velocities, where they are other ones.
    """

    bar: int
    line: int
    distance: int
    pitches: tuple[int, ...]
    bins: tuple[int, ...]

    def ids(self, table: EventTable) -> list[int]:
        """What says so."""
        part, kind = table.first(PROGRAM) + self.line // MOST_TRACKS, RHYTHM if self.pitches else RETURN
        others = (table.first(told) + value for told, values in ((PITCH, self.pitches), (AGAIN, self.bins)) for value in values)
        return [part, table.first(kind) + self.distance - 1, *others]


@final
class Likeness:
    """Where the parts of a whole tune do again what they did, in one respect.

    Args:
        parts: of each bar, by line.
        respect: that of a part, which is no other where it is equal.

    Letters: B bars, L lines, D distances.
    """

    def __init__(self, parts: Sequence[Mapping[int, Bar]], respect: Callable[[Bar], object]) -> None:
        self._parts = parts
        self._column = {line: number for number, line in enumerate(sorted({line for bar in parts for line in bar}))}
        numbers: dict[object, int] = {}
        self._number_BL = np.zeros((FARTHEST + len(parts), len(self._column)), np.int64)
        """A number for what each part does in a bar; 0: nothing. Before the first bar are some that none is like."""
        self._number_BL[:FARTHEST] = -1
        for bar, there in enumerate(parts):
            for line, part in there.items():
                self._number_BL[FARTHEST + bar, self._column[line]] = numbers.setdefault((line, respect(part)), len(numbers) + 1)
        self._on_BD = np.zeros((len(parts), FARTHEST), np.int64)
        """For how many bars the parts, added up, go on from here as they did so far back: until each does something else."""
        on_DL = np.zeros((FARTHEST, len(self._column)), np.int64)
        for bar in range(len(parts) - 1, -1, -1):
            number_L = self._number_BL[FARTHEST + bar]
            on_DL = np.where(self._before(bar) == number_L, on_DL + (number_L > 0), 0)
            self._on_BD[bar] = on_DL.sum(axis=1)

    def _before(self, bar: int) -> Steps:
        """The numbers of what each part does in the bars before one, the nearest first, of shape (D, L)."""
        return self._number_BL[bar : bar + FARTHEST][::-1]

    def named(self, bar: int, line: int) -> Named:
        """How far back lies what a line does again in a bar; and whether its velocities are other ones."""
        number, part = self._column[line], self._parts[bar][line]
        back = 1 + np.flatnonzero(self._before(bar)[:, number] == self._number_BL[FARTHEST + bar, number])
        if len(part.notes) < LEAST or not len(back):
            return Named()
        louder = {each: self._parts[bar - each][line].columns[-1].tolist() != part.columns[-1].tolist() for each in back.tolist()}
        distance = min(louder, key=lambda each: (-self._on_BD[bar, each - 1], louder[each], each))
        return Named(distance, louder[distance])


@final
class Sections:
    """What the parts of a whole tune play once more, bar by bar.

    Args:
        bars: of the tune.
    """

    def __init__(self, bars: Sequence[Bar]) -> None:
        self._parts = [parts_of(bar) for bar in bars]
        self._notes, self._rhythm = Likeness(self._parts, attrgetter("shape")), Likeness(self._parts, attrgetter("rhythm"))

    def returns_in(self, bar: int) -> list[Return]:
        """The parts that come back in a bar, or their rhythms, by line, ascending."""
        found = list[Return]()
        for line, part in self._parts[bar].items():
            named, pitches = self._notes.named(bar, line), ()
            if not named.distance and line < FIRST_DRUMS:
                named, pitches = self._rhythm.named(bar, line), tuple(note[2] for note in part.notes)
            if named.distance:
                bins = tuple(note[4] for note in part.notes) if named.louder else ()
                found.append(Return(bar, line, named.distance, pitches, bins))
        return found


@final
class PartsSoFar:
    """What each part has played in the bars of a tune so far, as far back as a repeat reaches."""

    def __init__(self) -> None:
        self._bars = deque[dict[int, Bar]](maxlen=FARTHEST)

    def add(self, bar: Bar) -> None:
        """One more bar."""
        self._bars.append(parts_of(bar))

    def at_hand(self, line: int, meter: int) -> dict[int, Bar]:
        """What a line can play again in a bar of a meter, by how far back that lies."""
        parts = ((distance, bar.get(line)) for distance, bar in enumerate(reversed(self._bars), 1))
        return {distance: part for distance, part in parts if part and part.meter == meter and len(part.notes) >= LEAST}


def parts_of(bar: Bar) -> dict[int, Bar]:
    """What each line plays in a bar, by line, ascending."""
    lines = sorted({note[1] for note in bar.notes})
    return {line: Bar(bar.meter, tuple(note for note in bar.notes if note[1] == line)) for line in lines}
