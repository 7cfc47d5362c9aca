"""GNU readline one key at a time, by its callback interface (readline manual, 2.4.13), which Python's module does not pass on.

Between two keys the program can so wait for something else too, and draw. Everything else of readline stays as it is: key bindings, undo,
searching the history, what the user's inputrc says.
"""

from __future__ import annotations

import ctypes
from typing import Final

_HANDLER: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_FUNCTIONS: Final = (
    "rl_callback_read_char",
    "rl_callback_handler_remove",
    "rl_callback_sigcleanup",
    "rl_cleanup_after_signal",
    "rl_free_line_state",
    "rl_resize_terminal",
)


class KeyByKey:
    """A line that is being typed.

    Args:
        library: GNU readline.

    Raises:
        AttributeError, ValueError: it is another library.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        for name in _FUNCTIONS:
            getattr(library, name).argtypes = ()
        self._install = library.rl_callback_handler_install
        self._install.argtypes, self._install.restype = (ctypes.c_char_p, _HANDLER), None
        self._library, self._free = library, ctypes.CDLL(None).free
        self._free.argtypes, self._free.restype = (ctypes.c_void_p,), None
        self._buffer = ctypes.c_char_p.in_dll(library, "rl_line_buffer")
        self._place, self._end = (ctypes.c_int.in_dll(library, name) for name in ("rl_point", "rl_end"))
        self._catches = ctypes.c_int.in_dll(library, "rl_catch_signals")
        self._handler = _HANDLER(self._finish)  # kept, for readline does not
        self.ended = False
        """Whether the line was entered, or the input has ended."""
        self.entered: str | None = None
        """The line, once it was entered."""

    @classmethod
    def here(cls) -> KeyByKey | None:
        """By the library that Python's module is linked to; None where that is libedit, or out of reach."""
        try:
            import readline

            return cls(ctypes.CDLL(getattr(readline, "__file__", None))) if "GNU" in (readline.__doc__ or "") else None
        except (ImportError, OSError, AttributeError, ValueError):
            return None

    @property
    def line(self) -> str:
        """What was typed so far."""
        return _decoded(self._buffer.value)

    @property
    def at_end(self) -> bool:
        """Whether the cursor stands behind all of it."""
        return self._place.value == self._end.value

    def begin(self, prompt: str) -> None:
        """Asks for a line."""
        self.ended, self.entered = False, None
        self._catches.value = 0  # signals are Python's, as they are in `input`
        self._install(prompt.encode(), self._handler)

    def take(self) -> None:
        """Takes the key that has come in, or waits for one."""
        self._library.rl_callback_read_char()

    def resize(self) -> None:
        """The terminal has another size."""
        self._library.rl_resize_terminal()

    def leave(self) -> None:
        """Gives the terminal back, and drops what was typed where it was not entered."""
        if not self.ended:
            self._library.rl_free_line_state()
            self._library.rl_callback_sigcleanup()
            self._library.rl_cleanup_after_signal()
            self._library.rl_callback_handler_remove()

    def _finish(self, line: int | None) -> None:
        if line is not None:
            self.entered = _decoded(ctypes.string_at(line))
            self._free(line)
        self.ended = True
        self._library.rl_callback_handler_remove()  # or readline asks for the next one at once


def _decoded(line: bytes | None) -> str:
    return (line or b"").decode("utf-8", "surrogateescape")
