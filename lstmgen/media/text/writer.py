"""A text while it is written: ids become pieces of text, which end before a stop text.

id ─► stream decoder ─► stop scanner ─► piece
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.text.stops import StopScanner
from lstmgen.media.writing import Outcome


@final
@dataclass(frozen=True)
class TextPlan:
    """What every text of a request keeps to; see `media.base.Plan`.

    Attributes:
        tokenizer: the model's.
        length: most tokens to draw; None: no end.
        stops: texts before the first of which a sample ends.
        ignore_end: whether the end of a document is never drawn.
        most: tokens after which a text is cut; other than a length nobody has asked for it.
        whole: whether the model has learned whole documents, which end by themselves.

    Raises:
        UsageError: a stop text is empty or too long, or nothing at all could be drawn.
    """

    tokenizer: TextTokenizer
    length: int | None
    stops: tuple[str, ...] = ()
    ignore_end: bool = False
    most: int | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        StopScanner(self.stops)
        if self.ignore_end and self.tokenizer.vocab_size < 2:
            raise UsageError(
                "the model knows nothing but the end of a document, which it is asked to ignore", remedy="leave --ignore-end out"
            )

    @property
    def ends(self) -> bool:
        """Whether a length or a stop text ends it, or its own end, of which only a model of whole documents has learned enough."""
        return self.length is not None or bool(self.stops) or self.whole

    @cached_property
    def allowed(self) -> NDArray[np.bool_] | None:
        """Which ids may be drawn; None: all of them."""
        if not self.ignore_end:
            return None
        allowed_V = np.arange(self.tokenizer.vocab_size) != BOUNDARY_ID
        allowed_V.setflags(write=False)
        return allowed_V

    def writer(self) -> TextWriter:
        """A fresh text."""
        return TextWriter(self)


@final
class TextWriter:
    """One text while it is written; see `media.base.Writer`. Its pieces are `str`, which joined are the text."""

    def __init__(self, plan: TextPlan) -> None:
        self._allowed = plan.allowed
        self._decoder = plan.tokenizer.decoder()
        self._scanner = StopScanner(plan.stops)
        self._pieces: list[str] = []
        self._left = plan.most

    @property
    def at_boundary(self) -> str:
        """The document is over."""
        return "end-of-document"

    @property
    def ended(self) -> str | None:
        """`stop` when a stop text has appeared, `length` when there is too much."""
        return "stop" if self._scanner.found else "length" if self._left == 0 else None

    @property
    def heat(self) -> float:
        """Always as usual."""
        return 1.0

    @property
    def tries(self) -> int:
        """A text is drawn once."""
        return 0

    def may_end(self) -> bool:
        """A text ends with any boundary."""
        return True

    @property
    def tempered(self) -> tuple[()]:
        """Symbols are of one kind."""
        return ()

    @property
    def weighed(self) -> tuple[()]:
        """Symbols come as the model expects."""
        return ()

    @property
    def steady(self) -> bool:
        """A text has no grammar."""
        return True

    def allowed(self) -> NDArray[np.bool_] | None:
        """Which ids may come next; None: all of them."""
        return self._allowed

    def push(self, token_id: int) -> str:
        """The text that may be shown now."""
        if self._left:
            self._left -= 1
        return self._kept(self._scanner.push(self._decoder.push(token_id)))

    def finish(self, *, cut: bool = False) -> str:
        """What was held back; U+FFFD for a character of which only the first bytes were drawn, or with `cut` nothing."""
        shown = "" if cut else self._scanner.push(self._decoder.finish())
        return self._kept(shown + self._scanner.finish())

    def outcome(self) -> Outcome:
        """The text so far, without the prompt."""
        text = "".join(self._pieces)
        return Outcome(item=text, facts={"text": text})

    def _kept(self, piece: str) -> str:
        self._pieces.append(piece)
        return piece
