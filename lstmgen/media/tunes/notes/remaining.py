"""How many bars a tune has, as its beginning says, and how many are left, as its bars say: from 8 on by number, before that by band.

With endings the last bar of a tune that begins with an upbeat says that too, for it often ends where the upbeat begins; and the last
moment at which anything begins is announced before its notes, so that these can be an end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lstmgen.music.lanes import Steps

LENGTH: Final = "length"
LEFT: Final = "left"
LAST: Final = "last"
"""The event that announces the last moment."""
_FEWEST: Final = 2
MOST_BARS: Final = 256
"""Value v of the length means v + 1 bars, the last one so many or more."""
_HIGHS: Final = np.array([*range(1, 9), 12, 16, 24, 32, 48, 64, 128])
_LOWS: Final = np.append([1], _HIGHS + 1)
BANDS: Final = len(_HIGHS) + 1
"""How many values there are of the bars that are left."""
COMPLETING: Final = BANDS
"""With endings, one more of them: the last bar, behind an upbeat."""


def bands_of(counts: Steps | int) -> Steps:
    """The band of each number of bars that are left, the one that says it among them."""
    return np.searchsorted(_HIGHS, counts)


def has_upbeat(first: int, line_B: Sequence[int]) -> bool:
    """Whether a tune of three bars or more, whose first note begins at a step, begins with an upbeat; see `music.bars.upbeat_ticks`.

    Args:
        first: the step.
        line_B: where bars begin, of the first three at least.
    """
    return len(line_B) > _FEWEST and first < line_B[1] and (line_B[1] <= 2 * first or 3 * line_B[1] <= line_B[2])


def band_name(band: int) -> str:
    """Such as `3` or `13 to 16`."""
    if band == COMPLETING:
        band = 0
    low = int(_LOWS[band])
    if band == BANDS - 1:
        return f"{low} or more"
    return str(low) if low == _HIGHS[band] else f"{low} to {_HIGHS[band]}"
