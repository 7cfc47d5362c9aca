"""Products in fp32 by oneDNN, which uses vectors of 512 bits wherever they are there.

What torch multiplies fp32 with otherwise (MKL) uses them on Intel's processors alone: on two cores of a Zen 5 its products are half as
fast (docs/LOG.md, section 55).

Letters: N rows that are summed over, A and B columns, I inputs, O outputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

_ROWS: Final = 4096
"""That are summed over in one product: of more, a core's cache holds too little for wide matrices."""


@functools.cache
def by_onednn() -> Callable[[Tensor, Tensor], Tensor] | None:
    """(x_NI, weight_OI) -> x W^T in fp32, each contiguous or the transpose of what is; None: not here, or not faster.

    Of matrices whose rows lie apart oneDNN makes the product a thousand times as slowly.
    """
    features = getattr(torch.cpu, "get_capabilities", dict)()
    linear: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    if linear is None or not features.get("avx512_f") or not torch.backends.mkldnn.is_available():
        return None
    return lambda x_NI, weight_OI: linear.default(x_NI, weight_OI, None, "none", [], "")


def over_rows(left_NA: Tensor, right_NB: Tensor, shape: tuple[int, int]) -> Tensor:
    """The product of the transpose of one matrix with another, by oneDNN in fp32 where it is there, otherwise by torch.

    Args:
        left_NA: contiguous, on the CPU.
        right_NB: likewise.
        shape: columns of either from the first one on that are wanted; what stands in others may be anything.
    """
    multiply, (columns, others) = by_onednn(), shape
    if multiply is None or left_NA.dtype != torch.float32:
        return left_NA[:, :columns].t() @ right_NB[:, :others]
    parts = [multiply(right.t(), left.t()) for left, right in zip(left_NA.split(_ROWS), right_NB.split(_ROWS), strict=True)]
    return functools.reduce(Tensor.add_, parts)[:others, :columns].t()
