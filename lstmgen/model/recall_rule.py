"""How much what followed at like places counts, as a plain value; no torch. `recall.py` follows the rule."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from lstmgen.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class RecallRule:
    """The rule of a continuous cache.

    Attributes:
        share: of the probability, that the cache gives, 0 to 0.99; 0.1 to 0.3 is usual.
        sharpness: by how much a vote counts more for a cosine that is larger by 1, as an exponent.
        reach: tokens that it looks back.

    Raises:
        UsageError: a value is out of bounds.
    """

    share: float
    sharpness: float = 20.0
    reach: int = 16384

    def __post_init__(self) -> None:
        for name, value, high in (("share", self.share, 0.99), ("sharpness", self.sharpness, 1000)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and 0 <= value <= high):
                raise UsageError(f"the {name} of the cache is {value!r}, expected 0 to {high}", remedy="--recall 0.1")
        if isinstance(self.reach, bool) or not isinstance(self.reach, int) or self.reach < 1:
            raise UsageError(f"the reach of the cache is {self.reach!r}, expected a whole number, 1 or more", remedy="leave the reach out")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
