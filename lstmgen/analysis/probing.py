"""Which unit follows a feature: found on the first half of what was read, verified on the second (Karpathy, Johnson and Fei-Fei 2015).

A yes or no is followed as well as the unit tells the two apart: by the area under the ROC curve, 0.5 for a unit that knows nothing. A
number is followed as well as the unit is correlated with it. Among hundreds of units some follow anything on the half on which they are
chosen, and a network that has learned nothing carries traces of its input too: so the second half counts, and beside it what the same
search finds in an untrained network.

Letters: T tokens, U units.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.analysis.trace import Trace
from lstmgen.errors import InputError

_SEARCHED: Final = 8_192
"""Tokens of the first half that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Find:
    """A unit that follows a feature.

    Attributes:
        layer: from 0 on.
        quantity: which of its numbers.
        unit: from 0 on.
        found: how well on the first half: an area from 0.5 to 1, or a correlation from 0 to 1.
        verified: how well on the second half, in the same direction; below 0.5, or below 0, it is the opposite there.
        rising: whether it is high where the feature is yes, or high.
        high: its mean on the second half where the feature is yes, or above its median; where nothing is, at its median.
        low: its mean there where it is not.
    """

    layer: int
    quantity: str
    unit: int
    found: float
    verified: float
    rising: bool
    high: float
    low: float


def best_units(trace: Trace, feature_T: NDArray[np.float64], *, yes_or_no: bool, top: int) -> list[Find]:
    """The units that follow a feature best on the first half, in falling order.

    Args:
        trace: what was read.
        feature_T: the feature at each token; NaN where there is none to speak of.
        yes_or_no: whether it is 1 or 0, and no number.
        top: how many units.

    Raises:
        InputError: the feature is everywhere the same in one of the halves.
    """
    known = np.flatnonzero(np.isfinite(feature_T))
    halves = np.array_split(known, 2)
    for half, name in zip(halves, ("first", "second"), strict=True):
        if not len(half) or np.ptp(feature_T[half]) == 0:
            raise InputError(
                f"in the {name} half of what was read the feature is everywhere the same, so that no unit can be told by it",
                remedy="give a longer text, or more of it with --first",
            )
    first, second = halves
    searched = first[:: -(-len(first) // _SEARCHED)]
    if np.ptp(feature_T[searched]) == 0:
        searched = first
    score = _areas if yes_or_no else _correlations
    scores = {place: score(series_TU[searched], feature_T[searched]) for place, series_TU in trace.values.items()}
    candidates = ((-abs(value), place, unit) for place, values in scores.items() for unit, value in enumerate(values.tolist()))
    ranked = heapq.nsmallest(top, candidates)
    return [_find(trace, feature_T, first, second, (*place, unit), yes_or_no=yes_or_no) for _, place, unit in ranked]


def _find(
    trace: Trace,
    feature_T: NDArray[np.float64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    where: tuple[int, str, int],
    *,
    yes_or_no: bool,
) -> Find:
    layer, quantity, unit = where
    series_T = trace.values[layer, quantity][:, unit].astype(np.float64)
    score = _areas if yes_or_no else _correlations
    found, verified = (float(score(series_T[half, None], feature_T[half])[0]) for half in (first, second))
    sign = 1 if found >= 0 else -1
    offset = 0.5 if yes_or_no else 0.0
    middle = 0.5 if yes_or_no else np.median(feature_T[second])
    high = feature_T[second] > middle
    if not high.any():  # of a number that is mostly as large as it gets
        high = feature_T[second] >= middle
    return Find(
        layer=layer,
        quantity=quantity,
        unit=unit,
        found=offset + sign * found,
        verified=offset + sign * verified,
        rising=sign > 0,
        high=float(series_T[second][high].mean()),
        low=float(series_T[second][~high].mean()),
    )


def _areas(series_TU: NDArray[np.floating], yes_T: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area under the ROC curve of each unit, less 0.5; ties count half."""
    yes = yes_T > 0.5
    return np.array([_area(series_T[yes], series_T[~yes]) - 0.5 for series_T in series_TU.T])


def _area(where_yes: NDArray[np.floating], where_no: NDArray[np.floating]) -> float:
    ordered = np.sort(where_no)
    below, up_to = (np.searchsorted(ordered, where_yes, side=side).mean() for side in ("left", "right"))
    return float(below + up_to) / (2 * len(ordered))


def _correlations(series_TU: NDArray[np.floating], number_T: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's r of each unit; 0 of one that never changes."""
    units_TU = series_TU.astype(np.float64) - series_TU.mean(0, dtype=np.float64)
    number_T = number_T - number_T.mean()
    scale_U = np.sqrt((units_TU**2).sum(0) * (number_T**2).sum())
    return np.where(scale_U > 0, number_T @ units_TU / np.where(scale_U > 0, scale_U, 1), 0.0)
