"""Figures side by side."""

from __future__ import annotations

from collections.abc import Iterator


def figure(value: float | None, form: str) -> str:
    """A number in this format; a dash where there is none."""
    return "-" if value is None else format(value, form)


def aligned(rows: list[list[str]], *, left_last: bool = False) -> Iterator[str]:
    """Columns side by side: numbers to the right; the first column of a table of texts, or the last of a list, to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lefts = {len(widths) - 1} if left_last else {0}
    for row in rows:
        cells = [
            cell.ljust(width) if place in lefts else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
