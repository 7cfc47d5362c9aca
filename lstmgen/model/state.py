"""The state of a recurrent network is a value.

It goes into the model and comes out of it; nothing in the model remembers it. Whoever runs the model decides when it is carried on, cut
off from the gradient, or set to zero.

Letters: L layers, B streams, H hidden.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_CLOCK: Final = "clock"


@dataclass(frozen=True)
class State:
    """What each layer carries from one token to the next.

    Attributes:
        layers: one tuple of tensors a layer, each of shape (B, H): `(h, c)` for an LSTM, `(h,)` for a GRU or a plain RNN.
        clock_B: int64, how many ticking tokens each stream has read since its last boundary; None for a network without a clock.
    """

    layers: tuple[tuple[Tensor, ...], ...]
    clock_B: Tensor | None = None

    @property
    def batch_size(self) -> int:
        """Number of streams B."""
        return self.layers[0][0].shape[0]

    def detach(self) -> State:
        """The same numbers, cut off from the graph that made them: the truncation in truncated backpropagation."""
        return State(self._each(lambda part_BH: part_BH.detach()), self.clock_B)

    def select(self, index_B: Tensor) -> State:
        """The streams named by `index_B` (whole numbers, or a mask), in that order."""
        return State(self._each(lambda part_BH: part_BH[index_B]), None if self.clock_B is None else self.clock_B[index_B])

    def zero_where(self, mask_B: Tensor) -> State:
        """A copy in which the streams marked true start anew."""
        keep_B1 = (~mask_B).unsqueeze(1)
        clock_B = None if self.clock_B is None else self.clock_B * ~mask_B
        return State(self._each(lambda part_BH: part_BH * keep_B1.to(part_BH.dtype)), clock_B)

    def to(self, target: torch.device | torch.dtype) -> State:
        """A copy on another device or in another number type; the clock stays a whole number."""
        clock_B = self.clock_B
        if clock_B is not None and isinstance(target, torch.device):
            clock_B = clock_B.to(target)
        return State(self._each(lambda part_BH: part_BH.to(target)), clock_B)

    def _each(self, change: Callable[[Tensor], Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        return tuple(tuple(change(part_BH) for part_BH in layer) for layer in self.layers)

    @staticmethod
    def joined(states: list[State]) -> State:
        clocks = [state.clock_B for state in states]
        return State(
            tuple(
                tuple(torch.cat(parts) for parts in zip(*layers, strict=True)) for layers in zip(*(s.layers for s in states), strict=True)
            ),
            None if clocks[0] is None else torch.cat(clocks),
        )

    def repeated(self, count: int) -> State:
        return State.joined([self] * count)

    def tensors(self) -> dict[str, Tensor]:
        """Named tensors, for saving."""
        named = {f"{number}.{part}": tensor for number, layer in enumerate(self.layers) for part, tensor in enumerate(layer)}
        return named if self.clock_B is None else named | {_CLOCK: self.clock_B}

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> State:
        """The state that `tensors()` was called on."""
        places = sorted(tuple(map(int, name.split("."))) for name in tensors if name != _CLOCK)
        layers: dict[int, list[Tensor]] = {}
        for number, part in places:
            layers.setdefault(number, []).append(tensors[f"{number}.{part}"])
        return State(tuple(tuple(layers[number]) for number in sorted(layers)), tensors.get(_CLOCK))
