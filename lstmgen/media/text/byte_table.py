"""The one way back from ids to text for every tokenizer that ends in bytes: each id is a string of bytes, and text is what they spell.

A UTF-8 character may be spread over several ids, so bytes are joined first and decoded after; the stream decoder does the same step by
step and holds an unfinished character back.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.text.symbols import printable, stray_surrogates

FIRST_BYTE_ID: Final = BOUNDARY_ID + 1
"""Byte b has id b + 1 in every tokenizer that has bytes."""
FIRST_UNIT_ID: Final = FIRST_BYTE_ID + 256
"""The first id after the bytes."""
BOUNDARY_PIECE: Final = "<boundary>"
"""How the document boundary is shown in tables."""


class EndsInBytes:
    """What such tokenizers have in common: ids 0 (the boundary, no bytes), 1 to 256 (the bytes), then their units.

    Attributes:
        raw_bytes: bytes that are not UTF-8 decode to byte escapes (U+DC80 to U+DCFF, PEP 383) rather than to U+FFFD. So it is for a
            tokenizer whose corpus held such bytes: they come back as they were. Elsewhere they can only be a slip of the model, and
            U+FFFD keeps the output valid UTF-8.
        covers_everything: only surrogates that stand for no byte have no id, and no file can hold them.
    """

    raw_bytes: bool
    covers_everything = True

    def _units(self) -> tuple[str, ...]:
        """The texts of the ids from 257 on."""
        return ()

    def entries(self) -> tuple[bytes, ...]:
        """The bytes of every id."""
        return self._entries

    @cached_property
    def _entries(self) -> tuple[bytes, ...]:
        return (b"", *(bytes([byte]) for byte in range(256)), *(unit.encode() for unit in self._units()))

    @property
    def _errors(self) -> str:
        """Name of the codec error handler for bytes that are not UTF-8."""
        return "surrogateescape" if self.raw_bytes else "replace"

    @property
    def vocab_size(self) -> int:
        """Number of units, plus 257."""
        return FIRST_UNIT_ID + len(self._units())

    def unseen(self, text: str) -> tuple[str, ...]:
        """The surrogates of a text that stand for no byte."""
        return stray_surrogates(text)

    def decode(self, ids: Ids | list[int]) -> str:
        """The text of these ids; boundaries decode to nothing. Raises IndexError out of range."""
        array = np.asarray(ids, dtype=np.int64)
        check_ids(array, self.vocab_size)
        return b"".join(map(self._entries.__getitem__, array.tolist())).decode("utf-8", self._errors)

    def decoder(self) -> ByteStreamDecoder:
        """A fresh decoder for one stream of ids."""
        return ByteStreamDecoder(self._entries, self._errors)

    def piece(self, token_id: int) -> str:
        """One id as a person would read it. Raises IndexError out of range."""
        content = _entry(self._entries, token_id)
        return BOUNDARY_PIECE if token_id == BOUNDARY_ID else printable(content.decode("utf-8", "surrogateescape"))


class ByteStreamDecoder:
    """Turns ids into text one at a time: characters as soon as their last byte is known, never half a one.

    `"".join(push(i) for i in ids) + finish() == tokenizer.decode(ids)` for every sequence of ids.

    Args:
        entries: the bytes of every id.
        errors: name of the codec error handler for bytes that are not UTF-8.
    """

    def __init__(self, entries: Sequence[bytes], errors: str) -> None:
        self._entries = entries
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors)
        self._between = True
        """Whether no half of a character is held back."""

    def push(self, token_id: int, /) -> str:
        """The text that this id completes. Raises IndexError out of range."""
        content = _entry(self._entries, token_id)
        if self._between and content.isascii():
            return content.decode("ascii")
        text = self._decoder.decode(content)
        self._between = not self._decoder.getstate()[0]
        return text

    def finish(self) -> str:
        """What is still held back, with U+FFFD in place of an incomplete character; afterwards the decoder is as fresh."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        self._between = True
        return rest


def spell(text: str) -> Ids:
    """A text as the ids of its UTF-8 bytes, byte escapes as the bytes that they stand for; the text holds no stray surrogate."""
    return np.frombuffer(text.encode("utf-8", "surrogateescape"), dtype=np.uint8).astype(np.int64) + FIRST_BYTE_ID


def check_ids(ids: Ids, vocab_size: int) -> None:
    """Refuses ids out of range. Raises IndexError naming the first."""
    outside = (ids < 0) | (ids >= vocab_size)
    if outside.any():
        raise IndexError(f"token id {ids[outside][0]}, expected 0 to {vocab_size - 1}")


def _entry(entries: Sequence[bytes], token_id: int) -> bytes:
    if not 0 <= token_id < len(entries):
        raise IndexError(f"token id {token_id}, expected 0 to {len(entries) - 1}")
    return entries[token_id]
