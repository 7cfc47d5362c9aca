"""What a decoder's token is made of between the products: copies of a network's parts, for arrays of numpy or of torch.

Letters: B lanes, E embedding, V vocabulary, P period of the clock, I width of a layer's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from lstmgen.model.arrays import Array, Arrays, arrays_for, in_tensors
from lstmgen.model.cells import lstm
from lstmgen.model.cells.base import Cell, Kernel, LayerState, Weights
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.layers import RecurrentLayer
from lstmgen.model.matches import Matches, advance
from lstmgen.model.matching import matched
from lstmgen.model.products import ALIGNED

LEAST_ROWS: Final = 4
"""From this many rows on torch's usual products give each row the same numbers."""


class Norm:
    """A copy of a layer normalisation, or of the identity, without a module's overhead.

    Attributes:
        arrays: scale and shift; of the identity nothing.
        eps: what is added to the variance.
    """

    def __init__(self, module: nn.Module) -> None:
        self.arrays: tuple[Array, ...] = ()
        self.eps = 0.0
        self._weights: tuple[Tensor, Tensor] | None = None
        if isinstance(module, nn.LayerNorm):
            self._by, self.eps = arrays_for(module.weight), module.eps
            self._weights = module.weight.clone(), module.bias.clone()
            self.arrays = tuple(map(self._by.view, self._weights))

    def __call__(self, x_BI: Array) -> Array:
        """Of each row."""
        return x_BI if self._weights is None else self._by.normalised(x_BI, self.arrays[0], self.arrays[1], self.eps)


@dataclass(frozen=True)
class TokenLayer:
    """What a step needs of one layer: its kernel, and the table of its input, or how that is made."""

    kernel: Kernel
    norm: Norm
    residual: bool
    table_VG: Array | None


class Rows:
    """The rows of tables that belong to some ids; of one id a view.

    Attributes:
        ids: these.
    """

    def __init__(self, ids: list[int] | Tensor, by: Arrays) -> None:
        self.ids = ids
        self._one, self._by = ids[0] if isinstance(ids, list) else 0, by
        self._ids_B = None if len(ids) == 1 and isinstance(ids, list) else by.view(torch.as_tensor(ids))

    def of(self, table_V: Array) -> Array:
        """Those of one table."""
        return table_V[self._one : self._one + 1] if self._ids_B is None else self._by.rows(table_V, self._ids_B)


class Clock:
    """A copy of the network's clock; see `language_model.py`."""

    def __init__(self, network: LanguageModel) -> None:
        architecture, ids_V = network.architecture, torch.arange(network.architecture.vocab_size, device=network.device)
        self._embedding_PE = cast("nn.Embedding", network.clock).weight.clone()
        self._by = arrays_for(self._embedding_PE)
        self._ticks_V = self._by.view(((ids_V >= architecture.clock_low) & (ids_V <= architecture.clock_high)).long())
        self._inside_V = self._by.view((ids_V != 0).long())

    def __call__(self, rows: Rows, clock_B: Tensor) -> tuple[Tensor, Array]:
        """How the clocks stand after the tokens, and their vectors."""
        by = self._by
        clock_B = by.tensor((by.view(clock_B) + rows.of(self._ticks_V)) * rows.of(self._inside_V))
        return clock_B, by.view(self._embedding_PE.index_select(0, clock_B % len(self._embedding_PE)))


class Told:
    """Copies of the vectors of what followed before, or of what the first layer makes of them; see `matches.py`.

    Args:
        network: that is told.
        table_RG: what the first layer makes of the vectors; None: they are added to its input.
    """

    def __init__(self, network: LanguageModel, table_RG: Array | None) -> None:
        weight_RE = cast("nn.Embedding", network.matches).weight
        self._matches, self._by = cast("Matches", network.architecture.memories), arrays_for(weight_RE)
        self._table_R = self._by.view(weight_RE.clone()) if table_RG is None else table_RG

    def __call__(self, ids: Sequence[int] | Tensor, memory_BM: Tensor) -> tuple[Tensor, list[Array]]:
        """The memories after the tokens, and the vectors that are added, one after the other."""
        if isinstance(ids, Tensor):
            rows_TBR, memory_BM = matched(ids[None], memory_BM, self._matches)
            told_BRG = self._by.tensor(self._by.rows(self._table_R, self._by.view(rows_TBR.flatten()))).unflatten(0, rows_TBR.shape[1:])
            return memory_BM, [self._by.view(told_BRG.sum(1))]  # on a GPU two launches, however many there are
        memory_BM = memory_BM.clone()
        rows = [advance(token, memory_M, self._matches) for token, memory_M in zip(ids, memory_BM.numpy(), strict=True)]
        rows_BR = torch.tensor(rows)
        return memory_BM, [self._by.rows(self._table_R, self._by.view(rows_B)) for rows_B in rows_BR.t().contiguous()]


def told_table(network: LanguageModel, kernel: Kernel) -> Array:
    """What the first layer makes of every vector of what followed before: as of its input, without what is always added."""
    vectors_RE, first = cast("nn.Embedding", network.matches).weight.detach(), cast("RecurrentLayer", network.layers[0])
    if isinstance(kernel, lstm.Kernel):  # by a product alone, as compiled loops do
        told_RG = lstm.hoist(vectors_RE, {**kernel.weights, "bias": torch.zeros_like(kernel.weights["bias"])})
    else:
        hoist, weights = cast("Any", first.cell.hoist), {name: weight.detach() for name, weight in first.weights.items()}
        told_RG = hoist(vectors_RE, weights) - hoist(torch.zeros_like(vectors_RE), weights)
    return arrays_for(vectors_RE).view(told_RG)


def by_equations(cell: Cell, weights: Weights) -> Kernel:
    """The kernel of a cell that has none. Where functions do not treat all rows alike (`products.ALIGNED`), each row is taken by itself."""
    copies = {name: weight.clone() for name, weight in weights.items()}
    by = arrays_for(next(iter(copies.values())))

    def token(x_BI: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        if all(size % ALIGNED == 0 for part_B in state for size in part_B.shape[1:]):
            y_BH, after, _ = cell.equations(x_BI, state, copies)
            return y_BH, after
        rows = []
        for lane in range(len(x_BI)):
            x, *parts = (part_B[lane : lane + 1].repeat(LEAST_ROWS, *[1] * (part_B.dim() - 1)) for part_B in (x_BI, *state))
            y, after, _ = cell.equations(x, tuple(parts), copies)
            rows.append([part[:1] for part in (y, *after)])
        y_BH, *after = map(torch.cat, zip(*rows, strict=True))
        return y_BH, tuple(after)

    return lambda x_BI, state: in_tensors(by, token, x_BI, state)
