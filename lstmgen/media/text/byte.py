"""The byte tokenizer: one id for each byte of UTF-8. Needs no training, covers everything, and makes the longest sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from lstmgen.choices import OovPolicy
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.text.byte_table import EndsInBytes, spell
from lstmgen.media.text.symbols import settle_strays


@final
@dataclass(frozen=True)
class ByteTokenizer(EndsInBytes):
    """257 ids: the boundary, then byte b as id b + 1.

    Byte escapes (U+DC80 to U+DCFF) always encode to the byte that they stand for.

    Args:
        raw_bytes: whether bytes that are not UTF-8 decode back to byte escapes; else they decode to U+FFFD.
    """

    name = "byte"
    raw_bytes: bool = False

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """The bytes of a text, each plus one. Raises UnseenSymbolError: it holds a stray surrogate and `oov` is `error`."""
        return spell(settle_strays(text, oov))

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
