"""What the cells share whose gates are stacked as torch stacks them, so that torch's fused kernels run them: oneDNN, cuDNN.

Every layer is one call. Stacking layers is left to `language_model.py`, because cuDNN's persistent kernels and everything between the
layers (normalisation, residual sums, dropout) want them apart.

Letters: T window, B streams, I input, H hidden, G stacked gates.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from lstmgen.model.cells.base import LayerState, Weights

FORMER = {"input_weight": ("weight_ih_l0",), "recurrent_weight": ("weight_hh_l0",), "bias": ("bias_ih_l0", "bias_hh_l0")}
"""torch's names, which files of version 1 have; there a second bias was kept that was always zero."""


def draw_initial(weights: Weights) -> None:
    """Recurrent matrices orthogonal gate by gate, input matrices by Glorot's rule, biases zero."""
    input_GI, recurrent_GH = weights["input_weight"], weights["recurrent_weight"]
    (gates, size), inputs = recurrent_GH.shape, input_GI.shape[1]
    # As many numbers as torch's own layers draw and throw away: a seed starts from the weights that it always started from.
    torch.empty(gates * (inputs + size + 2)).uniform_()
    for first in range(0, gates, size):
        nn.init.orthogonal_(recurrent_GH[first : first + size])
        nn.init.xavier_uniform_(input_GI[first : first + size])
    for weight in weights.values():
        if weight.dim() == 1:
            nn.init.zeros_(weight)


def run(function: Callable[..., Any], x_TBI: Tensor, state: LayerState, weights: Weights, *, training: bool) -> tuple[Tensor, LayerState]:
    """A window through `torch.lstm` or one of its kind."""
    tensors = list(weights.values())
    if len(tensors) == 3:  # torch has a bias for the input and one for the recurrence; here they are one
        tensors.append(torch.zeros_like(tensors[2]))
    with _on_cuda() if x_TBI.is_cuda else contextlib.nullcontext() as dtype:
        if dtype is not None:
            x_TBI, state, tensors = x_TBI.to(dtype), tuple(part.to(dtype) for part in state), [weight.to(dtype) for weight in tensors]
        parts_1BH = [part_BH.unsqueeze(0) for part_BH in state]
        hidden = tuple(parts_1BH) if len(parts_1BH) > 1 else parts_1BH[0]
        y_TBH, *after = function(x_TBI, hidden, tensors, True, 1, 0.0, training, False, False)
    return y_TBH, tuple(part_1BH.squeeze(0) for part_1BH in after)


@contextlib.contextmanager
def _on_cuda() -> Iterator[torch.dtype | None]:
    """The number type of products; None: that of the weights.

    Autocast would give cuDNN's layers fp16 whatever it is asked for. Nor is there a warning that cuDNN copies the weights into one block,
    which takes less time than a window.
    """
    dtype = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else None
    with warnings.catch_warnings(), torch.autocast("cuda", enabled=False):
        warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")
        yield dtype
