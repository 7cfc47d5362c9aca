"""Windows that are read a second time beside themselves, with what they end in told first (`model/sentinels.py`).

    columns of a window    plain heads, in plain order, as any reader gives them
                           ... and behind them rearranged copies of some, which begin from the same state

So the plain order loses nothing: every head reads every token of its stream, and the state that it carries is that of plain order. What is
learned from a copy are its tokens given what they end in, and where they end.

Which windows are copied and where their gaps end depends on the seed and on how many windows were read before.

Letters: T window, B columns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.model.sentinels import READ_AGAIN, announced
from lstmgen.schema import anything, table, whole
from lstmgen.training.streams import IGNORED, Reader, Window

_ORDER: Final = 2
"""Tells these random numbers from those of `pieces.py`."""
_WHOLE_SHARE: Final = 0.5
"""Of copies with as long a suffix as there may be."""


def suffix_tokens(seq_length: int) -> int:
    """Most tokens of the suffix in a window of this length: a third; what leads to the gap, and the gap, are the others."""
    return max(1, seq_length // 3)


def columns(batch_size: int, share: float) -> float:
    """Of a window on average, where heads read in plain order and so large a share of all are copies."""
    return batch_size / (1 - share)


class Rearranged:
    """A reader with rearranged copies behind its own columns.

    Args:
        reader: what is read in plain order.
        share: of all columns, that are copies; on average over the windows.
        vocab_size: of the tokenizer.
        seed: what is chosen by.
        told_V: which ids are only ever inputs; in a gap they are not to be predicted.
    """

    def __init__(self, reader: Reader, *, share: float, vocab_size: int, seed: int, told_V: NDArray[np.bool_] | None = None) -> None:
        self.ids = reader.ids
        self.batch_size, self.seq_length = reader.batch_size, reader.seq_length
        self._reader, self._seed, self._told_V, self._vocab_size = reader, seed, told_V, vocab_size
        self._copies = columns(reader.batch_size, share) - reader.batch_size
        self._number = 0

    @property
    def tokens_per_window(self) -> int:
        """Most targets in plain order, which are those that count as passes over the material."""
        return self._reader.tokens_per_window

    def next_window(self) -> Window:
        """The next window in plain order, with copies behind it."""
        window = self._reader.next_window()
        random = np.random.default_rng((self._seed, _ORDER, self._number))
        self._number += 1
        count = int(self._copies + random.random())
        heads_E = np.sort(random.choice(self.batch_size, size=count, replace=count > self.batch_size))
        plain_TB, targets_TB = window.inputs_TB.numpy(), window.targets_TB.numpy()
        copies = [self._copy(plain_TB[:, head], targets_TB[:, head], random) for head in heads_E]
        if not copies:
            return window
        inputs_TE, targets_TE = (torch.from_numpy(np.stack(columns, axis=1)) for columns in zip(*copies, strict=True))
        return replace(
            window,
            inputs_TB=torch.cat([window.inputs_TB, inputs_TE], dim=1),
            targets_TB=torch.cat([window.targets_TB, targets_TE], dim=1),
            copied_E=torch.from_numpy(heads_E),
        )

    def _copy(self, plain_T: Ids, targets_T: Ids, random: np.random.Generator) -> tuple[Ids, Ids]:
        """Inputs and targets of a copy, the end of its gap as the id `vocab_size`; of short ones and of those with a border nothing."""
        inputs, targets = np.full_like(plain_T, BOUNDARY_ID), np.full_like(plain_T, IGNORED)
        length = int(np.flatnonzero(targets_T != IGNORED)[-1]) + 1 if (targets_T != IGNORED).any() else 0
        ids = np.append(plain_T[:length], targets_T[length - 1 : length])[: max(0, len(plain_T) - 2)]
        lead = min(READ_AGAIN, len(ids) // 3)
        most = min(suffix_tokens(self.seq_length), len(ids) - lead - 1)
        if most < 1:
            return inputs, targets
        behind = most if random.random() < _WHOLE_SHARE else int(random.integers(1, most + 1))
        room = len(ids) - behind - lead
        end = lead + min(room, int((room + 1) ** random.random()))  # each power of two is about as frequent
        if (ids[1:end] == BOUNDARY_ID).any():
            return inputs, targets
        read = np.concatenate([announced(ids[end : end + behind], self._vocab_size), ids[:end]])
        wanted = np.append(ids[max(1, lead) : end], self._vocab_size)
        if self._told_V is not None:
            wanted[:-1][self._told_V[wanted[:-1]]] = IGNORED
        inputs[: len(read)] = read
        targets[len(read) - len(wanted) : len(read)] = wanted
        return inputs, targets

    def state(self) -> dict[str, Any]:
        """Where the reader stands, as plain values."""
        return {"number": self._number, "plain": self._reader.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continues where `state` was taken. Raises SchemaError: it is no state of this reader."""
        table({"number": whole(), "plain": anything})(state, "the reader's state")
        self._reader.restore(state["plain"])
        self._number = state["number"]
