"""How many keys three suggestions of words save a typist: the model's, and beside them those of an n-gram.

The typist is ideal: where the word that is meant is among the suggestions, one key takes it, with the space behind it if one follows;
otherwise the next character is typed. What is no word is typed. A key is one byte of UTF-8.

The n-gram knows the words of the training part: it suggests those that followed the word before most often, then the most frequent ones.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from lstmgen.generation.draw import begin, read_on
from lstmgen.generation.prediction import Search, word_of
from lstmgen.ids import Ids
from lstmgen.media.writing import Spelled
from lstmgen.model.decoder import Decoder

SUGGESTIONS: Final = 3
_LONGEST: Final = 256
"""Bytes of a word."""
_SPACE: Final = 16
"""Bytes of white space before a word that are spelled with it."""

Suggest = Callable[[bytes], Sequence[bytes]]
"""What was typed of a word -> the words that are suggested."""


@dataclass(frozen=True)
class Keystrokes:
    """The keys of a text.

    Attributes:
        words: that were typed or taken.
        keys: without suggestions: bytes of the text.
        pressed: with those of the model.
        pressed_ngram: with those of the n-gram; None: there is none.
    """

    words: int
    keys: int
    pressed: int
    pressed_ngram: int | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        share = None if self.pressed_ngram is None else 1 - self.pressed_ngram / self.keys
        return {**vars(self), "suggestions": SUGGESTIONS, "saved": 1 - self.pressed / self.keys, "saved_ngram": share}


def keystrokes(
    decoder: Decoder,
    text: Spelled,
    ids: Ids,
    learned: bytes | None,
    *,
    most: int,
    progress: Callable[[int, int], None] | None = None,
) -> Keystrokes:
    """How many keys are pressed for the first words of a text.

    Args:
        decoder: the model.
        text: says what the ids spell and where words end.
        ids: of the text.
        learned: what the n-gram counts; None: there is none.
        most: words.
        progress: called with the number of words done and of all.
    """
    content = b"".join(text.entries[token] for token in ids.tolist())
    places = list(itertools.islice(_words(content, text.word_end), most))
    end = len(content) if len(places) < most else places[-1][1]
    reader, ngram = _Reader(decoder, text, ids), None if learned is None else _Ngram(learned, text.word_end)
    pressed = pressed_ngram = end - sum(stop - start for start, stop in places)
    before = b""
    for number, (start, stop) in enumerate(places, 1):
        word, spaced = content[start:stop], content[stop : stop + 1] == b" " and stop < end
        pressed += _keys(word, reader.suggestions(content, start), spaced=spaced)
        if ngram is not None:
            pressed_ngram += _keys(word, ngram.suggestions(before), spaced=spaced)
        before = word
        if progress is not None:
            progress(number, len(places))
    return Keystrokes(len(places), end, pressed, None if ngram is None else pressed_ngram)


def _keys(word: bytes, suggest: Suggest, *, spaced: bool) -> int:
    """Keys for a word; taking it also brings the space behind it, which was counted as a key of its own."""
    for typed in range(len(word)):
        if word in suggest(word[:typed]):
            return typed + 1 - spaced
    return len(word)


def _words(content: bytes, word_end: Callable[[bytes], int | None]) -> Iterator[tuple[int, int]]:
    """Where each word begins and ends."""
    at = 0
    while at < len(content):
        stretch = content[at : at + _LONGEST]
        end = word_end(stretch)
        if end != 0:
            yield at, at + (len(stretch) if end is None else end)
        at += 1 if end == 0 else len(stretch) if end is None else end


class _Reader:
    """Suggestions of the model, which reads on from word to word."""

    def __init__(self, decoder: Decoder, text: Spelled, ids: Ids) -> None:
        self._decoder, self._text, self._ids = decoder, text, ids
        self._borders = np.cumsum([0, *(len(text.entries[token]) for token in ids.tolist())])
        self._context, self._read = begin(decoder), 0

    def suggestions(self, content: bytes, start: int) -> Suggest:
        """Those for the word that begins there."""
        lead = content[max(0, start - _SPACE) : start]
        space = len(lead) - len(lead.rstrip())
        place = int(np.searchsorted(self._borders, start - space, side="right")) - 1
        self._context = read_on(self._decoder, self._context, self._ids[self._read : place])
        self._read = place
        lead = content[int(self._borders[place]) : start]
        found: dict[bytes, float] = {}

        def suggest(typed: bytes) -> list[bytes]:
            fitting = [word for word in found if word.startswith(typed) and word != typed]
            if len(fitting) < SUGGESTIONS:
                spelled = replace(self._text, typed=lead + typed, word=len(lead))
                search = Search(self._decoder, spelled, word_of(spelled), self._context)
                search.run()
                found.clear()
                found.update(search.found)
                fitting = [word for word in found if word != typed]
            return sorted(fitting, key=lambda word: (-found[word], word))[:SUGGESTIONS]

        return suggest


class _Ngram:
    """Suggestions by how often words follow one another, and how often they occur."""

    def __init__(self, learned: bytes, word_end: Callable[[bytes], int | None]) -> None:
        words = [learned[start:stop] for start, stop in _words(learned, word_end)]
        self._count = Counter(words)
        self._sorted = sorted(self._count)
        self._behind: dict[bytes, Counter[bytes]] = defaultdict(Counter)
        for word, after in itertools.pairwise(words):
            self._behind[word][after] += 1
        self._frequent: dict[bytes, list[bytes]] = {}

    def suggestions(self, before: bytes) -> Suggest:
        """Those behind this word."""
        behind = self._behind.get(before, Counter[bytes]())

        def suggest(typed: bytes) -> list[bytes]:
            likely = [word for word in behind if word.startswith(typed) and word != typed]
            likely.sort(key=lambda word: (-behind[word], -self._count[word], word))
            return list(dict.fromkeys([*likely[:SUGGESTIONS], *self._most_frequent(typed)]))[:SUGGESTIONS]

        return suggest

    def _most_frequent(self, typed: bytes) -> list[bytes]:
        if typed not in self._frequent:
            first = bisect.bisect_left(self._sorted, typed)
            fitting = itertools.takewhile(lambda word: word.startswith(typed), itertools.islice(self._sorted, first, None))
            frequent = sorted(fitting, key=lambda word: (-self._count[word], word))
            self._frequent[typed] = [word for word in frequent if word != typed][: 2 * SUGGESTIONS]
        return self._frequent[typed]
