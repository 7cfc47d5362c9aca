"""The state of a recurrent network is a value.

It goes into the model and comes out of it; nothing in the model remembers it. Whoever runs the model decides when it is carried on, cut
off from the gradient, or set to zero.

Letters: L layers, B streams, H hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class State:
    """What each layer carries from one token to the next.

    Attributes:
        layers: one tuple of tensors a layer, each of shape (B, H): `(h, c)` for an LSTM, `(h,)` for a GRU or a plain RNN.
    """

    layers: tuple[tuple[Tensor, ...], ...]

    @property
    def batch_size(self) -> int:
        """Number of streams B."""
        return self.layers[0][0].shape[0]

    def detach(self) -> State:
        """The same numbers, cut off from the graph that made them: the truncation in truncated backpropagation."""
        return State(tuple(tuple(part_BH.detach() for part_BH in layer) for layer in self.layers))

    def select(self, index_B: Tensor) -> State:
        """The streams named by `index_B` (whole numbers, or a mask), in that order."""
        return State(tuple(tuple(part_BH[index_B] for part_BH in layer) for layer in self.layers))

    def zero_where(self, mask_B: Tensor) -> State:
        """A copy in which the streams marked true start anew."""
        keep_B1 = (~mask_B).unsqueeze(1)
        return State(tuple(tuple(part_BH * keep_B1.to(part_BH.dtype) for part_BH in layer) for layer in self.layers))

    def to(self, target: torch.device | torch.dtype) -> State:
        """A copy on another device or in another number type."""
        return State(tuple(tuple(part_BH.to(target) for part_BH in layer) for layer in self.layers))

    def tensors(self) -> dict[str, Tensor]:
        """Named tensors, for saving."""
        return {f"{number}.{part}": tensor for number, layer in enumerate(self.layers) for part, tensor in enumerate(layer)}

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> State:
        """The state that `tensors()` was called on."""
        places = sorted(tuple(map(int, name.split("."))) for name in tensors)
        layers: dict[int, list[Tensor]] = {}
        for number, part in places:
            layers.setdefault(number, []).append(tensors[f"{number}.{part}"])
        return State(tuple(tuple(layers[number]) for number in sorted(layers)))
