"""Pictures of rectangles and words, first without a file format, then as PNG or SVG; nothing here knows what is drawn."""

from __future__ import annotations

from lstmgen.drawing.png import to_png
from lstmgen.drawing.shapes import Picture
from lstmgen.drawing.svg import to_svg


def to_bytes(picture: Picture, kind: str) -> bytes:
    """The file of a picture: `png` or `svg`."""
    return to_png(picture) if kind == "png" else to_svg(picture).encode()
