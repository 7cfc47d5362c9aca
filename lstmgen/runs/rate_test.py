"""The learning rate range test (Smith 2017): the rate grows with every step of a network that is thrown away, until the loss does."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from lstmgen import drawing, storage
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.drawing.plot import Axis, Series, plot
from lstmgen.errors import DivergedError
from lstmgen.runs import preparation
from lstmgen.runs.run import Order

LOW: Final = 1e-5
HIGH: Final = 1.0
STEPS: Final = 150
_SMOOTHING: Final = 0.9
_TOO_HIGH: Final = 1.15
"""The test ends where the smoothed loss is so many times that of its first step, or this much above its least."""
_ABOVE_LEAST: Final = 2.0
_FEWEST: Final = 10
_BELOW_LEAST: Final = 10.0
"""What is suggested is the rate of the least loss divided by this: there the loss still falls fast, and later steps have room."""


@dataclass(frozen=True, kw_only=True)
class RateTest:
    """What was found.

    Attributes:
        rates: of every step.
        losses_nats: of the window of every step, before it.
        smoothed_nats: their mean, in which the last ones count most.
        suggestion: for `--lr`.
        least_at: the rate at which the smoothed loss was least.
        usual: the rate that the run would have had.
    """

    rates: tuple[float, ...]
    losses_nats: tuple[float, ...]
    smoothed_nats: tuple[float, ...]
    suggestion: float
    least_at: float
    usual: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def picture(self, kind: str, *, dark: bool = False, width: int = 1200) -> bytes:
        """The curve as the content of an SVG or PNG file."""
        found = f"suggested: {self.suggestion:.2g}, least loss at {self.least_at:.2g}"
        series = Series(
            name=found,
            thin=list(zip(self.rates, self.losses_nats, strict=True)),
            thick=list(zip(self.rates, self.smoothed_nats, strict=True)),
        )
        picture = plot(
            [series],
            x=Axis(label="learning rate", log=True),
            y=Axis(label="nats a token", steep=True),
            key="thin: a window, thick: smoothed",
            title="Learning rate range test",
            description=f"Loss by learning rate, which grows with every step; {found}",
            dark=dark,
            width=width,
        )
        return drawing.to_bytes(picture, kind)

    def save(self, path: Path) -> None:
        """Writes the curve to a file whose ending says the kind. Raises MachineError."""
        storage.atomic_write(path, self.picture(path.suffix.lower().removeprefix(".")))


def rate_test(order: Order, *, steps: int = STEPS, progress: Callable[[int, int], None] | None = None) -> RateTest:
    """Takes steps with a new network, at rates from 1e-5 up to 1 in equal ratios, until the loss goes up for good.

    Raises:
        DivergedError: the loss is no number from the beginning on.
        LstmgenError: as a run would, before its first step.
    """
    with tempfile.TemporaryDirectory(prefix="lstmgen-") as folder:
        run = preparation.prepare(order, RunFolder(Path(folder)))
        rates: list[float] = []
        losses: list[float] = []
        smoothed: list[float] = []
        mean = 0.0
        for step in range(steps):
            rate = LOW * (HIGH / LOW) ** (step / max(1, steps - 1))
            loss = run.trainer.probe(rate)
            if not math.isfinite(loss):
                break
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
            rates.append(rate)
            losses.append(loss)
            smoothed.append(mean / (1 - _SMOOTHING ** (step + 1)))
            if progress is not None:
                progress(step + 1, steps)
            if step >= _FEWEST and (smoothed[-1] > _TOO_HIGH * smoothed[0] or smoothed[-1] > _ABOVE_LEAST * min(smoothed)):
                break
        if not rates:
            raise DivergedError("the loss of a new network is no number", remedy="--precision fp32")
        least_at = rates[smoothed.index(min(smoothed))]
        return RateTest(
            rates=tuple(rates),
            losses_nats=tuple(losses),
            smoothed_nats=tuple(smoothed),
            suggestion=float(f"{least_at / _BELOW_LEAST:.2g}"),
            least_at=least_at,
            usual=run.config.optimizer.lr or 0.0,
        )
