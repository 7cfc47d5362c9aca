"""What a file is, by its first bytes: text, or something that has to be converted first."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

UTF_8: Final = "utf-8"
"""The encoding of text where none is named, as Python calls it."""


class RefusedError(Exception):
    """A file is not usable as text. Within this room only: a named file turns it into a CorpusError, a folder lists it as skipped.

    Args:
        reason: what was found, without the file's name.
        remedy: what to type.
    """

    def __init__(self, reason: str, *, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, kw_only=True)
class _Format:
    """A kind of file that is not UTF-8 text; `{}` in the remedy stands for the file's name, quoted for a shell."""

    description: str
    remedy: str
    starts: tuple[bytes, ...]
    encoding: str = ""
    """Of text, which it is where it was named."""


_TEXT_OF_DOCUMENT: Final = "save it as plain text in the program that wrote it, or: pandoc {} -t plain -o out.txt"
_NO_TEXT: Final = "name text files only"

_FORMATS: Final = (
    _Format(
        description="UTF-32 text",
        encoding="utf-32",
        remedy="--encoding utf-32",
        starts=(b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"),
    ),
    _Format(description="UTF-16 text", encoding="utf-16", remedy="--encoding utf-16", starts=(b"\xff\xfe", b"\xfe\xff")),
    _Format(description="gzip data", remedy="gunzip -c {} | lstmgen train -", starts=(b"\x1f\x8b",)),
    _Format(
        description="a zip archive (or a document that is one, like .docx, .odt and .epub)",
        remedy="unzip {} -d texts, and name the folder; of a document: pandoc {} -t plain -o out.txt",
        starts=(b"PK\x03\x04", b"PK\x05\x06"),
    ),
    _Format(
        description="bzip2 data",
        remedy="bunzip2 -c {} | lstmgen train -",
        starts=tuple(b"BZh%d1AY&SY" % level for level in range(1, 10)),
    ),
    _Format(description="xz data", remedy="xz -dc {} | lstmgen train -", starts=(b"\xfd7zXZ\x00",)),
    _Format(description="Zstandard data", remedy="zstd -dc {} | lstmgen train -", starts=(b"\x28\xb5\x2f\xfd",)),
    _Format(description="a 7z archive", remedy="7z x {} -otexts, and name the folder", starts=(b"7z\xbc\xaf\x27\x1c",)),
    _Format(description="a PDF document", remedy="pdftotext {} out.txt", starts=(b"%PDF-",)),
    _Format(description="an Office document", remedy=_TEXT_OF_DOCUMENT, starts=(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    _Format(description="a PNG image", remedy="tesseract {} out, if it is a page of text", starts=(b"\x89PNG\r\n\x1a\n",)),
    _Format(description="a JPEG image", remedy="tesseract {} out, if it is a page of text", starts=(b"\xff\xd8\xff",)),
    _Format(description="a GIF image", remedy=_NO_TEXT, starts=(b"GIF87a", b"GIF89a")),
    _Format(description="a MIDI file", remedy="a model of music takes it: lstmgen train {}", starts=(b"MThd\x00\x00\x00\x06",)),
    _Format(description="an SQLite database", remedy="export its text first: sqlite3 {} .dump > out.txt", starts=(b"SQLite format 3\x00",)),
    _Format(description="a program", remedy=_NO_TEXT, starts=(b"\x7fELF", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"MZ\x90\x00")),
)


def require_text(head: bytes, name: str, *, encoding: str = UTF_8) -> None:
    """Refuse a file that cannot be text.

    Args:
        head: its first bytes, up to `limits.BINARY_PROBE_BYTES`.
        name: how the user would write the file's name in a shell.
        encoding: of the text.

    Raises:
        RefusedError: it is empty, of a known other format or encoding, or holds NUL characters.
    """
    if not head:
        raise RefusedError("empty, expected text", remedy="name a file that holds some text")
    if known := known_format(head, name, encoding=encoding):
        raise known
    if encoding != UTF_8:
        return  # a NUL byte may be half of a character; whether one is a character shows when the text is read
    nul = head.find(b"\x00")
    if nul < 0:
        return
    if wide := _wide_encoding(head):
        raise RefusedError(f"{wide} text, expected UTF-8", remedy=f"--encoding {wide.lower()}")
    raise nul_found(nul)


def nul_found(offset: int, *, unit: str = "byte") -> RefusedError:
    """What is said of a file that holds a NUL, wherever: it is no text."""
    return RefusedError(
        f"binary data (a NUL {unit} at offset {offset}), expected text",
        remedy="name text files only; where NULs are strays: tr -d '\\000' < FILE > out.txt",
    )


def known_format(head: bytes, name: str, *, encoding: str = UTF_8) -> RefusedError | None:
    """Why a file that begins like this is no text, where it is of a known other format; arguments as of `require_text`."""
    for kind in _FORMATS:
        if head.startswith(kind.starts) and not (kind.encoding and encoding != UTF_8):
            return RefusedError(
                f"{kind.description}, expected {encoding.upper()} text", remedy=kind.remedy.replace("{}", shlex.quote(name))
            )
    return None


def _wide_encoding(head: bytes) -> str | None:
    """The wide encoding whose zero bytes this looks like, for text without a byte order mark that is mostly Latin."""
    whole = len(head) - len(head) % 4
    if whole == 0:
        return None
    zeros = [head[lane:whole:4].count(0) * 4 / whole for lane in range(4)]
    patterns = (
        ("UTF-32LE", (False, None, True, True)),
        ("UTF-32BE", (True, True, None, False)),
        ("UTF-16LE", (False, True, False, True)),
        ("UTF-16BE", (True, False, True, False)),
    )
    for encoding, lanes in patterns:
        if all(expected is None or (share > 0.7 if expected else share < 0.1) for share, expected in zip(zeros, lanes, strict=True)):
            return encoding
    return None
