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

_CLOCK, _MEMORY = "clock", "memory"
_NAMED: Final = (_CLOCK, _MEMORY)


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
        memory_BM: int32, what followed the last time (`matches.py`); None for a network that is not told.
    """

    layers: tuple[tuple[Tensor, ...], ...]
    clock_B: Tensor | None = None
    memory_BM: Tensor | None = None

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
        memories = [state.memory_BM for state in states if state.memory_BM is not None]
        layers = (tuple(map(joined, zip(*parts, strict=True))) for parts in zip(*(state.layers for state in states), strict=True))
        return State(tuple(layers), joined(clocks) if clocks else None, joined(memories) if memories else None)

    def zero_where(self, mask_B: Tensor) -> State:
        """A copy in which the streams marked true start anew."""
        return self._each(lambda part_B: part_B.masked_fill(mask_B.view(-1, *[1] * (part_B.dim() - 1)), 0))

    def to(self, target: torch.device | torch.dtype) -> State:
        """A copy on another device or in another number type; whole numbers stay what they are."""
        import torch

        return self._each(lambda part_B: part_B.to(target) if isinstance(target, torch.device) or part_B.is_floating_point() else part_B)

    def _each(self, change: Callable[[Any], Any]) -> State:
        layers = tuple([tuple([change(part_B) for part_B in layer]) for layer in self.layers])
        others = [None if part_B is None else change(part_B) for part_B in (self.clock_B, self.memory_BM)]
        return State(layers, *others)

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
        others = zip(_NAMED, (self.clock_B, self.memory_BM), strict=True)
        return named | {name: part_B for name, part_B in others if part_B is not None}

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> State:
        """The state that `tensors()` was called on."""
        places = sorted(tuple(map(int, name.split("."))) for name in tensors if name not in _NAMED)
        layers: dict[int, list[Tensor]] = {}
        for number, part in places:
            layers.setdefault(number, []).append(tensors[f"{number}.{part}"])
        return State(tuple(tuple(layers[number]) for number in sorted(layers)), *map(tensors.get, _NAMED))
