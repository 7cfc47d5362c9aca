"""B read heads over a collection of pieces that have nothing to do with one another, such as tunes.

Unlike the text of `streams.py`, which is one ring, every piece is read on its own: a head that has finished a piece takes the next one and
begins it at the start of a window, with an empty state. What is left of the window after a piece's end is not counted.

    head 0   | piece 7 ........ | ... end ---- | piece 2 ........ |        - not counted; | borders of windows
    head 1   | piece 4 ........ | ............ | .. end --------- |

All pieces are taken once in a random order, then all again in another. Each time a piece is taken it is augmented anew. Both depend on the
seed and on how many pieces were taken before, so a few whole numbers say where the reader stands.

Of short pieces that rest would be most of a window. So they can be levelled: the pieces that heads take one after the other have about
the same length, and a window ends where the longest of them does.

Letters: B heads (streams), T window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids, IdSequence
from lstmgen.media.base import Augment
from lstmgen.media.legal import ANYTHING, Legal, Rows
from lstmgen.schema import list_of, table, whole
from lstmgen.training.streams import IGNORED, Window

_ORDER: Final = 0
_FORM: Final = 1
_POOL: Final = 16
"""Groups of as many pieces as there are heads that are sorted together by length: enough for it, few enough to stay random."""


@dataclass
class _Head:
    """A head, the number of the piece that it took (-1 before the first), how far it has read, and what may stand where in the piece."""

    taken: int
    offset: int
    ids: Ids
    rows: Rows | None = None


class PieceStreams:
    """The heads and where they stand.

    Args:
        ids: the ids of all pieces, each behind its boundary; in memory or in a file.
        starts: where each boundary stands.
        batch_size: B.
        seq_length: T.
        seed: what the order and the augmentation are drawn from.
        augment: what is done to a piece each time it is taken.
        told_V: which ids are only ever inputs; they are not to be predicted.
        levelled: whether pieces of about the same length are read side by side.
        legal: which ids may come where in a piece; None: all of them.
    """

    def __init__(
        self,
        ids: IdSequence,
        starts: NDArray[np.integer],
        *,
        batch_size: int,
        seq_length: int,
        seed: int,
        augment: Augment | None = None,
        told_V: NDArray[np.bool_] | None = None,
        levelled: bool = False,
        legal: Legal | None = None,
    ) -> None:
        self.ids = ids
        self.batch_size = batch_size
        self.seq_length = seq_length
        self._bounds = np.append(starts.astype(np.int64), len(ids))
        self._seed = seed
        self._augment, self._told_V = augment, told_V
        self._levelled, self._legal = levelled, legal
        self._taken = 0
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, np.int64))
        self._heads = [_Head(-1, 0, np.zeros(1, np.int64)) for _ in range(batch_size)]

    @property
    def tokens_per_window(self) -> int:
        """At most so many targets are counted in a window: B x T."""
        return self.batch_size * self.seq_length

    def next_window(self) -> Window:
        """The next tokens of every head, and what follows each; the last token of a piece is followed by a boundary."""
        inputs_TB = np.full((self.seq_length, self.batch_size), BOUNDARY_ID, np.int64)
        targets_TB = np.full((self.seq_length, self.batch_size), IGNORED, np.int64)
        fresh_B = np.zeros(self.batch_size, np.bool_)
        legal_TBK: Rows | None = None
        counted = longest = 0
        for place in range(self.batch_size):
            if self._heads[place].offset >= len(self._heads[place].ids) - 1:
                self._heads[place] = self._head(self._taken)
                self._taken += 1
                fresh_B[place] = True
            head = self._heads[place]
            window = head.ids[head.offset : head.offset + self.seq_length + 1]
            count = len(window) - 1
            inputs_TB[:count, place] = window[:-1]
            targets_TB[:count, place] = window[1:]
            if head.rows is not None:
                if legal_TBK is None:
                    legal_TBK = np.full((*targets_TB.shape, head.rows.shape[1]), ANYTHING, np.uint8)
                legal_TBK[:count, place] = head.rows[head.offset : head.offset + count]
            head.offset += count
            longest = max(longest, count)
            if self._told_V is not None:
                told_T = self._told_V[window[1:]]
                targets_TB[:count, place][told_T] = IGNORED
                count -= int(told_T.sum())
            counted += count
        length = longest if self._levelled else self.seq_length
        inputs_TB, targets_TB = torch.from_numpy(inputs_TB[:length]), torch.from_numpy(targets_TB[:length])
        legal = None if legal_TBK is None else torch.from_numpy(legal_TBK[:length])
        return Window(inputs_TB, targets_TB, counted, fresh_B=torch.from_numpy(fresh_B), legal_TBK=legal)

    def _head(self, number: int, offset: int = 0) -> _Head:
        """A head that has taken the piece of this number, and has read so much of it."""
        ids = self._piece(number)
        return _Head(number, offset, ids, None if self._legal is None else self._legal(ids[1:-1]))

    def _piece(self, number: int) -> Ids:
        """The piece that is taken as this number, augmented, between two boundaries."""
        count = len(self._bounds) - 1
        turn, place = divmod(number, count)
        if self._order[0] != turn:
            self._order = (turn, self._shuffled(np.random.default_rng((self._seed, _ORDER, turn))))
        chosen = int(self._order[1][place])
        ids = np.asarray(self.ids[self._bounds[chosen] + 1 : self._bounds[chosen + 1]], np.int64)
        if self._augment is not None:
            ids = self._augment(ids, np.random.default_rng((self._seed, _FORM, number)), turn)
        return np.concatenate([[BOUNDARY_ID], ids, [BOUNDARY_ID]])

    def _shuffled(self, random: np.random.Generator) -> NDArray[np.int64]:
        """All pieces in a random order; levelled, those of neighbouring places are of about the same length."""
        order = random.permutation(len(self._bounds) - 1)
        if not self._levelled:
            return order
        lengths = np.diff(self._bounds)
        groups: list[NDArray[np.int64]] = []
        for begin in range(0, len(order), _POOL * self.batch_size):
            pool = order[begin : begin + _POOL * self.batch_size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            found = np.split(pool, range(self.batch_size, len(pool), self.batch_size))
            groups += [found[place] for place in random.permutation(len(found))]
        return np.concatenate(groups)

    def state(self) -> dict[str, Any]:
        """Where the reader stands, as plain values."""
        return {"taken": self._taken, "heads": [[head.taken, head.offset] for head in self._heads]}

    def restore(self, state: dict[str, Any]) -> None:
        """Continues where `state` was taken. Raises SchemaError: it is no state of a reader of so many heads."""
        head = list_of(whole(-1), exactly=2)
        table({"taken": whole(), "heads": list_of(head, exactly=self.batch_size)})(state, "the reader's state")
        heads: list[_Head] = []
        for place, (taken, offset) in enumerate(state["heads"]):
            whole(-1, state["taken"] - 1)(taken, f"the reader's head {place}")
            head = self._head(taken, offset) if taken >= 0 else _Head(-1, offset, np.zeros(1, np.int64))
            whole(0, len(head.ids) - 1)(offset, f"the place of the reader's head {place}")
            heads.append(head)
        self._taken, self._heads = state["taken"], heads
