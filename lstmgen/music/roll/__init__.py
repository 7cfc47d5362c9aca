"""A score as a picture: PNG or SVG, or lines of half blocks for a terminal."""

from __future__ import annotations

from lstmgen.music.roll.layout import lay_out
from lstmgen.music.roll.png import to_png
from lstmgen.music.roll.svg import to_svg
from lstmgen.music.roll.terminal import draw_terminal

__all__ = ["draw_terminal", "lay_out", "to_png", "to_svg"]
