"""Gaps: every token of a window is one of a gap that ends a few tokens later, predicted from both of its sides (`model/both_ways.py`).

    window    a b c d e f g h      d is predicted from a b c and, where its gap ends before f, from h g f

So each token is learned from twice: once with the number of tokens that its gap still lacks, once without, where it is asked too whether
the gap is over. The right edges are drawn anew every time, so that gaps are of any length up to `_LONGEST`, and of each power of two about
as many. And it is predicted from what is behind it alone and from what is before it alone, so that either way of reading is learned fast,
and a model says itself what it would know without the other.

Letters: T window, B streams, H hidden, N places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.both_ways import UNKNOWN
from lstmgen.model.gaps import in_gaps
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.state import State
from lstmgen.training.both_ways import ReadBothWays
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.objectives import Asked, Predicting
from lstmgen.training.streams import IGNORED
from lstmgen.training.validation import MakeContext

_LONGEST: Final = 32
_LEAST_BEHIND: Final = 8
"""Tokens behind a gap, unless the item ends there, or the window is short."""
_END_SHARE: Final = 0.12
"""Of what is predicted in gaps of which nobody knows how long they are: they have some seven tokens on average, and an end."""
VALIDATED: Final = 5
"""Tokens of the gaps that are validated."""


def _asked(network: LanguageModel, inputs_TB: Tensor, targets_TB: Tensor, carried: State, copies: int) -> Asked:
    """Every token four times: in a gap of known length, in one of which nobody knows how long it is, from behind it, from before it."""
    del copies
    join = network.join
    if join is None:
        raise ValueError("the network reads from left to right only")
    ahead_TBH, after = network.hidden(inputs_TB, carried)
    following_TB = torch.cat([inputs_TB[1:], targets_TB[-1:].clamp(min=BOUNDARY_ID)])
    place_T1 = torch.arange(len(inputs_TB), device=inputs_TB.device)[:, None]
    column_B = torch.arange(inputs_TB.shape[1], device=inputs_TB.device)
    counted_TB = targets_TB != IGNORED
    length_B = (counted_TB * (place_T1 + 1)).amax(0)
    back_TBH = network.read_back(following_TB, length_B)
    ended_B = following_TB.gather(0, (length_B - 1).clamp(min=0)[None])[0] == BOUNDARY_ID
    behind = min(_LEAST_BEHIND, len(inputs_TB) // 2)
    room_TB = torch.where(ended_B, length_B - 1, length_B - behind) - place_T1
    hidden, targets, ends = [], [], []
    for known in (True, False):
        left_TB, fits_TB = _left(room_TB, ends=not known)
        edge_TB = (place_T1 + left_TB).clamp(max=len(inputs_TB) - 1) * inputs_TB.shape[1] + column_B
        told_TB = left_TB if known else torch.full_like(left_TB, UNKNOWN)
        # A look-up in a table: its gradients are added up in the same order every time, on a GPU too, which those of `gather` are not.
        hidden.append(join(ahead_TBH, F.embedding(edge_TB, back_TBH.flatten(0, 1)), told_TB))
        # A gap holds no border between two items.
        learned_TB = fits_TB & (left_TB > 0) & counted_TB & (following_TB != BOUNDARY_ID)
        targets.append(torch.where(learned_TB, following_TB, IGNORED))
        asked_TB = fits_TB & (left_TB == 0) | learned_TB
        ends.append(torch.where(asked_TB & (not known), (left_TB == 0).long(), IGNORED))
    # What is behind the border of two windows says nothing yet of the token before it.
    before_TB = torch.where(counted_TB & (place_T1 < length_B - 1), following_TB, IGNORED)
    hidden += [back_TBH.roll(-1, 0), ahead_TBH]
    targets += [before_TB, targets_TB]
    ends += [torch.full_like(before_TB, IGNORED)] * 2
    return Asked(hidden=torch.stack(hidden), targets=torch.stack(targets), ends=torch.stack(ends), after=after)


def _left(room_TB: Tensor, *, ends: bool) -> tuple[Tensor, Tensor]:
    """How many tokens of its gap are missing where a token is predicted, itself included, and whether there is room for so many.

    Each power of two is about as frequent. With `ends` there are places where none is missing.
    """
    most_TB = room_TB.clamp(1, _LONGEST)
    left_TB = ((most_TB + 1).log() * torch.rand(room_TB.shape, device=room_TB.device)).exp().long()
    if ends:
        left_TB = left_TB.masked_fill(torch.rand(room_TB.shape, device=room_TB.device) < _END_SHARE, 0)
    return left_TB, room_TB >= left_TB


@dataclass(frozen=True)
class GapValidation(ReadBothWays):
    """The held-out part in gaps of `VALIDATED` tokens, one behind the other, each read with everything else there."""

    def __call__(
        self, network: LanguageModel, *, arithmetic: MakeContext, max_tokens: int | None = None, group: Group = ALONE
    ) -> tuple[float, int]:
        """Sum of surprisals in nats, and the number of tokens counted; the lengths of the gaps are known. One process reads."""
        del group
        nats, counted = 0.0, 0
        for ids_N, nats_N in in_gaps(network, self.items(max_tokens), gap=VALIDATED, arithmetic=arithmetic):
            inside_N = ids_N != BOUNDARY_ID
            if self.told_V is not None:
                inside_N &= ~self.told_V[ids_N]
            nats, counted = nats + float(nats_N[inside_N].sum()), counted + int(inside_N.sum())
        return nats, counted


GAPS = Predicting(asked=_asked, measure=GapValidation)
