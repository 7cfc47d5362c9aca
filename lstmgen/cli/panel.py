"""What the live display of a training run looks like, for a terminal of any size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lstmgen.api import Event
from lstmgen.cli.output import visible
from lstmgen.cli.progress import RunView, data_line, sample_lines, shape_line, short_path, unit_of
from lstmgen.cli.sparkline import chart
from lstmgen.cli.wording import amount, bits, duration

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_CHART_HEIGHT = 4


def render(view: RunView, *, width: int) -> RenderableType:
    """The panel for what is known so far."""
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.spinner import Spinner
    from rich.text import Text

    prepared = view.prepared
    if prepared is None:
        return Spinner("dots", text=Text(visible(f" {view.notice or view.preparing or 'starting'}"), style="dim"), style="cyan")
    inner = width - 4
    rows: list[RenderableType] = [
        Text(f"{shape_line(prepared)}\n{data_line(prepared)}\n", style="dim", overflow="ellipsis", no_wrap=True),
        _chart(view, inner),
        _bar(view, inner),
        Text(""),
        _figures(view),
    ]
    if view.notice:
        rows.append(Text(f"\n{view.notice}", style="yellow"))
    return Panel(
        Group(*rows),
        title=Text(visible(short_path(prepared.run)), style="bold"),
        subtitle=Text(visible(f"{prepared.device} {prepared.precision}"), style="dim"),
        title_align="left",
        subtitle_align="right",
        border_style="cyan",
        box=box.ROUNDED,
        width=width,
        padding=(0, 1),
    )


def _chart(view: RunView, width: int) -> RenderableType:
    """The training loss over the budget, as wide as the bar below it."""
    from rich.text import Text

    losses = view.losses_nats
    finite = sorted(loss for loss in losses if math.isfinite(loss))
    columns = max(1, round(width * view.progress))
    ceiling = finite[int(0.93 * (len(finite) - 1))] if finite else None
    lines = chart(losses, width=columns, height=_CHART_HEIGHT, ceiling=ceiling)
    return Text("\n".join(f"{line:<{width}}" for line in lines), style="cyan", no_wrap=True)


def _bar(view: RunView, width: int) -> RenderableType:
    from rich.progress_bar import ProgressBar

    return ProgressBar(total=1.0, completed=view.progress, width=width, complete_style="green", finished_style="green")


def _figures(view: RunView) -> RenderableType:
    """Step, speed and time in one column, losses in the other."""
    from rich.table import Table
    from rich.text import Text

    unit = unit_of(view.prepared)
    stepped = view.stepped
    left = [
        ("done", f"{view.progress:.0%}, epoch {stepped.epoch:.1f}" if stepped else "0%"),
        ("step", f"{stepped.step:,}" if stepped else "0"),
        ("speed", f"{amount(stepped.tokens_per_second)} tokens/s" if stepped else "-"),
        ("left", duration(stepped.remaining_s) if stepped and stepped.remaining_s is not None else "-"),
    ]
    best = f"best, step {view.best.step:,}" if view.best else "best"
    right = [
        (Text(f"loss a {unit}"), Text("nats", style="not bold dim"), Text("bits", style="not bold dim")),
        ("training", *_pair(stepped.loss_nats if stepped else math.nan)),
        ("validation", *_pair(view.evaluated.val_nats if view.evaluated else math.nan)),
        (best, *_pair(view.best.val_nats if view.best else math.nan, style="green")),
    ]
    grid = Table.grid(padding=(0, 2))
    for style, width in (("dim", 5), ("bold", 18), ("dim", 16)):
        grid.add_column(style=style, min_width=width, no_wrap=True)
    for _number in ("nats", "bits"):
        grid.add_column(style="bold", min_width=6, justify="right", no_wrap=True)
    for (name, value), cells in zip(left, right, strict=True):
        grid.add_row(name, value, *cells)
    return grid


def _pair(nats: float, *, style: str = "") -> tuple[RenderableType, RenderableType]:
    from rich.text import Text

    known = math.isfinite(nats)
    return Text(f"{nats:.3f}" if known else "-", style=style), Text(f"{bits(nats):.3f}" if known else "-", style=style)


def draw(events: Iterable[Event], console: Console, *, width: int) -> None:
    """Print to a console what the live display would show after these events, the last sample above it.

    For pictures: the sample goes through rich here, into a drawing that no terminal executes.
    """
    from rich.text import Text

    view = RunView()
    for event in events:
        view.take(event)
    if view.sampled is not None:
        console.print(Text("\n".join(sample_lines(view.sampled))), overflow="crop", no_wrap=True)
    console.print(render(view, width=width))
