"""Vector instructions in LLVM's intermediate language: what a compiled loop cannot be trusted to become by itself.

Vectors have sixteen or eight numbers of 32 bits; the compiler splits those that are longer than a processor's. Products are made on tiles:
a few rows of inputs and a few vectors of weights, whose sums stay in registers until all words have been added. A sum adds its words in
turn, so it is the same whatever the tile, and however many rows there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features

FEATURES: Final = {name for name, there in get_host_cpu_features().items() if there}
"""Of the processor, as the compiler calls them."""
INT: Final = ir.IntType(64)
WORD: Final = ir.IntType(32)
_LINE: Final = 64
"""Bytes of memory that come together."""

_TANH_TOP: Final = (4.8935246e-03, 6.3726193e-04, 1.4857224e-05, 5.1222971e-08, -8.6046715e-11, 2.0001879e-13, -2.7607685e-16)
_TANH_BOTTOM: Final = (4.8935252e-03, 2.2684346e-03, 1.1853471e-04, 1.1982584e-06)
_TANH_END: Final = 7.9053111
"""tanh(x) as x p(x^2) / q(x^2), as in Eigen (MPL 2.0): within a few units of the last place."""


class Bf16s(ir.types.Type):
    """A vector of bf16 numbers, which llvmlite does not know."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.intrinsic_name = count, f"v{count}bf16"

    def _to_string(self) -> str:
        return f"<{self.count} x bfloat>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bf16s) and self.count == other.count

    def __hash__(self) -> int:
        return hash((Bf16s, self.count))


class Vectors:
    """Writes instructions.

    Args:
        builder: of LLVM's, where they go.
        lanes: numbers of a vector.
    """

    def __init__(self, builder: Any, lanes: int = 16) -> None:
        self.builder, self.lanes, self.bytes = builder, lanes, 4 * lanes
        self.floats, self.words = ir.VectorType(ir.FloatType(), lanes), ir.VectorType(WORD, lanes)

    def at(self, address: Any, *offsets: Any) -> Any:
        """The address so many bytes further on."""
        for offset in offsets:
            address = self.builder.add(address, _whole(offset))
        return address

    def row(self, address: Any, stride: Any, number: Any) -> Any:
        """The address of a row."""
        return self.at(address, self.builder.mul(_whole(stride), _whole(number)))

    def load(self, address: Any, kind: Any = None) -> Any:
        """A vector from memory, of floats unless told otherwise."""
        return self.builder.load(self.builder.inttoptr(address, (kind or self.floats).as_pointer()), align=2)

    def store(self, value: Any, address: Any) -> None:
        """A vector, to memory."""
        self.builder.store(value, self.builder.inttoptr(address, value.type.as_pointer()), align=2)

    def ask(self, address: Any, size: int) -> None:
        """Has so many bytes of memory brought nearer, which will be loaded later."""
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, *[WORD] * 3])
        prefetch = self.builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        for at in range(0, size, _LINE):
            self.builder.call(prefetch, [self.builder.inttoptr(self.at(address, at), pointer), WORD(0), WORD(3), WORD(1)])

    def splat(self, number: float, kind: Any = None) -> Any:
        """A number everywhere, as a float unless told otherwise."""
        return ir.Constant(kind or self.floats, [number] * self.lanes)

    def call(self, name: str, result: Any, *arguments: Any) -> Any:
        """One of LLVM's intrinsics."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(self.builder.module.declare_intrinsic(name, (), kind), arguments)

    def as_floats(self, words: Any) -> Any:
        """The floats that words of 32 bits are."""
        return self.builder.bitcast(words, self.floats)

    def everywhere(self, word: Any) -> Any:
        """A word in all places."""
        undefined = ir.Constant(self.words, ir.Undefined)
        one = self.builder.insert_element(undefined, word, WORD(0))
        return self.builder.shuffle_vector(one, undefined, ir.Constant(self.words, None))

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """The sum a b + c, rounded once."""
        return self.call(f"llvm.fma.v{self.lanes}f32", self.floats, a, b, c)

    def mul(self, first: Any, *others: Any) -> Any:
        """A product."""
        for other in others:
            first = self.builder.fmul(first, other)
        return first

    def less_square(self, start: Any, value: Any) -> Any:
        """A number less the square of another one."""
        return self.fma(self.builder.fneg(value), value, start)

    def _polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        value = self.splat(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            value = self.fma(value, x, self.splat(coefficient))
        return value

    def tanh(self, x: Any) -> Any:
        """Hyperbolic tangent; of what is not a number, not a number."""
        build = self.builder
        for limit, order in ((_TANH_END, ">"), (-_TANH_END, "<")):
            x = build.select(build.fcmp_ordered(order, x, self.splat(limit)), self.splat(limit), x)
        square = build.fmul(x, x)
        top, bottom = self._polynomial(square, _TANH_TOP), self._polynomial(square, _TANH_BOTTOM)
        return build.fdiv(build.fmul(x, top), bottom)

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x))."""
        half = self.splat(0.5)
        return self.fma(self.tanh(self.builder.fmul(x, half)), half, half)

    def turned(self, rows: list[Any]) -> list[Any]:
        """As many vectors of words as one has places, rows for columns.

        Squares on both sides of the diagonal change places, half as large each time.
        """
        level = self.lanes // 2
        while level:
            order = [[(lane & ~level) + (self.lanes if lane & level else 0) | side for lane in range(self.lanes)] for side in (0, level)]
            masks = [ir.Constant(self.words, places) for places in order]
            both = [(rows[row & ~level], rows[row | level], masks[bool(row & level)]) for row in range(self.lanes)]
            rows, level = [self.builder.shuffle_vector(*each) for each in both], level // 2
        return rows

    def product(self, add: Add, sums: list[list[Any]], left: list[Any], right: Any, count: Any) -> list[list[Any]]:
        """Adds products of numbers to sums, word after word.

        Args:
            add: what a word adds to a sum.
            sums: for each row as many vectors as there are columns.
            left: addresses of the rows, word after word.
            right: address of a panel, for each word of a row as many vectors of words as there are columns.
            count: how many words; there may be none.
        """
        build, columns = self.builder, len(sums[0])
        before, loop, after = build.block, build.append_basic_block("words"), build.append_basic_block("summed")
        build.cbranch(build.icmp_signed(">", count, INT(0)), loop, after)
        build.position_at_end(loop)
        number = build.phi(INT)
        carried = [[build.phi(start.type) for start in row] for row in sums]
        panel = self.row(right, self.bytes * columns, number)
        vectors = [self.load(self.at(panel, self.bytes * column), self.words) for column in range(columns)]
        words = [build.load(build.gep(build.inttoptr(row, WORD.as_pointer()), [number]), align=2) for row in left]
        added = [
            [add(self, total, word, vector) for total, vector in zip(row, vectors, strict=True)]
            for row, word in zip(carried, map(self.everywhere, words), strict=True)
        ]
        following = build.add(number, INT(1))
        number.add_incoming(INT(0), before)
        number.add_incoming(following, loop)
        build.cbranch(build.icmp_signed("<", following, count), loop, after)
        build.position_at_end(after)
        results = [[build.phi(start.type) for start in row] for row in sums]
        for places in zip(*map(itertools.chain.from_iterable, (carried, added, sums, results)), strict=True):
            one, new, start, result = places
            for of in (one, result):
                of.add_incoming(start, before)
                of.add_incoming(new, loop)
        return results


def _whole(number: Any) -> Any:
    return number if isinstance(number, ir.Value) else INT(number)


Add = Callable[[Vectors, Any, Any, Any], Any]
"""(instructions, a sum, a word of a row's inputs in all places, words of weights) -> the sum and what their products add to it."""


def add_fp32(v: Vectors, total: Any, word: Any, words: Any) -> Any:
    """Each word is a number."""
    return v.fma(v.as_floats(word), v.as_floats(words), total)


def add_bf16(v: Vectors, total: Any, word: Any, words: Any) -> Any:
    """Each word is two numbers of bf16, of which the processor's instruction takes the second one first."""
    if "avx512bf16" in FEATURES:
        pairs = [v.builder.bitcast(each, Bf16s(2 * v.lanes)) for each in (word, words)]
        return v.call("llvm.x86.avx512bf16.dpbf16ps.512", v.floats, total, *pairs)
    upper, sixteen = v.splat(0xFFFF0000, v.words), v.splat(16, v.words)
    for number_of in (lambda pair: v.builder.and_(pair, upper), lambda pair: v.builder.shl(pair, sixteen)):
        total = add_fp32(v, total, number_of(word), number_of(words))
    return total


def add_int8(v: Vectors, total: Any, word: Any, words: Any) -> Any:
    """Each word is four numbers of eight bits; those of inputs are 1 to 255: 128 is zero. Sums are whole numbers."""
    if "avx512vnni" in FEATURES:
        return v.call("llvm.x86.avx512.vpdpbusd.512", v.words, total, word, words)
    build, last = v.builder, v.splat(24, v.words)
    for number in range(4):
        left = v.splat(24 - 8 * number, v.words)
        one, other = build.lshr(build.shl(word, left), last), build.ashr(build.shl(words, left), last)
        total = build.add(total, build.mul(other, one))
    return total
