"""Token ids: what every medium becomes, and all that the network knows.

Ids are exactly `0 .. vocab_size - 1`. Id 0 is the document boundary: it stands before every document of a token file, it is what
generation starts from when there is no prompt, and it decodes to nothing.

An id may also say two things at once, what a network sees and what it is asked: a symbol, and one of L labels of it.

    id      0         1  2  ...  L    L+1  ...
    symbol  boundary  1  1       1    2
    label   none      0  1       L-1  0
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""One-dimensional token ids."""


class IdSequence(Protocol):
    """Many ids, in memory or in a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, places: Any, /) -> NDArray[Any]:
        """The ids of a slice, or at places that are whole numbers in an array of any shape; of any integer type."""
        ...


BOUNDARY_ID: Final = 0
"""The document boundary, in every tokenizer."""


def symbols_of(ids: Any, labels: int) -> Any:
    """The symbol of each labelled id, an array, a tensor or a number; the boundary is its own."""
    return (ids + labels - 1) // labels


def labels_of(ids: Any, labels: int) -> Any:
    """The label of each labelled id; of no meaning for the boundary."""
    return (ids - 1) % labels


def labelled_ids(symbols: Any, given: Any, labels: int) -> Any:
    """The ids of symbols, none of them the boundary, with these of so many labels."""
    return BOUNDARY_ID + 1 + (symbols - 1) * labels + given
