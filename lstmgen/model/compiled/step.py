"""A token of a network as compiled loops: what they take from its weights, and how they are called. No torch.

As its numbers are those of the usual path, a decoder may change to it at any token, and nobody can tell from a sample when that was.

Letters: B lanes, L layers, H hidden, I input, E embedding, G stacked gates, V vocabulary, K tokens of a block, W outputs side by side.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.model.architecture import Architecture
from lstmgen.model.compiled import layout
from lstmgen.model.compiled.code import Code
from lstmgen.model.compiled.layout import BF16, FP32, INT8, Block, Choice, Inputs, Lanes, Matrices, Network, W
from lstmgen.model.compiled.numpy_loops import addresses
from lstmgen.model.state import State
from lstmgen.model.summing import LEAST_HEAD, LEAST_SCALE, MAX_TABLE_NUMBERS, MIN_SHARED, NORM_EPS, STEPS, part_of

Weights = Mapping[str, NDArray[np.float32]]
"""By the names of `Architecture.shapes`, the layers those of an LSTM."""
_KINDS: Final = {"fp32": FP32, "bf16": BF16, "int8": INT8}
_SMALL: Final = np.float32(1e-23)
"""Its square is too small to be kept, unless such numbers are."""
_ROWS: Final = 64
"""Of the table of inputs that are made at a time."""


def suits(architecture: Architecture, precision: str) -> bool:
    """Whether loops know such a network, if its cell is an LSTM."""
    size, embedding_size = architecture.hidden_size, architecture.embedding_size
    rows = max(architecture.vocab_size, architecture.memories.rows if architecture.memories else 0)
    if architecture.clock_period or architecture.labels or 4 * size * rows > MAX_TABLE_NUMBERS:
        return False
    if precision == "int8":
        return size % 4 == 0
    widths = {size, 2 * size} if architecture.num_layers > 1 else {size}
    return embedding_size > 0 and (precision == "fp32" or all(part_of(width, precision) % 2 == 0 for width in widths))


def facts(architecture: Architecture, precision: str) -> dict[str, Any]:
    """What it depends on whether loops have the numbers of the usual path; not on weights, for both go by the shape."""
    return {**architecture.to_json(), "dropout": 0, "precision": precision}


@final
class CompiledStep:
    """Reads and draws tokens in lanes, as many at a time as there are threads.

    Args:
        code: the loops.
        weights: of a network that `suits`.
        architecture: of it.
        precision: of the weights in products.
        threads: says how many.

    Raises:
        RuntimeError: the loops do not run here.
    """

    def __init__(
        self, code: Code, weights: Weights, architecture: Architecture, *, precision: str = "fp32", threads: Callable[[], int]
    ) -> None:
        self._code, self._threads, self._size, self._layers = code, threads, architecture.hidden_size, architecture.num_layers
        self._vocab_size = architecture.vocab_size
        self.network = _prepared(code, weights, architecture, precision)
        self._words, self._kept = layout.words(self.network)
        self._memories = architecture.memories
        self._multiplications = 4 * self._size**2 * (2 * self._layers - 1) + self._size * self._vocab_size
        self._last: tuple[State | None, NDArray[np.float32]] = (None, np.zeros(0, dtype=np.float32))

    def start(self, lanes: int = 1) -> State:
        """The state of lanes before their first token."""
        memory_BM = None if self._memories is None else self._memories.start(lanes)
        return self._state(np.zeros((lanes, self._layers, 2, self._size), dtype=np.float32), memory_BM)

    def __call__(self, ids: Sequence[int] | Ids, state: State) -> tuple[NDArray[np.float32], State]:
        """Reads one token in every lane: the logits of shape (B, V) for the next ones, and the state after them.

        What is passed in stays as it is; the arrays of a state may be tensors on the CPU.
        """
        id_B, numbers_BL2H, memory_BM = np.array(ids, dtype=np.int64), self._numbers(state), _memory(state)
        logits_BV = np.empty((len(ids), self._vocab_size), dtype=np.float32)

        def share(lanes: slice) -> bool:
            words, kept = self._lanes(id_B[lanes], numbers_BL2H[lanes], logits_BV[lanes], memory_BM, lanes)
            return self._code.call("token", words + self._words) and bool(kept)

        self._in_shares(share, len(ids))
        return logits_BV, self._state(numbers_BL2H, memory_BM)

    def read(self, ids: Sequence[int], state: State) -> tuple[NDArray[np.float32], State]:
        """Reads tokens of one stream, at least one: the logits of shape (V,) after them, and the state."""
        id_K, numbers_1L2H, memory_1M = np.array(ids, dtype=np.int64), self._numbers(state), _memory(state)
        logits_1V = np.empty((1, self._vocab_size), dtype=np.float32)
        for k in range(len(id_K)):
            words, _kept = self._lanes(id_K[k : k + 1], numbers_1L2H, logits_1V, memory_1M)
            self._code.call("token", words + self._words)
        return logits_1V[0], self._state(numbers_1L2H, memory_1M)

    @staticmethod
    def choice(*, temperature: float, top_k: int, top_p: float, least: float, allowed_V: NDArray[np.bool_] | None) -> Choice:
        """How `draw` is to choose."""
        everything = np.zeros(0, dtype=np.bool_)
        return Choice(float(temperature), top_k, float(top_p), least, everything if allowed_V is None else allowed_V.copy())

    def draw(
        self, choice: Choice, logits_BV: Any, state: State, uniforms_BK: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32], State] | None:
        """Tokens of shape (K, B) and their surprisals; the logits and the state behind them.

        None: the logits of a lane held no number.
        """
        numbers_BL2H, memory_BM, after_BV = self._numbers(state), _memory(state), np.asarray(logits_BV).copy()
        token_KB, nats_KB = np.zeros(uniforms_BK.T.shape, dtype=np.int64), np.zeros(uniforms_BK.T.shape)
        chosen_by, _kept = layout.words(choice)

        def share(lanes: slice) -> bool:
            here: tuple[Any, ...] = (uniforms_BK.T, token_KB, nats_KB)
            drawn = Block(*(np.ascontiguousarray(each[:, lanes]) for each in here))
            words, kept = self._lanes(drawn.token_KB[0], numbers_BL2H[lanes], after_BV[lanes], memory_BM, lanes)
            block, others = layout.words(drawn)
            usable = self._code.call("block", words + block + chosen_by + self._words)
            token_KB[:, lanes], nats_KB[:, lanes] = drawn.token_KB, drawn.nats_KB
            return usable and bool(kept) and bool(others)

        if not self._in_shares(share, len(uniforms_BK), tokens=uniforms_BK.shape[1]):
            return None
        return token_KB, nats_KB, after_BV, self._state(numbers_BL2H, memory_BM)

    def _lanes(
        self,
        id_B: Ids,
        state_BL2H: NDArray[np.float32],
        logits_BV: NDArray[np.float32],
        memory_BM: NDArray[np.int32] | None,
        lanes: slice = slice(None),
    ) -> tuple[list[int], list[Any]]:
        room = layout.room(len(id_B), self._size, 4 * self._size, self._vocab_size)
        memory_BM = np.zeros((len(id_B), 0), np.int32) if memory_BM is None else memory_BM[lanes]
        row_BR = np.empty((len(id_B), 2 * len(self.network.order_N)), np.int64)
        return layout.words(Lanes(room, id_B, state_BL2H, logits_BV, memory_BM, row_BR))

    def _in_shares(self, share: Callable[[slice], bool], lanes: int, *, tokens: int = 1) -> bool:
        """Whether every thread that takes some of the lanes says so."""
        threads = min(self._threads(), lanes)
        if threads == 1 or lanes * tokens * self._multiplications < MIN_SHARED:
            return share(slice(lanes))
        borders = [lanes * part // threads for part in range(threads + 1)]
        flushed = bool(_SMALL * _SMALL == 0)

        def elsewhere(first: int, last: int) -> bool:
            if flushed:
                self._code.flush()  # each thread has its own setting
            return share(slice(first, last))

        others = [_helpers(flushed).submit(elsewhere, first, last) for first, last in itertools.pairwise(borders[1:])]
        return all([share(slice(borders[1])), *(other.result() for other in others)])

    def _numbers(self, state: State) -> NDArray[np.float32]:
        """A copy of a state's numbers."""
        last, numbers_BL2H = self._last
        if last is state:  # it usually comes back
            return numbers_BL2H.copy()
        return np.stack([np.stack([np.asarray(part_BH) for part_BH in layer], axis=1) for layer in state.layers], axis=1)

    def _state(self, numbers_BL2H: NDArray[np.float32], memory_BM: Any) -> State:
        layers = tuple([(layer_B2H[:, 0], layer_B2H[:, 1]) for layer_B2H in numbers_BL2H.swapaxes(0, 1)])
        state = State(layers, memory_BM=memory_BM)
        self._last = state, numbers_BL2H
        return state


def _memory(state: State) -> NDArray[np.int32] | None:
    """A copy of what a state remembers."""
    return None if state.memory_BM is None else np.asarray(state.memory_BM).copy()


@functools.cache
def _helpers(flushed: bool) -> ThreadPoolExecutor:  # noqa: FBT001 - a kind of thread
    """Threads that have this setting, and keep it."""
    del flushed
    return ThreadPoolExecutor(max_workers=1024, thread_name_prefix="lanes")  # it starts those that it needs


def _arranged(stacked_G: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gates as `cells/lstm.py` arranges them."""
    i, f, g, o = np.split(stacked_G, 4)
    half = np.float32(0.5)
    return np.concatenate([half * i, half * f, half * o, g])


def _prepared(code: Code, weights: Weights, architecture: Architecture, precision: str) -> Network:
    layers, size = range(architecture.num_layers), architecture.hidden_size
    recurrent = [_arranged(weights[f"layers.{layer}.recurrent_weight"]) for layer in layers]
    inputs = [_arranged(weights[f"layers.{layer}.input_weight"]) for layer in layers]
    biases = [_arranged(weights[f"layers.{layer}.bias"]) for layer in layers]
    norms = [f"norms.{layer}" for layer in layers] + ["norm"]
    normed = [np.stack([weights[f"{name}.weight"], weights[f"{name}.bias"]]) for name in norms if architecture.layer_norm]
    head_VH = weights["embedding.weight" if architecture.tied else "head.weight"]
    table = functools.partial(_inputs_of, code, weights["embedding.weight"], normed[:1], inputs[0], biases[0])
    memories, told = architecture.memories, functools.partial(_inputs_of, code, norm=(), matrix_GE=inputs[0])
    parts = [[recurrent[0]], *([inputs[layer], recurrent[layer]] for layer in layers[1:])]
    return Network(
        addresses=addresses(),
        table_VG=table(),
        embedding_VE=np.ascontiguousarray(weights["embedding.weight"]),
        layers=_matrices(parts, _KINDS[precision]),
        bias_LG=_stacked(biases[1:], (0, 4 * size)),
        norm_L2H=_stacked(normed[1:], (0, 2, size)),
        eps=NORM_EPS,
        residual_L=np.array(
            [architecture.residual and (layer > 0 or architecture.embedding_size == size) for layer in layers], dtype=np.int64
        ),
        head=_matrices([[head_VH]], _KINDS[precision] if head_VH.size >= LEAST_HEAD else FP32),
        head_bias_V=np.ascontiguousarray(weights["head.bias"]),
        told_RG=biases[0][None] if memories is None else told(weights["matches.weight"], bias_G=np.zeros_like(biases[0])),
        order_N=np.array(() if memories is None else memories.orders, dtype=np.int64),
        slots=0 if memories is None else memories.slots,
        known=architecture.vocab_size + 1,
        checks=1 if memories is None else memories.checks,
    )


def _inputs_of(
    code: Code, embedding_VE: NDArray[np.float32], norm: Sequence[Any], matrix_GE: NDArray[np.float32], bias_G: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the first layer makes of every token, of shape (V, G)."""
    (vocab_size, inputs), gates = embedding_VE.shape, len(bias_G)
    table_VG = np.empty((vocab_size, gates), dtype=np.float32)
    room, matrix, where = layout.room(_ROWS, inputs, gates, 0), _matrices([[matrix_GE]], FP32), addresses()
    norm_L2E = _stacked(norm, (0, 2, inputs))
    for first in range(0, vocab_size, _ROWS):
        x_BE = np.ascontiguousarray(embedding_VE[first : first + _ROWS])
        task = Inputs(room, where, x_BE, norm_L2E, NORM_EPS, matrix, bias_G, table_VG[first : first + _ROWS])
        words, _kept = layout.words(task)
        code.call("inputs", words)
    return table_VG


def _stacked(arrays: Sequence[Any], empty: tuple[int, ...]) -> NDArray[np.float32]:
    return np.stack(arrays) if arrays else np.zeros(empty, dtype=np.float32)


def _matrices(products: Sequence[Sequence[NDArray[np.float32]]], kind: int) -> Matrices:
    """Products of one kind, each with matrices (G, I) side by side; the last one has the most inputs."""
    numbers, scales, zeros = [], [], []
    for parts in products:
        matrix_GI: NDArray[Any] = np.concatenate(parts, axis=1)
        if kind == INT8:
            matrix_GI, scale_G = _in_steps(matrix_GI)
            scales.append(scale_G)
        filled_GI: NDArray[Any] = np.concatenate([matrix_GI, np.zeros((-len(matrix_GI) % W, matrix_GI.shape[1]), dtype=matrix_GI.dtype)])
        if kind == INT8:
            borders = np.cumsum([part.shape[1] for part in parts])[:-1]
            zeros.append([128 * part_GI.sum(1, dtype=np.int32) for part_GI in np.split(filled_GI, borders, axis=1)])
        words_GR = (_as_bf16(filled_GI) if kind == BF16 else filled_GI).view(np.uint32)
        numbers.append(words_GR.reshape(-1, W, words_GR.shape[1]).swapaxes(1, 2))
    none = [[] for _ in products]
    return Matrices(kind, _filled(numbers, np.uint32), _filled(scales or none, np.float32), _filled(zeros or none, np.int32, rank=2))


def _in_steps(matrix_GI: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights as whole numbers up to `STEPS`, and what a sum of products of such numbers is multiplied with."""
    steps = np.float32(STEPS)
    step_G1 = np.maximum(np.abs(matrix_GI).max(axis=1, keepdims=True) / steps, np.float32(LEAST_SCALE))
    return np.rint(matrix_GI / step_G1).astype(np.int8), (step_G1 / steps)[:, 0]


def _as_bf16(matrix_GI: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Numbers rounded to bf16, to even where they lie between two."""
    word_GI = matrix_GI.view(np.uint32)
    return ((word_GI + 0x7FFF + (word_GI >> 16 & 1)) >> 16).astype(np.uint16)


def _filled(arrays: Sequence[Any], dtype: Any, *, rank: int | None = None) -> NDArray[Any]:
    """Arrays one behind the other, each filled up with zeros to the shape of the last one."""
    arrays = [np.asarray(array, dtype=dtype) for array in arrays]
    shape = arrays[-1].shape if rank is None or arrays[-1].ndim == rank else (0,) * rank
    joined = np.zeros((len(arrays), *shape), dtype=dtype)
    for place, array in zip(joined, arrays, strict=True):
        if array.size:
            place[tuple(map(slice, array.shape))] = array
    return joined
