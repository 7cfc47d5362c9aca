"""Compiled loops that are ready when a long sample wants them, and for which nobody waits.

numba takes seconds to compile a token, once on a machine, and keeps it; to load it takes half a second. So a decoder that has read as many
tokens as take about that long has another process see to it that all is kept, reads on, and loads what that process has left.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

_AFTER: Final = 1000
"""Tokens of one lane before anything is done about it."""
_ASKED_EVERY: Final = 250
"""Tokens between two looks at whether the other process is done."""
_LANES_OF_A_TOKEN: Final = 8
"""Further lanes that take about as long as one token more."""
_CODE: Final = "import sys; sys.path[:] = {path!r}; from lstmgen.model.compiled.prepare import prepare; prepare{kind!r}"


class Ahead:
    """Says when loops for networks of a kind may be loaded.

    Args:
        precision: of the layers' weights.
        head: of those of the head.
        layers: how many there are.
    """

    def __init__(self, precision: str, head: str, layers: int) -> None:
        self._code = _CODE.format(path=sys.path, kind=(precision, head, layers))
        self._tokens, self._next = 0, _AFTER
        self._process: subprocess.Popen[bytes] | None = None
        self.problem = ""
        """Why they will never be ready; empty while they may be."""

    def ready(self, lanes: int) -> bool:
        """Whether they may be loaded; to be asked after every step of so many lanes, and not again once they may, or never will."""
        self._tokens += 1 + (lanes - 1) // _LANES_OF_A_TOKEN
        if self._tokens < self._next:
            return False
        self._next = self._tokens + _ASKED_EVERY
        if self._process is None:
            try:
                none = subprocess.DEVNULL
                self._process = subprocess.Popen([sys.executable, "-P", "-c", self._code], stdin=none, stdout=none, stderr=none)  # noqa: S603
            except OSError as error:
                self.problem = f"not compiled: {error}"
            return False
        code = self._process.poll()
        if code:
            self.problem = "not compiled: numba could not compile or keep it"
        return code == 0
