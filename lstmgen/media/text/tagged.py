r"""Text as characters without case and punctuation, each with what was taken off: the one place that says what that is, both ways.

    text    Speak, speak.\n          plain   speak speak\n
    labels  s: capital   ' ': ,   \n: .   all others: plain

A mark is taken off where it follows a word and something else than a word follows; its label is that of the character behind it, so that
who reads from left to right has seen that the word is over. A letter loses its case where that comes back by itself. All else stays in the
plain characters: so nothing is lost, whatever the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.choices import MARKS, TAGS, OovPolicy
from lstmgen.errors import CorpusError
from lstmgen.ids import BOUNDARY_ID, Ids, labelled_ids, labels_of, symbols_of
from lstmgen.media import checks
from lstmgen.media.text.byte_table import BOUNDARY_PIECE, ByteStreamDecoder, check_ids
from lstmgen.media.text.char import CharTokenizer
from lstmgen.media.text.symbols import printable, unseen_symbols
from lstmgen.wording import counted

_MARK: Final = re.compile(r"""(?<=[\w'"\u2019\u201d)\]])[,.;:!?](?=[^\w,.;:!?])""")
_FIRST: Final = BOUNDARY_ID + 1
"""The number of the first plain character."""
_PLAIN: Final = TAGS.index("plain")
_CAPITAL: Final = TAGS.index("capital")


@cache
def _plain(character: str) -> str:
    """A letter without its case, if that can be put back."""
    small = character.lower()
    return small if character.isalpha() and len(small) == 1 and small.upper() == character else character


def _as_labelled(character: str, label: int) -> str:
    name = TAGS[label]
    if name in MARKS:
        return name + character
    capital = character.upper()
    return capital if label == _CAPITAL and _plain(capital) == character else character


def take_off(text: str) -> tuple[str, NDArray[np.int64]]:
    """The plain characters of a text, and the label of each."""
    places = np.array([found.start() for found in _MARK.finditer(text)], np.int64)
    plain = "".join(map(_plain, text))
    labels_T = np.fromiter((a != b for a, b in zip(text, plain, strict=True)), np.int64, len(text)) * _CAPITAL
    labels_T[places + 1] = [TAGS.index(text[place]) for place in places.tolist()]
    kept_T = np.ones(len(text), np.bool_)
    kept_T[places] = False
    return "".join(character for character, kept in zip(plain, kept_T.tolist(), strict=True) if kept), labels_T[kept_T]


@final
@dataclass(frozen=True)
class TaggedTokenizer:
    """The boundary, then for each plain character an id with each label of `choices.TAGS`, in that order.

    Args:
        plain: gives the plain characters their numbers.
    """

    name = "tagged"
    covers_everything = False
    plain: CharTokenizer

    @staticmethod
    def from_counts(counts: Mapping[str, int]) -> TaggedTokenizer:
        """A tokenizer for the characters of a corpus. Raises CorpusError: as `CharTokenizer.from_counts`, or there are too many."""
        folded: Counter[str] = Counter()
        for symbol, count in counts.items():
            folded[_plain(symbol)] += count
        return _within(TaggedTokenizer(CharTokenizer.from_counts(folded)))

    def extended(self, alphabet: Iterable[str]) -> TaggedTokenizer:
        """The same ids, and further ones after them for what is new in `alphabet`. Raises CorpusError."""
        return _within(TaggedTokenizer(self.plain.extended(map(_plain, alphabet))))

    @property
    def vocab_size(self) -> int:
        """Of all pairs of a character and a label, and the boundary."""
        return labelled_ids(_FIRST + len(self.plain.symbols), 0, len(TAGS))

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """One id for each plain character. Raises UnseenSymbolError: one is unseen and `oov` is `error`."""
        if oov != "replace" and (missing := self.unseen(text)):
            if oov == "error":
                raise unseen_symbols(missing, first_index=text.index(missing[0]))
            text = "".join(character for character in text if character not in missing)
        plain, labels_T = take_off(text)
        return labelled_ids(self.plain.encode(plain, oov=oov), labels_T, len(TAGS))

    def unseen(self, text: str) -> tuple[str, ...]:
        """The distinct characters of a text that have no id, in order of first appearance."""
        missing = frozenset(self.plain.unseen("".join(map(_plain, text))))
        return tuple(dict.fromkeys(character for character in text if _plain(character) in missing)) if missing else ()

    def decode(self, ids: Ids | list[int]) -> str:
        """The text of these ids; boundaries decode to nothing. Raises IndexError out of range."""
        array = np.asarray(ids, dtype=np.int64)
        check_ids(array, self.vocab_size)
        return "".join(map(self._texts.__getitem__, array.tolist()))

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return ("", *(_as_labelled(symbol, label) for symbol in self.plain.symbols for label in range(len(TAGS))))

    def plain_of(self, text: str) -> tuple[str, Ids]:
        """The plain characters of a text, and an id for each, of the label `plain`; unseen ones have that of a known one."""
        plain, _ = take_off(text)
        return plain, labelled_ids(self.plain.encode(plain, oov="replace"), _PLAIN, len(TAGS))

    def restored(self, plain: str, labels: Iterable[int]) -> str:
        """The text of plain characters with these labels."""
        return "".join(map(_as_labelled, plain, labels))

    def allowed(self, ids: Ids) -> NDArray[np.bool_]:
        """Which labels a character may have, given the one before it, of shape (T, L): marks stand between a word and something else."""
        symbols_T = symbols_of(np.asarray(ids, np.int64), len(TAGS)) - _FIRST
        before_T, letters_S, behind_S = np.concatenate([[-1], symbols_T[:-1]]), self._capitals, self._behind_marks
        marks_T = np.append(self._before_marks, False)[before_T] & behind_S[symbols_T]
        allowed_TL = np.repeat(marks_T[:, None], len(TAGS), 1)
        allowed_TL[:, _CAPITAL] = letters_S[symbols_T]
        allowed_TL[:, _PLAIN] = True
        return allowed_TL

    @cached_property
    def _capitals(self) -> NDArray[np.bool_]:
        return np.array([_as_labelled(symbol, _CAPITAL) != symbol for symbol in self.plain.symbols])

    @cached_property
    def _before_marks(self) -> NDArray[np.bool_]:
        return np.array([_MARK.search(f"{symbol}, ") is not None for symbol in self.plain.symbols])

    @cached_property
    def _behind_marks(self) -> NDArray[np.bool_]:
        return np.array([_MARK.search(f"a,{symbol}") is not None for symbol in self.plain.symbols])

    @cached_property
    def word_symbols(self) -> NDArray[np.bool_]:
        """Which plain characters, by their numbers, are part of words; the boundary is first."""
        return np.array([False, *(symbol.isalnum() or symbol == "'" for symbol in self.plain.symbols)])

    def entries(self) -> tuple[bytes, ...]:
        """The bytes of every id."""
        return self._entries

    @cached_property
    def _entries(self) -> tuple[bytes, ...]:
        return tuple(text.encode("utf-8", "surrogatepass") for text in self._texts)

    def decoder(self) -> ByteStreamDecoder:
        """A fresh decoder for one stream of ids."""
        return ByteStreamDecoder(self._entries, "surrogatepass")

    def piece(self, token_id: int) -> str:
        """A character with its mark as a person would read it. Raises IndexError out of range."""
        check_ids(np.asarray([token_id], dtype=np.int64), self.vocab_size)
        if token_id == BOUNDARY_ID:
            return BOUNDARY_PIECE
        symbol, label = symbols_of(token_id, len(TAGS)) - _FIRST, labels_of(token_id, len(TAGS))
        without = label == _CAPITAL and not self._capitals[symbol]  # never made of a text
        return without * "^" + printable(self._texts[token_id])

    def safe_cut(self, text: str) -> int:
        """The last place that no mark touches: whether one is taken off depends on both of its neighbours."""
        place = len(text) - 1
        while place > 0 and (text[place] in MARKS or text[place - 1] in MARKS):
            place -= 1
        return max(place, 0)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it; the plain characters stand in the order of their numbers."""
        return self.plain.to_json() | {"name": self.name}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> TaggedTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        tokenizer = TaggedTokenizer(CharTokenizer.from_json(values))
        if tokenizer.vocab_size > limits.MAX_VOCABULARY:
            checks.refuse("symbols are too many for ids with labels")
        if any(_plain(symbol) != symbol for symbol in tokenizer.plain.symbols):
            checks.refuse("symbols holds a capital letter, which is a label here")
        return tokenizer


def _within(tokenizer: TaggedTokenizer) -> TaggedTokenizer:
    if tokenizer.vocab_size > limits.MAX_VOCABULARY:
        raise CorpusError(
            f"the corpus holds {counted(len(tokenizer.plain.symbols), 'different character')}, too many for ids with labels",
            remedy="leave out sources that are no plain text",
        )
    return tokenizer
