"""What a tokenizer counts time in: steps of a beat or hundredths of a second. Where ticks are rounded to steps is here and nowhere else.

Times are absolute when they are rounded, so that errors never add up, and halves go up. Every division is rounded correctly, and the
steps of a piece that is not refused are few enough for the result to be that of whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.lanes import Steps
from lstmgen.music.score import Score
from lstmgen.wording import counted


def nearest(places: Any) -> Steps:
    """The whole number nearest to each place, halves up."""
    return np.floor(np.asarray(places) + 0.5).astype(np.int64)


@final
@dataclass(frozen=True)
class Beats:
    """Equal steps of a beat, whatever the tempo.

    Attributes:
        per_unit: steps of a beat.
        unit: what a person would count in.
    """

    per_unit: int
    unit: ClassVar[str] = "beats"

    def places(self, score: Score, ticks: Any) -> NDArray[np.float64]:
        """Where ticks lie among the steps, not rounded."""
        return np.asarray(ticks, np.float64) * self.per_unit / score.ticks_per_beat

    def ticks(self, score: Score, steps: Any) -> Steps:
        """The tick nearest to each step; the nearest step of it is the step again, unless steps are finer than ticks."""
        return nearest(np.asarray(steps, np.float64) * score.ticks_per_beat / self.per_unit)

    def per_beat(self, seconds_per_beat: float) -> float:
        """Steps of a beat."""
        del seconds_per_beat
        return float(self.per_unit)

    def word(self, steps: int) -> str:
        """Such as `0.25 beats`."""
        return counted(steps / self.per_unit, "beat")


@final
@dataclass(frozen=True)
class Seconds:
    """Hundredths of a second, by the tempo map of the score."""

    per_unit: int = 100
    unit: ClassVar[str] = "seconds"

    def places(self, score: Score, ticks: Any) -> NDArray[np.float64]:
        """Where ticks lie among the steps, not rounded."""
        return score.seconds_at(ticks) * self.per_unit

    def ticks(self, score: Score, steps: Any) -> Steps:
        """The tick nearest to each step."""
        return score.ticks_at(np.asarray(steps) / self.per_unit)

    def per_beat(self, seconds_per_beat: float) -> float:
        """Steps of a beat at this tempo."""
        return self.per_unit * seconds_per_beat

    def word(self, steps: int) -> str:
        """Such as `0.25 s`."""
        return f"{steps / self.per_unit:.2f} s"


TimeBase = Beats | Seconds
"""What a tokenizer counts time in."""
