"""Draws one token after the other from a decoder.

Every token takes one uniform number from the sample's own generator, and the token is found by the inverse of the cumulative
distribution in float64. So sample i of a seed is the same whatever else is drawn, and a filter that removes nothing changes nothing.

Letters: V vocabulary.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.generation import filters
from lstmgen.generation.filters import Filter, Moment
from lstmgen.generation.sampling import Sampling, temperature_at
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Cursor
from lstmgen.model.decoder import Decoder
from lstmgen.model.state import State

_NO_IDS: Ids = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Context:
    """Where a text stands: everything that the next token depends on. A value; nothing changes it.

    Attributes:
        logits_V: of the next token.
        carried: the state after the last one.
        ids: of the text so far, without the boundary that it began with.
    """

    logits_V: Tensor
    carried: State
    ids: Ids


def begin(decoder: Decoder, ids: Ids = _NO_IDS) -> Context:
    """The context after a document's boundary and then these ids."""
    logits_V, carried = decoder.read([BOUNDARY_ID, *ids.tolist()], decoder.start())
    return Context(logits_V, carried, ids)


def read_on(decoder: Decoder, context: Context, ids: Ids) -> Context:
    """The context after further ids that were not drawn but given."""
    if not len(ids):
        return context
    logits_V, carried = decoder.read(ids.tolist(), context.carried)
    return Context(logits_V, carried, np.concatenate([context.ids, ids]))


def generator_of(seed: int, index: int) -> np.random.Generator:
    """The random numbers of sample `index` of a seed; independent of those of every other sample.

    Raises:
        UsageError: one of them is negative or no whole number.
    """
    for name, value in (("seed", seed), ("index", index)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UsageError(f"the {name} is {value!r}, expected a whole number, 0 or more", remedy="for example --seed 1")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index,))))


@dataclass(frozen=True)
class Drawn:
    """One token.

    Attributes:
        token: its id.
        nats: its surprisal under the model itself: at temperature 1 and without any filter.
    """

    token: int
    nats: float


def pick(logits_V: Tensor, wanted: Iterable[Filter], moment: Moment, *, uniform: float) -> Drawn:
    """The token that a uniform number in [0, 1) stands for, after all filters.

    Raises:
        ModelFileError: no logit is a usable number.
    """
    raw_V = _usable(logits_V)
    cumulated_V = filters.apply(wanted, raw_V, moment).softmax(0).numpy().cumsum()
    token = int(cumulated_V.searchsorted(uniform * cumulated_V[-1], side="right"))
    if token == len(cumulated_V):  # rounding can reach the end; the last token with any probability is meant
        token = int(cumulated_V.searchsorted(cumulated_V[-1], side="left"))
    return Drawn(token, _surprisal(raw_V.numpy(), token))


def _surprisal(raw_V: NDArray[np.float64], token: int) -> float:
    highest = raw_V.max()
    return float(math.log(np.exp(raw_V - highest).sum()) + highest - raw_V[token])


def _usable(logits_V: Tensor) -> Tensor:
    """The logits in float64 on the CPU; infinite ones become very large, and what is not a number is never drawn."""
    raw_V = logits_V.to("cpu", torch.float64)
    if math.isfinite(raw_V.max()):
        return raw_V
    raw_V = torch.nan_to_num(raw_V, nan=-math.inf, posinf=1e300, neginf=-math.inf)
    if raw_V.max() == -math.inf:
        raise ModelFileError("the network's output holds no usable number: its weights are too large", remedy="train the model again")
    return raw_V


class Drawing:
    """Tokens drawn one after the other; an iterator that ends after `length` tokens, or after a boundary.

    Args:
        decoder: the model.
        context: where the text stands.
        sampling: how tokens are chosen.
        length: most tokens to draw; None goes on until the model ends its document.
        generator: the sample's own random numbers.
        ignore_end: never draw the boundary.
        cursor: says which tokens may come next, where the tokens have a grammar; the drawing ends when it is finished. The prompt has
            been pushed and `begin` called.

    Raises:
        UsageError: a temperature ramp without a length, or a model that knows nothing but the boundary and may not draw it.
    """

    def __init__(
        self,
        decoder: Decoder,
        context: Context,
        *,
        sampling: Sampling,
        length: int | None,
        generator: np.random.Generator,
        ignore_end: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        temperature_at(sampling.temperature, 0, length=length)
        if ignore_end and decoder.vocab_size < 2:
            raise UsageError("the model knows nothing but the end of a document, which it is asked to ignore")
        self._decoder = decoder
        self._before = context
        self._logits_V, self._carried = context.logits_V, context.carried
        self._filters = filters.build(sampling, banned=(BOUNDARY_ID,) if ignore_end else ())
        self._cursor = cursor
        self._length = length
        self._generator = generator
        self._recent = _Recent(context.ids, sampling)
        self._drawn = array("q")
        self._ended = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Drawn:
        """The next token; a boundary is the last."""
        position = len(self._drawn)
        if self._ended or position == self._length or (self._cursor is not None and self._cursor.finished):
            raise StopIteration
        moment = Moment(position, self._length, self._recent.ids)
        wanted = self._filters if self._cursor is None else [filters.keep(self._cursor.allowed()), *self._filters]
        with torch.inference_mode():
            drawn = pick(self._logits_V, wanted, moment, uniform=self._generator.random())
            if self._cursor is not None:
                self._cursor.push(drawn.token)
            if drawn.token == BOUNDARY_ID:
                self._ended = True
            else:
                logits_BV, self._carried = self._decoder.step([drawn.token], self._carried)
                self._logits_V = logits_BV[0]
                self._drawn.append(drawn.token)
                self._recent.add(drawn.token)
        return drawn

    @property
    def ids(self) -> Ids:
        """What was drawn so far, without a boundary."""
        return np.array(self._drawn, dtype=np.int64)

    @property
    def context(self) -> Context:
        """Where the text stands after what was drawn so far."""
        return Context(self._logits_V, self._carried, np.concatenate([self._before.ids, self.ids]))


class _Recent:
    """The ids that the repetition penalty looks at: the last ones, or all; none where there is no penalty."""

    def __init__(self, ids: Ids, sampling: Sampling) -> None:
        count = sampling.repeat_last_n if sampling.repetition_penalty != 1 else 0
        self.ids: set[int] | deque[int] = set(ids.tolist()) if count < 0 else deque(ids[-count:].tolist() if count else (), maxlen=count)

    def add(self, token: int) -> None:
        """One more id of the text."""
        self.ids.add(token) if isinstance(self.ids, set) else self.ids.append(token)


def as_length(length: int | None) -> int | None:
    """A length as `Drawing` takes it; -1 is another way to say that there is none.

    Raises:
        UsageError: it is anything else below 0, or no whole number.
    """
    if length is None or (length == -1 and not isinstance(length, bool)):
        return None
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise UsageError(
            f"the length is {length!r}, expected a whole number of tokens, or -1 for no end", remedy="for example --length 500"
        )
    return length


def as_stops(stop: str | Sequence[str]) -> tuple[str, ...]:
    """One stop text or several as a tuple."""
    return (stop,) if isinstance(stop, str) else tuple(stop)
