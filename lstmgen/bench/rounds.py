"""Two ways of doing the same work, in turns: what a busy machine does to one of them it does to the other, so that the ratio holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Side = Callable[[int], int]
"""(repetitions) -> how many units that were, such as tokens."""


_LONGER: Final = 3
"""Times a round of a training: its first step touches the memory that the thousands which follow in a real one find."""


@dataclass(frozen=True)
class Spread:
    """Median, least and largest of some rounds."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long a side takes, and how often it is run.

    Attributes:
        rounds: of every side, in turns.
        round_s: about how long a side runs in one round.
        steps: of a training in a round at the least.
    """

    rounds: int
    round_s: float
    steps: int = 1


def rates(sides: Mapping[str, Side], pace: Pace, *, trainings: Collection[str] = ()) -> Iterator[dict[str, float]]:
    """Round after round the units a second of every side, by name; wall time, after a warm-up."""
    repetitions = {
        name: max(_enough(side, _LONGER * pace.round_s), pace.steps) if name in trainings else _enough(side, pace.round_s)
        for name, side in sides.items()
    }
    for _ in range(pace.rounds):
        yield {name: _rate(side, repetitions[name]) for name, side in sides.items()}


def _enough(side: Side, round_s: float) -> int:
    """Repetitions that fill a round."""
    repetitions = 1
    while True:
        began_s = time.perf_counter()
        side(repetitions)
        took_s = max(time.perf_counter() - began_s, 1e-9)
        if took_s >= round_s / 4 or repetitions >= 2**20:
            return max(1, round(repetitions * round_s / took_s))
        repetitions *= 4


def _rate(side: Side, repetitions: int) -> float:
    began_s = time.perf_counter()
    units = side(repetitions)
    return units / max(time.perf_counter() - began_s, 1e-9)
