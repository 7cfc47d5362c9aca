"""A decoder's token, compiled: what it takes from the decoder, and how it is called.

As its numbers are those of the usual path, a decoder may change to it at any token, and nobody can tell from a sample when that was.

Letters: B lanes, L layers, H hidden, I input, G stacked gates, V vocabulary, K tokens of a block, W outputs side by side.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.model.cells import lstm
from lstmgen.model.products import MIN_SHARED, Int8Product, Product
from lstmgen.model.state import State
from lstmgen.model.token_parts import Norm, TokenLayer

_SMALL: Final = np.float32(1e-23)
"""Its square is too small to be kept, unless such numbers are."""


@dataclass(frozen=True)
class Parts:
    """What a decoder holds for its tokens.

    Attributes:
        layers: from the first to the last.
        norm: before the head.
        embedding_VE: of every token.
        head: the product that gives logits.
        head_bias_V: what is added to them.
    """

    layers: Sequence[TokenLayer]
    norm: Norm
    embedding_VE: Tensor
    head: Any
    head_bias_V: NDArray[np.float32]


def problem(parts: Parts) -> str:
    """Why a decoder's token cannot be compiled; empty: it can."""
    if parts.embedding_VE.device.type != "cpu":
        return "not compiled: the network is not on the CPU"
    if importlib.util.find_spec("numba") is None:
        return "not compiled: needs numba, pip install 'lstmgen[fast]'"
    if parts.embedding_VE.dtype != torch.float32 or not all(isinstance(layer.kernel, lstm.Kernel) for layer in parts.layers):
        return "not compiled: not an LSTM in fp32"
    products = [parts.head, *(cast("lstm.Kernel", layer.kernel).product for layer in parts.layers)]
    if parts.layers[0].table_VG is None or not all(product.in_words for product in products):
        return "not compiled: its widths or its vocabulary do not suit"
    return ""


class CompiledStep:
    """Reads and draws tokens in lanes, as many at a time as there are threads.

    Args:
        parts: of a decoder that has no `problem`.
    """

    def __init__(self, parts: Parts) -> None:
        from lstmgen.model.compiled import loops
        from lstmgen.model.compiled.numpy_loops import addresses

        first, *others = parts.layers
        kernels = [layer.kernel for layer in parts.layers]
        lstms = [cast("lstm.Kernel", kernel) for kernel in kernels]
        norms = [layer.norm for layer in others] + [parts.norm]
        self._size, self._loops = lstms[0].size, loops
        self.network = loops.Network(
            addresses=addresses(),
            table_VG=cast("NDArray[np.float32]", first.table_VG),
            embedding_VE=parts.embedding_VE.numpy(),
            layers=_matrices([kernel.product for kernel in lstms]),
            bias_LG=_stacked([kernel.bias_G for kernel in lstms[1:]], (0, 4 * self._size)),
            norm_L2H=_stacked([np.stack(norm.arrays) for norm in norms if norm.arrays], (0, 2, self._size)),
            eps=parts.norm.eps,
            residual_L=np.array([layer.residual for layer in parts.layers], dtype=np.int64),
            head=_matrices([parts.head]),
            head_bias_V=parts.head_bias_V,
        )
        self._multiplications = sum(product.size for product in (*(kernel.product for kernel in lstms), parts.head))
        self._last: tuple[State | None, NDArray[np.float32]] = (None, np.zeros(0, dtype=np.float32))

    def __call__(self, ids: Sequence[int], state: State) -> tuple[Tensor, State]:
        """As `Decoder.step`."""
        id_B, numbers_BL2H = np.array(ids, dtype=np.int64), self._numbers(state)
        logits_BV = np.empty((len(ids), len(self.network.head_bias_V)), dtype=np.float32)

        def share(lanes: slice) -> bool:
            self._loops.token(self.network, id_B[lanes], numbers_BL2H[lanes], logits_BV[lanes])
            return True

        self._in_shares(share, len(ids))
        return torch.from_numpy(logits_BV), self._state(numbers_BL2H)

    def choice(self, *, temperature: float, top_k: int, top_p: float, least: float, allowed_V: NDArray[np.bool_] | None) -> Any:
        """How `draw` is to choose: `loops.Choice`."""
        everything = np.zeros(0, dtype=np.bool_)
        return self._loops.Choice(float(temperature), top_k, float(top_p), least, everything if allowed_V is None else allowed_V.copy())

    def draw(
        self, choice: Any, logits_BV: Tensor, state: State, uniforms_BK: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Tensor, State] | None:
        """Tokens of shape (K, B) and their surprisals, drawn by `loops.Choice`; the logits and the state behind them.

        None: the logits of a lane held no number.
        """
        numbers_BL2H, after_BV = self._numbers(state), logits_BV.clone()
        token_KB, nats_KB = np.zeros(uniforms_BK.T.shape, dtype=np.int64), np.zeros(uniforms_BK.T.shape)

        def share(lanes: slice) -> bool:
            drawn = self._loops.Block(*(np.ascontiguousarray(each[:, lanes]) for each in (uniforms_BK.T, token_KB, nats_KB)))
            usable = self._loops.block(self.network, choice, numbers_BL2H[lanes], after_BV.numpy()[lanes], drawn)
            token_KB[:, lanes], nats_KB[:, lanes] = drawn.token_KB, drawn.nats_KB
            return usable

        if not self._in_shares(share, len(uniforms_BK), tokens=uniforms_BK.shape[1]):
            return None
        return token_KB, nats_KB, after_BV, self._state(numbers_BL2H)

    def _in_shares(self, share: Callable[[slice], bool], lanes: int, *, tokens: int = 1) -> bool:
        """Whether every thread that takes some of the lanes says so."""
        threads = min(torch.get_num_threads(), lanes)
        if threads == 1 or lanes * tokens * self._multiplications < MIN_SHARED:
            return share(slice(lanes))
        borders = [lanes * part // threads for part in range(threads + 1)]
        flushed = bool(_SMALL * _SMALL == 0)

        def elsewhere(first: int, last: int) -> bool:
            torch.set_flush_denormal(flushed)  # each thread has its own setting
            return share(slice(first, last))

        others = [_helpers().submit(elsewhere, first, last) for first, last in itertools.pairwise(borders[1:])]
        return all([share(slice(borders[1])), *(other.result() for other in others)])

    def _numbers(self, state: State) -> NDArray[np.float32]:
        """A copy of a state's numbers."""
        last, numbers_BL2H = self._last
        if last is state:  # it usually comes back
            return numbers_BL2H.copy()
        return np.stack([np.stack([part_BH.numpy() for part_BH in layer], axis=1) for layer in state.layers], axis=1)

    def _state(self, numbers_BL2H: NDArray[np.float32]) -> State:
        layers = torch.from_numpy(numbers_BL2H).unbind(1)
        state = State(tuple([layer_B2H.unbind(1) for layer_B2H in layers]))
        self._last = state, numbers_BL2H
        return state


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1024, thread_name_prefix="lanes")  # it starts those that it needs


def _stacked(arrays: Sequence[Any], empty: tuple[int, ...]) -> NDArray[np.float32]:
    return np.stack(arrays) if arrays else np.zeros(empty, dtype=np.float32)


def _matrices(products: Sequence[Product | Int8Product]) -> Any:
    """Products of one kind as `numbers.Matrices` has them; the last one has the most inputs."""
    from lstmgen.model.compiled.numbers import BF16, FP32, INT8, Matrices, W

    kind = {"fp32": FP32, "bf16": BF16, "int8": INT8}[products[0].precision]
    numbers, scales, zeros = [], [], []
    for product in products:
        parts, scale_G = product.matrices()
        filled = [F.pad(part_GI, (0, 0, 0, -len(part_GI) % W)) for part_GI in parts]
        words_GR = torch.cat(filled, dim=1).contiguous().view(torch.int8).numpy().view(np.uint32)
        numbers.append(words_GR.reshape(-1, W, words_GR.shape[1]).swapaxes(1, 2))
        scales.append(scale_G)
        zeros.append([128 * part_GI.sum(1, dtype=torch.int32).numpy() for part_GI in filled] if kind == INT8 else [])
    return Matrices(kind, _filled(numbers, np.uint32), _filled(scales, np.float32), _filled(zeros, np.int32, rank=2))


def _filled(arrays: Sequence[Any], dtype: Any, *, rank: int | None = None) -> NDArray[Any]:
    """Arrays one behind the other, each filled up with zeros to the shape of the last one."""
    arrays = [np.asarray(array, dtype=dtype) for array in arrays]
    shape = arrays[-1].shape if rank is None or arrays[-1].ndim == rank else (0,) * rank
    joined = np.zeros((len(arrays), *shape), dtype=dtype)
    for place, array in zip(joined, arrays, strict=True):
        if array.size:
            place[tuple(map(slice, array.shape))] = array
    return joined
