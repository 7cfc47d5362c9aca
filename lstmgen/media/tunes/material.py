"""The tunes of a run: what is learned from, what is held out, and the token files that both become.

files ─► collection ─► tidied scores ─► every tenth held out ─► token files
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lstmgen.choices import Part as Side
from lstmgen.choices import PedalPolicy
from lstmgen.config import DataConfig
from lstmgen.corpus.prepared import Part
from lstmgen.corpus.token_writer import Stretch
from lstmgen.errors import CorpusError
from lstmgen.media.base import Symbols
from lstmgen.media.holding_out import held_out
from lstmgen.media.tunes.collection import Collection, Piece
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.melody import symbols_of_score
from lstmgen.media.tunes.roundtrip import corpus_loss
from lstmgen.music.score import Score
from lstmgen.music.tidy import with_pedal, with_whole_upbeat, without_overlaps, without_silent_end
from lstmgen.wording import counted


@dataclass(frozen=True, kw_only=True)
class TuneMaterial:
    """What is learned from, and what is validated on; see `media.base.Material`.

    Attributes:
        collection: everything that the sources hold.
        val_collection: what the validation source holds, where there is one.
        pieces: those of the sources, tidied.
        train: the pieces that are learned from, tidied.
        val: those that are held out, tidied.
    """

    collection: Collection
    val_collection: Collection | None
    pieces: tuple[Piece, ...]
    train: tuple[Piece, ...]
    val: tuple[Piece, ...]

    @staticmethod
    def of(collection: Collection, val_collection: Collection | None, data: DataConfig) -> TuneMaterial:
        """Collections as they are learned, split where nothing is apart."""
        pieces = _as_learned(collection.pieces, data)
        train, val = split(pieces, data.val_frac) if val_collection is None else (pieces, _as_learned(val_collection.pieces, data))
        return TuneMaterial(collection=collection, val_collection=val_collection, pieces=pieces, train=train, val=val)

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
    def count(self) -> int:
        """How many pieces the sources hold."""
        return len(self.collection.pieces)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the files."""
        val = self.val_collection.summary_lines() if self.val_collection else ()
        lines = (*self.collection.summary_lines(), *(f"validation: {line}" for line in val))
        return lines if len(lines) == 1 + bool(val) else (*lines, "sources.jsonl in the run's folder lists every file")

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file that the sources hold: what was read of it, or why it was not."""
        for piece in self.collection.pieces:
            facts = {"notes": len(piece.score.notes), "seconds": round(piece.score.duration_s, 3), "sha256": piece.sha256}
            yield {"file": piece.name, "read": True, **facts, "reasons": [finding.reason for finding in piece.findings]}
        yield from ({"file": name, "read": False, "reasons": [reason]} for name, reason in self.collection.skipped)

    def items(self) -> Iterator[tuple[str, Score]]:
        """The name and the score of every piece, tidied."""
        for piece in self.pieces:
            yield piece.name, piece.score

    def parts(self, tokenizer: EventTokenizer) -> tuple[dict[str, Part], dict[str, Any], int]:
        """The token files to be made, what else decides their content, and the notes in all."""
        sides = {"train": self.train, "val": self.val}
        identity = {name: _sha256(pieces) for name, pieces in sides.items()}
        made = {
            name: Part(sha256=identity[name], documents=partial(_documents, pieces, tokenizer)) for name, pieces in sides.items() if pieces
        }
        return made, identity, sum(len(piece.score.notes) for piece in (*self.train, *self.val))

    def symbols(self, part: Side = "train") -> Iterator[tuple[str, Symbols]]:
        """The name and the melody of every piece that is learned from, or of every one that is held out."""
        for piece in self.train if part == "train" else self.val:
            yield piece.name, symbols_of_score(piece.score)

    def losses(self, tokenizer: EventTokenizer) -> tuple[str, ...]:
        """What the tunes lose on their way through a tokenizer and back, in words; of many, of evenly spread ones."""
        lost = corpus_loss([piece.score for piece in self.train], tokenizer)
        sample = f" in a sample of {lost.scores:,} of {counted(lost.of, 'tune')}" if lost.scores < lost.of else ""
        said = f"through the {tokenizer.name} tokenizer and back: {lost.lost:,} of {counted(lost.notes, 'note')} lost{sample}"
        if lost.onset_error_ms_p95 is None or lost.duration_error_ms_p95 is None:
            return (said,)
        onset, duration = lost.onset_error_ms_p95, lost.duration_error_ms_p95
        return (f"{said}, 95 % begin within {onset:.1f} ms and have their length within {duration:.1f} ms",)


def split(pieces: tuple[Piece, ...], val_frac: float) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces that train and those that are held out."""
    held = held_out(len(pieces), val_frac).tolist()
    train = tuple(piece for piece, out in zip(pieces, held, strict=True) if not out)
    return train, tuple(piece for piece, out in zip(pieces, held, strict=True) if out)


def _sha256(pieces: tuple[Piece, ...]) -> str:
    """Of what the scores hold, so that token files of scores read in another way are never taken for theirs."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.score.content())
    return digest.hexdigest()


def _documents(pieces: tuple[Piece, ...], tokenizer: EventTokenizer) -> Iterator[list[Stretch]]:
    """Every tune one document of one stretch.

    Raises:
        CorpusError: at the end, where not a single note of all that there are was expressed.
    """
    there = kept = 0
    for piece in pieces:
        ids = tokenizer.encode(piece.score)
        measured = tokenizer.measure(ids)
        frames = {"frames": measured.frames} if measured.frames else {}
        there, kept = there + len(piece.score.notes), kept + measured.notes
        yield [Stretch(ids, {"notes": measured.notes, "seconds": measured.seconds, **frames}, work=len(piece.score.notes))]
    if there and not kept:
        raise CorpusError(
            f"the {tokenizer.name} tokenizer expresses none of {counted(there, 'note')}, such as those of drums", remedy="--tokenizer notes"
        )


def tidied(score: Score, pedal: PedalPolicy) -> Score:
    """A score as it is read: an upbeat ends a whole bar, the pedal is in the notes, and none sounds into the next of its pitch."""
    return without_overlaps(with_pedal(with_whole_upbeat(score), pedal))


def as_learned(score: Score, data: DataConfig) -> Score:
    """A score as it is learned and scored: tidied, and without bars of silence at its end, as far as its model leaves them out."""
    return ended(tidied(score, data.pedal), data)


def ended(score: Score, data: DataConfig) -> Score:
    """A score without bars of silence at its end, where they are no part of a tune."""
    return without_silent_end(score) if data.silent_ends is False else score


def _as_learned(pieces: tuple[Piece, ...], data: DataConfig) -> tuple[Piece, ...]:
    return tuple(replace(piece, score=as_learned(piece.score, data)) for piece in pieces)
