"""Curves in a plane with axes, plain or logarithmic: thin lines, and thick ones with points."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lstmgen.drawing.shapes import Box, Label, Line, Picture, Shape
from lstmgen.drawing.theme import DARK, LIGHT, Theme, mixed
from lstmgen.drawing.typeface import fitted, text_width

_ASPECT: Final = 0.56
_MARGIN: Final = 0.025
"""Of the width, around everything."""
_TYPE: Final = 0.0125
"""Size of the type, for a width of one."""
_LEAST_TYPE: Final = 11.0
_MOST_POINTS: Final = 800
"""Of one curve; of more, neighbours are averaged."""
_STEEP: Final = 0.97
"""What is higher than this share of the points is cut off, so that a steep beginning does not flatten the rest."""
_TRAINING_SHARE: Final = 0.55
"""How much of its colour the curve of training keeps."""
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS: Final = 6
_FEWEST: Final = 1e-300
"""What is less is drawn here on a logarithmic axis."""

Places = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One of the two axes.

    Attributes:
        label: what it counts.
        log: whether it goes by powers of ten.
        whole: whether only whole numbers are marked.
        steep: whether what is higher than nearly all of the rest is cut off.
    """

    label: str
    log: bool = False
    whole: bool = False
    steep: bool = False

    def at(self, value: float) -> float:
        """Where a value stands, before it is stretched over the picture."""
        return math.log10(max(value, _FEWEST)) if self.log else value

    def marks(self, low: float, high: float) -> list[float]:
        """Where lines are drawn across it."""
        return ticks(low, high, whole=self.whole or self.log)

    def name(self, tick: float, every: Sequence[float]) -> str:
        """How a mark is written."""
        if self.log:
            return f"{10**tick:g}" if -4 <= tick <= 6 else f"1e{tick:.0f}"
        return f"{tick:,.0f}" if self.whole else _tick(tick, every)


@dataclass(frozen=True, kw_only=True)
class Series:
    """What is drawn in one colour.

    Attributes:
        name: in the legend.
        thin: points of a thin line.
        thick: points of a thick one, marked where they are few.
    """

    name: str
    thin: Places
    thick: Places


def plot(
    series: Sequence[Series], *, x: Axis, y: Axis, key: str = "", title: str, description: str, heading: str = "", dark: bool, width: int
) -> Picture:
    """A picture of curves, with a legend above and marks along both axes.

    Args:
        series: at least one, with at least one point.
        x: the horizontal axis.
        y: the vertical axis.
        key: what thin and thick lines mean.
        title: what it shows, in a few words.
        description: the same in a sentence.
        heading: the title as it is drawn at the head; empty: none.
        dark: light on dark.
        width: in pixels.
    """
    made = _Plot(series, x=x, y=y, key=key, heading=heading, colours=DARK if dark else LIGHT, width=width)
    return made.picture(title, description)


class _Plot:
    """Where everything stands."""

    def __init__(self, series: Sequence[Series], *, x: Axis, y: Axis, key: str, heading: str, colours: Theme, width: int) -> None:
        self._series = [Series(name=each.name, thin=_placed(each.thin, x, y), thick=_placed(each.thick, x, y)) for each in series]
        self._x, self._y_axis, self._key, self._title, self._colours = x, y, key, heading, colours
        self._width, self._height, self._size = width, round(_ASPECT * width), max(_TYPE * width, _LEAST_TYPE)
        every = [place for curve in self._series for place in (*curve.thin, *curve.thick)]
        self._x_ticks = x.marks(min(at for at, _ in every), max(at for at, _ in every))
        values = sorted(value for _, value in every)
        thick = [value for curve in self._series for _, value in curve.thick[1:]]
        self._y_ticks = y.marks(values[0], max([values[int((_STEEP if y.steep else 1) * (len(values) - 1))], *thick]))
        margin = _MARGIN * width
        names = max(text_width(y.name(tick, self._y_ticks), self._size) for tick in self._y_ticks)
        self._left, self._right = margin + names + self._size, width - margin
        legend = math.ceil(len(series) / self._columns()) + 1
        self._top = margin + (2.6 * self._size if heading else 0.6 * self._size) + 1.9 * self._size * legend
        self._bottom = self._height - margin - 3.4 * self._size

    def picture(self, title: str, description: str) -> Picture:
        """All of it."""
        return Picture(
            width=self._width,
            height=self._height,
            background=self._colours.page,
            shapes=tuple(self._shapes()),
            title=title,
            description=description,
        )

    def _shapes(self) -> Iterator[Shape]:
        colours, size = self._colours, self._size
        yield from self._head()
        yield Box(self._left, self._top, self._right - self._left, self._bottom - self._top, colours.panel)
        line = max(1.0, self._width / 1200)
        for tick in self._y_ticks:
            y = round(self._y(tick))
            yield Box(self._left, y - line / 2, self._right - self._left, line, colours.beat_line)
            yield Label(self._left - 0.6 * size, y + 0.35 * size, self._y_axis.name(tick, self._y_ticks), size, colours.muted, "end")
        for tick in self._x_ticks:
            x = round(self._at(tick))
            yield Box(x - line / 2, self._top, line, self._bottom - self._top + 0.4 * size, colours.beat_line)
            yield Label(x, self._bottom + 1.6 * size, self._x.name(tick, self._x_ticks), size, colours.muted, "middle")
        yield Label(self._right, self._bottom + 3.1 * size, self._x.label, size, colours.text, "end")
        for place, curve in enumerate(self._series):
            yield from self._lines(curve, colours.track_colour(place))

    def _head(self) -> Iterator[Shape]:
        """Title, legend, and the unit of the losses above their axis."""
        colours, size = self._colours, self._size
        y = _MARGIN * self._width
        if self._title:
            y += 1.7 * size
            yield Label(_MARGIN * self._width, y, fitted(self._title, 1.8 * size, self._right), 1.8 * size, colours.text, bold=True)
            y += 0.9 * size
        columns = self._columns()
        room = (self._right - _MARGIN * self._width) / columns
        for place, curve in enumerate(self._series):
            x, line = _MARGIN * self._width + place % columns * room, y + (place // columns + 0.8) * 1.9 * size
            yield Box(x, line - 0.75 * size, 0.8 * size, 0.8 * size, colours.track_colour(place), 0.4 * size)
            yield Label(x + 1.3 * size, line, fitted(curve.name, size, room - 2.5 * size), size, colours.text)
        yield Label(_MARGIN * self._width, self._top - 0.8 * size, self._y_axis.label, size, colours.text)
        yield Label(self._right, self._top - 0.8 * size, self._key, size, colours.muted, "end")

    def _columns(self) -> int:
        widest = max(text_width(curve.name, self._size) for curve in self._series) + 3 * self._size
        return max(1, min(len(self._series), int((1 - 2 * _MARGIN) * self._width / widest)))

    def _lines(self, curve: Series, colour: str) -> Iterator[Shape]:
        thick = self._width / 480
        for points in below(thinned(curve.thin), self._y_ticks[-1]):
            yield Line(self._placed(points), 0.55 * thick, mixed(colour, self._colours.panel, _TRAINING_SHARE))
        thick_points = thinned(curve.thick)
        for points in below(thick_points, self._y_ticks[-1]):
            yield Line(self._placed(points), thick, colour)
        radius = 1.7 * thick
        for x, y in self._placed([place for place in thick_points if place[1] <= self._y_ticks[-1]] if len(thick_points) <= 60 else []):
            yield Box(x - radius, y - radius, 2 * radius, 2 * radius, colour, radius)

    def _placed(self, points: Places) -> tuple[tuple[float, float], ...]:
        return tuple((self._at(at), self._y(loss)) for at, loss in points)

    def _at(self, at: float) -> float:
        low, high = self._x_ticks[0], self._x_ticks[-1]
        return self._left + (at - low) / (high - low) * (self._right - self._left)

    def _y(self, loss: float) -> float:
        low, high = self._y_ticks[0], self._y_ticks[-1]
        return self._bottom - (loss - low) / (high - low) * (self._bottom - self._top)


def _placed(points: Places, x: Axis, y: Axis) -> Places:
    return [(x.at(at), y.at(value)) for at, value in points]


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers at equal distances, the first at or below `low`, the last at or above `high`; at least two.

    Args:
        low: least value.
        high: greatest value.
        whole: only whole numbers.
    """
    greatest = max(abs(low), abs(high))
    span = high - low if high - low > greatest * 1e-9 and high - low > sys.float_info.min * _TICKS else max(greatest, 1.0) * 0.1
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(step * power for step in _STEPS if step * power * _TICKS >= span)
    step = max(1.0, round(step)) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _tick(tick: float, every: Sequence[float]) -> str:
    digits = max(0, -math.floor(math.log10(every[1] - every[0]) + 1e-9))
    return f"{tick:,.{digits + (round((every[1] - every[0]) * 10**digits, 6) % 1 > 0)}f}"


def thinned(points: Places, most: int = _MOST_POINTS) -> Places:
    """At most so many points: means of neighbours."""
    each = math.ceil(len(points) / most) if points else 1
    groups = [points[place : place + each] for place in range(0, len(points), each)]
    return [(math.fsum(at for at, _ in group) / len(group), math.fsum(loss for _, loss in group) / len(group)) for group in groups]


def below(points: Places, high: float) -> Iterator[Places]:
    """The parts of a curve that lie below this loss, cut where it crosses it; each of at least two points."""
    part: Places = []
    for before, now in zip([None, *points], points, strict=False):
        if before is not None and (before[1] > high) != (now[1] > high):
            share = (high - before[1]) / (now[1] - before[1])
            part.append((before[0] + share * (now[0] - before[0]), high))
        if now[1] <= high:
            part.append(now)
        elif part:
            if len(part) > 1:
                yield part
            part = []
    if len(part) > 1:
        yield part
