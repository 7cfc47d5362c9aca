"""A decoder's token for one lane, compiled: what it takes from the decoder, and how it is called.

As its numbers are those of the usual path, a decoder may change to it at any token, and nobody can tell from a sample when that was.

Letters: L layers, H hidden, I input, G stacked gates, V vocabulary, K tokens of a block, W outputs side by side.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.model.cells import lstm
from lstmgen.model.compiled.ahead import Ahead
from lstmgen.model.products import Int8Product, Product
from lstmgen.model.state import State
from lstmgen.model.token_parts import Norm, TokenLayer


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
    if importlib.util.find_spec("numba") is None:
        return "not compiled: needs numba, pip install 'lstmgen[fast]'"
    if parts.embedding_VE.dtype != torch.float32 or not all(isinstance(layer.kernel, lstm.Kernel) for layer in parts.layers):
        return "not compiled: not an LSTM in fp32"
    products = [parts.head, *(cast("lstm.Kernel", layer.kernel).product for layer in parts.layers)]
    if parts.layers[0].table_VG is None or not all(product.in_words for product in products):
        return "not compiled: its widths or its vocabulary do not suit"
    return ""


def ahead(parts: Parts) -> Ahead:
    """When loops for such a decoder may be loaded."""
    return Ahead(cast("lstm.Kernel", parts.layers[-1].kernel).product.precision, parts.head.precision, len(parts.layers))


class CompiledStep:
    """Reads and draws tokens in one lane.

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
            matrix_L=tuple(_matrix(kernel.product) for kernel in lstms),
            bias_LG=_stacked([kernel.bias_G for kernel in lstms[1:]], (0, 4 * self._size)),
            norm_L2H=_stacked([np.stack(norm.arrays) for norm in norms if norm.arrays], (0, 2, self._size)),
            eps=parts.norm.eps,
            residual_L=np.array([layer.residual for layer in parts.layers], dtype=np.int64),
            head=_matrix(parts.head),
            head_bias_V=parts.head_bias_V,
        )
        self._last: tuple[State | None, NDArray[np.float32]] = (None, np.zeros(0, dtype=np.float32))

    def __call__(self, number: int, state: State) -> tuple[Tensor, State]:
        """As `Decoder.step` for one lane."""
        numbers_L2H = self._numbers(state)
        logits_1V = np.empty((1, len(self.network.head_bias_V)), dtype=np.float32)
        self._loops.token(self.network, number, numbers_L2H, logits_1V[0])
        return torch.from_numpy(logits_1V), self._state(numbers_L2H)

    def choice(self, *, temperature: float, top_k: int, top_p: float, least: float, allowed_V: NDArray[np.bool_] | None) -> Any:
        """How `draw` is to choose: `loops.Choice`."""
        everything = np.zeros(0, dtype=np.bool_)
        return self._loops.Choice(float(temperature), top_k, float(top_p), least, everything if allowed_V is None else allowed_V.copy())

    def draw(
        self, choice: Any, logits_1V: Tensor, state: State, uniform_K: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Tensor, State] | None:
        """Tokens and their surprisals, drawn by `loops.Choice`; the logits and the state behind them. None: no logit was a number."""
        numbers_L2H, logits_1V = self._numbers(state), logits_1V.clone()
        drawn = self._loops.Block(uniform_K, np.zeros(len(uniform_K), dtype=np.int64), np.zeros(len(uniform_K)))
        if not self._loops.block(self.network, choice, numbers_L2H, logits_1V.numpy()[0], drawn):
            return None
        return drawn.token_K, drawn.nats_K, logits_1V, self._state(numbers_L2H)

    def _numbers(self, state: State) -> NDArray[np.float32]:
        """A copy of a state's numbers."""
        last, numbers_L2H = self._last
        if last is state:  # it usually comes back
            return numbers_L2H.copy()
        return np.stack([np.stack([part_1H.numpy()[0] for part_1H in layer]) for layer in state.layers])

    def _state(self, numbers_L2H: NDArray[np.float32]) -> State:
        layers = torch.from_numpy(numbers_L2H)[:, :, None].unbind(0)
        state = State(tuple([layer_21H.unbind(0) for layer_21H in layers]))
        self._last = state, numbers_L2H
        return state


def _stacked(arrays: Sequence[Any], empty: tuple[int, ...]) -> NDArray[np.float32]:
    return np.stack(arrays) if arrays else np.zeros(empty, dtype=np.float32)


def _matrix(product: Product | Int8Product) -> Any:
    """A product's weights as `loops.Matrix` has them."""
    from lstmgen.model.compiled.numbers import Matrix, W

    parts, scale_G = product.matrices()
    joined_GI = torch.cat(parts, dim=1)
    outputs, widths = len(joined_GI), [part_GI.shape[1] for part_GI in parts]
    each = 4 // joined_GI.itemsize  # inputs that are a word
    filled_GI = F.pad(joined_GI, (0, 0, 0, -outputs % W)).contiguous()
    words_GR = filled_GI.numpy() if each == 1 else filled_GI.view(torch.int8).numpy().view(np.uint32 if each == 2 else np.int32)
    numbers = np.ascontiguousarray(words_GR.reshape(-1, W, words_GR.shape[1]).swapaxes(1, 2))
    zero_PG = [128 * part_GI.sum(1, dtype=torch.int32).numpy() for part_GI in filled_GI.split(widths, dim=1)] if each == 4 else []
    return Matrix(numbers, scale_G, np.array(widths), np.array(zero_PG, dtype=np.int32).reshape(-1, len(filled_GI)))
