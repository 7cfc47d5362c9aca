"""What followed at like places of an item so far: a continuous cache (Grave, Joulin and Usunier 2017, arXiv:1612.04426).

What the network's head is given at a place says what is to come there. Earlier places whose vectors point the same way vote for the token
that followed them, and only for tokens that may come:

    p(w | cache) = sum over earlier i, followed by w, of exp(sharpness cos(h_t, h_i)) / the same sum over all of them
    p(w) = (1 - share) p(w | network) + share p(w | cache)

Several networks, or one in several forms, have a cache each. A share that is given goes to the mean of all caches, and the rest to the mean
of all predictions. A share that is `auto` is learned: the prediction j of J and the cache k of K have weights of their own,

    p(w) = sum over j of v_j p_j(w) + sum over k of c_k p(w | cache k),    v_j = 0.9 / J and c_k = 0.1 / K at the start of an item

and each token moves all of them (`experts.py`). What they begin with matters for short items alone, where a tenth is right for most.

So a network that has learned nothing from an item knows it all the same when it comes back. What is drawn with a cache is worse, not better
(docs/LOG.md), so it is for scoring alone.

Letters: T tokens of an item, F forms of it, H hidden, B bytes of the bits of what may come, Q places that are looked up, E earlier ones,
J predictions, K caches, C both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.model.experts import mixed_by_learned_weights
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.reading import inference
from lstmgen.model.recall_rule import AUTO_SHARE, RecallRule

_CHUNK: Final = 256
"""Tokens that are read, or looked up, at a time."""
_FIRST_SHARE: Final = 0.1
"""Of all caches together, where it is learned."""
_MOST_NUMBERS: Final = 2**25
"""Of the vectors of an item's forms that are held at once."""


def recalled(
    network: LanguageModel, forms: Sequence[Ids], legal: Sequence[NDArray[np.uint8] | None], rule: RecallRule
) -> NDArray[np.float64]:
    """The surprisal in nats of every token of an item under the caches of its forms, of shape (F, T); minus infinity where nothing votes.

    Args:
        network: the model; its training mode stays.
        forms: the ids of each form, all of one length, without the boundary before them.
        legal: the bits of what may come where, of shape (T, B), for each form; None: anything.
        rule: of the cache.
    """
    kept = min(len(forms[0]), rule.reach + _CHUNK)
    count = max(1, _MOST_NUMBERS // (kept * network.architecture.hidden_size))
    groups = [slice(first, first + count) for first in range(0, len(forms), count)]
    return np.concatenate([_side_by_side(network, forms[group], legal[group], rule) for group in groups])


def mixed(nats_T: NDArray[np.float64], recalled_T: NDArray[np.float64], rule: RecallRule) -> NDArray[np.float64]:
    """The surprisals under network and cache together, from those under each. Raises ValueError: the share is to be learned."""
    if rule.share == AUTO_SHARE:
        raise ValueError("a share that is learned needs every column")
    with np.errstate(divide="ignore", invalid="ignore"):  # a share of 0, and places at which nothing votes
        both_T = -np.logaddexp(np.log1p(-rule.share) - nats_T, np.log(rule.share) - recalled_T)
    return np.where(recalled_T == -np.inf, nats_T, both_T)


def mixed_as_learned(nats_JT: NDArray[np.float64], recalled_KT: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The surprisals of an item's tokens, of shape (T,), under all predictions and caches, and the share that the caches have behind it."""
    predictions, caches = len(nats_JT), len(recalled_KT)
    first_C = np.repeat([(1 - _FIRST_SHARE) / predictions, _FIRST_SHARE / caches], [predictions, caches])
    nats_T, weights_C = mixed_by_learned_weights(np.concatenate([nats_JT, recalled_KT]), first_C)
    return nats_T, float(weights_C[predictions:].sum())


def _side_by_side(
    network: LanguageModel, forms: Sequence[Ids], legal: Sequence[NDArray[np.uint8] | None], rule: RecallRule
) -> NDArray[np.float64]:
    """Of some forms, of which only as much is kept as is looked back on."""
    ids_TF = torch.from_numpy(np.stack(forms, axis=1).astype(np.int64)).to(network.device)
    inputs_TF = torch.cat([torch.full_like(ids_TF[:1], BOUNDARY_ID), ids_TF[:-1]])
    state, kept_EFH, found = network.zero_state(len(forms)), None, []
    for first in range(0, len(ids_TF), _CHUNK):
        last = min(first + _CHUNK, len(ids_TF))
        with inference(network):
            hidden_QFH, state = network.hidden(inputs_TF[first:last], state)
        vectors_QFH = F.normalize(hidden_QFH, dim=-1)
        kept_EFH = vectors_QFH if kept_EFH is None else torch.cat([kept_EFH, vectors_QFH])[-rule.reach - len(vectors_QFH) :]
        ids_EF = ids_TF[last - len(kept_EFH) : last]
        rows = [None if bits_TB is None else bits_TB[first:last] for bits_TB in legal]
        vocab_size = network.architecture.vocab_size
        each = zip(kept_EFH.unbind(dim=1), ids_EF.unbind(dim=1), rows, strict=True)
        found.append([_of_form(*form, count=last - first, vocab_size=vocab_size, rule=rule) for form in each])
    return np.concatenate(found, axis=1)


def _of_form(
    vectors_EH: Tensor, ids_E: Tensor, legal_QB: NDArray[np.uint8] | None, *, count: int, vocab_size: int, rule: RecallRule
) -> NDArray[np.float64]:
    """Of the last Q tokens, before each of which the others vote; vectors have the length 1."""
    ago_EQ = torch.arange(len(ids_E) - count, len(ids_E)) - torch.arange(len(ids_E) - 1)[:, None]
    vote_EQ = (vectors_EH[:-1] @ vectors_EH[-count:].T).sub_(1).mul_(rule.sharpness).exp_()
    vote_EQ.masked_fill_(((ago_EQ <= 0) | (ago_EQ > rule.reach)).to(vote_EQ.device), 0)
    votes_VQ = vote_EQ.new_zeros(vocab_size, count).index_add_(0, ids_E[:-1], vote_EQ)
    if legal_QB is not None:
        votes_VQ.mul_(torch.from_numpy(np.unpackbits(legal_QB, axis=-1, count=vocab_size)).to(votes_VQ.device).T)
    right_Q = votes_VQ.gather(0, ids_E[None, -count:])[0].double()
    nats_Q = votes_VQ.sum(dim=0).double().log() - right_Q.log()
    return np.nan_to_num(nats_Q.cpu().numpy(), nan=-np.inf, posinf=np.inf)
