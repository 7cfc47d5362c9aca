"""Scores to token files: every tune one document of one stretch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from lstmgen.corpus.prepared import Part
from lstmgen.corpus.token_writer import Stretch
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.music.score import Score


def parts(train: Sequence[Score], val: Sequence[Score], tokenizer: EventTokenizer) -> tuple[dict[str, Part], dict[str, Any], int]:
    """What trains and what validates, where there is such; what else decides the token files; and the notes in all.

    Args:
        train: as they are to be learned.
        val: those that are held out; there may be none.
        tokenizer: what encodes them.
    """
    sides = {"train": train, "val": val}
    identity = {name: _sha256(scores) for name, scores in sides.items()}
    made = {name: Part(sha256=identity[name], documents=partial(_documents, scores, tokenizer)) for name, scores in sides.items() if scores}
    return made, identity, sum(len(score.notes) for score in (*train, *val))


def _sha256(scores: Sequence[Score]) -> str:
    """Of what the scores hold, so that token files of scores read in another way are never taken for theirs."""
    digest = hashlib.sha256()
    for score in scores:
        digest.update(score.content())
    return digest.hexdigest()


def _documents(scores: Sequence[Score], tokenizer: EventTokenizer) -> Iterator[list[Stretch]]:
    return ([stretch(score, tokenizer)] for score in scores)


def stretch(score: Score, tokenizer: EventTokenizer) -> Stretch:
    """The ids of a tune."""
    ids = tokenizer.encode(score)
    measured = tokenizer.measure(ids)
    frames = {"frames": measured.frames} if measured.frames else {}
    return Stretch(ids, {"notes": measured.notes, "seconds": measured.seconds, **frames}, work=len(score.notes))
