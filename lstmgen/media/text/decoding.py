"""Bytes of a text file to normalised text, chunk by chunk: decoded, without byte order mark, LF line ends, counted as it goes by.

Memory is bounded by `limits.READ_CHUNK_BYTES`, whatever the length of the file or of its lines.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits, schema
from lstmgen.errors import InputError, UsageError
from lstmgen.media.text.division import Division
from lstmgen.media.text.recognise import UTF_8, known_format, nul_found
from lstmgen.media.text.symbols import code_points
from lstmgen.opening import open_regular
from lstmgen.wording import counted

_COUNT_SLICE: Final = 2**16
"""Characters counted at a time; `bincount` works on a copy of eight bytes each."""
_WHOLE: Final = Division()
_NO_TEXT: Final = frozenset({"idna", "punycode", "undefined"})
"""What Python calls encodings of text and no file is in."""
_CONTINUATION_BYTES: Final = bytes(range(0x80, 0xC0))


class Digest(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        ...


def known_encoding(name: str) -> str:
    """The name that Python has for an encoding of text. Raises UsageError: there is none of this name."""
    with contextlib.suppress(LookupError, ValueError):
        found = codecs.lookup(name)
        if getattr(found, "_is_text_encoding", True) and found.incrementaldecoder is not None and found.name not in _NO_TEXT:
            return found.name
    raise UsageError(
        f"--encoding: there is no encoding {name!r} of text", remedy="--encoding cp1252, latin-1, utf-16, shift_jis or the like"
    )


def decode_text(content: bytes, *, what: str, name: str = "FILE", encoding: str = UTF_8) -> str:
    """The text that the whole content of a file is, without a byte order mark.

    Raises:
        InputError: a byte is not of this encoding.
        UsageError: there is no such encoding.
    """
    normaliser = Normaliser(errors="strict", keep_newlines=True, encoding=known_encoding(encoding))
    try:
        return normaliser.feed(content, final=True)
    except BadByteError as bad:
        if known := known_format(content[: limits.BINARY_PROBE_BYTES], name, encoding=normaliser.encoding):
            raise InputError(known.reason, remedy=known.remedy) from bad
        line = content.count(b"\n", 0, bad.offset) + 1
        raise InputError(
            f"{what} is not {normaliser.encoding.upper()}: byte 0x{bad.value:02X} at offset {bad.offset:,}, line {line:,}",
            remedy="--encoding cp1252, or what else it is encoded in",
        ) from bad


class BadByteError(Exception):
    """A byte that is not of the text's encoding, under the policy `strict`.

    Args:
        offset: its index in the file, from 0.
        value: the byte.
    """

    def __init__(self, offset: int, value: int) -> None:
        super().__init__(f"byte 0x{value:02X} at offset {offset}")
        self.offset = offset
        self.value = value


class Normaliser:
    """Turns the bytes of one file into text. Feed it in order; what it changed is counted in its attributes.

    Under `strict` the first byte that is not of the encoding raises. Under the other policies every such byte becomes one U+FFFD
    (`replace`), nothing (`ignore`), or one lone surrogate that stands for it (`surrogateescape`).

    Args:
        errors: `strict`, `replace`, `ignore` or `surrogateescape`.
        keep_newlines: leave CRLF and CR as they are.
        encoding: as `known_encoding` gives it.
    """

    def __init__(self, *, errors: str, keep_newlines: bool, encoding: str = UTF_8) -> None:
        self.had_mark = False
        self.crlf = 0
        self.lone_cr = 0
        self.bad_bytes = 0
        self.first_bad_offset = 0
        self.errors = errors
        self.encoding = encoding
        self._keep_newlines = keep_newlines
        codecs.register_error(_BYTE_BY_BYTE, _escaped)
        self._decoder = codecs.getincrementaldecoder(encoding)("strict" if errors == "strict" else _BYTE_BY_BYTE)
        self._fed_bytes = 0
        self._at_start = True
        self._held_cr = False

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The text that these bytes complete.

        Raises:
            BadByteError: a byte is not of the encoding and the policy is `strict`.
        """
        base = self._fed_bytes - len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            raise BadByteError(base + error.start, error.object[error.start]) from None
        except UnicodeError:  # UTF-16 and UTF-32 that begin like neither byte order
            raise BadByteError(base, data[0] if data else 0) from None
        self._fed_bytes += len(data)
        if self.errors != "strict" and not text.isascii():
            text = self._settle_bad_bytes(text, base)
        if self._at_start and text:
            self._at_start = False
            self.had_mark = text.startswith("\ufeff")
            text = text[1:] if self.had_mark else text
        return text if self._keep_newlines else self._settle_newlines(text, final=final)

    def _settle_bad_bytes(self, text: str, base: int) -> str:
        first = _BAD_BYTE.search(text)
        if first is None:
            return text
        if not self.bad_bytes and self.encoding == UTF_8:
            self.first_bad_offset = base + len(text[: first.start()].encode())
        if self.errors == "surrogateescape":
            self.bad_bytes += sum(1 for _ in _BAD_BYTE.finditer(text))
            return _BAD_BYTE.sub(_kept, text)
        text, found = _BAD_BYTE.subn("\ufffd" if self.errors == "replace" else "", text)
        self.bad_bytes += found
        return text

    def _settle_newlines(self, text: str, *, final: bool) -> str:
        if self._held_cr:
            text = "\r" + text
        self._held_cr = not final and text.endswith("\r")  # the LF of a CRLF may come with the next bytes
        if self._held_cr:
            text = text[:-1]
        if "\r" not in text:
            return text
        crlf = text.count("\r\n")
        self.crlf += crlf
        self.lone_cr += text.count("\r") - crlf
        return text.replace("\r\n", "\n").replace("\r", "\n")


_BYTE_BY_BYTE: Final = "lstmgen-byte-by-byte"
_BAD_BYTE: Final = re.compile("[\udc00-\udcff]")
_FIRST_ESCAPE: Final = 0xDC00


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """One lone surrogate for each byte that is not of an encoding; those of ASCII too, which `surrogateescape` has no room for."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_FIRST_ESCAPE + byte) for byte in error.object[error.start : error.end]), error.end


def _kept(match: re.Match[str]) -> str:
    """A byte as the policy `surrogateescape` keeps it: as PEP 383 has it, one of ASCII as itself."""
    byte = ord(match.group()) - _FIRST_ESCAPE
    return match.group() if byte >= 0x80 else chr(byte)


class CharacterCounter:
    """How often each character occurs, kept as one number for each code point up to the highest that was seen."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, text: str) -> None:
        """Count the characters of a text."""
        codes = code_points(text)
        for begin in range(0, len(codes), _COUNT_SLICE):
            self._add_counts(np.bincount(codes[begin : begin + _COUNT_SLICE]))

    def merge(self, other: CharacterCounter) -> None:
        """Add what another has counted."""
        self._add_counts(other.counts)

    @property
    def chars(self) -> int:
        """Number of characters."""
        return int(self.counts.sum())

    @property
    def bytes(self) -> int:
        """Number of their UTF-8 bytes; a surrogate that stands for a bad byte counts as that one byte."""
        widths = ((0x00, 0x80, 1), (0x80, 0x800, 2), (0x800, 0x10000, 3), (0x10000, 0x110000, 4), (0xDC80, 0xDD00, -2))
        return sum(width * int(self.counts[low:high].sum()) for low, high, width in widths)

    def to_dict(self) -> dict[str, int]:
        """The counts of the characters that occur, in the order of their code points."""
        return {chr(code): int(self.counts[code]) for code in np.flatnonzero(self.counts)}

    def to_json(self) -> list[list[int]]:
        """The code points that occur, in their order, and how often each does."""
        codes = np.flatnonzero(self.counts)
        return [codes.tolist(), self.counts[codes].tolist()]

    @staticmethod
    def from_json(values: list[list[int]]) -> CharacterCounter:
        """What `to_json` gave."""
        codes, counts = values
        counter = CharacterCounter()
        counter.counts = np.zeros(max(codes, default=-1) + 1, np.int64)
        counter.counts[codes] = counts
        return counter

    def _add_counts(self, counts: NDArray[np.int64]) -> None:
        if len(counts) > len(self.counts):
            grown = np.zeros(len(counts), np.int64)
            grown[: len(self.counts)] = self.counts
            self.counts = grown
        self.counts[: len(counts)] += counts


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one pass over a file found.

    Attributes:
        counter: the characters of its normalised text.
        learned: those of its documents; the same where the file is one.
        documents: how many it holds.
        sha256: of the raw bytes.
        notes: what was changed.
    """

    counter: CharacterCounter
    learned: CharacterCounter
    documents: int
    sha256: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        counters = {"counter": self.counter.to_json()}
        if self.learned is not self.counter:
            counters["learned"] = self.learned.to_json()
        return {**counters, "documents": self.documents, "sha256": self.sha256, "notes": list(self.notes)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Scan:
        """What `to_json` gave; fits `SCAN`."""
        counter = CharacterCounter.from_json(values["counter"])
        learned = CharacterCounter.from_json(values["learned"]) if "learned" in values else counter
        facts = {"documents": values["documents"], "sha256": values["sha256"], "notes": tuple(values["notes"])}
        return Scan(counter=counter, learned=learned, **facts)


def _counts(value: Any, name: str) -> None:
    """Raises SchemaError: it is not what a counter of characters gives."""
    schema.list_of(schema.list_of(schema.whole(), at_most=sys.maxunicode + 1), exactly=2)(value, name)
    schema.list_of(schema.whole(0, sys.maxunicode), exactly=len(value[1]))(value[0], name)


SCAN: Final = schema.table(
    {
        "counter": _counts,
        "learned": _counts,
        "documents": schema.whole(),
        "sha256": schema.text(64),
        "notes": schema.list_of(schema.text()),
    },
    needed=("counter", "documents", "sha256", "notes"),
)
"""What `Scan.to_json` gives."""


def scan(
    path: Path,
    *,
    errors: str,
    keep_newlines: bool,
    encoding: str = UTF_8,
    division: Division = _WHOLE,
    progress: Callable[[int], None] | None = None,
) -> Scan:
    """Read a file once, from end to end.

    Args:
        path: the file.
        errors: as `Normaliser`.
        keep_newlines: as `Normaliser`.
        encoding: as `Normaliser`.
        division: how it is divided into documents.
        progress: called with the number of bytes of each chunk.

    Raises:
        BadByteError: under `strict`.
        OSError: the file cannot be read.
        CorpusError: a document is too long.
        RefusedError: it holds a NUL, and so is no text.
    """
    normaliser = Normaliser(errors=errors, keep_newlines=keep_newlines, encoding=encoding)
    counter = learned = CharacterCounter()
    digest = hashlib.sha256()
    chunks = _counted(decoded(path, normaliser, digest=digest, progress=progress), counter)
    documents = 1
    if division.divides:
        learned, documents = CharacterCounter(), 0
        for texts in division.divided(chunks):
            learned.add("".join(texts))
            documents += len(texts)
    else:
        collections.deque(chunks, maxlen=0)
    notes = tuple(_notes(path, normaliser))
    return Scan(counter=counter, learned=learned, documents=documents, sha256=digest.hexdigest(), notes=notes)


def _counted(chunks: Iterable[str], counter: CharacterCounter) -> Iterator[str]:
    for text in chunks:
        if (nul := text.find("\0")) >= 0:
            raise nul_found(counter.chars + nul, unit="character")
        counter.add(text)
        yield text


def decoded(
    path: Path, normaliser: Normaliser, *, digest: Digest | None = None, progress: Callable[[int], None] | None = None
) -> Iterator[str]:
    """The normalised text of a file, in chunks; every raw byte goes through `digest`. Raises as `scan`."""
    with open_regular(path) as stream:
        while data := stream.read(limits.READ_CHUNK_BYTES):
            if digest is not None:
                digest.update(data)
            if text := normaliser.feed(data):
                yield text
            if progress is not None:
                progress(len(data))
    if text := normaliser.feed(b"", final=True):
        yield text


def position_of(path: Path, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a byte offset; every byte before it must be UTF-8, or counts as it comes.

    Columns count characters. LF, CRLF and CR all end a line.
    """
    line, column, previous = 1, 1, b""
    with open_regular(path) as stream:
        if stream.read(3) != codecs.BOM_UTF8:
            stream.seek(0)
        left = offset - stream.tell()
        while left > 0 and (data := stream.read(min(left, limits.READ_CHUNK_BYTES))):
            left -= len(data)
            split_crlf = previous == b"\r" and data.startswith(b"\n")
            line += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n") - split_crlf
            last_end = max(data.rfind(b"\n"), data.rfind(b"\r"))
            column = (column if last_end < 0 else 1) + len(data[last_end + 1 :].translate(None, _CONTINUATION_BYTES))
            previous = data[-1:]
    return line, column


def place_of(path: Path, offset: int, *, encoding: str = UTF_8) -> str:
    """Where a byte stands, in words; of other encodings than UTF-8 without its line, which takes knowing them."""
    if encoding != UTF_8:
        return f"offset {offset}"
    line, column = position_of(path, offset)
    return f"offset {offset}, line {line}, column {column}"


_BAD_BYTES: Final = {"replace": "replaced by U+FFFD", "ignore": "left out", "surrogateescape": "kept as lone surrogates"}


def _notes(path: Path, normaliser: Normaliser) -> Iterator[str]:
    if normaliser.had_mark:
        yield "byte order mark removed"
    if normaliser.crlf:
        yield f"{counted(normaliser.crlf, 'CRLF line end')} turned into LF"
    if normaliser.lone_cr:
        yield f"{counted(normaliser.lone_cr, 'CR line end')} turned into LF"
    if normaliser.bad_bytes:
        first = f" (first at {place_of(path, normaliser.first_bad_offset)})" if normaliser.encoding == UTF_8 else ""
        yield f"{counted(normaliser.bad_bytes, 'byte')} outside {normaliser.encoding.upper()} {_BAD_BYTES[normaliser.errors]}{first}"
