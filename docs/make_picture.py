"""Draws docs/training.svg: the live display in the middle of a real, short run on the bundled corpus.

    python docs/make_picture.py [SECONDS]

The run takes 90 seconds by default and is thrown away. What is drawn are its own events, by the code that draws them on a terminal.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

import lstmgen
from lstmgen.cli.demo import bundled_text
from lstmgen.cli.panel import draw
from lstmgen.training.events import Event, Prepared, Stepped

TARGET = Path(__file__).with_name("training.svg")
_WIDTH = 88
_MOMENT = 0.7
"""Share of the budget after which the picture is taken."""
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def events_until_the_moment(seconds: float, name: str) -> list[Event]:
    """Trains, and returns what was told until the moment of the picture."""
    told: list[Event] = []
    with tempfile.TemporaryDirectory() as folder:
        training = lstmgen.train([name], out=Path(folder) / "run", settings={"training.max_time_s": seconds})
        for event in training:
            if not (isinstance(event, Stepped) and event.progress > _MOMENT):
                told.append(event)
            else:
                training.stop()
    return [_renamed(event, name) for event in told]


def _renamed(event: Event, name: str) -> Event:
    """The temporary folder of the run is of no interest."""
    import dataclasses

    return dataclasses.replace(event, run=f"checkpoints/{name}") if isinstance(event, Prepared) else event


def picture(events: Iterable[Event], title: str) -> str:
    """The display as SVG, without the fonts that rich would fetch from elsewhere."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    draw(events, console, width=_WIDTH)
    return _FONT_FACE.sub("", console.export_svg(title=title, unique_id="lstmgen"))


def main() -> None:
    """Train, draw, write."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 90.0
    name, _ = bundled_text()
    TARGET.write_text(picture(events_until_the_moment(seconds, name), f"lstmgen train {name}"), encoding="utf-8")


if __name__ == "__main__":
    main()
