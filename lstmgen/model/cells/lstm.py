"""LSTM: Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.

    i, f, o = sigmoid(W x + U h + b)        g = tanh(W x + U h + b)
    c' = f c + i g                          h' = o tanh(c')

Letters: T window, B streams, I input, H hidden, G stacked gates: i, f, g, o in this order.
"""

from __future__ import annotations

from typing import Final, cast

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor, nn

from lstmgen.model.architecture import stacked_shapes
from lstmgen.model.arrays import Array, arrays_for
from lstmgen.model.cells import lstm_ways, stacked
from lstmgen.model.cells.base import Cell, Gates, LayerState, Quantity, Weights, gate, output
from lstmgen.model.products import Product, Products

QUANTITIES: Final = {
    "input": gate("how much of the candidate is let in"),
    "forget": gate("how much of the cell is kept", kept=lambda f: f),
    "candidate": Quantity(about="what could be let in", bounds=(-1.0, 1.0)),
    "output": gate("how much of the cell is shown"),
    "cell": Quantity(about="the memory", symbol="c", part=1),
    "hidden": output(),
}


def equations(x_BI: Tensor, state: LayerState, w: Weights) -> tuple[Tensor, LayerState, Gates]:
    """One token."""
    h_BH, c_BH = state
    gates_BG = F.linear(x_BI, w["input_weight"], w["bias"]) + F.linear(h_BH, w["recurrent_weight"])
    i_BH, f_BH, g_BH, o_BH = gates_BG.chunk(4, dim=1)
    i_BH, f_BH, o_BH = torch.sigmoid(i_BH), torch.sigmoid(f_BH), torch.sigmoid(o_BH)
    g_BH = torch.tanh(g_BH)
    c_BH = f_BH * c_BH + i_BH * g_BH
    h_BH = o_BH * torch.tanh(c_BH)
    return h_BH, (h_BH, c_BH), {"input": i_BH, "forget": f_BH, "candidate": g_BH, "output": o_BH, "cell": c_BH, "hidden": h_BH}


def initialise(weights: Weights) -> None:
    """As its kind, and a forget bias of 1: what is in the cell stays there until the network learns to forget."""
    stacked.draw_initial(weights)
    nn.init.ones_(weights["bias"].chunk(4)[1])


def fused(x_TBI: Tensor, state: LayerState, weights: Weights, training: bool) -> tuple[Tensor, LayerState]:  # noqa: FBT001 - of `Cell`
    """A whole window."""
    way = lstm_ways.way_for(x_TBI, weights) if training else None
    if way is not None:
        return way(x_TBI, state, weights)
    return stacked.run(torch.lstm, x_TBI, state, weights, training=training)


def _arranged(stacked_G: Tensor) -> Tensor:
    """A copy with the gates in the order i, f, o, g, the first three by half: one tanh squashes all: sigmoid(2 a) = (tanh(a) + 1) / 2."""
    i, f, g, o = stacked_G.chunk(4)
    return torch.cat([0.5 * i, 0.5 * f, 0.5 * o, g])


def hoist(x_BI: Tensor, weights: Weights) -> Tensor:
    """The input's part of the gates, as the kernel takes them, each number summed as in a product of a decoder."""
    by = arrays_for(weights["bias"])
    product_BG = cast("Product", Products().of(_arranged(weights["input_weight"]))).of_many(by.view(x_BI))
    return by.tensor(by.add(product_BG, by.view(_arranged(weights["bias"])), out=product_BG))


class Kernel:
    """The equations; see `base.Kernel`.

    Attributes:
        weights: that it was made from.
    """

    def __init__(self, weights: Weights, products: Products, hoisted: bool) -> None:  # noqa: FBT001 - of `Cell`
        self.weights, self._by = weights, arrays_for(weights["bias"])
        self._bias_G = None if hoisted else self._by.view(_arranged(weights["bias"]))
        matrices = [_arranged(weights["recurrent_weight"])]
        if not hoisted:
            matrices.insert(0, _arranged(weights["input_weight"]))
        self._size = weights["recurrent_weight"].shape[1]
        self._product = products.of(*matrices)

    def __call__(self, x_BI: Array, state: tuple[Array, ...]) -> tuple[Array, tuple[Array, ...]]:
        """One token for every lane."""
        by, (h_BH, c_BH) = self._by, state
        products_BG, rest_BG = (self._product(h_BH), x_BI) if self._bias_G is None else (self._product(x_BI, h_BH), self._bias_G)
        gates_BG = by.add(rest_BG, products_BG, out=products_BG)
        by.tanh(gates_BG, out=gates_BG)
        sigmoids_BS = gates_BG[:, : 3 * self._size]
        by.multiply(by.add(sigmoids_BS, 1.0, out=sigmoids_BS), 0.5, out=sigmoids_BS)
        i_BH, f_BH, o_BH, g_BH = gates_BG.reshape(-1, 4, self._size).swapaxes(0, 1)
        c_BH = by.multiply(f_BH, c_BH)
        by.add(c_BH, by.multiply(i_BH, g_BH, out=g_BH), out=c_BH)
        h_BH = by.tanh(c_BH)
        by.multiply(o_BH, h_BH, out=h_BH)
        return h_BH, (h_BH, c_BH)


CELL = Cell(
    shapes=stacked_shapes(4),
    state=lambda hidden_size: ((hidden_size,), (hidden_size,)),
    equations=equations,
    initialise=initialise,
    fused=fused,
    by_rows=lstm_ways.way_by_rows,
    hoist=hoist,
    kernel=Kernel,
    quantities=QUANTITIES,
    own_backward=True,
    former=stacked.FORMER,
)
