"""The one way back from ids to text for every tokenizer that ends in bytes: each id is a string of bytes, and text is what they spell.

A UTF-8 character may be spread over several ids, so bytes are joined first and decoded after; the stream decoder does the same step by
step and holds an unfinished character back.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.text.symbols import printable

FIRST_BYTE_ID: Final = BOUNDARY_ID + 1
"""Byte b has id b + 1 in every tokenizer that has bytes."""
FIRST_UNIT_ID: Final = FIRST_BYTE_ID + 256
"""The first id after the bytes."""
BOUNDARY_PIECE: Final = "<boundary>"
"""How the document boundary is shown in tables."""


@dataclass(frozen=True)
class ByteTable:
    """Ids 0 (the boundary, no bytes), 1 to 256 (the bytes), then `units`.

    Args:
        units: the bytes of the ids from 257 on.
        raw_bytes: bytes that are not UTF-8 decode to byte escapes (U+DC80 to U+DCFF, PEP 383) rather than to U+FFFD. So it is for a
            tokenizer whose corpus held such bytes: they come back as they were. Elsewhere they can only be a slip of the model, and
            U+FFFD keeps the output valid UTF-8.
    """

    units: tuple[bytes, ...] = ()
    raw_bytes: bool = False

    @cached_property
    def _entries(self) -> tuple[bytes, ...]:
        return (b"", *(bytes([byte]) for byte in range(256)), *self.units)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def errors(self) -> str:
        """Name of the codec error handler for bytes that are not UTF-8."""
        return "surrogateescape" if self.raw_bytes else "replace"

    def spell(self, text: str) -> Ids:
        """A text as the ids of its UTF-8 bytes, byte escapes as the bytes that they stand for; the text holds no stray surrogate."""
        return np.frombuffer(text.encode("utf-8", "surrogateescape"), dtype=np.uint8).astype(np.int64) + FIRST_BYTE_ID

    def bytes_of(self, token_id: int) -> bytes:
        """The bytes of one id. Raises IndexError out of range."""
        if token_id < 0:
            raise IndexError(f"token id {token_id}, expected 0 to {len(self) - 1}")
        try:
            return self._entries[token_id]
        except IndexError:
            raise IndexError(f"token id {token_id}, expected 0 to {len(self) - 1}") from None

    def decode(self, ids: Ids | list[int]) -> str:
        """The text that ids spell. Raises IndexError when one is out of range."""
        array = np.asarray(ids, dtype=np.int64)
        check_ids(array, len(self))
        return b"".join(map(self._entries.__getitem__, array.tolist())).decode("utf-8", self.errors)

    def decoder(self) -> ByteStreamDecoder:
        """A fresh decoder for one stream of ids."""
        return ByteStreamDecoder(self)

    def piece(self, token_id: int) -> str:
        """One id as a person would read it. Raises IndexError out of range."""
        if token_id == BOUNDARY_ID:
            return BOUNDARY_PIECE
        return printable(self.bytes_of(token_id).decode("utf-8", "surrogateescape"))


class ByteStreamDecoder:
    """Emits characters as soon as their last byte is known; see `lstmgen.media.base.StreamDecoder`."""

    def __init__(self, table: ByteTable) -> None:
        self._table = table
        self._decoder = codecs.getincrementaldecoder("utf-8")(table.errors)

    def push(self, token_id: int, /) -> str:
        """The text that this id completes. Raises IndexError out of range."""
        return self._decoder.decode(self._table.bytes_of(token_id))

    def finish(self) -> str:
        """What is still held back; afterwards the decoder is as fresh."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest


def check_ids(ids: Ids, vocab_size: int) -> None:
    """Refuses ids out of range. Raises IndexError naming the first."""
    outside = (ids < 0) | (ids >= vocab_size)
    if outside.any():
        raise IndexError(f"token id {ids[outside][0]}, expected 0 to {vocab_size - 1}")
