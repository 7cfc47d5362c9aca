"""A picture as PNG, painted by Pillow; edges are smooth to a quarter of a pixel."""

from __future__ import annotations

import functools
import io
import math
from typing import TYPE_CHECKING, Any, Final

from lstmgen.drawing.shapes import Box, Label, Line, Picture
from lstmgen.drawing.typeface import FINE, font, shown

if TYPE_CHECKING:
    from PIL.Image import Image

_BOLD: Final = 0.018
"""Width of the line around bold type, as a share of its size."""
_ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}


def to_png(picture: Picture) -> bytes:
    """The bytes of a PNG file, 8 bits for each of red, green and blue."""
    stream = io.BytesIO()
    paint(picture).save(stream, "PNG")
    return stream.getvalue()


def paint(picture: Picture) -> Image:
    """The picture in pixels."""
    from PIL import Image

    image = Image.new("RGB", (picture.width, picture.height), picture.background)
    for shape in picture.shapes:
        match shape:
            case Box():
                _paint_box(image, shape)
            case Line():
                _paint_line(image, shape)
            case Label():
                _paint_label(image, shape)
    return image


def _paint_line(image: Image, line: Line) -> None:
    from PIL import Image, ImageDraw

    reach = math.ceil(line.width / 2) + 1
    left, top = (math.floor(min(values)) - reach for values in zip(*line.points, strict=True))
    right, bottom = (math.ceil(max(values)) + reach for values in zip(*line.points, strict=True))
    mask = Image.new("L", ((right - left) * FINE, (bottom - top) * FINE))
    pen, fine = ImageDraw.Draw(mask), max(1, round(line.width * FINE))
    points = [((x - left) * FINE, (y - top) * FINE) for x, y in line.points]
    pen.line(points, 255, fine, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - fine / 2, y - fine / 2, x + fine / 2, y + fine / 2), 255)
    image.paste(line.colour, (left, top), mask.reduce(FINE))


def _paint_box(image: Image, box: Box) -> None:
    x, y = math.floor(box.x), math.floor(box.y)
    fine = (round(length * FINE) for length in (box.x - x, box.y - y, box.width, box.height, box.radius))
    image.paste(box.fill, (x, y), _cover(*fine))


@functools.lru_cache(maxsize=2048)
def _cover(x: int, y: int, width: int, height: int, radius: int) -> Image:
    """How much of every pixel a rectangle covers; it is given in subpixels and begins within the first pixel."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (-(-(x + width) // FINE) * FINE, -(-(y + height) // FINE) * FINE))
    ImageDraw.Draw(mask).rounded_rectangle((x, y, x + width - 1, y + height - 1), radius, fill=255)
    return mask.reduce(FINE)


def _paint_label(image: Image, label: Label) -> None:
    from PIL import Image, ImageDraw

    face, text = font(label.size), shown(label.text)
    style: dict[str, Any] = {"anchor": _ANCHORS[label.anchor], "stroke_width": _BOLD * label.size * FINE if label.bold else 0}
    left, top, right, bottom = face.getbbox(text, **style)
    x, base = math.floor(label.x + left / FINE), round(label.y)
    y = base + math.floor(top / FINE)
    mask = Image.new("L", (math.ceil(right - left) + 2 * FINE, math.ceil(bottom - top) + 2 * FINE))
    ImageDraw.Draw(mask).text(((label.x - x) * FINE, (base - y) * FINE), text, 255, face, **style)
    image.paste(label.fill, (x, y), mask.reduce(FINE))
