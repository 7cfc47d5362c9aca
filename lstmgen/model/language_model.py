"""The network: ids and a state in, logits and the next state out.

    x_0     = embedding(ids) + clock(t mod period)             the second term only where the architecture has a clock
    x_{l+1} = x_l + layer_l(norm_l(x_l))        the sum only where widths agree; `residual` and `layer_norm` switch the parts off
    logits  = head(norm(x_L))

Normalisation comes before each layer and the residual path stays clean (Xiong et al. 2020, there for transformers), which is what lets
a stack of LSTMs take large learning rates.

A clock tells the network where it stands in a cycle that the tokens imply but do not name, such as the voice and the step of the bar on a
grid: t counts the ticking tokens since the last boundary (id 0), the one just read included.

It knows ids and nothing of text or notes. Letters: T window, B streams, E embedding, H hidden, L layers, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from lstmgen.model.architecture import Architecture
from lstmgen.model.cells import cell_of
from lstmgen.model.cells.base import Gates, LayerState
from lstmgen.model.layers import RecurrentLayer
from lstmgen.model.norm import LayerNorm
from lstmgen.model.state import State


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
        widths = architecture.widths
        self.embedding = nn.Embedding(architecture.vocab_size, architecture.embedding_size)
        self.clock = nn.Embedding(architecture.clock_period, architecture.embedding_size) if architecture.clock_period else None
        self.layers = nn.ModuleList(
            RecurrentLayer(cell_of(architecture.cell), input_size=width, hidden_size=architecture.hidden_size) for width in widths
        )
        self.norms = nn.ModuleList(_norm(width, architecture) for width in widths)
        self.norm = _norm(architecture.hidden_size, architecture)
        self.head = nn.Linear(architecture.hidden_size, architecture.vocab_size)
        nn.init.normal_(self.head.weight, std=architecture.hidden_size**-0.5)
        nn.init.zeros_(self.head.bias)
        if architecture.tied:
            self.embedding.weight = self.head.weight

    def forward(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits of shape (T, B, V) for the token after each one, and the state after the last."""
        hidden_TBH, after = self.hidden(ids_TB, state)
        return self.head(hidden_TBH), after

    def hidden(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
        """What the head makes logits of, of shape (T, B, H), and the state after the last token."""
        return self._run(ids_TB, state, lambda layer, x_TBI, carried: layer(x_TBI, carried))

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
        x_TBH = self._drop(x_TBE)
        after: list[LayerState] = []
        for layer, norm, carried in zip(self.layers, self.norms, state.layers, strict=True):
            y_TBH, carried_on = recurrence(layer, norm(x_TBH), carried)
            y_TBH = self._drop(y_TBH)
            x_TBH = x_TBH + y_TBH if self.architecture.residual and x_TBH.shape == y_TBH.shape else y_TBH
            after.append(carried_on)
        return self.norm(x_TBH), State(tuple(after), clock_B)

    def _embed(self, ids_TB: Tensor, clock_B: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The vectors of the tokens, with those of the clock where there is one, and how the clock stands afterwards."""
        x_TBE = self.embedding(ids_TB)
        if self.clock is None or clock_B is None:
            return x_TBE, clock_B
        architecture = self.architecture
        ticks_TB = (ids_TB >= architecture.clock_low) & (ids_TB <= architecture.clock_high)
        total_TB = clock_B + ticks_TB.cumsum(0)
        # What was counted up to the last boundary is taken off; the total never falls, so its largest value at a boundary is the last.
        at_boundary_TB = (total_TB * (ids_TB == 0)).cummax(0).values
        time_TB = total_TB - at_boundary_TB
        return x_TBE + self.clock(time_TB % architecture.clock_period), time_TB[-1]

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
        return State(layers, clock_B)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.weight.device

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor once, by the names of `Architecture.shapes`."""
        return {name: tensor for name, tensor in self.state_dict().items() if name in self.architecture.shapes()}


def _norm(width: int, architecture: Architecture) -> nn.Module:
    return LayerNorm(width) if architecture.layer_norm else nn.Identity()


def grow_vocabulary(network: LanguageModel, vocab_size: int) -> LanguageModel:
    """A copy with more symbols: the rows of the old ones are kept, new ones start at their mean, and as unlikely as the rarest of them.

    Args:
        network: the model to copy.
        vocab_size: number of ids in the copy, at least as many as now.
    """
    old = network.architecture.vocab_size
    grown = LanguageModel(replace(network.architecture, vocab_size=vocab_size)).to(network.device, network.head.weight.dtype)
    tensors = {}
    for name, tensor in network.state_dict().items():
        if name in ("embedding.weight", "head.weight", "head.bias"):
            start = tensor.mean(dim=0, keepdim=True) if tensor.dim() > 1 else tensor.min(dim=0, keepdim=True).values
            tensor = torch.cat([tensor, start.expand(vocab_size - old, *tensor.shape[1:])])  # noqa: PLW2901 - the same tensor, with rows added
        tensors[name] = tensor
    grown.load_state_dict(tensors)
    return grown
