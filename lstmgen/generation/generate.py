"""From a request to samples, for every medium: all at once, or one in pieces as it is drawn.

request ─► prompt ─► plan, context ─► lanes ─► pieces ─► samples
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.generation.draw import Context, Lane, begin, draw, generator_of
from lstmgen.generation.request import NOVEL_TRIES, Request
from lstmgen.generation.sampling import Sampling
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.writing import Item, Piece, Plan, Prompt
from lstmgen.model.decoder import Decoder

MAX_LANES: Final = 64
"""Samples that are drawn side by side."""
_NOVEL_STRIDE: Final = 1_000_000
"""How far apart the numbers are of the samples that are drawn instead of one that copied too much."""
_SEED_BELOW: Final = 2**31

Copied = Callable[[Item], float]
"""The share of an item that was copied from the training data."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One sample. What its medium tells of it are attributes: the `text`, or the `score`, its `notes`, `seconds` and `bars`.

    Attributes:
        index: its number among the samples of this seed, from 0.
        seed: what its random numbers were made from, together with the index.
        prompt: what it continues, as it was given.
        item: the text, without the prompt, or the score.
        tokens: how many were drawn.
        nats_per_token: their mean surprisal under the model itself, at temperature 1 and without filters; None without tokens.
        ended: why it ended: `length`, `stop`, `bars`, `seconds`, `end-of-document`, or `interrupted` when its reader left it.
        warnings: what the user should know about the prompt and the sample.
        facts: what its medium tells of it, by name.
    """

    index: int
    seed: int
    prompt: str
    item: Item = field(repr=False)
    tokens: int
    nats_per_token: float | None
    ended: str
    warnings: tuple[str, ...] = ()
    facts: dict[str, Any] = field(repr=False)
    medium: Medium = field(repr=False, compare=False)

    def __getattr__(self, name: str) -> Any:
        """What the medium tells under this name."""
        facts = self.__dict__.get("facts", {})  # a copy in the making has none yet
        if name in facts:
            return facts[name]
        raise AttributeError(f"this sample has no attribute {name!r}; of its medium it has {', '.join(facts) or 'none'}")

    def save(self, path: str | Path, *, title: str = "") -> None:
        """Writes it to a file whose ending says how: of tunes `.mid`, `.png`, `.svg` or `.wav`; of text any.

        Raises:
            UsageError: the ending is none of these.
            MachineError: the file cannot be written.
        """
        self.medium.save(self.item, Path(path), title=title or Path(path).stem)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A request that is ready to be drawn.

    Attributes:
        decoder: the model.
        medium: of the model.
        request: what was asked for.
        seed: of the request, or drawn where it has none.
        prompt: what the model has read.
        plan: what every sample keeps to.
        context: where the prompt left the model.
        told_V: which ids a model is told.
    """

    decoder: Decoder
    medium: Medium
    request: Request
    seed: int
    prompt: Prompt
    plan: Plan
    context: Context
    told_V: NDArray[np.bool_] | None

    @staticmethod
    def of(decoder: Decoder, medium: Medium, tokenizer: Tokenizer, request: Request, *, data: DataConfig) -> Job:
        """Reads the prompt of a request.

        Raises:
            UsageError: an option is out of bounds or cannot be read.
            UnseenSymbolError: the prompt holds unseen symbols and is not to be altered.
            InputError: the prompt cannot be read.
        """
        seed = secrets.randbelow(_SEED_BELOW) if request.seed is None else request.seed
        medium.check_options(request.options)
        request = replace(request, sampling=request.sampling or Sampling(temperature=medium.temperature(tokenizer)))
        prompt = medium.parse_prompt(tokenizer, request.prompt, request.options, data)
        plan = medium.plan(tokenizer, prompt, request.options, length=request.length, echo=request.echo)
        return Job(
            decoder=decoder,
            medium=medium,
            request=request,
            seed=seed,
            prompt=prompt,
            plan=plan,
            context=begin(decoder, prompt.ids),
            told_V=medium.told(tokenizer),
        )

    def lane(self, index: int) -> Lane:
        """Sample `index`, of which nothing is drawn yet."""
        return Lane(
            self.plan.writer(),
            self.context,
            sampling=self.request.sampling or Sampling(),
            length=self.plan.length,
            generator=generator_of(self.seed, index),
            told_V=self.told_V,
        )

    def sample(self, index: int, lane: Lane) -> Sample:
        """A sample as far as it was drawn."""
        outcome = lane.writer.outcome()
        return Sample(
            index=index,
            seed=self.seed,
            prompt=self.prompt.shown,
            item=outcome.item,
            tokens=lane.tokens,
            nats_per_token=lane.nats / lane.tokens if lane.tokens else None,
            ended=lane.ended or "interrupted",
            warnings=(*self.prompt.notes, *outcome.warnings),
            facts=outcome.facts,
            medium=self.medium,
        )


class Stream:
    """A sample while it is drawn: an iterator over its pieces; none of them is empty, and `result` is the sample.

    Args:
        job: what is drawn.
        index: which sample.
        cut: leave out what is incomplete at its end.
        on_end: called once when the sample ends, or its reader leaves it.
    """

    def __init__(self, job: Job, index: int = 0, *, cut: bool = False, on_end: Callable[[Stream], None] | None = None) -> None:
        self.lane = job.lane(index)
        self._job, self._index = job, index
        self._on_end = on_end
        self._pieces = self._run(cut=cut)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Piece:
        """The next piece."""
        return next(self._pieces)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the prompt, before anything is drawn."""
        return self._job.prompt.notes

    def close(self) -> None:
        """Ends the sample where it stands."""
        self._pieces.close()

    @property
    def result(self) -> Sample:
        """The sample as far as it was drawn."""
        return self._job.sample(self._index, self.lane)

    def _run(self, *, cut: bool) -> Generator[Piece, None, None]:
        try:
            for _, piece in draw(self._job.decoder, self._job.context, [self.lane], cut=cut):
                if len(piece):
                    yield piece
        finally:
            if self._on_end is not None:
                self._on_end(self)


def generate(job: Job, *, copied: Copied | None = None) -> Iterator[Sample]:
    """All samples of a request, in order, drawn side by side.

    Args:
        job: the request.
        copied: tells what was copied, where the request limits that.

    Raises:
        UsageError: a sample may never end.
    """
    request = job.request
    if not job.plan.ends:
        raise UsageError("a text without a length and without a stop text may never end", remedy="give a length, or a stop text")
    for first in range(request.first, request.first + request.num_samples, MAX_LANES):
        indices = range(first, min(first + MAX_LANES, request.first + request.num_samples))
        if request.novel is None or copied is None:
            yield from _drawn(job, indices)
        else:
            yield from _novel(job, indices, copied=copied, most=request.novel)


def _drawn(job: Job, indices: Sequence[int]) -> Iterator[Sample]:
    """The samples of these numbers, each as soon as those before it have ended; when interrupted, first all as they stand."""
    lanes = {index: job.lane(index) for index in indices}
    waiting = list(indices)
    try:
        for lane, _ in draw(job.decoder, job.context, list(lanes.values())):
            while lane.ended is not None and waiting and lanes[waiting[0]].ended is not None:
                yield job.sample(waiting[0], lanes[waiting.pop(0)])
    except KeyboardInterrupt:
        yield from (job.sample(index, lanes[index]) for index in waiting)
        raise
    yield from (job.sample(index, lanes[index]) for index in waiting)


def _novel(job: Job, indices: Sequence[int], *, copied: Copied, most: float) -> Iterator[Sample]:
    """In place of each sample the first that copies no more than it may; of none, that which copies least."""
    best: dict[int, tuple[float, Sample]] = {}
    for attempt in range(NOVEL_TRIES):
        again = [index for index in indices if index not in best or best[index][0] > most]
        for index, sample in zip(again, _drawn(job, [index + attempt * _NOVEL_STRIDE for index in again]), strict=True):
            share = copied(sample.item)
            if index not in best or share < best[index][0]:
                best[index] = share, sample
    for index in indices:
        share, sample = best[index]
        warning = f"each of {NOVEL_TRIES} samples copied more than {most:.0%}; this is the one with {share:.0%}"
        yield sample if share <= most else replace(sample, warnings=(*sample.warnings, warning))
