"""Tokens in gaps: as they are drawn, and under a network that reads both ways over whole items, for figures.

Letters: T tokens, B items or lanes side by side, N tokens in gaps, H hidden, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.model.both_ways import UNKNOWN
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.reading import inference

_TOKENS: Final = 2**15
"""That are read at a time."""


def in_gaps(
    network: LanguageModel,
    items: Sequence[tuple[Ids, int, int]],
    *,
    gap: int,
    known: bool = True,
    arithmetic: Callable[[], AbstractContextManager] = nullcontext,
) -> Iterator[tuple[Ids, NDArray[np.float64]]]:
    """The surprisals in nats of tokens in gaps that stand one behind the other: the tokens, and the numbers.

    Args:
        network: reads both ways; its training mode is put back.
        items: ids, and from which to before which they are in gaps; at least one stands before and one behind those.
        gap: tokens of a gap; the last one of an item may have fewer.
        known: whether the network is told how many tokens are missing.
        arithmetic: gives the context in which it runs.
    """
    for numbers, ids_TB in side_by_side(items):
        group = [items[number] for number in numbers]
        length_B = torch.tensor([len(ids) - 1 for ids, _, _ in group])
        place_T = np.arange(len(ids_TB) - 1)[:, None] + 1
        low_B, high_B = (np.array([item[side] for item in group]) for side in (1, 2))
        inside_TB = (place_T >= low_B) & (place_T < high_B)
        edge_TB = np.minimum(low_B + ((place_T - low_B) // gap + 1) * gap, high_B)
        rows_N, columns_N = inside_TB.nonzero()
        edges_N = torch.from_numpy(edge_TB[rows_N, columns_N] - 1)
        left_N = edges_N - torch.from_numpy(rows_N)
        with inference(network), arithmetic():
            logits_NV = gap_logits(
                network,
                ids_TB.to(network.device),
                length_B.to(network.device),
                rows_N=torch.from_numpy(rows_N),
                edges_N=edges_N,
                columns_N=torch.from_numpy(columns_N),
                left_N=left_N if known else torch.full_like(left_N, UNKNOWN),
            )
            found_N = ids_TB[1:][rows_N, columns_N]
            nats_N = -logits_NV.float().log_softmax(1).cpu().gather(1, found_N[:, None])[:, 0]
        yield found_N.numpy(), nats_N.double().numpy()


def side_by_side(items: Sequence[tuple[Ids, int, int]]) -> Iterator[tuple[list[int], Tensor]]:
    """The items in which anything is asked, those of similar length together: their numbers, and their ids of shape (T, B)."""
    order = sorted((number for number, item in enumerate(items) if item[1] < item[2]), key=lambda number: -len(items[number][0]))
    while order:
        longest = len(items[order[0]][0])
        count = max(1, _TOKENS // longest)
        group, order = order[:count], order[count:]
        ids_TB = torch.full((longest, len(group)), BOUNDARY_ID, dtype=torch.int64)
        for column, number in enumerate(group):
            ids = items[number][0]
            ids_TB[: len(ids), column] = torch.from_numpy(ids)
        yield group, ids_TB


def gap_logits(
    network: LanguageModel, ids_TB: Tensor, length_B: Tensor, *, rows_N: Tensor, edges_N: Tensor, columns_N: Tensor, left_N: Tensor
) -> Tensor:
    """Logits of tokens in gaps, of shape (N, V).

    Args:
        network: reads both ways.
        ids_TB: whole items; the first token of each is not predicted.
        length_B: how many tokens of each are behind its first one.
        rows_N: each token is the one behind this place.
        edges_N: the place before the first token that is seen again.
        columns_N: the item.
        left_N: how many tokens are missing.

    Raises:
        ValueError: the network reads from left to right only.
    """
    if network.join is None:
        raise ValueError("the network reads from left to right only")
    ahead_TBH, _ = network.hidden(ids_TB[:-1], network.zero_state(ids_TB.shape[1]))
    back_TBH = network.read_back(ids_TB[1:], length_B)
    return network.head(network.join(ahead_TBH[rows_N, columns_N], back_TBH[edges_N, columns_N], left_N.to(ids_TB.device)))


class InGap:
    """What makes logits of a gap of those of plain order, of a network that knows gaps.

    Args:
        network: whose parts are used.
        behind: what follows the gap, its boundary included; None: the network was told before the gap.

    Raises:
        ValueError: the network knows no gaps, or reads from left to right only.
    """

    def __init__(self, network: LanguageModel, behind: Ids | None) -> None:
        self._end, self._join = network.end_logits, None
        if behind is not None:
            with inference(network):
                ids_T1 = torch.from_numpy(behind).to(network.device)[:, None]
                self._back_1H = network.read_back(ids_T1, torch.tensor([len(behind)], device=network.device))[:1, 0]
            self._join = network.join

    def joined(self, hidden_BH: Tensor) -> Tensor:
        """What the head makes logits of; nobody knows how many tokens are missing."""
        if self._join is None:
            return hidden_BH
        left_B = torch.full((len(hidden_BH),), UNKNOWN, device=hidden_BH.device)
        return self._join(hidden_BH, self._back_1H.expand_as(hidden_BH), left_B)

    def ended(self, logits_BV: Tensor, hidden_BH: Tensor) -> Tensor:
        """Logits in which the boundary stands for the end of the gap."""
        log_odds_B = self._end(hidden_BH)
        logits_BV = logits_BV.clone()
        logits_BV[:, BOUNDARY_ID] = logits_BV[:, BOUNDARY_ID + 1 :].logsumexp(1) + log_odds_B
        return logits_BV
