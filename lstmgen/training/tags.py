"""Labels of tokens, from what is before and behind them: case and punctuation of text (`media/text/tagged.py`).

Each label is learned three times: from both directions joined, from each alone. So one direction says itself how much it knows without
the other, and both learn faster.

Letters: T window, B streams, N tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.labelling import joined, labelled
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.state import State
from lstmgen.model.tags import labels_of
from lstmgen.training.both_ways import ReadBothWays
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.objectives import Asked, Predicting
from lstmgen.training.streams import IGNORED
from lstmgen.training.validation import MakeContext

_LEAST_BEHIND: Final = 8
"""Tokens behind one whose label is learned from what is behind it, unless the item ends there, or the window is short."""


def _asked(network: LanguageModel, inputs_TB: Tensor, targets_TB: Tensor, carried: State, copies: int) -> Asked:
    """The label of every token that was read."""
    del copies
    place_T1 = torch.arange(len(inputs_TB), device=inputs_TB.device)[:, None]
    read_TB = targets_TB != IGNORED
    length_B = (read_TB * (place_T1 + 1)).amax(0)
    ahead_TBH, after = network.hidden(inputs_TB, carried)
    back_TBH = network.read_back(inputs_TB, length_B)
    labels_TB = torch.where(read_TB & (inputs_TB != BOUNDARY_ID), labels_of(inputs_TB, network.architecture.labels), IGNORED)
    ended_B = targets_TB.gather(0, (length_B - 1).clamp(min=0)[None])[0] == BOUNDARY_ID
    behind = min(_LEAST_BEHIND, len(inputs_TB) // 2)
    seen_TB = torch.where(ended_B | (place_T1 < length_B - behind), labels_TB, IGNORED)
    hidden = torch.stack([joined(network, ahead_TBH, back_TBH), back_TBH, ahead_TBH])
    return Asked(hidden=hidden, targets=torch.stack([seen_TB, seen_TB, labels_TB]), after=after)


@dataclass(frozen=True)
class TagValidation(ReadBothWays):
    """The labels of the held-out part, from both of their sides."""

    def __call__(
        self, network: LanguageModel, *, arithmetic: MakeContext, max_tokens: int | None = None, group: Group = ALONE
    ) -> tuple[float, int]:
        """Sum of surprisals of labels in nats, and their number. One process reads."""
        del group
        nats, counted, items = 0.0, 0, self.items(max_tokens)
        for number, _, both_NL in labelled(network, items, arithmetic=arithmetic):
            ids, begin, end = items[number]
            ids_N = ids[begin:end]
            found_N = np.take_along_axis(both_NL, labels_of(ids_N, network.architecture.labels)[:, None], 1)[:, 0]
            inside_N = ids_N != BOUNDARY_ID
            nats, counted = nats - float(found_N[inside_N].sum(dtype=np.float64)), counted + int(inside_N.sum())
        return nats, counted


TAGS = Predicting(asked=_asked, measure=TagValidation)
