"""What stands between the network's logits and the draw: pure functions on float64 logits of shape (V,).

A filter never removes every token: as long as one logit is finite, one stays finite. What is removed has a logit of minus infinity.
Among equals the lowest id goes first, so the same logits always give the same result. The order in which filters apply is data:
`ORDER`. Letters: V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.generation.sampling import Sampling, temperature_at

_REMOVED: Final = -math.inf


@dataclass(frozen=True)
class Moment:
    """What a filter may know of the token to be drawn.

    Attributes:
        position: tokens drawn before it.
        length: tokens that will be drawn at most; None without an end.
        recent: ids that the repetition penalty looks at.
    """

    position: int
    length: int | None
    recent: Collection[int] = ()


Filter = Callable[[Tensor, Moment], Tensor]


def mask(logits_V: Tensor, banned_ids: Tensor) -> Tensor:
    """Removes the banned ids. Where nothing else has any probability, all other ids become equally probable."""
    masked_V = logits_V.index_fill(0, banned_ids, _REMOVED)
    if masked_V.max() == _REMOVED:
        masked_V = torch.zeros_like(logits_V).index_fill(0, banned_ids, _REMOVED)
    return masked_V


def keep(allowed_V: NDArray[np.bool_]) -> Filter:
    """A filter that removes what is not allowed; it comes before all others.

    Where nothing that is allowed has any probability, all of it becomes equally probable.
    """
    banned_ids = torch.from_numpy(np.flatnonzero(~allowed_V))
    return lambda logits_V, _: mask(logits_V, banned_ids)


def repetition_penalty(logits_V: Tensor, recent_ids: Tensor, *, penalty: float) -> Tensor:
    """Divides the positive logits of recent ids by the penalty and multiplies the negative ones with it (Keskar et al. 2019, CTRL)."""
    recent = logits_V[recent_ids]
    return logits_V.index_put((recent_ids,), torch.where(recent > 0, recent / penalty, recent * penalty))


def temperature(logits_V: Tensor, value: float) -> Tensor:
    """Logits divided by the temperature, their maximum moved to 0; at 0 only the most probable token stays.

    The maximum is subtracted first: nothing overflows, however small the temperature or large the logits.
    """
    if value == 0:
        return top_k(logits_V, 1)
    return (logits_V - logits_V.max()) / value


def top_k(logits_V: Tensor, k: int) -> Tensor:
    """Keeps exactly the k most probable tokens (Fan, Lewis and Dauphin 2018), or all when there are not more."""
    if k >= len(logits_V):
        return logits_V
    least = logits_V.topk(k).values[-1]
    equal_V = logits_V == least
    more_V = logits_V > least
    kept_V = more_V | (equal_V & (equal_V.cumsum(0) <= k - more_V.sum()))
    return logits_V.masked_fill(~kept_V, _REMOVED)


def top_p(logits_V: Tensor, p: float) -> Tensor:
    """Keeps the smallest set of most probable tokens whose probabilities sum to at least p (Holtzman et al. 2020, nucleus sampling)."""
    probabilities_V = logits_V.softmax(0)
    return _keep_mass(logits_V, probabilities_V, order=torch.sort(probabilities_V, descending=True, stable=True).indices, mass=p)


def min_p(logits_V: Tensor, share: float) -> Tensor:
    """Keeps tokens whose probability is at least `share` of the most probable token's (Nguyen et al. 2024, arXiv:2407.01082)."""
    if share == 0:
        return logits_V
    return logits_V.masked_fill(logits_V < logits_V.max() + math.log(share), _REMOVED)


def typical_p(logits_V: Tensor, p: float) -> Tensor:
    """Keeps the smallest set of most typical tokens whose probabilities sum to at least p (Meister et al. 2023).

    A token is typical when its surprisal, -log p, is near the entropy, which is the surprisal to be expected.
    """
    log_probabilities_V = logits_V.log_softmax(0)
    probabilities_V = log_probabilities_V.exp()
    entropy = torch.special.entr(probabilities_V).sum()
    distance_V = (entropy + log_probabilities_V).abs()
    return _keep_mass(logits_V, probabilities_V, order=torch.sort(distance_V, stable=True).indices, mass=p)


def _keep_mass(logits_V: Tensor, probabilities_V: Tensor, *, order: Tensor, mass: float) -> Tensor:
    """Keeps tokens in this order until their probabilities sum to at least `mass`; always the first."""
    reached_V = probabilities_V[order].cumsum(0)
    # A token goes when those before it reach the mass; nothing stands before the first.
    return logits_V.index_fill(0, order[1:][reached_V[:-1] >= mass], _REMOVED)


def _penalty_filter(sampling: Sampling) -> Filter | None:
    penalty = sampling.repetition_penalty
    if penalty == 1 or sampling.repeat_last_n == 0:
        return None

    def penalise(logits_V: Tensor, moment: Moment) -> Tensor:
        return repetition_penalty(logits_V, torch.tensor(sorted(set(moment.recent)), dtype=torch.int64), penalty=penalty)

    return penalise


def _temperature_filter(sampling: Sampling) -> Filter | None:
    wanted = sampling.temperature
    if wanted == 1:
        return None
    return lambda logits_V, moment: temperature(logits_V, temperature_at(wanted, moment.position, length=moment.length))


def _top_k_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_V, _: top_k(logits_V, sampling.top_k)) if sampling.top_k else None


def _top_p_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_V, _: top_p(logits_V, sampling.top_p)) if sampling.top_p < 1 else None


def _min_p_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_V, _: min_p(logits_V, sampling.min_p)) if sampling.min_p else None


def _typical_filter(sampling: Sampling) -> Filter | None:
    return (lambda logits_V, _: typical_p(logits_V, sampling.typical_p)) if sampling.typical_p < 1 else None


ORDER: Final[dict[str, Callable[[Sampling], Filter | None]]] = {
    "penalties": _penalty_filter,
    "temperature": _temperature_filter,
    "top-k": _top_k_filter,
    "top-p": _top_p_filter,
    "min-p": _min_p_filter,
    "typical": _typical_filter,
}
"""Every filter by name, in the order in which they apply, behind the mask of what may not come next (`keep`); each builder gives None
where its filter would change nothing."""


def build(sampling: Sampling) -> list[Filter]:
    """The filters that these settings switch on, in order; none at temperature 1 with everything else off."""
    return [wanted for builder in ORDER.values() if (wanted := builder(sampling)) is not None]


def apply(filters: Iterable[Filter], logits_V: Tensor, moment: Moment) -> Tensor:
    """The logits after all filters, one after the other."""
    for each in filters:
        logits_V = each(logits_V, moment)
    return logits_V
