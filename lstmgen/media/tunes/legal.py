"""Which ids may come where in a tune: the rows of `media.legal`, by asking a grammar at every place.

This is the slow twin of what notations compute for all places at once, and the only one of notations whose grammar knows too much for that.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media.legal import Rows, packed, width
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar

MOST_AT_ONCE: Final = 2**27
"""Places times ids that are looked at at once: of a piece of many hours the grammar is asked, which takes no memory."""


def by_grammar(grammar: Grammar, table: EventTable, ids: Ids) -> Rows:
    """The rows of the ids of one piece, none of which is a boundary; a grammar at its beginning has read them afterwards."""
    rows, mask_V = np.empty((len(ids) + 1, width(table.vocab_size)), np.uint8), np.zeros(table.vocab_size, np.bool_)
    for place, token in enumerate(ids.tolist()):
        grammar.allow(mask_V)
        rows[place] = packed(mask_V)
        kind, value = table.events[token]
        grammar.push(kind, value, place)
        mask_V[:] = False
    grammar.allow(mask_V)
    rows[-1] = packed(mask_V)
    return rows
