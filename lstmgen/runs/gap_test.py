"""How much better a model knows what stood in a gap when it is told all that is kept around it.

The surprisal of what stood there, given what came before each token, is what a model of left to right says by itself. Given all that is
kept it is

    -log p(gap | kept) = -log p(gap, kept) + log p(kept)

where the last term is a sum over all ways to fill the gap. It is estimated twice (Grosse, Ghahramani and Adams 2015, "Sandwiching the
marginal likelihood using bidirectional Monte Carlo"). With ways that are found without knowing what stood there, the estimate of the
probability has no bias, and so its logarithm is too low on average: the surprisal comes out too small. With what stood there as one of
the ways it comes out too large, on average over fillings that the model itself believes in. The truth lies between.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from lstmgen.choices import HORIZON, InfillMethod, Part
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import InputError, UsageError
from lstmgen.generation.draw import Context, begin, generator_of, read_on
from lstmgen.generation.infilling import BEHIND, METHODS, Method, method_of
from lstmgen.generation.particles import Search, Ways
from lstmgen.ids import Ids
from lstmgen.media.gaps import Gap
from lstmgen.model.reading import RUN_IN
from lstmgen.runs.model import TrainedModel
from lstmgen.wording import counted

LENGTH: Final = 5
_SEED: Final = 1
_LEAST: Final = 16
"""Ways that read to the end of what follows; by then few have any weight."""

Case = tuple[Gap, Context, Ids]
"""A gap, where the model stands before it, and what stood in it."""


@dataclass(frozen=True, kw_only=True)
class GapFigures:
    """What was measured. Surprisals are in nats.

    Attributes:
        gaps: how many.
        tokens: that stood in them, where there was a choice.
        before: their surprisal, given what came before each and which ids may come.
        low: given all that is kept, estimated too low.
        high: given all that is kept, estimated too high.
        candidates: ways that were followed.
        horizon: tokens behind a gap that were read.
    """

    gaps: int
    tokens: int
    before: float
    low: float
    high: float
    candidates: int
    horizon: int

    def to_json(self) -> dict[str, Any]:
        """Plain values; surprisals are those of a token."""
        return {
            "gaps": self.gaps,
            "tokens": self.tokens,
            "candidates": self.candidates,
            "horizon": self.horizon,
            "nats_before": self.before / self.tokens,
            "nats_both_low": self.low / self.tokens,
            "nats_both_high": self.high / self.tokens,
            "change_low": self.low / self.before - 1,
            "change_high": self.high / self.before - 1,
        }


def measured(
    model: TrainedModel,
    part: Part,
    *,
    count: int,
    cache: Path,
    candidates: int | None = None,
    horizon: int = HORIZON,
    length: int | None = None,
    method: InfillMethod = "auto",
    seed: int = _SEED,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> GapFigures:
    """How surprising is what stands in gaps of a part of a model's own sources.

    Args:
        model: what fills them.
        part: in which they are.
        count: gaps, of which no two overlap; where the options say which part of an item is one, so many items at most.
        cache: where token files are.
        candidates: ways to fill each that are followed; None: as many as is usual.
        horizon: tokens behind each that are read.
        length: tokens of each, where they stand anywhere; None: 5.
        method: how the model fills them.
        seed: of the places and of the ways.
        progress: called with the number of gaps done and of all.
        options: those of the medium, which say what of each item is a gap; none: gaps stand anywhere.

    Raises:
        UsageError: gaps of this medium do not stand anywhere, there are no such parts, or the model cannot fill gaps by this method.
        InputError: there is no room for so many.
        ModelFileError, CorpusError: as `TrainedModel.score_split`.
    """
    file = model.origin.token_file(part, cache=cache)
    cases = _of_items(model, file, options) if options else _anywhere(model, file, count, length or LENGTH, horizon=horizon, seed=seed)
    told_V, chosen = model.medium.told(model.tokenizer), method_of(method, model.decoder)
    sums, gaps, tokens, followed = np.zeros(3), 0, 0, candidates or 0
    for gap, context, truth in itertools.islice(cases, count):
        gaps, tokens, followed = gaps + 1, tokens + _choices(gap, truth), candidates or gap.usual
        how = {"decoder": model.decoder, "wanted": (), "told_V": told_V, "least": _LEAST, "distinct": gap.short}
        search = Search(count=followed, generator=generator_of(seed, gaps), **how)
        sums += surprisals_of_truth(chosen, search, gap, context, truth, horizon=horizon)
        if progress is not None:
            progress(gaps, count)
    if not tokens:
        raise InputError(f"nothing in the {part} part can be cut out", remedy="another model, or other tracks")
    before, low, high = sums.tolist()
    return GapFigures(gaps=gaps, tokens=tokens, before=before, low=low, high=high, candidates=followed, horizon=horizon)


def surprisals_of_truth(
    method: Method, search: Search, gap: Gap, context: Context, truth: Ids, *, horizon: int
) -> tuple[float, float, float]:
    """The surprisal of what stood in a gap: given what came before, and given all that is kept, estimated too low and too high."""
    before = None
    if method is not METHODS["candidates"]:
        (read,) = replace(search, count=1).written(Ways.of(gap, context, truth=True), truth=truth).drawn_K
        before, (decoder, context) = float(read), method.ready(search.decoder, gap)
        search = replace(search, decoder=decoder)
    known = method.weighed(search, search.written(Ways.of(gap, context, truth=True), truth=truth), horizon)
    blind = method.weighed(search, search.written(Ways.of(gap, context, truth=False)), horizon)
    true = int(np.flatnonzero(known.true_K)[0])
    joint = float(known.nats_K[true] - known.behind_K[true])
    return float(known.drawn_K[true]) if before is None else before, joint + blind.log_total, joint + known.log_total


def _choices(gap: Gap, truth: Ids) -> int:
    """How many ids stood in a gap where others could have."""
    filling, found = gap.filling(), 0
    for token in truth.tolist():
        allowed_V = filling.allowed()
        found += allowed_V is None or int(allowed_V.sum()) > 1
        filling.push(token)
    return found


def _anywhere(model: TrainedModel, file: TokenFile, count: int, length: int, *, horizon: int, seed: int) -> Iterator[Case]:
    """Gaps of so many tokens at places that are drawn, each in a document with all that is before it."""
    bounds = np.array([*file.starts.tolist(), len(file.ids)])
    room_D = np.maximum(0, (np.diff(bounds) - 1 - horizon) // length - 1)
    if room_D.sum() < count:
        most = int(room_D.sum())
        raise InputError(
            f"there is no room for {counted(count, 'gap')} of {counted(length, 'token')}, at most for {most:,}",
            remedy="a smaller --measure",
        )
    chosen = np.sort(generator_of(seed, 0).choice(int(room_D.sum()), size=count, replace=False))
    first_D = np.cumsum(room_D) - room_D
    for number, start in enumerate(bounds[:-1].tolist()):
        ids = np.asarray(file.ids[start + 1 : bounds[number + 1]], np.int64)
        own = chosen[(chosen >= first_D[number]) & (chosen < first_D[number] + room_D[number])] - first_D[number]
        context, at = begin(model.decoder), 0
        for place in (own * length + length).tolist():
            context, at = read_on(model.decoder, context, ids[at:place]), place
            near = max(0, place - RUN_IN)  # a method that reads anew need not begin at the beginning
            gap = model.medium.cut(model.tokenizer, ids[near:], place - near, place - near + length, most=max(horizon, BEHIND))
            yield gap, context, ids[place : place + length]


def _of_items(model: TrainedModel, file: TokenFile, options: dict[str, Any]) -> Iterator[Case]:
    """The same part of every item that has it."""
    found, missing = False, None
    for begins, ends in itertools.pairwise([*file.starts.tolist(), len(file.ids)]):
        item = model.medium.decode(model.tokenizer, np.asarray(file.ids[begins + 1 : ends], np.int64))
        try:
            gap = model.medium.gapped(model.tokenizer, item, options, model.data).gap([])
        except UsageError as error:
            missing = error
            continue
        found = True
        if (truth := gap.true()) is not None:
            yield gap, begin(model.decoder, gap.before), truth
    if missing is not None and not found:
        raise missing
