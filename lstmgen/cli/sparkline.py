"""Charts of losses out of block characters, with axes: one curve as columns, another as dots on them."""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_DOT: Final = "●"
_STEEP: Final = 0.93
"""What is higher than this share of the columns is cut off, so that a steep beginning does not flatten the rest."""

Role = Literal["axis", "columns", "dots", "both"]
Cell = tuple[str, Role]
Points = Sequence[tuple[float, float]]
"""Places on the horizontal axis in ascending order, and values; values that are not finite are left out."""


@dataclass(frozen=True)
class Scale:
    """The values at the foot and at the head of a chart."""

    low: float
    high: float

    def level(self, value: float, top: int) -> int:
        """Eighths of a line that a value fills: at least one, so that every value is seen, and `top` at most."""
        span = self.high / 2 - self.low / 2
        if span <= 0:
            return max(1, top // 2)
        share = (min(max(value, self.low), self.high) / 2 - self.low / 2) / span
        return 1 + round(share * (top - 1))


def scale_of(curves: Sequence[Points], *, width: int) -> Scale | None:
    """One scale for all of these curves; None where there is nothing to draw."""
    shown = sorted(value for points in curves for value in columns(points, width=width))
    return Scale(shown[0], shown[int(_STEEP * (len(shown) - 1))]) if shown else None


def chart(
    filled: Points, dotted: Points = (), *, width: int, height: int, scale: Scale | None = None, x_label: Callable[[float], str] = str
) -> list[list[Cell]]:
    """Lines of cells, the first on top: the values of the vertical axis to the left, those of the horizontal one in the last line.

    The curves reach from the left end to the right one whatever their length, without a blank column.

    Args:
        filled: drawn as columns.
        dotted: drawn as dots on them, from its first point to its last one.
        width: columns of the terminal, the axis included.
        height: lines, the horizontal axis and its labels included; at least three.
        scale: for charts that are to be compared; None: that of these curves.
        x_label: how a place on the horizontal axis is written.
    """
    scale = scale or scale_of((filled, dotted), width=width)
    known = [x for points in (filled, dotted) for x, value in points if math.isfinite(value)]
    if scale is None or not known:
        return [[("", "axis")]] * height
    rows = height - 2
    labels = _y_labels(scale, rows)
    margin = max(map(len, labels)) + 2
    room = max(1, width - margin)
    span = (min(known), max(known))
    levels = [scale.level(value, 8 * rows) for value in columns(filled, width=room, span=span)]
    dots = {column: (scale.level(value, 8 * rows) - 1) // 8 for column, value in _between(dotted, width=room, span=span)}
    lines: list[list[Cell]] = []
    for row in reversed(range(rows)):
        cells = [_cell(levels[column] - 8 * row if levels else 0, dot=dots.get(column) == row) for column in range(room)]
        lines.append([(f"{labels[rows - 1 - row]:>{margin - 2}} {'┤' if labels[rows - 1 - row] else '│'}", "axis"), *_joined(cells)])
    lines.append([(" " * (margin - 1) + "└" + "─" * room, "axis")])
    return [*lines, [(" " * margin + _x_line(span, room, x_label), "axis")]]


def plain(lines: Sequence[Sequence[Cell]]) -> list[str]:
    """The lines as text without colour."""
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def columns(points: Points, *, width: int, span: tuple[float, float] | None = None) -> list[float]:
    """The values of `width` equal parts of the axis: means of the points in them, and where there are none what lies between neighbours.

    Empty where no value is finite. `span`: the ends of the axis; None: the first and the last point.
    """
    known = [(x, value) for x, value in points if math.isfinite(value)]
    if not known:
        return []
    low, high = span or (known[0][0], known[-1][0])
    held: list[list[float]] = [[] for _ in range(width)]
    for x, value in known:
        held[_column(x, low, high, width)].append(value)
    places = [column for column, values in enumerate(held) if values]
    means = [_mean(held[column]) for column in places]
    return [_interpolated(places, means, column) for column in range(width)]


def _between(points: Points, *, width: int, span: tuple[float, float]) -> list[tuple[int, float]]:
    """Columns and values from the first point to the last one."""
    known = [x for x, value in points if math.isfinite(value)]
    if not known:
        return []
    first, last = (_column(x, *span, width) for x in (known[0], known[-1]))
    return list(enumerate(columns(points, width=width, span=span)))[first : last + 1]


def _column(x: float, low: float, high: float, width: int) -> int:
    share = (x - low) / (high - low) if high > low else 0.0
    return min(max(int(share * width), 0), width - 1)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(value / len(values) for value in values)


def _interpolated(places: Sequence[int], values: Sequence[float], column: int) -> float:
    after = bisect.bisect_left(places, column)
    if after == len(places) or places[after] == column or not after:
        return values[min(after, len(places) - 1)]
    share = (column - places[after - 1]) / (places[after] - places[after - 1])
    return (1 - share) * values[after - 1] + share * values[after]


def _y_labels(scale: Scale, rows: int) -> list[str]:
    """The label of every line from above: of the first, of the last, and of the one in the middle where there is room."""
    labels = [""] * rows
    for place in {0, rows // 2, rows - 1} if rows >= 5 else {0, rows - 1}:
        share = 0.5 if rows == 1 else 1 - place / (rows - 1)
        labels[place] = f"{(1 - share) * scale.low + share * scale.high:.3g}"
    return labels


def _x_line(span: tuple[float, float], room: int, x_label: Callable[[float], str]) -> str:
    """The labels of the ends, and of the middle where there is room."""
    left, middle, right = (x_label(place) for place in (span[0], (span[0] + span[1]) / 2, span[1]))
    if len(left) + len(right) + 2 > room:
        return right[:room].rjust(room)
    line = left + right.rjust(room - len(left))
    at = (room - len(middle)) // 2
    return line if line[at - 1 : at + len(middle) + 1].strip() else line[:at] + middle + line[at + len(middle) :]


def _cell(level: int, *, dot: bool) -> Cell:
    if dot:
        return _DOT, "both" if level >= 8 else "dots"
    return _EIGHTHS[min(max(level, 0), 8)], "columns"


def _joined(cells: Sequence[Cell]) -> list[Cell]:
    """Neighbours of one role as one cell."""
    by_role = itertools.groupby(cells, key=operator.itemgetter(1))
    return [("".join(text for text, _ in run), role) for role, run in by_role]
