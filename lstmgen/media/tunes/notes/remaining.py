"""How many bars a tune still has, as each of its bars says: a number up to 8, then a band of numbers that come one after the other."""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.lanes import Steps

_MANY: Final = 2**40
_HIGHS: Final = np.array([*range(1, 9), 12, 16, 24, 32, 48, 64, 128, _MANY])
_LOWS: Final = np.append([1], _HIGHS[:-1] + 1)
BANDS: Final = len(_HIGHS)
"""How many values the mark of a bar has."""


def bands_of(counts: Steps | int) -> Steps:
    """The band of each number of bars, the bar that says it among them."""
    return np.searchsorted(_HIGHS, counts)


def band_name(band: int) -> str:
    """Such as `3` or `13 to 16`."""
    low, high = int(_LOWS[band]), int(_HIGHS[band])
    return str(low) if low == high else f"{low} to {high}" if high < _MANY else f"{low} or more"


@final
class Remaining:
    """The bars that remain from the next one on: a range, of which the last bar is known when 8 remain at the latest.

    Attributes:
        low: at least so many.
        high: at most so many.
    """

    def __init__(self) -> None:
        self.low, self.high = 1, _MANY

    @property
    def known(self) -> int | None:
        """The most bars that can come; None: any number."""
        return self.high if self.high < _MANY // 2 else None

    def ask(self, low: int, high: int) -> None:
        """So many are to come."""
        self.low, self.high = low, high

    def reach(self, count: int) -> None:
        """At least so many have to come, as far as that can be."""
        self.low = min(max(self.low, count), self.high)

    def allowed(self) -> NDArray[np.bool_]:
        """Which bands the next bar may name, of shape (bands,); none where no bar comes."""
        return (max(self.low, 1) <= _HIGHS) & (self.high >= _LOWS)

    def push(self, band: int) -> None:
        """The next bar has come and named a band."""
        low, high = max(self.low, int(_LOWS[band])), min(self.high, int(_HIGHS[band]))
        self.low, self.high = (low - 1, high - 1) if low <= high else (int(_LOWS[band]) - 1, int(_HIGHS[band]) - 1)
