"""Ctrl-C and friends while a model trains: the first asks for a safe stop, the second leaves at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from types import FrameType, TracebackType
from typing import Any, Final, Protocol, Self

from lstmgen.cli.failures import EXIT_INTERRUPT, EXIT_TERMINATED

_EXIT_CODES: Final = {"SIGINT": EXIT_INTERRUPT, "SIGTERM": EXIT_TERMINATED, "SIGHUP": EXIT_TERMINATED, "SIGBREAK": EXIT_TERMINATED}


@contextlib.contextmanager
def leaving_at_once(tidy: Callable[[], None] = lambda: None, *, leave: Callable[[int], Any] = os._exit) -> Generator[None, None, None]:
    """Within this context, the signals that end a program end it at once.

    It is for the import of torch, in the middle of which an exception can turn into any other, and where there is nothing to unwind.

    Args:
        tidy: leaves the terminal usable.
        leave: ends the process; for tests.
    """

    def arrived(number: int, _frame: FrameType | None) -> None:
        tidy()
        leave(_EXIT_CODES[signal.Signals(number).name])

    with _handled(arrived):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Generator[None, None, None]:
    """Has a handler called for every signal that ends a program; what was ignored, as under nohup, stays ignored."""
    previous: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _EXIT_CODES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def deaf() -> contextlib.AbstractContextManager[None]:
    """A context in which no such signal counts: of a process that ends when another one does."""
    return _handled(lambda _number, _frame: None)


class Listener(Protocol):
    """The part of a display that signals need."""

    def notice(self, text: str) -> None:
        """Say something at once."""
        ...

    def abandon(self) -> None:
        """The process ends now: leave the terminal usable."""
        ...


class SafeStop:
    """Within this context, the signals that end a program end a training run safely.

    Args:
        stop: asks the run to stop after the step under way.
        display: tells the user at once, and leaves the terminal in order.
        echo_s: a signal that comes so soon after the first is the same one, passed on by what has started this process.
        leave: ends the process; for tests.
    """

    def __init__(self, stop: Callable[[], None], display: Listener, *, echo_s: float = 0.0, leave: Callable[[int], Any] = os._exit) -> None:
        self._stop = stop
        self._display = display
        self._leave = leave
        self._echo_s, self._came_at = echo_s, 0.0
        self._handling = _handled(self._arrived)
        self.exit_code = 0
        """130 or 143 once a signal has come."""

    def __enter__(self) -> Self:
        self._handling.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._handling.__exit__(kind, error, traceback)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        del frame
        name = signal.Signals(number).name
        if self.exit_code and time.monotonic() - self._came_at < self._echo_s:
            return
        if self.exit_code:
            self._display.abandon()
            self._leave(_EXIT_CODES[name])
            return
        self.exit_code, self._came_at = _EXIT_CODES[name], time.monotonic()
        cause = "Ctrl-C" if name == "SIGINT" else name
        self._display.notice(f"{cause}: finishing this step and saving; once more leaves at once")
        self._stop()
