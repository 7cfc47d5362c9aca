"""Small charts out of block characters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


def chart(values: Sequence[float], *, width: int, height: int = 1, ceiling: float | None = None) -> tuple[str, ...]:
    """`height` lines of at most `width` characters, the first on top; the columns' heights follow the values in eighths of a line.

    More values than columns are averaged, fewer stand side by side. Values that are not finite leave a gap. `ceiling` cuts off what is
    higher, so that a steep beginning does not flatten the rest.
    """
    columns = resample(values, width)
    shown = [value for value in columns if math.isfinite(value)]
    if not shown:
        return ("",) * height
    low = min(shown)
    high = max(shown) if ceiling is None else max(min(max(shown), ceiling), low)
    levels = [_level(value, low, high, 8 * height) for value in columns]
    return tuple("".join(_cell(level - 8 * row) for level in levels) for row in reversed(range(height)))


def resample(values: Sequence[float], width: int) -> list[float]:
    """At most `width` means of neighbouring values, in order."""
    if len(values) <= width:
        return list(values)
    edges = [round(column * len(values) / width) for column in range(width + 1)]
    return [_mean(values[start:stop]) for start, stop in itertools.pairwise(edges)]


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(value / len(finite) for value in finite) if finite else math.nan


def _level(value: float, low: float, high: float, top: int) -> int:
    """Eighths filled in a column: at least one, so that every value is seen; none where there is no value."""
    if not math.isfinite(value):
        return 0
    span = high / 2 - low / 2
    if span <= 0:
        return max(1, top // 2)
    return 1 + round((min(value, high) / 2 - low / 2) / span * (top - 1))


def _cell(level: int) -> str:
    return _EIGHTHS[min(max(level, 0), 8)]
