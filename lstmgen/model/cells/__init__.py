"""Cells: one file each, with one record that says everything about it. `choices.CELLS` is the table; nobody else lists or names cells."""

from __future__ import annotations

import importlib

from lstmgen.choices import CELLS
from lstmgen.model.cells.base import Cell

__all__ = ["Cell", "cell_of"]


def cell_of(name: str) -> Cell:
    """The record of a cell.

    Raises:
        KeyError: no cell has this name.
    """
    if name not in CELLS:
        raise KeyError(f"there is no cell {name!r}, expected one of {', '.join(CELLS)}")
    module, _, record = CELLS[name].partition(":")
    return getattr(importlib.import_module(module), record or "CELL")
