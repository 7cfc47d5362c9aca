"""Ends a text before the first stop text that appears in it, however the text arrives in pieces."""

from __future__ import annotations

from collections.abc import Sequence

from lstmgen import limits
from lstmgen.errors import UsageError


class StopScanner:
    """Lets text through until a stop text appears.

    What could be the beginning of a stop text is held back until that is decided, so no part of a stop text is ever let through.

    Args:
        stops: the stop texts.

    Raises:
        UsageError: one is empty, or there are too many or too long ones.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        if any(not stop for stop in stops):
            raise UsageError("a stop text is empty, expected at least one character", remedy="leave --stop out to stop nowhere")
        if len(stops) > limits.MAX_STOP_TEXTS or any(len(stop) > limits.MAX_STOP_CHARS for stop in stops):
            raise UsageError(
                f"expected at most {limits.MAX_STOP_TEXTS:,} stop texts of at most {limits.MAX_STOP_CHARS:,} characters",
                remedy="give fewer or shorter --stop texts",
            )
        self.found = False
        """Whether a stop text has appeared; nothing is let through any more."""
        self._stops = tuple(stops)
        self._longest = max(map(len, stops), default=0)
        self._held = ""

    def push(self, text: str) -> str:
        """The text that may be shown now that `text` has arrived."""
        if self.found or not self._stops:
            return "" if self.found else text
        self._held += text
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            self.found = True
            shown, self._held = self._held[: min(places)], ""
            return shown
        cut = len(self._held) - self._open_end()
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def finish(self) -> str:
        """What was held back, now that no more text comes."""
        shown, self._held = self._held, ""
        return shown

    def _open_end(self) -> int:
        """Length of the longest end of what is held that begins a stop text."""
        for length in range(min(len(self._held), self._longest - 1), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stops):
                return length
        return 0
