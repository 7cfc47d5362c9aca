"""How many bars a tune has, as its beginning says, and how many are left, as its bars say: from 8 on by number, before that by band."""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.music.lanes import Steps

LENGTH: Final = "length"
LEFT: Final = "left"
MOST_BARS: Final = 256
"""Value v of the length means v + 1 bars, the last one so many or more."""
_HIGHS: Final = np.array([*range(1, 9), 12, 16, 24, 32, 48, 64, 128])
_LOWS: Final = np.append([1], _HIGHS + 1)
BANDS: Final = len(_HIGHS) + 1
"""How many values there are of the bars that are left."""


def bands_of(counts: Steps | int) -> Steps:
    """The band of each number of bars that are left, the one that says it among them."""
    return np.searchsorted(_HIGHS, counts)


def band_name(band: int) -> str:
    """Such as `3` or `13 to 16`."""
    low = int(_LOWS[band])
    if band == BANDS - 1:
        return f"{low} or more"
    return str(low) if low == _HIGHS[band] else f"{low} to {_HIGHS[band]}"
