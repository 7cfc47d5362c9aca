"""Many tokens at a time, drawn by a GPU itself.

The host hands over random numbers, and learns afterwards which tokens they were. That takes a model that needs nobody else between two
tokens: no grammar and no penalty on what was drawn. It is a twin of `draw.pick` and its filters, in the same order and in double
precision.

Letters: B lanes, K tokens of a block, V vocabulary.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.errors import ModelFileError
from lstmgen.generation.compiled_blocks import LARGEST, NO_USABLE_NUMBER, TOKENS, UNSUITABLE, suits
from lstmgen.generation.sampling import Sampling
from lstmgen.model.captured import Captured, Record, Tensors
from lstmgen.model.decoder import GPU_ROWS, Decoder
from lstmgen.model.state import State

_LOGITS, _UNIFORMS, _TOKENS, _NATS, _UNUSABLE = "logits", "uniforms", "tokens", "nats", "unusable"


class Blocks:
    """Draws blocks of tokens.

    Args:
        decoder: on the device that draws.
        sampling: that `suits`.
        allowed_V: which ids may be drawn; None: all of them.
        record: as `Captured` has it.

    Raises:
        ValueError: the settings do not suit.
    """

    def __init__(
        self, decoder: Decoder, sampling: Sampling, allowed_V: NDArray[np.bool_] | None = None, *, record: Record | None = None
    ) -> None:
        if not (suits(sampling) and isinstance(sampling.temperature, (int, float))):
            raise ValueError(UNSUITABLE)
        device = decoder.network.device
        self._decoder, self._sampling, self._temperature = decoder, sampling, sampling.temperature
        self._allowed_V = None if allowed_V is None else torch.from_numpy(allowed_V.copy()).to(device)
        self._captured = Captured(self._drawn, device, rows=GPU_ROWS, record=record, first_calls=1)

    @staticmethod
    def tokens(_: int) -> int:
        """How many a block has when so many are wanted: always as many."""
        return TOKENS

    def draw(
        self, logits_BV: Any, state: State, uniforms_BK: NDArray[np.float64]
    ) -> tuple[list[list[int]], list[list[float]], Tensor, State]:
        """The tokens of each lane, K each, and their surprisals; the logits of the token after them, and the state.

        Raises:
            ModelFileError: no logit of a row is a usable number.
        """
        with torch.inference_mode():
            drawn = self._captured({_LOGITS: logits_BV, _UNIFORMS: torch.from_numpy(uniforms_BK), **state.tensors()})
            after = {name: tensor[: len(logits_BV)].clone() for name, tensor in drawn.items()}
        tokens_BK, nats_BK, unusable_B = (after.pop(name).tolist() for name in (_TOKENS, _NATS, _UNUSABLE))
        if any(unusable_B):
            raise ModelFileError(NO_USABLE_NUMBER, remedy="train the model again")
        return tokens_BK, nats_BK, after.pop(_LOGITS), State.from_tensors(after)

    def _drawn(self, given: Tensors) -> Tensors:
        given = dict(given)
        logits_BV, uniforms_BK = given.pop(_LOGITS), given.pop(_UNIFORMS)
        state, rows = State.from_tensors(given), len(logits_BV)
        unusable_B = torch.zeros(rows, dtype=torch.bool, device=logits_BV.device)
        tokens, nats = [], []
        for uniform_B in uniforms_BK.unbind(1):
            raw_BV = torch.nan_to_num(logits_BV.double(), nan=-math.inf, posinf=LARGEST, neginf=-math.inf)
            unusable_B |= raw_BV.amax(1) == -math.inf
            cumulated_BV = self._filtered(raw_BV).softmax(1).cumsum(1)
            total_B1 = cumulated_BV[:, -1:]
            reached_B = (cumulated_BV <= uniform_B[:, None] * total_B1).sum(1)
            token_B = torch.minimum(reached_B, (cumulated_BV < total_B1).sum(1))
            nats.append(-raw_BV.log_softmax(1).gather(1, token_B[:, None])[:, 0])
            tokens.append(token_B)
            logits_BV, state = self._decoder.advance(token_B, state)
        told = {_TOKENS: torch.stack(tokens, 1), _NATS: torch.stack(nats, 1), _UNUSABLE: unusable_B}
        return {_LOGITS: logits_BV, **told, **state.tensors()}

    def _filtered(self, logits_BV: Tensor) -> Tensor:
        """What `filters` makes of logits. What is removed is minus infinity."""
        sampling = self._sampling
        if self._allowed_V is not None:
            masked_BV = logits_BV.masked_fill(~self._allowed_V, -math.inf)
            lost_B1 = masked_BV.amax(1, keepdim=True) == -math.inf
            logits_BV = torch.where(lost_B1, torch.zeros_like(logits_BV).masked_fill(~self._allowed_V, -math.inf), masked_BV)
        greedy = self._temperature == 0
        if not greedy:
            logits_BV = (logits_BV - logits_BV.amax(1, keepdim=True)) / self._temperature
        kept = 1 if greedy else min(sampling.top_k or logits_BV.shape[1], logits_BV.shape[1])
        if kept < logits_BV.shape[1] or sampling.top_p < 1:
            sorted_BV, order_BV = torch.sort(logits_BV, dim=1, descending=True, stable=True)
            sorted_BV[:, kept:] = -math.inf
            if sampling.top_p < 1:
                reached_BV = sorted_BV.softmax(1).cumsum(1)[:, :-1]
                sorted_BV[:, 1:].masked_fill_(reached_BV >= sampling.top_p, -math.inf)
            logits_BV = torch.empty_like(logits_BV).scatter_(1, order_BV, sorted_BV)
        if sampling.min_p:
            logits_BV = logits_BV.masked_fill(logits_BV < logits_BV.amax(1, keepdim=True) + math.log(sampling.min_p), -math.inf)
        return logits_BV
