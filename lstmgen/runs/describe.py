"""What a model, a run, a corpus or a source is, as plain values, without loading torch."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, Final

from lstmgen import run_files, strict_json
from lstmgen.checkpoint.model_file import find_model, read_description
from lstmgen.config import DataConfig
from lstmgen.corpus import catalog
from lstmgen.corpus.locate import STANDARD_INPUT
from lstmgen.errors import InputError, LstmgenError
from lstmgen.media.base import Access, MakeExecutor
from lstmgen.media.registry import medium_of
from lstmgen.opening import open_regular
from lstmgen.runs.history import read_history
from lstmgen.runs.recorded import recorded_data
from lstmgen.runs.sources import gather, keep_input

_MOST_OF_A_SOURCE: Final = 2**16
"""Bytes of what a run says of one source."""


def describe(
    thing: str, *, cache: Path, executor: MakeExecutor | None = None, stdin: BinaryIO | None = None, encoding: str = "utf-8"
) -> dict[str, Any]:
    """What a thing is: `kind` is `model`, `corpus`, or the label of a medium.

    Args:
        thing: a run, a model file, a corpus, or files, folders, globs and pipes that could be learned from, `-` for standard input.
        cache: where corpora are kept.
        executor: as in `Access`.
        stdin: what `-` reads.
        encoding: of texts.

    Raises:
        InputError: there is no such thing, or it cannot be read.
    """
    if (model := model_path(thing)) is not None:
        return describe_model(model)
    if run_files.holds_runs(Path(thing)):
        raise InputError(
            f"{thing} is a folder of runs, expected one of them, or text or MIDI files",
            remedy=f"lstmgen runs --folder {shlex.quote(thing)}",
        )
    if not Path(thing).exists() and thing in catalog.names():
        return _describe_corpus(thing, cache, executor)
    try:
        return _describe_source(thing, cache, executor, stdin=stdin, encoding=encoding)
    except LstmgenError as error:
        if thing == STANDARD_INPUT or Path(thing).exists():
            raise
        raise InputError(
            f"there is no model, run, corpus or file called {thing!r}",
            remedy="lstmgen runs lists the runs, and lstmgen corpora the corpora",
        ) from error


def model_path(thing: str) -> Path | None:
    """The model file that is meant, or None where the thing is no model.

    Raises:
        ModelFileError: it is the folder of a run that has no model yet.
    """
    for folder in (Path(thing), run_files.RUNS / thing):
        if run_files.holds_run(folder):
            return find_model(str(folder))
    return Path(thing) if _looks_like_a_model(Path(thing)) else None


def _looks_like_a_model(path: Path) -> bool:
    """Whether a file begins like safetensors: the length of a JSON header in eight bytes, and the header's brace."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(9)
        return path.suffix == ".safetensors" or (start[8:] == b"{" and 0 < int.from_bytes(start[:8], "little") < path.stat().st_size)
    except OSError:
        return False


def describe_model(path: Path) -> dict[str, Any]:
    """What a model file says of itself, and what the run folder around it adds.

    Raises:
        ModelFileError: it is not a model file.
    """
    description = read_description(path)
    tokenizer, medium = description.tokenizer, medium_of(description.tokenizer)
    return {
        "kind": "model",
        "of": medium.label,
        "model": str(path),
        "bytes": description.bytes,
        "precision": description.precision,
        "architecture": description.architecture,
        "parameters": description.parameters,
        "documents": medium.manner(recorded_data(description.summary, medium)).phrase,
        "tokenizer": {"name": tokenizer.name, "vocab_size": tokenizer.vocab_size} | medium.describe(tokenizer),
        "summary": description.summary,
        "opening": _opening(path.with_name(run_files.SOURCES)),
        "losses": [round(point.nats, 4) for point in read_history(path.parent).training],
    }


def _opening(sources: Path) -> str:
    """How what a run learned begins, as its first source tells; what cannot be read is left out, for it only decorates."""
    with contextlib.suppress(OSError, ValueError, AttributeError), open_regular(sources, follow=False) as file:
        return str(strict_json.loads(file.readline(_MOST_OF_A_SOURCE)).get("opening", ""))
    return ""


def _describe_corpus(name: str, cache: Path, executor: MakeExecutor | None) -> dict[str, Any]:
    """What the catalogue says of a corpus, and what is in it when it is here."""
    entry = catalog.find(name)
    available = catalog.is_available(name, cache)
    facts = {
        "kind": "corpus",
        "name": entry.name,
        "origin": entry.kind,
        "content": entry.content,
        "available": available,
        "licence": entry.licence,
        "location": entry.location,
        "description": entry.description,
    }
    return _describe_source(name, cache, executor) | facts if available else facts | {"get": f"lstmgen corpora get {name}"}


def _describe_source(
    thing: str, cache: Path, executor: MakeExecutor | None, *, stdin: BinaryIO | None = None, encoding: str = "utf-8"
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="lstmgen-") as spool:
        data = DataConfig(sources=(thing,), encoding=encoding)
        kept = keep_input(data, stdin, Path(spool))
        gathered = gather(data, Access(folder=Path(spool), cache=cache, kept=kept, executor=executor))
        return {"kind": gathered.medium.label, "name": thing, "choice": list(gathered.notes)} | gathered.medium.survey(gathered.material)
