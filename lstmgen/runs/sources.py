"""What a run learns from: files found, told apart by their content, read, and made into token files.

The same way is taken when a run starts, when it is resumed, and when its model is scored on a part of its own sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lstmgen.config import DataConfig
from lstmgen.corpus.locate import locate
from lstmgen.corpus.prepared import Prepared, prepare
from lstmgen.corpus.token_writer import Encoding
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import Access, Found, Material, Medium, Tokenizer
from lstmgen.media.registry import choose, fingerprint, medium_of


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What the settings name.

    Attributes:
        medium: of the sources.
        material: what was read.
        notes: how its medium was chosen, where that was not plain.
    """

    medium: Medium
    material: Material
    notes: tuple[str, ...] = ()


def gather(data: DataConfig, access: Access, *, medium: Medium | None = None, tokenizer: str | None = None) -> Gathered:
    """Finds and reads the sources.

    Args:
        data: names them.
        access: how they are read.
        medium: what they are taken for; None: what the tokenizer is for, or else what their content says.
        tokenizer: the name of the tokenizer that is asked for, if any.

    Raises:
        CorpusError: a source cannot be used.
        UsageError: no source is named, or they are of several media.
    """
    if not data.sources:
        raise UsageError("no source was given", remedy="name a file, a folder or a corpus: lstmgen train story.txt")
    groups = {source: tuple(locate([source], stdin=access.stdin, spool=access.folder, cache=access.cache)) for source in data.sources}
    notes: tuple[str, ...] = ()
    if medium is None and tokenizer is not None:
        medium = medium_of(tokenizer)
    if medium is None:
        medium, notes = choose(groups)
    unique = {candidate.path: candidate for group in groups.values() for candidate in group}
    val = tuple(locate([data.val], stdin=access.stdin, spool=access.folder, cache=access.cache)) if data.val else None
    material = medium.gather(Found(sources=tuple(unique.values()), val=val), data, access)
    return Gathered(medium=medium, material=material, notes=notes)


def token_files(material: Material, tokenizer: Any, access: Access) -> Prepared:
    """What was gathered as ids on disk, from the cache where they are there already.

    Raises:
        CorpusError: there is too little, or it has changed since it was gathered.
        UnseenSymbolError: the tokenizer cannot express a symbol.
        MachineError: neither the cache nor the folder can be written.
    """
    parts, identity, total = material.parts(tokenizer)
    files = prepare(
        parts,
        encoding_of(tokenizer),
        identity=identity,
        total=total,
        cache=access.cache,
        fallback=access.folder,
        progress=access.stage("tokenizing"),
    )
    if len(files.train.ids) - len(files.train.starts) < 2:
        raise CorpusError("the training part holds fewer than two tokens", remedy="give more, or a smaller --val-frac")
    return files


def encoding_of(tokenizer: Tokenizer) -> Encoding:
    """What a token file says of the tokenizer that made it."""
    return Encoding(name=tokenizer.name, vocab_size=tokenizer.vocab_size, sha256=fingerprint(tokenizer))
