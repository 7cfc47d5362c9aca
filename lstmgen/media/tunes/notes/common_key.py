"""Every piece written as if its tonic were C: what is learned in one key holds in all, and the key that is named says where it sounds.

    absolute   key D major   pitch D4  pitch F#4  pitch A4
    written    key D major   pitch C4  pitch E4   pitch G4

Value v of a pitch means v + the semitones from C to the tonic, at most 6 up or 5 down, modulo 128: so no pitch is lost. The idea of
transposing a corpus to one key is as old as models of music (Mozer 1994); that the key stays written makes it lossless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar, Wrapped
from lstmgen.media.tunes.notes.events import KEY, MOST_TRANSPOSED, PITCHES, TRANSPOSED
from lstmgen.media.tunes.standing import Standing
from lstmgen.media.tunes.step_notes import Row


def semitones_above(key: int, *, by: int = 0) -> int:
    """Semitones from C to the tonic of the key in which a piece was written that stands in this one since it was transposed, -5 to 6."""
    return (key - by + 5) % 12 - 5


def written(ids_T: Ids, table: EventTable) -> Ids:
    """The ids of a piece from those that name its pitches as they sound."""
    return _turned(ids_T, table, -1)


def sounding(ids_T: Ids, table: EventTable) -> Ids:
    """The ids that name the pitches as they sound; of several keys the first counts."""
    return _turned(ids_T, table, 1)


def _turned(ids_T: Ids, table: EventTable, sign: int) -> Ids:
    above = above_of(ids_T, table)
    return turned(ids_T, table, sign * above) if above else ids_T


def above_of(ids_T: Ids, table: EventTable) -> int:
    """By how many semitones the pitches of a piece sound higher than they are written; of several keys the first counts."""
    by_K, key_K = (table.value_of_V[ids_T[table.are(ids_T, kind)]] for kind in (TRANSPOSED, KEY))
    return semitones_above(int(key_K[0]), by=int(by_K[0]) - MOST_TRANSPOSED if len(by_K) else 0) if len(key_K) else 0


def turned(ids_T: Ids, table: EventTable, semitones: int) -> Ids:
    """The ids with every pitch so many semitones higher, modulo 128."""
    value_T = table.value_of_V[ids_T]
    return np.where(table.are(ids_T, *PITCHES), ids_T - value_T + (value_T + semitones) % 128, ids_T)


@final
class CommonKeyGrammar(Wrapped):
    """A grammar of sounding pitches, told and asked in written ones."""

    def __init__(self, grammar: Grammar, table: EventTable) -> None:
        super().__init__(grammar)
        self._table = table
        self._by = 0
        self._above: int | None = None
        self._sounding_V = np.zeros(0, np.int64)
        """The id by its sounding pitch of each id by its written one; of no length where they are the same."""

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        super().allow(mask_V)
        if len(self._sounding_V):
            mask_V[:] = mask_V[self._sounding_V]

    @property
    def standing(self) -> Standing | None:
        """What is known before the next id, in written pitches."""
        standing = super().standing
        return standing.lower(self._above) if standing is not None and self._above else standing

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        if kind == TRANSPOSED:
            self._by = value - MOST_TRANSPOSED
        elif kind == KEY and self._above is None:
            self._above = semitones_above(value, by=self._by)
            if self._above:
                self._sounding_V = turned(np.arange(self._table.vocab_size), self._table, self._above)
        elif kind in PITCHES:
            value = (value + (self._above or 0)) % 128
        return super().push(kind, value, place)
