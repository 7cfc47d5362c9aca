"""Within which bounds a number must lie, said in the same words for options, variables, settings and calls."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a number may be; it is finite in any case.

    Attributes:
        low: least number; None: there is none.
        high: greatest number; None: there is none.
        above: whether it must be more than `low`, which itself is too little.
    """

    low: float | None = None
    high: float | None = None
    above: bool = False

    def __str__(self) -> str:
        if self.low is None:
            return "a finite number" if self.high is None else f"at most {_plain(self.high)}"
        if self.above:
            return f"more than {_plain(self.low)}" + ("" if self.high is None else f" and at most {_plain(self.high)}")
        return f"at least {_plain(self.low)}" if self.high is None else f"{_plain(self.low)} to {_plain(self.high)}"

    def holds(self, value: float) -> bool:
        """Whether a number lies within them."""
        if not math.isfinite(value):
            return False
        is_enough = self.low is None or (value > self.low if self.above else value >= self.low)
        return is_enough and (self.high is None or value <= self.high)

    def mistake(self, value: float) -> str | None:
        """What is wrong with a number, with the number and the bounds; None where nothing is."""
        return None if self.holds(value) else f"expected {self}, found {_plain(value)}"


def _plain(value: float) -> str:
    """Without a fraction that is none, and with every digit of a whole number."""
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else f"{value:g}"
