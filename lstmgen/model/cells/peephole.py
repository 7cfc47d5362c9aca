"""LSTM whose gates look at the cell: Gers and Schmidhuber 2000. The output gate looks at the new cell.

    i, f = sigmoid(W x + U h + p c + b)         g = tanh(W x + U h + b)
    c' = f c + i g
    o = sigmoid(W x + U h + p c' + b)           h' = o tanh(c')

The gradient of a window is written out below: autograd would keep some twenty tensors a token, and take the product for the recurrent
matrix token by token.

Letters: T window, B streams, I input, H hidden, G stacked gates: i, f, g, o in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lstmgen.model.architecture import stacked_shapes
from lstmgen.model.arrays import Array, Arrays
from lstmgen.model.cells import gated, lstm
from lstmgen.model.cells.base import Cell, LayerState, Shape, Weights


def shapes(input_size: int, hidden_size: int) -> dict[str, Shape]:
    """Those of an LSTM, and a peephole for each of i, f, o."""
    return stacked_shapes(4)(input_size, hidden_size) | {"peepholes": (3 * hidden_size,)}


def elementwise(
    by: Arrays, gates_BG: Array, state: tuple[Array, ...], w: Mapping[str, Array]
) -> tuple[Array, tuple[Array, ...], dict[str, Array]]:
    """One token, from the stacked gates."""
    _, c_BH = state
    i_BH, f_BH, g_BH, o_BH = by.parts(gates_BG, 4)
    look_i_H, look_f_H, look_o_H = w["peepholes"].reshape(3, -1)
    i_BH = by.sigmoid(i_BH + look_i_H * c_BH)
    f_BH = by.sigmoid(f_BH + look_f_H * c_BH)
    g_BH = by.tanh(g_BH)
    c_BH = f_BH * c_BH + i_BH * g_BH
    o_BH = by.sigmoid(o_BH + look_o_H * c_BH)
    h_BH = o_BH * by.tanh(c_BH)
    return h_BH, (h_BH, c_BH), {"input": i_BH, "forget": f_BH, "candidate": g_BH, "output": o_BH, "cell": c_BH, "hidden": h_BH}


class _Window(torch.autograd.Function):
    """A window from the input's part of the gates; products in the number type of these, all else in that of the state."""

    @staticmethod
    def forward(  # noqa: PLR0917 - of torch
        ctx: Any, gates_TBG: Tensor, h_BH: Tensor, c_BH: Tensor, recurrent_GH: Tensor, peepholes_3H: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Outputs of shape (T, B, H), and the cells after each token."""
        length, size = len(gates_TBG), h_BH.shape[1]
        product_HG = recurrent_GH.to(gates_TBG.dtype).t().contiguous()
        squashed_TBG = gates_TBG.to(h_BH.dtype, copy=True)
        h_TBH, c_TBH = h_BH.new_empty(2, length + 1, *h_BH.shape)
        h_TBH[0], c_TBH[0] = h_BH, c_BH
        look_2H, look_o_H = peepholes_3H[: 2 * size], peepholes_3H[2 * size :]
        look_2H = look_2H.view(2, size)
        for t in range(length):
            gates_BG = squashed_TBG[t].add_(h_TBH[t].to(product_HG.dtype) @ product_HG)
            both_B2H = gates_BG[:, : 2 * size]
            both_B2H.view(-1, 2, size).addcmul_(c_TBH[t].unsqueeze(1), look_2H)
            both_B2H.sigmoid_()
            i_BH, f_BH, g_BH, o_BH = gates_BG.chunk(4, dim=1)
            torch.mul(f_BH, c_TBH[t], out=c_TBH[t + 1]).addcmul_(i_BH, g_BH.tanh_())
            o_BH.addcmul_(c_TBH[t + 1], look_o_H).sigmoid_()
            torch.mul(o_BH, torch.tanh(c_TBH[t + 1]), out=h_TBH[t + 1])
        ctx.save_for_backward(squashed_TBG, h_TBH, c_TBH, recurrent_GH, peepholes_3H)
        ctx.dtype = gates_TBG.dtype
        return h_TBH[1:].clone(), c_TBH[1:].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        """Backpropagation through the window; the recurrent matrix gets its gradient from one product."""
        outer_TBH, outer_c_TBH = gradients
        squashed_TBG, h_TBH, c_TBH, recurrent_GH, peepholes_3H = ctx.saved_tensors
        product_GH = recurrent_GH.to(ctx.dtype)
        look_i_H, look_f_H, look_o_H = peepholes_3H.chunk(3)
        d_gates_TBG = torch.empty_like(squashed_TBG)
        dh_BH, dc_BH = torch.zeros_like(h_TBH[0]), torch.zeros_like(c_TBH[0])
        tanh_TBH = torch.tanh(c_TBH[1:])
        i_TBH, f_TBH, g_TBH, o_TBH = squashed_TBG.chunk(4, dim=2)
        # What the gradient of each gate is multiplied with on its way through the squashing, for the whole window.
        slope_i_TBH = g_TBH * i_TBH * (1 - i_TBH)
        slope_f_TBH = c_TBH[:-1] * f_TBH * (1 - f_TBH)
        slope_g_TBH = i_TBH * (1 - g_TBH.square())
        slope_o_TBH = tanh_TBH * o_TBH * (1 - o_TBH)
        through_TBH = o_TBH * (1 - tanh_TBH.square())
        for t in reversed(range(len(squashed_TBG))):
            di_BH, df_BH, dg_BH, do_BH = d_gates_TBG[t].chunk(4, dim=1)
            dh_BH = dh_BH + outer_TBH[t]
            torch.mul(dh_BH, slope_o_TBH[t], out=do_BH)
            dc_BH = (dc_BH + outer_c_TBH[t]).addcmul_(dh_BH, through_TBH[t]).addcmul_(do_BH, look_o_H)
            torch.mul(dc_BH, slope_i_TBH[t], out=di_BH)
            torch.mul(dc_BH, slope_f_TBH[t], out=df_BH)
            torch.mul(dc_BH, slope_g_TBH[t], out=dg_BH)
            dc_BH = (dc_BH * f_TBH[t]).addcmul_(di_BH, look_i_H).addcmul_(df_BH, look_f_H)
            dh_BH = (d_gates_TBG[t].to(product_GH.dtype) @ product_GH).to(dh_BH.dtype)
        d_gates_NG = d_gates_TBG.flatten(0, 1).to(product_GH.dtype)
        d_recurrent_GH = (d_gates_NG.t() @ h_TBH[:-1].flatten(0, 1).to(product_GH.dtype)).to(recurrent_GH.dtype)
        di_TBH, df_TBH, _, do_TBH = d_gates_TBG.chunk(4, dim=2)
        d_peepholes_3H = torch.cat([(d * c).sum((0, 1)) for d, c in ((di_TBH, c_TBH[:-1]), (df_TBH, c_TBH[:-1]), (do_TBH, c_TBH[1:]))])
        return d_gates_TBG.to(ctx.dtype), dh_BH, dc_BH, d_recurrent_GH, d_peepholes_3H


def fused(x_TBI: Tensor, state: LayerState, weights: Weights, training: bool) -> tuple[Tensor, LayerState]:  # noqa: ARG001, FBT001 - of `Cell`
    """A whole window."""
    gates_TBG = gated.hoist(x_TBI, weights)
    with torch.autocast(x_TBI.device.type, enabled=False):
        h_TBH, c_TBH = _Window.apply(gates_TBG, *state, weights["recurrent_weight"], weights["peepholes"])
    return h_TBH, (h_TBH[-1], c_TBH[-1])


def initialise(weights: Weights) -> None:
    """As an LSTM; the peepholes begin at zero."""
    lstm.initialise(weights)
    nn.init.zeros_(weights["peepholes"])


def _recurrent(weights: Weights) -> Tensor:
    return weights["recurrent_weight"]


CELL = Cell(
    shapes=shapes,
    state=lstm.CELL.state,
    equations=gated.equations(elementwise, _recurrent),
    initialise=initialise,
    fused=fused,
    hoist=gated.hoist,
    kernel=gated.kernel(elementwise, _recurrent),
    quantities=lstm.QUANTITIES,
)
