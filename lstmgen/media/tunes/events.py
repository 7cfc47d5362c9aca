"""The one table that a score tokenizer is: ranges of events, one after the other, each with a first id and a number of values.

Id 0 is the document boundary, here the end of a piece. Everything else about ids (their kind, their value, their name) is looked up in
arrays made from the table, so that a million tokens are taken apart at once. Letters: V ids of the vocabulary, T places in a piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids

BOUNDARY_KIND: Final = "end"


@dataclass(frozen=True, kw_only=True)
class Measures:
    """How much music some ids stand for.

    Attributes:
        notes: notes that begin.
        seconds: time that passes, at the tempo that the ids say or imply.
        frames: steps of a grid; None where there is none.
        first_frame: how many ids the first of them takes.
    """

    notes: int
    seconds: float
    frames: int | None = None
    first_frame: int = 0


class EventTable:
    """All events of a tokenizer.

    Args:
        ranges: (kind, number of values) in the order of their ids, which begin at 1; value v of a kind has the id `first(kind) + v`.
    """

    def __init__(self, ranges: Sequence[tuple[str, int]]) -> None:
        kinds, counts = zip((BOUNDARY_KIND, 1), *ranges, strict=True)
        firsts = np.cumsum([0, *counts]).tolist()
        self.vocab_size: int = firsts[-1]
        self._spans = {kind: slice(*ends) for kind, *ends in zip(kinds, firsts[:-1], firsts[1:], strict=True)}
        self.value_of_V: NDArray[np.int64] = np.concatenate([np.arange(count, dtype=np.int64) for count in counts])
        """Value of every id within its range."""
        self.kinds = frozenset(kinds)
        self.events = [(kind, value) for kind, count in zip(kinds, counts, strict=True) for value in range(count)]
        """Kind and value of every id."""

    def first(self, kind: str) -> int:
        """The id of value 0 of a kind."""
        return self._spans[kind].start

    def span(self, kind: str) -> slice:
        """The ids of a kind."""
        return self._spans[kind]

    def event(self, token_id: int) -> tuple[str, int]:
        """Kind and value of an id.

        Raises:
            IndexError: there is no such id.
        """
        if not 0 <= token_id < self.vocab_size:
            raise IndexError(f"id {token_id} is not in 0 .. {self.vocab_size - 1}")
        return self.events[token_id]

    def are(self, ids_T: Ids, *kinds: str) -> NDArray[np.bool_]:
        """Which ids are of one of these kinds."""
        of_kind_V = np.zeros(self.vocab_size, np.bool_)
        for kind in kinds:
            of_kind_V[self._spans[kind]] = True
        return of_kind_V[ids_T]

    def last(self, ids_T: Ids, kind: str, *, before: int) -> NDArray[np.int64]:
        """At each place the value of a kind that was said last, there or earlier; `before` where none was."""
        return last_said(self.value_of_V[ids_T], self.are(ids_T, kind), before=before)


def last_said(value_T: NDArray[np.int64], said_T: NDArray[np.bool_], *, before: int) -> NDArray[np.int64]:
    """At each place the value that was said last, there or earlier; `before` where nothing was."""
    if not len(said_T):
        return value_T
    place_T = np.maximum.accumulate(np.where(said_T, np.arange(len(said_T)), -1))
    return np.where(place_T >= 0, value_T[place_T], before)
