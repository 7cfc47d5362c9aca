"""What items are like, in figures, so that samples can be compared with what was learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.writing import Item


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """What items are like in one respect, which samples are asked to share with what was learned.

    Attributes:
        name: as in JSON.
        heading: the same in words.
        parts: of a distribution what it is over, such as the twelve pitch classes; empty: it is a ratio.
    """

    name: str
    heading: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extent:
    """How long an item is: what comes back in a long one is not what comes back in a short one.

    Attributes:
        amount: of the unit.
        unit: such as bar, in the singular.
    """

    amount: float
    unit: str


ABOUT: Final = 9 / 8
"""What is up to so many times as long, or as short, is about as long."""
FEWEST_PEERS: Final = 20
"""Items of about a length that say what those of that length are like; where there are fewer, all do."""

Counts = Mapping[str, NDArray[np.float64]]
"""By the name of each statistic what an item adds to it: for every part of a distribution, or to both terms of a ratio."""


class Comparable(Protocol):
    """What a medium says of its items, so that samples are compared with what was learned."""

    def statistics(self, tokenizer: Any) -> tuple[Statistic, ...]:
        """By what samples of a model are compared with what it learned; empty where there is nothing of the kind."""
        ...

    def extent(self, tokenizer: Any, item: Item) -> Extent:
        """How long an item is, in what statistics depend on."""
        ...

    def count(self, item: Item, seen: Extent | None = None) -> Counts:
        """What an item adds to the statistics, where no more than so much of its beginning is seen; how it ends is how the whole ends."""
        ...
