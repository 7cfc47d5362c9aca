"""How well a network predicts a text: surprisals in nats, and the totals, lines and tokens made of them.

The surprisal of a token is -log p(token | everything before it). Without a window the state runs from each document's boundary through
the whole document. With a window of N the document is cut after every N inputs, and each piece starts from an empty state; its N
inputs predict the N tokens after them, so every token is counted once. That is what a model with a context of N sees (nanoGPT's way of
evaluating). A boundary is only ever an input: it is never counted.

Sums are in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmgen.analysis.report import Detail, Score, combine, summarise_totals, utf8_bytes
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import InputError, UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Tokenizer
from lstmgen.model import reading
from lstmgen.model.language_model import LanguageModel

__all__ = ["Detail", "Score", "combine", "score", "score_text", "score_token_file", "summarise_totals", "utf8_bytes"]


def score(
    network: LanguageModel, ids: NDArray[np.integer], *, window: int | None = None, progress: Callable[[int, int], None] | None = None
) -> NDArray[np.float64]:
    """Surprisals in nats of every token of one document after its boundary.

    Args:
        network: the model; its training mode is put back afterwards.
        ids: the document's ids, the boundary first.
        window: start from an empty state every so many tokens; None carries the state through.
        progress: called with the number of tokens done and of all.

    Returns:
        One number for each token after the first.

    Raises:
        UsageError: the window is not a positive whole number.
    """
    ids = np.asarray(ids)
    starts = np.zeros(1, dtype=np.int64)
    return surprisals_of(network, ids, starts, window=window, progress=progress)[1:]


def score_text(
    network: LanguageModel,
    tokenizer: Tokenizer,
    ids: Ids,
    *,
    chars: int,
    bytes_: int,
    window: int | None = None,
    notes: tuple[str, ...] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Score:
    """The score of one text, with its tables.

    Args:
        network: the model.
        tokenizer: what made the ids.
        ids: of the text, without a boundary.
        chars: characters of the text.
        bytes_: UTF-8 bytes of the text.
        window: as in `score`.
        notes: what was done to the text before.
        progress: as in `score`.

    Raises:
        InputError: the text is empty.
        UsageError: the window is not a positive whole number.
    """
    if not len(ids):
        raise InputError("the text is empty, so there is nothing to score", remedy="give a text of at least one character")
    surprisals = score(network, np.concatenate([[BOUNDARY_ID], ids]), window=window, progress=progress)
    totals = summarise_totals(nats=float(surprisals.sum()), tokens=len(ids), chars=chars, bytes_=bytes_)
    return Score(**totals, notes=notes, detail=Detail(tokenizer, ((ids, surprisals),)))


def score_token_file(
    network: LanguageModel,
    token_file: TokenFile,
    *,
    window: int | None = None,
    tokenizer: Tokenizer | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Score:
    """The score of all documents of a token file together.

    Args:
        network: the model.
        token_file: ids of the model's tokenizer.
        window: as in `score`.
        tokenizer: what made the ids; gives the score its tables.
        progress: as in `score`.

    Raises:
        InputError: there is nothing to count.
        UsageError: the window is not a positive whole number.
    """
    starts = np.asarray(token_file.starts, dtype=np.int64)
    counted = len(token_file.ids) - len(starts)
    if counted == 0:
        raise InputError("the documents hold no token, so there is nothing to score", remedy="give a longer text")
    surprisals = surprisals_of(network, token_file.ids, starts, window=window, progress=progress)
    totals = summarise_totals(nats=float(surprisals.sum()), tokens=counted, chars=token_file.chars, bytes_=token_file.bytes)
    if tokenizer is None:
        return Score(**totals)
    ends = [*starts[1:].tolist(), len(token_file.ids)]
    documents = tuple(
        (np.asarray(token_file.ids[begin + 1 : end], dtype=np.int64), surprisals[begin + 1 : end])
        for begin, end in zip(starts.tolist(), ends, strict=True)
    )
    return Score(**totals, detail=Detail(tokenizer, documents))


def surprisals_of(
    network: LanguageModel,
    ids: NDArray[Any],
    starts: NDArray[np.int64],
    *,
    window: int | None,
    progress: Callable[[int, int], None] | None,
) -> NDArray[np.float64]:
    """The surprisal of every token; 0 at the start of every document."""
    if window is not None and (not isinstance(window, int) or isinstance(window, bool) or window < 1):
        raise UsageError(f"the window is {window!r}, expected a whole number of tokens, 1 or more", remedy="for example --window 256")
    spans = reading.documents(starts, len(ids), window=window)
    total, done = int((spans[:, 1] - spans[:, 0]).sum()), 0
    nats = np.zeros(len(ids), dtype=np.float64)
    for places, surprisals in reading.surprisals(network, ids, spans):
        nats[places] = surprisals
        done += len(places)
        if progress is not None:
            progress(done, total)
    return nats
