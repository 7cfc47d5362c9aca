"""What stands between the network's logits and the draw: pure functions on float64 logits of shape (V,) or, of many samples, (B, V).

A filter never removes every token: as long as one logit is finite, one stays finite. What is removed has a logit of minus infinity.
Among equals the lowest id goes first, so the same logits always give the same result, and a row gives the same numbers, bit for bit,
whatever the other rows are: only functions are used that round every number by itself, and sums that are taken in order. The order in
which filters apply is data: `ORDER`. Letters: B samples, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmgen.generation.sampling import Sampling, temperature_at
from lstmgen.media.writing import Tempered, Weighed

_REMOVED: Final = -math.inf

Logits = NDArray[np.float64]


class Moment(NamedTuple):
    """What a filter may know of the token to be drawn, of one sample.

    Attributes:
        position: tokens drawn before it.
        length: tokens that will be drawn at most; None without an end.
        recent: ids that the repetition penalty looks at.
        allowed_V: which ids may be drawn; None: all of them.
        heat: by what its temperature is multiplied.
        strict: whether the model was trained to give what may not come no probability.
        tempered: kinds of ids of which one is chosen at a share of the temperature, the same for all samples.
        weighed: kinds of ids that come more or less often than the model expects.
    """

    position: int
    length: int | None
    recent: Collection[int] = ()
    allowed_V: NDArray[np.bool_] | None = None
    heat: float = 1.0
    strict: bool = False
    tempered: Sequence[Tempered] = ()
    weighed: Sequence[Weighed] = ()


Filter = Callable[[Logits, Sequence[Moment]], Logits]
"""Logits of shape (B, V) and a moment for each row -> logits."""


def shifted(logits: Logits) -> Logits:
    """Their maximum moved to 0, which changes no probability; nothing that is made of them overflows."""
    return logits - logits.max(axis=-1, keepdims=True)


def softmax(logits: Logits) -> Logits:
    """Probabilities."""
    weights = np.exp(shifted(logits))
    return weights / weights.cumsum(axis=-1)[..., -1:]


def log_softmax(logits: Logits) -> Logits:
    """Their logarithms."""
    logits = shifted(logits)
    return logits - np.log(np.exp(logits).cumsum(axis=-1)[..., -1:])


def mask(logits: Logits, allowed: NDArray[np.bool_]) -> Logits:
    """Removes what is not allowed. Where nothing that is allowed has any probability, all of it becomes equally probable."""
    masked = np.where(allowed, logits, _REMOVED)
    lost = masked.max(axis=-1, keepdims=True) == _REMOVED
    return np.where(lost & allowed, 0.0, masked) if lost.any() else masked


def keep_allowed(logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
    """The filter that comes before all others: removes what may not come next."""
    first, *others = (moment.allowed_V for moment in moments)
    if all(other is first for other in others):
        return logits_BV if first is None else mask(logits_BV, first)
    everything = np.ones(logits_BV.shape[-1], dtype=np.bool_)
    return mask(logits_BV, np.stack([everything if moment.allowed_V is None else moment.allowed_V for moment in moments]))


def weigh(logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
    """The filter behind that: some ids come more or less often than the model expects."""
    if not any(moment.weighed for moment in moments):
        return logits_BV
    changed_BV = logits_BV.copy()
    for logits_V, moment in zip(changed_BV, moments, strict=True):
        for weighed in moment.weighed:
            before_I = logits_V[weighed.ids]
            if before_I.max() > _REMOVED:
                after_I = before_I + weighed.by_I
                logits_V[weighed.ids] = after_I + (_log_total(before_I) - _log_total(after_I) if weighed.together else 0.0)
    return changed_BV


def _log_total(logits_I: Logits) -> float:
    """The logarithm of the sum of their exponentials."""
    return float(logits_I.max() + np.log(np.exp(shifted(logits_I)).cumsum()[-1]))


def temper_kinds(logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
    """The filter behind that: which of the ids of a kind comes has a temperature of its own, and whether one of them does has not."""
    for tempered in moments[0].tempered:
        of_BI, changed_BV = logits_BV[:, tempered.ids], logits_BV.copy()
        some_B = of_BI.max(axis=1) > _REMOVED
        of_BI = of_BI[some_B]
        together_B1 = of_BI.max(axis=1, keepdims=True) + np.log(np.exp(shifted(of_BI)).cumsum(axis=1)[:, -1:])
        changed_BV[np.ix_(some_B, tempered.ids)] = together_B1 + log_softmax(temperature(of_BI, tempered.share))
        logits_BV = changed_BV
    return logits_BV


def heed_heat(logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
    """The filter behind that: samples that are to be more certain than usual are cooled, and all others stay as they are."""
    heats = [moment.heat for moment in moments]
    if all(heat == 1 for heat in heats):
        return logits_BV
    heat_B1 = np.array(heats)[:, None]
    return np.where(heat_B1 == 1, logits_BV, temperature(logits_BV, heat_B1))


def repetition_penalty(logits_V: Logits, recent_ids: Sequence[int], *, penalty: float) -> Logits:
    """Divides the positive logits of recent ids by the penalty and multiplies the negative ones with it (Keskar et al. 2019, CTRL)."""
    ids = np.array(recent_ids, dtype=np.int64)
    recent, changed_V = logits_V[ids], logits_V.copy()
    changed_V[ids] = np.where(recent > 0, recent / penalty, recent * penalty)
    return changed_V


def temperature(logits: Logits, value: float | Logits) -> Logits:
    """Logits divided by the temperature, their maximum moved to 0; at 0 only the most probable token stays.

    The maximum is subtracted first: nothing overflows, however small the temperature or large the logits. An array of shape (B, 1) holds
    a temperature for each sample.
    """
    if isinstance(value, np.ndarray):
        greedy = value == 0
        cooled = shifted(logits) / np.where(greedy, 1.0, value)
        return np.where(greedy, top_k(logits, 1), cooled) if greedy.any() else cooled
    return top_k(logits, 1) if value == 0 else shifted(logits) / value


def top_k(logits: Logits, k: int) -> Logits:
    """Keeps exactly the k most probable tokens (Fan, Lewis and Dauphin 2018), or all when there are not more."""
    place = logits.shape[-1] - k
    if place <= 0:
        return logits
    least = np.partition(logits, place, axis=-1)[..., place : place + 1]
    equal, more = logits == least, logits > least
    kept = more | (equal & (equal.cumsum(axis=-1) <= k - more.sum(axis=-1, keepdims=True)))
    return np.where(kept, logits, _REMOVED)


def top_p(logits: Logits, p: float) -> Logits:
    """Keeps the smallest set of most probable tokens whose probabilities sum to at least p (Holtzman et al. 2020, nucleus sampling)."""
    probabilities = softmax(logits)
    return _keep_mass(logits, probabilities, order=np.argsort(-probabilities, axis=-1, kind="stable"), mass=p)


def min_p(logits: Logits, share: float) -> Logits:
    """Keeps tokens whose probability is at least `share` of the most probable token's (Nguyen et al. 2024, arXiv:2407.01082)."""
    if share == 0:
        return logits
    return np.where(logits < logits.max(axis=-1, keepdims=True) + math.log(share), _REMOVED, logits)


def typical_p(logits: Logits, p: float) -> Logits:
    """Keeps the smallest set of most typical tokens whose probabilities sum to at least p (Meister et al. 2023).

    A token is typical when its surprisal, -log p, is near the entropy, which is the surprisal to be expected.
    """
    log_probabilities, probabilities = log_softmax(logits), softmax(logits)
    # What is impossible adds nothing; added up in order, so that a row does not depend on the others.
    entropy = -(probabilities * np.maximum(log_probabilities, -1e300)).cumsum(axis=-1)[..., -1:]
    return _keep_mass(logits, probabilities, order=np.argsort(abs(entropy + log_probabilities), axis=-1, kind="stable"), mass=p)


def _keep_mass(logits: Logits, probabilities: Logits, *, order: NDArray[np.int64], mass: float) -> Logits:
    """Keeps tokens in this order until their probabilities sum to at least `mass`; always the first."""
    reached = np.take_along_axis(probabilities, order, axis=-1).cumsum(axis=-1)
    # A token goes when those before it reach the mass; nothing stands before the first.
    gone, gone_in_order = (np.zeros(order.shape, dtype=np.bool_) for _ in range(2))
    gone_in_order[..., 1:] = reached[..., :-1] >= mass
    np.put_along_axis(gone, order, gone_in_order, axis=-1)
    return np.where(gone, _REMOVED, logits)


def _penalty_filter(sampling: Sampling) -> Filter | None:
    penalty = sampling.repetition_penalty
    if penalty == 1 or sampling.repeat_last_n == 0:
        return None

    def penalise(logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
        recent = (sorted(set(moment.recent)) for moment in moments)
        return np.stack([repetition_penalty(logits_V, ids, penalty=penalty) for logits_V, ids in zip(logits_BV, recent, strict=True)])

    return penalise


def _temperature_filter(sampling: Sampling) -> Filter | None:
    wanted = sampling.temperature
    if wanted == 1:
        return None
    if isinstance(wanted, (int, float)):
        return lambda logits_BV, _: temperature(logits_BV, wanted)

    def cool(logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
        values = [temperature_at(wanted, moment.position, length=moment.length) for moment in moments]
        same = all(value == values[0] for value in values)
        return temperature(logits_BV, values[0] if same else np.array(values)[:, None])

    return cool


def _top_k_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_BV, _: top_k(logits_BV, sampling.top_k)) if sampling.top_k else None


def _top_p_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_BV, _: top_p(logits_BV, sampling.top_p)) if sampling.top_p < 1 else None


def _min_p_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_BV, _: min_p(logits_BV, sampling.min_p)) if sampling.min_p else None


def _typical_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_BV, _: typical_p(logits_BV, sampling.typical_p)) if sampling.typical_p < 1 else None


ORDER: Final[dict[str, Callable[[Sampling], Filter | None]]] = {
    "penalties": _penalty_filter,
    "temperature": _temperature_filter,
    "top-k": _top_k_filter,
    "top-p": _top_p_filter,
    "min-p": _min_p_filter,
    "typical": _typical_filter,
}
"""Every filter by name, in the order in which they apply, behind `keep_allowed`; each builder gives None
where its filter would change nothing."""


def build(sampling: Sampling) -> list[Filter]:
    """The filters that these settings switch on, in order; none at temperature 1 with everything else off."""
    return [wanted for builder in ORDER.values() if (wanted := builder(sampling)) is not None]


def apply(filters: Iterable[Filter], logits_BV: Logits, moments: Sequence[Moment]) -> Logits:
    """The logits after all filters, one after the other, behind those of what is allowed and of how certain it is to be."""
    with np.errstate(over="ignore"):  # by a temperature near 0 what is less probable goes to minus infinity
        for each in (keep_allowed, weigh, temper_kinds, heed_heat, *filters):
            logits_BV = each(logits_BV, moments)
    return logits_BV
