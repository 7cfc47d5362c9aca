"""What a network that has been trained expects otherwise than its items are; the model file says it, for what draws samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.corpus.token_file import TokenFile
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.reading import inference

_TOKENS: Final = 8_192
"""About so many are read of what was held out, and of what was learned."""
_LONGEST: Final = 2_048
"""Of one item."""


def corrections_of(network: LanguageModel, medium: Medium, tokenizer: Tokenizer, files: TokenFiles) -> Mapping[str, Any] | None:
    """What the medium puts right of a network, as JSON; None: nothing.

    Args:
        network: reads from left to right.
        medium: of the items.
        tokenizer: the network's.
        files: what was learned, and what was held out.
    """

    def expect(ids: Ids) -> NDArray[np.floating]:
        ids_T1 = torch.from_numpy(np.concatenate([[BOUNDARY_ID], ids[:-1]]))[:, None].to(network.device)
        with inference(network):
            logits_T1V, _ = network(ids_T1, network.zero_state(1))
        return logits_T1V[:, 0].float().cpu().numpy()

    return medium.corrections(tokenizer, [_some(part) for part in (files.val, files.train) if part is not None], expect)


def _some(part: TokenFile) -> Iterator[Ids]:
    """Evenly spread items of a part of a corpus."""
    bounds = np.append(part.starts.astype(np.int64), len(part.ids))
    items = len(bounds) - 1
    count = min(items, max(1, round(items * _TOKENS / len(part.ids))))
    for item in np.unique(np.linspace(0, items - 1, count).astype(np.int64)).tolist():
        begin, end = bounds[item] + 1, bounds[item + 1]
        if begin < end:
            yield np.asarray(part.ids[begin : min(end, begin + _LONGEST)], np.int64)
