"""B read heads over one token file, the batches of truncated backpropagation through time.

The tokens are a ring. The heads stand at equal distances on it and move forward together, one window at a time:

    head 0   ids[0 ..]      The windows of one head, put end to end, are the text itself, so the state that a head carries always belongs
    head 1   ids[N/B ..]    to the tokens just before. After N/B tokens a head stands where the next one began and reads on: the state is
    ...                     carried over that border too, and no pass cuts the text at the same places as the pass before.

From the end of the ring a head goes on at its start, which is a document boundary like any other.

Letters: N tokens, B heads (streams), T window.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Streams:
    """The heads and where they stand.

    Args:
        ids: N token ids, at least 2; any integer type, may be memory-mapped.
        batch_size: B.
        seq_length: T.
        position: tokens that each head has read so far; the whole state of the reader.
    """

    def __init__(self, ids: NDArray[np.integer], *, batch_size: int, seq_length: int, position: int = 0) -> None:
        self.ids = ids
        self.batch_size = batch_size
        self.seq_length = seq_length
        self.position = position
        self._starts_B = np.arange(batch_size, dtype=np.int64) * len(ids) // batch_size
        self._window_T = np.arange(seq_length + 1, dtype=np.int64)

    def next_window(self) -> tuple[Tensor, Tensor]:
        """The next T tokens of every head and, shifted by one, what follows each: two int64 tensors of shape (T, B)."""
        places_TB = (self._window_T[:, None] + (self._starts_B + self.position)[None, :]) % len(self.ids)
        window_TB = torch.from_numpy(self.ids[places_TB].astype(np.int64))
        self.position += self.seq_length
        return window_TB[:-1], window_TB[1:]

    @property
    def tokens_per_window(self) -> int:
        """B x T."""
        return self.batch_size * self.seq_length
