"""An LSTM layer over a window of training, as loops that numba compiles for each kind of numbers, each for some of the streams.

A stream is a row. Addresses and sizes are whole numbers, distances between rows are in bytes; `tiles.py` says how weights and gates lie.
"""

# ruff: noqa: ANN001, PLR0917 - whole numbers throughout, by place
from __future__ import annotations

import functools
from typing import Any, Final

from numba import njit, typeof, types

from lstmgen.model.compiled import crew
from lstmgen.model.compiled.kinds import Kind
from lstmgen.model.compiled.numbers import flush
from lstmgen.model.compiled.tiles import (
    add_tile,
    backward_panel,
    backward_tile,
    forward_panel,
    forward_tile,
    keep_tile,
    problem,
    product_tile,
    taken,
    whole_numbers,
)

__all__ = ["problem", "runnable"]

BUILT_ON: Final = "58f02d58"
"""The beginning of the SHA-256 of `vectors.py`, `tiles.py` and `numbers.py`. numba compiles anew what it has kept only where the file
itself has changed, so this one has to change with those."""
HEAD: Final = 5
"""Whole numbers at the beginning of a job: the part that is taken next; how many parts, blocks of things, things of a block, and numbers
that the loop is given there are. These numbers follow, and then a word to work in for each part."""
_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "cache": True}


@njit(**_OPTIONS)
def pack_forward(kind, first, last, inputs, units, of_input, of_hidden, panels) -> None:
    """Weights of the blocks of units from `first` to `last`, in panels for `forward`."""
    lanes, in_word = kind.lanes, 4 // kind.size
    of_word = 4 * lanes * kind.gates
    words = (inputs + units) // in_word
    for block in range(first, last):
        for gate in range(4):
            row = gate * units + lanes * block
            into = panels + 16 * lanes * words * block + of_word * words * (gate // kind.gates) + 4 * lanes * (gate % kind.gates)
            for source, width, start in ((of_input, inputs, 0), (of_hidden, units, inputs)):
                for at in range(0, width, lanes * in_word):
                    forward_panel(kind, source + 4 * (row * width + at), 4 * width, into + of_word * ((start + at) // in_word))


@njit(**_OPTIONS)
def pack_backward(kind, first, last, inputs, units, of_input, of_hidden, panels) -> None:
    """Weights of the panels of inputs from `first` to `last`, those of the layer below before those of its own, for `backward`."""
    lanes, in_word = kind.lanes, 4 // kind.size
    for panel in range(first, last):
        source, width, column = of_input, inputs, 2 * lanes * panel
        if column >= inputs:
            source, width, column = of_hidden, units, column - inputs
        into = panels + panel * _panel_bytes(kind, units)
        for block in range(units // lanes):
            for gate in range(4):
                for unit in range(0, lanes, in_word):
                    at = source + 4 * ((gate * units + lanes * block + unit) * width + column)
                    backward_panel(kind, at, 4 * width, into)
                    backward_panel(kind, at + 4 * lanes, 4 * width, into + 4 * lanes)
                    into += 8 * lanes


@njit(**_OPTIONS)
def _panel_bytes(kind, units) -> int:
    """Of a panel for the backward pass."""
    return 8 * kind.lanes * units * kind.size


@njit(**_OPTIONS)
def forward(kind, first, last, streams, window, inputs, units, x, z, z_row, panels, table, ids, c, gates, gates_row, y) -> None:
    """Streams from `first` to `last` through a window; the sums of a token begin with the row of the table that its id names."""
    lanes, size = kind.lanes, kind.size
    c_row, words = 4 * units, (inputs + units) * size // 4
    for token in range(window):
        now, following = z + token * streams * z_row, z + (token + 1) * streams * z_row + size * inputs
        for stream in range(first, last):
            for at in range(0, inputs, lanes):
                keep_tile(kind, x + 4 * ((token * streams + stream) * inputs + at), now + stream * z_row + size * at)
        for block in range(units // lanes):
            panel, of_table, unit = panels + 16 * lanes * words * block, table + 16 * lanes * block, lanes * block
            for stream in range(first, last, kind.forward_rows):
                place = token * streams + stream
                row, h, of_gates = (
                    now + stream * z_row,
                    following + stream * z_row + size * unit,
                    gates + place * gates_row + 4 * size * unit,
                )
                before, output, at = c + place * c_row + 4 * unit, y + place * c_row + 4 * unit, ids + 8 * place
                after = before + streams * c_row
                forward_tile(kind, row, z_row, panel, words, of_table, 4 * c_row, at, before, after, c_row, of_gates, gates_row, h, output)


@njit(**_OPTIONS)
def _before(kind, first, last, streams, token, inputs, units, dz, dz_row, panels, dx) -> None:
    """What the gates of a token say of its inputs."""
    columns = 2 * kind.lanes
    for panel in range(inputs // columns):
        for stream in range(first, last, kind.backward_rows):
            place = token * streams + stream
            into = dx + 4 * (place * inputs + columns * panel)
            product_tile(kind, dz + place * dz_row, dz_row, panels + panel * _panel_bytes(kind, units), units * kind.size, into, 4 * inputs)


@njit(**_OPTIONS)
def backward(
    kind, first, last, streams, window, inputs, units, dz, dz_row, panels, dy, dh, dc, c, gates, gates_row, sums, dx, dh_first
) -> None:
    """Gradients of streams from `first` to `last`, back through a window. `dh` holds as many rows of zeros behind those of the streams.

    Where `dx` is 0, there are none of the inputs, and where `dh_first` is, none of the state. `sums` has a row for each eight streams.
    """
    c_row, columns = 4 * units, 2 * kind.lanes
    recurrent = panels + inputs // columns * _panel_bytes(kind, units)
    for token in range(window - 1, -1, -1):
        is_last = token == window - 1
        words, of_last = (0, dh) if is_last else (units * kind.size, dh + streams * c_row)
        for block in range(units // columns):
            panel, at, of_gate = recurrent + block * _panel_bytes(kind, units), 4 * columns * block, 4 * kind.size * columns * block
            for stream in range(first, last, kind.backward_rows):
                place = token * streams + stream
                row, of_gates = dz + place * dz_row + of_gate, gates + place * gates_row + of_gate
                before, given = c + place * c_row + at, dy + place * c_row + at
                after, later = before + streams * c_row, dz + (place + streams) * dz_row
                of_h, of_c = of_last + stream * c_row + at, dc + stream * c_row + at
                total = sums + stream // 8 * 16 * units + 4 * at
                backward_tile(kind, later, dz_row, panel, words, given, of_h, of_c, c_row, before, after, of_gates, gates_row, row, total)
        if dx:
            _before(kind, first, last, streams, token, inputs, units, dz, dz_row, panels, dx)
    if dh_first:
        _before(kind, first, last, streams, 0, units, units, dz, dz_row, recurrent, dh_first)


@njit(**_OPTIONS)
def gather(kind, first, last, tokens, ids, dz, dz_row, table, table_row) -> None:
    """Adds gradients of gates, of the vectors from `first` to `last`, to those of the rows of a table that ids name."""
    for token in range(tokens):
        for block in range(first, last):
            place = kind.lanes * block
            add_tile(kind, dz + token * dz_row + kind.size * place, table, table_row, ids + 8 * token, 4 * place)


@njit(**_OPTIONS)
def _part(job) -> tuple[int, int]:
    """The things of the next part of a job, from the first to the last; none where all parts are taken."""
    _, parts, blocks, things, given = whole_numbers(job, 5)
    part = taken(job)
    if part >= parts:
        return 0, 0
    flush(job + 8 * (HEAD + given + part))  # each thread has its own setting
    return things * (blocks * part // parts), things * (blocks * (part + 1) // parts)


# One for each loop: numba does not keep a function that is given another one.
@njit(**_OPTIONS)
def _all_pack_forward(job, kind) -> None:
    first, last = _part(job)
    while first < last:
        pack_forward(kind, first, last, *whole_numbers(job + 8 * HEAD, 5))
        first, last = _part(job)


@njit(**_OPTIONS)
def _all_pack_backward(job, kind) -> None:
    first, last = _part(job)
    while first < last:
        pack_backward(kind, first, last, *whole_numbers(job + 8 * HEAD, 5))
        first, last = _part(job)


@njit(**_OPTIONS)
def _all_forward(job, kind) -> None:
    first, last = _part(job)
    while first < last:
        forward(kind, first, last, *whole_numbers(job + 8 * HEAD, 14))
        first, last = _part(job)


@njit(**_OPTIONS)
def _all_backward(job, kind) -> None:
    first, last = _part(job)
    while first < last:
        backward(kind, first, last, *whole_numbers(job + 8 * HEAD, 16))
        first, last = _part(job)


@njit(**_OPTIONS)
def _all_gather(job, kind) -> None:
    first, last = _part(job)
    while first < last:
        gather(kind, first, last, *whole_numbers(job + 8 * HEAD, 6))
        first, last = _part(job)


_ENTRIES: Final = {
    "pack_forward": _all_pack_forward,
    "pack_backward": _all_pack_backward,
    "forward": _all_forward,
    "backward": _all_backward,
    "gather": _all_gather,
}


@functools.cache
def runnable(kind: Kind, loop: str) -> Any:
    """A loop as a `crew.LOOP`. It is compiled where it was not kept."""
    entry: Any = _ENTRIES[loop]
    signature = types.int64, typeof(kind)
    entry.compile(signature)
    made = entry.overloads[signature]
    return crew.LOOP(made.library.get_pointer_to_function(made.fndesc.llvm_cfunc_wrapper_name))
