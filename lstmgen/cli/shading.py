"""Text shaded by a number for each of its tokens: in colours with underlines and bold type, or with a digit below each character."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lstmgen.cli.output import visible
from lstmgen.cli.wrapping import wrapped
from lstmgen.wording import cells

_RISING: Final = ("", "30;48;5;153", "30;48;5;110;4", "30;48;5;221;1", "30;48;5;208;1;4")
"""From nothing over blue to orange; the higher half is bold, and every other step underlined."""
_ABOUT_ZERO: Final = ("30;48;5;75;4;3", "30;48;5;153;4", "", "30;48;5;222;1", "30;48;5;208;1;3")
"""Below zero blue and underlined, above orange and bold, far from it italic too."""
_DIGITS: Final = "0123456789"
_LINE_FEED, _TAB = "↵", "→"


@dataclass(frozen=True)
class Shade:
    """How values between two bounds are shown."""

    low: float
    high: float
    colour: bool

    @property
    def _styles(self) -> tuple[str, ...]:
        return _ABOUT_ZERO if self.low < 0 else _RISING

    def _step(self, value: float, steps: int) -> int:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return min(max(int(share * steps), 0), steps - 1)

    def painted(self, text: str, value: float) -> str:
        """A text in the style of a value."""
        style = self._styles[self._step(value, len(self._styles))]
        return f"\x1b[{style}m{text}\x1b[0m" if style else text

    def digit(self, value: float) -> str:
        """The value as a digit."""
        return _DIGITS[self._step(value, len(_DIGITS))]

    def legend(self, name: str, *, columns: int) -> list[str]:
        """What the styles, or the digits, mean, in lines of so many columns."""
        if not self.colour:
            return wrapped(f"{name}: below each character 0 for {self.low:.3g} or less, 9 for {self.high:.3g} or more", columns)
        width = (self.high - self.low) / len(self._styles)
        bounds = [self.low + width * step for step in range(len(self._styles) + 1)]
        lines, at = [f"{name}:"], cells(name) + 1
        for low, high in itertools.pairwise(bounds):
            text = f" {low:.2g} to {high:.2g} "
            if at + 1 + cells(text) > columns:
                lines, at = [*lines, ""], -1
            lines[-1] += ("" if at < 0 else " ") + self.painted(text, (low + high) / 2)
            at += 1 + cells(text)
        return lines


def shaded(pieces: Sequence[str], rows: Sequence[int], values: Sequence[float], shade: Shade, *, columns: int) -> Iterator[str]:
    """Lines of at most so many columns; each row begins a new one.

    Args:
        pieces: what each token adds; control characters are written out.
        rows: the line or bar of each.
        values: its number.
        shade: how that is shown.
        columns: of the terminal.
    """
    line: list[tuple[str, float]] = []
    width, row = 0, rows[0] if rows else 0
    for piece, here, value in zip(pieces, rows, values, strict=True):
        if here != row:
            yield from _written(line, shade)
            line, width, row = [], 0, here
        for part in _parts(visible(piece.replace("\n", _LINE_FEED).replace("\t", _TAB)), columns):
            if width + cells(part.rstrip()) > columns:
                yield from _written(line, shade)
                line, width = [], 0
            line.append((part, value))
            width += cells(part)
    yield from _written(line, shade)


def _parts(text: str, columns: int) -> list[str]:
    """A text in parts that are no wider than a line."""
    most = max(1, columns // 2)
    return [text] if cells(text) <= columns else [text[place : place + most] for place in range(0, len(text), most)]


def _written(line: Sequence[tuple[str, float]], shade: Shade) -> Iterator[str]:
    if shade.colour:
        yield "".join(shade.painted(text, value) for text, value in line)
    else:
        yield "".join(text for text, _ in line).rstrip()
        yield "".join(shade.digit(value) + " " * (cells(text) - 1) for text, value in line if cells(text)).rstrip()
