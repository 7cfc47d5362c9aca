"""Which ids may come at every place of an item, by the grammar of its tokenizer, as bits.

A medium whose tokenizer has a grammar gives them (`Medium.legal`). What they forbid has no probability under a model that was trained with
them: it is neither drawn nor counted.

Letters: T tokens of an item, V vocabulary, K bytes of V bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids, IdSequence

Rows = NDArray[np.uint8]
"""Of shape (T + 1, K): a row for each token of an item, and one for what stands behind it; bits as `numpy.packbits` packs them."""

Legal = Callable[[Ids], Rows]
"""The ids of an item, without boundaries -> its rows."""

ANYTHING: Final = 255
"""A byte of a row that forbids nothing."""
MOST_BYTES: Final = 2**28
"""Of rows that are kept because they are asked for again."""


def width(vocab_size: int) -> int:
    """K."""
    return -(-vocab_size // 8)


def packed(allowed_NV: NDArray[np.bool_]) -> Rows:
    """The rows of masks."""
    return np.packbits(allowed_NV, axis=-1)


def unpacked(rows_NK: Rows, vocab_size: int) -> NDArray[np.bool_]:
    """The masks of rows."""
    return np.unpackbits(rows_NK, axis=-1, count=vocab_size).view(np.bool_)


def with_what_stands(rows: Rows, ids: Ids) -> Rows:
    """The rows of an item, changed in place: where something stands that the grammar forbids, nothing is forbidden.

    No tokenizer writes such ids, but whatever is read, nothing in it is to have a probability of 0.
    """
    stands_T = np.append(ids, BOUNDARY_ID)
    forbidden_T = (rows[np.arange(len(rows)), stands_T >> 3] >> (7 - (stands_T & 7)) & 1) == 0
    rows[forbidden_T] = ANYTHING
    return rows


@final
class Remembered:
    """A `Legal` that keeps what it gave, up to a limit, the oldest forgotten first.

    Args:
        legal: what is kept.
        most_bytes: about so many.
    """

    def __init__(self, legal: Legal, *, most_bytes: int = MOST_BYTES) -> None:
        self._legal, self._room = legal, most_bytes
        self._kept: dict[bytes, Rows] = {}

    def __call__(self, ids: Ids) -> Rows:
        """The rows of an item, not to be changed."""
        key = ids.tobytes()
        if key not in self._kept:
            rows = self._legal(ids)
            self._room -= rows.nbytes
            while self._room < 0 and self._kept:
                self._room += self._kept.pop(next(iter(self._kept))).nbytes
            self._kept[key] = rows
        return self._kept[key]


def legal_at(legal: Legal | None, ids: IdSequence, starts: NDArray[np.integer], *, most_bytes: int = MOST_BYTES) -> LegalAt | None:
    """The rows at any places of many items, of which about so many bytes are kept; None where nothing is forbidden."""
    return None if legal is None else LegalAt(legal, ids, starts, most_bytes)


@final
class LegalAt:
    """The rows at any places of many items that stand behind one another, each behind its boundary.

    Args:
        legal: gives the rows of an item.
        ids: of all items.
        starts: where the boundary of each stands, ascending.
        most_bytes: of rows that are kept.
    """

    def __init__(self, legal: Legal, ids: IdSequence, starts: NDArray[np.integer], most_bytes: int = MOST_BYTES) -> None:
        self._legal, self._ids = Remembered(legal, most_bytes=most_bytes), ids
        self._bounds = np.append(np.asarray(starts, np.int64), len(ids))

    def __call__(self, places_N: NDArray[np.int64]) -> Rows:
        """A row for each place, none of which is the very first; a boundary is what stands behind the item before it."""
        item_N = np.minimum(np.searchsorted(self._bounds, places_N, side="left") - 1, len(self._bounds) - 2)
        order = np.argsort(item_N, kind="stable")
        items, first = np.unique(item_N[order], return_index=True)
        found: Rows | None = None
        for item, chosen in zip(items.tolist(), np.split(order, first[1:]), strict=True):
            begin, end = self._bounds[item : item + 2].tolist()
            rows = self._legal(np.asarray(self._ids[begin + 1 : end], np.int64))
            if found is None:
                found = np.empty((len(places_N), rows.shape[1]), np.uint8)
            found[chosen] = rows[places_N[chosen] - begin - 1]
        return np.zeros((0, 0), np.uint8) if found is None else found
