"""The tunes of a run: what is learned from, what is validated on, and the token files that both become. The twin of `texts.py`.

files ─► collection ─► tidied scores ─► every tenth held out ─► token files
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from lstmgen.choices import PedalPolicy
from lstmgen.config import DataConfig, TokenizerConfig
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.corpus.prepared import prepare_scores
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import ScoreTokenizer
from lstmgen.media.text.texts import Progress, kept_input, stage_of
from lstmgen.media.tokenizers import build_for_scores
from lstmgen.media.tunes.collection import Collection, Piece, gather_scores
from lstmgen.media.tunes.roundtrip import corpus_loss
from lstmgen.music.score import Score
from lstmgen.music.tidy import with_pedal, without_overlaps


@dataclass(frozen=True, kw_only=True)
class Tunes:
    """What is learned from, and what is validated on.

    Attributes:
        collection: everything that the sources hold.
        val_collection: what the validation source holds, where there is one.
        train: the pieces that are learned from, tidied.
        val: those that are held out, tidied.
    """

    collection: Collection
    val_collection: Collection | None
    train: tuple[Piece, ...]
    val: tuple[Piece, ...]

    @property
    def sha256(self) -> str:
        """The hash of everything that was read."""
        if self.val_collection is None:
            return self.collection.sha256
        return hashlib.sha256(f"{self.collection.sha256} {self.val_collection.sha256}".encode()).hexdigest()

    @property
    def corpus_sha256(self) -> str:
        """The hash of what the sources hold, whatever is validated on."""
        return self.collection.sha256

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pieces that the sources hold."""
        return tuple(piece.name for piece in self.collection.pieces)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the files."""
        val = self.val_collection.summary_lines() if self.val_collection else ()
        lines = (*self.collection.summary_lines(), *(f"validation: {line}" for line in val))
        return lines if len(lines) == 1 + bool(val) else (*lines, "sources.jsonl in the run's folder lists every file")

    def loss_through(self, tokenizer: ScoreTokenizer) -> str:
        """What the tunes lose on their way through a tokenizer and back, in words; of many, of evenly spread ones."""
        lost = corpus_loss([piece.score for piece in self.train], tokenizer)
        said = f"through the {tokenizer.name} tokenizer and back: {lost.lost:,} of {lost.notes:,} notes lost"
        if lost.onset_error_ms_p95 is None or lost.duration_error_ms_p95 is None:
            return said
        return (
            f"{said}, 95 % begin within {lost.onset_error_ms_p95:.1f} ms and have their length within {lost.duration_error_ms_p95:.1f} ms"
        )

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file that the sources hold: what was read of it, or why it was not."""
        for piece in self.collection.pieces:
            facts = {"notes": len(piece.score.notes), "seconds": round(piece.score.duration_s, 3), "sha256": piece.sha256}
            yield {"file": piece.name, "read": True, **facts, "reasons": [finding.reason for finding in piece.findings]}
        yield from ({"file": name, "read": False, "reasons": [reason]} for name, reason in self.collection.skipped)

    def tokenizer(self, wanted: TokenizerConfig) -> ScoreTokenizer:
        """The tokenizer that the settings ask for, fitted to the pieces that are learned from."""
        if wanted.vocab_size is not None:
            raise UsageError("a vocabulary size does not apply to MIDI, whose events are fixed", remedy="leave --vocab-size out")
        return build_for_scores(
            wanted.name or "notes",
            [piece.score for piece in self.train],
            time_base=wanted.time_base,
            steps_per_beat=wanted.steps_per_beat,
            grid_form=wanted.grid_form,
            voices=wanted.voices,
            hold=wanted.hold,
        )


@dataclass(frozen=True, kw_only=True)
class TuneReader:
    """Reads the tunes of one run.

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

    def gather(self, data: DataConfig) -> Tunes:
        """The pieces that the settings name, tidied and split.

        Raises:
            CorpusError: a source cannot be used, or nothing is left to learn from.
            UsageError: no source is named.
        """
        collection = self._gather(data.sources)
        val_collection = self._gather((data.val,)) if data.val else None
        pieces = _tidied(collection.pieces, data.pedal)
        if val_collection is not None:
            train, val = pieces, _tidied(val_collection.pieces, data.pedal)
        else:
            train, val = split(pieces, data.val_frac)
        return Tunes(collection=collection, val_collection=val_collection, train=train, val=val)

    def _gather(self, sources: tuple[str, ...]) -> Collection:
        kept = [kept_input(self.folder) if source == "-" and self.stdin is None else source for source in sources]
        return gather_scores(kept, stdin=self.stdin, spool=self.folder, cache=self.cache, progress=stage_of(self.progress, "reading"))

    def token_files(self, tunes: Tunes, tokenizer: ScoreTokenizer) -> TokenFiles:
        """The pieces as ids on disk, from the cache where they are there already.

        Raises:
            CorpusError: there is too little music.
            MachineError: neither the cache nor the folder can be written.
        """
        files = prepare_scores(
            _identified(tunes.train),
            _identified(tunes.val),
            tokenizer,
            cache=self.cache,
            fallback=self.folder,
            progress=stage_of(self.progress, "tokenizing notes"),
        )
        if len(files.train.ids) - len(files.train.starts) < 3:
            raise CorpusError("the training part holds fewer than three events", remedy="give more tunes, or a smaller --val-frac")
        return files


def split(pieces: tuple[Piece, ...], val_frac: float) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces that train and those that are held out, evenly spread: with 0.1 every tenth, counted in exact arithmetic.

    One piece alone trains; of several at least one is held out, unless the share is 0.
    """
    share = Fraction(str(float(val_frac)))
    held = [int((place + 1) * share) > int(place * share) for place in range(len(pieces))]
    if share and len(pieces) > 1 and not any(held):
        held[-1] = True
    train = tuple(piece for piece, out in zip(pieces, held, strict=True) if not out)
    return train, tuple(piece for piece, out in zip(pieces, held, strict=True) if out)


def tidied(score: Score, pedal: PedalPolicy) -> Score:
    """A score as it is learned: what the pedal holds is written into the notes, and no note sounds into the next of its pitch."""
    return without_overlaps(with_pedal(score, pedal))


def _tidied(pieces: tuple[Piece, ...], pedal: PedalPolicy) -> tuple[Piece, ...]:
    return tuple(replace(piece, score=tidied(piece.score, pedal)) for piece in pieces)


def _identified(pieces: tuple[Piece, ...]) -> tuple[str, list[Score]]:
    """The scores, and the hash of what they hold, so that token files of scores read in another way are never taken for theirs."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.score.content())
    return digest.hexdigest(), [piece.score for piece in pieces]
