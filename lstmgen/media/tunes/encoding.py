"""Scores to token files: every tune one document of one stretch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from lstmgen.corpus.prepared import Part, Prepared, prepare
from lstmgen.corpus.token_writer import Stretch
from lstmgen.media.base import ScoreTokenizer
from lstmgen.media.tokenizers import encoding_of
from lstmgen.music.score import Score


def token_files(
    train: Sequence[Score],
    val: Sequence[Score],
    tokenizer: ScoreTokenizer,
    *,
    cache: Path,
    fallback: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """The token files of some scores: those in the cache where they are there and sound, else new ones.

    Args:
        train: as they are to be learned.
        val: those that are held out; there may be none.
        tokenizer: what encodes them.
        cache: as `prepare`.
        fallback: as `prepare`.
        progress: called with (notes encoded, notes in all).

    Raises:
        CorpusError: there is no score.
        MachineError: neither the cache nor the fallback can be written.
    """
    made = parts(train, val, tokenizer)
    return prepare(
        made,
        encoding_of(tokenizer),
        identity={name: made[name].sha256 if name in made else _sha256(()) for name in ("train", "val")},
        total=sum(len(score.notes) for score in (*train, *val)),
        cache=cache,
        fallback=fallback,
        progress=progress,
    )


def parts(train: Sequence[Score], val: Sequence[Score], tokenizer: ScoreTokenizer) -> dict[str, Part]:
    """What trains and what validates, where there is such. Arguments as `token_files`."""
    return {
        name: Part(sha256=_sha256(scores), documents=partial(_documents, scores, tokenizer))
        for name, scores in (("train", train), ("val", val))
        if scores
    }


def _sha256(scores: Sequence[Score]) -> str:
    """Of what the scores hold, so that token files of scores read in another way are never taken for theirs."""
    digest = hashlib.sha256()
    for score in scores:
        digest.update(score.content())
    return digest.hexdigest()


def _documents(scores: Sequence[Score], tokenizer: ScoreTokenizer) -> Iterator[list[Stretch]]:
    return ([stretch(score, tokenizer)] for score in scores)


def stretch(score: Score, tokenizer: ScoreTokenizer) -> Stretch:
    """The ids of a tune."""
    ids = tokenizer.encode(score)
    measured = tokenizer.measure(ids)
    frames = {"frames": measured.frames} if measured.frames else {}
    return Stretch(ids, {"notes": measured.notes, "seconds": measured.seconds, **frames}, work=len(score.notes))
