"""A score as a picture: PNG or SVG, or lines of half blocks for a terminal."""

from __future__ import annotations

from lstmgen.music.roll.layout import lay_out
from lstmgen.music.roll.png import to_png
from lstmgen.music.roll.svg import to_svg
from lstmgen.music.roll.terminal import draw_terminal
from lstmgen.music.score import Score

__all__ = ["draw_png", "draw_svg", "draw_terminal"]


def draw_svg(score: Score, *, title: str = "", dark: bool = False, width: int = 1600, ticks: tuple[int, int] | None = None) -> str:
    """A piano roll as an SVG document.

    Args:
        score: what is drawn; its pedals are not looked at, see `tidy.with_pedal`.
        title: shown at its head; any text.
        dark: light on dark instead of dark on light.
        width: in pixels, 320 to 4000; the height follows from the piece.
        ticks: draw only what lies between these two ticks.

    Raises:
        UsageError: the width is out of bounds.
    """
    return to_svg(lay_out(score, title=title, dark=dark, width=width, ticks=ticks))


def draw_png(score: Score, *, title: str = "", dark: bool = False, width: int = 1600, ticks: tuple[int, int] | None = None) -> bytes:
    """A piano roll as a PNG file; the arguments are those of `draw_svg`."""
    return to_png(lay_out(score, title=title, dark=dark, width=width, ticks=ticks))
