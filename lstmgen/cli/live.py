"""A few lines at the foot of a terminal that are drawn again in place, and leave nothing behind when the terminal changes its size.

rich's own live display moves up by the lines that it wrote; once a narrower terminal has wrapped those, it moves too little, and pieces of
old frames stay. Here the lines are counted as they stand in the terminal of now.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from lstmgen.cli.output import MessageText, Streams

if TYPE_CHECKING:
    from rich.console import RenderableType

_EVERY_S: Final = 0.25
_HIDE_CURSOR: Final = "\x1b[?25l"
SHOW_CURSOR: Final = "\x1b[?25h"
_TOGETHER: Final = ("\x1b[?2026h", "\x1b[?2026l")
"""Around what a terminal shall show at once; those that do not know it ignore it."""
_TO_LINE_END: Final = "\x1b[K"
_TO_SCREEN_END: Final = "\x1b[J"


class Frame:
    """The lines; a thread draws them again four times a second.

    Args:
        streams: standard error is the terminal.
        picture: what is drawn, for so many columns and lines at most.
    """

    def __init__(self, streams: Streams, picture: Callable[[int, int], RenderableType]) -> None:
        from rich.console import Console

        self._streams = streams
        self._picture = picture
        self._console = Console(
            file=MessageText(streams),  # pyright: ignore[reportArgumentType] - all that rich asks of a text stream is there
            force_terminal=True,
            no_color=not streams.colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._drawn: list[int] = []
        """Columns that each line of the last frame fills."""
        self._columns = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._redraw, daemon=True)
        self._send(_HIDE_CURSOR)
        self.draw()
        self._thread.start()

    def _redraw(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self.draw()

    @property
    def columns(self) -> int:
        """Of the terminal of now."""
        return self._console.size.width

    def draw(self) -> None:
        """Draw the picture of now over the last one."""
        with self._lock:
            self._send(self._over() + self._frame())

    def above(self, write: Callable[[], None]) -> None:
        """Let something be written that stays, and draw the frame below it.

        Args:
            write: writes whole lines to standard error.
        """
        with self._lock:
            self._send(self._over() + _TO_SCREEN_END)
            write()
            self._drawn = []
            self._send(self._frame())

    def close(self) -> None:
        """Leave the last picture standing, and give the cursor back; once."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        self.draw()
        self._send(f"\n{SHOW_CURSOR}")

    def _over(self) -> str:
        """What moves the cursor from the last line of the last frame to its first, as they stand in the terminal of now."""
        columns, self._columns = self._columns, self._console.size.width
        if not self._drawn:
            return ""
        lines = sum(max(1, math.ceil(length / self._columns)) for length in self._drawn[:-1])
        up = f"\x1b[{lines}A" if lines else ""
        return f"{up}{'' if columns == self._columns else _TO_SCREEN_END}"

    def _frame(self) -> str:
        from rich.cells import cell_len
        from rich.text import Text

        width, height = self._console.size
        # A line that fills the last column would leave the cursor in a place where terminals differ.
        room = max(1, width - 1)
        with self._console.capture() as capture:
            self._console.print(self._picture(room, max(1, height - 1)), width=room, overflow="crop", no_wrap=True)
        lines = [line.rstrip() for line in capture.get().rstrip("\n").split("\n")][: max(1, height - 1)]
        self._drawn = [cell_len(Text.from_ansi(line).plain) for line in lines]
        begin, end = _TOGETHER
        # The cursor waits at the beginning of the last line, where it stays however that is wrapped.
        return begin + "\n".join(line + _TO_LINE_END for line in lines) + _TO_SCREEN_END + "\r" + end

    def _send(self, text: str) -> None:
        self._streams.send_message(text.encode("utf-8"))
