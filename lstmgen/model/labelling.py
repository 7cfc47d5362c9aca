"""Labels of tokens under a network that reads both ways over whole items.

Letters: T tokens, B items side by side, N tokens that are labelled, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import Ids
from lstmgen.model.gaps import side_by_side
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.reading import inference

HERE: Final = 1
"""How many tokens are missing up to what is read from behind: a token itself is read by both directions."""
_NOT_HERE: Final = 2
"""The same where the token itself is not read, and nothing from behind."""


class Chances(NamedTuple):
    """Log probabilities of labels, each of shape (N, L).

    Attributes:
        early: given what is before a token alone.
        ahead: given what is up to it, itself included.
        both: given all.
    """

    early: NDArray[np.float32]
    ahead: NDArray[np.float32]
    both: NDArray[np.float32]


def early(network: LanguageModel, ahead_TBH: Tensor) -> Tensor:
    """What is before each token says of it, of shape (T, B, H). Raises ValueError: the network reads from left to right only."""
    if network.join is None:
        raise ValueError("the network reads from left to right only")
    before_TBH = torch.cat([torch.zeros_like(ahead_TBH[:1]), ahead_TBH[:-1]])
    left_TB = torch.full(ahead_TBH.shape[:2], _NOT_HERE, device=ahead_TBH.device)
    return network.join(before_TBH, torch.zeros_like(before_TBH), left_TB)


def tells_early(network: LanguageModel) -> bool:
    """Whether the network has learned to label tokens before it reads them: older ones have not."""
    return network.join is not None and bool(network.join.left.weight[_NOT_HERE].any())


def joined(network: LanguageModel, ahead_TBH: Tensor, back_TBH: Tensor) -> Tensor:
    """What both directions say of each token, of shape (T, B, H). Raises ValueError: the network reads from left to right only."""
    if network.join is None:
        raise ValueError("the network reads from left to right only")
    return network.join(ahead_TBH, back_TBH, torch.full(ahead_TBH.shape[:2], HERE, device=ahead_TBH.device))


def labelled(
    network: LanguageModel,
    items: Sequence[tuple[Ids, int, int]],
    *,
    arithmetic: Callable[[], AbstractContextManager] = nullcontext,
) -> Iterator[tuple[int, Chances]]:
    """For each item its number, and what labels its tokens have.

    Args:
        network: gives labels; its training mode is put back.
        items: ids, and from which to before which labels are wanted.
        arithmetic: gives the context in which it runs.
    """
    for numbers, ids_TB in side_by_side(items):
        length_B = torch.tensor([len(items[number][0]) for number in numbers], device=network.device)
        with inference(network), arithmetic():
            there_TB = ids_TB.to(network.device)
            ahead_TBH, _ = network.hidden(there_TB, network.zero_state(len(numbers)))
            both_TBH = joined(network, ahead_TBH, network.read_back(there_TB, length_B))
            hidden_3TBH = torch.stack([early(network, ahead_TBH), ahead_TBH, both_TBH])
            found_3TBL = network.head(hidden_3TBH).float().log_softmax(-1).cpu().numpy()
        for column, number in enumerate(numbers):
            _, begin, end = items[number]
            yield number, Chances(*found_3TBL[:, begin:end, column])
