"""The word in which a text ends: letters, digits, apostrophes, hyphens, and whatever is not ASCII; it may have only begun."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.writing import Spelled

_END: Final = re.compile(rb"[^0-9A-Za-z_'\x80-\xff-]")
_LAST: Final = re.compile(rb"\s{0,16}(?<![0-9A-Za-z_'\x80-\xff-])[0-9A-Za-z_'\x80-\xff-]{0,48}\Z")
"""A word that is longer, or what stands before so much white space, is read as it was cut."""


def last_word(tokenizer: TextTokenizer, ids: Ids) -> Spelled:
    """A text up to a border of its ids before its last word, and all that follows, to be spelled again."""
    entries = tokenizer.entries()
    parts = [entries[token] for token in ids.tolist()]
    borders, content = np.cumsum([0, *map(len, parts)]), b"".join(parts)
    found = _LAST.search(content)
    begin = len(content) if found is None else found.start()
    word = begin if found is None else found.end() - len(found.group().lstrip())
    place = int(np.searchsorted(borders, begin, side="right")) - 1
    border = int(borders[place])
    return Spelled(entries=entries, base=ids[:place], typed=content[border:], word=word - border, word_end=_word_end)


def _word_end(content: bytes) -> int | None:
    found = _END.search(content)
    return None if found is None else found.start()
