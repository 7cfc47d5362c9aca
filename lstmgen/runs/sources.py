"""What a run learns from: files found, told apart by their content, read, and made into token files.

The same way is taken when a run starts, when it is resumed, and when its model is scored on a part of its own sources.
"""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.config import DataConfig
from lstmgen.corpus import locate
from lstmgen.corpus.locate import STANDARD_INPUT, Candidate
from lstmgen.corpus.prepared import Prepared, prepare
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import Access, Found, Material, Medium
from lstmgen.media.registry import choose, encoding_of, medium_of, medium_of_content


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
    groups = {source: _found((source,), access) for source in data.sources}
    notes: tuple[str, ...] = ()
    if medium is None and tokenizer is not None:
        medium = medium_of(tokenizer)
    if medium is None:
        medium, notes = choose(groups)
    unique: dict[str, Candidate] = {}  # a file that is named twice is one, and stands where it was named first
    for candidate in itertools.chain(*groups.values()):
        unique.setdefault(os.path.realpath(candidate.path), candidate)
    found = Found(sources=tuple(unique.values()), val=_found((data.val,), access) if data.val else None)
    material = medium.gather(found, data, access)
    return Gathered(medium=medium, material=material, notes=notes)


def require_sources(specs: Iterable[str], *, cache: Path) -> None:
    """Finds out whether each of the sources is there, before any of them is used. Raises CorpusError: one is not."""
    for spec in specs:
        next(locate.locate((spec,), kept=None, cache=cache), None)


def _found(specs: tuple[str, ...], access: Access) -> tuple[Candidate, ...]:
    found = tuple(locate.locate(specs, kept=access.kept, cache=access.cache))
    if not found:
        raise CorpusError(f"{', '.join(specs)}: no files there", remedy="name a file, or a folder that holds some")
    return found


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


def _named(data: DataConfig) -> tuple[str, ...]:
    """Every source, that to validate on too."""
    return (*data.sources, *([] if data.val is None else [data.val]))


_RECORDED_INPUT: Final = "standard_input"
_RECORDED_PIPES: Final = "pipes"


def keep_input(data: DataConfig, stdin: BinaryIO | None, folder: Path) -> dict[str, Path]:
    """Keeps what standard input and pipes hold in files of a folder, where they are among the sources: the files, by source.

    Raises:
        CorpusError: one of them is empty, or cannot be read.
        UsageError: standard input is among the sources, and there is none.
        MachineError: a file cannot be written.
    """

    def ending(head: bytes) -> str:
        medium = medium_of_content(head)
        return ".txt" if medium is None else medium.suffix

    inputs = dict.fromkeys(filter(locate.is_input, _named(data)))
    return {spec: locate.keep_input(spec, stdin, folder, ending=ending) for spec in inputs}


def record_of_input(kept: Mapping[str, Path]) -> dict[str, Any]:
    """What is recorded so that what was kept is found again, by the sources as the run's settings name them."""
    pipes = {str(Path(spec).absolute()): path.name for spec, path in kept.items() if spec != STANDARD_INPUT}
    record: dict[str, Any] = {_RECORDED_INPUT: kept[STANDARD_INPUT].name} if STANDARD_INPUT in kept else {}
    return record | ({_RECORDED_PIPES: pipes} if pipes else {})


def recorded_input(data: DataConfig, record: Mapping[str, Any], folder: RunFolder) -> dict[str, Path]:
    """What `record_of_input` recorded of the sources of a run: the files in its folder. Raises CorpusError: one is not there."""
    pipes = record.get(_RECORDED_PIPES)
    names = {spec: name for spec, name in pipes.items() if isinstance(name, str)} if isinstance(pipes, dict) else {}
    kept = {spec: folder.kept_input(names[spec]) for spec in _named(data) if spec in names}
    if STANDARD_INPUT in _named(data):
        kept[STANDARD_INPUT] = folder.kept_input(record.get(_RECORDED_INPUT))
    return kept


def gather_again(data: DataConfig, access: Access, *, medium: Medium, run: Path) -> Gathered:
    """The sources of a run as they are now.

    Raises:
        CorpusError: one cannot be used any more; says what to do about it.
    """
    try:
        return gather(data, access, medium=medium)
    except CorpusError as error:
        error.about(f"the run in {run} cannot read a source of it again")
        error.remedy = (
            f"bring it back; or start a new run from its weights: {shlex.join(['lstmgen', 'train', 'SOURCE', '--init-from', str(run)])}"
        )
        raise
