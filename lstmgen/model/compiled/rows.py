"""Rows of weights times the inputs of lanes, as vector instructions: what a compiled loop cannot be trusted to become by itself.

Written in LLVM's intermediate language with vectors of 16 numbers, which the compiler splits where a processor's are shorter. Totals stay
in registers, and a row of weights that was read serves all lanes. What is added to a total does not depend on how many lanes there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from lstmgen.model.compiled.layout import LANES, W

_NUMBERS: Final = 16
"""Of a vector."""
_FEATURES: Final = {name for name, there in get_host_cpu_features().items() if there}
_INT: Final = ir.IntType(64)
_WORD: Final = ir.IntType(32)
_FLOAT: Final = ir.FloatType()
_WORDS: Final = ir.VectorType(_WORD, _NUMBERS)
_FLOATS: Final = ir.VectorType(_FLOAT, _NUMBERS)

_Totals = list[list[Any]]


class _Bf16s(ir.types.Type):
    """A vector of bf16 numbers, which llvmlite does not know."""

    def _to_string(self) -> str:
        return f"<{2 * _NUMBERS} x bfloat>"


_BF16S: Final = _Bf16s()


def _through_rows(kind: ir.VectorType, advance: Callable[[Any, list[Any], list[Any], _Totals], _Totals], lanes: int) -> Any:
    """An intrinsic that goes through rows of W words of 32 bits.

    It takes where the rows are, where the inputs of the first lane are, how many bytes further on those of the next one are, the number of
    rows, and where totals of shape (lanes, W) go.

    Args:
        kind: of a vector of totals.
        advance: (builder, the words of a row, a word of each lane's inputs 16 times, totals) -> the totals after the row.
        lanes: how many.
    """

    @intrinsic
    def run(_: Any, rows: Any, inputs: Any, stride: Any, count: Any, totals: Any) -> Any:
        def made(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            vectors = range(W // _NUMBERS)
            held = [[cgutils.alloca_once_value(builder, ir.Constant(kind, None)) for _ in vectors] for _ in range(lanes)]
            table, word = (builder.inttoptr(values[0], pointed.as_pointer()) for pointed in (_WORDS, _WORD))
            starts = [builder.add(values[1], builder.mul(values[2], _INT(lane))) for lane in range(lanes)]
            with cgutils.for_range(builder, values[3]) as loop:
                first = builder.mul(loop.index, _INT(len(vectors)))
                row = [builder.load(builder.gep(table, [builder.add(first, _INT(part))]), align=4) for part in vectors]
                words = [builder.load(builder.gep(builder.inttoptr(start, word.type), [loop.index]), align=1) for start in starts]
                before = [[builder.load(each) for each in lane] for lane in held]
                after = advance(builder, row, [_everywhere(builder, each) for each in words], before)
                for lane, values_of in zip(held, after, strict=True):
                    for each, value in zip(lane, values_of, strict=True):
                        builder.store(value, each)
            out = builder.inttoptr(values[4], kind.as_pointer())
            for place, each in enumerate(each for lane in held for each in lane):
                builder.store(builder.load(each), builder.gep(out, [_INT(place)]), align=4)
            return context.get_dummy_value()

        return types.void(rows, inputs, stride, count, totals), made

    return run


def _everywhere(builder: Any, word: Any) -> Any:
    """A word 16 times."""
    one = builder.insert_element(ir.Constant(_WORDS, ir.Undefined), word, _WORD(0))
    return builder.shuffle_vector(one, one, ir.Constant(_WORDS, None))


def _fma(builder: Any, one: Any, other: Any, total: Any) -> Any:
    """Their product and the total, rounded once."""
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_FLOATS, [_FLOATS] * 3), f"llvm.fma.v{_NUMBERS}f32")
    return builder.call(function, [one, other, total])


def _row_fp32(builder: Any, row: list[Any], inputs: list[Any], totals: _Totals) -> _Totals:
    """Each word is a number."""
    numbers, xs = ([builder.bitcast(word, _FLOATS) for word in words] for words in (row, inputs))
    return _added(lambda x, number, total: _fma(builder, x, number, total), xs, numbers, totals)


def _row_bf16(builder: Any, row: list[Any], inputs: list[Any], totals: _Totals) -> _Totals:
    """Each word is two numbers of bf16, of which the processor's instruction takes the second one first."""
    if "avx512bf16" in _FEATURES:
        dot = builder.module.declare_intrinsic("llvm.x86.avx512bf16.dpbf16ps.512", (), ir.FunctionType(_FLOATS, [_FLOATS, _BF16S, _BF16S]))
        pairs, xs = ([builder.bitcast(word, _BF16S) for word in words] for words in (row, inputs))
        return _added(lambda x, pair, total: builder.call(dot, [total, x, pair]), xs, pairs, totals)
    upper, sixteen = ir.Constant(_WORDS, [0xFFFF0000] * _NUMBERS), ir.Constant(_WORDS, [16] * _NUMBERS)
    for of_pair in (lambda word: builder.and_(word, upper), lambda word: builder.shl(word, sixteen)):
        numbers, xs = ([builder.bitcast(of_pair(word), _FLOATS) for word in words] for words in (row, inputs))
        totals = _added(lambda x, number, total: _fma(builder, x, number, total), xs, numbers, totals)
    return totals


def _row_int8(builder: Any, row: list[Any], inputs: list[Any], totals: _Totals) -> _Totals:
    """Each word is four numbers of eight bits, and so are the inputs, in bytes from 1 to 255: 128 is zero."""
    if "avx512vnni" in _FEATURES:
        dot = builder.module.declare_intrinsic("llvm.x86.avx512.vpdpbusd.512", (), ir.FunctionType(_WORDS, [_WORDS] * 3))
        return _added(lambda x, word, total: builder.call(dot, [total, x, word]), inputs, row, totals)
    for number in range(4):
        left, right = ir.Constant(_WORDS, [24 - 8 * number] * _NUMBERS), ir.Constant(_WORDS, [24] * _NUMBERS)
        xs = [builder.lshr(builder.shl(x, left), right) for x in inputs]
        numbers = [builder.ashr(builder.shl(word, left), right) for word in row]
        totals = _added(lambda x, number, total: builder.add(total, builder.mul(x, number)), xs, numbers, totals)
    return totals


def _added(add: Callable[[Any, Any, Any], Any], xs: list[Any], numbers: list[Any], totals: _Totals) -> _Totals:
    """Of each lane's input and each part of a row, what `add` makes of both and their total."""
    return [[add(x, number, total) for number, total in zip(numbers, of, strict=True)] for x, of in zip(xs, totals, strict=True)]


fp32_rows: Any = _through_rows(_FLOATS, _row_fp32, LANES)
fp32_row: Any = _through_rows(_FLOATS, _row_fp32, 1)
bf16_rows: Any = _through_rows(_FLOATS, _row_bf16, LANES)
bf16_row: Any = _through_rows(_FLOATS, _row_bf16, 1)
int8_rows: Any = _through_rows(_WORDS, _row_int8, LANES)
int8_row: Any = _through_rows(_WORDS, _row_int8, 1)
