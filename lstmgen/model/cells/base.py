"""What a cell is: a record of its parameters, its state and its equations, and of faster ways to compute them where there are any.

A cell is complete with shapes, state and equations: it trains, saves, resumes, scores and samples. `fused`, `hoist` and `kernel` make it
fast and change no result beyond rounding; tests hold them to the equations.

Letters: T window, B streams, I input, H hidden, G stacked gates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor, nn

from lstmgen.model.products import Products

Weights = Mapping[str, Tensor]
"""The parameters of one layer by name."""
Shape = tuple[int, ...]
LayerState = tuple[Tensor, ...]
"""What one layer carries from token to token: tensors of any rank, the streams first."""
Gates = dict[str, Tensor]
"""Everything that a cell computes for one token, by name; for people to look at."""


class Kernel(Protocol):
    """One token for B lanes, on a copy of the weights that lies ready.

    Lane i gives the same numbers, bit for bit, whatever B and the other lanes are, as far as `Product` does; nothing passed in changes.
    """

    def __call__(self, x_BI: Tensor, state: LayerState, /) -> tuple[Tensor, LayerState]:
        """The output of shape (B, H) and the state that follows; where the kernel was made `hoisted`, `x_BI` are rows of `hoist`."""
        ...


def draw_initial(weights: Weights) -> None:
    """Matrices by Glorot's rule, vectors zero."""
    for weight in weights.values():
        nn.init.xavier_uniform_(weight) if weight.dim() > 1 else nn.init.zeros_(weight)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A recurrent cell.

    Attributes:
        shapes: (I, H) -> name and shape of each parameter. The optimiser numbers them in this order.
        state: H -> the shape of each tensor that a stream carries. They begin as zeros.
        equations: (x_BI, state, weights) -> output of shape (B, H), the state that follows, and the gates: one token, readable.
        initialise: draws the initial values in place.
        fused: (x_TBI, state, weights, training) -> outputs of shape (T, B, H) and the last state: a whole window at once.
        hoist: (x_BI, weights) -> what of a token depends on its input alone, of shape (B, any); a decoder looks it up by token.
        kernel: (weights, products, hoisted) -> a decoder's step.
        only_fp32: why the cell is trained in fp32 only; empty: it is not.
        former: name of a parameter -> the names, in files of version 1, of the tensors whose sum it is.
    """

    shapes: Callable[[int, int], dict[str, Shape]]
    state: Callable[[int], tuple[Shape, ...]]
    equations: Callable[[Tensor, LayerState, Weights], tuple[Tensor, LayerState, Gates]]
    initialise: Callable[[Weights], None] = draw_initial
    fused: Callable[[Tensor, LayerState, Weights, bool], tuple[Tensor, LayerState]] | None = None
    hoist: Callable[[Tensor, Weights], Tensor] | None = None
    kernel: Callable[[Weights, Products, bool], Kernel] | None = None
    only_fp32: str = ""
    former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
