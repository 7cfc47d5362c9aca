"""What is held out, for a network that reads both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.model import reading
from lstmgen.training.validation import HeldOut

RUN_OUT: Final = 128
"""Tokens behind what is validated that are read from right to left first."""


@dataclass(frozen=True)
class ReadBothWays(HeldOut):
    """It as items that are read whole."""

    def items(self, max_tokens: int | None = None) -> list[tuple[Ids, int, int]]:
        """What is read, and from where to where in it tokens are counted."""
        boundary = np.array([BOUNDARY_ID])
        if self.starts is not None:
            spans_S2 = reading.spread(reading.documents(self.starts, len(self.ids), ends=False), max_tokens)
            parts = [np.concatenate([self.ids[begin : end + 1], boundary]).astype(np.int64) for begin, end in spans_S2.tolist()]
            return [(part, 1, len(part) - 1) for part in parts]
        items: list[tuple[Ids, int, int]] = []
        for begin, end in reading.lanes(self.positions, max_tokens=max_tokens).tolist():
            first = max(0, begin - reading.RUN_IN)
            part = np.concatenate([self.ids[first : end + 1 + RUN_OUT], boundary]).astype(np.int64)
            items.append((part, begin + 1 - first, end + 1 - first))
        return items
