"""Plain RNN: Elman 1990. `h' = tanh(W x + U h + b)`.

Letters: T window, B streams, I input, H hidden.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.architecture import stacked_shapes
from lstmgen.model.arrays import Array, arrays_for
from lstmgen.model.cells import stacked
from lstmgen.model.cells.base import Cell, Gates, LayerState, Weights, output
from lstmgen.model.products import Products


def equations(x_BI: Tensor, state: LayerState, w: Weights) -> tuple[Tensor, LayerState, Gates]:
    """One token."""
    h_BH = torch.tanh(F.linear(x_BI, w["input_weight"], w["bias"]) + F.linear(state[0], w["recurrent_weight"]))
    return h_BH, (h_BH,), {"hidden": h_BH}


def fused(x_TBI: Tensor, state: LayerState, weights: Weights, training: bool) -> tuple[Tensor, LayerState]:  # noqa: FBT001 - of `Cell`
    """A whole window."""
    return stacked.run(torch.rnn_tanh, x_TBI, state, weights, training=training)


def hoist(x_BI: Tensor, weights: Weights) -> Tensor:
    """The input's part."""
    return F.linear(x_BI, weights["input_weight"], weights["bias"])


class Kernel:
    """The equation with as few calls as there can be; see `base.Kernel`."""

    def __init__(self, weights: Weights, products: Products, hoisted: bool) -> None:  # noqa: FBT001 - of `Cell`
        names = ("recurrent_weight",) if hoisted else ("input_weight", "recurrent_weight")
        self._by = arrays_for(weights["bias"])
        self._bias_H = None if hoisted else self._by.view(weights["bias"].clone())
        self._product = products.of(*(weights[name] for name in names))

    def __call__(self, x_BI: Array, state: tuple[Array, ...]) -> tuple[Array, tuple[Array, ...]]:
        """One token for every lane."""
        by, (h_BH,) = self._by, state
        products_BH, rest_BH = (self._product(h_BH), x_BI) if self._bias_H is None else (self._product(x_BI, h_BH), self._bias_H)
        h_BH = by.add(rest_BH, products_BH, out=products_BH)
        by.tanh(h_BH, out=h_BH)
        return h_BH, (h_BH,)


CELL = Cell(
    shapes=stacked_shapes(1),
    state=lambda hidden_size: ((hidden_size,),),
    equations=equations,
    initialise=stacked.draw_initial,
    fused=fused,
    hoist=hoist,
    kernel=Kernel,
    quantities={"hidden": output()},
    former=stacked.FORMER,
)
