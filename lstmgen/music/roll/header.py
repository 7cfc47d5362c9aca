"""The head of a piano roll: title, facts, and the legend of instruments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lstmgen.drawing.shapes import Box, Label
from lstmgen.drawing.theme import Theme
from lstmgen.drawing.typeface import fitted, text_width
from lstmgen.music.roll.part import Part, facts, voices
from lstmgen.music.roll.plan import MARGIN, scale_of

_TITLE_SIZE: Final = 38.0
_FACTS_SIZE: Final = 20.0
_LEGEND_SIZE: Final = 18.0
_LEGEND_LINE: Final = 30.0
_LEGEND_ROWS: Final = 2
_DOT: Final = 13.0
_BETWEEN: Final = 30.0


@dataclass(frozen=True)
class Header:
    """Shapes, and how much of the page they take, the space below them included."""

    shapes: tuple[Box | Label, ...]
    height: float


def colour_of_track(part: Part, theme: Theme) -> dict[int | None, str]:
    """The colour of every track that sounds; of the drums under None."""
    tracks = [voice.track for voice in voices(part) if voice.track is not None]
    colours: dict[int | None, str] = {track: theme.track_colour(place) for place, track in enumerate(tracks)}
    return colours | {None: theme.drums}


def make_header(part: Part, theme: Theme, *, title: str, width: int) -> Header:
    """The head of a page of this width."""
    scale = scale_of(width)
    left, room = MARGIN * scale, width - 2 * MARGIN * scale
    shapes: list[Box | Label] = []
    y = MARGIN * scale
    if title:
        y += 0.72 * _TITLE_SIZE * scale
        shapes.append(Label(left, y, fitted(title, _TITLE_SIZE * scale, room), _TITLE_SIZE * scale, theme.text, bold=True))
        y += 20 * scale
    size = _FACTS_SIZE * scale
    y += 0.75 * size
    shapes.append(Label(left, y, fitted("  \u00b7  ".join(facts(part)), size, room), size, theme.muted))
    legend, y = _legend(part, theme, width=width, top=y + 22 * scale)
    return Header((*shapes, *legend), y + 24 * scale)


def _legend(part: Part, theme: Theme, *, width: int, top: float) -> tuple[list[Box | Label], float]:
    """Dots and names in at most two lines, and where they end."""
    scale = scale_of(width)
    size, dot = _LEGEND_SIZE * scale, _DOT * scale
    left, right = MARGIN * scale, width - MARGIN * scale
    colours = colour_of_track(part, theme)
    shapes: list[Box | Label] = []
    x, y, row = left, top + 0.8 * size, 0
    entries = voices(part)
    for place, voice in enumerate(entries):
        name = fitted(voice.name, size, 0.4 * width)
        name_px = text_width(name, size) + (0.45 * size if voice.detail else 0)
        needed = dot + 9 * scale + name_px + text_width(voice.detail, size)
        rest = f"and {len(entries) - place} more"
        last_row = row + 1 == _LEGEND_ROWS
        keep_free = text_width(rest, size) + _BETWEEN * scale if last_row and place + 1 < len(entries) else 0
        if x > left and x + needed + keep_free > right:
            if last_row:
                shapes.append(Label(x, y, rest, size, theme.muted))
                break
            row, x, y = row + 1, left, y + _LEGEND_LINE * scale
        shapes.append(Box(x, y - 0.35 * size - dot / 2, dot, dot, colours[voice.track], dot / 2))
        shapes.append(Label(x + dot + 9 * scale, y, name, size, theme.text))
        if voice.detail:
            shapes.append(Label(x + dot + 9 * scale + name_px, y, voice.detail, size, theme.muted))
        x += needed + _BETWEEN * scale
    return shapes, y if entries else top - 12 * scale
