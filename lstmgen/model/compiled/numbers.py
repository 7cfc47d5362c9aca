"""What a compiled token is made of, each part with the numbers of its twin, bit for bit.

The twins are `products.py`, `cells/lstm.py` and `arrays.py`. Products add up as `products.py` says: one after the other, each with a fused
multiply-add. Everything else rounds after every operation, as numpy does, and tanh, exp and log are numpy's own loops.

Nothing takes memory: there is a room for what comes between. So a compiled function needs nothing of numba while it runs.

Letters: B lanes, R lanes that are taken together, I input, H hidden, G stacked gates, V vocabulary, N any numbers, W outputs side by side.
"""

from __future__ import annotations

import itertools
import platform
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from lstmgen.model.compiled import layout
from lstmgen.model.compiled.layout import BF16, FORMS, FP32, INT8, LANES, W
from lstmgen.model.compiled.rows import bf16_row, bf16_rows, fp32_row, fp32_rows, int8_row, int8_rows

OPTIONS: Final[dict[str, Any]] = {
    "error_model": "numpy",
    "_nrt": False,  # nothing of numba's that counts references or takes memory
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
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


class Room(NamedTuple):
    """What is used up between the inputs and the outputs of a token; see `layout.room_places`.

    Attributes:
        addresses: of numpy's loops.
        sum_BG: a product, G filled up to a multiple of W.
        x_BH: inputs of a layer.
        row_BI: inputs beside states.
        sum_BV: the product of the head, V filled up.
        words_at: where inputs go as words of 32 bits.
        scales_at: where scales of inputs go.
        square_H: squares.
        sum_RW: sums of a few rows.
        total_RW: what they add up to.
        given_8: what a loop of numpy is given.
        one_1: a number.
        log_1: a number in double precision.
        raw_V: logits.
        weight_V: powers of e.
        kept_V: logits that were filtered.
        order_V: places.
        merged_V: places that are being ordered.
    """

    addresses: Any
    sum_BG: Any
    x_BH: Any
    row_BI: Any
    sum_BV: Any
    words_at: int
    scales_at: int
    square_H: Any
    sum_RW: Any
    total_RW: Any
    given_8: Any
    one_1: Any
    log_1: Any
    raw_V: Any
    weight_V: Any
    kept_V: Any
    order_V: Any
    merged_V: Any


_NUMBA: Final = {"bool": types.boolean, **{name: getattr(types, name) for name in ("int32", "int64", "uint32", "float32", "float64")}}
_WORD: Final = ir.IntType(64)
_FLUSH_X86: Final = 0x8040
_FLUSH_ARM: Final = 1 << 24
"""The bits that make numbers zero that are almost zero, results and, on x86, inputs: those that `torch.set_flush_denormal` sets."""


def _kind(name: str, rank: int) -> Any:
    return types.Array(_NUMBA[name], rank, "C") if rank else _NUMBA[name]


def _array(context: Any, builder: Any, kind: Any, address: Any, shape: Sequence[Any]) -> Any:
    """An array of numbers that lie at an address, one behind the other."""
    stored = context.get_data_type(kind.dtype)
    strides = [_WORD(context.get_abi_sizeof(stored))]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    array = make_array(kind)(context, builder)
    packed = (cgutils.pack_array(builder, each, ty=_WORD) for each in (shape, strides))
    populate_array(array, builder.inttoptr(address, stored.as_pointer()), *packed, itemsize=strides[-1], meminfo=None)
    return array._getvalue()  # noqa: SLF001 - numba's name


def _array_at(name: str, rank: int) -> Any:
    """An intrinsic that makes an array of this type of an address and its lengths."""
    kind = _kind(name, rank)

    @intrinsic
    def make(_: Any, address: Any, shape: Any) -> Any:
        def made(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            return _array(context, builder, kind, values[0], cgutils.unpack_tuple(builder, values[1], rank))

        return kind(address, shape), made

    return make


_float32_row: Any = _array_at("float32", 1)
_float32_rows: Any = _array_at("float32", 2)
_float64_row: Any = _array_at("float64", 1)
_int64_row: Any = _array_at("int64", 1)
_uint32_rows: Any = _array_at("uint32", 2)
_places: Any = njit(**OPTIONS)(layout.room_places)


def given(record: type) -> Any:
    """An intrinsic that makes of an address the record whose words lie there (`layout.words`)."""

    def kind_of(form: Any) -> Any:
        return types.NamedTuple([kind_of(each) for each in FORMS[form]], form) if isinstance(form, type) else _kind(*form)

    @intrinsic
    def take(_: Any, address: Any) -> Any:
        def made(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            table, place = builder.inttoptr(values[0], _WORD.as_pointer()), itertools.count()

            def word() -> Any:
                return builder.load(builder.gep(table, [_WORD(next(place))]))

            def value_of(form: Any) -> Any:
                if isinstance(form, type):
                    return context.make_tuple(builder, kind_of(form), [value_of(each) for each in FORMS[form]])
                at, kind = word(), kind_of(form)
                if form[1]:
                    return _array(context, builder, kind, at, [word() for _ in range(form[1])])
                return context.unpack_value(builder, kind, builder.inttoptr(at, context.get_data_type(kind).as_pointer()))

            return value_of(record)

        return kind_of(record)(address), made

    return take


@njit(**OPTIONS)
def room_at(room: Any, addresses: Any, lanes: int, inputs: int, sizes: Any) -> Any:
    """The parts of a room, for inputs of a layer of this width; sizes: the widest input, G, V."""
    address = at(room)
    widest, gates, vocab_size = sizes
    sums, x, beside, head, in_words, scales, vector, rows, numbers, _ = _places(lanes, widest, gates, vocab_size)
    given, logits = address + 8 * (rows + LANES * W), address + 8 * numbers
    return Room(
        addresses,
        _float32_rows(address + 8 * sums, (lanes, gates + W)),
        _float32_rows(address + 8 * x, (lanes, inputs)),
        _float32_rows(address + 8 * beside, (lanes, 2 * inputs)),
        _float32_rows(address + 8 * head, (lanes, vocab_size + W)),
        address + 8 * in_words,
        address + 8 * scales,
        _float32_row(address + 8 * vector, (widest,)),
        _float32_rows(address + 8 * rows, (LANES, W)),
        _float32_rows(address + 4 * LANES * W + 8 * rows, (LANES, W)),
        _int64_row(given, (8,)),
        _float32_row(given + 64, (1,)),
        _float64_row(given + 72, (1,)),
        _float64_row(logits, (vocab_size,)),
        _float64_row(logits + 8 * vocab_size, (vocab_size,)),
        _float64_row(logits + 16 * vocab_size, (vocab_size,)),
        _int64_row(logits + 24 * vocab_size, (vocab_size,)),
        _int64_row(logits + 32 * vocab_size, (vocab_size,)),
    )


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


@intrinsic
def _flushing(_: Any, address: Any) -> Any:
    """Sets the thread's bits for that; the address is of a word to work in."""

    def made(_: Any, builder: Any, _signature: Any, values: Any) -> Any:
        if platform.machine().lower() in {"x86_64", "amd64"}:
            pointer = builder.inttoptr(values[0], ir.IntType(8).as_pointer())
            word = builder.bitcast(pointer, ir.IntType(32).as_pointer())
            setting = ir.FunctionType(ir.VoidType(), [pointer.type])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.stmxcsr", (), setting), [pointer])
            builder.store(builder.or_(builder.load(word), ir.IntType(32)(_FLUSH_X86)), word)
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.ldmxcsr", (), setting), [pointer])
        elif platform.machine().lower() in {"arm64", "aarch64"}:
            before = builder.asm(ir.FunctionType(_WORD, []), "mrs $0, fpcr", "=r", [], side_effect=True)
            builder.asm(
                ir.FunctionType(ir.VoidType(), [_WORD]), "msr fpcr, $0", "r", [builder.or_(before, _WORD(_FLUSH_ARM))], side_effect=True
            )
        else:
            return _WORD(0)
        return _WORD(1)

    return types.int64(address), made


flush: Any = _flushing


@njit(**OPTIONS)
def at(x_N: Any) -> Any:
    """Where the numbers lie."""
    return np.int64(x_N.ctypes.data)


@njit(**OPTIONS)
def each(room: Any, function: int, x_N: Any, out_N: Any) -> None:
    """A function of every number."""
    given, addresses = room.given_8, room.addresses
    given[0], given[1], given[2], given[3], given[4] = at(x_N), at(out_N), x_N.size, x_N.itemsize, out_N.itemsize
    here = at(given)
    _call(addresses[function, 0], here, here + 16, here + 24, addresses[function, 1])


@njit(**OPTIONS)
def _sum(room: Any, x_N: Any) -> Any:
    """The sum of fp32 numbers in numpy's order."""
    given, addresses, out_1 = room.given_8, room.addresses, room.one_1
    out_1[0] = 0
    given[0], given[1], given[2], given[3] = at(out_1), at(x_N), at(out_1), x_N.size
    given[4], given[5], given[6] = 0, x_N.itemsize, 0
    here = at(given)
    _call(addresses[ADD, 0], here, here + 24, here + 32, addresses[ADD, 1])
    return out_1[0]


@njit(**OPTIONS)
def product(room: Any, matrices: Any, x_BI: Any, out_BG: Any, *which: int) -> None:
    """The product of a matrix and the rows of lanes.

    `which` is the number of the matrix, and of how many inputs each part is that has a scale of its own in int8.

    `out_BG` has room for G filled up to a multiple of W.
    """
    (number, part), kind, (lanes, inputs) = which, matrices.kind, x_BI.shape
    numbers = matrices.numbers[number]
    in_word, given_BR = 1 << kind, _uint32_rows(room.words_at, (lanes, inputs >> kind))
    scale_BP = _float32_rows(room.scales_at, (lanes, inputs // part))
    _in_words(kind, x_BI, part, given_BR, scale_BP)
    longest = part if kind == INT8 else PART_BF16 if kind == BF16 else IN_TURN
    at_once = -(-inputs // -(-inputs // longest))
    in_turn = at_once if kind == INT8 else min(IN_TURN, at_once)
    sum_RW, total_RW, stride = room.sum_RW, room.total_RW, 4 * given_BR.shape[1]
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
                            value = F32(F32(sum_RW[row, w]).view(np.int32) - zero) * scale_BP[lane + row, first // part]
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
def gates(room: Any, sum_G: Any, c_H: Any, h_H: Any) -> None:
    """What an LSTM makes of its gates, arranged as in `cells/lstm.py`: its cell and its output after them. `sum_G` is used up."""
    size = len(c_H)
    each(room, TANH, sum_G, sum_G)
    half, one = F32(0.5), F32(1.0)
    for k in range(3 * size):
        sum_G[k] = (sum_G[k] + one) * half
    for k in range(size):
        c_H[k] = sum_G[size + k] * c_H[k] + sum_G[k] * sum_G[3 * size + k]
    each(room, TANH, c_H, h_H)
    for k in range(size):
        h_H[k] *= sum_G[2 * size + k]


@njit(**OPTIONS)
def normalise(room: Any, x_H: Any, norm_2H: Any, eps: float, out_H: Any) -> None:
    """Layer normalisation of a row; `out_H` may be the row itself."""
    size, square_H = F32(len(x_H)), room.square_H[: len(x_H)]
    mean = _sum(room, x_H) / size
    for k in range(len(x_H)):
        out_H[k] = x_H[k] - mean
        square_H[k] = out_H[k] * out_H[k]
    scale = F32(1.0) / np.sqrt(_sum(room, square_H) / size + F32(eps))
    for k in range(len(x_H)):
        out_H[k] = out_H[k] * scale * norm_2H[0, k] + norm_2H[1, k]
