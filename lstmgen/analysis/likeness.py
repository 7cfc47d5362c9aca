"""Whether samples are like what was learned: each statistic of them beside the corpus, and how far the corpus lies from itself.

How far two groups of items lie apart in a ratio is the difference of their ratios, in a distribution the share that would have to move
(the total variation distance). A corpus is cut at random into a part of as many items as there are samples, at most half of it, and the
rest; what most such parts do not exceed is its own spread. A part of the corpus lies outside of it in some statistics too, so it is told in
how many most parts do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import InputError
from lstmgen.media.statistics import ABOUT, FEWEST_PEERS, Counts, Extent, Statistic

_CUTS: Final = 200
_MOST: Final = 0.95
"""Share of the cuts that lie within the spread."""
_NEARLY: Final = 1e-9


Sums = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Peers:
    """What of a corpus samples are compared with: what is about as long as they are; where that is little, how all of it begins.

    Attributes:
        items: how many.
        unit: in which their lengths are told.
        low: the least length that they have, as what is about as long.
        high: the greatest.
        seen: how much is seen of each; None: the whole.
        usual: in so many statistics, or more, 95 of 100 random parts of them lie no farther from the rest than the spread says. Samples
            that could be theirs have no fewer; None where there are no parts.
    """

    items: int
    unit: str
    low: float = 0.0
    high: float = math.inf
    seen: Extent | None = None
    usual: int | None = None

    @staticmethod
    def of(samples: Sequence[Extent], corpus: Sequence[Extent]) -> Peers:
        """The peers among a corpus of items of these lengths."""
        if not samples:
            return Peers(items=len(corpus), unit="")
        amounts, unit = [sample.amount for sample in samples], samples[0].unit
        near = Peers(items=0, unit=unit, low=min(amounts) / ABOUT, high=max(amounts) * ABOUT)
        count = sum(near.hold(extent) for extent in corpus)
        return replace(near, items=count) if count >= FEWEST_PEERS else Peers(items=len(corpus), unit=unit, seen=Extent(max(amounts), unit))

    def hold(self, extent: Extent) -> bool:
        """Whether an item of this length is one of them."""
        return self.low <= extent.amount <= self.high

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        seen = None if self.seen is None else self.seen.amount
        high = None if math.isinf(self.high) else self.high
        return {"items": self.items, "unit": self.unit, "low": self.low, "high": high, "seen": seen, "usual": self.usual}


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """One statistic of samples and of a corpus.

    Attributes:
        statistic: which.
        samples: the ratio, or the share of each part; None where there is nothing to count.
        corpus: the same of the corpus.
        difference: how far they lie apart; None where one of them is missing.
        peers: what of the corpus that is.
        spread: how far 95 of 100 random parts of the corpus lie from the rest of it, at most; None where it cannot be cut.
    """

    statistic: Statistic
    samples: Sums | None
    corpus: Sums | None
    difference: float | None
    spread: float | None
    peers: Peers

    @property
    def outside(self) -> bool:
        """Whether the samples lie farther from the corpus than the corpus from itself."""
        return self.difference is not None and self.spread is not None and self.difference > self.spread + _NEARLY

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "statistic": self.statistic.name,
            "samples": self._plain(self.samples),
            "corpus": self._plain(self.corpus),
            "difference": self.difference,
            "spread": self.spread,
            "outside": self.outside,
        }

    def _plain(self, values: Sums | None) -> Any:
        if values is None:
            return None
        parts = self.statistic.parts
        return dict(zip(parts, values.tolist(), strict=True)) if parts else float(values[0])


def likenesses(
    statistics: Sequence[Statistic], samples: Sequence[Counts], corpus: Sequence[Counts], *, peers: Peers | None = None, seed: int = 0
) -> list[Likeness]:
    """Every statistic of the samples beside the corpus, or its peers in it.

    Raises:
        InputError: there is nothing to compare.
    """
    if not samples or not corpus:
        raise InputError("there is nothing to compare", remedy="name files, or draw with --num-samples 50")
    random, count = np.random.default_rng(seed), len(corpus)
    size = min(len(samples), count // 2)
    cuts = [random.permutation(count) for _ in range(_CUTS)] if size else []
    found: list[Likeness] = []
    inside_C = np.zeros(len(cuts), np.int64)
    for each in statistics:
        ours, theirs = _stacked(each, samples), _stacked(each, corpus)
        apart = [_apart(each, theirs[cut[:size]], theirs[cut[size:]]) for cut in cuts]
        known = [value for value in apart if value is not None]
        spread = float(np.quantile(known, _MOST)) if known else None
        inside_C += np.array([value is None or spread is None or value <= spread + _NEARLY for value in apart], np.int64)
        found.append(
            Likeness(
                statistic=each,
                samples=_value(each, ours),
                corpus=_value(each, theirs),
                difference=_apart(each, ours, theirs),
                spread=spread,
                peers=peers or Peers(items=len(corpus), unit=""),
            )
        )
    usual = int(np.quantile(inside_C, 1 - _MOST, method="lower")) if cuts else None
    return [replace(each, peers=replace(each.peers, usual=usual)) for each in found]


def _stacked(statistic: Statistic, counts: Iterable[Counts]) -> Sums:
    return np.stack([each[statistic.name] for each in counts])


def _value(statistic: Statistic, rows: Sums) -> Sums | None:
    """The shares of the parts, or the ratio as an array of one; None where nothing was counted."""
    sums = rows.sum(0)
    total = float(sums.sum() if statistic.parts else sums[1])
    if not total:
        return None
    return sums / total if statistic.parts else sums[:1] / total


def _apart(statistic: Statistic, ours: Sums, theirs: Sums) -> float | None:
    one, other = _value(statistic, ours), _value(statistic, theirs)
    if one is None or other is None:
        return None
    return float(1 - np.minimum(one, other).sum()) if statistic.parts else abs(float(one[0] - other[0]))
