"""What every cursor does alike; what may come next is a matter of the grammar of a tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.step_limits import Course


class Grammar(Protocol):
    """Where one piece stands while it is written. Changes as it is pushed.

    Attributes:
        course: how far it has come.
    """

    course: Course

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self.course.finished

    def begin(self) -> None:
        """The prompt is over: from here on constraints hold."""
        self.course.begin()

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next in a mask of zeros; not called when it is finished."""
        ...

    def push(self, token_id: int) -> None:
        """One more id, which is allowed and no boundary."""
        ...


@final
class GrammarCursor:
    """A `lstmgen.media.base.Cursor` on pieces of one grammar.

    Args:
        fresh: makes the grammar at the beginning of a piece.
        vocab_size: number of ids.
    """

    def __init__(self, fresh: Callable[[], Grammar], vocab_size: int) -> None:
        self._fresh = fresh
        self._grammar = fresh()
        self._begun = False
        self._vocab_size = vocab_size
        self._allowed: NDArray[np.bool_] | None = None

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self._grammar.finished

    def begin(self) -> None:
        """The prompt is over."""
        self._begun, self._allowed = True, None
        self._grammar.begin()

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); read-only."""
        if self._allowed is None:
            mask_V = np.zeros(self._vocab_size, np.bool_)
            if self._grammar.finished:
                mask_V[BOUNDARY_ID] = True
            else:
                self._grammar.allow(mask_V)
            mask_V.setflags(write=False)
            self._allowed = mask_V
        return self._allowed

    def push(self, token_id: int) -> None:
        """One more id. Raises ValueError where it is not allowed, and changes nothing then."""
        if not 0 <= token_id < self._vocab_size or not self.allowed()[token_id]:
            raise ValueError(f"id {token_id} may not come here")
        if token_id != BOUNDARY_ID:
            self._allowed = None
            self._grammar.push(token_id)
        elif not self._grammar.finished:
            self._allowed, self._grammar = None, self._fresh()
            if self._begun:
                self._grammar.begin()
