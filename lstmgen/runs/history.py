"""How the losses of a run went, as its metrics tell: what curves, comparisons and descriptions are made of. No torch."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lstmgen import run_files
from lstmgen.checkpoint import metrics

_LARGEST: Final = 2.0**60


@dataclass(frozen=True, slots=True)
class Point:
    """One entry of the metrics.

    Attributes:
        step: optimiser steps taken by then.
        elapsed_s: seconds of training by then, of all sittings.
        nats: loss, nats a token.
    """

    step: int
    elapsed_s: float
    nats: float


@dataclass(frozen=True, kw_only=True)
class History:
    """The losses of a run, each in the order of the steps.

    Attributes:
        training: smoothed losses of the training part.
        validation: losses of the validation part.
    """

    training: tuple[Point, ...] = ()
    validation: tuple[Point, ...] = ()


def read_history(folder: str | os.PathLike[str]) -> History:
    """What the metrics in a run folder tell. Lines that cannot be read are left out, and so is a file that is no regular one.

    Of very long metrics as many lines are looked at as make curves.
    """
    found: dict[str, list[Point]] = {"loss_nats": [], "val_nats": []}
    for values in metrics.glimpse(Path(folder, run_files.METRICS)):
        for name, points in found.items():
            if (point := _point(values, name)) is not None:
                points.append(point)
    return History(training=tuple(found["loss_nats"]), validation=tuple(found["val_nats"]))


def _point(values: dict[str, Any], name: str) -> Point | None:
    nats, step, elapsed_s = (_number(values.get(key)) for key in (name, "step", "elapsed_s"))
    return None if nats is None or step is None else Point(int(step), elapsed_s or 0.0, nats)


def _number(value: Any) -> float | None:
    """A number that can be counted with; what is none, or beyond all reason, is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST or not math.isfinite(value):
        return None
    return float(value)
