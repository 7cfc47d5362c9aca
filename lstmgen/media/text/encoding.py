"""Texts to token files: every document in stretches, cut where its tokenizer allows."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np

from lstmgen import limits
from lstmgen.corpus.prepared import Part
from lstmgen.corpus.token_writer import Stretch
from lstmgen.media.text.base import END_OF_DOCUMENT, TextTokenizer
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.splits import Texts, split
from lstmgen.media.text.symbols import utf8_bytes

_END: Final = Stretch(np.zeros(0, np.int64), dict.fromkeys(("chars", "bytes"), END_OF_DOCUMENT), work=0)


def parts(
    corpus: Corpus, tokenizer: TextTokenizer, *, val_frac: float, val: Corpus | None = None
) -> tuple[dict[str, Part], dict[str, Any], int]:
    """What trains and what validates, where there is such; what else decides the token files; and the bytes of text in all.

    Args:
        corpus: the text.
        tokenizer: what encodes it; a symbol that it cannot express is an error when the part is written.
        val_frac: share that is held out; see `splits`.
        val: a separate corpus to validate on; then nothing of `corpus` is held out.

    Raises:
        UsageError: `val_frac` is out of range.
    """
    training, validation = split(corpus, 0.0 if val else val_frac)
    sides = {"train": (corpus, training), "val": (val, split(val, 0.0)[0]) if val else (corpus, validation)}
    made = {
        name: Part(sha256=source.sha256, documents=partial(_documents, texts, tokenizer, ends=source.division.divides))
        for name, (source, texts) in sides.items()
        if texts is not None
    }
    identity: dict[str, Any] = {
        "corpus": corpus.sha256,
        "val": val.sha256 if val else None,
        "val_frac": None if val else float(val_frac),
        "oov": "error",
    }
    return made, identity, corpus.bytes + (val.bytes if val else 0)


def _documents(texts: Texts, tokenizer: TextTokenizer, *, ends: bool) -> Iterator[Iterable[Stretch]]:
    """The ids of every text; where documents end, the end of each is measured too."""
    for _, chunks in texts():
        found = stretches(chunks, tokenizer)
        yield itertools.chain(found, [_END]) if ends else found


def stretches(chunks: Iterable[str], tokenizer: TextTokenizer) -> Iterator[Stretch]:
    """The ids of one document, whose text comes in chunks; one after the other they are the ids of the whole.

    A document in which the tokenizer finds no safe place to cut within `limits.MAX_UNCUT_CHARS` is cut there all the same.

    Raises:
        UnseenSymbolError: the tokenizer cannot express a symbol.
    """
    for text in _cut(chunks, tokenizer):
        num_bytes = utf8_bytes(text)
        yield Stretch(tokenizer.encode(text), {"chars": len(text), "bytes": num_bytes}, work=num_bytes)


def _cut(chunks: Iterable[str], tokenizer: TextTokenizer) -> Iterator[str]:
    """The text in stretches that may be encoded apart."""
    held = ""
    fresh: list[str] = []
    fresh_chars = 0
    for chunk in chunks:
        fresh.append(chunk)
        fresh_chars += len(chunk)
        if fresh_chars < limits.READ_CHUNK_BYTES // 16:  # many small chunks must not be joined over and over
            continue
        held = "".join((held, *fresh))
        fresh, fresh_chars = [], 0
        cut = tokenizer.safe_cut(held)
        if not cut and len(held) >= limits.MAX_UNCUT_CHARS:
            cut = len(held)
        if cut:
            yield held[:cut]
            held = held[cut:]
    held = "".join((held, *fresh))
    if held:
        yield held
