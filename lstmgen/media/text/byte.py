"""The byte tokenizer: one id for each byte of UTF-8. Needs no training, covers everything, and makes the longest sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from lstmgen.choices import OovPolicy
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.text.byte_table import ByteStreamDecoder, ByteTable
from lstmgen.media.text.symbols import settle_strays, stray_surrogates


@final
@dataclass(frozen=True)
class ByteTokenizer:
    """257 ids: the boundary, then byte b as id b + 1.

    Byte escapes (U+DC80 to U+DCFF) always encode to the byte that they stand for.

    Args:
        raw_bytes: whether bytes that are not UTF-8 decode back to byte escapes; else they decode to U+FFFD.
    """

    raw_bytes: bool = False

    @cached_property
    def _table(self) -> ByteTable:
        return ByteTable(raw_bytes=self.raw_bytes)

    @property
    def name(self) -> str:
        """`byte`."""
        return "byte"

    @property
    def vocab_size(self) -> int:
        """257."""
        return len(self._table)

    @property
    def covers_everything(self) -> bool:
        """True: only surrogates that stand for no byte have no id, and no file can hold them."""
        return True

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """The bytes of a text, each plus one.

        Raises:
            UnseenSymbolError: the text holds a surrogate that stands for no byte and `oov` is `error`.
        """
        return self._table.spell(settle_strays(text, oov))

    def unseen(self, text: str) -> tuple[str, ...]:
        """The surrogates of a text that stand for no byte."""
        return stray_surrogates(text)

    def decode(self, ids: Ids | list[int]) -> str:
        """The text of these ids; boundaries decode to nothing. Raises IndexError out of range."""
        return self._table.decode(ids)

    def decoder(self) -> ByteStreamDecoder:
        """A fresh decoder for one stream of ids."""
        return self._table.decoder()

    def piece(self, token_id: int) -> str:
        """One byte as a person would read it. Raises IndexError out of range."""
        return self._table.piece(token_id)

    def safe_cut(self, text: str) -> int:
        """The whole text: bytes know nothing of their neighbours."""
        return len(text)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it."""
        return {"name": "byte", "version": checks.VERSION, "raw_bytes": self.raw_bytes}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> ByteTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        checks.only_keys(values, "raw_bytes")
        return ByteTokenizer(checks.typed(values, "raw_bytes", bool))
