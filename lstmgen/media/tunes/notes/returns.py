"""Parts that come back by themselves: what one plays in a bar is what it played in an earlier one, while the others play something else.

    bar  part 3  return 4 back  again 80  again 84 ...  position 0  part 1 ...

Where parts are told by their numbers (`seats.py`), a bar that is no repeat of an earlier one says first, by part, what comes back in it:
two notes or more, and their velocities where those are other ones. The rest of the bar is written out as it is. A part that comes back
has no other notes there, nor does the bar have a beginning or a tail of another one, or a change of tempo.

Of several earlier bars in which a part plays the same the one is named from which on all parts together go on for longest as they do
here, so that parts which return to one section say one distance, bar after bar; then one with the same velocities, then the nearest.
What is drawn may name another, and may write out a part that could have come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple, final

import numpy as np

from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.bar import Bar
from lstmgen.media.tunes.notes.events import PROGRAM
from lstmgen.media.tunes.notes.repeats import AGAIN, FARTHEST, LEAST
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.music.lanes import Steps

RETURN: Final = "return"


class Return(NamedTuple):
    """A part that comes back.

    Attributes:
        bar: in which it does, from 0.
        line: that plays it.
        distance: how far back lies the bar that it comes back from.
        bins: its velocities, where they are other ones.
    """

    bar: int
    line: int
    distance: int
    bins: tuple[int, ...]

    def ids(self, table: EventTable) -> list[int]:
        """What says so."""
        part, distance = table.first(PROGRAM) + self.line // MOST_TRACKS, table.first(RETURN) + self.distance - 1
        return [part, distance, *(table.first(AGAIN) + value for value in self.bins)]


@final
class Sections:
    """What the parts of a whole tune play once more, bar by bar.

    Args:
        bars: of the tune.

    Letters: B bars, L lines, D distances.
    """

    def __init__(self, bars: Sequence[Bar]) -> None:
        self._parts = [parts_of(bar) for bar in bars]
        column = {line: number for number, line in enumerate(sorted({line for parts in self._parts for line in parts}))}
        shapes: dict[object, int] = {}
        self._shape_BL = np.zeros((FARTHEST + len(bars), len(column)), np.int64)
        """A number for what each part plays in a bar, velocities aside; 0: nothing. Before the first bar are some that nothing is like."""
        self._shape_BL[:FARTHEST] = -1
        for number, parts in enumerate(self._parts):
            for line, part in parts.items():
                self._shape_BL[FARTHEST + number, column[line]] = shapes.setdefault((line, part.shape), len(shapes) + 1)
        self._column = column
        self._same_BD = np.zeros((len(bars), FARTHEST), np.int64)
        """In how many bars the parts, added up, go on from here as they did so far back: until each plays something else."""
        same_DL = np.zeros((FARTHEST, len(column)), np.int64)
        for number in range(len(bars) - 1, -1, -1):
            shape_L = self._shape_BL[FARTHEST + number]
            same_DL = np.where(self._before(number) == shape_L, same_DL + (shape_L > 0), 0)
            self._same_BD[number] = same_DL.sum(axis=1)

    def _before(self, bar: int) -> Steps:
        """The numbers of what each part plays in the bars before one, the nearest first, of shape (D, L)."""
        return self._shape_BL[bar : bar + FARTHEST][::-1]

    def returns_in(self, bar: int) -> list[Return]:
        """The parts that come back in a bar, by line, ascending."""
        found = list[Return]()
        for line, part in self._parts[bar].items():
            number = self._column[line]
            back = 1 + np.flatnonzero(self._before(bar)[:, number] == self._shape_BL[FARTHEST + bar, number])
            if len(back) and len(part.notes) >= LEAST:
                same_B, played = self._same_BD[bar], self._parts
                distance = min(back.tolist(), key=lambda each: (-same_B[each - 1], played[bar - each][line] != part, each))
                is_louder = played[bar - distance][line] != part
                found.append(Return(bar, line, distance, tuple(note[4] for note in part.notes) if is_louder else ()))
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
