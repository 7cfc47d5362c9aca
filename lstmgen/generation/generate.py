"""From a request to samples, for every medium: all at once, or one in pieces as it is drawn.

request ─► prompt ─► plan, context ─► lanes ─► pieces ─► samples
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from lstmgen.config import DataConfig
from lstmgen.errors import LstmgenError, UsageError
from lstmgen.generation.clamps import holding
from lstmgen.generation.draw import Context, Lane, begin, draw, generator_of
from lstmgen.generation.request import NOVEL_TRIES, Request
from lstmgen.generation.sampling import Sampling
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.writing import Item, Piece, Plan, Prompt

if TYPE_CHECKING:
    from lstmgen.model.compiled.decoder import AnyDecoder

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
        index: its number among the samples of its prompt and this seed, from 0.
        prompt_index: the number of its prompt among those of the request, from 0.
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
    prompt_index: int = field(default=0, repr=False)
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
        """Writes it to a file whose ending says how: of tunes `.mid`, `.png`, `.svg`, `.wav`, `.flac` or `.ogg`; of text any.

        Raises:
            UsageError: the ending is none of these.
            MachineError: the file cannot be written.
        """
        self.medium.save(self.item, Path(path), title=title or Path(path).stem)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A prompt of a request, ready to be continued.

    Attributes:
        decoder: the model.
        medium: of the model.
        request: what was asked for.
        seed: of the request, or drawn where it has none.
        prompt: what is continued.
        prompt_index: its number among those of the request.
        plan: what every sample keeps to.
        told_V: which ids a model is told.
        strict: whether the model was trained with a grammar.
        read: where the model stands that has read the prompt already; None: it has not.
    """

    decoder: AnyDecoder
    medium: Medium
    request: Request
    seed: int
    prompt: Prompt
    prompt_index: int = 0
    plan: Plan
    told_V: NDArray[np.bool_] | None = None
    strict: bool = False
    read: Context | None = None

    @staticmethod
    def of(
        decoder: AnyDecoder,
        medium: Medium,
        tokenizer: Tokenizer,
        request: Request,
        *,
        data: DataConfig,
        corrections: Mapping[str, Any] | None = None,
    ) -> list[Job]:
        """The prompts of a request, in order; `corrections` as of `Medium.plan`.

        Raises:
            UsageError: an option is out of bounds or cannot be read.
            UnseenSymbolError: the prompt holds unseen symbols and is not to be altered.
            InputError: the prompt cannot be read.
        """
        seed = secrets.randbelow(_SEED_BELOW) if request.seed is None else request.seed
        medium.check_options(request.options)
        request = replace(request, sampling=request.sampling or Sampling.of({}, medium.usual(tokenizer)))
        told_V = medium.told(tokenizer)
        decoder = holding(decoder, request.clamp)

        def job(prompt_index: int, given: Any) -> Job:
            try:
                prompt = medium.parse_prompt(tokenizer, given, request.options, data)
                how = {"length": request.length, "echo": request.echo, "data": data, "corrections": corrections}
                plan = medium.plan(tokenizer, prompt, request.options, **how)
            except LstmgenError as error:
                if request.prompts is not None:
                    error.about(f"prompt {prompt_index + 1}")
                raise
            return Job(
                decoder=decoder,
                medium=medium,
                request=request,
                seed=seed,
                prompt=prompt,
                prompt_index=prompt_index,
                plan=plan,
                told_V=told_V,
                strict=medium.legal(tokenizer) is not None,
            )

        return list(itertools.starmap(job, enumerate(request.every_prompt)))

    @cached_property
    def context(self) -> Context:
        """Where the prompt leaves the model, which reads it when this is first asked for."""
        return begin(self.decoder, self.prompt.ids) if self.read is None else self.read

    def lane(self, index: int) -> Lane:
        """Sample `index`, of which nothing is drawn yet."""
        return Lane(
            self.plan.writer(),
            self.context,
            sampling=self.request.sampling or Sampling(),
            length=self.plan.length,
            generator=generator_of(self.seed, index, prompt_index=self.prompt_index),
            told_V=self.told_V,
            strict=self.strict,
        )

    def sample(self, index: int, lane: Lane) -> Sample:
        """A sample as far as it was drawn."""
        outcome = lane.writer.outcome()
        return Sample(
            index=index,
            prompt_index=self.prompt_index,
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
            for _, piece in draw(self._job.decoder, [self.lane], cut=cut):
                if len(piece):
                    yield piece
        finally:
            if self._on_end is not None:
                self._on_end(self)


def generate(jobs: Sequence[Job], *, copied: Copied | None = None) -> Iterator[Sample]:
    """All samples of a request, prompt by prompt and in order, drawn side by side.

    Args:
        jobs: the prompts of the request.
        copied: tells what was copied, where the request limits that.

    Raises:
        UsageError: a sample may never end.
    """
    if not all(job.plan.ends for job in jobs):
        raise UsageError("a text without a length and without a stop text may never end", remedy="give a length, or a stop text")
    return _samples(jobs, copied)


Place = tuple[Job, int]
"""A prompt, and the number of one of its samples."""


def _samples(jobs: Sequence[Job], copied: Copied | None) -> Iterator[Sample]:
    request = jobs[0].request
    # A job that is made anew for its turn takes what the model made of its prompt away with it.
    places = (
        (turn, index) for job in jobs for turn in (replace(job),) for index in range(request.first, request.first + request.num_samples)
    )
    while chosen := list(itertools.islice(places, MAX_LANES)):
        if request.novel is None or copied is None:
            yield from _drawn(chosen)
        else:
            yield from _novel(chosen, copied=copied, most=request.novel)


def _drawn(places: Sequence[Place]) -> Iterator[Sample]:
    """The samples of these places, each as soon as those before it have ended; when interrupted, first all as they stand."""
    lanes = [job.lane(index) for job, index in places]
    told = 0

    def sample(number: int) -> Sample:
        job, index = places[number]
        return job.sample(index, lanes[number])

    try:
        for lane, _ in draw(places[0][0].decoder, lanes):
            while lane.ended is not None and told < len(lanes) and lanes[told].ended is not None:
                told += 1
                yield sample(told - 1)
    except KeyboardInterrupt:
        yield from map(sample, range(told, len(lanes)))
        raise
    yield from map(sample, range(told, len(lanes)))


def _novel(places: Sequence[Place], *, copied: Copied, most: float) -> Iterator[Sample]:
    """In place of each sample the first that copies no more than it may; of none, that which copies least."""
    best: dict[int, tuple[float, Sample]] = {}
    for attempt in range(NOVEL_TRIES):
        again = [number for number in range(len(places)) if number not in best or best[number][0] > most]
        if not again:
            break
        drawn = _drawn([(places[number][0], places[number][1] + attempt * _NOVEL_STRIDE) for number in again])
        for number, sample in zip(again, drawn, strict=True):
            share = copied(sample.item)
            if number not in best or share < best[number][0]:
                best[number] = share, sample
    for share, sample in (best[number] for number in range(len(places))):
        warning = f"each of {NOVEL_TRIES} samples copied more than {most:.0%}; this is the one with {share:.0%}"
        yield sample if share <= most else replace(sample, warnings=(*sample.warnings, warning))
