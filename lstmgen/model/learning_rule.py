"""How a network goes on learning while it reads, as a plain value; no torch. `adaptation.py` follows the rule."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from lstmgen.errors import UsageError

MAX_SEGMENT: Final = 1024
MAX_REPLAY: Final = 64


@dataclass(frozen=True, kw_only=True)
class LearningRule:
    """The rule of dynamic evaluation; the defaults were measured on text and on chorales (docs/LOG.md).

    Attributes:
        rate: by how much a weight moves for a gradient of its usual size, at most; 0 learns nothing.
        decay: the share of its distance by which a weight of average gradient returns to what was trained, after each segment.
        segment: tokens that are predicted before they are learned.
        replay: stretches of what was read before that are learned again beside each segment, drawn at random, always the same ones.
        own: the share by which the usual gradients become those of what is read, after each segment; 0 leaves them as they are.

    Raises:
        UsageError: a value is of the wrong type or out of bounds.
    """

    rate: float = 2e-4
    decay: float = 1e-3
    segment: int = 20
    replay: int = 0
    own: float = 0.0

    def __post_init__(self) -> None:
        shares = (
            ("rate", self.rate, "--adapt-rate 2e-4"),
            ("decay", self.decay, "--adapt-decay 1e-3"),
            ("own", self.own, "--adapt-own 0.01"),
        )
        for name, value, remedy in shares:
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and 0 <= value <= 1):
                raise UsageError(f"the {name} of learning is {value!r}, expected 0 to 1", remedy=remedy)
        if isinstance(self.segment, bool) or not isinstance(self.segment, int) or not 1 <= self.segment <= MAX_SEGMENT:
            raise UsageError(f"a segment of {self.segment!r}, expected 1 to {MAX_SEGMENT:,} tokens", remedy="--adapt-segment 20")
        if isinstance(self.replay, bool) or not isinstance(self.replay, int) or not 0 <= self.replay <= MAX_REPLAY:
            raise UsageError(f"a replay of {self.replay!r}, expected 0 to {MAX_REPLAY} stretches", remedy="--adapt-replay 4")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
