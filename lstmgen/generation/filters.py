"""What stands between the network's logits and the draw: pure functions on float64 logits of shape (V,) or, of many samples, (B, V).

A filter never removes every token: as long as one logit is finite, one stays finite. What is removed has a logit of minus infinity.
Among equals the lowest id goes first, so the same logits always give the same result, and a row gives the same numbers, bit for bit,
whatever the other rows are: only functions are used that torch takes row by row, or that round every number by itself. The order in
which filters apply is data: `ORDER`. Letters: B samples, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.generation.sampling import Sampling, temperature_at

_REMOVED: Final = -math.inf


class Moment(NamedTuple):
    """What a filter may know of the token to be drawn, of one sample.

    Attributes:
        position: tokens drawn before it.
        length: tokens that will be drawn at most; None without an end.
        recent: ids that the repetition penalty looks at.
        allowed_V: which ids may be drawn; None: all of them.
        heat: by what its temperature is multiplied.
    """

    position: int
    length: int | None
    recent: Collection[int] = ()
    allowed_V: NDArray[np.bool_] | None = None
    heat: float = 1.0


Filter = Callable[[Tensor, Sequence[Moment]], Tensor]
"""Logits of shape (B, V) and a moment for each row -> logits."""


def mask(logits: Tensor, allowed: Tensor) -> Tensor:
    """Removes what is not allowed. Where nothing that is allowed has any probability, all of it becomes equally probable."""
    masked = logits.masked_fill(~allowed, _REMOVED)
    lost = masked.amax(-1, keepdim=True) == _REMOVED
    if not lost.is_cuda and not lost.any():  # to ask a GPU takes longer than to do it
        return masked
    return torch.where(lost, torch.zeros_like(logits).masked_fill(~allowed, _REMOVED), masked)


def keep_allowed(logits_BV: Tensor, moments: Sequence[Moment]) -> Tensor:
    """The filter that comes before all others: removes what may not come next."""
    first, *others = (moment.allowed_V for moment in moments)
    if all(other is first for other in others):
        return logits_BV if first is None else mask(logits_BV, torch.from_numpy(first.copy()))
    everything = np.ones(logits_BV.shape[-1], dtype=np.bool_)
    allowed_BV = np.stack([everything if moment.allowed_V is None else moment.allowed_V for moment in moments])
    return mask(logits_BV, torch.from_numpy(allowed_BV))


def heed_heat(logits_BV: Tensor, moments: Sequence[Moment]) -> Tensor:
    """The filter behind that: samples that are to be more certain than usual are cooled, and all others stay as they are."""
    heats = [moment.heat for moment in moments]
    if all(heat == 1 for heat in heats):
        return logits_BV
    heat_B1 = torch.tensor(heats, dtype=logits_BV.dtype).unsqueeze(1)
    return torch.where(heat_B1 == 1, logits_BV, temperature(logits_BV, heat_B1))


def repetition_penalty(logits_V: Tensor, recent_ids: Tensor, *, penalty: float) -> Tensor:
    """Divides the positive logits of recent ids by the penalty and multiplies the negative ones with it (Keskar et al. 2019, CTRL)."""
    recent = logits_V[recent_ids]
    return logits_V.index_put((recent_ids,), torch.where(recent > 0, recent / penalty, recent * penalty))


def temperature(logits: Tensor, value: float | Tensor) -> Tensor:
    """Logits divided by the temperature, their maximum moved to 0; at 0 only the most probable token stays.

    The maximum is subtracted first: nothing overflows, however small the temperature or large the logits. A tensor of shape (B, 1) holds
    a temperature for each sample.
    """
    if isinstance(value, Tensor):
        greedy = value == 0
        cooled = (logits - logits.amax(-1, keepdim=True)) / value.masked_fill(greedy, 1.0)
        return torch.where(greedy, top_k(logits, 1), cooled) if greedy.any() else cooled
    return top_k(logits, 1) if value == 0 else (logits - logits.amax(-1, keepdim=True)) / value


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keeps exactly the k most probable tokens (Fan, Lewis and Dauphin 2018), or all when there are not more."""
    if k >= logits.shape[-1]:
        return logits
    least = logits.topk(k).values[..., -1:]
    equal, more = logits == least, logits > least
    kept = more | (equal & (equal.cumsum(-1) <= k - more.sum(-1, keepdim=True)))
    return logits.masked_fill(~kept, _REMOVED)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keeps the smallest set of most probable tokens whose probabilities sum to at least p (Holtzman et al. 2020, nucleus sampling)."""
    probabilities = logits.softmax(-1)
    return _keep_mass(logits, probabilities, order=torch.sort(probabilities, descending=True, stable=True).indices, mass=p)


def min_p(logits: Tensor, share: float) -> Tensor:
    """Keeps tokens whose probability is at least `share` of the most probable token's (Nguyen et al. 2024, arXiv:2407.01082)."""
    if share == 0:
        return logits
    return logits.masked_fill(logits < logits.amax(-1, keepdim=True) + math.log(share), _REMOVED)


def typical_p(logits: Tensor, p: float) -> Tensor:
    """Keeps the smallest set of most typical tokens whose probabilities sum to at least p (Meister et al. 2023).

    A token is typical when its surprisal, -log p, is near the entropy, which is the surprisal to be expected.
    """
    log_probabilities, probabilities = logits.log_softmax(-1), logits.softmax(-1)
    # What is impossible adds nothing; added up in order, so that a row does not depend on the others.
    entropy = -(probabilities * log_probabilities.clamp_min(-1e300)).cumsum(-1)[..., -1:]
    distance = (entropy + log_probabilities).abs()
    return _keep_mass(logits, probabilities, order=torch.sort(distance, stable=True).indices, mass=p)


def _keep_mass(logits: Tensor, probabilities: Tensor, *, order: Tensor, mass: float) -> Tensor:
    """Keeps tokens in this order until their probabilities sum to at least `mass`; always the first."""
    reached = probabilities.gather(-1, order).cumsum(-1)
    # A token goes when those before it reach the mass; nothing stands before the first.
    gone = torch.zeros_like(order, dtype=torch.bool)
    gone[..., 1:] = reached[..., :-1] >= mass
    return logits.masked_fill(torch.zeros_like(gone).scatter(-1, order, gone), _REMOVED)


def _penalty_filter(sampling: Sampling) -> Filter | None:
    penalty = sampling.repetition_penalty
    if penalty == 1 or sampling.repeat_last_n == 0:
        return None

    def penalise(logits_BV: Tensor, moments: Sequence[Moment]) -> Tensor:
        ids = (torch.tensor(sorted(set(moment.recent)), dtype=torch.int64) for moment in moments)
        return torch.stack([repetition_penalty(logits_V, recent, penalty=penalty) for logits_V, recent in zip(logits_BV, ids, strict=True)])

    return penalise


def _temperature_filter(sampling: Sampling) -> Filter | None:
    wanted = sampling.temperature
    if wanted == 1:
        return None
    if isinstance(wanted, (int, float)):
        return lambda logits_BV, _: temperature(logits_BV, wanted)

    def cool(logits_BV: Tensor, moments: Sequence[Moment]) -> Tensor:
        values = [temperature_at(wanted, moment.position, length=moment.length) for moment in moments]
        same = all(value == values[0] for value in values)
        return temperature(logits_BV, values[0] if same else torch.tensor(values, dtype=logits_BV.dtype).unsqueeze(1))

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


def apply(filters: Iterable[Filter], logits_BV: Tensor, moments: Sequence[Moment]) -> Tensor:
    """The logits after all filters, one after the other, behind those of what is allowed and of how certain it is to be."""
    for each in (keep_allowed, heed_heat, *filters):
        logits_BV = each(logits_BV, moments)
    return logits_BV
