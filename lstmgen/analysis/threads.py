"""One CPU thread or all of them, whichever is faster at the moment.

The threads of a recurrent layer wait for one another at every token. With a single stream there is little to share, and where other
programs use the same cores the waiting makes it tens of times slower, so which is better cannot be known beforehand. The numbers that
come out are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

_TRIALS: Final = 3
"""The first prepares torch's kernels and its time is forgotten; then one thread is timed, then all."""


class ThreadChoice:
    """Times both ways on the first pieces of work, then takes the faster one, and changes over should it become the slower.

    Args:
        device: where the work is done; nothing is chosen but on a CPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._all = torch.get_num_threads() if device.type == "cpu" else 1
        self._trials = 0
        self._cost: dict[int, float] = {}

    @property
    def is_trying(self) -> bool:
        """Whether the next piece of work is a trial and should be small."""
        return self._all > 1 and self._trials < _TRIALS

    @contextmanager
    def timed(self, tokens: int) -> Iterator[None]:
        """Runs one piece of work, of so many tokens, with the threads that it should have."""
        if self._all == 1:
            yield
            return
        threads = self._choice()
        torch.set_num_threads(threads)
        begun = time.perf_counter()
        try:
            yield
        finally:
            torch.set_num_threads(self._all)
        self._trials += 1
        self._cost[threads] = (time.perf_counter() - begun) / tokens

    def _choice(self) -> int:
        if self._trials < _TRIALS:
            return 1 if self._trials < _TRIALS - 1 else self._all
        return min(self._cost, key=self._cost.__getitem__)
