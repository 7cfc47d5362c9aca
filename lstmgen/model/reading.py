"""Reading: what a network says of ids that are there already. Validation, scoring and prompts all read here.

A span is a stretch of inputs that is read from an empty state. Spans do not depend on one another, so they are read side by side, those
of similar length together; one that has ended is left out of what follows. Each is still read in one go, in chunks with the state carried,
which changes nothing. A run-in gives a span that begins in the middle of a stream the state that it would have there.

Nothing of the network is changed, and no generator is drawn from: reading between two training steps does not touch the training.

Letters: T chunk, B spans that are read side by side, S all spans, D documents, K lanes, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import IdSequence
from lstmgen.model.arithmetic import threads_for
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.legal import forbid
from lstmgen.model.matches import after
from lstmgen.model.state import State

RUN_IN: Final = 512
"""Tokens that a lane reads before it counts."""
_REMEMBERED: Final = 2**15
"""Tokens before a lane that are looked through for what followed before: more than its tables hold."""
_MAX_LANES: Final = 128
_MAX_PROMPT_WINDOW: Final = 1024

Forward = Callable[[Tensor, State], tuple[Tensor, State]]
"""Ids of shape (T, B) and a state -> logits of shape (T, B, V) and the next state."""
LegalBits = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
"""Places of N tokens -> bits of which ids may come there, of shape (N, K); `media.legal.LegalAt` is one."""
Spans = NDArray[np.int64]
"""Inputs of shape (S, 2), from the first to before the second; they predict the tokens after each of them."""


@dataclass(frozen=True)
class Bounds:
    """How much is read at a time: a matter of speed and memory, not of figures.

    Attributes:
        spans: read side by side; more of them where they are short.
        chunk: tokens of one span in one call.
        tokens: of all spans in one call.
        logits: held at a time.
        legal_bytes: of what may come where in spans that are read side by side, which is made for each as a whole.
    """

    spans: int = 128
    chunk: int = 4096
    tokens: int = 2**13
    logits: int = 2**22
    legal_bytes: int = 2**27


_BOUNDS: Final = Bounds()


def documents(starts_D: NDArray[np.integer], count: int, *, window: int | None = None, ends: bool = False) -> Spans:
    """Whole documents, or with a window the pieces of so many inputs that each is cut into.

    Without `ends` the last token of a document predicts nothing, so a boundary is only ever an input, and a document without a token is an
    empty span.

    Args:
        starts_D: where the boundary of each document stands, the first at 0.
        count: ids of all documents.
        window: the size of a piece, at least 1; None leaves documents whole.
        ends: whether the last token of each predicts the boundary behind it; then the last document needs one too.
    """
    begins_D = np.asarray(starts_D, np.int64)
    ends_D = np.append(begins_D[1:], count) - (0 if ends else 1)
    if window is None:
        return np.stack([begins_D, ends_D], axis=1)
    pieces_D = -(-(ends_D - begins_D) // window)
    number_S = np.arange(pieces_D.sum()) - np.repeat(np.cumsum(pieces_D) - pieces_D, pieces_D)
    begins_S = np.repeat(begins_D, pieces_D) + number_S * window
    return np.stack([begins_S, np.minimum(begins_S + window, np.repeat(ends_D, pieces_D))], axis=1)


def lanes(count: int, *, max_tokens: int | None = None) -> Spans:
    """One long stream cut into lanes, to be read with a run-in of `RUN_IN`, which costs at most a quarter of what is counted.

    Args:
        count: inputs of the stream, at least 1.
        max_tokens: take about this many at most, in lanes that begin at equal distances.
    """
    wanted = count if max_tokens is None else min(count, max_tokens)
    number = max(1, min(_MAX_LANES, wanted // (4 * RUN_IN)))
    stride = -(-count // number)
    length = stride if max_tokens is None else min(stride, max(1, -(-max_tokens // number)))
    begins_K = np.arange(number, dtype=np.int64) * stride
    return np.stack([begins_K, np.minimum(begins_K + length, count)], axis=1)


def spread(spans_S2: Spans, max_tokens: int | None) -> Spans:
    """All spans, or every so many of them, so that they hold about `max_tokens` tokens."""
    tokens = int((spans_S2[:, 1] - spans_S2[:, 0] + 1).sum())
    return spans_S2 if max_tokens is None else spans_S2[:: max(1, -(-tokens // max_tokens))]


def surprisals(
    network: LanguageModel,
    ids: IdSequence,
    spans_S2: Spans,
    *,
    run_in: int = 0,
    arithmetic: Callable[[], AbstractContextManager] = nullcontext,
    forward: Forward | None = None,
    legal: LegalBits | None = None,
    bounds: Bounds = _BOUNDS,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The surprisal in nats of every token that the spans predict, chunk by chunk: places in `ids`, and the numbers that belong there.

    Args:
        network: the model; its training mode is as it was whenever a chunk is given.
        ids: token ids of any integer type; in memory or in a file.
        spans_S2: what is read; a span ends before the last id.
        run_in: tokens before each span, as far as there are any, that are read first and not counted.
        arithmetic: gives the context in which the network runs.
        forward: what reads in the network's place, such as a decoder's `window`.
        legal: which ids may come where; None: all of them.
        bounds: how much is read at a time.
    """
    from_S = np.maximum(spans_S2[:, 0] - run_in, 0)
    lengths_S = np.where(spans_S2[:, 0] < spans_S2[:, 1], spans_S2[:, 1] - from_S, 0)
    longest_first_S = np.argsort(-lengths_S, kind="stable")[: np.count_nonzero(lengths_S)]
    while len(longest_first_S):
        longest, vocab_size = int(lengths_S[longest_first_S[0]]), network.architecture.vocab_size
        streams = max(1, min(max(bounds.spans, bounds.tokens // longest), bounds.logits // vocab_size))
        if legal is not None:
            streams = max(1, min(streams, bounds.legal_bytes // (longest * _bytes_of(vocab_size))))
        group_B, longest_first_S = longest_first_S[:streams], longest_first_S[streams:]
        yield from _side_by_side(
            network,
            ids,
            from_S[group_B],
            spans_S2[group_B],
            state=_begun(network, ids, from_S[group_B] if run_in else np.zeros(len(group_B), np.int64)),
            forward=forward or network,
            arithmetic=arithmetic,
            legal=legal,
            bounds=bounds,
        )


def _side_by_side(
    network: LanguageModel,
    ids: IdSequence,
    from_B: NDArray[np.int64],
    spans_B2: Spans,
    *,
    state: State,
    forward: Forward,
    arithmetic: Callable[[], AbstractContextManager],
    legal: LegalBits | None,
    bounds: Bounds,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The surprisals of one group, the longest first: those that have ended are always the last ones."""
    streams, vocab_size, at = len(from_B), network.architecture.vocab_size, 0
    while len(from_B):
        left = int(spans_B2[0, 1] - from_B[0]) - at
        size = max(1, min(bounds.chunk, bounds.tokens // len(from_B), bounds.logits // (vocab_size * len(from_B)), left))
        places_TB = np.arange(at, at + size + 1)[:, None] + from_B
        counted_TB = (places_TB[:-1] >= spans_B2[:, 0]) & (places_TB[:-1] < spans_B2[:, 1])
        window_TB = torch.from_numpy(ids[np.minimum(places_TB, len(ids) - 1)].astype(np.int64)).to(network.device)
        with inference(network), threads_for(streams, network.device):
            with arithmetic():
                logits_TBV, state = forward(window_TB[:-1], state)
            logits_TBV = logits_TBV.to(torch.promote_types(logits_TBV.dtype, torch.float32))
            legal_TBK = None if legal is None else _bits(legal, places_TB[1:], counted_TB, vocab_size).to(network.device)
            logits_TBV = forbid(logits_TBV, legal_TBK)
            nats = F.cross_entropy(logits_TBV.flatten(0, 1), window_TB[1:].flatten(), reduction="none").cpu().double().numpy()
        yield places_TB[1:][counted_TB], nats.reshape(counted_TB.shape)[counted_TB]
        at += size
        remaining = int((spans_B2[:, 1] - from_B > at).sum())
        if remaining < len(from_B):
            state = state.select(torch.arange(remaining, device=network.device))
            from_B, spans_B2 = from_B[:remaining], spans_B2[:remaining]


def _begun(network: LanguageModel, ids: IdSequence, from_B: NDArray[np.int64]) -> State:
    """The states of spans that begin in the middle of a stream: empty, but for what followed before (`matches.py`)."""
    state, matches = network.zero_state(len(from_B)), network.architecture.memories
    if matches is None:
        return state
    memory_M, at, memory_BM = matches.start(1)[0], 0, matches.start(len(from_B))
    for lane in np.argsort(from_B).tolist():
        begin, end = max(at, int(from_B[lane]) - _REMEMBERED), int(from_B[lane])
        memory_M = after(ids[begin:end], memory_M if begin == at else matches.start(1)[0], matches)
        memory_BM[lane], at = memory_M, end
    return replace(state, memory_BM=torch.from_numpy(memory_BM).to(network.device))


def together(nats_P: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The surprisals under the mean of P predictions of the same tokens, from those under each."""
    return nats_P[0] if len(nats_P) == 1 else math.log(len(nats_P)) - np.logaddexp.reduce([-nats for nats in nats_P])


def _bytes_of(bits: int) -> int:
    return -(-bits // 8)


def _bits(legal: LegalBits, places_TB: NDArray[np.int64], counted_TB: NDArray[np.bool_], vocab_size: int) -> Tensor:
    """Which ids may come at each place, of shape (T, B, K); where nothing is counted all of them."""
    bits_TBK = np.full((*places_TB.shape, _bytes_of(vocab_size)), 255, np.uint8)
    if counted_TB.any():
        bits_TBK[counted_TB] = legal(places_TB[counted_TB])
    return torch.from_numpy(bits_TBK)


def read(
    network: LanguageModel, ids: Sequence[int], state: State, *, window: int = _MAX_PROMPT_WINDOW, forward: Forward | None = None
) -> tuple[Tensor, State]:
    """Reads one stream on from a state: the logits of shape (V,) after the last token, and the state.

    The same ids from the same state always take the same way, so a prompt gives the same numbers whatever is generated after it.

    Args:
        network: the model; its training mode is put back afterwards.
        ids: at least one.
        state: of a single stream, B = 1.
        window: most tokens that are read in one call.
        forward: what reads in the network's place.
    """
    window = min(window, max(16, _BOUNDS.logits // network.architecture.vocab_size))
    logits_TBV = torch.empty(0)
    with inference(network):
        for begin in range(0, len(ids), window):
            ids_TB = torch.tensor(ids[begin : begin + window], device=network.device).unsqueeze(1)
            logits_TBV, state = (forward or network)(ids_TB, state)
        return logits_TBV[-1, 0].clone(), state


@contextmanager
def inference(network: LanguageModel) -> Iterator[None]:
    """Without gradient and without dropout."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.train(was_training)
