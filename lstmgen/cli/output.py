"""Where everything that the program says goes: the product to standard output, all else to standard error.

A message is one line, in which control characters are written out, wherever its words come from.
Generated text is written as bytes, never through rich: unchanged into a pipe or a file, with control characters shown escaped on a
terminal. Both streams are UTF-8 whatever the locale says. A message that cannot be delivered is dropped, for a run must not die because
nobody listens; a product that cannot be delivered is an error.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import math
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from lstmgen.cli.wrapping import LEAST_COLUMNS, PAGE_COLUMNS, wrapped
from lstmgen.errors import MachineError
from lstmgen.version import JSON_SCHEMA

_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and newline, what reorders text, and halves of surrogate pairs."""

_STYLES: Final = {"bold": "1", "dim": "2", "red": "1;31", "green": "32", "cyan": "36"}


def visible(text: str) -> str:
    r"""The text with everything that could steer a terminal written out, as in `\x1b` or `\u202e`; newline and tab stay."""
    return _HIDDEN.sub(lambda match: _escape(match.group()), text)


def one_line(text: str) -> str:
    """The text as it may stand in one line of a message."""
    return visible(" ".join(text.split("\n")))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def encode(text: str) -> bytes:
    """UTF-8; bytes that were read with `surrogateescape` come back as they were, other half surrogates become `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(_encode_character(character) for character in text)


def _encode_character(character: str) -> bytes:
    try:
        return character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b"?"


def to_json(value: Any) -> str:
    """One line of JSON: readable in every script, without a control character, with null for what is not finite."""
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)
    return _HIDDEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


@dataclass(frozen=True)
class Styled:
    """A part of a message in bold, dim, red, green or cyan, where colour is allowed."""

    style: str
    text: str


class MessageText(io.TextIOBase):
    """Standard error as a text stream for rich: UTF-8, and silent once nobody reads it."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What rich asks to know which characters it may draw."""
        return "utf-8"

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def isatty(self) -> bool:
        """Whether standard error is a terminal."""
        return self._streams.err_is_terminal

    def write(self, text: str, /) -> int:
        """Send text on; returns its length."""
        self._streams.send_message(encode(text))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The three standard streams and how they may be used."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: BinaryIO
    in_is_terminal: bool = False
    out_is_terminal: bool = False
    err_is_terminal: bool = False
    colour: bool = False
    """Whether messages may be coloured."""
    out_colour: bool = False
    """Whether our own words on standard output, such as help, may be coloured; generated text never is."""
    animated: bool = False
    """Whether standard error may show a display that redraws itself."""
    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    @staticmethod
    def of_process(environ: Mapping[str, str]) -> Streams:
        """The streams of this process; closed ones become empty ones."""
        out_is_terminal, err_is_terminal = _is_terminal(sys.stdout), _is_terminal(sys.stderr)
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        return Streams(
            stdin=_binary(sys.stdin),
            stdout=_binary(sys.stdout),
            stderr=_binary(sys.stderr),
            in_is_terminal=_is_terminal(sys.stdin),
            out_is_terminal=out_is_terminal,
            err_is_terminal=err_is_terminal,
            colour=not plain and (err_is_terminal or bool(environ.get("FORCE_COLOR"))),
            out_colour=not plain and (out_is_terminal or bool(environ.get("FORCE_COLOR"))),
            animated=not plain and err_is_terminal,
        )

    def adjusted(self, *, quiet: bool, verbose: bool, debug: bool, no_color: bool) -> Streams:
        """The same streams after `-q`, `-v`, `--debug` and `--no-color`; what was switched on stays on."""
        return dataclasses.replace(
            self,
            quiet=self.quiet or quiet,
            verbose=self.verbose or verbose,
            debug=self.debug or debug,
            colour=self.colour and not no_color,
            out_colour=self.out_colour and not no_color,
            animated=self.animated and not no_color and not quiet,
        )

    @property
    def out_columns(self) -> int:
        """Columns that standard output has room for."""
        return _columns(self.stdout)

    @property
    def err_columns(self) -> int:
        """Columns that standard error has room for."""
        return _columns(self.stderr)

    @property
    def row_columns(self) -> int:
        """Columns at which rows of facts are broken: a terminal's; elsewhere a row is one line, for programs that look for it."""
        return self.out_columns if self.out_is_terminal else sys.maxsize

    def product(self, text: str) -> None:
        """Write a piece of the product and let it out at once.

        Raises:
            BrokenPipeError: nobody reads it any more.
            MachineError: it cannot be delivered.
        """
        self.product_bytes(encode(visible(text) if self.out_is_terminal else text))

    def product_bytes(self, data: bytes) -> None:
        """Write a product that is no text, such as a MIDI file. Raises as `product`."""
        try:
            self.stdout.write(data)
            self.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            raise MachineError(
                f"cannot write to standard output: {reason}", remedy="make room there, or write to a file with -o"
            ) from error

    def own_line(self, text: str) -> None:
        """Write a line of our own words, such as help, which may be coloured."""
        self.product_bytes(encode(text + "\n"))

    def product_line(self, text: str) -> None:
        """Write one line of the product, such as a JSON object or a row of a table."""
        self.product(text + "\n")

    def object_line(self, values: Mapping[str, Any]) -> None:
        """Write one object of JSON on a line, as the product; docs/formats.md lists the fields."""
        self.product_line(to_json({"schema": JSON_SCHEMA, **values}))

    def say(self, *parts: str | Styled) -> None:
        """A message of one line, unless `-q`; whatever in it could end the line or steer the terminal is written out."""
        if not self.quiet:
            self.insist(*parts)

    def explain(self, text: str) -> None:
        """A message for `-v`."""
        if self.verbose:
            self.say(Styled("dim", text))

    def insist(self, *parts: str | Styled, end: str = "\n") -> None:
        """A message that `-q` does not silence; on a terminal it is broken between words, elsewhere it is one line."""
        texts = [one_line(part if isinstance(part, str) else part.text) for part in parts]
        whole = " ".join(texts)
        lines = wrapped(whole, self.err_columns - 1) if self.err_is_terminal else [whole]
        if self.colour and parts and isinstance(parts[0], Styled):
            style, end_of_style = parts[0].style, len(texts[0])
            lines = [_painted(style, line) for line in lines] if len(parts) == 1 else lines
            lines[0] = _painted(style, lines[0][:end_of_style]) + lines[0][end_of_style:] if len(parts) > 1 else lines[0]
        self.send_message(encode("\n".join(lines) + end))

    def send_message(self, data: bytes) -> None:
        """Bytes to standard error, dropped when nobody reads them."""
        with contextlib.suppress(OSError, ValueError):
            self.stderr.write(data)
            self.stderr.flush()

    def send_at_once(self, text: str, *, control: str = "") -> None:
        """A line past every buffer, for signal handlers: they may run in the middle of another write to the same stream.

        Args:
            text: what is said.
            control: what the terminal is told before, such as to show the cursor.
        """
        with contextlib.suppress(OSError, ValueError):
            os.write(self.stderr.fileno(), encode(f"{control}{one_line(text)}\n"))


def _painted(style: str, text: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _columns(stream: BinaryIO) -> int:
    """Columns of the terminal behind a stream; what COLUMNS says goes first, and where nothing says it, there is a page."""
    told, columns = os.environ.get("COLUMNS", ""), 0
    with contextlib.suppress(OSError, ValueError):
        columns = int(told) if told.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    return max(columns or PAGE_COLUMNS, LEAST_COLUMNS)


def _is_terminal(stream: Any) -> bool:
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


def _binary(stream: Any) -> BinaryIO:
    """The bytes behind a text stream of the process, or an empty stream where the process has none."""
    return io.BytesIO() if stream is None else stream.buffer
