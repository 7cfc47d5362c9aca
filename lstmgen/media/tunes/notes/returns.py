"""Parts that come back by themselves: what one plays in a bar is what it played in an earlier one, while the others play something else.

    bar  part 3  return 4 back  again 80  again 84 ...  position 0  part 1 ...

Where parts are told by their numbers (`seats.py`), a bar that is no repeat of an earlier one says first, by part, what comes back in it:
two notes or more, and their velocities where those are other ones. The rest of the bar is written out as it is. A part that comes back
has no other notes there, nor does the bar have a beginning or a tail of another one, or a change of tempo. How far back is chosen as for
bars: as far as before, where that is the same.

What is drawn may write out a part that could have come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, final

from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.bar import Bar
from lstmgen.media.tunes.notes.events import PROGRAM
from lstmgen.media.tunes.notes.repeats import AGAIN, LEAST, Memory, Named
from lstmgen.media.tunes.parts import MOST_TRACKS

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
class PartsSoFar:
    """What each part has played in the bars of a tune so far, as far back as a repeat reaches."""

    def __init__(self) -> None:
        self._memories: dict[int, Memory] = {}
        self._before: dict[int, int] = {}
        """By line how far back lay what came back of it in the bar before; 0: nothing did."""

    def add(self, bar: Bar, distance: int, returned: Mapping[int, int]) -> None:
        """One more bar.

        Args:
            bar: what it holds.
            distance: how far back lies the bar that came back in it, whole or in part; 0: none did.
            returned: by line how far back what came back by itself.
        """
        parts = parts_of(bar)
        for line in parts:
            self._memories.setdefault(line, Memory(loose=True, least=LEAST))
        for line, memory in self._memories.items():
            memory.add(parts.get(line, Bar(bar.meter, ())))
        self._before = dict.fromkeys(self._memories, distance) | dict(returned)

    def returns_in(self, bar: Bar, number: int) -> list[Return]:
        """The parts that come back in the next bar, which is told with its number, by line, ascending."""
        found = list[Return]()
        for line, part in parts_of(bar).items():
            memory = self._memories.get(line)
            named = Named() if memory is None else memory.named(part, self._before[line])
            if named.distance:
                bins = tuple(note[4] for note in part.notes) if named.louder else ()
                found.append(Return(number, line, named.distance, bins))
        return found

    def at_hand(self, line: int, meter: int) -> dict[int, Bar]:
        """What a line can play again in a bar of a meter, by how far back it is named."""
        if (memory := self._memories.get(line)) is None:
            return {}
        before, found = self._before[line], dict[int, Bar]()
        for part in memory.alike(meter):
            for distance in (memory.named(part, before).distance, memory.base(part, before)):
                if distance and (there := memory.at(distance)) is not None:
                    found[distance] = there
        return found

    def may_be_louder(self, line: int, distance: int) -> bool:
        """Whether what a line played so far back comes back with other velocities under that name."""
        memory = self._memories[line]
        part = memory.at(distance)
        return part is not None and memory.base(part, self._before[line]) == distance


def parts_of(bar: Bar) -> dict[int, Bar]:
    """What each line plays in a bar, by line, ascending."""
    lines = sorted({note[1] for note in bar.notes})
    return {line: Bar(bar.meter, tuple(note for note in bar.notes if note[1] == line)) for line in lines}
