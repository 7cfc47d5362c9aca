"""What followed at like places of an item so far: a continuous cache (Grave, Joulin and Usunier 2017, arXiv:1612.04426).

What the network's head is given at a place says what is to come there. Earlier places whose vectors point the same way vote for the token
that followed them, and only for tokens that may come:

    p(w | cache) = sum over earlier i, followed by w, of exp(sharpness cos(h_t, h_i)) / the same sum over all of them
    p(w) = (1 - share) p(w | network) + share p(w | cache)

So a network that has learned nothing from an item knows it all the same when it comes back. What is drawn with a cache is worse, not better
(docs/LOG.md), so it is for scoring alone.

Letters: T tokens of an item, F forms of it, H hidden, K bytes of the bits of what may come, Q places that are looked up, E earlier ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.reading import inference
from lstmgen.model.recall_rule import RecallRule

_CHUNK: Final = 256
"""Tokens that are read, or looked up, at a time."""
_MOST_NUMBERS: Final = 2**25
"""Of the vectors of an item's forms that are held at once."""


def recalled(
    network: LanguageModel, forms: Sequence[Ids], legal: Sequence[NDArray[np.uint8] | None], rule: RecallRule
) -> NDArray[np.float64]:
    """The surprisal in nats of every token of an item under the caches of its forms, of shape (F, T); minus infinity where nothing votes.

    Args:
        network: the model; its training mode stays.
        forms: the ids of each form, all of one length, without the boundary before them.
        legal: the bits of what may come where, of shape (T, K), for each form; None: anything.
        rule: of the cache.
    """
    count = max(1, _MOST_NUMBERS // (len(forms[0]) * network.architecture.hidden_size))
    groups = [forms[first : first + count] for first in range(0, len(forms), count)]
    vectors = (vectors_TH for group in groups for vectors_TH in _vectors(network, np.stack(group, axis=1)).unbind(dim=1))
    return np.stack([_of_form(*each, network.architecture.vocab_size, rule) for each in zip(vectors, forms, legal, strict=True)])


def mixed(nats_T: NDArray[np.float64], recalled_T: NDArray[np.float64], rule: RecallRule) -> NDArray[np.float64]:
    """The surprisals under network and cache together, from those under each."""
    with np.errstate(divide="ignore", invalid="ignore"):  # a share of 0, and places at which nothing votes
        both_T = -np.logaddexp(np.log1p(-rule.share) - nats_T, np.log(rule.share) - recalled_T)
    return np.where(recalled_T == -np.inf, nats_T, both_T)


def _vectors(network: LanguageModel, ids_TF: NDArray[np.int64]) -> Tensor:
    """What the head is given before each token, of length 1, of shape (T, F, H)."""
    inputs_TF = np.concatenate([np.full_like(ids_TF[:1], BOUNDARY_ID), ids_TF[:-1]])
    state, found = network.zero_state(inputs_TF.shape[1]), []
    with inference(network):
        for part_TF in torch.from_numpy(inputs_TF).split(_CHUNK):
            hidden_TFH, state = network.hidden(part_TF.to(network.device), state)
            found.append(torch.nn.functional.normalize(hidden_TFH, dim=-1))
    return torch.cat(found)


def _of_form(vectors_TH: Tensor, ids_T: Ids, legal_TK: NDArray[np.uint8] | None, vocab_size: int, rule: RecallRule) -> NDArray[np.float64]:
    next_T, found = torch.from_numpy(ids_T.astype(np.int64)).to(vectors_TH.device), []
    for first in range(0, len(ids_T), _CHUNK):
        last, begin = min(first + _CHUNK, len(ids_T)), max(0, first - rule.reach)
        ago_EQ = torch.arange(first, last) - torch.arange(begin, last - 1)[:, None]
        vote_EQ = (vectors_TH[begin : last - 1] @ vectors_TH[first:last].T).sub_(1).mul_(rule.sharpness).exp_()
        vote_EQ.masked_fill_(((ago_EQ <= 0) | (ago_EQ > rule.reach)).to(vote_EQ.device), 0)
        votes_VQ = vote_EQ.new_zeros(vocab_size, last - first).index_add_(0, next_T[begin : last - 1], vote_EQ)
        if legal_TK is not None:
            votes_VQ.mul_(torch.from_numpy(np.unpackbits(legal_TK[first:last], axis=-1, count=vocab_size)).to(votes_VQ.device).T)
        right_Q = votes_VQ.gather(0, next_T[None, first:last])[0].double()
        found.append(votes_VQ.sum(dim=0).double().log() - right_Q.log())
    return np.nan_to_num(torch.cat(found).cpu().numpy(), nan=-np.inf, posinf=np.inf)
