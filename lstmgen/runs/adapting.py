"""What a model needs to go on learning: how large the gradients of its weights usually are.

They are measured on samples that the model draws itself, at temperature 1 and always from the same seed. So the mean squares are the
diagonal of its Fisher information; every model file has them, whatever became of its sources, and always the same.
"""

from __future__ import annotations

import collections
from typing import Any, Final

import numpy as np
from torch import Tensor

from lstmgen.config import DataConfig
from lstmgen.generation.draw import draw
from lstmgen.generation.generate import Job
from lstmgen.generation.request import Request
from lstmgen.generation.sampling import Sampling
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Medium
from lstmgen.media.legal import Legal, legal_at
from lstmgen.model.adaptation import Learner, usual_gradients
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import LanguageModel

_SAMPLES: Final = 24
_TOKENS: Final = 160
"""Of each sample at most: together about 200 segments of 20 tokens."""


def learned(learner: Learner, ids: Ids, *, like: LanguageModel, legal: Legal | None = None) -> LanguageModel:
    """The network of a learner that has read one item, in the number type of the one that it is a copy of."""
    whole = np.append(BOUNDARY_ID, ids)
    rows = legal_at(legal, whole, np.zeros(1, np.int64))
    collections.deque(learner.surprisals([whole], np.array([[0, len(ids)]]), legal=[rows]), maxlen=0)
    return learner.network.to(like.head.weight.dtype).eval()


def drawn_gradients(decoder: Decoder, medium: Medium, tokenizer: Any, *, data: DataConfig, segment: int) -> Tensor:
    """The usual gradient of each weight of a model, of shape (W,), for segments of so many tokens."""
    request = Request(length=_TOKENS, seed=0, sampling=Sampling(temperature=1.0))
    (job,) = Job.of(decoder, medium, tokenizer, request, data=data)
    lanes = [job.lane(index) for index in range(_SAMPLES)]
    collections.deque(draw(decoder, lanes), maxlen=0)
    streams = [np.concatenate([[BOUNDARY_ID], lane.ids]) for lane in lanes]
    return usual_gradients(decoder.network, streams, segment=segment, told_V=job.told_V, legal=medium.legal(tokenizer))
