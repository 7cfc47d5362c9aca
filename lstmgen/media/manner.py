"""How the items of a medium are learned, under the settings of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How items are learned.

    Attributes:
        apart: they have nothing to do with one another and are read apart, each from an empty state; otherwise all form one stream.
        ends: the end of an item is a prediction like any other, and counts in every figure.
        levelled: items of about the same length are read side by side, so that many short ones fill their windows.
        between: what sets samples apart where several are written one after the other.
        phrase: how items stand in a file that holds several, behind their number; empty: a file is one.
    """

    apart: bool
    ends: bool = False
    levelled: bool = False
    between: str = "\n\n"
    phrase: str = ""

    @property
    def several(self) -> bool:
        """Whether a file holds several items."""
        return bool(self.phrase)
