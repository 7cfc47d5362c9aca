"""Draws docs/training.svg: the live display in the middle of a real, short run on the bundled corpus.

    python docs/make_picture.py [STEPS]

The run takes 900 steps by default, a minute on one core, and is thrown away. What is drawn are its own events, by the code that
draws them on a terminal.
"""

from __future__ import annotations

import dataclasses
import io
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.color import Color, blend_rgb
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

import lstmgen
from lstmgen.cli.demo import bundled_text
from lstmgen.cli.panel import draw
from lstmgen.drawing.shapes import Box, Label, Picture
from lstmgen.drawing.svg import to_svg
from lstmgen.training.events import Event, Prepared, Sampled, Stepped

TARGET = Path(__file__).with_name("training.svg")
_WIDTH = 88
_MOMENT = 0.7
"""Share of the budget after which the picture is taken."""
_LINES = 24
_CELL_WIDTH, _CELL_HEIGHT = 10.0, 20.0
_MARGIN, _HEAD = 20.0, 44.0
_BACKGROUND = "#1e1f22"
_FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
_EIGHTHS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_DOT = "\u25cf"
_STROKES = {
    "\u2500": (("left", "right"), 2.0),
    "\u2501": (("left", "right"), 4.0),
    "\u2502": (("up", "down"), 2.0),
    "\u2524": (("left", "up", "down"), 2.0),
    "\u2514": (("up", "right"), 2.0),
    "\u256d": (("down", "right"), 2.0),
    "\u256e": (("down", "left"), 2.0),
    "\u256f": (("up", "left"), 2.0),
    "\u2570": (("up", "right"), 2.0),
}
"""What the characters of frames, axes and bars consist of, and how thick it is."""
_RUN = re.compile(rf"([{_EIGHTHS}{_DOT}{''.join(_STROKES)}])\1*|[^\s{_EIGHTHS}{_DOT}{''.join(_STROKES)}]+")


def events_until_the_moment(steps: int, name: str) -> list[Event]:
    """Trains, and returns what was told until the moment of the picture."""
    told: list[Event] = []
    with tempfile.TemporaryDirectory() as folder:
        training = lstmgen.train([name], out=Path(folder) / "run", settings={"training.max_steps": steps, "model.preset": "small"})
        for event in training:
            if not (isinstance(event, Stepped) and event.progress > _MOMENT):
                told.append(event)
            else:
                training.stop()
    return [_renamed(event, name) for event in told]


def _renamed(event: Event, name: str) -> Event:
    """The temporary folder of the run is of no interest."""
    return dataclasses.replace(event, run=f"checkpoints/{name}") if isinstance(event, Prepared) else event


def without_the_first_line(event: Event) -> Event:
    """A sample as it is shown in the picture: from its second line on, for a model begins somewhere in a text, often within a word."""
    if not isinstance(event, Sampled):
        return event
    _, _, rest = event.text.partition("\n")
    return dataclasses.replace(event, text=rest.lstrip("\n") or event.text)


def picture(events: Iterable[Event], title: str) -> str:
    """The display as SVG 1.1: letters word by word at their columns, everything else as rectangles, so that no font makes gaps or seams."""
    screen = io.StringIO()
    console = Console(width=_WIDTH, file=screen, force_terminal=True, color_system="truecolor", legacy_windows=False)
    draw(map(without_the_first_line, events), console, width=_WIDTH, height=_LINES)
    lines = [Text.from_ansi(line) for line in screen.getvalue().splitlines()]
    shapes: list[Box | Label] = [Label(_MARGIN, 24.0, title, 15.0, _shade("default"), bold=True)]
    for row, line in enumerate(lines):
        top = _HEAD + row * _CELL_HEIGHT
        column = 0
        for segment in line.render(console):
            style = segment.style or Style.null()
            shapes += _drawn(segment.text.rstrip("\n"), _MARGIN + column * _CELL_WIDTH, top, style)
            column += len(segment.text)
    return to_svg(
        Picture(
            width=round(2 * _MARGIN + _WIDTH * _CELL_WIDTH),
            height=round(_HEAD + len(lines) * _CELL_HEIGHT + _MARGIN),
            title=title,
            description="The display while a model learns",
            background=_BACKGROUND,
            shapes=tuple(shapes),
        ),
        fonts=_FONTS,
    )


def _drawn(text: str, left: float, top: float, style: Style) -> Iterator[Box | Label]:
    """The shapes of a stretch of cells of one style."""
    colour = _shade(style.color.name if style.color else "default", dim=bool(style.dim))
    if style.bgcolor and style.bgcolor.name != "default":
        yield Box(left, top, len(text) * _CELL_WIDTH, _CELL_HEIGHT, _shade(style.bgcolor.name))
    for match in _RUN.finditer(text):
        x, width = left + match.start() * _CELL_WIDTH, len(match[0]) * _CELL_WIDTH
        if match[0][0] in _EIGHTHS:
            height = _CELL_HEIGHT * (1 + _EIGHTHS.index(match[0][0])) / 8
            yield Box(x, top + _CELL_HEIGHT - height, width, height, colour)
        elif match[0][0] == _DOT:
            for place in range(len(match[0])):
                yield Box(x + place * _CELL_WIDTH + 1.5, top + 6.5, 7.0, 7.0, colour, radius=3.5)
        elif match[0][0] in _STROKES:
            yield from _strokes(match[0], x, top, colour)
        else:
            yield Label(x, top + 15.0, match[0], 16.5, colour, bold=bool(style.bold))


def _strokes(run: str, x: float, top: float, colour: str) -> Iterator[Box]:
    """A run of one and the same character of a frame: its arms, from the middle of the cell to its edges."""
    arms, weight = _STROKES[run[0]]
    middle_x, middle_y = x + _CELL_WIDTH / 2, top + _CELL_HEIGHT / 2
    begin = x if "left" in arms else middle_x - weight / 2
    end = x + len(run) * _CELL_WIDTH if "right" in arms else middle_x + weight / 2
    if end - begin > weight:
        yield Box(begin, middle_y - weight / 2, end - begin, weight, colour)
    upper = top if "up" in arms else middle_y - weight / 2
    lower = top + _CELL_HEIGHT if "down" in arms else middle_y + weight / 2
    if lower - upper > weight:
        yield Box(middle_x - weight / 2, upper, weight, lower - upper, colour)


def _shade(name: str, *, dim: bool = False) -> str:
    """A colour of the terminal as it is drawn; dim ones lie between it and the background."""
    shade = Color.parse(name).get_truecolor(DIMMED_MONOKAI)
    return (blend_rgb(shade, Color.parse(_BACKGROUND).get_truecolor(), 0.4) if dim else shade).hex


def main() -> None:
    """Train, draw, write."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 900
    name, _ = bundled_text()
    TARGET.write_text(picture(events_until_the_moment(steps, name), f"lstmgen train {name}"), encoding="utf-8")


if __name__ == "__main__":
    main()
