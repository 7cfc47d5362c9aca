"""Lines that a person types: with editing and a history where the terminal and the system can.

The history is the user's: it stands in the folder of the user's cache, readable by nobody else, and holds a bounded number of lines. A
line that begins with a space, like in a shell, or a very long one is not remembered.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from lstmgen import api
from lstmgen.cli.output import Streams, Styled
from lstmgen.errors import LstmgenError

HISTORY: Final = "history"
"""Name of the file in the user's cache folder."""
_PROMPT: Final = "> "
_MAX_LINE_BYTES: Final = 2**20
_MAX_HISTORY_LINES: Final = 1_000
_MAX_HISTORY_BYTES: Final = 2**20
_MAX_REMEMBERED: Final = 1_000
"""Characters of a line in the history."""

ReadLine = Callable[[], "str | None"]
"""Gives the next line without its end; None at the end of the input. Raises KeyboardInterrupt."""


@contextlib.contextmanager
def typed_lines(streams: Streams, folder: Path) -> Iterator[ReadLine]:
    """A function that reads lines of standard input, asking for them where it is a terminal.

    Args:
        streams: hold standard input.
        folder: where the history is kept.
    """
    editor = _editor() if streams.in_is_terminal and streams.out_is_terminal else None
    if editor is None:
        yield lambda: _plain_line(streams)
        return
    path = folder / HISTORY
    editor.set_auto_history(False)
    editor.set_history_length(_MAX_HISTORY_LINES)
    editor.clear_history()
    with contextlib.suppress(OSError):
        if path.stat().st_size <= _MAX_HISTORY_BYTES:
            editor.read_history_file(path)
    try:
        yield lambda: _edited_line(editor, colour=streams.colour)
    finally:
        with contextlib.suppress(OSError, LstmgenError):
            api.make_folder(folder)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            editor.write_history_file(path)


def _editor() -> Any:
    """The module for editing lines; None where the system has none."""
    try:
        import readline
    except ImportError:
        return None
    return readline


def _plain_line(streams: Streams) -> str | None:
    if streams.in_is_terminal:
        streams.insist(Styled("cyan", _PROMPT), end="")
    data = streams.stdin.readline(_MAX_LINE_BYTES)
    return data.decode("utf-8", "surrogateescape").rstrip("\r\n") if data else None


def _edited_line(editor: Any, *, colour: bool) -> str | None:
    # What stands between \x01 and \x02 takes no room on the line.
    prompt = f"\x01\x1b[36m\x02{_PROMPT}\x01\x1b[0m\x02" if colour else _PROMPT
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        line = input(prompt)
    except EOFError:
        return None
    known = editor.get_current_history_length()
    last = editor.get_history_item(known) if known else None
    if line.strip() and not line.startswith(" ") and len(line) <= _MAX_REMEMBERED and line != last:
        editor.add_history(line)
    return line
