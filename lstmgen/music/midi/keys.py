"""Keys that go down and up: the notes of a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.lanes import is_new

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys that went down, in the order of the file: N notes among E events.

    Attributes:
        begin_N: index of the event that begins the note.
        end_N: index of the event that ends it, -1 where none does.
        not_begun: how many keys went up that were not down.
    """

    begin_N: Ints
    end_N: Ints
    not_begun: int


def pair_keys(group_E: Ints, down_E: NDArray[np.bool_], *, may_be_over_E: NDArray[np.bool_]) -> Keys:
    """Pairs the events of keys: one that goes up ends the earliest note of its group that still sounds.

    Args:
        group_E: what is paired with what: a pitch of a channel of a track, as a number of at least 0.
        down_E: whether the key goes down.
        may_be_over_E: of which ends it is no wonder that they find nothing to end.
    """
    # Events of one group side by side, each group in the order of the file. `depth` counts how many of its notes sound.
    order = np.argsort(group_E.astype(np.min_scalar_type(int(group_E.max(initial=0)))), kind="stable")
    down = down_E[order]
    is_first = is_new(group_E[order])
    group, group_begins = np.cumsum(is_first) - 1, np.flatnonzero(is_first)
    total = np.cumsum(np.where(down, 1, -1))
    depth = total - (total - np.where(down, 1, -1))[group_begins][group]
    # An end finds nothing whenever the depth falls lower than ever before, and below zero.
    span = len(order) + 1
    deepest = np.maximum(np.maximum.accumulate(group * span - depth) - group * span, 0)
    fell = deepest > 0
    fell[1:] &= is_first[1:] | (deepest[1:] > deepest[:-1])
    up = ~down & ~fell

    # Of every group the n-th end belongs to the n-th beginning.
    begins, ends = np.flatnonzero(down), np.flatnonzero(up)
    ahead = (np.cumsum(down) - down - np.cumsum(up) + up)[group_begins]
    owner = begins[np.arange(len(ends)) + ahead[group[ends]]]
    end_E = np.full(len(order), -1, np.int64)
    end_E[order[owner]] = order[ends]
    begin_N = np.flatnonzero(down_E)
    return Keys(begin_N=begin_N, end_N=end_E[begin_N], not_begun=int((fell & ~may_be_over_E[order]).sum()))
