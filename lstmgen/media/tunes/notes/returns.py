"""Parts that come back by themselves: what one plays in a bar is what it played in an earlier one, while the others play something else.

    bar  part 3  return 4 back  louder by 8  position 0  part 1 ...
    bar  part 3  return 4 back  again 80  again 84 ...  position 0  part 1 ...

Where parts are told by their numbers (`seats.py`), a bar that is no repeat of an earlier one says first, by part, what comes back in it:
two notes or more. Where all of them are louder or softer by about as much, that is said, else the velocities of all; differences of a bin
beside that are not told. The rest of the bar is written out as it is. A part that comes back has no other notes there, nor does the bar
have a beginning or a tail of another one, or a change of tempo. What differs from an earlier bar in loudness alone comes back by its
parts, where all of them can.

Of several earlier bars in which a part plays the same the one is named from which on all parts together go on for longest as they do
here, so that parts which return to one section say one distance, bar after bar; then the nearest. What is drawn may name another, and may
write out a part that could have come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple, final

import numpy as np

from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.bar import Bar
from lstmgen.media.tunes.notes.events import PROGRAM, VELOCITY_BINS
from lstmgen.media.tunes.notes.repeats import AGAIN, FARTHEST, LEAST
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.music.lanes import Steps

RETURN: Final = "return"
LOUDER: Final = "louder"
MOST_LOUDER: Final = 12
"""Bins by which all notes of what comes back may be louder, or softer; value v of the event means v - 12."""
NEAR: Final = 1
"""Bins of velocity by which what comes back may differ and does not say so: 0.7 dB at a velocity of 80, as `music/sound` plays it."""


class Return(NamedTuple):
    """A part that comes back.

    Attributes:
        bar: in which it does, from 0.
        line: that plays it.
        distance: how far back lies the bar that it comes back from.
        louder: by how many bins of velocity its notes are louder.
        bins: their velocities, where they are others than that says.
        told: the part as it is told.
    """

    bar: int
    line: int
    distance: int
    louder: int
    bins: tuple[int, ...]
    told: Bar

    def ids(self, table: EventTable) -> list[int]:
        """What says so."""
        part, distance = table.first(PROGRAM) + self.line // MOST_TRACKS, table.first(RETURN) + self.distance - 1
        louder = (self.louder + MOST_LOUDER,) * (self.louder != 0)
        others = (table.first(said) + value for said, values in ((LOUDER, louder), (AGAIN, self.bins)) for value in values)
        return [part, distance, *others]


@final
class Sections:
    """What the parts of a whole tune play once more, bar by bar.

    Args:
        bars: of the tune.

    Letters: B bars, L lines, D distances.
    """

    def __init__(self, bars: Sequence[Bar]) -> None:
        self._parts = [parts_of(bar) for bar in bars]
        self._column = {line: number for number, line in enumerate(sorted({line for parts in self._parts for line in parts}))}
        shapes: dict[object, int] = {}
        self._shape_BL = np.zeros((FARTHEST + len(bars), len(self._column)), np.int64)
        """A number for what each part plays in a bar, velocities aside; 0: nothing. Before the first bar are some that none is like."""
        self._shape_BL[:FARTHEST] = -1
        for bar, parts in enumerate(self._parts):
            for line, part in parts.items():
                self._shape_BL[FARTHEST + bar, self._column[line]] = shapes.setdefault((line, part.shape), len(shapes) + 1)
        self._on_BD = np.zeros((len(bars), FARTHEST), np.int64)
        """For how many bars the parts, added up, go on from here as they did so far back: until each plays something else."""
        on_DL = np.zeros((FARTHEST, len(self._column)), np.int64)
        for bar in range(len(bars) - 1, -1, -1):
            shape_L = self._shape_BL[FARTHEST + bar]
            on_DL = np.where(self._before(bar) == shape_L, on_DL + (shape_L > 0), 0)
            self._on_BD[bar] = on_DL.sum(axis=1)

    def _before(self, bar: int) -> Steps:
        """The numbers of what each part plays in the bars before one, the nearest first, of shape (D, L)."""
        return self._shape_BL[bar : bar + FARTHEST][::-1]

    def _distance(self, bar: int, line: int) -> int:
        """How far back lies what a line plays again in a bar; 0: it plays nothing again."""
        number = self._column[line]
        back = 1 + np.flatnonzero(self._before(bar)[:, number] == self._shape_BL[FARTHEST + bar, number])
        return min(back.tolist(), key=lambda each: (-self._on_BD[bar, each - 1], each), default=0)

    def returns_in(self, bar: int, *, exactly: bool = False) -> list[Return]:
        """The parts that come back in a bar, by line, ascending; the bars before it are as they are told.

        Args:
            bar: its number.
            exactly: whether all velocities are said that are others.
        """
        found = list[Return]()
        for line, part in self._parts[bar].items():
            if len(part.notes) >= LEAST and (distance := self._distance(bar, line)):
                bins, before = ([note[4] for note in each.notes] for each in (part, self._parts[bar - distance][line]))
                if (louder := louder_by(bins, before, most=0 if exactly else NEAR)) is None:
                    found.append(Return(bar, line, distance, 0, tuple(bins), part))
                else:
                    found.append(Return(bar, line, distance, louder, (), part.with_bins([value + louder for value in before])))
        return found

    def tell(self, bar: int, told: Bar) -> None:
        """How a bar is told."""
        self._parts[bar] = parts_of(told)


def louder_by(bins: Sequence[int], before: Sequence[int], *, most: int) -> int | None:
    """By how many bins all notes are louder than before, but for so many at the most; None: it is not the same number for all."""
    apart = [now - then for now, then in zip(bins, before, strict=True)]
    softest, loudest = max(-MOST_LOUDER, -min(before)), min(MOST_LOUDER, VELOCITY_BINS - 1 - max(before))
    louder = min(max((min(apart) + max(apart)) // 2, softest), loudest)
    return louder if all(abs(each - louder) <= most for each in apart) else None


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
