"""What a network that learns from what it reads may learn once more: stretches of earlier segments.

A segment that is learned once is learned too little where there is little of its kind. So each step also learns some stretches of
`STRETCH` segments each, drawn from all those that were read: longer ones than a segment, since a gradient that reaches farther back is
worth more. Each begins with the state that was there when it was read, under the weights of that time. A stretch never crosses from one
span to another. All of it was predicted before, so no token is predicted by weights that have seen it.

Letters: T tokens of a stretch, F forms (of several stretches: those of each one after the other), K bytes of the bits of what may come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from lstmgen.model.state import State

STRETCH: Final = 4
"""Segments of a stretch."""
MOST_BYTES: Final = 2**27
"""Of stretches that are held; older ones are forgotten."""


@dataclass(frozen=True)
class Read:
    """Tokens as they were read.

    Attributes:
        ids_TF: int64, of shape (T + 1, F); the first of each form is an input only.
        state: before them.
        counted_TF: which of them are learned; None: all.
        legal_TFK: the bits of which ids may come where; None: all of them.
    """

    ids_TF: Tensor
    state: State
    counted_TF: Tensor | None = None
    legal_TFK: Tensor | None = None

    @staticmethod
    def behind(parts: Sequence[Read]) -> Read:
        """Segments that follow one another as one."""
        ids_TF = torch.cat([parts[0].ids_TF[:1], *(part.ids_TF[1:] for part in parts)])
        return Read(ids_TF, parts[0].state, *_joined(parts, dim=0))

    @staticmethod
    def beside(parts: Sequence[Read]) -> Read:
        """Stretches of one length side by side."""
        ids_TF = torch.cat([part.ids_TF for part in parts], dim=1)
        return Read(ids_TF, State.joined([part.state for part in parts]), *_joined(parts, dim=1))

    @property
    def num_bytes(self) -> int:
        """Of all its tensors."""
        tensors = (self.ids_TF, self.counted_TF, self.legal_TFK, *self.state.tensors().values())
        return sum(tensor.nbytes for tensor in tensors if tensor is not None)


class Replay:
    """The stretches of what one learner has read.

    Args:
        most_bytes: of stretches that are held, but at least one is.
    """

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._last: deque[Read] = deque(maxlen=STRETCH)
        self._stretches: deque[Read] = deque()
        self._random = np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self._stretches)

    def cut(self) -> None:
        """What comes next does not follow what was read last."""
        self._last.clear()

    def append(self, segment: Read) -> None:
        """Keeps the stretch that ends with this segment, if it is whole; segments have one length and as many forms."""
        self._last.append(segment)
        if len(self._last) == STRETCH:
            self._stretches.append(Read.behind(self._last))
            self._bytes += self._stretches[-1].num_bytes
        while self._bytes > self._most_bytes and len(self._stretches) > 1:
            self._bytes -= self._stretches.popleft().num_bytes

    def drawn(self, count: int) -> Read | None:
        """So many different stretches at random, or all where there are fewer, side by side; None: there is none."""
        if not self._stretches:
            return None
        chosen = self._random.choice(len(self._stretches), size=min(count, len(self._stretches)), replace=False)
        return Read.beside([self._stretches[place] for place in chosen.tolist()])


def _joined(parts: Sequence[Read], *, dim: int) -> tuple[Tensor | None, Tensor | None]:
    """What counts and what is legal of several; either all of them have it or none."""
    counted = [part.counted_TF for part in parts if part.counted_TF is not None]
    legal = [part.legal_TFK for part in parts if part.legal_TFK is not None]
    return torch.cat(counted, dim=dim) if counted else None, torch.cat(legal, dim=dim) if legal else None
