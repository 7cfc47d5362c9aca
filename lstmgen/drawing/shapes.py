"""What a picture is made of, before it is known in which format it will be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, in pixels from the upper left corner; with a radius its corners are round."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line through these points, with round corners and ends."""

    points: tuple[tuple[float, float], ...]
    width: float
    colour: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text of one line; `y` is its base line, `size` that of the type."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


Shape = Box | Line | Label


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Shapes in the order in which they are painted.

    Attributes:
        width: in pixels.
        height: in pixels.
        background: colour of the page, `#rrggbb`.
        shapes: painted one over the other.
        title: what it shows, in a few words.
        description: the same in a sentence, for those who cannot see it.
    """

    width: int
    height: int
    background: str
    shapes: tuple[Shape, ...]
    title: str
    description: str
