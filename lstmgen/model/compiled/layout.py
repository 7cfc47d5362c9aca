"""What compiled loops are given, as they and whoever calls them must agree on it: words of 64 bits in memory.

A value is its address; an array is its address and its shape, with its numbers one behind the other. A record is its fields in order, and
a field may be a record. Neither numba nor torch is needed to say so.

Letters: B lanes, L layers, H hidden, I input, G stacked gates, V vocabulary, E embedding, K tokens of a block, M matrices, P parts of the
inputs, W outputs side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

W: Final = 64
"""Outputs of a row of weights."""
LANES: Final = 4
"""That are taken together; what is left is taken one by one."""
FP32, BF16, INT8 = range(3)
"""Kinds of weights, of which a word of 32 bits holds one, two and four."""


class Matrices(NamedTuple):
    """The weights of M products, arranged for `numbers.product`, G filled up to a multiple of W.

    Attributes:
        kind: FP32, BF16 or INT8.
        numbers: (M, G / W, rows, W); a row is an input in fp32, two inputs in bf16, or four in int8, each a word of 32 bits for an output.
        scale_MG: of int8, what a sum is multiplied with.
        zero_MPG: of int8, for each part of the inputs, which has a scale of its own, what inputs of 128 give.
    """

    kind: int
    numbers: NDArray[np.uint32]
    scale_MG: NDArray[np.float32]
    zero_MPG: NDArray[np.int32]


class Network(NamedTuple):
    """What a token needs.

    Attributes:
        addresses: of numpy's loops.
        table_VG: what the first layer makes of every token.
        embedding_VE: what is added to the first layer's output, where `residual[0]` is 1.
        layers: the matrix of each: of the state alone in the first, of input and state in all others.
        bias_LG: of each layer but the first.
        norm_L2H: scale and shift before each layer but the first, and before the head; empty: there is no normalisation.
        eps: of the normalisation.
        residual_L: whether a layer's input is added to its output.
        head: the product that gives logits.
        head_bias_V: what is added to them.
        told_RG: what the first layer makes of the vectors of what followed before (`matches.py`).
        order_N: by how many of the last tokens that is told; empty: it is not.
        slots: of each table of what followed.
        known: one more than there are ids.
        checks: how many contexts of one slot are told apart.
    """

    addresses: NDArray[np.int64]
    table_VG: NDArray[np.float32]
    embedding_VE: NDArray[np.float32]
    layers: Matrices
    bias_LG: NDArray[np.float32]
    norm_L2H: NDArray[np.float32]
    eps: float
    residual_L: NDArray[np.int64]
    head: Matrices
    head_bias_V: NDArray[np.float32]
    told_RG: NDArray[np.float32]
    order_N: NDArray[np.int64]
    slots: int
    known: int
    checks: int


class Choice(NamedTuple):
    """How a token is drawn; see `generation/sampling.py`.

    Attributes:
        temperature: 0: the most probable token.
        top_k: of so many tokens; 0: of all.
        top_p: of tokens that have this probability together.
        least: by how much a logit may lie below the largest: the logarithm of `min_p`.
        allowed_V: which may be drawn; empty: all.
    """

    temperature: float
    top_k: int
    top_p: float
    least: float
    allowed_V: NDArray[np.bool_]


class Lanes(NamedTuple):
    """Streams that are read side by side.

    Attributes:
        room: of `room`, for what comes between.
        id_B: a token for each.
        state_BL2H: output and cell of each layer; changed in place.
        logits_BV: of the next token; written.
        memory_BM: what followed before; changed in place.
        row_BR: room for the rows of `Network.told_RG` of each.
    """

    room: NDArray[np.float64]
    id_B: NDArray[np.int64]
    state_BL2H: NDArray[np.float32]
    logits_BV: NDArray[np.float32]
    memory_BM: NDArray[np.int32]
    row_BR: NDArray[np.int64]


class Block(NamedTuple):
    """Tokens that are drawn.

    Attributes:
        uniform_KB: a number in [0, 1) for each.
        token_KB: room for their ids.
        nats_KB: room for their surprisals.
    """

    uniform_KB: NDArray[np.float64]
    token_KB: NDArray[np.int64]
    nats_KB: NDArray[np.float64]


class Token(NamedTuple):
    """What `loops.token` is given."""

    lanes: Lanes
    network: Network


class Draw(NamedTuple):
    """What `loops.block` is given."""

    lanes: Lanes
    block: Block
    choice: Choice
    network: Network


class Inputs(NamedTuple):
    """What `loops.inputs` is given.

    Attributes:
        room: of `room`.
        addresses: of numpy's loops.
        x_BE: embeddings.
        norm_L2E: scale and shift, one of each; empty: there is no normalisation.
        eps: of the normalisation.
        matrix: of the first layer, for its input.
        bias_G: what is added.
        out_BG: what the first layer makes of each; written.
    """

    room: NDArray[np.float64]
    addresses: NDArray[np.int64]
    x_BE: NDArray[np.float32]
    norm_L2E: NDArray[np.float32]
    eps: float
    matrix: Matrices
    bias_G: NDArray[np.float32]
    out_BG: NDArray[np.float32]


Form = tuple[str, int] | type
"""A number type and a rank, 0 for a value; or a record."""
FORMS: Final[Mapping[type, tuple[Form, ...]]] = {
    Matrices: (("int64", 0), ("uint32", 4), ("float32", 2), ("int32", 3)),
    Network: (
        *(("int64", 2), ("float32", 2), ("float32", 2), Matrices, ("float32", 2)),
        *(("float32", 3), ("float64", 0), ("int64", 1), Matrices, ("float32", 1)),
        *(("float32", 2), ("int64", 1), ("int64", 0), ("int64", 0), ("int64", 0)),
    ),
    Choice: (("float64", 0), ("int64", 0), ("float64", 0), ("float64", 0), ("bool", 1)),
    Lanes: (("float64", 1), ("int64", 1), ("float32", 4), ("float32", 2), ("int32", 2), ("int64", 2)),
    Block: (("float64", 2), ("int64", 2), ("float64", 2)),
    Token: (Lanes, Network),
    Draw: (Lanes, Block, Choice, Network),
    Inputs: (
        *(("float64", 1), ("int64", 2), ("float32", 2), ("float32", 3)),
        *(("float64", 0), Matrices, ("float32", 1), ("float32", 2)),
    ),
}
"""The fields of each record."""


def words(record: Any) -> tuple[list[int], list[Any]]:
    """The words of a record, and what has to be kept as long as they are used.

    Raises:
        ValueError: an array is of another kind than its place.
    """
    kept: list[Any] = []
    return list(_words(record, kept)), kept


def _words(record: Any, kept: list[Any]) -> Iterator[int]:
    for value, form in zip(record, FORMS[type(record)], strict=True):
        if isinstance(form, type):
            yield from _words(value, kept)
            continue
        dtype, rank = form
        array = value if rank else np.array(value, dtype=dtype)
        if array.dtype != dtype or array.ndim != rank or not array.flags.c_contiguous:
            raise ValueError(f"an array of {array.dtype} and rank {array.ndim}, expected {dtype} and {rank}")
        kept.append(array)
        yield array.__array_interface__["data"][0]
        yield from array.shape


def room_places(lanes: int, widest: int, gates: int, vocab_size: int) -> tuple[int, int, int, int, int, int, int, int, int, int]:
    """Where in a room each part of it begins, in numbers of 64 bits, and where the last one ends; compiled loops ask too.

    The parts: 0 sums of products, 1 inputs of a layer, 2 inputs beside states, 3 sums of the head, 4 inputs in words, 5 scales of inputs,
    6 a vector and its squares, 7 sums of a few rows, 8 numbers of V.
    """
    sums = lanes * (gates + W) // 2 + 1
    inputs = sums + lanes * widest // 2 + 1
    beside = inputs + lanes * widest + 1
    head = beside + lanes * (vocab_size + W) // 2 + 1
    in_words = head + lanes * widest + 1
    scales = in_words + lanes + 1
    vector = scales + widest + 1
    rows = vector + LANES * W + 16
    return 0, sums, inputs, beside, head, in_words, scales, vector, rows, rows + 5 * vocab_size + 1


def room(lanes: int, widest: int, gates: int, vocab_size: int) -> NDArray[np.float64]:
    """Room for so many lanes of a network whose widest input or state has `widest` numbers."""
    return np.empty(room_places(lanes, widest, gates, vocab_size)[-1])
