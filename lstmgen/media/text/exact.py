"""The bytes of a text file as a text, and back to the same bytes: its byte order mark, its line ends and its damage are kept."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from lstmgen import limits
from lstmgen.errors import InputError
from lstmgen.media.text.decoding import decode_text, known_encoding
from lstmgen.media.text.recognise import known_format

_MARKS: Final = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-8-sig": ((codecs.BOM_UTF8, "utf-8"), (b"", "utf-8")),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
"""By encoding what a file may begin with, and what the rest of it then is in."""


@dataclass(frozen=True)
class ExactText:
    """A text file, taken apart.

    Attributes:
        text: what it holds, without a byte order mark; a byte that is not of its encoding is a lone surrogate (PEP 383).
        mark: the byte order mark, or nothing.
        encoding: of what is behind the mark.
    """

    text: str
    mark: bytes
    encoding: str

    @staticmethod
    def of(content: bytes, *, encoding: str, name: str) -> ExactText:
        """The text of some bytes.

        Raises:
            InputError: they are no text of this encoding, or could not be written back as they are.
            UsageError: there is no such encoding.
        """
        known = known_encoding(encoding)
        mark, inner = next(((mark, inner) for mark, inner in _MARKS.get(known, ()) if content.startswith(mark)), (b"", known))
        if refused := known_format(content[: limits.BINARY_PROBE_BYTES], name, encoding=known):
            raise InputError(refused.reason, remedy=refused.remedy)
        try:
            found = ExactText(content[len(mark) :].decode(inner, "surrogateescape"), mark, inner)
        except UnicodeError:
            found = ExactText(decode_text(content, what=name, encoding=known), mark, inner)
        if found.to_bytes(found.text) != content:
            raise InputError(f"{name} cannot be written back as it is in {known}", remedy="convert it to UTF-8 first")
        return found

    def to_bytes(self, text: str) -> bytes:
        """A text as the bytes of a file like this one; what its encoding lacks is a question mark."""
        try:
            return self.mark + text.encode(self.encoding, "surrogateescape")
        except UnicodeEncodeError:
            return self.mark + b"".join(map(self._character, text))

    def _character(self, character: str) -> bytes:
        try:
            return character.encode(self.encoding, "surrogateescape")
        except UnicodeEncodeError:
            return "?".encode(self.encoding)
