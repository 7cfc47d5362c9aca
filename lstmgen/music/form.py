"""The form of a tune as letters: sections of equal length, of which those with the same letter repeat one another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lstmgen.errors import UsageError
from lstmgen.wording import counted

USUAL_BARS: Final = 8
_LONGEST: Final = 64
"""Bars back that a repeat reaches."""
_MOST_LETTERS: Final = 32


@dataclass(frozen=True)
class Form:
    """Sections of a tune. A model that is told how many bars are left is free in the very last one where what comes back does not close.

    Attributes:
        letters: one for each section, such as `AABA`.
        bars: length of a section.
        variation: share of the bars of a section that comes back which are written anew: its last ones, as endings are.
    """

    letters: str
    bars: int
    variation: float = 0.0

    @property
    def length(self) -> int:
        """Bars of the whole tune."""
        return self.bars * len(self.letters)

    def source(self, bar: int) -> int | None:
        """The bar that a bar comes back from, both counted from 0; None: it is new. Of several the first that a repeat reaches."""
        section, place = divmod(bar, self.bars)
        if not 0 <= section < len(self.letters):
            return None
        alike = [first for first in range(section) if self.letters[first] == self.letters[section]]
        reached = [first for first in alike if (section - first) * self.bars <= _LONGEST]
        return reached[0] * self.bars + place if reached else None

    def varies(self, bar: int) -> bool:
        """Whether a bar that would come back is written anew."""
        return bar % self.bars >= self.bars - round(self.variation * self.bars)


def form_of(letters: str, *, bars: int | None, variation: float) -> Form:
    """The form that letters mean, in a tune of so many bars; without a number a letter has 8.

    Raises:
        UsageError: they are no letters, the bars are no multiple of them, or a letter comes back after more bars than a repeat reaches.
    """
    letters = letters.strip().upper()
    if not re.fullmatch(rf"[A-Z]{{1,{_MOST_LETTERS}}}", letters):
        raise UsageError(f"the form {letters[:40]!r} is not 1 to {_MOST_LETTERS} letters", remedy="write it like --form AABA")
    bars = USUAL_BARS * len(letters) if bars is None else bars
    if bars % len(letters):
        whole = len(letters) * max(1, round(bars / len(letters)))
        raise UsageError(
            f"{counted(bars, 'bar')}: expected a multiple of the {len(letters)} letters of {letters}", remedy=f"--bars {whole}"
        )
    form = Form(letters, bars // len(letters), variation)
    for section, letter in enumerate(letters):
        if letter in letters[:section] and form.source(section * form.bars) is None:
            raise UsageError(
                f"{letter} comes back in {letters} after more than {_LONGEST} bars, which is further than a repeat reaches",
                remedy=f"fewer bars, such as --bars {4 * len(letters)}",
            )
    return form
