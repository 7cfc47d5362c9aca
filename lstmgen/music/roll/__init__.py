"""A score as a picture, or as lines of half blocks for a terminal."""

from __future__ import annotations

from lstmgen.music.roll.layout import lay_out
from lstmgen.music.roll.terminal import draw_terminal

__all__ = ["draw_terminal", "lay_out"]
