"""A progress bar for work of known size, on standard error."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Final

from lstmgen.cli.output import MessageText, Streams, one_line

_PATIENCE_S: Final = 1.0
"""Work that is done sooner gets no bar."""
_WITH_BAR: Final = 60
"""Columns of a terminal that has room for a bar and the time beside the words."""


@contextlib.contextmanager
def work_bar(
    streams: Streams, what: str, *, shown: Callable[[float], str], patience_s: float = _PATIENCE_S
) -> Iterator[Callable[[int, int], None]]:
    """Yields a function of (done, all): a bar on a terminal, a line for every quarter elsewhere, nothing with `-q`.

    Args:
        streams: where it is shown.
        what: what is being done.
        shown: how an amount of it is written.
        patience_s: nothing is shown before.
    """
    began_s = time.monotonic()
    with _rich_bar(streams, what, shown) if streams.animated else _lines(streams, what, shown) as report:
        yield lambda done, total: report(done, total) if time.monotonic() - began_s >= patience_s else None


@contextlib.contextmanager
def _lines(streams: Streams, what: str, shown: Callable[[float], str]) -> Iterator[Callable[[int, int], None]]:
    told = 0

    def report(done: int, total: int) -> None:
        nonlocal told
        quarter = 4 * done // total if total else 4
        if quarter > told:
            told = quarter
            streams.say(f"{what}: {quarter * 25}% of {shown(total)}")

    yield report


@contextlib.contextmanager
def _rich_bar(streams: Streams, what: str, shown: Callable[[float], str]) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(
        file=MessageText(streams),  # pyright: ignore[reportArgumentType] - all that rich asks of a text stream is there
        force_terminal=True,
        no_color=not streams.colour,
        markup=False,
    )
    said = [TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[amount]")]
    columns = (said[0], BarColumn(), said[1], TimeRemainingColumn()) if streams.err_columns >= _WITH_BAR else said
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task(one_line(what), total=None, visible=False, amount="")

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True, amount=f"{shown(done)} of {shown(total)}")

        yield report
