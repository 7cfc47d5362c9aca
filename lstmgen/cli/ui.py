"""The display of a training run on standard error: a live one for a terminal, plain lines for everything else.

Text that a model wrote is never given to rich: while a sample is shown, the live display steps aside and the bytes are written as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from lstmgen.api import Event, Prepared, Sampled, Saved, Warned
from lstmgen.cli.output import MessageText, Streams, visible
from lstmgen.cli.progress import (
    PlainLines,
    RunView,
    data_line,
    preparing_line,
    sample_lines,
    saved_line,
    settings_lines,
    shape_line,
    short_path,
    unit_of,
    warning_line,
)
from lstmgen.cli.sparkline import chart
from lstmgen.cli.wording import amount, bits, duration

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_MAX_WIDTH = 100
_CHART_HEIGHT = 4
_REFRESHES_PER_SECOND = 4
_SHOW_CURSOR = "\x1b[?25h"


class Display(Protocol):
    """Shows the events of a run."""

    def preparing(self, what: str, done: int, total: int, /) -> None:
        """Say how far the preparation is: what is done, and bytes of bytes."""
        ...

    def show(self, event: Event) -> None:
        """Take in one event."""
        ...

    def notice(self, text: str) -> None:
        """Say something at once; callable from a signal handler."""
        ...

    def abandon(self) -> None:
        """The process ends now, in the middle of anything: leave the terminal usable."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was found, with the last state standing."""
        ...


def open_display(streams: Streams) -> Display:
    """The display that suits the streams."""
    return LiveDisplay(streams) if streams.animated else PlainDisplay(streams)


class PlainDisplay:
    """Lines, each written once; none with `-q`."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lines = PlainLines(verbose=streams.verbose)
        self._preparing = ""

    def preparing(self, what: str, done: int, total: int, /) -> None:
        """Write one line for each thing that is done, when it begins."""
        del done
        if what != self._preparing:
            self._preparing = what
            self._streams.say(preparing_line(what, 0, total))

    def show(self, event: Event) -> None:
        """Write the lines that the event is worth."""
        for line in self._lines.of(event):
            self._streams.say(line)

    def notice(self, text: str) -> None:
        """Write a line past every buffer: a signal may have come in the middle of another write."""
        self._streams.send_at_once(text)

    def abandon(self) -> None:
        """Say what stands."""
        self._streams.send_at_once("left at once; the last checkpoint stands")

    def close(self) -> None:
        """There is nothing to restore."""


class LiveDisplay:
    """A panel that is redrawn four times a second by rich."""

    def __init__(self, streams: Streams) -> None:
        from rich.console import Console

        self._streams = streams
        self._view = RunView()
        self._console = Console(
            file=MessageText(streams),  # pyright: ignore[reportArgumentType] - all that rich asks of a text stream is there
            force_terminal=True,
            no_color=not streams.colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._live = self._start()

    def _start(self) -> Any:
        from rich.live import Live

        live = Live(
            get_renderable=lambda: render(self._view, width=min(self._console.width, _MAX_WIDTH)),
            console=self._console,
            refresh_per_second=_REFRESHES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def preparing(self, what: str, done: int, total: int, /) -> None:
        """Tell it beside the spinner."""
        self._view.preparing = preparing_line(what, done, total)

    def show(self, event: Event) -> None:
        """Fold the event in; samples, notes and warnings are written above the panel, where they stay."""
        self._view.take(event)
        if isinstance(event, Sampled):
            self._write_above(sample_lines(event))
        elif isinstance(event, Warned):
            self._write_above([warning_line(event)])
        elif isinstance(event, Prepared):
            self._write_above([f"note: {note}" for note in event.notes])
            self._explain(settings_lines(event))
        elif isinstance(event, Saved):
            self._explain([saved_line(event)])

    def _explain(self, lines: list[str]) -> None:
        if self._streams.verbose:
            self._write_above(lines)

    def _write_above(self, lines: list[str]) -> None:
        """Wipe the panel, write bytes, draw the panel again below them."""
        if not lines:
            return
        self._live.transient = True
        self._live.stop()
        for line in lines:
            self._streams.say(line)
        self._live = self._start()

    def notice(self, text: str) -> None:
        """Put a line into the panel; the next redrawing, at most a quarter of a second away, shows it."""
        self._view.notice = text

    def abandon(self) -> None:
        """Give the cursor back, and say what stands."""
        self._streams.send_at_once("left at once; the last checkpoint stands", control=f"{_SHOW_CURSOR}\n")

    def close(self) -> None:
        """Draw the last state and give the cursor back."""
        self._live.stop()


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
