"""What the cells share that torch has no fused kernel for: the input's product is taken once for a window, the rest token by token.

A cell is then one function of its stacked gates, before they are squashed, and of its state: `Elementwise`. The equations, the loop over a
window and the kernel of a decoder are made from it.

Letters: T window, B streams, I input, H hidden, G stacked gates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.arrays import TENSORS, Array, Arrays, arrays_for
from lstmgen.model.cells.base import Gates, LayerState, Weights
from lstmgen.model.products import Products

Elementwise = Callable[[Arrays, Array, tuple[Array, ...], Mapping[str, Array]], tuple[Array, tuple[Array, ...], dict[str, Array]]]
"""(functions of arrays, gates_BG before they are squashed, state, weights) -> output of shape (B, H), the next state, and the gates."""


def hoist(x_BI: Tensor, weights: Weights) -> Tensor:
    """The input's part of the gates."""
    return F.linear(x_BI, weights["input_weight"], weights["bias"])


def equations(
    elementwise: Elementwise, recurrent: Callable[[Weights], Tensor] | None
) -> Callable[[Tensor, LayerState, Weights], tuple[Tensor, LayerState, Gates]]:
    """One token.

    Args:
        elementwise: the cell.
        recurrent: the matrix, of shape (G, H), that the last output is multiplied with; None: there is none.
    """

    def token(x_BI: Tensor, state: LayerState, weights: Weights) -> tuple[Tensor, LayerState, Gates]:
        gates_BG = hoist(x_BI, weights)
        if recurrent is not None:
            gates_BG = gates_BG + F.linear(state[0], recurrent(weights))
        return elementwise(TENSORS, gates_BG, state, weights)

    return token


class Kernel:
    """The equations on weights that lie ready; see `base.Kernel`."""

    def __init__(
        self,
        elementwise: Elementwise,
        recurrent: Callable[[Weights], Tensor] | None,
        weights: Weights,
        products: Products,
        hoisted: bool,  # noqa: FBT001 - of `Cell`
    ) -> None:
        self._elementwise, self._by = elementwise, arrays_for(weights["bias"])
        self._weights = {name: self._by.view(weight.clone()) for name, weight in weights.items() if weight.dim() == 1}
        self._input = None if hoisted else products.of(weights["input_weight"])
        self._recurrent = None if recurrent is None else products.of(recurrent(weights))

    def __call__(self, x_BI: Array, state: tuple[Array, ...]) -> tuple[Array, tuple[Array, ...]]:
        """One token for every lane."""
        gates_BG = x_BI if self._input is None else self._input(x_BI) + self._weights["bias"]
        if self._recurrent is not None:
            gates_BG = gates_BG + self._recurrent(state[0])
        y_BH, after, _ = self._elementwise(self._by, gates_BG, state, self._weights)
        return y_BH, after


def kernel(elementwise: Elementwise, recurrent: Callable[[Weights], Tensor] | None) -> Callable[[Weights, Products, bool], Kernel]:
    """What makes the kernel of a cell."""
    return lambda weights, products, hoisted: Kernel(elementwise, recurrent, weights, products, hoisted)
