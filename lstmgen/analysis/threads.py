"""How many CPU threads a piece of reading gets: a function of its shape alone, so that a figure does not depend on what else runs.

The threads of a recurrent layer wait for one another at every token. With few streams there is too little to share between two waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

FEW_STREAMS: Final = 8
"""Below this many streams side by side one thread is faster than two."""


@contextmanager
def threads_for(streams: int, device: torch.device) -> Iterator[None]:
    """Runs what is inside with one CPU thread where there are few streams, with all of them elsewhere."""
    if device.type != "cpu" or streams >= FEW_STREAMS:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
