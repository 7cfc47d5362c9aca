"""Compiled loops that are ready when a long sample wants them, and for which nobody waits.

numba takes seconds to compile a token, once on a machine; to load what is kept (`code.py`) takes milliseconds. So a decoder that has read
many tokens has another process see to it that all is kept, reads on, and loads what that process has left. So does the first process that
has read few, when it ends.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import Final

from lstmgen.model.compiled import code

_AFTER: Final = 1000
"""Tokens of one lane before anything is done about it."""
_ASKED_EVERY: Final = 250
"""Tokens between two looks at whether the other process is done."""
_LANES_OF_A_TOKEN: Final = 8
"""Further lanes that take about as long as one token more."""
_CODE: Final = "import sys; sys.path[:] = {path!r}; from lstmgen.model.compiled.prepare import prepare; prepare()"


class Ahead:
    """Says when compiled loops may be loaded."""

    def __init__(self) -> None:
        self._tokens, self._next = 0, _AFTER
        self.problem = ""
        """Why they never will be; empty while they may."""

    def ready(self, lanes: int) -> bool:
        """Whether they may be loaded; to be asked after every step of so many lanes, and not again once they may."""
        self._tokens += 1 + (lanes - 1) // _LANES_OF_A_TOKEN
        if self._tokens < self._next or self.problem:
            return False
        self._next = self._tokens + _ASKED_EVERY
        process = _other_process()
        left = 1 if process is None else process.poll()
        if left:
            self.problem = "not compiled: numba could not compile or keep it"
        return left == 0


def begin() -> None:
    """Has another process compile loops, for processes to come, where nobody has begun it."""
    if code.is_first_to_make():
        _other_process()


@functools.cache
def _other_process() -> subprocess.Popen[bytes] | None:
    """One for all decoders of this process, begun when this is first called; None where there can be none."""
    program, none = _CODE.format(path=sys.path), subprocess.DEVNULL
    try:
        return subprocess.Popen([sys.executable, "-P", "-c", program], stdin=none, stdout=none, stderr=none)  # noqa: S603 - our own code
    except OSError:
        return None
