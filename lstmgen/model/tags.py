"""Ids that say both what a network sees and what it is asked: a symbol, and one of L labels of it.

    id      0         1  2  ...  L    L+1  ...
    symbol  boundary  1  1       1    2
    label   none      0  1       L-1  0

Works on arrays and tensors alike.
"""

from __future__ import annotations

from typing import Any

from lstmgen.ids import BOUNDARY_ID


def symbols_of(ids: Any, labels: int) -> Any:
    """The symbol of each id; the boundary is its own."""
    return (ids + labels - 1) // labels


def labels_of(ids: Any, labels: int) -> Any:
    """The label of each id; of no meaning for the boundary."""
    return (ids - 1) % labels


def ids_of(symbols: Any, given: Any, labels: int) -> Any:
    """The ids of symbols, none of them the boundary, with these labels."""
    return BOUNDARY_ID + 1 + (symbols - 1) * labels + given
