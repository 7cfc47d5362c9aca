"""Figures side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from lstmgen.cli.output import Streams
from lstmgen.cli.wrapping import LEAST_COLUMNS, wrapped
from lstmgen.wording import cells


def figure(value: float | None, form: str) -> str:
    """A number in this format; a dash where there is none."""
    return "-" if value is None else format(value, form)


def aligned(rows: list[list[str]], *, left_last: bool = False, columns: int = sys.maxsize) -> Iterator[str]:
    """Columns side by side: numbers to the right; the first column of a table of texts, or the last of a list, to the left.

    Where that is wider than `columns`, the headings in the first row are broken between words, then the last column of a list; a table of
    texts that is still too wide is turned, if that makes it narrower.
    """
    table = [[[cell] for cell in row] for row in rows]
    least = [max(map(cells, (*heading.split(), *below))) for heading, *below in zip(*rows, strict=True)]
    limit = max(map(cells, rows[0]))
    while _width(table) > columns and limit:
        table[0] = [wrapped(heading, max(limit, width)) for heading, width in zip(rows[0], least, strict=True)]
        limit -= 1
    if _width(table) > columns and left_last:
        rest = _width([row[:-1] for row in table])
        table = [[*row[:-1], wrapped(row[-1][0], max(columns - rest - 2, LEAST_COLUMNS // 2))] for row in table]
    elif _width(table) > columns:
        turned = [[[cell] for cell in row] for row in zip(*rows, strict=True)]
        table = min(table, turned, key=_width)
    widths = _widths(table)
    left = len(widths) - 1 if left_last else 0
    for place, row in enumerate(table):
        height = max(map(len, row))
        padded = [[""] * (height - len(cell)) + cell if place == 0 else cell for cell in row]
        for line in zip_longest(*padded, fillvalue=""):
            yield "  ".join(_padded(cell, widths[place], left=place == left) for place, cell in enumerate(line)).rstrip()


def fitting(rows: list[list[str]], width: int | None, *, dropped: Sequence[int], broken: bool = False) -> list[list[str]]:
    """The rows with only as many columns as have room.

    Args:
        rows: all of one length.
        width: columns of the terminal; None: all have room.
        dropped: columns that may go, the most dispensable first.
        broken: whether headings may be broken between words, as `aligned` does where it is told the columns.
    """
    kept = list(range(len(rows[0])))
    widths = _widths([[cell.split() if broken and not place else [cell] for cell in row] for place, row in enumerate(rows)])
    for column in dropped:
        if width is None or sum(widths[each] + 2 for each in kept) - 2 <= width:
            break
        kept.remove(column)
    return [[row[column] for column in kept] for row in rows]


def clipped(text: str, room: int, *, end: bool = False) -> str:
    """As much of a text as has room, from its beginning or up to its end, with dots where something is missing."""
    if cells(text) <= room:
        return text
    return f"...{text[-(room - 3) :]}" if end else f"{text[: room - 3]}..."


def terminal_width(streams: Streams) -> int | None:
    """Columns of the terminal that the product goes to; None where it goes to none."""
    return streams.out_columns if streams.out_is_terminal else None


def _widths(table: Sequence[Sequence[Sequence[str]]]) -> list[int]:
    return [max(cells(line) for cell in column for line in cell) for column in zip(*table, strict=True)]


def _width(table: Sequence[Sequence[Sequence[str]]]) -> int:
    widths = _widths(table)
    return sum(widths) + 2 * (len(widths) - 1)


def _padded(text: str, width: int, *, left: bool) -> str:
    room = " " * (width - cells(text))
    return text + room if left else room + text
