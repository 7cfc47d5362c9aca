"""How much training a run may do, and how much of it is used up."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lstmgen.training.events import StopReason


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The ends of a run; the first that is reached ends it.

    Attributes:
        max_time_s: wall-clock seconds of all sittings together.
        max_steps: optimiser steps.
        max_tokens: training tokens, which is how passes over the data are counted.
    """

    max_time_s: float | None = None
    max_steps: int | None = None
    max_tokens: int | None = None

    def shares(self, *, elapsed_s: float, step: int, tokens: int) -> dict[StopReason, float]:
        """The used share of each part that is set."""
        used: dict[StopReason, tuple[float, float | None]] = {
            "time": (elapsed_s, self.max_time_s),
            "steps": (step, self.max_steps),
            "epochs": (tokens, self.max_tokens),
        }
        return {reason: spent / limit for reason, (spent, limit) in used.items() if limit is not None}


class Clock:
    """Seconds that a run has taken, over all its sittings."""

    def __init__(self, *, started_at: float | None = None) -> None:
        self._already_s = 0.0
        self._started_at = time.monotonic() if started_at is None else started_at

    @property
    def elapsed_s(self) -> float:
        """Seconds up to now."""
        return self._already_s + time.monotonic() - self._started_at

    def add_earlier(self, seconds: float) -> None:
        """Counts the seconds of an earlier sitting."""
        self._already_s += seconds
