"""The losses of runs as a picture: thin lines for training, thick ones with points for validation. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lstmgen import drawing, limits, storage
from lstmgen.choices import CurveAxis, CurvePicture
from lstmgen.drawing.plot import Axis, Places, Series, plot
from lstmgen.errors import InputError, UsageError
from lstmgen.runs.history import Point, read_history
from lstmgen.runs.shelf import TOKENS, read_run

_LEAST_WIDTH: Final = 320
_AXES: Final = {"steps": Axis(label="steps", whole=True), "time": Axis(label="seconds")}


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
    said = ", ".join(f"{curve.name} down to {curve.ends_at}" for curve in curves)
    picture = plot(
        [Series(name=f"{curve.name}  {curve.ends_at}", thin=curve.training, thick=curve.validation) for curve in curves],
        x=_AXES[x],
        y=Axis(label=unit, steep=True),
        key="thin: training, thick with points: validation",
        title=title or "Losses of training",
        description=f"Training and validation loss in {unit} by {x}: {said}",
        heading=title,
        dark=dark,
        width=width,
    )
    return drawing.to_bytes(picture, kind)


def save_curves(paths: Sequence[Path], out: Path, **look: object) -> None:
    """What `draw_runs` makes, as a file whose name's ending says the kind. Raises as that, and MachineError."""
    storage.atomic_write(out, draw_runs(paths, out.suffix.lower().removeprefix("."), **look))  # pyright: ignore[reportArgumentType]
