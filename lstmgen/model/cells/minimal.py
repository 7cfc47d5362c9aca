"""minGRU and minLSTM: Feng et al. 2024, "Were RNNs all we needed?". The gates see the input alone, so the state is a linear recurrence.

    minGRU:   z = sigmoid(W x + b)                  h' = (1 - z) h + z (W x + b)
    minLSTM:  f, i = sigmoid(W x + b)               h' = f / (f + i) h + i / (f + i) (W x + b)

The recurrence is taken token by token as it stands, and not as a sum of logarithms: the state may be of either sign, and a window cut
anywhere gives the same numbers.

Letters: T window, B streams, I input, H hidden, G stacked gates: z, candidate; f, i, candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from lstmgen.model.arrays import TENSORS, Array, Arrays
from lstmgen.model.cells import gated
from lstmgen.model.cells.base import Cell, LayerState, Quantity, Weights, gate, output

Mix = Callable[[Arrays, Array], tuple[Array, Array, dict[str, Array]]]
"""(functions of arrays, stacked gates of shape (..., G)) -> what of the old state is kept and what is added to it, of shape (..., H), and
the gates."""


def _mix_gru(by: Arrays, gates: Array) -> tuple[Array, Array, dict[str, Array]]:
    z, candidate = by.parts(gates, 2)
    z = by.sigmoid(z)
    return 1 - z, z * candidate, {"update": z, "candidate": candidate}


def _mix_lstm(by: Arrays, gates: Array) -> tuple[Array, Array, dict[str, Array]]:
    f, i, candidate = by.parts(gates, 3)
    f, i = by.sigmoid(f), by.sigmoid(i)
    total = f + i
    return f / total, i / total * candidate, {"forget": f / total, "input": i / total, "candidate": candidate}


class _Scan(torch.autograd.Function):
    """h' = keep h + add, for a window."""

    @staticmethod
    def forward(ctx: Any, keep_TBH: Tensor, add_TBH: Tensor, h_BH: Tensor) -> Tensor:
        """The states after each token, of shape (T, B, H)."""
        h_TBH = torch.empty_like(add_TBH)
        before_BH = h_BH
        for keep_BH, add_BH, after_BH in zip(keep_TBH, add_TBH, h_TBH, strict=True):
            torch.addcmul(add_BH, keep_BH, before_BH, out=after_BH)
            before_BH = after_BH
        ctx.save_for_backward(keep_TBH, h_TBH, h_BH)
        return h_TBH

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        """The same recurrence, from the end."""
        keep_TBH, h_TBH, h_BH = ctx.saved_tensors
        d_add_TBH = gradients[0].clone()
        for t in reversed(range(1, len(d_add_TBH))):
            d_add_TBH[t - 1].addcmul_(keep_TBH[t], d_add_TBH[t])
        before_TBH = torch.cat((h_BH.unsqueeze(0), h_TBH[:-1]))
        return d_add_TBH * before_TBH, d_add_TBH, d_add_TBH[0] * keep_TBH[0]


def _cell(gates: int, mix: Mix, quantities: Mapping[str, Quantity]) -> Cell:
    """The record of a cell with this number of stacked gates."""

    def elementwise(
        by: Arrays, gates_BG: Array, state: tuple[Array, ...], _: Mapping[str, Array]
    ) -> tuple[Array, tuple[Array, ...], dict[str, Array]]:
        keep_BH, add_BH, seen = mix(by, gates_BG)
        h_BH = add_BH + keep_BH * state[0]
        return h_BH, (h_BH,), seen | {"hidden": h_BH}

    def fused(x_TBI: Tensor, state: LayerState, weights: Weights, training: bool) -> tuple[Tensor, LayerState]:  # noqa: ARG001, FBT001 - of `Cell`
        keep_TBH, add_TBH, _ = mix(TENSORS, gated.hoist(x_TBI, weights).to(state[0].dtype))
        h_TBH = _Scan.apply(keep_TBH, add_TBH, state[0])
        return h_TBH, (h_TBH[-1],)

    return Cell(
        shapes=lambda input_size, hidden_size: {"input_weight": (gates * hidden_size, input_size), "bias": (gates * hidden_size,)},
        state=lambda hidden_size: ((hidden_size,),),
        equations=gated.equations(elementwise, None),
        fused=fused,
        hoist=gated.hoist,
        kernel=gated.kernel(elementwise, None),
        quantities={**quantities, "candidate": _CANDIDATE, "hidden": output(bounded=False)},
    )


_CANDIDATE = Quantity(about="what could be let in")
MINGRU = _cell(2, _mix_gru, {"update": gate("how much of the candidate is let in, and of the memory lost", kept=lambda z: 1 - z)})
MINLSTM = _cell(
    3,
    _mix_lstm,
    {
        "forget": gate("how much of the memory is kept", kept=lambda f: f),
        "input": gate("how much of the candidate is let in"),
    },
)
