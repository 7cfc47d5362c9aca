"""The losses of runs as a picture: thin lines for training, thick ones with points for validation. No torch."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lstmgen import drawing, limits, storage
from lstmgen.choices import CurveAxis, CurvePicture
from lstmgen.drawing.shapes import Box, Label, Line, Picture, Shape
from lstmgen.drawing.theme import DARK, LIGHT, Theme, mixed
from lstmgen.drawing.typeface import fitted, text_width
from lstmgen.errors import InputError, UsageError
from lstmgen.runs.history import Point, read_history
from lstmgen.runs.shelf import TOKENS, read_run

_LEAST_WIDTH: Final = 320
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

Places = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The losses of a run in the unit of the picture, by steps or seconds.

    Attributes:
        name: of the run.
        training: places and losses.
        validation: the same.
    """

    name: str
    training: Places
    validation: Places

    @property
    def ends_at(self) -> str:
        """The last validation loss, or else the last training loss."""
        last = (self.validation or self.training)[-1][1]
        return f"{last:.4g}"


def read_curves(paths: Sequence[Path], *, x: CurveAxis = "steps") -> tuple[list[Curve], str]:
    """The curves of runs, and the unit of their losses: the one that all of them are listed with, or else nats a token.

    A run's losses are nats a token; in another unit they are shown by the ratio of the two at its last validation.

    Raises:
        InputError: a run has no losses.
    """
    runs = [read_run(path) for path in paths]
    units = {run.loss_unit for run in runs}
    ratios = [run.loss / run.nats_per_token if run.loss is not None and run.nats_per_token else None for run in runs]
    unit = next(iter(units)) if len(units) == 1 and None not in ratios else None

    def placed(points: Sequence[Point], ratio: float) -> Places:
        return [(point.elapsed_s if x == "time" else point.step, point.nats * ratio) for point in points]

    curves: list[Curve] = []
    for path, run, ratio in zip(paths, runs, ratios, strict=True):
        history, share = read_history(path), (ratio or 1.0) if unit else 1.0
        curve = Curve(name=run.name, training=placed(history.training, share), validation=placed(history.validation, share))
        if not (curve.training or curve.validation):
            raise InputError(f"{str(path)!r} holds no losses to draw", remedy="lstmgen runs")
        curves.append(curve)
    return curves, unit or TOKENS


def draw_runs(
    paths: Sequence[Path], kind: CurvePicture, *, x: CurveAxis = "steps", title: str = "", dark: bool = False, width: int = 1200
) -> bytes:
    """A picture of the losses of runs, as the content of a file.

    Args:
        paths: run folders.
        kind: of the file.
        x: what the horizontal axis counts: optimiser steps, or seconds of training.
        title: at the head.
        dark: light on dark.
        width: pixels, 320 to 4000.

    Raises:
        InputError: a run has no losses.
        UsageError: the width is out of bounds.
    """
    if not _LEAST_WIDTH <= width <= limits.MAX_PICTURE_WIDTH:
        raise UsageError(f"a picture is {_LEAST_WIDTH} to {limits.MAX_PICTURE_WIDTH} pixels wide, found {width}", remedy="--width 1200")
    curves, unit = read_curves(paths, x=x)
    return drawing.to_bytes(_Plot(curves, unit, x=x, title=title, colours=DARK if dark else LIGHT, width=width).picture(), kind)


def save_curves(paths: Sequence[Path], out: Path, **look: object) -> None:
    """What `draw_runs` makes, as a file whose name's ending says the kind. Raises as that, and MachineError."""
    storage.atomic_write(out, draw_runs(paths, out.suffix.lower().removeprefix("."), **look))  # pyright: ignore[reportArgumentType]


class _Plot:
    """Where everything stands."""

    def __init__(self, curves: Sequence[Curve], unit: str, *, x: CurveAxis, title: str, colours: Theme, width: int) -> None:
        self._curves, self._unit, self._x, self._title, self._colours = curves, unit, x, title, colours
        self._width, self._height, self._size = width, round(_ASPECT * width), max(_TYPE * width, _LEAST_TYPE)
        every = [place for curve in curves for place in (*curve.training, *curve.validation)]
        self._x_ticks = ticks(min(at for at, _ in every), max(at for at, _ in every), whole=x == "steps")
        losses = sorted(loss for _, loss in every)
        validated = [loss for curve in curves for _, loss in curve.validation[1:]]
        self._y_ticks = ticks(losses[0], max([losses[int(_STEEP * (len(losses) - 1))], *validated]))
        margin = _MARGIN * width
        names = max(text_width(_tick(tick, self._y_ticks), self._size) for tick in self._y_ticks)
        self._left, self._right = margin + names + self._size, width - margin
        legend = math.ceil(len(curves) / self._columns()) + 1
        self._top = margin + (2.6 * self._size if title else 0.6 * self._size) + 1.9 * self._size * legend
        self._bottom = self._height - margin - 3.4 * self._size

    def picture(self) -> Picture:
        """All of it."""
        said = ", ".join(f"{curve.name} down to {curve.ends_at}" for curve in self._curves)
        return Picture(
            width=self._width,
            height=self._height,
            background=self._colours.page,
            shapes=tuple(self._shapes()),
            title=self._title or "Losses of training",
            description=f"Training and validation loss in {self._unit} by {self._x}: {said}",
        )

    def _shapes(self) -> Iterator[Shape]:
        colours, size = self._colours, self._size
        yield from self._head()
        yield Box(self._left, self._top, self._right - self._left, self._bottom - self._top, colours.panel)
        line = max(1.0, self._width / 1200)
        for tick in self._y_ticks:
            y = round(self._y(tick))
            yield Box(self._left, y - line / 2, self._right - self._left, line, colours.beat_line)
            yield Label(self._left - 0.6 * size, y + 0.35 * size, _tick(tick, self._y_ticks), size, colours.muted, "end")
        for tick in self._x_ticks:
            x = round(self._at(tick))
            yield Box(x - line / 2, self._top, line, self._bottom - self._top + 0.4 * size, colours.beat_line)
            yield Label(x, self._bottom + 1.6 * size, self._x_name(tick), size, colours.muted, "middle")
        yield Label(self._right, self._bottom + 3.1 * size, _AXES[self._x], size, colours.text, "end")
        for place, curve in enumerate(self._curves):
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
        for place, curve in enumerate(self._curves):
            x, line = _MARGIN * self._width + place % columns * room, y + (place // columns + 0.8) * 1.9 * size
            yield Box(x, line - 0.75 * size, 0.8 * size, 0.8 * size, colours.track_colour(place), 0.4 * size)
            yield Label(x + 1.3 * size, line, fitted(f"{curve.name}  {curve.ends_at}", size, room - 2.5 * size), size, colours.text)
        yield Label(_MARGIN * self._width, self._top - 0.8 * size, self._unit, size, colours.text)
        key = "thin: training, thick with points: validation"
        yield Label(self._right, self._top - 0.8 * size, key, size, colours.muted, "end")

    def _columns(self) -> int:
        widest = max(text_width(f"{curve.name}  {curve.ends_at}", self._size) for curve in self._curves) + 3 * self._size
        return max(1, min(len(self._curves), int((1 - 2 * _MARGIN) * self._width / widest)))

    def _lines(self, curve: Curve, colour: str) -> Iterator[Shape]:
        thick = self._width / 480
        for points in below(thinned(curve.training), self._y_ticks[-1]):
            yield Line(self._placed(points), 0.55 * thick, mixed(colour, self._colours.panel, _TRAINING_SHARE))
        validation = thinned(curve.validation)
        for points in below(validation, self._y_ticks[-1]):
            yield Line(self._placed(points), thick, colour)
        radius = 1.7 * thick
        for x, y in self._placed([place for place in validation if place[1] <= self._y_ticks[-1]] if len(validation) <= 60 else []):
            yield Box(x - radius, y - radius, 2 * radius, 2 * radius, colour, radius)

    def _placed(self, points: Places) -> tuple[tuple[float, float], ...]:
        return tuple((self._at(at), self._y(loss)) for at, loss in points)

    def _at(self, at: float) -> float:
        low, high = self._x_ticks[0], self._x_ticks[-1]
        return self._left + (at - low) / (high - low) * (self._right - self._left)

    def _y(self, loss: float) -> float:
        low, high = self._y_ticks[0], self._y_ticks[-1]
        return self._bottom - (loss - low) / (high - low) * (self._bottom - self._top)

    def _x_name(self, tick: float) -> str:
        return f"{tick:,.0f}" if self._x == "steps" else _tick(tick, self._x_ticks)


_AXES: Final = {"steps": "steps", "time": "seconds"}


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
