"""The texts of a run: what is learned from, what is validated on, and the token files that both become.

Used when a run starts, when it goes on, and when its model is scored on a part of its own text; so all three read the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lstmgen import run_files
from lstmgen.config import DataConfig
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.corpus.prepared import prepare
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import Tokenizer
from lstmgen.media.text.documents import Corpus, gather
from lstmgen.media.text.splits import spans

Progress = Callable[[str, int, int], None]
"""Called with what is going on, how much is done, and how much there is, in bytes."""


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What is learned from, and what is validated on where that is apart."""

    corpus: Corpus
    val: Corpus | None

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
        """The names of the documents that are learned from."""
        return tuple(document.name for document in self.corpus.documents)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the sources."""
        notes = [f"{document.name}: {note}" for document in self.corpus.documents for note in document.notes]
        return (*notes, *(f"skipped {name}: {reason}" for name, reason in self.corpus.skipped))

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file that the sources hold: what was read of it, or why it was not."""
        for document in self.corpus.documents:
            yield {"file": document.name, "read": True, "chars": document.chars, "sha256": document.sha256, "reasons": list(document.notes)}
        yield from ({"file": name, "read": False, "reasons": [reason]} for name, reason in self.corpus.skipped)

    def character_counts(self) -> dict[str, int]:
        """How often each character occurs in both together."""
        counts = dict(self.corpus.character_counts())
        for character, count in (self.val.character_counts() if self.val else {}).items():
            counts[character] = counts.get(character, 0) + count
        return counts

    def training_documents(self, val_frac: float) -> Iterator[tuple[str, Iterator[str]]]:
        """The documents that are learned from: their names, and their texts in chunks."""
        training, _ = spans(self.corpus, 0.0 if self.val else val_frac)
        for span in training:
            yield span.document.name, self.corpus.read(span.document, span.start, span.stop)

    def training_part(self, val_frac: float) -> Iterator[str]:
        """The characters that are learned from, in chunks."""
        training, _ = spans(self.corpus, 0.0 if self.val else val_frac)
        for span in training:
            yield from self.corpus.read(span.document, span.start, span.stop)


@dataclass(frozen=True, kw_only=True)
class TextReader:
    """Reads the texts of one run.

    Attributes:
        folder: the run folder; keeps what came from standard input, and the token files where the cache cannot be written.
        cache: where token files and corpora are kept.
        stdin: what the source `-` reads; None reads what the folder has kept of it.
        progress: called while files are read.
    """

    folder: Path
    cache: Path
    stdin: BinaryIO | None = None
    progress: Progress | None = None

    def gather(self, data: DataConfig) -> Texts:
        """The documents that the settings name.

        Raises:
            CorpusError: a source cannot be used.
            UsageError: no source is named.
        """
        if not data.sources:
            raise UsageError("no source was given", remedy="name a file, a folder or a corpus: lstmgen train story.txt")
        return Texts(corpus=self._gather(data.sources, data), val=self._gather((data.val,), data) if data.val else None)

    def _gather(self, sources: tuple[str, ...], data: DataConfig) -> Corpus:
        return gather(
            [kept_input(self.folder) if source == "-" and self.stdin is None else source for source in sources],
            errors=data.errors,
            keep_newlines=data.keep_newlines,
            stdin=self.stdin,
            spool=self.folder,
            cache=self.cache,
            progress=stage_of(self.progress, "reading"),
        )

    def token_files(self, texts: Texts, tokenizer: Tokenizer, *, val_frac: float) -> TokenFiles:
        """The texts as ids on disk, from the cache where they are there already.

        Raises:
            CorpusError: there is too little text, or it has changed since it was gathered.
            UnseenSymbolError: the tokenizer cannot express a symbol.
            MachineError: neither the cache nor the folder can be written.
        """
        files = prepare(
            texts.corpus,
            tokenizer,
            val_frac=val_frac,
            val=texts.val,
            cache=self.cache,
            fallback=self.folder,
            progress=stage_of(self.progress, "tokenizing"),
        )
        if len(files.train.ids) < 3:
            raise CorpusError("the training part holds fewer than two tokens", remedy="give a longer text, or a smaller --val-frac")
        return files


def stage_of(progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    """A progress that says which stage it is of."""
    return (lambda done, total: progress(stage, done, total)) if progress else None


def kept_input(folder: Path) -> str:
    """The file that keeps what a run has read from standard input.

    Raises:
        CorpusError: there is none.
    """
    kept = sorted(item for item in folder.iterdir() if run_files.is_kept_input(item.name))
    if not kept:
        raise CorpusError(f"{folder} holds nothing that was read from standard input", remedy="start a new run")
    return str(kept[0])
