"""Figures side by side, at every width of a terminal."""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from lstmgen.cli.output import Streams, one_line
from lstmgen.cli.wrapping import LEAST_COLUMNS, broken, listed, wrapped
from lstmgen.wording import cells

_LEAST: Final = LEAST_COLUMNS // 2
"""Columns that a broken text of a list has at least; where there are fewer, it goes beneath its row."""
_INDENT: Final = "  "

Rows = Sequence[Sequence[str]]
"""All of one length; headings come first."""
Table = list[list[list[str]]]
"""By row and column the lines of a cell."""


def figure(value: float | None, form: str) -> str:
    """A number in this format; a dash where there is none."""
    return "-" if value is None else format(value, form)


def write_table(streams: Streams, rows: Rows, *, left_last: bool = False, labels: int = 1, dropped: Sequence[int] = ()) -> None:
    """Writes a table as the product, in the form of `aligned` that the terminal has room for; elsewhere each row is one line."""
    for line in aligned(rows, left_last=left_last, labels=labels, dropped=dropped, columns=streams.row_columns):
        streams.product_line(one_line(line))


def write_facts(streams: Streams, facts: Sequence[tuple[str, str]], *, column: int) -> None:
    """Writes names and, from this column on, what is said of each; broken between words where the product goes to a terminal."""
    for line in listed([(name, one_line(said)) for name, said in facts], streams.row_columns, column=column):
        streams.product_line(line)


def write_words(streams: Streams, text: str) -> None:
    """Writes a sentence as the product; broken between words where that goes to a terminal."""
    for line in wrapped(one_line(text), streams.row_columns):
        streams.product_line(line)


def aligned(
    rows: Rows, *, left_last: bool = False, labels: int = 1, dropped: Sequence[int] = (), columns: int = sys.maxsize
) -> Iterator[str]:
    """Columns side by side: numbers to the right; the first column of a table of texts, or the last of a list, to the left.

    Of what is wider than `columns` the headings are broken between words, and the last column of a list. What is still too wide
    loses columns that may go. Then the last column of a list goes beneath its row. A table is turned, or has its labels above the rows,
    or one figure a line: the first of these that fits.

    Args:
        rows: all of one length; headings come first. A column with nothing below its heading is left out.
        left_last: whether it is a list, whose last column is text.
        labels: columns at the left that say what a row is of.
        dropped: columns that may go, the most dispensable first.
        columns: of the terminal.
    """
    last = len(rows[0]) - 1
    kept = [place for place in range(last + 1) if len(rows) == 1 or any(row[place] for row in rows[1:]) or (left_last and place == last)]
    table = _broken(_chosen(rows, kept), columns, left_last=left_last)
    for column in dropped:
        if _width(table) <= columns:
            break
        kept = [place for place in kept if place != column]
        table = _broken(_chosen(rows, kept), columns, left_last=left_last)
    chosen = _chosen(rows, kept)
    if _width(table) <= columns:
        yield from itertools.chain(*_side_by_side(table, left=len(kept) - 1 if left_last else 0))
    elif left_last:
        yield from _beneath(chosen, columns)
    elif _width(turned := _whole(list(zip(*chosen, strict=True)))) <= columns:
        yield from itertools.chain(*_side_by_side(turned, left=0))
    else:
        yield from _labelled(chosen, sum(place < labels for place in kept), columns)


def clipped(text: str, room: int, *, end: bool = False) -> str:
    """As much of a text as has room, from its beginning or up to its end, with dots where something is missing."""
    if cells(text) <= room:
        return text
    return f"...{text[-(room - 3) :]}" if end else f"{text[: room - 3]}..."


def terminal_width(streams: Streams) -> int | None:
    """Columns of the terminal that the product goes to; None where it goes to none."""
    return streams.out_columns if streams.out_is_terminal else None


def _chosen(rows: Rows, kept: Sequence[int]) -> list[list[str]]:
    return [[row[place] for place in kept] for row in rows]


def _whole(rows: Rows) -> Table:
    return [[[cell] for cell in row] for row in rows]


def _broken(rows: Rows, columns: int, *, left_last: bool) -> Table:
    """A table with headings, and the last column of a list, broken as far as it must and can be."""
    table = _whole(rows)
    least = [max(map(cells, (*heading.split(), *below))) for heading, *below in zip(*rows, strict=True)]
    limit = max(map(cells, rows[0]))
    while _width(table) > columns and limit:
        table[0] = [wrapped(heading, max(limit, width)) for heading, width in zip(rows[0], least, strict=True)]
        limit -= 1
    if left_last and _width(table) > columns:
        room = columns - _width([row[:-1] for row in table]) - 2
        table = [[*row[:-1], broken("", row[-1][0], max(room, _LEAST))] for row in table]
    return table


def _side_by_side(table: Table, *, left: int | None) -> Iterator[list[str]]:
    """The lines of each row of a table, one column of which may be flush left."""
    widths = _widths(table)
    for place, row in enumerate(table):
        height = max(map(len, row))
        padded = [[""] * (height - len(cell)) + cell if place == 0 else cell for cell in row]
        lines = zip_longest(*padded, fillvalue="")
        yield ["  ".join(_padded(cell, widths[at], left=at == left) for at, cell in enumerate(line)).rstrip() for line in lines]


def _beneath(rows: Rows, columns: int) -> Iterator[str]:
    """A list with the text of each row beneath it."""
    table = _broken([row[:-1] for row in rows], columns, left_last=False)
    for lines, row in zip(_side_by_side(table, left=None), rows, strict=True):
        yield from lines
        yield from broken(_INDENT, row[-1], columns, hang=_INDENT)


def _labelled(rows: Rows, labels: int, columns: int) -> Iterator[str]:
    """Rows with their labels above them, and the figures side by side; where even these are too wide, one a line."""
    names, rest = [", ".join(filter(None, row[:labels])) for row in rows], [row[labels:] for row in rows]
    table = _broken(rest, columns - len(_INDENT), left_last=False)
    figures: Iterable[list[str]] = _side_by_side(table, left=None)
    if _width(table) > columns - len(_INDENT):
        figures = [[], *([f"{heading}: {cell}" for heading, cell in zip(rest[0], row, strict=True) if cell] for row in rest[1:])]
    for name, group in itertools.groupby(zip(names, figures, strict=True), key=operator.itemgetter(0)):
        if name:
            yield from wrapped(name, columns)
        for line in itertools.chain(*(lines for _, lines in group)):
            yield from wrapped(f"{_INDENT}{line}".rstrip(), columns)


def _widths(table: Table) -> list[int]:
    return [max(cells(line) for cell in column for line in cell) for column in zip(*table, strict=True)]


def _width(table: Table) -> int:
    widths = _widths(table)
    return sum(widths) + 2 * (len(widths) - 1)


def _padded(text: str, width: int, *, left: bool) -> str:
    room = " " * (width - cells(text))
    return text + room if left else room + text
