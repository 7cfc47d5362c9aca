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

from lstmgen.model.arrays import Array
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
    Arrays are those of `arrays_for` the weights.
    """

    def __call__(self, x_BI: Array, state: tuple[Array, ...], /) -> tuple[Array, tuple[Array, ...]]:
        """The output of shape (B, H) and the state that follows; where the kernel was made `hoisted`, `x_BI` are rows of `hoist`."""
        ...


def draw_initial(weights: Weights) -> None:
    """Matrices by Glorot's rule, vectors zero."""
    for weight in weights.values():
        nn.init.xavier_uniform_(weight) if weight.dim() > 1 else nn.init.zeros_(weight)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What one of the `Gates` of a cell is.

    Attributes:
        about: in words.
        bounds: between which values it lies; None: anywhere.
        symbol: its letter in the equations, where it is carried on.
        part: which tensor of the state it is; None: it is not carried on.
        kept: makes of it the share of the memory that outlives the token; None: it does not say.
    """

    about: str = ""
    bounds: tuple[float, float] | None = None
    symbol: str = ""
    part: int | None = None
    kept: Callable[[Tensor], Tensor] | None = None


def gate(about: str, *, kept: Callable[[Tensor], Tensor] | None = None) -> Quantity:
    """A quantity between 0, shut, and 1, open."""
    return Quantity(about=about, bounds=(0.0, 1.0), kept=kept)


def output(part: int = 0, *, bounded: bool = True) -> Quantity:
    """What a layer gives, which is carried on as the first tensor of the state."""
    return Quantity(about="what the layer gives", bounds=(-1.0, 1.0) if bounded else None, symbol="h", part=part)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A recurrent cell.

    Attributes:
        shapes: (I, H) -> name and shape of each parameter. The optimiser numbers them in this order.
        state: H -> the shape of each tensor that a stream carries. They begin as zeros.
        equations: (x_BI, state, weights) -> output of shape (B, H), the state that follows, and the gates: one token, readable.
        initialise: draws the initial values in place.
        fused: (x_TBI, state, weights, training) -> outputs of shape (T, B, H) and the last state: a whole window at once.
        by_rows: (V, ids_TB, weights) -> what trains a window whose inputs are rows of a table of V, where there is a faster way than
            `fused` with all of them: (rows_VI, ids_TB, state, weights) -> as `fused`.
        hoist: (x_BI, weights) -> what of a token depends on its input alone, of shape (B, any); a decoder looks it up by token.
        kernel: (weights, products, hoisted) -> a decoder's step.
        quantities: what each of the gates is, the memory first among those that are carried on; one that is not named here can be looked at
            all the same.
        own_backward: whether `fused` has a backward pass of our own, for training in bf16 on a CPU.
        only_fp32: why the cell is trained in fp32 only; empty: it is not.
        former: name of a parameter -> the names, in files of version 1, of the tensors whose sum it is.
    """

    shapes: Callable[[int, int], dict[str, Shape]]
    state: Callable[[int], tuple[Shape, ...]]
    equations: Callable[[Tensor, LayerState, Weights], tuple[Tensor, LayerState, Gates]]
    initialise: Callable[[Weights], None] = draw_initial
    fused: Callable[[Tensor, LayerState, Weights, bool], tuple[Tensor, LayerState]] | None = None
    by_rows: Callable[[int, Tensor, Weights], Callable[[Tensor, Tensor, LayerState, Weights], tuple[Tensor, LayerState]] | None] | None = (
        None
    )
    hoist: Callable[[Tensor, Weights], Tensor] | None = None
    kernel: Callable[[Weights, Products, bool], Kernel] | None = None
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    own_backward: bool = False
    only_fp32: str = ""
    former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def memory(self) -> int:
        """Which tensor of the state a unit remembers with."""
        return next((quantity.part for quantity in self.quantities.values() if quantity.part is not None), 0)

    def seen(self, gates: Gates, state: LayerState) -> Gates:
        """Everything of a token that can be looked at: the gates, and what of the state is not among them."""
        named = {quantity.part for quantity in self.quantities.values()}
        return gates | {f"state {part + 1}": tensor for part, tensor in enumerate(state) if part not in named}

    def quantity(self, name: str) -> Quantity:
        """What something that can be looked at is."""
        unnamed = name.removeprefix("state ")
        return self.quantities.get(name) or (Quantity(symbol=name, part=int(unnamed) - 1) if unnamed.isdecimal() else Quantity())
