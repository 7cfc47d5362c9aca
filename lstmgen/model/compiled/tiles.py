"""What `training_loops.py` is made of: a token of a few streams and one vector of units, in registers from the first product to the last.

Gates lie as `lanes` input gates, as many forget gates, candidates and output gates for each `lanes` units. Weights lie in panels, each of
which is read from its first byte to its last. Forward there is one for each `lanes` units and each group of gates: for each word of inputs
a vector of each gate. Backward there is one for each two vectors of inputs: for each word of gates these two.
"""

# ruff: noqa: ANN001, PLR0917 - whole numbers throughout, by place
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import NativeValue, intrinsic, overload_attribute, register_model, typeof_impl, unbox

from lstmgen.model.compiled.kinds import Kind
from lstmgen.model.compiled.vectors import FEATURES, INT, Bf16s, Vectors, add_bf16, add_fp32


class KindType(types.Type):
    """A kind as numba's loops see it: they are compiled anew for each, and it has no value at run time."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(name=repr(kind))
        self.kind = kind


register_model(KindType)(models.OpaqueModel)


@typeof_impl.register(Kind)
def _type_of(kind: Kind, _: Any) -> KindType:
    return KindType(kind)


@unbox(KindType)
def _unbox(_: Any, _object: Any, compiler: Any) -> Any:
    return NativeValue(compiler.context.get_dummy_value())


def _give_attribute(name: str) -> None:
    @overload_attribute(KindType, name)
    def _attribute(kind):  # noqa: ANN202 - numba compares its names with those of what it gives
        value = getattr(kind.kind, name)
        return lambda kind: value  # noqa: ARG005 - numba asks for it


for _field in fields(Kind):
    if _field.type == "int":
        _give_attribute(_field.name)


def problem(kind: Kind) -> str:
    """Why the compiler cannot make these tiles; empty where it can."""
    missing = {kind.feature.replace("_", ""), *(["fma"] if kind.precision == "fp32" else [])} - FEATURES
    return f"numba's compiler knows of no {kind.named} on this processor" if missing else ""


class _Fp32(Vectors):
    """Numbers that are kept as they are."""

    def __init__(self, builder: Any, kind: Kind) -> None:
        super().__init__(builder, kind.lanes)
        self.kind, self.kept_bytes, self.add = kind, kind.size * kind.lanes, add_fp32

    def keep(self, value: Any, address: Any) -> None:
        """Floats, to memory."""
        self.store(value, address)

    def kept(self, address: Any) -> Any:
        """Floats that were kept."""
        return self.load(address)

    def from_row(self, weights: Any) -> Any:
        """The first words of a row of weights."""
        return self.load(weights, self.words)

    def from_rows(self, weights: Any, stride: Any) -> Any:  # noqa: ARG002 - of two rows there
        """Words of weights that belong to as many inputs side by side."""
        return self.load(weights, self.words)


class _Bf16(_Fp32):
    """Numbers that are rounded to bf16."""

    def __init__(self, builder: Any, kind: Kind) -> None:
        super().__init__(builder, kind)
        self.add, self._halves = add_bf16, ir.VectorType(ir.IntType(16), kind.lanes)

    def _rounded(self, address: Any) -> Any:
        return self._nearest(self.load(address))

    def _nearest(self, value: Any) -> Any:
        rounded = self.call("llvm.x86.avx512bf16.cvtneps2bf16.512", Bf16s(self.lanes), value)
        return self.builder.bitcast(rounded, self._halves)

    def keep(self, value: Any, address: Any) -> None:
        """Floats, to memory as the nearest numbers."""
        self.store(self._nearest(value), address)

    def kept(self, address: Any) -> Any:
        """Numbers from memory, as floats."""
        wide = self.builder.zext(self.load(address, self._halves), self.words)
        return self.as_floats(self.builder.shl(wide, self.splat(16, self.words)))

    def from_row(self, weights: Any) -> Any:
        """Each has two weights side by side."""
        return self._words(self._rounded(weights), self._rounded(self.at(weights, self.bytes)), range(2 * self.lanes))

    def from_rows(self, weights: Any, stride: Any) -> Any:
        """Each has a weight of a row, and in its upper half the one of the row below."""
        in_turn = itertools.chain.from_iterable((lane, lane + self.lanes) for lane in range(self.lanes))
        return self._words(self._rounded(weights), self._rounded(self.at(weights, stride)), in_turn)

    def _words(self, low: Any, high: Any, order: Iterable[int]) -> Any:
        """Numbers of two vectors, in some order, as words of two."""
        mask = ir.Constant(ir.VectorType(ir.IntType(32), 2 * self.lanes), list(order))
        return self.builder.bitcast(self.builder.shuffle_vector(low, high, mask), self.words)


_NUMBERS: Final[Mapping[str, Callable[[Any, Kind], _Fp32]]] = {"fp32": _Fp32, "bf16": _Bf16}


def _tile(write: Callable[..., None]) -> Any:
    """Makes of a function that writes instructions one that numba's loops call, with a kind and as many whole numbers."""

    @intrinsic
    def tile(context: Any, kind: Any, *numbers: Any) -> Any:  # noqa: ARG001 - of numba
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            count = len(signature.args[1])
            v = _NUMBERS[kind.kind.precision](builder, kind.kind)
            write(v, *(builder.extract_value(arguments[1], place) for place in range(count)))
            return context.get_dummy_value()

        return types.void(kind, types.StarArgTuple(numbers)), generate

    return tile


@intrinsic(prefer_literal=True)
def _whole_numbers(_: Any, address: Any, count: Any) -> Any:
    """As many whole numbers as lie at an address; `count` is a constant."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        v = Vectors(builder)
        found = [v.load(v.at(arguments[0], 8 * place), INT) for place in range(count.literal_value)]
        return context.make_tuple(builder, signature.return_type, found)

    return types.UniTuple(types.int64, count.literal_value)(address, count), generate


whole_numbers: Any = _whole_numbers


@intrinsic
def _taken(_: Any, address: Any) -> Any:
    """The whole number at an address, which is one more from now on, whichever thread asks."""

    def generate(_: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(arguments[0], INT.as_pointer()), INT(1), "acq_rel")

    return types.int64(address), generate


taken: Any = _taken


@_tile
def forward_tile(v: _Fp32, z, z_row, panel, words, table, table_row, ids, before, after, c_row, gates, gates_row, h, y) -> None:
    """One token of a few streams and one vector of units: gates, cells and outputs, the latter at `h`, in rows like `z`, and at `y`."""
    streams = range(v.kind.forward_rows)
    left = [v.row(z, z_row, row) for row in streams]
    rows = [v.row(table, table_row, v.load(v.at(ids, 8 * row), INT)) for row in streams]
    sums: list[list[Any]] = [[] for _ in streams]
    for group in range(0, 4, v.kind.gates):
        start = [[v.load(v.at(row, v.bytes * (group + gate))) for gate in range(v.kind.gates)] for row in rows]
        found = v.product(v.add, start, left, v.row(panel, words, v.bytes * group), words)
        sums = [[*those, *these] for those, these in zip(sums, found, strict=True)]
    for row, sums_of in enumerate(sums):
        i, f, g, o = (squash(value) for squash, value in zip((v.sigmoid, v.sigmoid, v.tanh, v.sigmoid), sums_of, strict=True))
        c = v.fma(f, v.load(v.row(before, c_row, row)), v.mul(i, g))
        v.store(c, v.row(after, c_row, row))
        output = v.mul(o, v.tanh(c))
        v.store(output, v.row(y, c_row, row))
        v.keep(output, v.row(h, z_row, row))
        for place, gate in enumerate((i, f, g, o)):
            v.keep(gate, v.at(v.row(gates, gates_row, row), v.kept_bytes * place))


@_tile
def backward_tile(v: _Fp32, dz_next, dz_row, panel, words, dy, dh, dc, c_row, before, after, gates, gates_row, dz, sums) -> None:
    """One token of a few streams and two vectors of units: gradients of the gates, their sums over the streams, and the cell's gradient."""
    add, one, streams = v.builder.fadd, v.splat(1.0), range(v.kind.backward_rows)
    left = [v.row(dz_next, dz_row, row) for row in streams]
    start = [
        [add(v.load(v.at(v.row(dy, c_row, row), at)), v.load(v.at(v.row(dh, c_row, row), at))) for at in (0, v.bytes)] for row in streams
    ]
    # What gates need besides comes from far away while the product is made.
    for row in streams:
        v.ask(v.row(gates, gates_row, row), 8 * v.kept_bytes)
        for rows in (before, after, dc):
            v.ask(v.row(rows, c_row, row), 2 * v.bytes)
    slopes = v.product(v.add, start, left, panel, words)
    for block in range(2):
        wide, narrow = v.bytes * block, 4 * v.kept_bytes * block
        totals = [v.load(v.at(sums, 4 * wide + v.bytes * gate)) for gate in range(4)]
        for row in streams:
            at = v.at(v.row(gates, gates_row, row), narrow)
            i, f, g, o = (v.kept(v.at(at, v.kept_bytes * gate)) for gate in range(4))
            shape = v.tanh(v.load(v.at(v.row(after, c_row, row), wide)))
            slope, of_cell = slopes[row][block], v.at(v.row(dc, c_row, row), wide)
            cell = v.fma(v.mul(slope, o), v.less_square(one, shape), v.load(of_cell))
            given = v.mul(cell, v.load(v.at(v.row(before, c_row, row), wide)))
            found = (
                v.mul(cell, g, v.less_square(i, i)),
                v.mul(given, v.less_square(f, f)),
                v.mul(cell, i, v.less_square(one, g)),
                v.mul(slope, shape, v.less_square(o, o)),
            )
            v.store(v.mul(cell, f), of_cell)
            for gate, value in enumerate(found):
                v.keep(value, v.at(v.row(dz, dz_row, row), narrow, v.kept_bytes * gate))
            totals = [add(total, value) for total, value in zip(totals, found, strict=True)]
        for gate, total in enumerate(totals):
            v.store(total, v.at(sums, 4 * wide + v.bytes * gate))


@_tile
def product_tile(v: _Fp32, left, left_row, panel, words, into, into_row) -> None:
    """Products of a few rows with a panel of two vectors of columns, in fp32."""
    rows = [v.row(left, left_row, row) for row in range(v.kind.backward_rows)]
    start = [[v.splat(0.0)] * 2 for _ in rows]
    for row, pair in enumerate(v.product(v.add, start, rows, panel, words)):
        for column, value in enumerate(pair):
            v.store(value, v.at(v.row(into, into_row, row), v.bytes * column))


@_tile
def keep_tile(v: _Fp32, source, into) -> None:
    """A vector of floats, as they are multiplied."""
    v.keep(v.load(source), into)


@_tile
def add_tile(v: _Fp32, source, table, table_row, row, at) -> None:
    """Adds a vector that was kept to as many floats, `at` which place of the row of a table whose number stands at `row`."""
    into = v.at(v.row(table, table_row, v.load(row, INT)), at)
    v.store(v.builder.fadd(v.load(into), v.kept(source)), into)


@_tile
def forward_panel(v: _Fp32, weights, weights_row, into) -> None:
    """As many rows of weights as a vector has places, and as many words of each, as they lie in a panel for the forward pass."""
    words = [v.from_row(v.row(weights, weights_row, row)) for row in range(v.lanes)]
    for place, vector in enumerate(v.turned(words)):
        v.store(vector, v.at(into, v.bytes * v.kind.gates * place))


@_tile
def backward_panel(v: _Fp32, weights, weights_row, into) -> None:
    """A word of gates and a vector of inputs, as they lie in a panel for the backward pass."""
    v.store(v.from_rows(weights, weights_row), into)
