"""The character tokenizer: one id for each character that the corpus holds. Short to learn, exact to read, the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.choices import OovPolicy
from lstmgen.errors import CorpusError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media import checks
from lstmgen.media.text.byte_table import BOUNDARY_PIECE, ByteStreamDecoder, check_ids
from lstmgen.media.text.symbols import code_points, is_stray_surrogate, printable, unseen_symbols

_FIRST_ID: Final = BOUNDARY_ID + 1
_NO_ID: Final = -1
_ASCII: Final = 128


@final
@dataclass(frozen=True)
class CharTokenizer:
    """The boundary, then one id for each symbol, in the order of `symbols`.

    Args:
        symbols: different single characters; `symbols[i]` has id i + 1. A corpus gives them sorted by code point; `extended` appends.
        replacement: one of `symbols`, put in the place of unseen ones under the policy `replace`.
    """

    name = "char"
    covers_everything = False
    symbols: tuple[str, ...]
    replacement: str

    @staticmethod
    def from_counts(counts: Mapping[str, int]) -> CharTokenizer:
        """A tokenizer for the characters of a corpus, sorted by code point.

        Raises:
            CorpusError: there are none, or one is a surrogate that stands for no byte.
        """
        symbols = tuple(sorted(symbol for symbol, count in counts.items() if count > 0))
        if not symbols:
            raise CorpusError("the corpus holds no text, expected at least one character", remedy="name a source that holds text")
        _check_symbols(symbols)
        most_frequent = min(symbols, key=lambda symbol: (-counts[symbol], symbol))
        return CharTokenizer(symbols, " " if " " in symbols else most_frequent)

    def extended(self, alphabet: Iterable[str]) -> CharTokenizer:
        """The same ids for the same symbols, and further ids after them for what is new in `alphabet`, sorted by code point.

        Raises:
            CorpusError: a new symbol is a surrogate that stands for no byte.
        """
        new = tuple(sorted(set(alphabet) - set(self.symbols)))
        _check_symbols(new)
        return CharTokenizer((*self.symbols, *new), self.replacement)

    @cached_property
    def _codes(self) -> NDArray[np.unsignedinteger]:
        """Code point of every symbol, in id order."""
        return code_points("".join(self.symbols))

    @cached_property
    def _id_of_byte(self) -> bytes | None:
        """Id of every ASCII character, 0 where it has none; None where ids do not fit into bytes."""
        if self.vocab_size > 256:
            return None
        known = self._id_of_code[:_ASCII]
        table = np.zeros(256, np.uint8)
        table[: len(known)] = np.where(known == _NO_ID, BOUNDARY_ID, known)
        return table.tobytes()

    @cached_property
    def _id_of_code(self) -> Ids:
        """Id of every code point up to the highest known, and one entry without an id for all that lie beyond."""
        table = np.full(int(self._codes.max()) + 2, _NO_ID, dtype=np.int64)
        table[self._codes] = np.arange(_FIRST_ID, self.vocab_size)
        return table

    @property
    def vocab_size(self) -> int:
        """Number of symbols, plus the boundary."""
        return _FIRST_ID + len(self.symbols)

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """One id for each character. Raises UnseenSymbolError: one is unseen and `oov` is `error`."""
        if self._id_of_byte is not None and text.isascii():
            found = text.encode("ascii").translate(self._id_of_byte)
            if BOUNDARY_ID not in found:
                return np.frombuffer(found, np.uint8).astype(np.int64)
        ids = self._lookup(text)
        if not ids.size or ids.min() >= 0:
            return ids
        missing = ids == _NO_ID
        if oov == "error":
            raise unseen_symbols(self.unseen(text), first_index=int(missing.argmax()))
        if oov == "skip":
            return ids[~missing]
        return np.where(missing, _FIRST_ID + self.symbols.index(self.replacement), ids)

    def unseen(self, text: str) -> tuple[str, ...]:
        """The distinct characters of a text that have no id, in order of first appearance."""
        codes = code_points(text)[self._lookup(text) == _NO_ID]
        distinct, first = np.unique(codes, return_index=True)
        return tuple(chr(code) for code in distinct[np.argsort(first)])

    def _lookup(self, text: str) -> Ids:
        return self._id_of_code.take(code_points(text), mode="clip")

    def decode(self, ids: Ids | list[int]) -> str:
        """The text of these ids; boundaries decode to nothing. Raises IndexError out of range."""
        array = np.asarray(ids, dtype=np.int64)
        check_ids(array, self.vocab_size)
        return self._codes[array[array != BOUNDARY_ID] - _FIRST_ID].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    def entries(self) -> tuple[bytes, ...]:
        """The bytes of every id."""
        return self._entries

    @cached_property
    def _entries(self) -> tuple[bytes, ...]:
        return (b"", *(symbol.encode("utf-8", "surrogatepass") for symbol in self.symbols))

    def decoder(self) -> ByteStreamDecoder:
        """A fresh decoder for one stream of ids; a character is whole as soon as it is there."""
        return ByteStreamDecoder(self._entries, "surrogatepass")

    def piece(self, token_id: int) -> str:
        """One character as a person would read it. Raises IndexError out of range."""
        check_ids(np.asarray([token_id], dtype=np.int64), self.vocab_size)
        return BOUNDARY_PIECE if token_id == BOUNDARY_ID else printable(self.symbols[token_id - _FIRST_ID])

    def safe_cut(self, text: str) -> int:
        """The whole text: characters know nothing of their neighbours."""
        return len(text)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it; the symbols stand in the order of their ids."""
        return {"name": "char", "version": checks.VERSION, "symbols": list(self.symbols), "replacement": self.replacement}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> CharTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        checks.only_keys(values, "symbols", "replacement")
        symbols = checks.distinct_texts(values, "symbols", at_most=limits.MAX_VOCABULARY - _FIRST_ID)
        if not symbols or any(len(symbol) != 1 for symbol in symbols):
            checks.refuse("symbols holds something else than single characters, or nothing")
        replacement = checks.typed(values, "replacement", str)
        if replacement not in symbols:
            checks.refuse(f"the replacement {ascii(replacement)[:40]} is none of the symbols")
        return CharTokenizer(symbols, replacement)


def _check_symbols(symbols: Iterable[str]) -> None:
    for symbol in symbols:
        if is_stray_surrogate(symbol):
            raise CorpusError(
                f"the corpus holds the surrogate U+{ord(symbol):04X}, which is no character, expected text",
                remedy="read the source again with --errors replace",
            )
