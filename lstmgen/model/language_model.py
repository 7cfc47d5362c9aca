"""The network: ids and a state in, logits and the next state out.

    x_0     = embedding(ids) + clock(t mod period)             the second term only where the architecture has a clock
    x_{l+1} = x_l + layer_l(norm_l(x_l))        the sum only where widths agree; `residual` and `layer_norm` switch the parts off;
                                                the first layer is given norm_0(x_0) + matches(rows) where it is told what followed before
    logits  = head(norm(x_L))

Normalisation comes before each layer and the residual path stays clean (Xiong et al. 2020, there for transformers), which is what lets
a stack of LSTMs take large learning rates.

A clock tells the network where it stands in a cycle that the tokens imply but do not name, such as the voice and the step of the bar on a
grid: t counts the ticking tokens since the last boundary (id 0), the one just read included.

What followed before (`matches.py`) is told behind the normalisation: then what the first layer makes of each vector fits into a table.

Sentinels (`sentinels.py`) are ids behind those of the vocabulary that are only ever inputs: the head has no row for them.

It knows ids and nothing of text or notes. Letters: T window, B streams, E embedding, H hidden, L layers, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor, nn

from lstmgen.choices import OBJECTIVES
from lstmgen.ids import symbols_of
from lstmgen.model.architecture import SENTINELS, Architecture
from lstmgen.model.both_ways import Backward, Join
from lstmgen.model.cells import cell_of
from lstmgen.model.cells.base import Gates, LayerState
from lstmgen.model.layers import RecurrentLayer, run_layers
from lstmgen.model.matching import matched
from lstmgen.model.norm import norm_of
from lstmgen.model.state import State

_FIRST_MATCHES: Final = 0.3
"""Spread of the vectors of what followed before, before they are learned."""


@dataclass(frozen=True)
class Lanes:
    """Which streams a network in training has, where others have the rest: B of them from `first` on, among `of`."""

    first: int
    of: int


class LanguageModel(nn.Module):
    """A stack of recurrent layers between an embedding and a softmax.

    Args:
        architecture: its shape.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.lanes: Lanes | None = None
        self.embedding = nn.Embedding(architecture.symbols, architecture.embedding_size)
        self.clock = nn.Embedding(architecture.clock_period, architecture.embedding_size) if architecture.clock_period else None
        memories = architecture.memories
        self.matches = nn.Embedding(memories.rows, architecture.embedding_size) if memories else None
        if self.matches is not None:
            nn.init.normal_(self.matches.weight, std=_FIRST_MATCHES)
        self.layers = nn.ModuleList(
            RecurrentLayer(cell_of(architecture.cell), input_size=width, hidden_size=architecture.hidden_size)
            for width in architecture.widths
        )
        self.norms = nn.ModuleList(norm_of(width, architecture) for width in architecture.widths)
        self.norm = norm_of(architecture.hidden_size, architecture)
        self.head = nn.Linear(architecture.hidden_size, architecture.answers)
        nn.init.normal_(self.head.weight, std=architecture.hidden_size**-0.5)
        nn.init.zeros_(self.head.bias)
        if architecture.tied:
            self.embedding.weight = self.head.weight
        self.sentinels = nn.Embedding(SENTINELS, architecture.embedding_size) if architecture.suffix_tokens else None
        both_ways = OBJECTIVES[architecture.objective].both_ways
        self.back = Backward(architecture) if both_ways else None
        self.join = Join(architecture) if both_ways else None
        self.end = nn.Linear(architecture.hidden_size, 1) if architecture.fills_gaps else None

    def forward(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits of shape (T, B, V) for the token after each one, and the state after the last."""
        hidden_TBH, after = self.hidden(ids_TB, state)
        return self.head(hidden_TBH), after

    def hidden(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
        """What the head makes logits of, of shape (T, B, H), and the state after the last token."""
        first, way = self.layers[0], self._way_by_rows(ids_TB)

        def run(layer: RecurrentLayer, x_TBI: Tensor, carried: LayerState) -> tuple[Tensor, LayerState]:
            if way is not None and layer is first:
                return way(self.norms[0](self.embedding.weight), ids_TB, carried, layer.weights)
            return layer(x_TBI, carried)

        return self._run(ids_TB, state, run)

    def _way_by_rows(self, ids_TB: Tensor) -> Any:
        """What trains the first layer on rows of the embedding, where its inputs are nothing else and there is a faster way for that."""
        architecture, first = self.architecture, cast("RecurrentLayer", self.layers[0])
        is_plain = self.clock is None and self.sentinels is None and self.matches is None and not architecture.labels
        if first.cell.by_rows is None or not self.training or architecture.dropout or not is_plain:
            return None
        return first.cell.by_rows(architecture.symbols, ids_TB, first.weights)

    def trace(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State, list[list[Gates]]]:
        """The same by the equations, with the gates of every layer and token; slow."""
        gates_LT: list[list[Gates]] = []

        def traced(layer: RecurrentLayer, x_TBI: Tensor, carried: LayerState) -> tuple[Tensor, LayerState]:
            y_TBH, after, gates_T = layer.trace(x_TBI, carried)
            gates_LT.append(gates_T)
            return y_TBH, after

        hidden_TBH, after = self._run(ids_TB, state, traced)
        return self.head(hidden_TBH), after, gates_LT

    def _run(self, ids_TB: Tensor, state: State, recurrence: Any) -> tuple[Tensor, State]:
        x_TBE, clock_B = self._embed(ids_TB, state.clock_B)
        told_TBE, memory_BM = self._told(ids_TB, state.memory_BM)
        first = self.layers[0]

        def run(layer: RecurrentLayer, x_TBI: Tensor, carried: LayerState) -> tuple[Tensor, LayerState]:
            return recurrence(layer, x_TBI if told_TBE is None or layer is not first else x_TBI + told_TBE, carried)

        x_TBH, after = run_layers(
            self.layers,
            self.norms,
            self._drop(x_TBE),
            state.layers,
            residual=self.architecture.residual,
            drop=self._drop,
            recurrence=run,
        )
        return self.norm(x_TBH), State(after, clock_B, memory_BM)

    def end_logits(self, hidden_NH: Tensor) -> Tensor:
        """The log odds, of shape (N,), of a gap being over at some places; the head makes logits of the same numbers.

        Raises:
            ValueError: the network knows no gaps.
        """
        if self.end is None:
            raise ValueError("the network knows no gaps")
        return self.end(hidden_NH)[:, 0]

    def read_back(self, ids_TB: Tensor, length_B: Tensor) -> Tensor:
        """For each place what its stream holds from there to its end, read from right to left, of shape (T, B, H).

        Args:
            ids_TB: ids.
            length_B: how many of them each stream has.

        Raises:
            ValueError: the network reads from left to right only.
        """
        if self.back is None:
            raise ValueError("the network has no layers that read from right to left")
        return self.back(self._embed(ids_TB, None)[0], length_B, self._drop)

    def _embed(self, ids_TB: Tensor, clock_B: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The vectors of the tokens, with those of the clock where there is one, and how the clock stands afterwards."""
        if self.architecture.labels:
            ids_TB = symbols_of(ids_TB, self.architecture.labels)  # a label is what is asked for, and never seen
        if self.sentinels is None:
            x_TBE = self.embedding(ids_TB)
        else:
            x_TBE = F.embedding(ids_TB, torch.cat([self.embedding.weight, self.sentinels.weight]))
        if self.clock is None or clock_B is None:
            return x_TBE, clock_B
        architecture = self.architecture
        ticks_TB = (ids_TB >= architecture.clock_low) & (ids_TB <= architecture.clock_high)
        total_TB = clock_B + ticks_TB.cumsum(0)
        # What was counted up to the last boundary is taken off; the total never falls, so its largest value at a boundary is the last.
        at_boundary_TB = (total_TB * (ids_TB == 0)).cummax(0).values
        time_TB = total_TB - at_boundary_TB
        return x_TBE + self.clock(time_TB % architecture.clock_period), time_TB[-1]

    def _told(self, ids_TB: Tensor, memory_BM: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """The vectors of what followed before, and the memories behind the tokens; None where it is not told."""
        memories = self.architecture.memories
        if self.matches is None or memories is None or memory_BM is None:
            return None, memory_BM
        rows_TBR, memory_BM = matched(ids_TB, memory_BM, memories)
        return self._drop(self.matches(rows_TBR).sum(2)), memory_BM

    def _drop(self, x_TBH: Tensor) -> Tensor:
        """Dropout that leaves out the same units for a whole window (Gal and Ghahramani 2016), which on a CPU also costs T times less."""
        dropout = self.architecture.dropout
        if not self.training or not dropout:
            return x_TBH
        _, streams, width = x_TBH.shape
        lanes = self.lanes or Lanes(0, streams)
        # The masks of all streams are drawn, so that each has its own whoever has the others.
        drawn_1BH = torch.empty(1, lanes.of, width, dtype=torch.float32, device=x_TBH.device).bernoulli_(1 - dropout)
        kept_1BH = drawn_1BH[:, lanes.first : lanes.first + streams]
        return x_TBH * kept_1BH.div_(1 - dropout)

    def zero_state(self, batch_size: int) -> State:
        """The state before the first token of each of B streams, on the model's device and in its number type."""
        like, shapes = self.head.weight, cell_of(self.architecture.cell).state(self.architecture.hidden_size)
        layers = tuple(tuple(like.new_zeros(batch_size, *shape) for shape in shapes) for _ in self.layers)
        clock_B = torch.zeros(batch_size, dtype=torch.int64, device=self.device) if self.clock is not None else None
        memories = self.architecture.memories
        memory_BM = None if memories is None else torch.from_numpy(memories.start(batch_size)).to(self.device)
        return State(layers, clock_B, memory_BM)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.weight.device

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor once, by the names of `Architecture.shapes`."""
        return {name: tensor for name, tensor in self.state_dict().items() if name in self.architecture.shapes()}


def grown(network: LanguageModel, architecture: Architecture) -> LanguageModel:
    """A copy with more symbols, or with other parts around the same layers.

    The rows of the old symbols are kept; new ones start at their mean, and as unlikely as the rarest of them. Parts that are new start as
    in any network.

    Args:
        network: the model to copy.
        architecture: of the copy; its layers are those of the model, and its vocabulary is as large at least.
    """
    copy = LanguageModel(architecture).to(network.device, network.head.weight.dtype)
    known, fresh = network.state_dict(), copy.state_dict()
    tensors = fresh | {name: tensor for name, tensor in known.items() if name in fresh and name != "matches.weight"}
    for name in ("embedding.weight", "head.weight", "head.bias"):
        old = known[name]
        start = old.mean(dim=0, keepdim=True) if old.dim() > 1 else old.min(dim=0, keepdim=True).values
        tensors[name] = torch.cat([old, start.expand(len(fresh[name]) - len(old), *old.shape[1:])])
    if (before := network.architecture.memories) and (now := architecture.memories) and before.orders == now.orders:
        weight_RE, old_RE = fresh["matches.weight"].clone(), known["matches.weight"]
        weight_RE[now.places_of(before)] = old_RE
        tensors["matches.weight"] = weight_RE
    copy.load_state_dict(tensors)
    return copy
