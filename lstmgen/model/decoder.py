"""One token after the other, fast: the twin of `LanguageModel` for any number of streams side by side, here called lanes.

torch's fused recurrent kernels rearrange all weights on every call, which for a single token costs ten times the arithmetic. Here
every token is a few products on weights that lie ready, and what the first layer makes of its input, which depends on the token alone, is
looked up in a table. On a GPU a token is one CUDA graph, always of as many lanes as it has room for, which takes it as long as one.

Lane i gives the same numbers, bit for bit, whatever the number of lanes, whatever the others hold, and whatever the number of threads.
That rests on how torch's kernels work (`products.py`; a cell without a kernel takes torch's usual products, whose rows are the same from
four on), so it is proven before it is used: the first time that a number of lanes is wanted, some tokens are read by all of them together
and by some of them alone. Where that differs, the lanes are stepped one after the other. So that few numbers have to be proven, lanes are
filled up to 1, 2, 4, 8, 12, 16, 24, 32, 48 and so on.

A decoder holds a copy of the weights as they were when it was made. Letters: T tokens, B lanes, E embedding, H hidden, V vocabulary,
P period of the clock, I width of a layer's input.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lstmgen.ids import Ids
from lstmgen.model import reading
from lstmgen.model.arrays import Array, arrays_for
from lstmgen.model.captured import Captured, Tensors
from lstmgen.model.cells.base import Cell, Weights
from lstmgen.model.compiled import ahead, code
from lstmgen.model.compiled.agreement import agreed, unsuitable
from lstmgen.model.compiled.step import CompiledStep, facts
from lstmgen.model.gaps import InGap
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.layers import RecurrentLayer
from lstmgen.model.products import Precision, Products
from lstmgen.model.state import State
from lstmgen.model.summing import LEAST_HEAD, MAX_TABLE_NUMBERS, MOST_LANES, MOST_STEPPED
from lstmgen.model.token_parts import LEAST_ROWS, Clock, Norm, Rows, TokenLayer, Told, by_equations, told_table

GPU_ROWS: Final = 64
"""Lanes that a GPU steps at once, filled or not, so that all of them meet the same kernels."""
_PROOF_TOKENS: Final = 2
"""The first one begins at zeros, which prove little."""
_MIN_SHARED_NUMBERS: Final = 2**22
"""Smallest matrix for which reading a prompt takes several threads. Below it waiting for one another costs more than the work, and many
times more where other programs use the same cores."""

_IDS: Final = "ids"
_LOGITS: Final = "logits"

Held = tuple[int, int, int, float]
"""A number of the state: layer, tensor, place in it, and the value at which it is held."""


class Decoder:
    """The network for lanes in inference.

    Args:
        network: the model; its training mode is left as it is.
        precision: of the weights in products: `bf16`, `int8`, or `fp32`, which leaves them as they are. All else, the state too, keeps the
            network's number type.

    Attributes:
        products: how products are computed: with packed weights, or as weighted sums where these gave other numbers.
        compiled: the token in compiled loops; None: not, or not yet.
    """

    def __init__(self, network: LanguageModel, *, precision: Precision = "fp32") -> None:
        self.network = network
        self.vocab_size = network.architecture.vocab_size
        self._device = network.device
        self.products = Products(precision)
        self.products.packed = self._device.type == "cpu"
        self._proven: dict[tuple[int, int], bool] = {}
        layers = [cast("RecurrentLayer", layer) for layer in network.layers]
        with torch.inference_mode():
            self._by = arrays_for(network.embedding.weight)
            self._embedding_VE = network.embedding.weight.clone()
            self._clock = None if network.clock is None else Clock(network)
            self._told: Told | None = None
            self._layers = [self._layer(layer, norm) for layer, norm in zip(layers, network.norms, strict=True)]
            self._norm = Norm(network.norm)
            self._head = self.products.of(network.head.weight, least=LEAST_HEAD)
            self._head_bias_V = self._by.view(network.head.bias.clone())
        self._least = LEAST_ROWS if any(layer.cell.kernel is None for layer in layers) else 1
        matrices = [network.head.weight, *(weight for layer in layers for weight in layer.weights.values())]
        self._alone = max(matrix.numel() for matrix in matrices) < _MIN_SHARED_NUMBERS
        self.cell = layers[0].cell
        self._held: tuple[Held, ...] = ()
        self._last: tuple[State | None, list[tuple[Array, ...]]] = (None, [])
        """The state that was given last, and its arrays: it usually comes back."""
        self._gap: InGap | None = None
        self._captured = self._capturing()
        self.compiled: CompiledStep | None = None
        self._last_compiled: tuple[State | None, State | None] = (None, None)
        """The same of compiled loops."""
        unsuited = unsuitable(network, self._layers, precision)
        self._in_steps = not unsuited and precision == "fp32"
        self._uncompiled = unsuited or code.problem()
        self._ahead = None if self._uncompiled else ahead.Ahead()

    @property
    def state_sizes(self) -> list[list[int]]:
        """By layer, how many numbers each tensor of a stream's state has."""
        return [[part[0].numel() for part in layer] for layer in self.start().layers]

    def holding(self, held: Sequence[Held]) -> Decoder:
        """The same decoder, which sets some numbers of the state before every step; it reads as before."""
        other = copy.copy(self)
        other._held = (*self._held, *held)  # noqa: SLF001 - of its own kind
        return other

    def in_gap(self, behind: Ids | None = None) -> Decoder:
        """The same decoder within a gap: in the place of the boundary stands the end of the gap, as likely as the network says.

        Args:
            behind: what follows the gap, to the end of the item and its boundary, for a network that reads it from right to left; None: it
                was read before the gap.

        Raises:
            ValueError: the network knows no gaps, or does not read from right to left.
        """
        other = copy.copy(self)
        other._gap, other._proven = InGap(self.network, behind), {}  # noqa: SLF001 - of its own kind
        other._least = max(self._least, LEAST_ROWS)  # noqa: SLF001
        other._captured = other._capturing()  # noqa: SLF001
        other.compiled, other._ahead = None, None  # noqa: SLF001
        return other

    def _set(self, state: State) -> State:
        layers = [list(layer) for layer in state.layers]
        for layer, part, unit, value in self._held:
            tensor_B = layers[layer][part] = layers[layer][part].clone()
            tensor_B.view(len(tensor_B), -1)[:, unit] = value
        return replace(state, layers=tuple(map(tuple, layers)))

    def compile(self) -> bool:
        """Takes compiled loops where it can, once they have given the numbers of the usual path; whether it takes them.

        A decoder that reads much does so by itself, when another process has compiled them.
        """
        self._ahead = None
        if not self._uncompiled:
            self.compiled, self._uncompiled = agreed(self.network, self._layers, self.products.precision, alone=self._alone_with)
        return self.compiled is not None

    def keep_ready(self) -> None:
        """Sees to it that processes to come can draw from such a network without torch, where that is possible: `runs/loading.py`."""
        if self._ahead is None or not self._in_steps:
            return
        loops = code.load()
        if loops is None:
            ahead.begin()
        elif not code.is_proven(loops, facts(self.network.architecture, self.products.precision)):
            self.compile()

    def _alone_with(self, token: int, state: State) -> tuple[Tensor, State]:
        """A token of one lane on the usual path."""
        with torch.inference_mode():
            return self._side_by_side([token], state, self._least)

    @property
    def lanes_agree(self) -> bool:
        """Whether every number of lanes wanted so far runs side by side; where not, lanes are stepped one after the other."""
        return all(self._proven.values())

    @property
    def path(self) -> str:
        """How it steps, for people."""
        lanes = "lanes side by side" if self.lanes_agree else "lanes one after the other: their numbers would differ"
        compiled = "compiled loops" if self.compiled else self._uncompiled or (self._ahead.problem if self._ahead else "")
        return "; ".join(filter(None, [self.products.path, lanes, self._captured.path if self._captured else compiled]))

    def _capturing(self) -> Captured | None:
        return Captured(self._advanced, self._device, rows=GPU_ROWS) if self._device.type == "cuda" else None

    def _layer(self, layer: RecurrentLayer, module: nn.Module) -> TokenLayer:
        cell, architecture, norm = layer.cell, self.network.architecture, Norm(module)
        weights = {name: weight.detach() for name, weight in layer.weights.items()}
        first = layer is self.network.layers[0]
        table_VG = self._table(cell, weights, norm) if first and self._clock is None else None
        kernel = by_equations(cell, weights) if cell.kernel is None else cell.kernel(weights, self.products, table_VG is not None)
        if first and self.network.matches is not None:
            self._told = Told(self.network, None if table_VG is None else told_table(self.network, kernel))
        residual = architecture.residual and (not first or architecture.embedding_size == architecture.hidden_size)
        return TokenLayer(kernel, norm, residual, table_VG)

    def _table(self, cell: Cell, weights: Weights, norm: Norm) -> Array | None:
        """What the first layer makes of every token; None where the cell does not say or the table would be too large."""
        if cell.hoist is None or cell.kernel is None:
            return None
        width = cell.hoist(self._embedding_VE[:1], weights).shape[1]
        memories = self.network.architecture.memories
        fits = width * max(self.vocab_size, memories.rows if memories else 0) <= MAX_TABLE_NUMBERS
        by = self._by
        return by.view(cell.hoist(by.tensor(norm(by.view(self._embedding_VE))), weights)) if fits else None

    def start(self, lanes: int = 1) -> State:
        """The state of lanes before their first token."""
        return self.network.zero_state(lanes)

    def step(self, ids_B: Sequence[int] | NDArray[np.integer] | Tensor, state: State) -> tuple[Tensor, State]:
        """Reads one token in every lane: the logits of shape (B, V) for the next ones, and the state after them.

        Nothing that is passed in changes.

        Raises:
            IndexError: an id is not in the vocabulary.
        """
        ids: list[int] = list(ids_B) if isinstance(ids_B, Sequence) else ids_B.tolist()
        if min(ids) < 0 or max(ids) >= self.vocab_size:
            raise IndexError(f"the ids lie in {min(ids)} .. {max(ids)}, expected 0 .. {self.vocab_size - 1}")
        if self._captured is not None and len(ids) > GPU_ROWS:
            firsts = range(0, len(ids), GPU_ROWS)
            parts = [self.step(ids[first : first + GPU_ROWS], state.select(slice(first, first + GPU_ROWS))) for first in firsts]
            return torch.cat([logits_BV for logits_BV, _ in parts]), State.joined([after for _, after in parts])
        return self._stepped(ids, self._set(state) if self._held else state)

    def _stepped(self, ids: list[int], state: State) -> tuple[Tensor, State]:
        if self._ahead is not None and self._ahead.ready(len(ids)):
            self.compile()
        if self.compiled is not None:
            last, arrays = self._last_compiled
            logits, after = self.compiled(ids, arrays if last is state and arrays is not None else state)
            state = after.in_tensors()
            self._last_compiled = state, after
            return torch.from_numpy(logits), state
        before = self.products.threads = torch.get_num_threads()
        try:
            torch.set_num_threads(1)  # large products take all of them
            with torch.inference_mode(), np.errstate(all="ignore"):  # what is not a number shows in the logits
                if len(ids) == 1:
                    return self._side_by_side(ids, state, self._least)
                rows = GPU_ROWS if self._captured is not None else _filled_up(max(len(ids), self._least))
                if self._agree(rows):
                    return self._side_by_side(ids, state, rows)
                ones = [self._side_by_side([token], state.select(slice(lane, lane + 1)), self._least) for lane, token in enumerate(ids)]
                return torch.cat([logits_1V for logits_1V, _ in ones]), State.joined([after for _, after in ones])
        finally:
            torch.set_num_threads(before)

    def _agree(self, lanes: int) -> bool:
        """Whether this number of lanes gives the numbers of one; found out once, and again where that takes another kind of product."""
        key = (lanes, self.products.threads)
        if key not in self._proven:
            self._proven[key] = self._prove(lanes)
            if not self._proven[key] and self.products.packed:
                self.products.packed = False
                self._proven = {key: self._prove(lanes)}
        return self._proven[key]

    def _prove(self, lanes: int) -> bool:
        ids_TB = np.random.default_rng(lanes).integers(self.vocab_size, size=(_PROOF_TOKENS, lanes)).tolist()
        logits_BV, together = torch.empty(0), self.start(lanes)
        for ids in ids_TB:
            logits_BV, together = self._step(ids, together)
        for lane in {0, lanes // 2, lanes - 1}:
            logits_1V, alone = torch.empty(0), self.start()
            for ids in ids_TB:
                logits_1V, alone = self._side_by_side(ids[lane : lane + 1], alone, self._least)
            same = together.select(slice(lane, lane + 1)).tensors()
            if not torch.equal(logits_1V[0], logits_BV[lane]) or not all(map(torch.equal, alone.tensors().values(), same.values())):
                return False
        return True

    def _side_by_side(self, ids: list[int], state: State, rows: int) -> tuple[Tensor, State]:
        """All lanes in one go, filled up with copies to this number of rows."""
        lanes = len(ids)
        if rows == lanes or self._captured is not None:
            return self._step(ids, state)
        copies = state.select(torch.arange(rows, device=self._device) % lanes)
        logits_BV, after = self._step([ids[row % lanes] for row in range(rows)], copies)
        return logits_BV[:lanes], after.select(slice(lanes))

    def _step(self, ids: list[int], state: State) -> tuple[Tensor, State]:
        if self._captured is None:
            return self._advance(Rows(ids, self._by), state)
        advanced = self._captured({_IDS: torch.tensor(ids), **state.tensors()})
        copies = {name: tensor[: len(ids)].clone() for name, tensor in advanced.items()}
        return copies.pop(_LOGITS), State.from_tensors(copies)

    def _advanced(self, given: Tensors) -> Tensors:
        """A token from tensors to tensors."""
        given = dict(given)
        logits_BV, after = self._advance(Rows(given.pop(_IDS), self._by), State.from_tensors(given))
        return {_LOGITS: logits_BV, **after.tensors()}

    def advance(self, ids_B: Tensor, state: State) -> tuple[Tensor, State]:
        """`step` for ids that only the device knows, of as many lanes as it steps at once, as a part of a graph."""
        return self._advance(Rows(ids_B, self._by), self._set(state) if self._held else state)

    @property
    def block_lanes(self) -> int:
        """Of how many lanes many tokens can be drawn at a time, without the host; 0: of none.

        By the GPU, where lanes are the same in any company there, or by compiled loops.
        """
        if self.compiled is not None:
            return 0 if self._held else MOST_LANES
        if self._captured is None or self._gap is not None:
            return 0
        with torch.inference_mode():
            return GPU_ROWS if self._agree(GPU_ROWS) else 0

    def _advance(self, rows: Rows, state: State) -> tuple[Tensor, State]:
        by, clock_B, after = self._by, state.clock_B, []
        last, arrays = self._last
        if last is not state:
            arrays = [tuple([by.view(part_BH) for part_BH in layer]) for layer in state.layers]
        first, x_BI = self._layers[0], None
        if first.table_VG is None or first.residual:
            x_BI = rows.of(by.view(self._embedding_VE))
        if self._clock is not None and clock_B is not None:
            clock_B, time_BE = self._clock(rows, clock_B)
            x_BI = by.add(x_BI, time_BE)
        memory_BM, told = state.memory_BM, list[Array]()
        if self._told is not None and memory_BM is not None:
            memory_BM, told = self._told(rows.ids, memory_BM)
        for layer, carried in zip(self._layers, arrays, strict=True):
            given_BI = layer.norm(x_BI) if layer.table_VG is None else rows.of(layer.table_VG)
            if layer is first:
                given_BI = reduce(by.add, told, given_BI)
            y_BH, carried_on = layer.kernel(given_BI, carried)
            x_BI = by.add(x_BI, y_BH) if layer.residual else y_BH
            after.append(carried_on)
        state = State(tuple([tuple([by.tensor(part_BH) for part_BH in layer]) for layer in after]), clock_B, memory_BM)
        if self._captured is None:  # what a graph gives is another value at the next launch
            self._last = state, after
        return self._logits(self._norm(x_BI)), state

    def _logits(self, hidden_BH: Array) -> Tensor:
        by, gap = self._by, self._gap
        if gap is None:
            return by.tensor(by.add(self._head(hidden_BH), self._head_bias_V))
        joined_BH = gap.joined(by.tensor(hidden_BH))
        return gap.ended(by.tensor(by.add(self._head(by.view(joined_BH)), self._head_bias_V)), joined_BH)

    def window(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
        """Reads tokens of shape (T, B) step by step: logits of shape (T, B, V) and the state, as the network gives them for a window."""
        logits_TBV = torch.empty(*ids_TB.shape, self.vocab_size, dtype=self._embedding_VE.dtype, device=self._device)
        for logits_BV, ids_B in zip(logits_TBV, ids_TB.tolist(), strict=True):
            after_BV, state = self.step(ids_B, state)
            logits_BV.copy_(after_BV)
        return logits_TBV, state

    def read(self, ids: Sequence[int], state: State) -> tuple[Tensor, State]:
        """Reads a prompt of one stream, of at least one id: the logits of shape (V,) after it, and the state.

        A long one is read with the network's fused kernels; a short one step by step where tokens can be compiled, so that it needs
        nothing else. The same ids from the same state always take the same way, so a prompt gives the same numbers whatever is generated
        after it.
        """
        gap, network = self._gap, self.network
        if self._in_steps and gap is None and len(ids) <= MOST_STEPPED:
            logits_BV = torch.empty(0)
            for token in ids:
                logits_BV, state = self._stepped([token], state)
            return logits_BV[0].clone(), state

        def forward(ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
            if gap is None:
                return network(ids_TB, state)
            hidden_TBH, after = network.hidden(ids_TB, state)
            last_BH = gap.joined(hidden_TBH[-1])
            return gap.ended(network.head(last_BH), last_BH)[None], after

        with self._threads():
            return reading.read(network, ids, state, forward=forward)

    def read_lanes(self, ids_TB: Tensor, state: State) -> tuple[Tensor, State]:
        """Reads tokens of shape (T, B) in lanes as `read` does: the logits of shape (T, B, V) after each, and the state."""
        with self._threads(), reading.inference(self.network):
            return self.network(ids_TB.to(self._device), state)

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """A single thread, unless the matrices are large."""
        before = torch.get_num_threads()
        torch.set_num_threads(1 if self._alone else before)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _filled_up(lanes: int) -> int:
    """The least of 1, 2, 4, 8, 12, 16, 24, 32, 48 ... that holds these lanes; multiples of four suit every processor's registers."""
    power = 1 << (lanes - 1).bit_length()
    return power * 3 // 4 if power > 8 and lanes <= power * 3 // 4 else power
