"""The state of a recurrent network is a value.

It goes into the model and comes out of it; nothing in the model remembers it. Its parts are tensors; where compiled loops read without
torch they are arrays of numpy, which can be selected and joined as well. Whoever runs the model decides when it is carried on, cut
off from the gradient, or set to zero. Streams can be taken out of it, repeated, and put side by side.

Letters: L layers, B streams.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_CLOCK: Final = "clock"


def joined(parts: Sequence[Any]) -> Any:
    """Tensors, or arrays of numpy, one behind the other."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import torch

    return torch.cat(tuple(parts))


@dataclass(frozen=True)
class State:
    """What each layer carries from one token to the next.

    Attributes:
        layers: one tuple of tensors a layer, of any rank, the streams B first: (B, H) twice for an LSTM. Zeros before the first token.
        clock_B: int64, how many ticking tokens each stream has read since its last boundary; None for a network without a clock.
    """

    layers: tuple[tuple[Tensor, ...], ...]
    clock_B: Tensor | None = None

    @property
    def batch_size(self) -> int:
        """Number of streams B."""
        return len(self.layers[0][0])

    def detach(self) -> State:
        """The same numbers, cut off from the graph that made them: the truncation in truncated backpropagation."""
        return self._each(lambda part_B: part_B.detach())

    def select(self, index_B: Tensor | Sequence[int] | slice) -> State:
        """The streams named by `index_B` (whole numbers, a mask, or a slice), in that order."""
        return self._each(lambda part_B: part_B[index_B])

    def repeated(self, count: int) -> State:
        """Every stream `count` times, the copies one after the other."""
        return self._each(lambda part_B: part_B.repeat_interleave(count, dim=0))

    @staticmethod
    def joined(states: Sequence[State]) -> State:
        """All streams of some states of one network, side by side."""
        clocks = [state.clock_B for state in states if state.clock_B is not None]
        layers = (tuple(map(joined, zip(*parts, strict=True))) for parts in zip(*(state.layers for state in states), strict=True))
        return State(tuple(layers), joined(clocks) if clocks else None)

    def zero_where(self, mask_B: Tensor) -> State:
        """A copy in which the streams marked true start anew."""
        return self._each(lambda part_B: part_B.masked_fill(mask_B.view(-1, *[1] * (part_B.dim() - 1)), 0))

    def to(self, target: torch.device | torch.dtype) -> State:
        """A copy on another device or in another number type; the clock stays a whole number."""
        import torch

        return self._each(lambda part_B: part_B.to(target) if isinstance(target, torch.device) or part_B.is_floating_point() else part_B)

    def _each(self, change: Callable[[Any], Any]) -> State:
        layers = tuple([tuple([change(part_B) for part_B in layer]) for layer in self.layers])
        return State(layers, None if self.clock_B is None else change(self.clock_B))

    def in_tensors(self) -> State:
        """Arrays as tensors that share their memory."""
        import torch

        return self._each(torch.from_numpy)

    def in_arrays(self) -> State:
        """Tensors on the CPU as arrays that share their memory."""
        return self._each(lambda part_B: part_B.numpy())

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
