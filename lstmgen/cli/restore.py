"""`lstmgen restore`: case and punctuation put back into a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lstmgen import api, limits
from lstmgen.cli.command import Command
from lstmgen.cli.complete import paths
from lstmgen.cli.options import DEVICE, JSON, MODEL, OUTPUT, SPLIT, STANDARD_INPUT, THREADS, cache, is_same_file, load_model, read_input
from lstmgen.cli.output import Streams
from lstmgen.cli.table import write_table
from lstmgen.errors import UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen restore RUN transcript.txt -o readable.txt",
    "echo 'what say you romeo is it day' | lstmgen restore RUN -",
    "lstmgen restore RUN --measure                     # what it is worth to read both ways",
    "lstmgen restore RUN --measure --json | jq .macro_f1",
)
_OPTIONS: Final = (
    MODEL,
    Option(name="file", unit="FILE", help="A text; - is standard input.", complete=paths),
    Option(name="encoding", flags="--encoding", unit="NAME", default="utf-8", help="What it is encoded in, such as cp1252."),
    Option(name="out", flags="-o --out", unit="FILE", help="Write there in place of standard output.", panel=OUTPUT, complete=paths),
    Option(name="measure", flags="--measure", type=bool, help="In place of FILE: tell how well it does, as F1 of each label."),
    SPLIT,
    JSON,
    DEVICE,
    THREADS,
)


def restore(streams: Streams, **values: Any) -> None:
    """Put case and punctuation back into a text.

    Made for texts without any, such as transcripts. Case and the marks , . ; : ! ? behind words that a text has are taken off first;
    everything else stays as it is. The model is one of `train --objective tags`, and reads the text from both of its ends. Rare marks of a
    long text are written where they are likelier than usual, although another may be likelier still.
    """
    if values["measure"]:
        _refuse(values, ("file", "out"), "--measure reads a part of the model's own sources: FILE and -o do not go with it")
        model = _model(values)
        report(streams, api.measure_tags(model, values["split"] or "val", cache=cache()), json=values["json"])
        return
    _refuse(values, ("split", "json"), "--split and --json say what --measure tells")
    if values["file"] is None:
        raise UsageError("restore needs a FILE", remedy=f"lstmgen restore {values['model']} FILE")
    out = None if values["out"] in {None, STANDARD_INPUT} else Path(values["out"])
    for name in (values["file"], str(api.find_model(values["model"]))):
        if out is not None and name != STANDARD_INPUT and is_same_file(out, Path(name)):
            raise UsageError(f"-o {out} would write over {name}, which is read", remedy="choose another name")
    name = "standard input" if values["file"] == STANDARD_INPUT else values["file"]
    content = read_input(values["file"], streams, what="the text", most=limits.MAX_PROMPT_BYTES, typed=True)
    exact = api.ExactText.of(content, encoding=values["encoding"], name=name)
    written = exact.to_bytes(api.restored(_model(values), exact.text))
    if out is None:
        streams.product_bytes(written)
    else:
        api.atomic_write(out, written)


def report(streams: Streams, figures: api.TagFigures, *, json: bool) -> None:
    """F1 of each label by each method, as a table or as JSON."""
    if json:
        streams.object_line(figures.to_json())
        return
    rows = [["label", "characters", *(method.replace("_", " ") for method in figures.f1)]]
    rows += [[label, f"{count:,}", *(f"{of[label]:.1%}" for of in figures.f1.values())] for label, count in figures.counts.items()]
    rows.append(["macro F1", f"{sum(figures.counts.values()):,}", *(f"{value:.1%}" for value in figures.macro_f1.values())])
    write_table(streams, rows, dropped=(1, 2, 3))


def _refuse(values: dict[str, Any], names: tuple[str, ...], why: str) -> None:
    if any(values[name] for name in names):
        raise UsageError(why, remedy="leave them out")


def _model(values: dict[str, Any]) -> api.TrainedModel:
    return load_model(values["model"], device=values["device"], threads=values["threads"], objectives=("tags",))


COMMAND: Final = Command(name="restore", run=restore, examples=_EXAMPLES, options=_OPTIONS)
