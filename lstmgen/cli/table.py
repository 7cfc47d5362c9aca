"""Figures side by side."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence

from lstmgen.cli.output import Streams


def figure(value: float | None, form: str) -> str:
    """A number in this format; a dash where there is none."""
    return "-" if value is None else format(value, form)


def aligned(rows: list[list[str]], *, left_last: bool = False) -> Iterator[str]:
    """Columns side by side: numbers to the right; the first column of a table of texts, or the last of a list, to the left."""
    widths = _widths(rows)
    lefts = {len(widths) - 1} if left_last else {0}
    for row in rows:
        cells = [
            cell.ljust(width) if place in lefts else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def fitting(rows: list[list[str]], width: int | None, *, dropped: Sequence[int]) -> list[list[str]]:
    """The rows with only as many columns as have room.

    Args:
        rows: all of one length.
        width: columns of the terminal; None: all have room.
        dropped: columns that may go, the most dispensable first.
    """
    kept = list(range(len(rows[0])))
    widths = _widths(rows)
    for column in dropped:
        if width is None or sum(widths[each] + 2 for each in kept) - 2 <= width:
            break
        kept.remove(column)
    return [[row[column] for column in kept] for row in rows]


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]


def clipped(text: str, room: int, *, end: bool = False) -> str:
    """As much of a text as has room, from its beginning or up to its end, with dots where something is missing."""
    if len(text) <= room:
        return text
    return f"...{text[-(room - 3) :]}" if end else f"{text[: room - 3]}..."


def terminal_width(streams: Streams) -> int | None:
    """Columns of the terminal that the product goes to; None where it goes to none."""
    return shutil.get_terminal_size().columns if streams.out_is_terminal else None
