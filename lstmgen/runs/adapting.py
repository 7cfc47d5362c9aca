"""What a model needs to go on learning: how large the gradients of its weights usually are.

They are measured on samples that the model draws itself, at temperature 1 and always from the same seed. So the mean squares are the
diagonal of its Fisher information; every model file has them, whatever became of its sources, and always the same.
"""

from __future__ import annotations

import collections
from functools import cached_property
from typing import Final, final

import numpy as np
from torch import Tensor

from lstmgen.config import DataConfig
from lstmgen.generation.draw import draw
from lstmgen.generation.generate import Job
from lstmgen.generation.request import Request
from lstmgen.generation.sampling import Sampling
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.legal import Legal, legal_at
from lstmgen.model.adaptation import Learner, usual_gradients
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.learning_rule import LearningRule

_SAMPLES: Final = 24
_TOKENS: Final = 160
"""Of each sample at most: together about 200 segments of 20 tokens."""


@final
class Learners:
    """Copies of the network of a model that learn from what they read; the model itself never changes.

    Args:
        decoder: of the model.
        medium: of the model.
        tokenizer: of the model.
        data: how its own sources were read.
    """

    def __init__(self, decoder: Decoder, medium: Medium, tokenizer: Tokenizer, data: DataConfig) -> None:
        self._decoder, self._medium, self._tokenizer, self._data = decoder, medium, tokenizer, data
        self._usual_gradients: dict[int, Tensor] = {}
        """By the length of a segment."""

    def learner(self, rule: LearningRule | None = None) -> Learner:
        """One that follows this rule. Raises ModelFileError: it has no gradients to learn by."""
        rule = rule or LearningRule()
        if rule.segment not in self._usual_gradients:
            self._usual_gradients[rule.segment] = self._drawn_gradients(rule.segment)
        told_V = self._medium.told(self._tokenizer)
        return Learner(self._decoder.network, rule, self._usual_gradients[rule.segment], told_V=told_V)

    def learned(self, ids: Ids, rule: LearningRule | None = None) -> LanguageModel:
        """The network after it has read one item, in the number type of the one that it is a copy of.

        Raises:
            ModelFileError: as `learner`.
            DivergedError: its weights have become useless.
        """
        learner, whole = self.learner(rule), np.append(BOUNDARY_ID, ids)
        rows = legal_at(self._legal, whole, np.zeros(1, np.int64))
        collections.deque(learner.surprisals([whole], np.array([[0, len(ids)]]), legal=[rows]), maxlen=0)
        return learner.network.to(self._decoder.network.head.weight.dtype).eval()

    def _drawn_gradients(self, segment: int) -> Tensor:
        """The usual gradient of each weight of the model, of shape (W,), for segments of so many tokens."""
        request = Request(length=_TOKENS, seed=0, sampling=Sampling(temperature=1.0))
        (job,) = Job.of(self._decoder, self._medium, self._tokenizer, request, data=self._data)
        lanes = [job.lane(index) for index in range(_SAMPLES)]
        collections.deque(draw(self._decoder, lanes), maxlen=0)
        streams = [np.concatenate([[BOUNDARY_ID], lane.ids]) for lane in lanes]
        return usual_gradients(self._decoder.network, streams, segment=segment, told_V=job.told_V, legal=self._legal)

    @cached_property
    def _legal(self) -> Legal | None:
        """Which ids may come where in an item; None: all of them."""
        return self._medium.legal(self._tokenizer)
