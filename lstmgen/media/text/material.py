"""The texts of a run: what is learned from, what is validated on, and the token files that both become.

Used when a run starts, when it is resumed, and when its model is scored on a part of its own text; so all three read the same.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lstmgen.choices import Part as Side
from lstmgen.corpus.prepared import Part
from lstmgen.media.base import Symbols
from lstmgen.media.text import encoding
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.splits import spans
from lstmgen.media.text.words import symbols_of_chunks

_OPENING_PROBE: Final = 4096
"""Characters in which the opening is looked for."""
_OPENING_CHARS: Final = 24


def opening(text: str) -> str:
    """The first words of a text: as many of a line as are short and printable; empty where there are none."""
    for line in text.splitlines():
        words = "".join(itertools.takewhile(str.isprintable, line.strip()))
        if any(map(str.isalnum, words)):
            short = words[: _OPENING_CHARS + 1].rpartition(" ")[0] if len(words) > _OPENING_CHARS else words
            return short if any(map(str.isalnum, short)) else words[:_OPENING_CHARS]
    return ""


@dataclass(frozen=True, kw_only=True)
class TextMaterial:
    """What is learned from, and what is validated on where that is apart; see `media.base.Material`.

    Attributes:
        corpus: everything that the sources hold.
        val: what the validation source holds, where there is one.
        val_frac: share of every document's end that is held out where nothing is apart.
    """

    corpus: Corpus
    val: Corpus | None
    val_frac: float

    @property
    def sha256(self) -> str:
        """The hash of both together; that of the corpus where nothing is apart."""
        if self.val is None:
            return self.corpus.sha256
        return hashlib.sha256(f"{self.corpus.sha256} {self.val.sha256}".encode()).hexdigest()

    @property
    def corpus_sha256(self) -> str:
        """The hash of what the sources hold, whatever is validated on."""
        return self.corpus.sha256

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the documents."""
        return tuple(document.name for document in self.corpus.documents)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the sources."""
        notes = [f"{document.name}: {note}" for document in self.corpus.documents for note in document.notes]
        return (*notes, *(f"skipped {name}: {reason}" for name, reason in self.corpus.skipped))

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file that the sources hold: what was read of it, or why it was not."""
        for document in self.corpus.documents:
            facts = {"file": document.name, "read": True, "chars": document.chars, "sha256": document.sha256}
            first = document is self.corpus.documents[0]
            begins = {"opening": opening("".join(self.corpus.read(document, 0, min(document.chars, _OPENING_PROBE))))} if first else {}
            yield facts | begins | {"reasons": list(document.notes)}
        yield from ({"file": name, "read": False, "reasons": [reason]} for name, reason in self.corpus.skipped)

    def items(self) -> Iterator[tuple[str, str]]:
        """The name and the whole text of every document."""
        for document in self.corpus.documents:
            yield document.name, "".join(self.corpus.read(document))

    def parts(self, tokenizer: TextTokenizer) -> tuple[dict[str, Part], dict[str, Any], int]:
        """The token files to be made, what else decides their content, and the bytes of text in all."""
        return encoding.parts(self.corpus, tokenizer, val_frac=self.val_frac, val=self.val)

    def symbols(self, part: Side = "train") -> Iterator[tuple[str, Symbols]]:
        """The name and the words of every document, as far as it is learned from, or as it is held out."""
        for name, chunks in self._training() if part == "train" else self._held_out():
            yield name, symbols_of_chunks(chunks)

    def losses(self, tokenizer: TextTokenizer) -> tuple[str, ...]:
        """Nothing: a tokenizer that cannot express a symbol of its corpus refuses it."""
        del tokenizer
        return ()

    def character_counts(self) -> dict[str, int]:
        """How often each character occurs in both together."""
        return dict(Counter(self.corpus.character_counts()) + Counter(self.val.character_counts() if self.val else {}))

    def training_part(self) -> Iterator[str]:
        """The characters that are learned from, in chunks."""
        for _, chunks in self._training():
            yield from chunks

    def _training(self) -> Iterator[tuple[str, Iterator[str]]]:
        training, _ = spans(self.corpus, 0.0 if self.val else self.val_frac)
        for span in training:
            yield span.document.name, self.corpus.read(span.document, span.start, span.stop)

    def _held_out(self) -> Iterator[tuple[str, Iterator[str]]]:
        corpus = self.val or self.corpus
        whole, held_out = spans(corpus, 0.0 if self.val else self.val_frac)
        for span in whole if self.val else held_out:
            yield span.document.name, corpus.read(span.document, span.start, span.stop)
