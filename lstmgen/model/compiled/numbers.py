"""What a compiled token is made of, each part with the numbers of its twin, bit for bit.

The twins are `products.py`, `cells/lstm.py` and `arrays.py`. Products add up as `products.py` says: one after the other, each with a fused
multiply-add. Everything else rounds after every operation, as numpy does, and tanh, exp and log are numpy's own loops.

Letters: B lanes, R lanes that are taken together, I input, H hidden, G stacked gates, N any numbers, W outputs side by side.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lstmgen.model.compiled.rows import LANES, W, bf16_row, bf16_rows, fp32_row, fp32_rows, int8_row, int8_rows

OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy"}
IN_TURN: Final = 512
"""Products that are added in turn; a longer row is a sum of such sums."""
PART_BF16: Final = 1024
"""Inputs of a product in bf16 whose sum is rounded once."""
STEPS: Final = 127
"""Steps of a number of eight bits on either side of zero."""
FP32, BF16, INT8 = range(3)
"""Of which a word of 32 bits holds one, two and four."""
TANH, ADD, EXP, LOG = range(4)
"""In the order of `numpy_loops.addresses`."""
F32: Final = np.float32
_LEAST_SCALE: Final = np.float32(1e-30)


class Matrices(NamedTuple):
    """The weights of M products, arranged for `product`, G filled up to a multiple of W.

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


@intrinsic
def _calling(_: Any, address: Any, arguments: Any, counts: Any, strides: Any, data: Any) -> Any:
    """Calls a loop of numpy; all are addresses."""

    def made(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        function = builder.inttoptr(values[0], ir.FunctionType(ir.VoidType(), [pointer] * 4).as_pointer())
        builder.call(function, [builder.inttoptr(value, pointer) for value in values[1:]])
        return context.get_dummy_value()

    return types.void(address, arguments, counts, strides, data), made


_call: Any = _calling


@njit(**OPTIONS)
def at(x_N: Any) -> Any:
    """Where the numbers lie."""
    return np.int64(x_N.ctypes.data)


@njit(**OPTIONS)
def each(addresses: Any, function: int, x_N: Any, out_N: Any) -> None:
    """A function of every number."""
    given = np.empty(5, np.int64)
    given[0], given[1], given[2], given[3], given[4] = at(x_N), at(out_N), x_N.size, x_N.itemsize, out_N.itemsize
    here = at(given)
    _call(addresses[function, 0], here, here + 16, here + 24, addresses[function, 1])


@njit(**OPTIONS)
def _sum(addresses: Any, x_N: Any, out_1: Any) -> Any:
    """The sum of fp32 numbers in numpy's order."""
    out_1[0] = 0
    given = np.zeros(7, np.int64)
    given[0], given[1], given[2], given[3], given[5] = at(out_1), at(x_N), at(out_1), x_N.size, x_N.itemsize
    here = at(given)
    _call(addresses[ADD, 0], here, here + 24, here + 32, addresses[ADD, 1])
    return out_1[0]


@njit(**OPTIONS)
def product(matrices: Any, number: int, x_BI: Any, part: int, out_BG: Any) -> None:
    """The product of a matrix and the rows of lanes; in int8 each `part` of the inputs has a scale of its own.

    `out_BG` has room for G filled up to a multiple of W.
    """
    kind, numbers, (lanes, inputs) = matrices.kind, matrices.numbers[number], x_BI.shape
    in_word, given_BR, scale_BP = 1 << kind, np.empty((lanes, inputs >> kind), np.uint32), np.empty((lanes, inputs // part), np.float32)
    _in_words(kind, x_BI, part, given_BR, scale_BP)
    longest = part if kind == INT8 else PART_BF16 if kind == BF16 else IN_TURN
    at_once = -(-inputs // -(-inputs // longest))
    in_turn = at_once if kind == INT8 else min(IN_TURN, at_once)
    sum_RW, total_RW = np.empty((LANES, W), np.float32), np.empty((LANES, W), np.float32)
    whole_RW, stride = sum_RW.view(np.int32), 4 * given_BR.shape[1]
    for block in range(numbers.shape[0]):
        lane = 0
        while lane < lanes:
            rows = LANES if lane + LANES <= lanes else 1
            for first in range(0, inputs, at_once):
                last = min(first + at_once, inputs)
                for begin in range(first, last, in_turn):
                    weights = at(numbers) + 4 * W * (block * numbers.shape[1] + begin // in_word)
                    words, count = at(given_BR) + lane * stride + 4 * (begin // in_word), (min(begin + in_turn, last) - begin) // in_word
                    _add_rows(kind, rows, weights, words, stride, count, at(sum_RW))
                    for row in range(rows):
                        for w in range(W):
                            total_RW[row, w] = sum_RW[row, w] if begin == first else total_RW[row, w] + sum_RW[row, w]
                for row in range(rows):
                    for w in range(W):
                        value = total_RW[row, w]
                        if kind == BF16:
                            value = np.uint32(_as_bf16(value)).view(np.float32)
                        elif kind == INT8:
                            zero = matrices.zero_MPG[number, first // part, block * W + w]
                            value = F32(whole_RW[row, w] - zero) * scale_BP[lane + row, first // part]
                        place = block * W + w
                        out_BG[lane + row, place] = value if first == 0 else out_BG[lane + row, place] + value
            lane += rows
    if kind == INT8:
        for lane in range(lanes):
            for g in range(matrices.scale_MG.shape[1]):
                out_BG[lane, g] *= matrices.scale_MG[number, g]


@njit(**OPTIONS)
def _add_rows(kind: int, rows: int, *where: int) -> None:
    if rows == LANES:
        if kind == FP32:
            fp32_rows(*where)
        elif kind == BF16:
            bf16_rows(*where)
        else:
            int8_rows(*where)
    elif kind == FP32:
        fp32_row(*where)
    elif kind == BF16:
        bf16_row(*where)
    else:
        int8_row(*where)


@njit(**OPTIONS)
def _in_words(kind: int, x_BI: Any, part: int, word_BR: Any, scale_BP: Any) -> None:
    """Inputs as words of 32 bits, and in int8, where they are 1 to 255 with 128 for zero, what 127 steps stand for."""
    for lane in range(len(x_BI)):
        for r in range(word_BR.shape[1] if kind == FP32 else 0):
            word_BR[lane, r] = F32(x_BI[lane, r]).view(np.uint32)
        for r in range(word_BR.shape[1] if kind == BF16 else 0):
            word_BR[lane, r] = _as_bf16(x_BI[lane, 2 * r]) >> np.uint32(16) | _as_bf16(x_BI[lane, 2 * r + 1])
        for p in range(scale_BP.shape[1] if kind == INT8 else 0):
            largest = _LEAST_SCALE
            for i in range(p * part, (p + 1) * part):
                largest = max(largest, abs(x_BI[lane, i]))
            scale_BP[lane, p], scale = largest, F32(STEPS) / largest
            for r in range(p * part // 4, (p + 1) * part // 4):
                word = np.uint32(0)
                for n in range(4):
                    word |= np.uint32(np.int32(np.rint(x_BI[lane, 4 * r + n] * scale)) + 128) << np.uint32(8 * n)
                word_BR[lane, r] = word


@njit(**OPTIONS)
def _as_bf16(x: Any) -> Any:
    """A number rounded to bf16, to even where it lies between two, as the word of the fp32 number that it then is."""
    word = F32(x).view(np.uint32)
    return (word + np.uint32(0x7FFF) + ((word >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)


@njit(**OPTIONS)
def gates(addresses: Any, sum_G: Any, c_H: Any, h_H: Any) -> None:
    """What an LSTM makes of its gates, arranged as in `cells/lstm.py`: its cell and its output after them. `sum_G` is used up."""
    size = len(c_H)
    each(addresses, TANH, sum_G, sum_G)
    half, one = F32(0.5), F32(1.0)
    for k in range(3 * size):
        sum_G[k] = (sum_G[k] + one) * half
    for k in range(size):
        c_H[k] = sum_G[size + k] * c_H[k] + sum_G[k] * sum_G[3 * size + k]
    each(addresses, TANH, c_H, h_H)
    for k in range(size):
        h_H[k] *= sum_G[2 * size + k]


@njit(**OPTIONS)
def normalise(addresses: Any, x_H: Any, norm_2H: Any, eps: float, out_H: Any) -> None:
    """Layer normalisation of a row; `out_H` may be the row itself."""
    size, one_1 = F32(len(x_H)), np.empty(1, np.float32)
    mean = _sum(addresses, x_H, one_1) / size
    square_H = np.empty_like(x_H)
    for k in range(len(x_H)):
        out_H[k] = x_H[k] - mean
        square_H[k] = out_H[k] * out_H[k]
    scale = F32(1.0) / np.sqrt(_sum(addresses, square_H, one_1) / size + F32(eps))
    for k in range(len(x_H)):
        out_H[k] = out_H[k] * scale * norm_2H[0, k] + norm_2H[1, k]
