"""How good the model is on text that it does not learn from.

The validation part is cut into lanes that are read side by side. A lane starts `RUN_IN` tokens before its first counted token, so that by
then its state is what it would be had the text been read in one go: the figure agrees with the exact one of `score`, and takes a second
instead of many. Nothing in training changes: no generator is drawn from, no weight and no state is touched.

Letters: T window, K lanes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray

from lstmgen.model.language_model import LanguageModel
from lstmgen.tokenizers.base import BOUNDARY_ID

RUN_IN = 512
"""Tokens that a lane reads before it counts."""
_WINDOW = 128
_MAX_LANES = 128
_LOGITS = 2**24
"""Logits that are held at a time."""


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
