"""An LSTM layer over a window of training in bf16, as loops that numba compiles, each for some of the streams.

Products are made on tiles: a few streams and sixteen or 32 columns of weights, whose sums stay in registers until all pairs of inputs have
been added, and what becomes of the sums is computed before they leave them. A sum adds its pairs in turn, so it is the same whatever the
tile, the number of streams and the number of threads.

Memory: a stream is a row. Gates lie as sixteen input gates, sixteen forget gates, sixteen candidates and sixteen output gates for each
sixteen units. Weights lie in panels, each of which is read from its first byte to its last: forward for each sixteen units, for each pair
of inputs, four vectors; backward for each 32 inputs, for each pair of gates, two vectors. Addresses and sizes are whole numbers, distances
between rows are in bytes. All of it stands in this file, because numba compiles anew what it has kept only where the file itself changes.
"""

# ruff: noqa: ANN001, PLR0917 - whole numbers throughout, by place
from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit, types
from numba.extending import intrinsic

if not get_host_cpu_features().get("avx512bf16"):
    raise ImportError("numba's compiler knows of no AVX-512 BF16 on this processor")

LANES: Final = 16
INT: Final = ir.IntType(64)
_WORD: Final = ir.IntType(32)
FLOATS: Final = ir.VectorType(ir.FloatType(), LANES)
WORDS: Final = ir.VectorType(_WORD, LANES)
_HALVES: Final = ir.VectorType(ir.IntType(16), LANES)

_TANH_TOP: Final = (4.8935246e-03, 6.3726193e-04, 1.4857224e-05, 5.1222971e-08, -8.6046715e-11, 2.0001879e-13, -2.7607685e-16)
_TANH_BOTTOM: Final = (4.8935252e-03, 2.2684346e-03, 1.1853471e-04, 1.1982584e-06)
_TANH_END: Final = 7.9053111
"""tanh(x) as x p(x^2) / q(x^2), as in Eigen (MPL 2.0): within a few units of the last place."""


class _Bf16s(ir.types.Type):
    """A vector of bf16 numbers, which llvmlite does not know."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.intrinsic_name = count, f"v{count}bf16"

    def _to_string(self) -> str:
        return f"<{self.count} x bfloat>"


_PAIRS, _SINGLES, _DOUBLES = _Bf16s(32), _Bf16s(16), ir.VectorType(ir.IntType(16), 32)


class Vectors:
    """Writes instructions.

    Args:
        builder: of LLVM's, where they go.
    """

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def at(self, address: Any, *offsets: Any) -> Any:
        """The address so many bytes further on."""
        for offset in offsets:
            address = self.builder.add(address, offset if isinstance(offset, ir.Value) else ir.Constant(INT, offset))
        return address

    def row(self, address: Any, stride: Any, number: Any) -> Any:
        """The address of a row."""
        return self.at(address, self.builder.mul(stride, number if isinstance(number, ir.Value) else ir.Constant(INT, number)))

    def load(self, address: Any, kind: Any = FLOATS) -> Any:
        """A vector from memory."""
        return self.builder.load(self.builder.inttoptr(address, kind.as_pointer()), align=2)

    def store(self, value: Any, address: Any) -> None:
        """A vector, to memory."""
        self.builder.store(value, self.builder.inttoptr(address, value.type.as_pointer()), align=2)

    def splat(self, number: float) -> Any:
        """A number everywhere."""
        return ir.Constant(FLOATS, [number] * LANES)

    def call(self, name: str, result: Any, *arguments: Any) -> Any:
        """One of LLVM's intrinsics."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(self.builder.module.declare_intrinsic(name, (), kind), arguments)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """The sum a b + c."""
        return self.call("llvm.fma.v16f32", FLOATS, a, b, c)

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

    def rounded(self, value: Any) -> Any:
        """The nearest bf16 numbers, as whole numbers of 16 bits."""
        return self.builder.bitcast(self.call("llvm.x86.avx512bf16.cvtneps2bf16.512", _SINGLES, value), _HALVES)

    def pairs(self, low: Any, high: Any) -> Any:
        """The nearest bf16 numbers of two vectors, the first ones followed by the second ones, as words of two."""
        both = self.call("llvm.x86.avx512bf16.cvtne2ps2bf16.512", _PAIRS, high, low)
        return self.builder.bitcast(both, WORDS)

    def widened(self, address: Any) -> Any:
        """bf16 numbers from memory, as floats."""
        wide = self.builder.zext(self.load(address, _HALVES), WORDS)
        return self.builder.bitcast(self.builder.shl(wide, ir.Constant(WORDS, [16] * LANES)), FLOATS)

    def woven(self, low: Any, high: Any) -> Any:
        """Words whose lower halves are the nearest bf16 numbers of one vector, and whose upper halves are those of the other."""
        both = self.builder.bitcast(self.pairs(low, high), _DOUBLES)
        order = list(itertools.chain.from_iterable((lane, lane + LANES) for lane in range(LANES)))
        mask = ir.Constant(ir.VectorType(_WORD, 32), order)
        return self.builder.bitcast(self.builder.shuffle_vector(both, ir.Constant(_DOUBLES, ir.Undefined), mask), WORDS)

    def turned(self, rows: list[Any]) -> list[Any]:
        """Sixteen vectors of words, rows for columns: squares on both sides of the diagonal change places, half as large each time."""
        for level in (8, 4, 2, 1):
            order = [[(lane & ~level) + (LANES if lane & level else 0) | side for lane in range(LANES)] for side in (0, level)]
            masks = [ir.Constant(WORDS, places) for places in order]
            both = [(rows[row & ~level], rows[row | level], masks[bool(row & level)]) for row in range(LANES)]
            rows = [self.builder.shuffle_vector(*each) for each in both]
        return rows

    def product(self, sums: list[list[Any]], left: list[Any], right: Any, pairs: Any) -> list[list[Any]]:
        """Adds products of pairs of bf16 numbers to sums, in turn.

        Args:
            sums: for each row as many vectors as there are columns.
            left: addresses of the rows, pair after pair.
            right: address of a panel, for each pair as many vectors of words as there are columns.
            pairs: how many; there may be none.
        """
        build, columns = self.builder, len(sums[0])
        before, loop, after = build.block, build.append_basic_block("pairs"), build.append_basic_block("summed")
        build.cbranch(build.icmp_signed(">", pairs, ir.Constant(INT, 0)), loop, after)
        build.position_at_end(loop)
        pair = build.phi(INT)
        carried = [[build.phi(FLOATS) for _ in row] for row in sums]
        panel = self.at(right, build.mul(pair, ir.Constant(INT, 64 * columns)))
        vectors = [build.bitcast(self.load(self.at(panel, 64 * column), WORDS), _PAIRS) for column in range(columns)]
        added = [self._add_row(row, address, pair, vectors) for row, address in zip(carried, left, strict=True)]
        following = build.add(pair, ir.Constant(INT, 1))
        pair.add_incoming(ir.Constant(INT, 0), before)
        pair.add_incoming(following, loop)
        build.cbranch(build.icmp_signed("<", following, pairs), loop, after)
        build.position_at_end(after)
        results = [[build.phi(FLOATS) for _ in row] for row in sums]
        for places in zip(*map(itertools.chain.from_iterable, (carried, added, sums, results)), strict=True):
            one, new, start, result = places
            one.add_incoming(start, before)
            one.add_incoming(new, loop)
            result.add_incoming(start, before)
            result.add_incoming(new, loop)
        return results

    def _add_row(self, sums: list[Any], address: Any, pair: Any, vectors: list[Any]) -> list[Any]:
        build = self.builder
        two = build.load(build.gep(build.inttoptr(address, _WORD.as_pointer()), [pair]), align=2)
        undefined = ir.Constant(WORDS, ir.Undefined)
        one = build.insert_element(undefined, two, ir.Constant(_WORD, 0))
        everywhere = build.bitcast(build.shuffle_vector(one, undefined, ir.Constant(WORDS, [0] * LANES)), _PAIRS)
        name = "llvm.x86.avx512bf16.dpbf16ps.512"
        return [self.call(name, FLOATS, sum_, everywhere, vector) for sum_, vector in zip(sums, vectors, strict=True)]


FORWARD_ROWS: Final = 4
BACKWARD_ROWS: Final = 8


def _tile(write: Callable[..., None]) -> Any:
    """Makes of a function that writes instructions one that numba's loops call, with as many whole numbers."""

    @intrinsic
    def tile(context: Any, *numbers: Any) -> Any:  # noqa: ARG001 - of numba
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            count = len(signature.args[0])
            write(Vectors(builder), *(builder.extract_value(arguments[0], place) for place in range(count)))
            return context.get_dummy_value()

        return types.void(types.StarArgTuple(numbers)), generate

    return tile


@_tile
def forward_tile(v: Vectors, z, z_row, panel, pairs, table, table_row, ids, before, after, c_row, gates, gates_row, h, y) -> None:
    """One token of four streams and sixteen units: gates, cells and outputs, the latter in bf16 at `h`, in rows like `z`, and at `y`."""
    left = [v.row(z, z_row, row) for row in range(FORWARD_ROWS)]
    rows = [v.row(table, table_row, v.load(v.at(ids, 8 * row), INT)) for row in range(FORWARD_ROWS)]
    sums = v.product([[v.load(v.at(row, 64 * gate)) for gate in range(4)] for row in rows], left, panel, pairs)
    for row, sums_of in enumerate(sums):
        i, f, g, o = (squash(value) for squash, value in zip((v.sigmoid, v.sigmoid, v.tanh, v.sigmoid), sums_of, strict=True))
        c = v.fma(f, v.load(v.row(before, c_row, row)), v.mul(i, g))
        v.store(c, v.row(after, c_row, row))
        output = v.mul(o, v.tanh(c))
        v.store(output, v.row(y, c_row, row))
        v.store(v.rounded(output), v.row(h, z_row, row))
        for place, gate in enumerate((i, f, g, o)):
            v.store(v.rounded(gate), v.at(v.row(gates, gates_row, row), 32 * place))


@_tile
def backward_tile(v: Vectors, dz_next, dz_row, panel, pairs, dy, dh, dc, c_row, before, after, gates, gates_row, dz, sums) -> None:
    """One token of eight streams and 32 units: gradients of the gates in bf16, their sums over the streams, and the cell's gradient."""
    add, one = v.builder.fadd, v.splat(1.0)
    left = [v.row(dz_next, dz_row, row) for row in range(BACKWARD_ROWS)]
    start = [
        [add(v.load(v.at(v.row(dy, c_row, row), at)), v.load(v.at(v.row(dh, c_row, row), at))) for at in (0, 64)]
        for row in range(BACKWARD_ROWS)
    ]
    slopes = v.product(start, left, panel, pairs)
    for block in range(2):
        totals = [v.load(v.at(sums, 256 * block + 64 * gate)) for gate in range(4)]
        for row in range(BACKWARD_ROWS):
            at = v.at(v.row(gates, gates_row, row), 128 * block)
            i, f, g, o = (v.widened(v.at(at, 32 * gate)) for gate in range(4))
            shape = v.tanh(v.load(v.at(v.row(after, c_row, row), 64 * block)))
            slope, of_cell = slopes[row][block], v.at(v.row(dc, c_row, row), 64 * block)
            cell = v.fma(v.mul(slope, o), v.less_square(one, shape), v.load(of_cell))
            given = v.mul(cell, v.load(v.at(v.row(before, c_row, row), 64 * block)))
            found = (
                v.mul(cell, g, v.less_square(i, i)),
                v.mul(given, v.less_square(f, f)),
                v.mul(cell, i, v.less_square(one, g)),
                v.mul(slope, shape, v.less_square(o, o)),
            )
            v.store(v.mul(cell, f), of_cell)
            for gate, value in enumerate(found):
                v.store(v.rounded(value), v.at(v.row(dz, dz_row, row), 128 * block, 32 * gate))
            totals = [add(total, value) for total, value in zip(totals, found, strict=True)]
        for gate, total in enumerate(totals):
            v.store(total, v.at(sums, 256 * block + 64 * gate))


@_tile
def product_tile(v: Vectors, left, left_row, panel, pairs, into, into_row) -> None:
    """Products of eight rows with a panel of 32 columns, in fp32."""
    rows = [v.row(left, left_row, row) for row in range(BACKWARD_ROWS)]
    start = [[v.splat(0.0)] * 2 for _ in rows]
    for row, pair in enumerate(v.product(start, rows, panel, pairs)):
        for column, value in enumerate(pair):
            v.store(value, v.at(v.row(into, into_row, row), 64 * column))


@_tile
def round_tile(v: Vectors, source, into) -> None:
    """Sixteen floats as bf16."""
    v.store(v.rounded(v.load(source)), into)


@_tile
def add_tile(v: Vectors, source, table, table_row, row, at) -> None:
    """Adds sixteen bf16 numbers to as many floats, `at` which place of the row of a table whose number stands at `row`."""
    into = v.at(v.row(table, table_row, v.load(row, INT)), at)
    v.store(v.builder.fadd(v.load(into), v.widened(source)), into)


@_tile
def forward_panel(v: Vectors, weights, weights_row, into) -> None:
    """Sixteen rows of 32 weights, as they lie in a panel for the forward pass: each fourth vector of sixteen pairs."""
    rows = [v.row(weights, weights_row, row) for row in range(LANES)]
    words = [v.pairs(v.load(row), v.load(v.at(row, 64))) for row in rows]
    for pair, vector in enumerate(v.turned(words)):
        v.store(vector, v.at(into, 256 * pair))


@_tile
def backward_panel(v: Vectors, weights, weights_row, into) -> None:
    """Two rows of sixteen weights, as they lie in a panel for the backward pass."""
    v.store(v.woven(v.load(weights), v.load(v.row(weights, weights_row, 1))), into)


_OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}


@njit(**_OPTIONS)
def pack_forward(first, last, inputs, units, of_input, of_hidden, panels) -> None:
    """Weights of the blocks of sixteen units from `first` to `last`, in panels for `forward`."""
    of_panel = 128 * (inputs + units)
    for block in range(first, last):
        for gate in range(4):
            row = gate * units + 16 * block
            into = panels + block * of_panel + 64 * gate
            for source, width, start in ((of_input, inputs, 0), (of_hidden, units, inputs)):
                for at in range(0, width, 32):
                    forward_panel(source + 4 * (row * width + at), 4 * width, into + 128 * (start + at))


@njit(**_OPTIONS)
def pack_backward(first, last, inputs, units, of_input, of_hidden, panels) -> None:
    """Weights of the blocks of 32 inputs from `first` to `last`, those of the layer below before those of its own, for `backward`."""
    for panel in range(first, last):
        source, width, column = of_input, inputs, 32 * panel
        if column >= inputs:
            source, width, column = of_hidden, units, column - inputs
        into = panels + panel * 256 * units
        for block in range(units // 16):
            for gate in range(4):
                for unit in range(0, 16, 2):
                    at = source + 4 * ((gate * units + 16 * block + unit) * width + column)
                    backward_panel(at, 4 * width, into)
                    backward_panel(at + 64, 4 * width, into + 64)
                    into += 128


@njit(**_OPTIONS)
def forward(first, last, streams, window, inputs, units, x, z, z_row, panels, table, ids, c, gates, gates_row, y) -> None:
    """Streams from `first` to `last` through a window; the sums of a token begin with the row of the table that its id names."""
    c_row, pairs = 4 * units, (inputs + units) // 2
    for token in range(window):
        now, following = z + token * streams * z_row, z + (token + 1) * streams * z_row + 2 * inputs
        for stream in range(first, last):
            for at in range(0, inputs, 16):
                round_tile(x + 4 * ((token * streams + stream) * inputs + at), now + stream * z_row + 2 * at)
        for block in range(units // 16):
            panel, of_table = panels + 256 * block * pairs, table + 256 * block
            for stream in range(first, last, FORWARD_ROWS):
                place = token * streams + stream
                row, h, of_gates = now + stream * z_row, following + stream * z_row + 32 * block, gates + place * gates_row + 128 * block
                before, output = c + place * c_row + 64 * block, y + place * c_row + 64 * block
                after = before + streams * c_row
                at = ids + 8 * place
                forward_tile(row, z_row, panel, pairs, of_table, 4 * c_row, at, before, after, c_row, of_gates, gates_row, h, output)


@njit(**_OPTIONS)
def _before(first, last, streams, token, inputs, units, dz, dz_row, panels, dx) -> None:
    """What the gates of a token say of its inputs."""
    for panel in range(inputs // 32):
        for stream in range(first, last, BACKWARD_ROWS):
            place = token * streams + stream
            into = dx + 4 * (place * inputs + 32 * panel)
            product_tile(dz + place * dz_row, dz_row, panels + panel * 256 * units, 2 * units, into, 4 * inputs)


@njit(**_OPTIONS)
def backward(first, last, streams, window, inputs, units, dz, dz_row, panels, dy, dh, dc, c, gates, gates_row, sums, dx, dh_first) -> None:
    """Gradients of streams from `first` to `last`, back through a window. `dh` holds as many rows of zeros behind those of the streams.

    Where `dx` is 0, there are none of the inputs, and where `dh_first` is, none of the state.
    """
    c_row = 4 * units
    recurrent = panels + inputs // 32 * 256 * units
    for token in range(window - 1, -1, -1):
        is_last = token == window - 1
        pairs, of_last = (0, dh) if is_last else (2 * units, dh + streams * c_row)
        for block in range(units // 32):
            panel, at = recurrent + block * 256 * units, 128 * block
            for stream in range(first, last, BACKWARD_ROWS):
                place = token * streams + stream
                row, of_gates = dz + place * dz_row + 2 * at, gates + place * gates_row + 2 * at
                before, given = c + place * c_row + at, dy + place * c_row + at
                after, later = before + streams * c_row, dz + (place + streams) * dz_row
                of_h, of_c = of_last + stream * c_row + at, dc + stream * c_row + at
                total = sums + stream // BACKWARD_ROWS * 16 * units + 4 * at
                backward_tile(later, dz_row, panel, pairs, given, of_h, of_c, c_row, before, after, of_gates, gates_row, row, total)
        if dx:
            _before(first, last, streams, token, inputs, units, dz, dz_row, panels, dx)
    if dh_first:
        _before(first, last, streams, 0, units, units, dz, dz_row, recurrent, dh_first)


@njit(**_OPTIONS)
def gather(first, last, tokens, ids, dz, dz_row, table, table_row) -> None:
    """Adds gradients of gates, of the blocks of sixteen from `first` to `last`, to those of the rows of a table that ids name."""
    for token in range(tokens):
        for block in range(first, last):
            add_tile(dz + token * dz_row + 32 * block, table, table_row, ids + 8 * token, 64 * block)
