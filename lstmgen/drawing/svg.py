"""A picture as SVG 1.1 text, with live text in the reader's own sans serif."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from lstmgen.drawing.shapes import Box, Label, Line, Picture, Shape

_FONTS: Final = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Noto Sans', sans-serif"


def to_svg(picture: Picture, *, fonts: str = _FONTS) -> str:
    """One SVG document in the first of these fonts that the reader has; texts are escaped, so that any file's or track's name is valid."""
    width, height = picture.width, picture.height
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    names = f'role="img" aria-label={quoteattr(picture.title)} font-family={quoteattr(fonts)}'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {names}>',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(picture.description)}</desc>",
        f'<rect width="{width}" height="{height}" fill="{picture.background}"/>',
    ]
    lines += map(_shape, picture.shapes)
    return "\n".join([*lines, "</svg>", ""])


def _shape(shape: Shape) -> str:
    match shape:
        case Box():
            return _box(shape)
        case Line():
            return _line(shape)
        case Label():
            return _label(shape)


def _line(line: Line) -> str:
    points = " ".join(f"{_number(x)},{_number(y)}" for x, y in line.points)
    stroke = f'stroke="{line.colour}" stroke-width="{_number(line.width)}" stroke-linecap="round" stroke-linejoin="round"'
    return f'<polyline points="{points}" fill="none" {stroke}/>'


def _box(box: Box) -> str:
    place = f'x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" height="{_number(box.height)}"'
    corner = f' rx="{_number(min(box.radius, box.width / 2, box.height / 2))}"' if box.radius > 0 else ""
    return f'<rect {place}{corner} fill="{box.fill}"/>'


def _label(label: Label) -> str:
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    weight = ' font-weight="600"' if label.bold else ""
    place = f'x="{_number(label.x)}" y="{_number(label.y)}" font-size="{_number(label.size)}"'
    return f'<text {place}{anchor}{weight} fill="{label.fill}">{escape(label.text)}</text>'


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
