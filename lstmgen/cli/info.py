"""`lstmgen info`: what a model, a run, a corpus, a text or a tune is, without loading torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from lstmgen import api, choices, run_files
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpora_and_files, models
from lstmgen.cli.media import first_sample
from lstmgen.cli.options import JSON, STANDARD_INPUT, cache, tell_typing
from lstmgen.cli.output import Streams, one_line
from lstmgen.cli.processes import reading_pool
from lstmgen.cli.progress import quality_line, short_path
from lstmgen.cli.runs import curves_of, step_label
from lstmgen.cli.sparkline import chart, plain
from lstmgen.cli.table import aligned, figure
from lstmgen.cli.wording import command, counted, duration, size
from lstmgen.cli.wrapping import listed
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen info checkpoints/story        # its network, how it was trained, how well it went",
    "lstmgen info story.txt                # what a text holds before training on it",
    "lstmgen info tune.mid                 # tempo, meter, tracks, what each tokenizer would lose",
    "lstmgen info python-source            # a corpus",
    "lstmgen info RUN --json | jq .parameters",
)
_CHART_WIDTH: Final = 76
_COLUMN: Final = 15
_MANY: Final = 10
_LOSS_COLUMNS: Final = (
    ("notes lost", "lost", ",d"),
    ("onset error, ms: median", "onset_error_ms_p50", ".1f"),
    ("95%", "onset_error_ms_p95", ".1f"),
    ("length error, ms: median", "duration_error_ms_p50", ".1f"),
    ("95%", "duration_error_ms_p95", ".1f"),
)

Facts = dict[str, Any]
Rows = list[tuple[str, str]]
"""What a line is about, and what it says."""


def _things(incomplete: str) -> list[str]:
    return [*models(incomplete), *corpora_and_files(incomplete)]


THING: Final = Option(
    name="thing",
    unit="THING",
    required=True,
    help="A run, a model file, a corpus, a text or MIDI file, a folder of such, or - for standard input.",
    complete=_things,
)
ENCODING: Final = Option(
    name="encoding", flags="--encoding", unit="NAME", default="utf-8", help="What a text is encoded in, such as cp1252 or utf-16."
)


def info(streams: Streams, *, thing: str, json: bool, encoding: str) -> None:
    """Describe a model, a run, a corpus, a text or a tune."""
    if thing == STANDARD_INPUT:
        tell_typing(streams, "the text")
    facts = api.describe(thing, cache=cache(), executor=reading_pool(), stdin=streams.stdin, encoding=encoding)
    streams.explain(f"{thing} was taken for a {facts['kind']}")
    if json:
        streams.object_line(facts)
        return
    for line in _lines(facts, streams.row_columns):
        streams.product_line(line)


COMMAND: Final = Command(name="info", run=info, examples=_EXAMPLES, options=(THING, ENCODING, JSON))


def _lines(facts: Facts, columns: int) -> list[str]:
    """A description for people, by what it is of; what is said in words is broken to so many columns."""
    if facts["kind"] == "model":
        return [*_shown(_model_rows(facts), columns), *_curve(facts["model"], columns)]
    rows = [(name, str(facts[name])) for name in ("name", "origin", "licence", "location", "description") if name in facts]
    if "get" in facts:
        return _shown([*rows, ("not here yet", facts["get"])], columns)
    content, tables = _CONTENTS.get(facts.get("content", facts["kind"]), _any_content)(facts, columns)
    rows += [("taken for", note) for note in facts["choice"]]
    use = [("use", command("train", str(facts["name"])))]
    return [*_shown([*rows, *content, *_noticed(facts)], columns), *tables, *_shown(use, columns)]


def _shown(rows: Rows, columns: int) -> list[str]:
    return list(listed([(name, one_line(value)) for name, value in rows], columns, column=_COLUMN))


def _noticed(facts: Facts) -> Rows:
    """What was noticed while reading, each kind as far as it does not become too long."""
    rows: Rows = []
    for key, name in (("notes", "note"), ("findings", "findings"), ("skipped", "skipped")):
        found = facts.get(key)
        if isinstance(found, list):
            rows += [(name, text) for text in found[:_MANY]]
            rows += [("", f"and {len(found) - _MANY} more; --json lists all {key}")] if len(found) > _MANY else []
    return rows


def _text_content(facts: Facts, columns: int) -> tuple[Rows, list[str]]:
    del columns
    common = " ".join(repr(character)[1:-1] if character.strip() else repr(character) for character in facts["most_common"])
    rows = [
        ("documents", f"{facts['documents']:,}"),
        ("size", f"{counted(facts['chars'], 'character')}, {size(facts['bytes'])}"),
        ("characters", f"{facts['distinct_chars']:,} different, most often {common}"),
    ]
    return rows, []


def _tune_content(facts: Facts, columns: int) -> tuple[Rows, list[str]]:
    rows = [
        ("tunes", f"{facts['tunes']:,}, {counted(facts['notes'], 'note')}, {duration(facts['seconds'])}"),
        ("tempo", f"{', '.join(f'{tempo:g}' for tempo in facts['tempos_bpm'])} BPM"),
        ("meter", ", ".join(facts["meters"])),
    ]
    if not facts.get("tracks"):
        rows.append(("tracks", ", ".join(f"{name} {count:,}" for name, count in facts["track_names"].items())))
    rows += [("bars", f"{facts['bars']:,}")] if "bars" in facts else []
    rows += [("pedal", f"down or up {counted(facts['pedal_events'], 'time')}")] if facts.get("pedal_events") else []
    tables: list[str] = []
    if facts.get("tracks"):
        heading = ["track", "notes", "at once", "pitches", "instrument and name"]
        table = [
            [str(row["track"]), f"{row['notes']:,}", str(row["at_once"]), row["pitches"], f"{row['instrument']}  {row['name']}".strip()]
            for row in facts["tracks"]
        ]
        tables += ["", *map(one_line, aligned([heading, *table], left_last=True, columns=columns))]
    losses = [["through", *(heading for heading, _, _ in _LOSS_COLUMNS)]]
    losses += [[name, *(figure(loss[key], form) for _, key, form in _LOSS_COLUMNS)] for name, loss in facts["round_trip"].items()]
    return rows, [*tables, "", *aligned(losses, columns=columns), ""]


def _any_content(facts: Facts, columns: int) -> tuple[Rows, list[str]]:
    """Of a medium that nothing more is known of: the plain values that its survey gives."""
    del columns
    plain = {key: value for key, value in facts.items() if isinstance(value, (str, int, float)) and key not in {"kind", "name"}}
    return [(key.replace("_", " "), str(value)) for key, value in plain.items()], []


_CONTENTS: Final[dict[str, Callable[[Facts, int], tuple[Rows, list[str]]]]] = {"text": _text_content, "music": _tune_content}
"""By what is held: rows, and the tables below them, which have room for so many columns."""


def _model_rows(facts: Facts) -> Rows:
    shape, tokenizer, summary = facts["architecture"], facts["tokenizer"], facts["summary"]
    rows = [
        ("model", f"{short_path(facts['model'])}, {size(facts['bytes'])}, weights in {facts['precision']}"),
        ("network", f"{shape.get('cell')} {shape.get('num_layers')} x {shape.get('hidden_size')}, embedding {shape.get('embedding_size')}"),
        ("parameters", f"{facts['parameters']:,}"),
        ("tokenizer", f"{tokenizer['name']} with {counted(tokenizer['vocab_size'], 'token')}; {_nature(facts)}"),
    ]
    if orders := shape.get("matches"):
        rows.insert(2, ("matches", f"is told what followed before; tokens looked back on: {orders.replace(',', ' and ')}"))
    if "steps" in summary:
        trained = f"{counted(int(summary['steps']), 'step')}, {counted(int(summary.get('tokens_seen', 0)), 'token')}"
        rows.append(("trained", f"{trained}, {duration(float(summary.get('seconds', 0.0)))}"))
    if summary.get("sources"):
        names, files = [str(name) for name in summary["sources"]], int(summary.get("files", summary.get("documents", 0)))
        more = f" and {files - len(names):,} more; {run_files.SOURCES} in the run's folder lists all" if files > len(names) else ""
        rows.append(("on", ", ".join(names) + more))
    if division := facts["documents"]:
        rows.append(("documents", f"{int(summary.get('documents', 0)):,}, {division}"))
    objective = shape.get("objective")
    if objective in choices.OBJECTIVES and objective != next(iter(choices.OBJECTIVES)):
        rows.append(("objective", f"{objective}: it {choices.OBJECTIVES[objective].about}"))
    if quality := quality_line(summary.get("val"), objective):
        rows.append(("validation", quality))
    return [*rows, ("use", first_sample(facts["of"], short_path(facts["model"]), facts["opening"], objective))]


def _nature(facts: Facts) -> str:
    """What a tokenizer promises, or how it was fitted."""
    tokenizer = facts["tokenizer"]
    if "covers_everything" in tokenizer:
        return "every text can be written" if tokenizer["covers_everything"] else "knows only the symbols of its corpus"
    fitted = [f"{key.replace('_', ' ')} {value}" for key, value in tokenizer.items() if key not in {"name", "vocab_size"}]
    return ", ".join(fitted) or facts["of"]


def _curve(model: str, columns: int) -> list[str]:
    training, validation = curves_of(api.read_history(Path(model).parent))
    if not training:
        return []
    said = f"{training[0][1]:.3f} to {training[-1][1]:.3f} nats a token" + ("; dots: validation" if validation else "")
    drawn = chart(training, validation, width=min(_CHART_WIDTH, columns), height=7, x_label=step_label)
    return ["", *_shown([("training loss", said)], columns), *plain(drawn)]
