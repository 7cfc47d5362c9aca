"""Words that may come next, under the line that is being typed: worked out on a thread of their own, so that no key waits for them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, NamedTuple

from lstmgen.cli.output import one_line
from lstmgen.cli.table import cells, clipped

SUGGESTIONS: Final = 3
_KEY: Final = "Tab "
_BETWEEN: Final = "   "


class Suggestion(NamedTuple):
    """A word.

    Attributes:
        text: as it would stand.
        adds: what is added to what was typed.
    """

    text: str
    adds: str


Search = Callable[[Callable[[], bool]], Sequence[Suggestion]]
"""A function that says whether nobody waits any more -> words, the likeliest first."""

Suggest = Callable[[str], Sequence[Suggestion] | Search]
"""What was typed -> words, where they are known at once, or the search for them."""


class Suggester:
    """Suggestions for the newest line; the search for any other one is given up.

    Args:
        suggest: finds them; a search is made on another thread.

    Attributes:
        told: becomes readable when there are some.
    """

    def __init__(self, suggest: Suggest) -> None:
        self._suggest = suggest
        self._line: str | None = None
        self._found: Future[Sequence[Suggestion]] | None = None
        self._pool = ThreadPoolExecutor(1)
        self.told, self._tell = os.pipe()
        for end in (self.told, self._tell):
            os.set_blocking(end, False)

    def ask(self, line: str) -> None:
        """From now on this line counts."""
        if line == self._line:
            return
        self._line, found = line, self._suggest(line)
        if callable(found):
            self._found = self._pool.submit(found, lambda: self._line != line)
            self._found.add_done_callback(self._done)
        else:
            self._found = Future()
            self._found.set_result(found)

    def words(self, line: str, *, patience_s: float = 0.0) -> Sequence[Suggestion]:
        """Those for this line, where they are known already, or will be before long."""
        found = self._found
        if found is None or line != self._line or not wait([found], patience_s).done:
            return ()
        return found.result()

    def hear(self) -> None:
        """Takes notice, so that `told` waits for the next ones."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.told, 1024)

    def rest(self) -> None:
        """Drops everything; nothing is worked out any more once this has returned."""
        self._line = None
        if self._found is not None:
            wait([self._found])
        self._found = None

    def close(self) -> None:
        """Ends the thread."""
        self.rest()
        self._pool.shutdown()
        for end in (self.told, self._tell):
            os.close(end)

    def _done(self, _: Future[Sequence[Suggestion]]) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._tell, b"\0")


def bar(words: Sequence[Suggestion], columns: int) -> str:
    """As many of the words as have room on one line, the one that Tab takes first."""
    texts = [clipped(one_line(words[0].text), columns - len(_KEY))]
    for word in words[1:]:
        text = one_line(word.text)
        if len(_KEY) + cells(_BETWEEN.join([*texts, text])) <= columns:
            texts.append(text)
    return _KEY + _BETWEEN.join(texts)
