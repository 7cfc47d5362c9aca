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

from lstmgen.choices import HORIZON, InfillMethod
from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.generation import filters
from lstmgen.generation.draw import Context, begin, generator_of, usable
from lstmgen.generation.generate import Sample
from lstmgen.generation.particles import Numbers, Search, Ways
from lstmgen.generation.sampling import Sampling, is_whole
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.gaps import Filling, Gap
from lstmgen.model.architecture import Architecture
from lstmgen.model.decoder import Decoder
from lstmgen.model.sentinels import around

BEHIND: Final = 256
"""Tokens behind a gap that are read from right to left."""
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
        method: how.
        decoder: the model, as the method needs it.
        gap: what is to be filled.
        context: where the model stands before the gap.
        request: how many ways are followed, and how far.
        generator: the random numbers of the sample.
        told_V: which ids a model is told.
    """

    method: Method
    decoder: Decoder
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
        effective: their effective sample size: so many of equal weight, no two of which look alike, would tell as much.
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


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way of filling gaps: where the model stands before it writes in one, and what complete ways are weighed by.

    Attributes:
        ready: the decoder that writes in a gap, and where it stands before it.
        weighed: of complete ways, what each weighs with all that follows.
        fits: whether a model can fill gaps in this way.
    """

    ready: Callable[[Decoder, Gap], tuple[Decoder, Context]]
    weighed: Callable[[Search, Ways, int], Ways]
    fits: Callable[[Architecture], bool]


def filled(task: Task) -> Filled:
    """A gap, filled in one of the ways that were followed."""
    request = task.request
    search = Search(
        decoder=task.decoder,
        wanted=filters.build(request.sampling or Sampling()),
        count=request.candidates or task.gap.usual,
        generator=task.generator,
        told_V=task.told_V,
        distinct=task.gap.short,
    )
    ways = task.method.weighed(search, search.written(Ways.of(task.gap, task.context, truth=False)), request.horizon)
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
        effective=1 / math.fsum(share**2 for share in alike.values()),
    )


def _drawn(share_K: Numbers, generator: np.random.Generator) -> int:
    """One of the ways, by its weight."""
    reached = np.cumsum(share_K)
    return min(int(np.searchsorted(reached, generator.random() * reached[-1], side="right")), len(share_K) - 1)


def _best(ways: Ways, horizon: int) -> int:
    """The way that is most probable with what follows, a token on average: of longer ways each one is less probable, not all together."""
    lengths = np.array([len(filling.ids) + len(filling.behind(horizon)) for filling in ways.fillings])
    return int(np.argmax((ways.behind_K - ways.nats_K) / np.maximum(lengths, 1)))


def _before(decoder: Decoder, gap: Gap) -> tuple[Decoder, Context]:
    """What stands before the gap is read, and nothing else."""
    return decoder, begin(decoder, gap.before)


def _by_what_follows(search: Search, ways: Ways, horizon: int) -> Ways:
    return search.weighed(ways, horizon=horizon)


def _told(decoder: Decoder, gap: Gap) -> tuple[Decoder, Context]:
    """What the gap ends in is read before it, between sentinels."""
    architecture = decoder.network.architecture
    ids = np.append(BOUNDARY_ID, gap.before)
    behind = gap.filling().behind(architecture.suffix_tokens)
    plain, told = around(ids, behind, vocab_size=architecture.vocab_size, most=architecture.suffix_tokens)
    state = decoder.read(plain.tolist(), decoder.start())[1] if len(plain) else decoder.start()
    within = decoder.in_gap()
    return within, Context(*within.read(told.tolist(), state), gap.before)


def _from_both_sides(decoder: Decoder, gap: Gap) -> tuple[Decoder, Context]:
    """What follows the gap is read from right to left."""
    within = decoder.in_gap(np.append(gap.filling().behind(BEHIND), BOUNDARY_ID)[:BEHIND])
    return within, begin(within, gap.before)


def _by_their_end(search: Search, ways: Ways, horizon: int) -> Ways:
    """Each way weighs as much as it is probable that the gap is over: the model knows what follows already."""
    del search, horizon
    over_K = filters.log_softmax(usable(ways.logits_KV))[:, BOUNDARY_ID]
    return replace(ways, log_weight_K=ways.log_weight_K + over_K, behind_K=ways.behind_K + over_K)


METHODS: Final = {
    "both-ways": Method(ready=_from_both_sides, weighed=_by_their_end, fits=lambda network: network.objective == "gaps"),
    "candidates": Method(ready=_before, weighed=_by_what_follows, fits=lambda network: network.objective == "next"),
    "told": Method(ready=_told, weighed=_by_their_end, fits=lambda network: network.suffix_tokens > 0),
}
"""Every method by name, the best first, as far as they were measured: `auto` is the first one that fits the model."""


def method_of(name: InfillMethod, decoder: Decoder) -> Method:
    """A method that the model can fill gaps by. Raises UsageError: it cannot by this one."""
    fitting = {key: method for key, method in METHODS.items() if method.fits(decoder.network.architecture)}
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
    request = replace(request, sampling=request.sampling or Sampling.of({}, medium.usual(tokenizer)))
    method, told_V = method_of(request.method, decoder), medium.told(tokenizer)
    gapped = medium.gapped(tokenizer, medium.parse(request.item), request.options, data)
    read: dict[tuple[bytes, bytes], tuple[Decoder, Context]] = {}

    def ready(gap: Gap) -> tuple[Decoder, Context]:
        key = gap.before.tobytes(), gap.filling().behind(BEHIND).tobytes()
        if key not in read:
            read.clear()
            read[key] = method.ready(decoder, gap)
        return read[key]

    def sample(index: int) -> Sample:
        generator, done = generator_of(seed, index), list[Filled]()
        for _ in range(gapped.count):
            gap = gapped.gap([each.filling for each in done])
            within, context = ready(gap)
            how = {"method": method, "decoder": within, "context": context, "request": request}
            done.append(filled(Task(gap=gap, generator=generator, told_V=told_V, **how)))
        outcome = gapped.outcome([each.filling for each in done])
        tokens, nats = sum(len(each.filling.ids) for each in done), math.fsum(each.nats for each in done)
        gaps = [told | each.to_json() for told, each in zip(outcome.facts["gaps"], done, strict=True)]
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
