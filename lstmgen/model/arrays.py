"""The arrays that a decoder computes with: numpy's on the CPU, torch's elsewhere.

numpy gives every number the same result wherever it stands, the last ones of a row too, so that lanes agree whatever their width. For the
few numbers of a token a call takes longer than its work, and calls of numpy take about half as long as those of torch. An array and its
tensor share memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

Array = Any
"""An array of numpy or a tensor, as `Arrays.view` gives it."""


@dataclass(frozen=True)
class Arrays:
    """Functions of arrays that write into `out`, named as numpy and torch both name them.

    Attributes:
        view: the array that shares memory with a tensor.
        tensor: the tensor that shares memory with an array.
        largest: (x_BI, least) -> of shape (B, 1), the largest of each row, or `least` where that is larger.
        rounded: to whole numbers.
        rows: (table, numbers of rows) -> these rows.
        parts: (x, count) -> so many parts of the last dimension.
        log_sigmoid: the logarithm of the sigmoid.
        normalised: (x_BI, scale_I, shift_I, eps) -> the layer normalisation of each row.
    """

    view: Callable[[Tensor], Array]
    tensor: Callable[[Array], Tensor]
    largest: Callable[[Array, float], Array]
    rounded: Callable[[Array], Array]
    rows: Callable[[Array, Array], Array]
    add: Callable[..., Array]
    subtract: Callable[..., Array]
    multiply: Callable[..., Array]
    tanh: Callable[..., Array]
    sigmoid: Callable[[Array], Array]
    log_sigmoid: Callable[[Array], Array]
    exp: Callable[[Array], Array]
    maximum: Callable[[Array, Array], Array]
    where: Callable[[Array, Array, Array], Array]
    parts: Callable[[Array, int], Iterable[Array]]
    normalised: Callable[[Array, Array, Array, float], Array]


def arrays_for(tensor: Tensor) -> Arrays:
    """Those that suit what lies where this tensor lies."""
    return _NUMPY if tensor.device.type == "cpu" and tensor.dtype in _DTYPES else TENSORS


def in_tensors(
    by: Arrays, function: Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, tuple[Tensor, ...]]], x: Array, state: tuple[Array, ...]
) -> tuple[Array, tuple[Array, ...]]:
    """What a function of tensors gives for arrays."""
    y, after = function(by.tensor(x), tuple(map(by.tensor, state)))
    return by.view(y), tuple(map(by.view, after))


def _normalised(x_BI: Array, scale_I: Array, shift_I: Array, eps: float) -> Array:
    """In order and rounded as numpy sums and rounds: a row is the same whatever the others are, and `compiled/loops.py` can do the same."""
    size = x_BI.shape[1]
    x_BI = x_BI - np.add.reduce(x_BI, axis=1, keepdims=True) / size
    x_BI *= 1.0 / np.sqrt(np.add.reduce(x_BI * x_BI, axis=1, keepdims=True) / size + eps)
    x_BI *= scale_I
    x_BI += shift_I
    return x_BI


_DTYPES: Final = (torch.float32, torch.float64)
_NUMPY: Final = Arrays(
    view=Tensor.numpy,
    tensor=torch.from_numpy,
    largest=lambda x_BI, least: np.maximum.reduce(x_BI, axis=1, keepdims=True, initial=least),
    rounded=np.rint,
    rows=lambda table, numbers_B: table.take(numbers_B, axis=0),
    add=np.add,
    subtract=np.subtract,
    multiply=np.multiply,
    tanh=np.tanh,
    sigmoid=lambda x: 0.5 * np.tanh(0.5 * x) + 0.5,
    log_sigmoid=lambda x: np.minimum(x, 0.0) - np.log1p(np.exp(-abs(x))),
    exp=np.exp,
    maximum=np.maximum,
    where=np.where,
    parts=lambda x_BG, count: x_BG.reshape(len(x_BG), count, -1).swapaxes(0, 1),
    normalised=_normalised,
)
TENSORS: Final = Arrays(
    view=lambda tensor: tensor,
    tensor=lambda tensor: tensor,
    largest=lambda x_BI, least: x_BI.amax(1, keepdim=True).clamp_min(least),
    rounded=torch.round,
    rows=lambda table, numbers_B: table.index_select(0, numbers_B),
    add=torch.add,
    subtract=torch.subtract,
    multiply=torch.multiply,
    tanh=torch.tanh,
    sigmoid=torch.sigmoid,
    log_sigmoid=F.logsigmoid,
    exp=torch.exp,
    maximum=torch.maximum,
    where=torch.where,
    parts=lambda x, count: x.chunk(count, dim=-1),
    normalised=lambda x_BI, scale_I, shift_I, eps: torch.layer_norm(x_BI, scale_I.shape, scale_I, shift_I, eps),
)
"""Those of torch, whose gradients are known."""
