"""What the grammar of notes allows at every place of a piece.

In beats the grammar is asked, which knows which bars may come back. What it says is kept by the shape of a piece: a piece that comes again
in another key is known already, for the grammar depends on how pitches lie to one another alone, as long as none is at an end of the range.

Letters: T ids, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media.legal import Remembered, Rows, packed, unpacked
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.legal import by_grammar
from lstmgen.media.tunes.notes.common_key import turned
from lstmgen.media.tunes.notes.events import KEY, MOST_TRANSPOSED, PITCHES, TRANSPOSED

_HIGHEST: Final = 127


@final
class LegalInBeats:
    """A `media.legal.Legal` of pieces in beats, whose pitches are told as they sound.

    Args:
        grammar: makes a grammar of sounding pitches at the beginning of a piece.
        table: the ranges of ids.
        guides: whether a piece says its key, and by how much it was transposed.
    """

    def __init__(self, grammar: Callable[[], Grammar], table: EventTable, *, guides: bool) -> None:
        self._table, self._guides = table, guides
        self._of_shape = Remembered(lambda ids_T: by_grammar(grammar(), table, ids_T))

    def __call__(self, ids_T: Ids, *, above: int = 0) -> Rows:
        """The rows of the ids of one piece.

        Args:
            ids_T: its pitches as they sound.
            above: semitones by which the pitches that the rows are of are written lower than they sound.
        """
        table, moved = self._table, self._moved(ids_T)
        pitched_T, shape_T = table.are(ids_T, *PITCHES), ids_T.copy()
        shape_T[pitched_T] -= moved
        for kind, value in ((TRANSPOSED, MOST_TRANSPOSED), (KEY, 0)) if self._guides else ():
            shape_T[table.are(ids_T, kind)] = table.first(kind) + value
        rows = self._of_shape(shape_T)
        if not moved and not above:
            return rows.copy()
        every_V = np.arange(table.vocab_size)
        sounding_V = turned(every_V, table, above)
        value_V = table.value_of_V[sounding_V]
        from_V = np.where(table.are(every_V, *PITCHES), sounding_V - value_V + np.clip(value_V - moved, 0, _HIGHEST), sounding_V)
        return packed(unpacked(rows, table.vocab_size)[:, from_V])

    def _moved(self, ids_T: Ids) -> int:
        """By how many semitones a piece lies higher than its shape, whose range is in the middle."""
        pitches = self._table.value_of_V[ids_T[self._table.are(ids_T, *PITCHES)]]
        low, high = int(pitches.min(initial=_HIGHEST)), int(pitches.max(initial=0))
        return low - (_HIGHEST - high + low) // 2 if 0 < low <= high < _HIGHEST else 0
