"""How good the model is on what it does not learn from.

Text is one long stream. The validation part is cut into lanes that are read side by side. A lane starts `RUN_IN` tokens before its first
counted token, so that by then its state is what it would be had the text been read in one go: the figure agrees with the exact one of
`score`, and takes a second instead of many. Nothing in training changes: no generator is drawn from, no weight and no state is touched.

Pieces that have nothing to do with one another are read side by side instead, each from an empty state.

Letters: T window, K lanes or pieces.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.language_model import LanguageModel
from lstmgen.training.streams import IGNORED

RUN_IN = 512
"""Tokens that a lane reads before it counts."""
_WINDOW = 128
_MAX_LANES = 128
_LOGITS = 2**24
"""Logits that are held at a time."""


@dataclass(frozen=True)
class Validation:
    """The held-out part, and how it is read.

    Attributes:
        ids: at least two token ids.
        starts: where each piece begins, for pieces that are read apart; None for text, which is read as one stream.
    """

    ids: NDArray[np.integer]
    starts: NDArray[np.integer] | None = None

    @property
    def positions(self) -> int:
        """Tokens that could be counted, boundaries included."""
        return len(self.ids) - 1

    def __call__(
        self, network: LanguageModel, *, arithmetic: Callable[[], AbstractContextManager], max_tokens: int | None = None
    ) -> tuple[float, int]:
        """Sum of surprisals in nats, and the number of tokens counted; see `validate`."""
        if self.starts is None:
            return validate(network, self.ids, arithmetic=arithmetic, max_tokens=max_tokens)
        return validate_pieces(network, self.ids, self.starts, arithmetic=arithmetic, max_tokens=max_tokens)


def validate(
    network: LanguageModel, ids: NDArray[np.integer], *, arithmetic: Callable[[], AbstractContextManager], max_tokens: int | None = None
) -> tuple[float, int]:
    """Sum of surprisals in nats, and the number of tokens counted.

    Args:
        network: the model; its training mode is put back afterwards.
        ids: at least two token ids; boundaries are read but not counted.
        arithmetic: gives the context in which the network runs.
        max_tokens: count about this many at most, in pieces spread evenly over the ids.
    """
    lanes = Lanes(len(ids) - 1, max_tokens=max_tokens)
    # A divisor of the run-in, so that a window begins where counting does.
    window = max(1, min(_WINDOW, 1 << int(math.log2(max(1, _LOGITS // (lanes.count * network.architecture.vocab_size))))))
    was_training = network.training
    network.eval()
    state = network.zero_state(lanes.count)
    nats, counted = 0.0, 0
    try:
        with torch.inference_mode():
            for begin in range(-lanes.run_in, lanes.length, window):
                if begin == 0:
                    state = state.zero_where(torch.arange(lanes.count, device=network.device) == 0)
                inputs_TK, targets_TK = lanes.window(ids, begin, min(begin + window, lanes.length))
                with arithmetic():
                    logits_TKV, state = network(inputs_TK.to(network.device), state)
                if begin >= 0:
                    wanted = targets_TK.reshape(-1).to(network.device)
                    nats += float(
                        F.cross_entropy(logits_TKV.float().flatten(0, 1), wanted, ignore_index=BOUNDARY_ID, reduction="sum").double()
                    )
                    counted += int((wanted != BOUNDARY_ID).sum())
    finally:
        network.train(was_training)
    return nats, counted


def validate_pieces(
    network: LanguageModel,
    ids: NDArray[np.integer],
    starts: NDArray[np.integer],
    *,
    arithmetic: Callable[[], AbstractContextManager],
    max_tokens: int | None = None,
) -> tuple[float, int]:
    """The same for pieces, each read from an empty state.

    Args:
        network: the model; its training mode is put back afterwards.
        ids: of all pieces, each behind its boundary.
        starts: where the boundaries stand.
        arithmetic: gives the context in which the network runs.
        max_tokens: take evenly spread pieces that hold about this many.
    """
    bounds = np.append(starts.astype(np.int64), len(ids))
    spans = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    if max_tokens is not None and len(ids) > max_tokens:
        spans = spans[:: math.ceil(len(ids) / max_tokens)]
    spans.sort(key=lambda span: span[0] - span[1])
    was_training = network.training
    network.eval()
    nats, counted = 0.0, 0
    try:
        with torch.inference_mode():
            for first in range(0, len(spans), _MAX_LANES):
                group_nats, group_counted = _read_side_by_side(network, ids, spans[first : first + _MAX_LANES], arithmetic)
                nats, counted = nats + group_nats, counted + group_counted
    finally:
        network.train(was_training)
    return nats, counted


def _read_side_by_side(
    network: LanguageModel, ids: NDArray[np.integer], spans: list[tuple[int, int]], arithmetic: Callable[[], AbstractContextManager]
) -> tuple[float, int]:
    """Pieces, the longest first; those that have ended are left out of the windows that follow."""
    begins_K, ends_K = (np.array(column, np.int64) for column in zip(*spans, strict=True))
    state, nats, counted = network.zero_state(len(spans)), 0.0, 0
    window = max(1, min(_WINDOW, _LOGITS // (len(spans) * network.architecture.vocab_size)))
    for at in range(0, int((ends_K - begins_K).max()) - 1, window):
        going_on = int((ends_K - begins_K > at + 1).sum())
        state = state.select(torch.arange(going_on, device=network.device))
        places_TK = at + np.arange(window + 1, dtype=np.int64)[:, None] + begins_K[:going_on]
        window_TK = torch.from_numpy(ids[np.minimum(places_TK, len(ids) - 1)].astype(np.int64))
        targets_TK = window_TK[1:].masked_fill(torch.from_numpy(places_TK[1:] >= ends_K[:going_on]), IGNORED)
        with arithmetic():
            logits_TKV, state = network(window_TK[:-1].to(network.device), state)
        wanted = targets_TK.reshape(-1).to(network.device)
        nats += float(F.cross_entropy(logits_TKV.float().flatten(0, 1), wanted, ignore_index=IGNORED, reduction="sum").double())
        counted += int((wanted != IGNORED).sum())
    return nats, counted


class Lanes:
    """Where each lane reads.

    Args:
        positions: number of tokens that could be counted; token i + 1 is predicted from token i.
        max_tokens: as in `validate`.
    """

    def __init__(self, positions: int, *, max_tokens: int | None) -> None:
        self.positions = positions
        wanted = positions if max_tokens is None else min(positions, max_tokens)
        self.count = max(1, min(_MAX_LANES, wanted // (4 * RUN_IN)))
        stride = -(-positions // self.count)
        self.starts_K = np.arange(self.count, dtype=np.int64) * stride
        self.length = stride if max_tokens is None else min(stride, max(1, -(-max_tokens // self.count)))
        self.run_in = RUN_IN if self.count > 1 else 0

    def window(self, ids: NDArray[np.integer], begin: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets of shape (T, K), counted from each lane's first token; past the end the target is a boundary."""
        places_TK = np.arange(begin, end + 1, dtype=np.int64)[:, None] + self.starts_K[None, :]
        window_TK = ids[np.clip(places_TK, 0, len(ids) - 1)].astype(np.int64)
        targets_TK = np.where(places_TK[1:] <= self.positions, window_TK[1:], BOUNDARY_ID)
        return torch.from_numpy(window_TK[:-1]), torch.from_numpy(targets_TK)
