"""`lstmgen score --novelty`: what a text or a tune has copied from what a model was trained on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lstmgen.cli.output import Streams, one_line, to_json
from lstmgen.cli.processes import reading_pool
from lstmgen.errors import UsageError
from lstmgen.storage import cache_folder

if TYPE_CHECKING:
    from lstmgen.music.score import Score
    from lstmgen.runs.trained import TrainedModel


def tell_novelty(streams: Streams, trained: TrainedModel, files: Sequence[str], *, json: bool) -> None:
    """Look up every file and print what was found.

    Raises:
        UsageError: no file was named.
        InputError: the run keeps no index.
    """
    if not files:
        raise UsageError("--novelty needs a FILE to look at", remedy="lstmgen score MODEL --novelty FILE")
    for name, thing in _things(streams, trained, files):
        found = trained.novelty(thing)
        streams.product_line(to_json(found.to_json() | {"source": name}) if json else one_line(f"{name}: {found.line()}"))


def _things(streams: Streams, trained: TrainedModel, files: Sequence[str]) -> Iterator[tuple[str, str | Score]]:
    """The texts or tunes of the files, as training reads them."""
    from lstmgen.media.sources import keep_input
    from lstmgen.media.text.documents import gather
    from lstmgen.media.tunes.collection import gather_scores

    with tempfile.TemporaryDirectory(prefix="lstmgen-") as spool:
        kept = keep_input(files, streams.stdin, Path(spool))
        if trained.kind == "music":
            collection = gather_scores(list(files), kept=kept, cache=cache_folder(os.environ), executor=reading_pool())
            yield from ((piece.name, trained.prepare_tune(piece.score)) for piece in collection.pieces)
        else:
            corpus = gather(list(files), kept=kept, cache=cache_folder(os.environ))
            yield from ((document.name, "".join(corpus.read(document))) for document in corpus.documents)
