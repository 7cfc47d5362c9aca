"""A corpus as token files, kept in the cache under a name made from its content and its tokenizer, so that a second run starts at once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lstmgen import limits, storage
from lstmgen.choices import OovPolicy
from lstmgen.corpus.token_file import VERSION, TokenFile
from lstmgen.corpus.token_writer import write_score_file, write_token_file
from lstmgen.errors import CorpusError, MachineError
from lstmgen.media.base import Tokenizer
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.tunes.base import ScoreTokenizer
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.splits import Span, spans
from lstmgen.media.tokenizers import fingerprint
from lstmgen.music.score import Score

Advance = Callable[[int], None]
"""Called with how much of a part was done."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A corpus as token files."""

    train: TokenFile
    val: TokenFile | None
    """None when nothing is held out."""
    cached: bool
    """Whether they were there already."""


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A token file to be: the hash of what it is made from, and what makes it."""

    sha256: str
    write: Callable[[Path, Advance], None]


def prepare(
    corpus: Corpus,
    tokenizer: TextTokenizer,
    *,
    val_frac: float,
    val: Corpus | None = None,
    cache: Path,
    fallback: Path | None = None,
    oov: OovPolicy = "error",
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """The token files of a corpus: those in the cache where they are there and sound, else new ones.

    Args:
        corpus: the text.
        tokenizer: what encodes it.
        val_frac: share of every document's characters, at its end, that is held out; see `splits.split_at`.
        val: a separate corpus to validate on; then nothing of `corpus` is held out.
        cache: the files go to `cache/tokens/KEY/`.
        fallback: used in the same way when the cache cannot be written.
        oov: what to do with symbols without an id.
        progress: called with (bytes of text encoded, bytes in all).

    Raises:
        CorpusError: a source has changed or gone since it was gathered.
        UnseenSymbolError: the tokenizer cannot express a symbol and `oov` is `error`.
        MachineError: neither the cache nor the fallback can be written.
        UsageError: `val_frac` is out of range.
    """
    training, validation = spans(corpus, 0.0 if val else val_frac)
    held = {"train": (corpus, training), "val": (val or corpus, spans(val, 0.0)[0] if val else validation)}

    def write(part: str, source: Corpus, held: Sequence[Span], path: Path, advance: Advance) -> None:
        pieces = (source.read(span.document, span.start, span.stop) for span in held)
        write_token_file(path, pieces, tokenizer, corpus_sha256=source.sha256, part=part, oov=oov, progress=advance)

    parts = {
        name: _Part(sha256=source.sha256, write=partial(write, name, source, spans_)) for name, (source, spans_) in held.items() if spans_
    }
    identity: dict[str, Any] = {
        "corpus": corpus.sha256,
        "val": val.sha256 if val else None,
        "val_frac": None if val else float(val_frac),
        "oov": oov,
    }
    total = corpus.bytes + (val.bytes if val else 0)
    return _prepare(parts, identity, tokenizer, folders=(cache, fallback), total=total, progress=progress)


def prepare_scores(
    train: tuple[str, Sequence[Score]],
    val: tuple[str, Sequence[Score]],
    tokenizer: ScoreTokenizer,
    *,
    cache: Path,
    fallback: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """The token files of a collection of scores: those in the cache where they are there and sound, else new ones.

    Args:
        train: a hash of everything that the training scores are made from, and the scores.
        val: the same of those that are held out; there may be none.
        tokenizer: what encodes them.
        cache: the files go to `cache/tokens/KEY/`.
        fallback: used in the same way when the cache cannot be written.
        progress: called with (notes encoded, notes in all).

    Raises:
        CorpusError: there is no score.
        MachineError: neither the cache nor the fallback can be written.
    """

    def write(part: str, sha256: str, scores: Sequence[Score], path: Path, advance: Advance) -> None:
        write_score_file(path, scores, tokenizer, corpus_sha256=sha256, part=part, progress=advance)

    sides = {"train": train, "val": val}
    parts = {
        name: _Part(sha256=sha256, write=partial(write, name, sha256, scores)) for name, (sha256, scores) in sides.items() if len(scores)
    }
    total = sum(len(score.notes) for _, scores in sides.values() for score in scores)
    identity = {"train": train[0], "val": val[0]}
    return _prepare(parts, identity, tokenizer, folders=(cache, fallback), total=total, progress=progress)


def _prepare(
    parts: Mapping[str, _Part],
    identity: Mapping[str, Any],
    tokenizer: Tokenizer,
    *,
    folders: tuple[Path, Path | None],
    total: int,
    progress: Callable[[int, int], None] | None,
) -> Prepared:
    tokenizer_sha256 = fingerprint(tokenizer)
    identity = {**identity, "version": VERSION, "tokenizer": tokenizer_sha256}
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
    places = [base / "tokens" / key for base in folders if base is not None]
    for folder in places:
        with contextlib.suppress(CorpusError):
            prepared = _open_parts(folder, parts, tokenizer_sha256, cached=True)
            _metered(total, progress)(total)
            return prepared
    try:
        _build(places[0], parts, _metered(total, progress))
    except MachineError:
        if len(places) == 1:
            raise
        _build(places[-1], parts, _metered(total, progress))
        return _open_parts(places[-1], parts, tokenizer_sha256, cached=False)
    return _open_parts(places[0], parts, tokenizer_sha256, cached=False)


def _open_parts(folder: Path, parts: Mapping[str, _Part], tokenizer_sha256: str, *, cached: bool) -> Prepared:
    """Raises CorpusError where a file is missing, damaged, or not what its name says."""
    opened: dict[str, TokenFile] = {}
    for name, part in parts.items():
        tokens = TokenFile.open(_file(folder, name), tokenizer_sha256=tokenizer_sha256)
        if (tokens.header["part"], tokens.header["corpus_sha256"]) != (name, part.sha256):
            raise CorpusError(f"{tokens.path}: the token file holds another corpus", remedy="delete the file; it is built again")
        if tokens.ids.nbytes <= limits.VERIFY_TOKENS_BYTES:
            tokens.verify()
        opened[name] = tokens
    return Prepared(train=opened["train"], val=opened.get("val"), cached=cached)


def _build(folder: Path, parts: Mapping[str, _Part], advance: Advance) -> None:
    storage.make_folder(folder)
    storage.remove_leftovers(folder)
    try:
        for name, part in parts.items():
            part.write(_file(folder, name), advance)
    except BaseException:
        # a source that changed is noticed at its end, when the training part is written already
        for name in parts:
            with contextlib.suppress(OSError):
                _file(folder, name).unlink(missing_ok=True)
        raise


def _file(folder: Path, part: str) -> Path:
    return folder / f"{part}.tokens"


def _metered(total: int, report: Callable[[int, int], None] | None) -> Callable[[int], None]:
    """Turns what each stretch holds into (done, in all)."""
    done = 0

    def advance(amount: int) -> None:
        nonlocal done
        done += amount
        if report is not None:
            report(done, total)

    return advance
