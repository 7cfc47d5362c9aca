"""The one table that a score tokenizer is: ranges of events, one after the other, each with a first id and a number of values.

Id 0 is the document boundary, here the end of a piece. Everything else about ids (their kind, their value, their name) is looked up in
arrays made from the table, so that a million tokens are taken apart at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BOUNDARY_KIND: Final = "end"


@dataclass(frozen=True)
class EventRange:
    """One kind of event.

    Attributes:
        kind: its name, such as `pitch`.
        count: how many values it has; value v has the id `first + v`.
        first: id of value 0; set by the table.
    """

    kind: str
    count: int
    first: int = 0


class EventTable:
    """All events of a tokenizer.

    Args:
        ranges: (kind, number of values) in the order of their ids, which begin at 1.
    """

    def __init__(self, ranges: Sequence[tuple[str, int]]) -> None:
        self.ranges: dict[str, EventRange] = {BOUNDARY_KIND: EventRange(BOUNDARY_KIND, 1, 0)}
        first = 1
        for kind, count in ranges:
            self.ranges[kind] = EventRange(kind, count, first)
            first += count
        self.vocab_size = first
        self.kinds = tuple(self.ranges)
        counts = [item.count for item in self.ranges.values()]
        self.kind_of_V: NDArray[np.uint8] = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
        """Index in `kinds` of every id."""
        self.value_of_V: NDArray[np.int64] = np.concatenate([np.arange(count, dtype=np.int64) for count in counts])
        """Value of every id within its range."""

    def __getitem__(self, kind: str) -> EventRange:
        return self.ranges[kind]

    def first(self, kind: str) -> int:
        """The id of value 0 of a kind."""
        return self.ranges[kind].first

    def span(self, kind: str) -> slice:
        """The ids of a kind."""
        found = self.ranges[kind]
        return slice(found.first, found.first + found.count)

    def index(self, kind: str) -> int:
        """The number of a kind in `kinds`, as `kind_of_V` has it."""
        return self.kinds.index(kind)

    def event(self, token_id: int) -> tuple[str, int]:
        """Kind and value of an id.

        Raises:
            IndexError: there is no such id.
        """
        if not 0 <= token_id < self.vocab_size:
            raise IndexError(f"id {token_id} is not in 0 .. {self.vocab_size - 1}")
        return self.kinds[self.kind_of_V[token_id]], int(self.value_of_V[token_id])
