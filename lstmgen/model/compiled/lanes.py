"""What lies between the products of lanes side by side, compiled; the products of many lanes are torch's.

Letters: B lanes, I input, H hidden, G stacked gates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
_NO_SCALE = np.zeros(0, dtype=np.float32)


class CompiledLanes:
    """Functions of arrays in fp32, a lane each row, with numpy's numbers; it loads what numba has compiled."""

    def __init__(self) -> None:
        from lstmgen.model.compiled import loops
        from lstmgen.model.compiled.numpy_loops import addresses

        self._loops, self._addresses = loops, addresses()

    def gated(self, sum_BG: Numbers, rest_BG: Numbers, c_BH: Numbers) -> tuple[Numbers, Numbers]:
        """The outputs and cells of an LSTM after a token: of products, which are used up, what is added to them, and the cells before."""
        return self._loops.lanes_gated(self._addresses, sum_BG, rest_BG, np.ascontiguousarray(c_BH))

    def normalised(self, x_BI: Numbers, scale_I: Numbers, shift_I: Numbers, eps: float) -> Numbers:
        """As `Arrays.normalised`."""
        return self._loops.lanes_normalised(self._addresses, np.ascontiguousarray(x_BI), scale_I, shift_I, eps)

    def whole(self, x_BI: Numbers) -> tuple[NDArray[np.int8], Numbers]:
        """Rows in whole numbers, and the largest number of each; see `products.Int8Product`."""
        return self._loops.lanes_whole(np.ascontiguousarray(x_BI))

    def add(self, sum_BG: NDArray[np.int32], largest_B: Numbers, total_BG: Numbers, scale_G: Numbers | None = None) -> None:
        """Adds a product in whole numbers to totals; behind the last one they are scaled."""
        self._loops.lanes_scaled(sum_BG, largest_B, total_BG, _NO_SCALE if scale_G is None else scale_G)
