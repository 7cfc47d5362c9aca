"""Lines that a person types: with editing, a history, and suggestions under the line, where the terminal and the system can.

The history is the user's: it stands in the folder of the user's cache, readable by nobody else, and holds a bounded number of lines. A
line that begins with a space, like in a shell, or a very long one is not remembered.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

from lstmgen import api
from lstmgen.cli.output import Streams, Styled, encode
from lstmgen.cli.readline_keys import KeyByKey
from lstmgen.cli.suggestions import Suggest, Suggester, bar
from lstmgen.cli.wrapping import PAGE_COLUMNS
from lstmgen.errors import LstmgenError

HISTORY: Final = "history"
"""Name of the file in the user's cache folder."""
_PROMPT: Final = "> "
_MAX_LINE_BYTES: Final = 2**20
_MAX_HISTORY_LINES: Final = 1_000
_MAX_HISTORY_BYTES: Final = 2**20
_MAX_REMEMBERED: Final = 1_000
"""Characters of a line in the history."""

_PATIENCE_S: Final = 0.3
"""How long Tab waits for the word that it is to take; no other key waits."""

ReadLine = Callable[[], "str | None"]
"""Gives the next line without its end; None at the end of the input. Raises KeyboardInterrupt."""


@contextlib.contextmanager
def typed_lines(streams: Streams, folder: Path, suggest: Suggest) -> Iterator[ReadLine]:
    """A function that reads lines of standard input, asking for them where it is a terminal.

    Args:
        streams: hold standard input.
        folder: where the history is kept.
        suggest: words that may come next; its searches run on another thread, and never while nobody waits for a line.
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
    keys = KeyByKey.here() if os.environ.get("TERM", "dumb") != "dumb" else None
    try:
        if keys is None:
            yield lambda: _edited_line(editor, _input, colour=streams.colour)
        else:
            with _Suggesting(streams, editor, keys, suggest) as suggesting:
                yield lambda: _edited_line(editor, suggesting.read, colour=streams.colour)
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


def _edited_line(editor: Any, read: Callable[[str], str | None], *, colour: bool) -> str | None:
    # What stands between \x01 and \x02 takes no room on the line.
    line = read(f"\x01\x1b[36m\x02{_PROMPT}\x01\x1b[0m\x02" if colour else _PROMPT)
    if line is None:
        return None
    known = editor.get_current_history_length()
    last = editor.get_history_item(known) if known else None
    if line.strip() and not line.startswith(" ") and len(line) <= _MAX_REMEMBERED and line != last:
        editor.add_history(line)
    return line


def _input(prompt: str) -> str | None:
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return input(prompt)
    except EOFError:
        return None


class _Suggesting:
    """Reads lines with a bar of suggestions under each; Tab takes the first.

    The bar is gone before readline hears of the next key: that may need its row.

    Args:
        streams: the terminal.
        editor: Python's module.
        keys: readline, key by key.
        suggest: words that may come next.
    """

    def __init__(self, streams: Streams, editor: Any, keys: KeyByKey, suggest: Suggest) -> None:
        self._streams, self._editor, self._keys = streams, editor, keys
        self._suggester, self._shown, self._taken = Suggester(suggest), False, ""
        self._size = os.get_terminal_size(0)

    def __enter__(self) -> Self:
        self._editor.set_completer_delims("")
        self._editor.set_completer(self._take_first)
        self._editor.parse_and_bind("tab: complete")
        return self

    def __exit__(self, *_: object) -> None:
        self._editor.parse_and_bind("tab: self-insert")
        self._editor.set_completer(None)
        self._suggester.close()

    def read(self, prompt: str) -> str | None:
        """The next line; None at the end of the input."""
        keys, suggester = self._keys, self._suggester
        keys.begin(prompt)
        try:
            while not keys.ended:
                self._offer()
                ready, _, _ = select.select([0, suggester.told], [], [])
                if suggester.told in ready:
                    suggester.hear()
                if 0 in ready:
                    self._wipe()
                    keys.take()
        finally:
            self._wipe()
            keys.leave()
            suggester.rest()
        line = keys.entered
        return line.removesuffix(" ") if line and line == self._taken else line

    def _offer(self) -> None:
        """Shows what is known of the line as it stands, and asks for it where nothing is."""
        size = os.get_terminal_size(0)
        if size != self._size:
            self._size = size
            self._keys.resize()
        if not self._keys.at_end:
            return
        self._suggester.ask(self._keys.line)
        words = self._suggester.words(self._keys.line)
        if words and not self._shown:
            text = bar(words, min(self._streams.out_columns, size.columns or PAGE_COLUMNS) - 1)
            text = f"\x1b[2m{text}\x1b[0m" if self._streams.out_colour else text
            # down and up again first, so that there is a row below
            self._streams.product_bytes(encode(f"\x1bD\x1b[A\x1b7\x1b[B\r{text}\x1b8"))
            self._shown = True

    def _wipe(self) -> None:
        if self._shown:
            self._streams.product_bytes(b"\x1b7\x1b[B\r\x1b[K\x1b8")
            self._shown = False

    def _take_first(self, line: str, place: int) -> str | None:
        """The line with the first suggestion, and the space behind a word, which is dropped where nothing follows it."""
        if place or not self._keys.at_end:
            return None
        self._suggester.ask(line)
        words = self._suggester.words(line, patience_s=_PATIENCE_S)
        if not words:
            return None
        self._taken = line + words[0].adds
        return self._taken
