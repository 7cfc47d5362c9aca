"""Gaps in items, filled so that what follows fits: for every medium, by one of several methods.

item ─► gaps, in their order ─► method ─► a filling, drawn by its weight ─► ... ─► sample
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

import numpy as np

from lstmgen.choices import InfillMethod
from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.generation import filters
from lstmgen.generation.draw import Context, begin, generator_of
from lstmgen.generation.generate import Sample
from lstmgen.generation.particles import Numbers, Search, Ways
from lstmgen.generation.sampling import Sampling, is_whole
from lstmgen.ids import Ids
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.gaps import Filling, Gap
from lstmgen.model.decoder import Decoder

HORIZON: Final = 40
_SHOWN: Final = 5
"""Fillings of a gap that are listed."""
_SEED_BELOW: Final = 2**31
_KEYWORDS: Final = frozenset({"num_samples", "seed", "first", "sampling", "candidates", "horizon", "best", "method"})


@dataclass(frozen=True, kw_only=True)
class InfillRequest:
    """What to fill, and how.

    Attributes:
        item: what has the gaps.
        num_samples: how many times. Sample i is the same whatever their number is.
        seed: what the random numbers are made from; None draws one.
        first: the number of the first sample.
        sampling: how tokens are chosen; None: as is usual for the model.
        candidates: ways to fill a gap that are followed side by side; None: as many as is usual.
        horizon: tokens behind a gap that weigh them.
        best: take the most probable way, a token on average, instead of drawing one by its weight.
        method: how gaps are filled; `auto`: as the model can best.
        options: those of the medium, which say where the gaps are.

    Raises:
        UsageError: a value is out of bounds.
    """

    item: Any
    num_samples: int = 1
    seed: int | None = None
    first: int = 0
    sampling: Sampling | None = None
    candidates: int | None = None
    horizon: int = HORIZON
    best: bool = False
    method: InfillMethod = "auto"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for name, low in (("num_samples", 1), ("first", 0), ("candidates", 1), ("horizon", 0), ("seed", 0)):
            value = getattr(self, name)
            if name in {"candidates", "seed"} and value is None:
                continue
            if not is_whole(value) or value < low:
                flag = f"--{name.replace('_', '-')}"
                raise UsageError(f"{flag} is {value!r}, expected a whole number, {low} or more", remedy=f"for example {flag} {max(low, 1)}")
        if self.method not in get_args(InfillMethod):
            raise UsageError(f"there is no method {self.method!r}", remedy=f"--method {' or '.join(get_args(InfillMethod))}")

    @staticmethod
    def of(item: Any, options: Mapping[str, Any]) -> InfillRequest:
        """A request from keyword arguments: what is none of its own fields is an option of the medium."""
        given = {name: value for name, value in options.items() if value is not None}
        own = {name: given.pop(name) for name in _KEYWORDS & given.keys()}
        return InfillRequest(item=item, options=given, **own)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A gap to be filled once.

    Attributes:
        decoder: the model.
        tokenizer: of the model.
        gap: what is to be filled.
        context: where the model stands that has read what is before the gap.
        request: how many ways are followed, and how far.
        generator: the random numbers of the sample.
        told_V: which ids a model is told.
    """

    decoder: Decoder
    tokenizer: Tokenizer
    gap: Gap
    context: Context
    request: InfillRequest
    generator: np.random.Generator
    told_V: Any = None


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A gap that was filled.

    Attributes:
        filling: the way that was taken.
        nats: its surprisal under the model itself.
        probability: of ways that look like it, among all that were followed.
        candidates: the most probable ways as they look, each with its probability.
        followed: how many there were in the end.
        effective: their effective sample size: so many of equal weight would tell as much.
    """

    filling: Filling
    nats: float
    probability: float
    candidates: tuple[tuple[str, float], ...]
    followed: int
    effective: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "probability": self.probability,
            "effective_sample_size": self.effective,
            "followed": self.followed,
            "candidates": [{"shown": shown, "probability": share} for shown, share in self.candidates],
        }


@dataclass(frozen=True)
class Method:
    """A way of filling gaps.

    Attributes:
        fill: fills one.
        fits: whether a model can fill gaps in this way.
    """

    fill: Callable[[Task], Filled]
    fits: Callable[[Decoder, Tokenizer], bool] = lambda decoder, tokenizer: True  # noqa: ARG005 - every model can


def by_candidates(task: Task) -> Filled:
    """What any model can do: ways that it would write itself, weighed by how well it predicts what follows each."""
    request = task.request
    search = Search(
        decoder=task.decoder,
        wanted=filters.build(request.sampling or Sampling()),
        count=request.candidates or task.gap.usual,
        generator=task.generator,
        told_V=task.told_V,
    )
    ways = search.weighed(search.written(Ways.of(task.gap, task.context, truth=False)), horizon=request.horizon)
    share_K = np.exp(ways.log_weight_K - ways.log_total)
    shown = [filling.shown() for filling in ways.fillings]
    alike: dict[str, float] = {}
    for text, share in zip(shown, share_K.tolist(), strict=True):
        alike[text] = alike.get(text, 0.0) + share
    taken = _best(ways, request.horizon) if request.best else _drawn(share_K, task.generator)
    return Filled(
        filling=ways.fillings[taken],
        nats=float(ways.nats_K[taken]),
        probability=alike[shown[taken]],
        candidates=tuple(sorted(alike.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]),
        followed=len(ways),
        effective=float(1 / (share_K**2).sum()),
    )


def _drawn(share_K: Numbers, generator: np.random.Generator) -> int:
    """One of the ways, by its weight."""
    reached = np.cumsum(share_K)
    return min(int(np.searchsorted(reached, generator.random() * reached[-1], side="right")), len(share_K) - 1)


def _best(ways: Ways, horizon: int) -> int:
    """The way that is most probable with what follows, a token on average: of longer ways each one is less probable, not all together."""
    lengths = np.array([len(filling.ids) + len(filling.behind(horizon)) for filling in ways.fillings])
    return int(np.argmax((ways.behind_K - ways.nats_K) / np.maximum(lengths, 1)))


METHODS: Final[dict[str, Method]] = {"candidates": Method(by_candidates)}
"""Every method by name, the best first: `auto` is the first one that fits the model."""


def method_of(name: InfillMethod, decoder: Decoder, tokenizer: Tokenizer) -> Method:
    """A method that the model can fill gaps by. Raises UsageError: it cannot by this one."""
    fitting = {key: method for key, method in METHODS.items() if method.fits(decoder, tokenizer)}
    if name != "auto" and name not in fitting:
        raise UsageError(f"this model cannot fill gaps by --method {name}", remedy=f"--method {' or '.join(('auto', *fitting))}")
    return next(iter(fitting.values())) if name == "auto" else fitting[name]


def infill(decoder: Decoder, medium: Medium, tokenizer: Tokenizer, request: InfillRequest, *, data: DataConfig) -> Iterator[Sample]:
    """An item whose gaps are filled, as often as was asked for.

    Raises:
        UsageError: there is no such gap, or this model cannot fill it.
        UnseenSymbolError: what stands around it holds unseen symbols and is not to be altered.
        InputError: the item cannot be read.
    """
    seed = secrets.randbelow(_SEED_BELOW) if request.seed is None else request.seed
    request = replace(request, sampling=request.sampling or Sampling(temperature=medium.temperature(tokenizer)))
    method, told_V = method_of(request.method, decoder, tokenizer), medium.told(tokenizer)
    gapped = medium.gapped(tokenizer, medium.parse(request.item), request.options, data)
    read: dict[bytes, Context] = {}

    def context_of(ids: Ids) -> Context:
        key = ids.tobytes()
        if key not in read:
            read.clear()
            read[key] = begin(decoder, ids)
        return read[key]

    def sample(index: int) -> Sample:
        generator, filled = generator_of(seed, index), list[Filled]()
        for _ in range(gapped.count):
            gap = gapped.gap([each.filling for each in filled])
            how = {"decoder": decoder, "tokenizer": tokenizer, "request": request, "generator": generator, "told_V": told_V}
            filled.append(method.fill(Task(gap=gap, context=context_of(gap.before), **how)))
        outcome = gapped.outcome([each.filling for each in filled])
        tokens, nats = sum(len(each.filling.ids) for each in filled), math.fsum(each.nats for each in filled)
        gaps = [told | each.to_json() for told, each in zip(outcome.facts["gaps"], filled, strict=True)]
        return Sample(
            index=index,
            seed=seed,
            prompt="",
            item=outcome.item,
            tokens=tokens,
            nats_per_token=nats / tokens if tokens else None,
            ended="filled",
            warnings=(*gapped.notes, *outcome.warnings),
            facts=outcome.facts | {"gaps": gaps},
            medium=medium,
        )

    return map(sample, range(request.first, request.first + request.num_samples))
