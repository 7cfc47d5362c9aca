"""`lstmgen score`: how well a model foresees a text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from lstmgen import choices
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpora_and_files
from lstmgen.cli.options import DEVICE, JSON, MODEL, OOV, THREADS, load_model
from lstmgen.cli.output import Streams, one_line, to_json
from lstmgen.cli.score_novelty import tell_novelty
from lstmgen.cli.score_tune import Lists, score_music
from lstmgen.cli.table import aligned, figure
from lstmgen.cli.wording import amount
from lstmgen.errors import UsageError
from lstmgen.options import Option
from lstmgen.storage import cache_folder

if TYPE_CHECKING:
    from lstmgen.analysis.report import Score
    from lstmgen.choices import OovPolicy
    from lstmgen.runs.trained import TrainedModel

_EXAMPLES: Final = (
    "lstmgen score RUN other.txt                   # nats, bits, perplexity",
    "lstmgen score RUN --split val --json          # the part of its own text that it never learned from",
    "lstmgen score RUN --split val --window 256    # as if it could look back 256 tokens only",
    "lstmgen score RUN draft.txt --per-line        # the lines that surprise it most",
    "lstmgen score RUN --novelty draft.txt         # what it copied from what the model was trained on",
    "cat draft.txt | lstmgen score RUN - --per-token --top 50",
)
_TABLES: Final = "tables"
_DATA: Final = "data"
_TEXT_WIDTH: Final = 80
_COLUMNS: Final = (
    ("tokens", "tokens", ",d"),
    ("nats/token", "nats_per_token", ".4f"),
    ("perplexity", "perplexity", ".4g"),
    ("chars", "chars", ",d"),
    ("nats/char", "nats_per_char", ".4f"),
    ("bits/char", "bits_per_char", ".4f"),
    ("bits/byte", "bits_per_byte", ".4f"),
)
"""Heading, figure and format of every column of the table."""

_OPTIONS: Final = (
    MODEL,
    Option(
        name="files",
        unit="FILE...",
        repeated=True,
        help="Texts: files, folders, globs, corpora, or - for standard input.",
        complete=corpora_and_files,
    ),
    Option(
        name="window",
        flags="--window",
        type=int,
        unit="N",
        low=1,
        help="Begin with an empty state every N tokens; the state runs through where not given.",
    ),
    Option(
        name="split",
        flags="--split",
        choices=get_args(choices.Part),
        help="Score a part of the text that the run was trained on.",
        panel=_DATA,
    ),
    Option(
        name="errors",
        flags="--errors",
        choices=get_args(choices.ErrorsPolicy),
        help="What to do with bytes that are not UTF-8. [strict]",
        panel=_DATA,
    ),
    replace(OOV, panel=_DATA),
    Option(
        name="per_line",
        flags="--per-line",
        type=bool,
        help="List the lines that surprise the model most; of a tune the bars.",
        panel=_TABLES,
    ),
    Option(name="per_token", flags="--per-token", type=bool, help="List the tokens that surprise the model most.", panel=_TABLES),
    Option(
        name="novelty",
        flags="--novelty",
        type=bool,
        help="Tell instead what each file has copied from what the model was trained on.",
        panel=_TABLES,
    ),
    Option(
        name="top",
        flags="--top",
        type=int,
        unit="N",
        low=0,
        default=20,
        help="Rows of a list; 0 is all, in the order of the text.",
        panel=_TABLES,
    ),
    JSON,
    DEVICE,
    THREADS,
)


def score(
    streams: Streams,
    *,
    model: str,
    files: tuple[str, ...],
    window: int | None,
    split: str | None,
    errors: str | None,
    oov: str | None,
    per_line: bool,
    per_token: bool,
    novelty: bool,
    top: int,
    json: bool,
    device: str,
    threads: int | None,
) -> None:
    """Measure how well a model foresees a text.

    Bits a byte compare models with different tokenizers. With --json there is one object for each file; the lists are in it whole, in the
    order of the text.
    """
    if bool(files) == (split is not None):
        raise UsageError(
            "score needs either a FILE or --split, and not both", remedy=f"lstmgen score {model} FILE, or lstmgen score {model} --split val"
        )
    if split is not None and (errors is not None or oov is not None):
        raise UsageError("--split reads the text as the run did, so --errors and --oov do not go with it", remedy="leave them out")
    trained = load_model(model, device=device, threads=threads)
    if novelty:
        tell_novelty(streams, trained, files, json=json)
        return
    if trained.kind == "music":
        if errors is not None or oov is not None:
            raise UsageError("--errors and --oov are for text, and this model has learned music", remedy="leave them out")
        lists = Lists(per_bar=per_line, per_token=per_token, top=top)
        score_music(streams, trained, list(files), split=split, window=window, lists=lists, json=json)
        return
    streams.explain(f"{trained.path} on {trained.network.device}, window {window or 'none: the state runs through'}")
    if split is not None:
        with work_bar(streams, f"scoring the {split} part", shown=_tokens) as progress:
            found = trained.score_split(cast("Any", split), window=window, cache=cache_folder(os.environ), progress=progress)
        scores = [(f"{split} part", cast("Score", found))]
    else:
        scores = list(
            _score_files(streams, trained, files, window=window, errors=errors or "strict", oov=cast("OovPolicy", oov or "error"))
        )
    for _, found in scores:
        for note in found.notes:
            streams.say(f"note: {note}")
    if json:
        for source, found in _with_total(scores):
            streams.product_line(to_json(found.to_json(per_line=per_line, per_token=per_token) | {"window": window, "source": source}))
        return
    for line in _report(scores, per_line=per_line, per_token=per_token, top=top):
        streams.product_line(line)


COMMAND: Final = Command(name="score", run=score, examples=_EXAMPLES, options=_OPTIONS)


def _score_files(
    streams: Streams, trained: TrainedModel, files: Sequence[str], *, window: int | None, errors: str, oov: OovPolicy
) -> Iterator[tuple[str, Score]]:
    """The score of every document, read in the same way as for training."""
    import tempfile

    from lstmgen.media.sources import keep_input
    from lstmgen.media.text.documents import gather

    if "-" in files and streams.in_is_terminal:
        streams.say("reading the text from the terminal; end it with Ctrl-D")
    with tempfile.TemporaryDirectory(prefix="lstmgen-") as spool:
        kept = keep_input(files, streams.stdin, Path(spool))
        corpus = gather(list(files), errors=errors, kept=kept, cache=cache_folder(os.environ))
        for name, reason in corpus.skipped:
            streams.say(f"skipped {name}: {reason}")
        for document in corpus.documents:
            for note in document.notes:
                streams.say(f"note: {document.name}: {note}")
            with work_bar(streams, f"scoring {document.name}", shown=_tokens) as progress:
                found = trained.score("".join(corpus.read(document)), window=window, oov=oov, progress=progress)
            yield document.name, found


def _tokens(number: float) -> str:
    return f"{amount(number)} tokens"


def _with_total(scores: list[tuple[str, Score]]) -> list[tuple[str, Score]]:
    """The scores, and that of all texts together where there are several."""
    from lstmgen.analysis.report import combine

    return [*scores, ("all", combine(found for _, found in scores))] if len(scores) > 1 else scores


def _report(scores: list[tuple[str, Score]], *, per_line: bool, per_token: bool, top: int) -> Iterator[str]:
    """The figures as a table, then the lists that were asked for."""
    rows = [["text", *(heading for heading, _, _ in _COLUMNS)]]
    rows += [
        [one_line(source), *(figure(getattr(found, name), form) for _, name, form in _COLUMNS)] for source, found in _with_total(scores)
    ]
    yield from aligned(rows)
    for source, found in scores:
        of_source = f" of {one_line(source)}" if len(scores) > 1 else ""
        if per_line:
            lines = _chosen(found.lines(), key=lambda row: row.nats_per_char, top=top)
            listed = [[f"{row.line:,}", f"{row.nats_per_char:.3f}", f"{row.nats:.1f}", _shown(row.text)] for row in lines]
            yield f"\n{_head('lines', top)}{of_source}"
            yield from aligned([["line", "nats/char", "nats", "text"], *listed], left_last=True)
        if per_token:
            tokens = _chosen(found.per_token(), key=lambda row: row.nats, top=top)
            listed = [[f"{row.index:,}", f"{row.line:,}", f"{row.nats:.3f}", _shown(row.text)] for row in tokens]
            yield f"\n{_head('tokens', top)}{of_source}"
            yield from aligned([["token", "line", "nats", "text"], *listed], left_last=True)


def _head(what: str, top: int) -> str:
    return f"the {top} most surprising {what}" if top else f"all {what}"


def _chosen(rows: Iterable[Any], *, key: Any, top: int) -> list[Any]:
    """All rows in the order of the text, or those with the largest keys, the largest first."""
    import heapq

    return heapq.nlargest(top, rows, key=key) if top else list(rows)


def _shown(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _TEXT_WIDTH else f"{text[: _TEXT_WIDTH - 3]}..."
