"""B read heads over one token file, the batches of truncated backpropagation through time.

The tokens are a ring. The heads stand at equal distances on it and move forward together, one window at a time:

    head 0   ids[0 ..]      The windows of one head, put end to end, are the text itself, so the state that a head carries always belongs
    head 1   ids[N/B ..]    to the tokens just before. After N/B tokens a head stands where the next one began and reads on: the state is
    ...                     carried over that border too, and no pass cuts the text at the same places as the pass before.

From the end of the ring a head continues at its start, which is a document boundary like any other.

Letters: N tokens, B heads (streams), T window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID, IdSequence
from lstmgen.schema import table, whole
from lstmgen.training.openings import Openings

IGNORED: Final = -100
"""A target that is not counted; what `torch.nn.functional.cross_entropy` ignores."""
_AHEAD_IDS: Final = 2**19
"""Ids of all heads that are read ahead: reads are few and long, wherever the ids lie."""
_HOST: Final = torch.device("cpu")


@dataclass(frozen=True)
class Window:
    """What one training step reads.

    Attributes:
        inputs_TB: int64 ids.
        targets_TB: what follows each; `IGNORED` where nothing is to be learned.
        counted: number of targets that are counted.
        fresh_B: the heads that begin something new, and so from an empty state; None: none.
        legal_TBK: bits of which ids may come as the target; None: all of them.
        copied_E: for each column behind those of the heads, the head from whose state it begins; None: there are none.
    """

    inputs_TB: Tensor
    targets_TB: Tensor
    counted: int
    fresh_B: Tensor | None = None
    legal_TBK: Tensor | None = None
    copied_E: Tensor | None = None

    def tensors(self) -> dict[str, Tensor]:
        """By name, for another process; a mask of whole numbers."""
        fresh = {} if self.fresh_B is None else {"fresh_B": self.fresh_B.to(torch.uint8)}
        legal = {} if self.legal_TBK is None else {"legal_TBK": self.legal_TBK}
        return {"inputs_TB": self.inputs_TB, "targets_TB": self.targets_TB, **fresh, **legal}

    @staticmethod
    def of(tensors: dict[str, Tensor], *, counted: int) -> Window:
        """What `tensors` gave."""
        fresh_B = tensors.get("fresh_B")
        fresh_B = None if fresh_B is None else fresh_B.bool()
        return Window(tensors["inputs_TB"], tensors["targets_TB"], counted, fresh_B, tensors.get("legal_TBK"))


class Reader(Protocol):
    """Where the windows of training come from."""

    ids: IdSequence
    batch_size: int
    seq_length: int

    @property
    def tokens_per_window(self) -> int:
        """Most targets of a window."""
        ...

    def next_window(self) -> Window:
        """The next window of every head."""
        ...

    def state(self) -> dict[str, Any]:
        """Where the reader stands, as plain values."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Continues where `state` was taken. Raises SchemaError: it is no state of this reader."""
        ...


class Streams:
    """The heads and where they stand.

    Args:
        ids: N token ids, at least 2; any integer type, in memory or in a file.
        batch_size: B.
        seq_length: T.
        position: tokens that each head has read so far; the whole state of the reader.
        openings: where a head may begin afresh; None: none ever does.
        device: where windows lie. What is read ahead goes there at once, so that none is copied by itself.
    """

    def __init__(
        self,
        ids: IdSequence,
        *,
        batch_size: int,
        seq_length: int,
        position: int = 0,
        openings: Openings | None = None,
        device: torch.device = _HOST,
    ) -> None:
        self.ids = ids
        self.batch_size = batch_size
        self.seq_length = seq_length
        self.position = position
        self._openings, self._device = openings, device
        self._starts_B = np.arange(batch_size, dtype=np.int64) * len(ids) // batch_size
        self._windows = max(1, min(_AHEAD_IDS // batch_size, len(ids)) // seq_length)
        self._begin = 0
        self._ahead: list[Window] = []

    def next_window(self) -> Window:
        """The next T tokens of every head and, shifted by one, what follows each."""
        number, within = divmod(self.position - self._begin, self.seq_length)
        if within or not 0 <= number < len(self._ahead):
            self._ahead, self._begin, number = self._read_ahead(), self.position, 0
        self.position += self.seq_length
        return self._ahead[number]

    def _read_ahead(self) -> list[Window]:
        """Some windows, from where the heads stand."""
        length = self._windows * self.seq_length
        held_BL = np.stack([self._ring(int(start) + self.position - 1, length + 2) for start in self._starts_B])
        ids_LB = held_BL[:, 1:].T.astype(np.int64, order="C")
        inputs_LB, fresh_WB = ids_LB[:-1], None
        if self._openings is not None:
            begins_W = range(0, length, self.seq_length)
            number = self.position // self.seq_length
            fresh_WB = np.stack([self._openings.fresh(held_BL[:, begin : begin + 3], number + w) for w, begin in enumerate(begins_W)])
            inputs_LB = inputs_LB.copy()
            inputs_LB[:: self.seq_length][fresh_WB] = BOUNDARY_ID
        inputs_LB, targets_LB = torch.from_numpy(inputs_LB).to(self._device), torch.from_numpy(ids_LB[1:]).to(self._device)
        fresh = [None] * self._windows if fresh_WB is None else torch.from_numpy(fresh_WB).to(self._device)
        windows = zip(inputs_LB.split(self.seq_length), targets_LB.split(self.seq_length), fresh, strict=True)
        return [Window(inputs_TB, targets_TB, self.tokens_per_window, fresh_B) for inputs_TB, targets_TB, fresh_B in windows]

    def _ring(self, begin: int, length: int) -> NDArray[np.integer]:
        """So many ids of the ring."""
        begin %= len(self.ids)
        parts: list[NDArray[np.integer]] = []
        while length > 0:
            parts.append(self.ids[begin : begin + length])
            begin, length = 0, length - len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def state(self) -> dict[str, Any]:
        """Where the reader stands, as plain values."""
        return {"position": self.position}

    def restore(self, state: dict[str, Any]) -> None:
        """Continues where `state` was taken. Raises SchemaError: it is no state of a reader."""
        table({"position": whole()})(state, "the reader's state")
        self.position = state["position"]

    @property
    def tokens_per_window(self) -> int:
        """B x T."""
        return self.batch_size * self.seq_length
