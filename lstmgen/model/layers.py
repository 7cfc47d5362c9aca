"""Recurrent layers over a whole window, by the fused form of their cell or by its equations.

Letters: T window, B streams, I input, H hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor, nn

from lstmgen.model.cells import Cell
from lstmgen.model.cells.base import Gates, LayerState, Weights


class RecurrentLayer(nn.Module):
    """One recurrent layer; its parameters have the names and the order of the cell's `shapes`.

    Args:
        cell: what it computes.
        input_size: I.
        hidden_size: H.
    """

    def __init__(self, cell: Cell, *, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = cell
        for name, shape in cell.shapes(input_size, hidden_size).items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))
        with torch.no_grad():
            cell.initialise(self.weights)

    @property
    def weights(self) -> Weights:
        """The parameters by name."""
        return cast("Weights", self._parameters)

    def forward(self, x_TBI: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """The outputs of shape (T, B, H), and the state after the last token."""
        if self.cell.fused is not None:
            return self.cell.fused(x_TBI, state, self.weights, self.training)
        y_TBH, after, _ = self.trace(x_TBI, state)
        return y_TBH, after

    def trace(self, x_TBI: Tensor, state: LayerState) -> tuple[Tensor, LayerState, list[Gates]]:
        """The same by the equations, with every token's gates; slow."""
        weights, outputs_T, gates_T = self.weights, [], []
        for x_BI in x_TBI:
            y_BH, state, gates = self.cell.equations(x_BI, state, weights)
            outputs_T.append(y_BH)
            gates_T.append(self.cell.seen(gates, state))
        return torch.stack(outputs_T), state, gates_T


def run_layers(
    layers: Iterable[nn.Module],
    norms: Iterable[nn.Module],
    x_TBI: Tensor,
    states: Iterable[LayerState],
    *,
    residual: bool,
    drop: Callable[[Tensor], Tensor],
    recurrence: Callable[..., tuple[Tensor, LayerState]] = lambda layer, x_TBI, carried: layer(x_TBI, carried),
) -> tuple[Tensor, tuple[LayerState, ...]]:
    """A stack of layers, each on the normalised sum of what is below it: the output of the last one, and the states that follow."""
    after: list[LayerState] = []
    for layer, norm, carried in zip(layers, norms, states, strict=True):
        y_TBH, carried_on = recurrence(layer, norm(x_TBI), carried)
        y_TBH = drop(y_TBH)
        x_TBI = x_TBI + y_TBH if residual and x_TBI.shape == y_TBH.shape else y_TBH
        after.append(carried_on)
    return x_TBI, tuple(after)
