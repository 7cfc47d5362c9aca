"""What a network may be trained for: what is predicted from a window, and how good it is at that on what it does not learn from.

`choices.OBJECTIVES` is the table; nothing else lists them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from lstmgen.choices import OBJECTIVES
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.state import State
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.streams import IGNORED
from lstmgen.training.validation import MakeContext, Validation


class Measure(Protocol):
    """The held-out part, and how it is read."""

    @property
    def positions(self) -> int:
        """Tokens that could be counted, boundaries included."""
        ...

    def __call__(
        self, network: LanguageModel, *, arithmetic: MakeContext, max_tokens: int | None = None, group: Group = ALONE
    ) -> tuple[float, int]:
        """Sum of surprisals in nats, and the number of tokens counted; `max_tokens` are about enough."""
        ...


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of a window is to be predicted; the letters `...` stand for places in any arrangement.

    Attributes:
        hidden: what the head makes logits of, of shape (..., H).
        targets: ids of shape (...), or `IGNORED`.
        ends: whether a gap ends at a place, 1 or 0, or `IGNORED` where that is not asked; None: nowhere.
        after: the state behind the window.
    """

    hidden: Tensor
    targets: Tensor
    after: State
    ends: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Predicting:
    """An objective.

    Attributes:
        asked: (network, inputs_TB, targets_TB, state, columns that are rearranged copies) -> what is to be predicted.
        measure: (ids, starts of items that are read apart, ids that a model is told, whether ends count) -> how it is validated.
    """

    asked: Callable[[LanguageModel, Tensor, Tensor, State, int], Asked]
    measure: Callable[..., Measure]


def objective_of(name: str) -> Predicting:
    """The record of an objective."""
    home, _, record = OBJECTIVES[name].home.partition(":")
    found: Any = getattr(importlib.import_module(home), record)
    return found


def _next(network: LanguageModel, inputs_TB: Tensor, targets_TB: Tensor, carried: State, copies: int) -> Asked:
    """Every token, from those before it, and of copies whether the gap is over; a target behind the vocabulary says that it is."""
    hidden_TBH, after = network.hidden(inputs_TB, carried)
    if network.end is None:
        return Asked(hidden=hidden_TBH, targets=targets_TB, after=after)
    over_TB = targets_TB == network.architecture.vocab_size
    ends_TB = torch.where(targets_TB == IGNORED, IGNORED, over_TB.long())
    ends_TB[:, : inputs_TB.shape[1] - copies] = IGNORED
    return Asked(hidden=hidden_TBH, targets=targets_TB.masked_fill(over_TB, IGNORED), ends=ends_TB, after=after)


NEXT = Predicting(asked=_next, measure=Validation)
