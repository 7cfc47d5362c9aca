"""A progress bar for bytes, on standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from lstmgen.cli.output import MessageText, Streams, one_line
from lstmgen.cli.wording import size


@contextlib.contextmanager
def byte_bar(streams: Streams, what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function of (bytes done, bytes in all): a bar on a terminal, a line for every quarter elsewhere, nothing with `-q`."""
    if streams.animated:
        yield from _rich_bar(streams, what)
        return
    told = 0

    def report(done: int, total: int) -> None:
        nonlocal told
        quarter = 4 * done // total if total else 4
        if quarter > told:
            told = quarter
            streams.say(one_line(f"{what}: {quarter * 25}% of {size(total)}"))

    yield report


def _rich_bar(streams: Streams, what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(
        file=MessageText(streams),  # pyright: ignore[reportArgumentType] - all that rich asks of a text stream is there
        force_terminal=True,
        no_color=not streams.colour,
        markup=False,
    )
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task(one_line(what), total=None, visible=False)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        yield report
