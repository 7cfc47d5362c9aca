"""How well a network predicts a text: surprisals in nats, and the totals, lines and tokens made of them.

The surprisal of a token is -log p(token | everything before it). Without a window the state runs from each document's boundary through
the whole document. With a window of N the document is cut after every N inputs, and each piece starts from an empty state; its N
inputs predict the N tokens after them, so every token is counted once. That is what a model with a context of N sees (nanoGPT's way of
evaluating). A boundary is only ever an input: it is never counted.

Pieces and documents do not depend on one another, so they are read side by side; each is still read in one go, in chunks with the
state carried, which changes nothing. Sums are in float64.

Letters: T window, B streams, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray

from lstmgen.analysis.report import Detail, Score, combine, summarise_totals, utf8_bytes
from lstmgen.analysis.threads import threads_for
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import InputError, UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Tokenizer
from lstmgen.model.language_model import LanguageModel

__all__ = ["Detail", "Score", "combine", "score", "score_text", "score_token_file", "summarise_totals", "utf8_bytes"]

_LOGITS: Final = 2**23
"""Logits that are held at a time."""
_MAX_CHUNK: Final = 4096
"""Most tokens of one stream that are read in one call."""
_STREAMS: Final = 64
"""Streams that are read side by side."""
_SHORT_TOKENS: Final = 2**14
"""Tokens that short pieces are filled up to by reading more of them side by side."""


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
    chars, bytes_ = (int(token_file.measures.get(unit, 0)) for unit in ("chars", "bytes"))
    totals = summarise_totals(nats=float(surprisals.sum()), tokens=counted, chars=chars, bytes_=bytes_)
    if tokenizer is None:
        return Score(**totals)
    ends = [*starts[1:].tolist(), len(token_file.ids)]
    documents = tuple(
        (np.asarray(token_file.ids[begin + 1 : end], dtype=np.int64), surprisals[begin + 1 : end])
        for begin, end in zip(starts.tolist(), ends, strict=True)
    )
    return Score(**totals, detail=Detail(tokenizer, documents))


@dataclass(frozen=True)
class _Piece:
    """Inputs `begin` to `end` (exclusive), read from an empty state; they predict the tokens after each of them."""

    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin


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
    pieces = _pieces(starts, len(ids), window=window)
    total, done = sum(map(len, pieces)), 0
    nats = np.zeros(len(ids), dtype=np.float64)
    was_training = network.training
    network.eval()
    try:
        for group in _groups(pieces, network.architecture.vocab_size):
            for counted in _read(network, ids, group, nats):
                done += counted
                if progress is not None:
                    progress(done, total)
    finally:
        network.train(was_training)
    return nats


def _pieces(starts: NDArray[np.int64], count: int, *, window: int | None) -> list[_Piece]:
    """What is read from an empty state: whole documents, or their windows. The last token of a document predicts nothing."""
    pieces: list[_Piece] = []
    for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), count], strict=True):
        size = window or max(1, end - begin)
        pieces.extend(_Piece(at, min(at + size, end - 1)) for at in range(begin, end - 1, size))
    return pieces


def _groups(pieces: list[_Piece], vocab_size: int) -> Iterator[list[_Piece]]:
    """Pieces that are read side by side, the longest first, so that those of a group are of similar length; many where they are short."""
    ordered, begin = sorted(pieces, key=len, reverse=True), 0
    while begin < len(ordered):
        streams = max(1, min(max(_STREAMS, _SHORT_TOKENS // len(ordered[begin])), _LOGITS // vocab_size))
        yield ordered[begin : begin + streams]
        begin += streams


def _read(network: LanguageModel, ids: NDArray[Any], group: list[_Piece], nats: NDArray[np.float64]) -> Iterator[int]:
    """Reads the pieces of a group, fills in the surprisals of the tokens that they predict, and yields how many, chunk by chunk.

    The pieces come longest first, so those that have ended are always the last ones.
    """
    begins_B, lengths_B = np.array([piece.begin for piece in group]), np.array([len(piece) for piece in group])
    state, at = network.zero_state(len(group)), 0
    while len(lengths_B):
        size = max(1, min(_MAX_CHUNK, _LOGITS // (network.architecture.vocab_size * len(lengths_B)), int(lengths_B[0]) - at))
        places_TB = at + np.arange(size)[:, None] + begins_B
        within_TB = at + np.arange(size)[:, None] < lengths_B
        inputs_TB = torch.from_numpy(ids[np.minimum(places_TB, len(ids) - 1)].astype(np.int64))
        targets_TB = torch.from_numpy(ids[np.minimum(places_TB + 1, len(ids) - 1)].astype(np.int64))
        with torch.inference_mode(), threads_for(len(group), network.device):
            logits_TBV, state = network(inputs_TB.to(network.device), state)
            logits_TBV = logits_TBV.to(torch.promote_types(logits_TBV.dtype, torch.float32))
            flat = F.cross_entropy(logits_TBV.flatten(0, 1), targets_TB.to(network.device).flatten(), reduction="none")
        nats[places_TB[within_TB] + 1] = flat.cpu().double().numpy().reshape(within_TB.shape)[within_TB]
        yield int(within_TB.sum())
        at += size
        going_on = int((lengths_B > at).sum())
        if going_on < len(lengths_B):
            state = state.select(torch.arange(going_on, device=network.device))
            begins_B, lengths_B = begins_B[:going_on], lengths_B[:going_on]
