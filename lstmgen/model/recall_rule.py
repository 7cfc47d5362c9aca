"""How much what followed at like places counts, as a plain value; no torch. `recall.py` follows the rule."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from lstmgen.errors import UsageError

AUTO_SHARE: Final = "auto"
MOST_SHARE: Final = 0.99
_MOST_SHARPNESS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class RecallRule:
    """The rule of a continuous cache.

    Attributes:
        share: of the probability, that the cache gives, 0 to 0.99; 0.1 to 0.3 is usual. `auto`: as what was read of an item shows.
        sharpness: by how much a vote counts more for a cosine that is larger by 1, as an exponent, 0 to 1000.
        reach: tokens that it looks back.

    Raises:
        UsageError: a value is out of bounds.
    """

    share: float | Literal["auto"]
    sharpness: float = 20.0
    reach: int = 16384

    def __post_init__(self) -> None:
        if self.share != AUTO_SHARE and not _lies_within(self.share, MOST_SHARE):
            raise UsageError(
                f"the share of the cache is {self.share!r}, expected {AUTO_SHARE}, or 0 to {MOST_SHARE}", remedy=f"--recall {AUTO_SHARE}"
            )
        if not _lies_within(self.sharpness, _MOST_SHARPNESS):
            raise UsageError(
                f"the sharpness of the cache is {self.sharpness!r}, expected 0 to {_MOST_SHARPNESS}", remedy="--recall-sharpness 20"
            )
        if isinstance(self.reach, bool) or not isinstance(self.reach, int) or self.reach < 1:
            raise UsageError(f"the reach of the cache is {self.reach!r}, expected a whole number, 1 or more", remedy="leave the reach out")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def _lies_within(value: Any, high: float) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value) and 0 <= value <= high
