"""The texts of a run: what is learned from, what is validated on, and the token files that both become.

Used when a run starts, when it is resumed, and when its model is scored on a part of its own text; so all three read the same.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lstmgen.choices import Part as Side
from lstmgen.corpus.prepared import Part
from lstmgen.media.base import Symbols
from lstmgen.media.text import encoding
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.splits import split
from lstmgen.media.text.words import symbols_of_chunks
from lstmgen.wording import counted

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
        val_frac: share that is held out where nothing is apart; see `splits`.
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
        """The names of the files."""
        return tuple(file.name for file in self.corpus.files)

    @property
    def count(self) -> int:
        """How many documents the sources hold."""
        return self.corpus.num_documents

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the sources."""
        notes = [f"{file.name}: {note}" for file in self.corpus.files for note in file.notes]
        if self.corpus.division.divides:
            notes.append(f"{counted(self.count, 'document')}, {self.corpus.division.phrase}")
        return (*notes, *(f"skipped {name}: {reason}" for name, reason in self.corpus.skipped))

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file that the sources hold: what was read of it, or why it was not."""
        for file in self.corpus.files:
            facts = {"file": file.name, "read": True, "chars": file.chars, "sha256": file.sha256}
            several = {"documents": file.documents} if self.corpus.division.divides else {}
            first = file is self.corpus.files[0]
            begins = {"opening": opening("".join(self.corpus.read(file, 0, min(file.chars, _OPENING_PROBE))))} if first else {}
            yield facts | several | begins | {"reasons": list(file.notes)}
        yield from ({"file": name, "read": False, "reasons": [reason]} for name, reason in self.corpus.skipped)

    def items(self) -> Iterator[tuple[str, str]]:
        """Every document whole, and the name of the file that holds it."""
        yield from self.corpus.documents()

    def parts(self, tokenizer: TextTokenizer) -> tuple[dict[str, Part], dict[str, Any], int]:
        """The token files to be made, what else decides their content, and the bytes of text in all."""
        return encoding.parts(self.corpus, tokenizer, val_frac=self.val_frac, val=self.val)

    def symbols(self, part: Side = "train") -> Iterator[tuple[str, Symbols]]:
        """The words of every document, as far as it is learned from or held out, and the name of the file that holds it."""
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

    def _training(self) -> Iterator[tuple[str, Iterable[str]]]:
        return split(self.corpus, 0.0 if self.val else self.val_frac)[0]()

    def _held_out(self) -> Iterator[tuple[str, Iterable[str]]]:
        held_out = split(self.val, 0.0)[0] if self.val else split(self.corpus, self.val_frac)[1]
        return iter(()) if held_out is None else held_out()
