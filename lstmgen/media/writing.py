"""The contract of a sample in the making: what it continues, what it keeps to, and what writes it down.

    request ─► Prompt ─► Plan ─► Writer ◄─ ids, one at a time ─► pieces ─► Outcome

Letters: V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids

Item = Any
"""One thing of a medium: a text is a `str`, a tune a `lstmgen.music.score.Score`."""

Piece = Any
"""A part of an item that is complete by itself, as it is streamed: a stretch of text, or some notes; one of length 0 holds nothing."""


@dataclass(frozen=True)
class Tempered:
    """A kind of ids: one is chosen among them at a share of the temperature, and together they stay as probable as they are.

    Attributes:
        ids: which.
        share: of the temperature; 0: the most probable one.
    """

    ids: Ids
    share: float


@dataclass(frozen=True)
class Weighed:
    """A kind of ids that come more or less often than a model expects.

    Attributes:
        ids: which.
        by_I: what is added to the logit of each.
        together: whether together they stay as probable as they are.
    """

    ids: Ids
    by_I: NDArray[np.float64]
    together: bool = True


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """An item that was given, as ids.

    Attributes:
        item: as it counts; without the symbols that were left out.
        ids: without boundaries; where the end of the item counts, the boundary behind it is the last one.
        notes: what the user should know.
        forms: ids of the same length that say the same, such as a tune in other keys; predictions may be averaged over them.
    """

    item: Item
    ids: Ids
    notes: tuple[str, ...] = ()
    forms: tuple[Ids, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prompt(Encoded):
    """What a sample continues.

    Attributes:
        shown: how results name it.
    """

    shown: str = ""


@dataclass(frozen=True, kw_only=True)
class Spelled:
    """A text that goes on within its last word, for ids that spell bytes.

    Attributes:
        entries: the bytes that each id stands for; none of the boundary.
        base: the ids of what stands before the last word and the white space before it.
        typed: the bytes of that white space and of the word.
        word: where in `typed` the word begins.
        word_end: where in some bytes a word that begins with them ends; None: not in them.
    """

    entries: Sequence[bytes]
    base: Ids
    typed: bytes
    word: int
    word_end: Callable[[bytes], int | None]

    def fits(self, rest: bytes) -> NDArray[np.bool_]:
        """Which ids spell the beginning of these bytes, or all of them and more, of shape (V,)."""
        return np.array([bool(entry) and (rest.startswith(entry) or entry.startswith(rest)) for entry in self.entries])


class Cursor(Protocol):
    """Where an item stands while it is written, and what may come next. Changes as it is pushed.

    The life of a cursor: `push` every id of the prompt, `begin`, then again and again `allowed` and `push`.
    """

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        ...

    def begin(self) -> None:
        """The prompt is over: from here on constraints hold, and lengths are counted."""
        ...

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); a fresh or read-only array that is never all False.

        By the grammar always, and after `begin` by the constraints. The boundary (id 0) is allowed where the item may end by grammar and
        no length is asked for that has not been reached.
        """
        ...

    def push(self, token_id: int) -> None:
        """One more id. After `begin` it must be allowed; of a prompt whatever its tokenizer's `encode` gives.

        Raises:
            ValueError: the grammar does not allow it.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A sample that was written.

    Attributes:
        item: the whole; whether a prompt is part of it is the medium's and the caller's choice.
        facts: what a result tells of it, by name.
        warnings: what the user should know about it.
    """

    item: Item
    facts: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Writer(Protocol):
    """One sample while it is written, behind its prompt."""

    @property
    def ended(self) -> str | None:
        """Why nothing may follow, in a word; None while more may follow."""
        ...

    @property
    def at_boundary(self) -> str:
        """Why an item ends that ends with a boundary, in a word: by itself, or where that was asked for."""
        ...

    @property
    def heat(self) -> float:
        """By what the temperature of the next id is multiplied: 1 where nothing is to be more certain than usual."""
        ...

    @property
    def tempered(self) -> Sequence[Tempered]:
        """Kinds of ids of which one is chosen at a share of the temperature, the same for all samples."""
        ...

    @property
    def weighed(self) -> Sequence[Weighed]:
        """Kinds of ids that come next more or less often than the model expects."""
        ...

    @property
    def steady(self) -> bool:
        """Whether what may come next, and how certain it is to be, stays as it is to the end."""
        ...

    @property
    def tries(self) -> int:
        """How often a passage was begun that may be drawn again; 0: there is none, or it has not been reached.

        With the id behind which it begins this becomes 1. With one that the passage is not to have it becomes more: that id, and those
        of the passage, are forgotten, and what comes next is its first id again. So it does with a boundary that is not to come yet.
        """
        ...

    def allowed(self) -> NDArray[np.bool_] | None:
        """Which ids may come next, of shape (V,), the same array as long as nothing changes; None: all of them."""
        ...

    def push(self, token_id: int) -> Piece:
        """What one more id, which is no boundary, completes."""
        ...

    def may_end(self) -> bool:
        """A boundary was drawn: whether the item ends with it. Where it does not, `tries` becomes more, and a passage is drawn again."""
        ...

    def finish(self, *, cut: bool = False) -> Piece:
        """What was held back, now that nothing follows; with `cut` without what is incomplete."""
        ...

    def outcome(self) -> Outcome:
        """What was written, as the caller asked for it."""
        ...


class Plan(Protocol):
    """What every sample of a request keeps to."""

    @property
    def length(self) -> int | None:
        """Most tokens to draw; None: no end but the item's own."""
        ...

    @property
    def ends(self) -> bool:
        """Whether a sample comes to an end for certain, or nearly so."""
        ...

    def writer(self) -> Writer:
        """A fresh sample."""
        ...
