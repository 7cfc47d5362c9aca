"""One token after the other, fast: the twin of `LanguageModel` for one stream.

torch's fused recurrent kernels rearrange all weights on every call, which for a single token costs ten times the arithmetic. Here
every token is a few matrix-vector products on weights that lie ready, and the first layer's input product, which depends on the token
alone, is looked up in a table. Runs wherever the network is; measured and tuned on the CPU, untested on CUDA.

A decoder holds a copy of the weights as they were when it was made. Letters: E embedding, H hidden, G stacked gates, V vocabulary,
I width of a layer's input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, cast

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor, nn

from lstmgen.model import reading
from lstmgen.model.cells import Weights
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.layers import RecurrentLayer
from lstmgen.model.state import State


@dataclass(frozen=True)
class Carried:
    """The state of one stream.

    Attributes:
        layers: for each layer its parts, each of shape (H,).
        clock: ticking tokens since the last boundary; 0 for a network without a clock.
    """

    layers: tuple[tuple[Tensor, ...], ...]
    clock: int = 0


_MAX_TABLE_NUMBERS: Final = 2**24
"""Largest table of input products: 64 MiB in fp32."""
_MIN_SHARED_NUMBERS: Final = 2**22
"""Smallest matrix whose product is worth several threads. Below it waiting for one another costs more than the work, and many times
more where other programs use the same cores."""


class OneDecoder:
    """The network for one stream in inference.

    Args:
        network: the model; its training mode is left as it is.
    """

    def __init__(self, network: LanguageModel) -> None:
        self.network = network
        self.vocab_size = network.architecture.vocab_size
        with torch.inference_mode():
            self._embedding_VE = network.embedding.weight.clone()
            self._clock_PE = None if network.clock is None else network.clock.weight.clone()
            self._head_VH, self._head_bias_V = network.head.weight.clone(), network.head.bias.clone()
            self._norm = _Norm(network.norm)
            layers = zip(network.layers, network.norms, strict=True)
            self._layers = [_Layer(cast("RecurrentLayer", layer), norm, network.architecture.residual) for layer, norm in layers]
            self._table_VG = self._input_table()
        matrices = [self._head_VH, *(layer.input_GI for layer in self._layers)]
        self._alone = max(matrix.numel() for matrix in matrices) < _MIN_SHARED_NUMBERS

    def _input_table(self) -> Tensor | None:
        """The first layer's input product of every token; None where it would be too large, or depends on the clock too."""
        first = self._layers[0]
        if self._clock_PE is not None or self.vocab_size * len(first.input_bias_G) > _MAX_TABLE_NUMBERS:
            return None
        return F.linear(first.norm(self._embedding_VE), first.input_GI, first.input_bias_G)

    def start(self) -> Carried:
        """The state before the first token."""
        return self.carried(self.network.zero_state(1))

    @staticmethod
    def carried(state: State) -> Carried:
        """The state of a single stream, B = 1, as this decoder carries it."""
        clock = 0 if state.clock_B is None else int(state.clock_B[0])
        return Carried(tuple(tuple(part_BH[0] for part_BH in layer) for layer in state.layers), clock)

    def step(self, token: int, carried: Carried) -> tuple[Tensor, Carried]:
        """Reads one token: the logits of shape (V,) for the next one, and the state after it. Nothing that is passed in changes."""
        with torch.inference_mode(), self._threads():
            return self._step(token, carried)

    def _step(self, token: int, carried: Carried) -> tuple[Tensor, Carried]:
        x_H, after, clock = self._embedding_VE[token], [], 0
        if self._clock_PE is not None:
            clock = self._tick(token, carried.clock)
            x_H = x_H + self._clock_PE[clock % len(self._clock_PE)]
        for number, (layer, state) in enumerate(zip(self._layers, carried.layers, strict=True)):
            if number == 0 and self._table_VG is not None:
                from_input_G = self._table_VG[token]
            else:
                from_input_G = torch.addmv(layer.input_bias_G, layer.input_GI, layer.norm(x_H))
            y_H, *rest = layer.cell(from_input_G, *state)
            x_H = x_H + y_H if layer.residual else y_H
            after.append((y_H, *rest))
        return torch.addmv(self._head_bias_V, self._head_VH, self._norm(x_H)), Carried(tuple(after), clock)

    def _tick(self, token: int, clock: int) -> int:
        """The clock after a token; see `model/language_model.py`."""
        architecture = self.network.architecture
        if token == 0:
            return 0
        return clock + (architecture.clock_low <= token <= architecture.clock_high)

    def read(self, ids: Sequence[int], carried: Carried) -> tuple[Tensor, Carried]:
        """Reads a prompt of at least one id with the network's fused kernels: the logits of shape (V,) after it, and the state.

        The same ids from the same state always take the same way, so a prompt gives the same numbers whatever is generated after it.
        """
        clock_B = None if self._clock_PE is None else torch.tensor([carried.clock], device=self.network.device)
        state = State(tuple(tuple(part_H.unsqueeze(0) for part_H in layer) for layer in carried.layers), clock_B)
        with self._threads():
            logits_V, state = reading.read(self.network, ids, state)
        return logits_V, self.carried(state)

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """A single thread, unless the matrices are large."""
        before = torch.get_num_threads()
        if before == 1 or not self._alone:
            yield
            return
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


class _Norm:
    """A copy of a layer normalisation, or of the identity, without a module's overhead."""

    def __init__(self, module: nn.Module) -> None:
        self._numbers: tuple[list[int], Tensor, Tensor, float] | None = None
        if isinstance(module, nn.LayerNorm):
            self._numbers = (list(module.normalized_shape), module.weight.clone(), module.bias.clone(), module.eps)

    def __call__(self, x: Tensor) -> Tensor:
        return x if self._numbers is None else torch.layer_norm(x, *self._numbers)


class _Layer:
    """What a step needs of one recurrent layer."""

    def __init__(self, layer: RecurrentLayer, norm: nn.Module, residual: bool) -> None:  # noqa: FBT001 - read in place
        weights = layer.weights
        self.norm = _Norm(norm)
        self.residual = residual and weights.input_GI.shape[1] == layer.hidden_size
        self.cell = _CELLS[layer.cell](weights)
        self.input_GI = self.cell.arrange(weights.input_GI)
        self.input_bias_G = self.cell.arrange(weights.input_bias_G)
        if self.cell.one_bias:
            self.input_bias_G = self.input_bias_G + self.cell.arrange(weights.recurrent_bias_G)


class _LstmCell:
    """`lstm_step` of `model/cells.py` on vectors. The gates are stacked i, f, o, g: three sigmoids in one call, then one tanh."""

    one_bias = True

    def __init__(self, weights: Weights) -> None:
        self._recurrent_GH = self.arrange(weights.recurrent_GH)
        gates, size = self._recurrent_GH.shape
        self._gates_G = self._recurrent_GH.new_empty(gates)
        self._sigmoids, self._candidate_H = self._gates_G[: 3 * size], self._gates_G[3 * size :]
        self._input_H, self._forget_H, self._output_H = self._sigmoids.split(size)
        self._squashed_H = self._recurrent_GH.new_empty(size)

    @staticmethod
    def arrange(stacked_G: Tensor) -> Tensor:
        """A copy with the gates in this cell's order."""
        i, f, g, o = stacked_G.chunk(4)
        return torch.cat([i, f, o, g])

    def __call__(self, from_input_G: Tensor, h_H: Tensor, c_H: Tensor) -> tuple[Tensor, Tensor]:
        torch.addmv(from_input_G, self._recurrent_GH, h_H, out=self._gates_G)
        self._sigmoids.sigmoid_()
        self._candidate_H.tanh_()
        c_H = torch.mul(self._forget_H, c_H).addcmul_(self._input_H, self._candidate_H)
        torch.tanh(c_H, out=self._squashed_H)
        return torch.mul(self._output_H, self._squashed_H), c_H


class _GruCell:
    """`gru_step` of `model/cells.py` on vectors."""

    one_bias = False

    def __init__(self, weights: Weights) -> None:
        self._recurrent_GH = self.arrange(weights.recurrent_GH)
        self._recurrent_bias_G = self.arrange(weights.recurrent_bias_G)
        self._size = self._recurrent_GH.shape[1]

    @staticmethod
    def arrange(stacked_G: Tensor) -> Tensor:
        """A copy; the order is torch's."""
        return stacked_G.detach().clone()

    def __call__(self, from_input_G: Tensor, h_H: Tensor) -> tuple[Tensor]:
        both = 2 * self._size
        from_state_G = torch.addmv(self._recurrent_bias_G, self._recurrent_GH, h_H)
        r_H, z_H = torch.add(from_input_G[:both], from_state_G[:both]).sigmoid_().split(self._size)
        n_H = torch.addcmul(from_input_G[both:], r_H, from_state_G[both:]).tanh_()
        return (torch.lerp(n_H, h_H, z_H),)


class _RnnCell:
    """`rnn_step` of `model/cells.py` on vectors."""

    one_bias = True

    def __init__(self, weights: Weights) -> None:
        self._recurrent_GH = self.arrange(weights.recurrent_GH)

    @staticmethod
    def arrange(stacked_G: Tensor) -> Tensor:
        """A copy; there is one gate."""
        return stacked_G.detach().clone()

    def __call__(self, from_input_G: Tensor, h_H: Tensor) -> tuple[Tensor]:
        return (torch.addmv(from_input_G, self._recurrent_GH, h_H).tanh_(),)


_CELLS: Final = {"lstm": _LstmCell, "gru": _GruCell, "rnn": _RnnCell}


class Decoder:
    """TEMPORARY: lanes one after the other."""

    def __init__(self, network: LanguageModel) -> None:
        self.network = network
        self.vocab_size = network.architecture.vocab_size
        self._one = OneDecoder(network)

    def start(self, lanes: int = 1) -> State:
        return self.network.zero_state(lanes)

    def step(self, ids_B: Sequence[int], state: State) -> tuple[Tensor, State]:
        logits, states = [], []
        for place, token in enumerate(ids_B):
            logits_V, carried = self._one.step(token, OneDecoder.carried(state.select(torch.tensor([place]))))
            logits.append(logits_V)
            clock_B = None if state.clock_B is None else torch.tensor([carried.clock])
            states.append(State(tuple(tuple(part.unsqueeze(0) for part in layer) for layer in carried.layers), clock_B))
        return torch.stack(logits), State.joined(states)

    def read(self, ids: Sequence[int], state: State) -> tuple[Tensor, State]:
        with self._one._threads():
            return reading.read(self.network, ids, state)
