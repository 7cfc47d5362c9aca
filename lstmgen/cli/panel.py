"""What the live display of a training run looks like, for a terminal of any size.

The losses come first: where there is little room, the chart goes, then the heading, then the frame. Where there are few columns, the
figures stand below each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from lstmgen.api import Event
from lstmgen.cli.output import visible
from lstmgen.cli.progress import RunView, data_line, sample_lines, shape_line, short_path, unit_of
from lstmgen.cli.sparkline import Role, chart
from lstmgen.cli.wording import amount, bits, duration
from lstmgen.cli.wrapping import wrapped

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_ABREAST: Final = 62
"""Columns that the figures need to stand in two halves."""
_MAX_CHART: Final = 12
_MIN_CHART: Final = 6
_STYLES: Final[dict[Role, str]] = {"axis": "dim", "columns": "cyan", "dots": "bold green", "both": "bold black on cyan"}


def render(view: RunView, *, width: int, height: int = 24) -> RenderableType:
    """The panel for what is known so far, in so many columns and lines at most."""
    from rich.console import Group
    from rich.spinner import Spinner
    from rich.text import Text

    if view.prepared is None:
        return Spinner("dots", text=Text(visible(f" {view.notice or view.preparing or 'starting'}"), style="dim"), style="cyan")
    framed = height >= 8
    inner = width - 4 if framed else width
    figures, needed = _figures(view, inner)
    rows: list[RenderableType] = [_bar(view, inner), figures]
    needed += 1
    room = height - needed - (2 if framed else 0)
    if view.notice:
        rows.append(Text(visible(view.notice), style="yellow", overflow="ellipsis", no_wrap=True))
        room -= 1
    lines = [visible(shape_line(view.prepared)), visible(data_line(view.prepared))]
    head = [part for line in lines for part in wrapped(line, inner)]
    head = head if room >= len(head) else lines
    if room >= len(head):
        rows.insert(0, Text("\n".join(head), style="dim", overflow="ellipsis", no_wrap=True))
        room -= len(head)
    if room - 2 >= _MIN_CHART and inner >= 20 and view.training:
        rows[1:1] = [Text(""), _chart(view, inner, min(room - 2, _MAX_CHART)), Text("")]
    return _framed(view, Group(*rows), width) if framed else Group(*rows)


def _framed(view: RunView, content: RenderableType, width: int) -> RenderableType:
    from rich import box
    from rich.panel import Panel
    from rich.text import Text

    prepared = view.prepared
    return Panel(
        content,
        title=Text(visible(short_path(prepared.run)) if prepared else "", style="bold"),
        subtitle=Text(visible(f"{prepared.device} {prepared.precision}") if prepared else "", style="dim"),
        title_align="left",
        subtitle_align="right",
        border_style="cyan",
        box=box.ROUNDED,
        width=width,
        padding=(0, 1),
    )


def _chart(view: RunView, width: int, height: int) -> Text:
    """The losses over the steps, as wide as the bar below: columns for training, dots for validation."""
    from rich.text import Text

    lines = chart(view.training, view.validation, width=width, height=height, x_label=lambda step: f"{step:,.0f}")
    parts = [part for line in lines for part in (*((text, _STYLES[role]) for text, role in line), ("\n", ""))]
    return Text.assemble(*parts[:-1], no_wrap=True)


def _bar(view: RunView, width: int) -> Text:
    from rich.text import Text

    done = round(view.progress * width)
    return Text.assemble(("━" * done, "green"), ("─" * (width - done), "dim"))


def _figures(view: RunView, width: int) -> tuple[RenderableType, int]:
    """Losses, and step, speed and time; and how many lines they take."""
    from rich.table import Table
    from rich.text import Text

    stepped = view.stepped
    share = f"{view.progress:.0%}, epoch {stepped.epoch:.1f}" if stepped else "0%"
    step = f"{stepped.step:,}" if stepped else "0"
    speed = f"{amount(stepped.tokens_per_second)} tokens/s" if stepped else "-"
    left = duration(stepped.remaining_s) if stepped and stepped.remaining_s is not None else "-"
    best = f"best, step {view.best.step:,}" if view.best else "best"
    losses = [
        (Text(f"loss a {unit_of(view.prepared)}"), Text("nats", style="not bold dim"), Text("bits", style="not bold dim")),
        ("training", *_pair(stepped.loss_nats if stepped else math.nan)),
        ("validation", *_pair(view.evaluated.val_nats if view.evaluated else math.nan, style="green")),
        (best, *_pair(view.best.val_nats if view.best else math.nan, style="green")),
    ]
    grid = Table.grid(padding=(0, 2))
    if width >= _ABREAST:
        for style, least in (("dim", 5), ("bold", 18)):
            grid.add_column(style=style, min_width=least, no_wrap=True)
    grid.add_column(style="dim", min_width=16, no_wrap=True, overflow="ellipsis")
    for _number in ("nats", "bits"):
        grid.add_column(style="bold", min_width=6, justify="right", no_wrap=True)
    facts = [("done", share), ("step", step), ("speed", speed), ("left", left)]
    for fact, cells in zip(facts, losses, strict=True):
        grid.add_row(*(fact if width >= _ABREAST else ()), *cells)
    if width >= _ABREAST:
        return grid, 4
    from rich.console import Group

    below = Text(f"{share}, step {step}\n{speed}, {left} left", style="dim", overflow="ellipsis", no_wrap=True)
    return Group(grid, below), 6


def _pair(nats: float, *, style: str = "") -> tuple[Text, Text]:
    from rich.text import Text

    known = math.isfinite(nats)
    return Text(f"{nats:.3f}" if known else "-", style=style), Text(f"{bits(nats):.3f}" if known else "-", style=style)


def draw(events: Iterable[Event], console: Console, *, width: int, height: int = 24) -> None:
    """Print to a console what the live display would show after these events, the last sample above it.

    For pictures: the sample goes through rich here, into a drawing that no terminal executes.
    """
    from rich.text import Text

    view = RunView()
    for event in events:
        view.take(event)
    if view.sampled is not None:
        console.print(Text("\n".join(sample_lines(view.sampled))), overflow="crop", no_wrap=True)
    console.print(render(view, width=width, height=height))
