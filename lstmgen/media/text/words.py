"""A text as novelty compares it: its words, whatever their case."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Final

import numpy as np

from lstmgen import limits
from lstmgen.media.base import Symbols

_WORD: Final = re.compile(r"\S+")
_LONGEST_WORD: Final = 2**16
"""Characters without a space after which a chunk ends a word, so that a text of one word is not held as a whole."""


def symbols_of_text(text: str) -> Symbols:
    """One symbol a word, whatever its case."""
    return np.array(
        [1 + zlib.crc32(word.encode("utf-8", "surrogatepass")) % (2**32 - 1) for word in _WORD.findall(text.casefold())], np.uint32
    )


def symbols_of_chunks(chunks: Iterable[str]) -> Symbols:
    """The same of a text in chunks that are cut anywhere, up to the limit of an index."""
    parts: list[Symbols] = []
    held, total = "", 0
    for chunk in chunks:
        text = held + chunk
        # What comes after the last space may continue in the next chunk.
        cut = max(text.rfind(" "), text.rfind("\n")) + 1
        if not cut and len(text) > _LONGEST_WORD:
            cut = len(text)
        parts.append(symbols_of_text(text[:cut]))
        held, total = text[cut:], total + len(parts[-1])
        if total > limits.MAX_NOVELTY_SYMBOLS:
            break
    parts.append(symbols_of_text(held))
    return np.concatenate(parts)
