"""A corpus as token files, kept in the cache under a name made from its content and its tokenizer, so that a second run starts at once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmgen import limits, storage
from lstmgen.corpus.token_file import VERSION, TokenFile
from lstmgen.corpus.token_writer import Encoding, Stretch, write_token_file
from lstmgen.errors import CorpusError, MachineError


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A corpus as token files."""

    train: TokenFile
    val: TokenFile | None
    """None when nothing is held out."""
    cached: bool
    """Whether they were there already."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A token file to be.

    Attributes:
        sha256: of everything that it is made from.
        documents: gives the ids of every document, stretch by stretch, from the beginning each time that it is called.
    """

    sha256: str
    documents: Callable[[], Iterable[Iterable[Stretch]]]


def prepare(
    parts: Mapping[str, Part],
    encoding: Encoding,
    *,
    identity: Mapping[str, Any],
    total: int,
    cache: Path,
    fallback: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """The token files of some parts: those in the cache where they are there and sound, else new ones.

    Args:
        parts: `train`, and `val` where something is held out.
        encoding: what makes the ids.
        identity: JSON values that tell these files from all others, together with the encoding.
        total: the work of all stretches of all parts.
        cache: the files go to `cache/tokens/KEY/`.
        fallback: used in the same way when the cache cannot be written.
        progress: called with (work done, work in all).

    Raises:
        CorpusError: there is no document.
        MachineError: neither the cache nor the fallback can be written.
        LstmgenError: as the parts raise.
    """
    identity = {**identity, "version": VERSION, "tokenizer": encoding.sha256}
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
    places = [base / "tokens" / key for base in (cache, fallback) if base is not None]
    _sweep(places[0].parent)
    for folder in places:
        with contextlib.suppress(CorpusError):
            prepared = _open_parts(folder, parts, encoding, cached=True)
            metered(total, progress)(total)
            return prepared
    try:
        _build(places[0], parts, encoding, metered(total, progress))
    except MachineError:
        if len(places) == 1:
            raise
        _build(places[-1], parts, encoding, metered(total, progress))
        return _open_parts(places[-1], parts, encoding, cached=False)
    return _open_parts(places[0], parts, encoding, cached=False)


def _open_parts(folder: Path, parts: Mapping[str, Part], encoding: Encoding, *, cached: bool) -> Prepared:
    """Raises CorpusError where a file is missing, damaged, or not what its name says."""
    opened: dict[str, TokenFile] = {}
    for name, part in parts.items():
        tokens = TokenFile.open(_file(folder, name), tokenizer_sha256=encoding.sha256)
        if (tokens.header["part"], tokens.header["corpus_sha256"]) != (name, part.sha256):
            raise CorpusError(f"{tokens.path}: the token file holds another corpus", remedy="delete the file; it is built again")
        if tokens.ids_bytes <= limits.VERIFY_TOKENS_BYTES:
            tokens.verify()
        opened[name] = tokens
    return Prepared(train=opened["train"], val=opened.get("val"), cached=cached)


def _build(folder: Path, parts: Mapping[str, Part], encoding: Encoding, advance: Callable[[int], None]) -> None:
    storage.make_folder(folder)
    try:
        for name, part in parts.items():
            write_token_file(_file(folder, name), part.documents(), encoding, corpus_sha256=part.sha256, part=name, progress=advance)
    except BaseException:
        # a source that changed is noticed at its end, when the training part is written already
        for name in parts:
            with contextlib.suppress(MachineError):
                storage.remove(_file(folder, name))
        raise


def _sweep(folder: Path) -> None:
    """Removes what killed writers left in the places of all corpora: nobody may ever come back to one of them."""
    with contextlib.suppress(OSError):
        for place in folder.iterdir():
            storage.remove_leftovers(place)


def _file(folder: Path, part: str) -> Path:
    return folder / f"{part}.tokens"


def metered(total: int, report: Callable[[int, int], None] | None) -> Callable[[int], None]:
    """Turns the amounts that are done, one after the other, into (done, in all)."""
    done = 0

    def advance(amount: int) -> None:
        nonlocal done
        done += amount
        if report is not None:
            report(done, max(done, total))

    return advance
