"""The contract of a gap: a part of an item that is written anew, between what stands before and what follows.

    an item with gaps ─► Gap ─► Filling ◄─ ids, one at a time        afterwards: all fillings ─► Outcome

The text or the tune around a gap stays as it is, to the last byte. Letters: V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lstmgen.config import DataConfig
from lstmgen.ids import Ids
from lstmgen.media.legal import Rows
from lstmgen.media.writing import Item, Outcome


class Filling(Protocol):
    """One way to fill a gap, while it is written. Changes as it is pushed.

    Attributes:
        ids: what was pushed.
    """

    ids: list[int]

    @property
    def stage(self) -> int:
        """How far it has come. Ways are compared where they have come equally far, so that each has passed as much of what is kept."""
        ...

    @property
    def complete(self) -> bool:
        """Whether what was written so far fills the gap."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more may be written in the gap."""
        ...

    def allowed(self) -> NDArray[np.bool_] | None:
        """Which ids may come next, of shape (V,); None: all of them. Never all False before the end.

        That the next id is one of them is known before it is drawn, from what is kept of the item.
        """
        ...

    def legal(self) -> NDArray[np.bool_] | None:
        """Which ids may come next by the grammar alone, of shape (V,), where a model gives no other one any probability; None: it may."""
        ...

    def push(self, token_id: int) -> None:
        """One more id, which is allowed."""
        ...

    def fork(self) -> Self:
        """Another one, as far as this one has come."""
        ...

    def behind(self, most: int) -> Ids:
        """What follows in the item once it is filled in this way: so many ids at most, directly behind those here."""
        ...

    def legal_behind(self, most: int) -> Rows | None:
        """What `legal` would say before each of those ids, as bits."""
        ...

    def shown(self) -> str:
        """What was written, for people; ways that look the same are one."""
        ...


class Gap(Protocol):
    """A part of an item that is to be written.

    Attributes:
        before: what the model reads first, without a boundary.
        usual: so many ways to fill it are followed where nothing is said.
        short: whether a way to fill it has few ids, so that all children of a way are worth looking at.
    """

    before: Ids
    usual: int
    short: bool

    def filling(self) -> Filling:
        """Nothing is written yet."""
        ...

    def true(self) -> Ids | None:
        """What stands there, as a filling would write it; None: nothing, or nothing that could."""
        ...


class Gapped(Protocol):
    """An item with gaps, in their order.

    Attributes:
        notes: what the user should know of it.
        count: how many gaps there are, at least one.
    """

    notes: tuple[str, ...]
    count: int

    def gap(self, filled: Sequence[Any]) -> Gap:
        """The next gap, once those before it are filled in these ways."""
        ...

    def outcome(self, filled: Sequence[Any]) -> Outcome:
        """The whole item; `gaps` in its facts tells of each gap, as plain values."""
        ...


class Fillable(Protocol):
    """What a medium knows of gaps."""

    def gapped(self, tokenizer: Any, item: Item, options: Mapping[str, Any], data: DataConfig) -> Gapped:
        """An item in which the options say where the gaps are.

        Args:
            tokenizer: the model's.
            item: what has the gaps, as `parse` gives it; it is not tidied.
            options: those of `INFILL_OPTIONS` in the medium's `options.py` that were given, by name.
            data: how the model's sources were read.

        Raises:
            UsageError: there is no such gap, or this model cannot fill it.
            UnseenSymbolError: what stands around it holds unseen symbols and is not to be altered.
            InputError: it cannot be read.
        """
        ...

    def cut(self, tokenizer: Any, ids: Ids, begin: int, end: int, *, most: int) -> Gap:
        """A gap in place of some ids, to measure how well it is filled.

        Args:
            tokenizer: the model's.
            ids: of an item, without boundaries.
            begin: the first id that is cut out.
            end: the first behind it.
            most: ids behind the gap that are of interest.

        Raises:
            UsageError: ids cannot be cut out anywhere.
        """
        ...
