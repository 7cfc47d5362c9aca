"""Which items of many are held out for validation, where items are held out whole."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def held_out(count: int, val_frac: float) -> NDArray[np.bool_]:
    """Which of `count` items are held out, evenly spread: with 0.1 every tenth, counted in exact arithmetic.

    One item alone trains; of several at least one is held out, unless the share is 0.
    """
    over, under = Fraction(str(float(val_frac))).as_integer_ratio()
    steps = np.array([place * over // under for place in range(count + 1)], np.int64)
    held_N = steps[1:] > steps[:-1]
    if over and count > 1 and not held_N.any():
        held_N[-1] = True
    return held_N
