"""Labels of tokens, from what is before and behind them: case and punctuation of text (`media/text/tagged.py`).

Each label is learned three times: from both directions joined, from each alone. So one direction says itself how much it knows without
the other, and both learn faster. Where marks may stand it is learned once more, from what is before the mark: the character behind it is
a bit of the future too.

Letters: T window, B streams, N tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from lstmgen.choices import MARKS
from lstmgen.choices import TAGS as LABELS
from lstmgen.ids import BOUNDARY_ID, labels_of, symbols_of
from lstmgen.model.labelling import early, joined, labelled
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.state import State
from lstmgen.training.both_ways import ReadBothWays
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.objectives import Asked, Predicting
from lstmgen.training.streams import IGNORED
from lstmgen.training.validation import MakeContext

_LEAST_BEHIND: Final = 8
"""Tokens behind one whose label is learned from what is behind it, unless the item ends there, or the window is short."""

_FIRST_MARK: Final = LABELS.index(MARKS[0])
"""Labels from this one on are marks, which stand before what carries them."""


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
    symbols_TB = symbols_of(inputs_TB, network.architecture.labels)
    carriers_TTB = (symbols_TB[:, None] == symbols_TB) & (labels_TB >= _FIRST_MARK)
    early_TB = torch.where(carriers_TTB.any(1), labels_TB, IGNORED)
    early_TB[0] = IGNORED  # what is before it was read in the window before
    behind = min(_LEAST_BEHIND, len(inputs_TB) // 2)
    seen_TB = torch.where(ended_B | (place_T1 < length_B - behind), labels_TB, IGNORED)
    hidden = torch.stack([joined(network, ahead_TBH, back_TBH), back_TBH, ahead_TBH, early(network, ahead_TBH)])
    return Asked(hidden=hidden, targets=torch.stack([seen_TB, seen_TB, labels_TB, early_TB]), after=after)


@dataclass(frozen=True)
class TagValidation(ReadBothWays):
    """The labels of the held-out part, from both of their sides."""

    def __call__(
        self, network: LanguageModel, *, arithmetic: MakeContext, max_tokens: int | None = None, group: Group = ALONE
    ) -> tuple[float, int]:
        """Sum of surprisals of labels in nats, and their number. One process reads."""
        del group
        nats, counted, items = 0.0, 0, self.items(max_tokens)
        for number, found in labelled(network, items, arithmetic=arithmetic):
            ids, begin, end = items[number]
            ids_N = ids[begin:end]
            found_N = np.take_along_axis(found.both, labels_of(ids_N, network.architecture.labels)[:, None], 1)[:, 0]
            inside_N = ids_N != BOUNDARY_ID
            nats, counted = nats - float(found_N[inside_N].sum(dtype=np.float64)), counted + int(inside_N.sum())
        return nats, counted


TAGS = Predicting(asked=_asked, measure=TagValidation)
