"""Texts to token files: every document in stretches, cut where its tokenizer allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lstmgen import limits
from lstmgen.choices import OovPolicy
from lstmgen.corpus.prepared import Part, Prepared, prepare
from lstmgen.corpus.token_writer import Stretch
from lstmgen.media.base import Tokenizer
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.splits import Span, spans
from lstmgen.media.tokenizers import encoding_of


def token_files(
    corpus: Corpus,
    tokenizer: Tokenizer,
    *,
    val_frac: float,
    val: Corpus | None = None,
    oov: OovPolicy = "error",
    cache: Path,
    fallback: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """The token files of a corpus: those in the cache where they are there and sound, else new ones.

    Args:
        corpus: the text.
        tokenizer: what encodes it.
        val_frac: share of every document's characters, at its end, that is held out; see `splits.split_at`.
        val: a separate corpus to validate on; then nothing of `corpus` is held out.
        oov: what to do with symbols without an id.
        cache: as `prepare`.
        fallback: as `prepare`.
        progress: called with (bytes of text encoded, bytes in all).

    Raises:
        CorpusError: a source has changed or gone since it was gathered.
        UnseenSymbolError: the tokenizer cannot express a symbol and `oov` is `error`.
        MachineError: neither the cache nor the fallback can be written.
        UsageError: `val_frac` is out of range.
    """
    identity: dict[str, Any] = {
        "corpus": corpus.sha256,
        "val": val.sha256 if val else None,
        "val_frac": None if val else float(val_frac),
        "oov": oov,
    }
    return prepare(
        parts(corpus, tokenizer, val_frac=val_frac, val=val, oov=oov),
        encoding_of(tokenizer),
        identity=identity,
        total=corpus.bytes + (val.bytes if val else 0),
        cache=cache,
        fallback=fallback,
        progress=progress,
    )


def parts(corpus: Corpus, tokenizer: Tokenizer, *, val_frac: float, val: Corpus | None = None, oov: OovPolicy = "error") -> dict[str, Part]:
    """What trains and what validates, where there is such. Arguments as `token_files`."""
    training, validation = spans(corpus, 0.0 if val else val_frac)
    sides = {"train": (corpus, training), "val": (val, spans(val, 0.0)[0]) if val else (corpus, validation)}
    return {
        name: Part(sha256=source.sha256, documents=partial(_documents, source, held, tokenizer, oov))
        for name, (source, held) in sides.items()
        if held
    }


def _documents(source: Corpus, held: Sequence[Span], tokenizer: Tokenizer, oov: OovPolicy) -> Iterator[Iterator[Stretch]]:
    return (stretches(source.read(span.document, span.start, span.stop), tokenizer, oov=oov) for span in held)


def stretches(chunks: Iterable[str], tokenizer: Tokenizer, *, oov: OovPolicy = "error") -> Iterator[Stretch]:
    """The ids of one document, whose text comes in chunks; one after the other they are the ids of the whole.

    A document in which the tokenizer finds no safe place to cut within `limits.MAX_UNCUT_CHARS` is cut there all the same.

    Raises:
        UnseenSymbolError: the tokenizer cannot express a symbol and `oov` is `error`.
    """
    for text in _cut(chunks, tokenizer):
        num_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
        yield Stretch(tokenizer.encode(text, oov=oov), {"chars": len(text), "bytes": num_bytes}, work=num_bytes)


def _cut(chunks: Iterable[str], tokenizer: Tokenizer) -> Iterator[str]:
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
