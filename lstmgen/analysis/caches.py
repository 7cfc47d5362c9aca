"""What caches (`model/recall.py`) say of items that lie behind one another, and the predictions beside which their share is learned.

Letters: I items, J predictions, K caches, T tokens of an item, N all ids.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.legal import LegalAt
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.recall import mixed_as_learned, recalled
from lstmgen.model.recall_rule import RecallRule

Votes = Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]
"""The places of an item's tokens, of shape (T,), and their surprisals under each cache, of shape (K, T)."""
Shares = dict[int, tuple[float, ...]]
"""By the place of an item's first token, what its caches have behind the last one beside each group of predictions."""


def votes(
    networks: Sequence[LanguageModel], forms: Sequence[Ids], legal: Sequence[LegalAt | None], starts_I: NDArray[np.int64], rule: RecallRule
) -> Votes:
    """Item after item, those of all networks in all forms; an item without a token is left out.

    Args:
        networks: each has a cache in each form.
        forms: all items behind one another, of shape (N,) in each form.
        legal: which ids may come where in each form; None: all of them.
        starts_I: where the boundary before each item stands.
        rule: of the caches.
    """
    for start, end in itertools.pairwise([*starts_I.tolist(), len(forms[0])]):
        places = np.arange(start + 1, end)
        if len(places):
            bits = [None if rows is None else rows(places) for rows in legal]
            yield places, np.concatenate([recalled(network, [form[places] for form in forms], bits, rule) for network in networks])


def as_learned(
    groups: Sequence[Sequence[NDArray[np.float64]]],
    found: Votes,
    *,
    told_N: NDArray[np.bool_] | None = None,
    passed: Callable[[int], None] = lambda _: None,
) -> tuple[list[NDArray[np.float64]], Shares]:
    """The surprisals of each group of predictions together with all caches, whose share is learned anew in each item, and those shares.

    Args:
        groups: in each the surprisals under J predictions, each of shape (N,); all have the same caches.
        found: what the caches say.
        told_N: which ids a model is told: their surprisal is 0, and nothing is learned from them; None: none of them.
        passed: called with the number of tokens of each item.
    """
    nats, shares = [np.zeros(len(columns[0])) for columns in groups], {}
    for places, recalled_KT in found:
        counted = slice(None) if told_N is None else ~told_N[places]
        read = places[counted]
        mixtures = [mixed_as_learned(np.stack([nats_N[read] for nats_N in columns]), recalled_KT[:, counted]) for columns in groups]
        for nats_N, (nats_T, _) in zip(nats, mixtures, strict=True):
            nats_N[read] = nats_T
        shares[int(places[0])] = tuple(share for _, share in mixtures)
        passed(len(places))
    return nats, shares
