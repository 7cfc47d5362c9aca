"""The events of time in beats, and the time signatures and tempi that have ids."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BAR: Final = "bar"
METER: Final = "meter"
POSITION: Final = "position"
TEMPO: Final = "tempo"

LONGEST_BAR_BEATS: Final = 8
METERS: Final = tuple(
    (numerator, denominator)
    for denominator in (2, 4, 8, 16)
    for numerator in range(1, 17)
    if 4 * numerator <= LONGEST_BAR_BEATS * denominator
)
"""Every time signature that has an id: bars of up to eight quarter notes."""
COMMON_TIME: Final = METERS.index((4, 4))

TEMPO_BINS: Final = 221
TEMPO_OF_120: Final = 124
TEMPO_BINS_PER_OCTAVE: Final = 48
"""Of tempo: neighbouring bins differ by 1.5 per cent, and one is exactly 120 beats per minute."""


def tempo_bin(us_per_beat: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nearest bin of each tempo."""
    bins = np.rint(TEMPO_BINS_PER_OCTAVE * np.log2(5e5 / us_per_beat)).astype(np.int64) + TEMPO_OF_120
    return np.clip(bins, 0, TEMPO_BINS - 1)
