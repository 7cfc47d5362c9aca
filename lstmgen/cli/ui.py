"""The display of a training run on standard error: a live one for a terminal, plain lines for everything else.

Text that a model wrote is never given to rich: while a sample is shown, the live display steps aside and the bytes are written as they are.
"""

from __future__ import annotations

from typing import Protocol

from lstmgen.api import Event, Prepared, RolledBack, Sampled, Saved, Warned
from lstmgen.cli.live import SHOW_CURSOR, Frame
from lstmgen.cli.output import Streams
from lstmgen.cli.panel import render
from lstmgen.cli.progress import PlainLines, Preparing, RunView, sample_lines, saved_line, settings_lines, warning_line

_MAX_WIDTH = 100
_PLAIN_WIDTH = 80
_MARGIN = 4
"""Columns of what stands before each line of a sample."""


class Display(Protocol):
    """Shows the events of a run."""

    def preparing(self, what: str, done: int, total: int, /) -> None:
        """Say how far the preparation is: what is done, and bytes of bytes."""
        ...

    def show(self, event: Event) -> None:
        """Take in one event."""
        ...

    def sample_columns(self) -> int:
        """How wide a sample may be."""
        ...

    def notice(self, text: str) -> None:
        """Say something at once; callable from a signal handler."""
        ...

    def release(self) -> None:
        """The process ends now, in the middle of anything: leave the terminal usable."""
        ...

    def abandon(self) -> None:
        """The same in a run under way: say what stands, too."""
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
        self._preparing = Preparing()

    def preparing(self, what: str, done: int, total: int, /) -> None:
        """Write a line for each stage when it begins, and now and then one that says how far it is."""
        if line := self._preparing.now_and_then(what, done, total):
            self._streams.say(line)

    def sample_columns(self) -> int:
        """As wide as lines usually are."""
        return _PLAIN_WIDTH - _MARGIN

    def show(self, event: Event) -> None:
        """Write the lines that the event is worth."""
        for line in self._lines.of(event):
            self._streams.say(line)

    def notice(self, text: str) -> None:
        """Write a line past every buffer: a signal may have come in the middle of another write."""
        self._streams.send_at_once(text)

    def release(self) -> None:
        """There is nothing to restore."""

    def abandon(self) -> None:
        """Say what stands."""
        self._streams.send_at_once("left at once; the last checkpoint stands")

    def close(self) -> None:
        """There is nothing to restore."""


class LiveDisplay:
    """A panel that is redrawn four times a second."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._view = RunView()
        self._preparing = Preparing()
        self._frame = Frame(streams, lambda width, height: render(self._view, width=min(width, _MAX_WIDTH), height=height))

    def preparing(self, what: str, done: int, total: int, /) -> None:
        """Tell it beside the spinner."""
        self._view.preparing = self._preparing.line(what, done, total)

    def sample_columns(self) -> int:
        """What the terminal of now has beside the mark of a sample."""
        return self._frame.columns - _MARGIN

    def show(self, event: Event) -> None:
        """Fold the event in; samples, notes and warnings are written above the panel, where they stay."""
        self._view.take(event)
        if isinstance(event, Sampled):
            self._write_above(sample_lines(event))
        elif isinstance(event, Warned | RolledBack):
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
        """Write lines where they stay, above the panel."""

        def write() -> None:
            for line in lines:
                self._streams.say(line)

        if lines:
            self._frame.above(write)

    def notice(self, text: str) -> None:
        """Put a line into the panel; the next redrawing, at most a quarter of a second away, shows it."""
        self._view.notice = text

    def release(self) -> None:
        """Give the cursor back."""
        self._streams.send_at_once("", control=SHOW_CURSOR)

    def abandon(self) -> None:
        """Give the cursor back, and say what stands."""
        self._streams.send_at_once("left at once; the last checkpoint stands", control=f"{SHOW_CURSOR}\n")

    def close(self) -> None:
        """Draw the last state and give the cursor back."""
        self._frame.close()
