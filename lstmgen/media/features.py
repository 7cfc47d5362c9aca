"""The contract of looking at an item token by token: how it reads, and features of it that a unit of a network may follow. No torch.

Letters: T tokens of an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.writing import Item


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Something that can be said of an item at each of its tokens.

    Attributes:
        name: as it is typed.
        about: in words.
        yes_or_no: whether it is 1 or 0, and no number.
    """

    name: str
    about: str
    yes_or_no: bool = True


class Legible(Protocol):
    """What a medium says of an item token by token."""

    features: tuple[Feature, ...]
    """Those that have a name."""

    def readable(self, tokenizer: Any, ids: Ids) -> list[str]:
        """What each token adds to the item as a person reads it; nothing where it completes nothing."""
        ...

    def follow(self, tokenizer: Any, ids: Ids, item: Item, feature: str) -> tuple[Feature, NDArray[np.float64]]:
        """A feature at each token, once that has been read, of shape (T,); NaN where there is none to speak of.

        Args:
            tokenizer: what made the ids.
            ids: of the item.
            item: what they stand for.
            feature: the name of one of `features`, or a regular expression: whether a token lies in a match of it.

        Raises:
            UsageError: it is neither.
        """
        ...
