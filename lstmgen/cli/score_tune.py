"""`lstmgen score` for models of music."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from lstmgen.cli.bars import work_bar
from lstmgen.cli.output import Streams, one_line, to_json
from lstmgen.cli.processes import reading_pool
from lstmgen.cli.table import aligned, figure
from lstmgen.cli.wording import amount
from lstmgen.storage import cache_folder

if TYPE_CHECKING:
    from lstmgen.analysis.report import TokenScore
    from lstmgen.analysis.tunes import BarScore, TuneScore
    from lstmgen.runs.trained import TrainedModel

_Row = TypeVar("_Row", "BarScore", "TokenScore")

_COLUMNS: Final = (
    ("tokens", "tokens", ",d"),
    ("nats/token", "nats_per_token", ".4f"),
    ("perplexity", "perplexity", ".4g"),
    ("notes", "notes", ",d"),
    ("nats/note", "nats_per_note", ".3f"),
    ("seconds", "seconds", ",.1f"),
    ("nats/second", "nats_per_second", ".3f"),
)
_GRID_COLUMNS: Final = (
    ("frames", "frames", ",d"),
    ("nats/frame", "nats_per_frame", ".4f"),
    ("after the first", "nats_per_frame_after_first", ".4f"),
)
"""Of a grid: all frames, and those after the first of each tune."""


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Which lists were asked for, and how many rows of each; 0 is all, in the order of the tune."""

    per_bar: bool
    per_token: bool
    top: int


def score_music(
    streams: Streams,
    trained: TrainedModel,
    files: Sequence[str],
    *,
    split: str | None,
    window: int | None,
    lists: Lists,
    json: bool,
) -> None:
    """Score tunes, or a part of the run's own, and print what was found."""
    if split is not None:
        with work_bar(streams, f"scoring the {split} part", shown=_tokens) as progress:
            found = trained.score_split(cast("Any", split), window=window, cache=cache_folder(os.environ), progress=progress)
        scores = [(f"{split} part", cast("TuneScore", found))]
    else:
        scores = list(_each(streams, trained, files, window=window))
    if json:
        for source, tune in scores:
            table = tune.to_json(per_bar=lists.per_bar, per_token=lists.per_token)
            streams.product_line(to_json(table | {"window": window, "source": source}))
        return
    for line in _report(scores, lists):
        streams.product_line(line)


def _each(streams: Streams, trained: TrainedModel, files: Sequence[str], *, window: int | None) -> Iterator[tuple[str, TuneScore]]:
    from lstmgen.media.sources import keep_input
    from lstmgen.media.tunes.collection import gather_scores

    with tempfile.TemporaryDirectory(prefix="lstmgen-") as spool:
        kept = keep_input(files, streams.stdin, Path(spool))
        collection = gather_scores(list(files), kept=kept, cache=cache_folder(os.environ), executor=reading_pool())
        for name, reason in collection.skipped:
            streams.say(one_line(f"skipped {name}: {reason}"))
        for piece in collection.pieces:
            for finding in piece.findings:
                streams.say(one_line(f"note: {piece.name}: {finding.reason}"))
            with work_bar(streams, f"scoring {piece.name}", shown=_tokens) as progress:
                yield piece.name, trained.score_tune(piece.score, name=piece.name, window=window, progress=progress)


def _tokens(number: float) -> str:
    return f"{amount(number)} tokens"


def _report(scores: list[tuple[str, TuneScore]], lists: Lists) -> Iterator[str]:
    """The figures as a table, then the lists that were asked for."""
    columns = _COLUMNS + (_GRID_COLUMNS if any(found.frames is not None for _, found in scores) else ())
    rows = [["tune", *(heading for heading, _, _ in columns)]]
    rows += [[one_line(source), *(figure(getattr(found, name), form) for _, name, form in columns)] for source, found in scores]
    yield from aligned(rows)
    for source, found in scores:
        if lists.per_bar:
            yield from _bars(source, found.per_bar(), lists.top)
        if lists.per_token:
            yield from _events(source, found.per_token(), lists.top)


def _bars(source: str, rows: list[BarScore], top: int) -> Iterator[str]:
    yield _heading("bars", source, top)
    listed = [
        [f"{row.tune:,}", f"{row.bar:,}", f"{row.seconds:.1f}", f"{row.nats:.2f}", f"{row.nats / row.tokens:.3f}"]
        for row in _chosen(rows, top)
    ]
    yield from aligned([["tune", "bar", "second", "nats", "nats/token"], *listed], left_last=True)


def _events(source: str, rows: list[TokenScore], top: int) -> Iterator[str]:
    yield _heading("tokens", source, top)
    listed = [[f"{row.index:,}", f"{row.line:,}", f"{row.nats:.3f}", one_line(row.text)] for row in _chosen(rows, top)]
    yield from aligned([["token", "tune", "nats", "event"], *listed], left_last=True)


def _heading(what: str, source: str, top: int) -> str:
    return f"\nthe {top} most surprising {what} of {one_line(source)}" if top else f"\nall {what} of {one_line(source)}"


def _chosen(rows: list[_Row], top: int) -> list[_Row]:
    return heapq.nlargest(top, rows, key=lambda row: row.nats) if top else rows
