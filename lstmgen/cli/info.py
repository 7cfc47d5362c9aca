"""`lstmgen info`: what a model, a run, a corpus, a text or a tune is, without loading torch."""

from __future__ import annotations

import json as json_module
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lstmgen import run_files
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpora_and_files, models
from lstmgen.cli.options import JSON
from lstmgen.cli.output import Streams, one_line, to_json
from lstmgen.cli.progress import quality_line, short_path
from lstmgen.cli.sparkline import chart
from lstmgen.cli.wording import command, counted, duration, size
from lstmgen.errors import InputError, LstmgenError
from lstmgen.options import Option

if TYPE_CHECKING:
    from lstmgen.media.base import Tokenizer

_EXAMPLES: Final = (
    "lstmgen info checkpoints/story        # architecture, tokenizer, how it was trained, how well it went",
    "lstmgen info story.txt                # what a text holds before training on it",
    "lstmgen info tune.mid                 # tempo, meter, tracks, and what each tokenizer would lose of it",
    "lstmgen info python-source            # a corpus",
    "lstmgen info RUN --json | jq .parameters",
)
_CHART_WIDTH: Final = 60
_COLUMN: Final = 15


def _things(incomplete: str) -> list[str]:
    return [*models(incomplete), *corpora_and_files(incomplete)]


THING: Final = Option(
    name="thing",
    unit="THING",
    required=True,
    help="A run, a model file, a corpus, a text or MIDI file, or a folder of such.",
    complete=_things,
)


def info(streams: Streams, *, thing: str, json: bool) -> None:
    """Describe a model, a run, a corpus, a text or a tune."""
    facts = _describe(thing)
    streams.explain(f"{thing} was taken for a {facts['kind']}")
    if json:
        streams.product_line(to_json(facts))
        return
    for line in _as_lines(facts):
        streams.product_line(line)


COMMAND: Final = Command(name="info", run=info, examples=_EXAMPLES, options=(THING, JSON))


def _describe(thing: str) -> dict[str, Any]:
    if (model := _model_path(thing)) is not None:
        return describe_model(model)
    from lstmgen.cli.info_tune import describe_music, is_music
    from lstmgen.corpus import catalog

    if is_music(thing):
        return describe_music(thing)
    if not Path(thing).exists() and thing in catalog.names():
        return describe_corpus(thing)
    return describe_text(thing)


def _model_path(thing: str) -> Path | None:
    """The model file that is meant, or None where the thing is no model.

    Raises:
        ModelFileError: it is the folder of a run that has no model yet.
    """
    from lstmgen.checkpoint.model_file import find_model

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
    from lstmgen.checkpoint.model_file import read_description

    description = read_description(path)
    tokenizer = description.tokenizer
    return {
        "kind": "model",
        "model": str(path),
        "bytes": description.bytes,
        "precision": description.precision,
        "architecture": description.architecture,
        "parameters": description.parameters,
        "tokenizer": {
            "name": tokenizer.name,
            "vocab_size": tokenizer.vocab_size,
        }
        | _promises(tokenizer),
        "summary": description.summary,
        "losses": [round(loss, 4) for loss in _metrics(path.with_name(run_files.METRICS))],
    }


def _promises(tokenizer: Tokenizer) -> dict[str, Any]:
    """What a tokenizer promises of text, or how one of music was fitted."""
    from lstmgen.media.tokenizers import of_scores

    if of_scores(tokenizer):
        return {key: value for key, value in tokenizer.to_json().items() if key not in ("name", "version")}
    return {"covers_everything": tokenizer.covers_everything}


def _metrics(path: Path) -> list[float]:
    """The training losses of a run in order; what cannot be read is left out, for it only decorates."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    losses: list[float] = []
    for line in lines:
        try:
            loss = json_module.loads(line).get("loss_nats")
        except (ValueError, AttributeError):
            continue
        if isinstance(loss, (int, float)) and math.isfinite(loss):
            losses.append(float(loss))
    return losses


def describe_corpus(name: str) -> dict[str, Any]:
    """What the catalogue says of a corpus, and what is in it when it is here."""
    from lstmgen.corpus import catalog
    from lstmgen.storage import cache_folder

    entry = catalog.find(name)
    available = catalog.is_available(name, cache_folder(os.environ))
    facts = {
        "kind": "corpus",
        "name": entry.name,
        "origin": entry.kind,
        "available": available,
        "licence": entry.licence,
        "location": entry.location,
        "description": entry.description,
    }
    return facts | (_contents(name) if available else {"get": command("corpora", "get", name)})


def describe_text(thing: str) -> dict[str, Any]:
    """What is in a file, a folder or a glob.

    Raises:
        CorpusError: there is nothing, or it is not text.
    """
    try:
        return {"kind": "text", "name": thing, **_contents(thing)}
    except LstmgenError as error:
        if Path(thing).exists():
            raise
        raise InputError(
            f"there is no model, run, corpus or file called {thing!r}", remedy=f"ls {run_files.RUNS}, or lstmgen corpora for the corpora"
        ) from error


def _contents(spec: str) -> dict[str, Any]:
    from lstmgen.media.text.documents import gather
    from lstmgen.storage import cache_folder

    corpus = gather([spec], cache=cache_folder(os.environ))
    counts = corpus.character_counts()
    common = sorted(counts, key=lambda character: -counts[character])[:12]
    return {
        "documents": len(corpus.documents),
        "chars": corpus.chars,
        "bytes": corpus.bytes,
        "distinct_chars": len(counts),
        "most_common": common,
        "notes": [f"{document.name}: {note}" for document in corpus.documents for note in document.notes],
        "skipped": [f"{name}: {reason}" for name, reason in corpus.skipped],
        "sha256": corpus.sha256,
    }


def _as_lines(facts: dict[str, Any]) -> list[str]:
    if facts["kind"] == "music":
        from lstmgen.cli.info_tune import music_lines

        return [one_line(line) for line in music_lines(facts)]
    rows = _model_rows(facts) if facts["kind"] == "model" else _text_rows(facts)
    lines = [one_line(f"{name:<{_COLUMN}}{value}".rstrip()) for name, value in rows]
    if losses := facts.get("losses"):
        ordered = sorted(losses)
        picture = chart(losses, width=_CHART_WIDTH, height=3, ceiling=ordered[int(0.93 * (len(ordered) - 1))])
        lines += [
            "",
            f"{'training loss':<{_COLUMN}}{losses[0]:.3f} to {losses[-1]:.3f} nats a token",
            *(" " * _COLUMN + line for line in picture),
        ]
    return lines


def _model_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    shape, tokenizer, summary = facts["architecture"], facts["tokenizer"], facts["summary"]
    rows = [
        ("model", f"{short_path(facts['model'])}, {size(facts['bytes'])}, weights in {facts['precision']}"),
        ("network", f"{shape.get('cell')} {shape.get('num_layers')} x {shape.get('hidden_size')}, embedding {shape.get('embedding_size')}"),
        ("parameters", f"{facts['parameters']:,}"),
        ("tokenizer", f"{tokenizer['name']} with {tokenizer['vocab_size']:,} tokens; {_nature(tokenizer)}"),
    ]
    if "steps" in summary:
        trained = f"{counted(int(summary['steps']), 'step')}, {int(summary.get('tokens_seen', 0)):,} tokens"
        rows.append(("trained", f"{trained}, {duration(float(summary.get('seconds', 0.0)))}"))
    if summary.get("sources"):
        rows.append(("on", ", ".join(str(name) for name in summary["sources"])))
    if quality := quality_line(summary.get("val")):
        rows.append(("validation", quality))
    following = '-p "How it begins"' if "covers_everything" in tokenizer else "-o tune.mid --png --wav"
    rows.append(("use", f"{command('sample', short_path(facts['model']))} {following}"))
    return rows


def _nature(tokenizer: dict[str, Any]) -> str:
    if "covers_everything" not in tokenizer:
        return (
            ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in tokenizer.items() if key not in ("name", "vocab_size"))
            or "music"
        )
    return "every text can be written" if tokenizer["covers_everything"] else "knows only the symbols of its corpus"


def _text_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [(name, str(facts[name])) for name in ("name", "origin", "licence", "location", "description") if name in facts]
    if "get" in facts:
        return [*rows, ("not here yet", facts["get"])]
    common = " ".join(repr(character)[1:-1] if character.strip() else repr(character) for character in facts["most_common"])
    rows += [
        ("documents", f"{facts['documents']:,}"),
        ("size", f"{facts['chars']:,} characters, {size(facts['bytes'])}"),
        ("characters", f"{facts['distinct_chars']:,} different, most often {common}"),
    ]
    rows += [("note", note) for note in facts["notes"][:10]]
    rows += [("skipped", reason) for reason in facts["skipped"][:10]]
    for name in ("notes", "skipped"):
        if len(facts[name]) > 10:
            rows.append(("", f"and {len(facts[name]) - 10} more; --json lists all {name}"))
    return [*rows, ("use", command("train", str(facts["name"])))]
