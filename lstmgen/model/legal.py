"""What a grammar forbids has no probability: the softmax goes over the ids that may come.

    p(id) = exp(logit of id) / sum of exp(logit) over the ids that may come

Which ones may come is told as bits, `media.legal.Rows`. Letters: N places in any arrangement, V vocabulary, K bytes of its bits.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor


def forbid(logits_NV: Tensor, legal_NK: Tensor | None) -> Tensor:
    """The logits with minus infinity for forbidden ids: there a softmax is 0, and so is its gradient.

    It takes a look-up for eight ids, for a comparison of each takes several times as long on a CPU.

    Args:
        logits_NV: of at least single precision, of shape (..., V).
        legal_NK: bits as `numpy.packbits` packs them, of shape (..., K); None: nothing is forbidden.
    """
    if legal_NK is None:
        return logits_NV
    place_8 = torch.arange(7, -1, -1, device=legal_NK.device)
    bits_B8 = torch.arange(256, device=legal_NK.device)[:, None] >> place_8 & 1
    added_B8 = torch.zeros(256, 8, dtype=logits_NV.dtype, device=legal_NK.device).masked_fill_(bits_B8 == 0, -math.inf)
    added_NV = F.embedding(legal_NK.int(), added_B8).flatten(-2)[..., : logits_NV.shape[-1]]
    return logits_NV + added_NV
