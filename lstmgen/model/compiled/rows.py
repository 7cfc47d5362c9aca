"""Rows of weights times inputs, as vector instructions: what a compiled loop cannot be trusted to become by itself.

Written in LLVM's intermediate language with vectors of 16 numbers, which the compiler splits where a processor's are shorter. Totals stay
in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

W: Final = 64
"""Numbers of a row."""
_LANES: Final = 16
"""Of a vector."""
_FEATURES: Final = {name for name, there in get_host_cpu_features().items() if there}
_INT32: Final = ir.IntType(32)
_FLOAT: Final = ir.FloatType()


def _through_rows(total: ir.Type, advance: Callable[..., list[Any]]) -> Any:
    """An intrinsic that goes through rows of W words of 32 bits and keeps W totals in the processor's registers.

    Args:
        total: of what type they are.
        advance: (builder, words, totals, inputs, row) -> the totals after a row; words and totals are vectors of 16, `inputs` an address.
    """
    vector, words = ir.VectorType(total, _LANES), ir.VectorType(_INT32, _LANES)

    @intrinsic
    def run(_: Any, rows: Any, inputs: Any, count: Any, totals: Any) -> Any:
        def made(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            held = [cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for _ in range(W // _LANES)]
            table = builder.inttoptr(values[0], words.as_pointer())
            with cgutils.for_range(builder, values[2]) as loop:
                first = builder.mul(loop.index, ir.Constant(loop.index.type, len(held)))
                places = [builder.gep(table, [builder.add(first, ir.Constant(first.type, part))]) for part in range(len(held))]
                row = [builder.load(place, align=4) for place in places]
                after = advance(builder, row, [builder.load(each) for each in held], values[1], loop.index)
                for each, value in zip(held, after, strict=True):
                    builder.store(value, each)
            out = builder.inttoptr(values[3], vector.as_pointer())
            for part, each in enumerate(held):
                place = builder.gep(out, [ir.Constant(ir.IntType(64), part)])
                builder.store(builder.load(each), place, align=4)
            return context.get_dummy_value()

        return types.void(rows, inputs, count, totals), made

    return run


def _spread(builder: Any, kind: ir.Type, inputs: Any, number: Any) -> Any:
    """An input 16 times."""
    value = builder.load(builder.gep(builder.inttoptr(inputs, kind.as_pointer()), [number]))
    one = builder.insert_element(ir.Constant(ir.VectorType(kind, _LANES), ir.Undefined), value, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_INT32, _LANES), None))


def _fma(builder: Any, one: Any, other: Any, total: Any) -> Any:
    """Their product and the total, rounded once."""
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(one.type, [one.type] * 3), f"llvm.fma.v{_LANES}f32")
    return builder.call(function, [one, other, total])


def _row_fp32(builder: Any, words: Any, totals: Any, inputs: Any, row: Any) -> list[Any]:
    """Each word is a number."""
    x = _spread(builder, _FLOAT, inputs, row)
    return [_fma(builder, x, builder.bitcast(word, x.type), total) for word, total in zip(words, totals, strict=True)]


def _row_bf16(builder: Any, words: Any, totals: Any, inputs: Any, row: Any) -> list[Any]:
    """Each word is two numbers of bf16, of which the processor's instruction takes the second one first."""
    two = builder.mul(row, ir.Constant(row.type, 2))
    low, high = (_spread(builder, _FLOAT, inputs, builder.add(two, ir.Constant(row.type, n))) for n in (0, 1))
    kind = words[0].type
    sixteen, upper = ir.Constant(kind, [16] * _LANES), ir.Constant(kind, [0xFFFF0000] * _LANES)
    seconds = [builder.bitcast(builder.and_(word, upper), high.type) for word in words]
    firsts = [builder.bitcast(builder.shl(word, sixteen), low.type) for word in words]
    totals = [_fma(builder, high, second, total) for second, total in zip(seconds, totals, strict=True)]
    return [_fma(builder, low, first, total) for first, total in zip(firsts, totals, strict=True)]


def _row_int8(builder: Any, words: Any, totals: Any, inputs: Any, row: Any) -> list[Any]:
    """Each word is four numbers of eight bits, and so are the inputs, in bytes from 1 to 255: 128 is zero."""
    x, kind = _spread(builder, _INT32, inputs, row), words[0].type
    if "avx512vnni" in _FEATURES:
        dot = builder.module.declare_intrinsic("llvm.x86.avx512.vpdpbusd.512", (), ir.FunctionType(kind, [kind] * 3))
        return [builder.call(dot, [total, x, word]) for word, total in zip(words, totals, strict=True)]
    for n in range(4):
        left, right = ir.Constant(kind, [24 - 8 * n] * _LANES), ir.Constant(kind, [24] * _LANES)
        factor = builder.lshr(builder.shl(x, left), right)
        numbers = [builder.ashr(builder.shl(word, left), right) for word in words]
        totals = [builder.add(total, builder.mul(factor, number)) for number, total in zip(numbers, totals, strict=True)]
    return list(totals)


fp32_rows: Any = _through_rows(_FLOAT, _row_fp32)
"""(rows, inputs, count, totals), all addresses but the count: totals of as many rows, each added with a fused multiply-add."""
bf16_rows: Any = _through_rows(_FLOAT, _row_bf16)
int8_rows: Any = _through_rows(_INT32, _row_int8)
