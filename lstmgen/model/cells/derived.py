"""Cells that are an LSTM with fewer free parameters: the fused LSTM runs them exactly, on weights that are made from theirs.

sigmoid(-a) = 1 - sigmoid(a), so a gate that is one minus another has its rows with the sign turned. sigmoid(40) is 1, in fp64 too, so a
gate that is always open has rows of zeros and a bias of 40.

Letters: I input, H hidden, G stacked gates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor, nn

from lstmgen.model.architecture import stacked_shapes
from lstmgen.model.cells import lstm, stacked
from lstmgen.model.cells.base import Cell, Gates, LayerState, Weights

OPEN: Final = 40.0
"""The bias of a gate that is always open."""
GATES: Final = ("input", "forget", "candidate", "output")
"""The order in which an LSTM's gates are stacked."""

Equations = Callable[[Tensor, LayerState, Weights], tuple[Tensor, LayerState, Gates]]


def from_lstm(
    *, kept: Sequence[str], equations: Equations, missing: Callable[[dict[str, Tensor], str], Tensor], only_fp32: str = ""
) -> Cell:
    """The record of an LSTM of which some gates are computed from their own rows and the others are not free.

    Args:
        kept: the gates that have rows of their own, in the order of `GATES`.
        equations: of one token, readable.
        missing: (rows by gate, "weight" or "bias") -> the rows of the gates that are not kept, of shape (H, any) or (H,).
        only_fp32: why the cell is trained in fp32 only; empty: it is not.
    """

    def stacked_gates(rows_G: Tensor, kind: str) -> Tensor:
        rows = dict(zip(kept, rows_G.chunk(len(kept)), strict=True))
        return torch.cat([rows[gate] if gate in rows else missing(rows, kind) for gate in GATES])

    def full(weights: Weights) -> Weights:
        return {name: stacked_gates(tensor, "weight" if tensor.dim() > 1 else "bias") for name, tensor in weights.items()}

    def initialise(weights: Weights) -> None:
        stacked.draw_initial(weights)
        if "forget" in kept:
            nn.init.ones_(weights["bias"].chunk(len(kept))[kept.index("forget")])

    return Cell(
        shapes=stacked_shapes(len(kept)),
        state=lstm.CELL.state,
        equations=equations,
        initialise=initialise,
        fused=lambda x_TBI, state, weights, training: lstm.fused(x_TBI, state, full(weights), training),
        hoist=lambda x_BI, weights: lstm.hoist(x_BI, full(weights)),
        kernel=lambda weights, products, hoisted: lstm.Kernel(full(weights), products, hoisted),
        quantities=lstm.QUANTITIES,
        own_backward=lstm.CELL.own_backward,
        only_fp32=only_fp32,
    )
