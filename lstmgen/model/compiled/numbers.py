"""What a compiled token is made of, each part with the numbers of its twin, bit for bit.

The twins are `products.py`, `cells/lstm.py` and `arrays.py`. Products add up as `products.py` says: one after the other, each with a fused
multiply-add. Everything else rounds after every operation, as numpy does, and tanh, exp and log are numpy's own loops.

Letters: I input, H hidden, G stacked gates, N any numbers, W outputs side by side.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from lstmgen.model.compiled.rows import W, bf16_rows, fp32_rows, int8_rows

OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy"}
IN_TURN: Final = 512
"""Products that are added in turn; a longer row is a sum of such sums."""
PART_BF16: Final = 1024
"""Inputs of a product in bf16 whose sum is rounded once."""
STEPS: Final = 127
"""Steps of a number of eight bits on either side of zero."""
TANH, ADD, EXP, LOG = range(4)
"""In the order of `numpy_loops.addresses`."""
F32: Final = np.float32
_LEAST_SCALE: Final = np.float32(1e-30)


class Matrix(NamedTuple):
    """The weights of a product, arranged for `product`: (G / W, rows, W), G filled up to a multiple of W.

    Attributes:
        numbers: a row is an input in fp32, two inputs in bf16, which are a word of uint32, or four in int8, which are a word of int32.
        scale_G: of int8, what a sum is multiplied with.
        widths: of int8, of the parts of the inputs of which each has a scale of its own.
        zero_PG: of int8, for each part what inputs of 128 give.
    """

    numbers: NDArray[Any]
    scale_G: NDArray[np.float32]
    widths: NDArray[np.int64]
    zero_PG: NDArray[np.int32]


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
def _at(x_N: Any) -> np.int64:
    """Where the numbers lie."""
    return np.int64(x_N.ctypes.data)


@njit(**OPTIONS)
def each(addresses: Any, function: int, x_N: Any, out_N: Any) -> None:
    """A function of every number."""
    given = np.empty(5, np.int64)
    given[0], given[1], given[2], given[3], given[4] = _at(x_N), _at(out_N), x_N.size, x_N.itemsize, out_N.itemsize
    here = _at(given)
    _call(addresses[function, 0], here, here + 16, here + 24, addresses[function, 1])


@njit(**OPTIONS)
def _sum(addresses: Any, x_N: Any, out_1: Any) -> Any:
    """The sum of fp32 numbers in numpy's order."""
    out_1[0] = 0
    given = np.zeros(7, np.int64)
    given[0], given[1], given[2], given[3], given[5] = _at(out_1), _at(x_N), _at(out_1), x_N.size, x_N.itemsize
    here = _at(given)
    _call(addresses[ADD, 0], here, here + 24, here + 32, addresses[ADD, 1])
    return out_1[0]


@njit(**OPTIONS)
def _rounded(x_N: Any, out_N: Any) -> None:
    """Rounded to bf16, to even where it lies between two."""
    for n in range(len(x_N)):
        word = F32(x_N[n]).view(np.uint32)
        word = (word + np.uint32(0x7FFF) + ((word >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
        out_N[n] = np.uint32(word).view(np.float32)


def product(matrix: Matrix, x_I: Any, out_G: Any) -> None:
    """The product of a matrix and a row; `out_G` has room for G filled up to a multiple of W."""
    raise NotImplementedError


@overload(product)
def _product_of(matrix: Any, x_I: Any, out_G: Any) -> Any:  # noqa: ARG001 - numba compares the names
    return {types.float32: _product_fp32, types.uint32: _product_bf16, types.int32: _product_int8}[matrix.types[0].dtype]


def _product_fp32(matrix: Any, x_I: Any, out_G: Any) -> Any:
    inputs = len(x_I)
    part = -(-inputs // -(-inputs // IN_TURN))
    sum_W = np.empty(W, np.float32)
    for block in range(matrix.numbers.shape[0]):
        out_W = out_G[block * W : (block + 1) * W]
        for first in range(0, inputs, part):
            fp32_rows(_at(matrix.numbers[block, first]), _at(x_I[first:]), min(part, inputs - first), _at(sum_W))
            for w in range(W):
                out_W[w] = sum_W[w] if first == 0 else out_W[w] + sum_W[w]


def _product_bf16(matrix: Any, x_I: Any, out_G: Any) -> Any:
    inputs = len(x_I)
    part = -(-inputs // -(-inputs // PART_BF16))
    sum_W, part_W, row_I = np.empty(W, np.float32), np.empty(W, np.float32), np.empty(inputs, np.float32)
    _rounded(x_I, row_I)
    for block in range(matrix.numbers.shape[0]):
        out_W = out_G[block * W : (block + 1) * W]
        for first in range(0, inputs, part):
            last = min(first + part, inputs)
            for begin in range(first, last, IN_TURN):
                bf16_rows(_at(matrix.numbers[block, begin // 2]), _at(row_I[begin:]), min(IN_TURN, last - begin) // 2, _at(sum_W))
                for w in range(W):
                    part_W[w] = sum_W[w] if begin == first else part_W[w] + sum_W[w]
            _rounded(part_W, part_W)
            for w in range(W):
                out_W[w] = part_W[w] if first == 0 else out_W[w] + part_W[w]


@njit(**OPTIONS)
def step_of(x_I: Any) -> Any:
    """The largest number of a row, and what makes whole numbers up to 127 of it."""
    largest = _LEAST_SCALE
    for i in range(len(x_I)):
        largest = max(largest, abs(x_I[i]))
    return largest, F32(STEPS) / largest


def _product_int8(matrix: Any, x_I: Any, out_G: Any) -> Any:
    steps_I, sum_W = np.empty(len(x_I), np.uint8), np.empty(W, np.int32)
    blocks, first = matrix.numbers.shape[0], 0
    for part in range(len(matrix.widths)):
        last = first + matrix.widths[part]
        largest, scale = step_of(x_I[first:last])
        for i in range(first, last):
            steps_I[i] = np.uint8(np.int32(np.rint(x_I[i] * scale)) + 128)
        for block in range(blocks):
            int8_rows(_at(matrix.numbers[block, first // 4]), _at(steps_I[first:]), (last - first) // 4, _at(sum_W))
            out_W, zero_W = out_G[block * W : (block + 1) * W], matrix.zero_PG[part, block * W : (block + 1) * W]
            for w in range(W):
                total = F32(sum_W[w] - zero_W[w]) * largest
                out_W[w] = total if first == 0 else out_W[w] + total
        first = last
    for g in range(len(matrix.scale_G)):
        out_G[g] *= matrix.scale_G[g]


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
def normalise(addresses: Any, x_H: Any, scale_H: Any, shift_H: Any, eps: float, out_H: Any) -> None:
    """Layer normalisation of a row; `out_H` may be the row itself."""
    size, one_1 = F32(len(x_H)), np.empty(1, np.float32)
    mean = _sum(addresses, x_H, one_1) / size
    square_H = np.empty_like(x_H)
    for k in range(len(x_H)):
        out_H[k] = x_H[k] - mean
        square_H[k] = out_H[k] * out_H[k]
    scale = F32(1.0) / np.sqrt(_sum(addresses, square_H, one_1) / size + F32(eps))
    for k in range(len(x_H)):
        out_H[k] = out_H[k] * scale * scale_H[k] + shift_H[k]
