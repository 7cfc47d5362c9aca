"""A text as novelty compares it: its words, whatever their case."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from lstmgen import limits
from lstmgen.media.base import Symbols

_MOST_WORDS: Final = 2**17
"""Whose symbols are kept."""
_LONGEST_WORD: Final = 2**16
"""Characters without a space after which a chunk ends a word, so that a text of one word is not held as a whole."""


class _SymbolOf(dict[str, int]):
    """The symbols of words that were seen before, and of any other."""

    def __missing__(self, word: str) -> int:
        """The symbol of a word that is seen for the first time."""
        symbol = 1 + zlib.crc32(word.encode("utf-8", "surrogatepass")) % (2**32 - 1)
        if len(self) < _MOST_WORDS:
            self[word] = symbol
        return symbol


def symbols_of_text(text: str, symbol_of: Mapping[str, int] | None = None) -> Symbols:
    """One symbol a word, whatever its case.

    Args:
        text: the text.
        symbol_of: what is kept from one text to the next.
    """
    words = text.casefold().split()
    known = _SymbolOf() if symbol_of is None else symbol_of
    return np.fromiter(map(known.__getitem__, words), np.uint32, len(words))


def symbols_of_chunks(chunks: Iterable[str]) -> Symbols:
    """The same of a text in chunks that are cut anywhere, up to the limit of an index."""
    parts: list[Symbols] = []
    symbol_of = _SymbolOf()
    held, total = "", 0
    for chunk in chunks:
        text = held + chunk
        # What comes after the last space may continue in the next chunk.
        cut = max(text.rfind(" "), text.rfind("\n")) + 1
        if not cut and len(text) > _LONGEST_WORD:
            cut = len(text)
        parts.append(symbols_of_text(text[:cut], symbol_of))
        held, total = text[cut:], total + len(parts[-1])
        if total > limits.MAX_NOVELTY_SYMBOLS:
            break
    parts.append(symbols_of_text(held, symbol_of))
    return np.concatenate(parts)
