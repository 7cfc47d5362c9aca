"""Pieces one id at a time: a grammar knows where one stands, a cursor what may come next, and a stream which notes have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.standing import Standing
from lstmgen.media.tunes.step_limits import Course
from lstmgen.media.tunes.step_notes import Row, StepNotes
from lstmgen.music.score import Notes

_NONE: Final = Notes.empty()
_MAY_WRITE: Final = False
"""Given by position, which takes numpy half the time: a mask is made for every id that is drawn."""


class Grammar(Protocol):
    """Where one piece stands while it is written. Changes as it is pushed.

    Attributes:
        course: how far it has come.
        named: the lines that its ids have named, in their order.
    """

    course: Course
    named: Iterable[int] = ()

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self.course.finished

    @property
    def complete(self) -> bool:
        """Whether the tune is as long as was asked for, although its last bar may still be filled."""
        return self.finished

    @property
    def closing(self) -> bool:
        """Whether this is the last bar, as far as a tune knows how many there are."""
        return False

    @property
    def settled(self) -> bool:
        """Whether it has been said of this bar what comes back in it."""
        return True

    @property
    def restrained(self) -> bool:
        """Whether a lenient grammar would allow more in this bar."""
        return False

    @property
    def next_wait(self) -> int:
        """The step at which it stands after an event that lets time pass."""
        return self.course.now + 1

    @property
    def standing(self) -> Standing | None:
        """What is known before the next id; None where that is not told."""
        return None

    def begin(self) -> None:
        """The prompt is over: from here on constraints hold."""
        self.course.begin()

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next in a mask of zeros; not called when it is finished."""
        ...

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event, no boundary, and the index of its id; gives the notes whose end it tells.

        It need not be allowed; then it may tell what is not so, but never breaks off.
        """
        ...

    def rest(self) -> Sequence[Row]:
        """The notes that end because nothing follows."""
        ...


class Wrapped(Grammar):
    """A grammar that is told and asked in other words; what it does not change is as the grammar inside says."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self.course: Course = grammar.course
        self.named: Iterable[int] = grammar.named

    @property
    def finished(self) -> bool:
        """As the grammar says."""
        return self._grammar.finished

    @property
    def complete(self) -> bool:
        """As the grammar says."""
        return self._grammar.complete

    @property
    def closing(self) -> bool:
        """As the grammar says."""
        return self._grammar.closing

    @property
    def settled(self) -> bool:
        """As the grammar says."""
        return self._grammar.settled

    @property
    def restrained(self) -> bool:
        """As the grammar says."""
        return self._grammar.restrained

    @property
    def next_wait(self) -> int:
        """As the grammar says."""
        return self._grammar.next_wait

    @property
    def standing(self) -> Standing | None:
        """As the grammar says."""
        return self._grammar.standing

    def begin(self) -> None:
        """The prompt is over."""
        self._grammar.begin()

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        self._grammar.allow(mask_V)

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        return self._grammar.push(kind, value, place)

    def rest(self) -> Sequence[Row]:
        """The notes that end because nothing follows."""
        return self._grammar.rest()


@final
class GrammarCursor:
    """A `lstmgen.media.base.Cursor` on pieces of one grammar.

    Args:
        fresh: makes the grammar at the beginning of a piece.
        table: the ranges of ids.
        starts: the kinds of events that begin a note.
        waits: the kinds of events with which time passes: by their value, or up to `Grammar.next_wait` where they have only one.
        patience: steps that may pass before the first note is drawn: nobody wants silence.
    """

    def __init__(
        self, fresh: Callable[[], Grammar], table: EventTable, *, starts: Sequence[str], waits: Sequence[str], patience: int
    ) -> None:
        self._fresh, self._table = fresh, table
        self._starts, self._waits, self._patience = starts, waits, patience
        self._grammar = fresh()
        self._begun = False
        self._silent_since: int | None = None
        """Where the prompt ended, until a note is drawn."""
        self._allowed: NDArray[np.bool_] | None = None

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self._grammar.finished

    @property
    def complete(self) -> bool:
        """Whether it is as long as was asked for, although its last bar may still be filled."""
        return self._grammar.complete

    @property
    def closing(self) -> bool:
        """Whether what is drawn is the last bar, as far as the tune knows how many there are."""
        return self._begun and self._grammar.closing

    @property
    def settled(self) -> bool:
        """Whether it has been said of this bar what comes back in it."""
        return self._grammar.settled

    @property
    def restrained(self) -> bool:
        """Whether what is drawn is a last bar that is not to lead on."""
        return self._begun and self._grammar.restrained

    @property
    def standing(self) -> Standing | None:
        """What is known before the next id; None where that is not told."""
        return self._grammar.standing

    def be_lenient(self) -> None:
        """From here on a last bar may lead on."""
        self._grammar.course.lenient, self._allowed = True, None

    def leads_on(self, token_id: int) -> bool:
        """Whether an id is allowed only because a last bar may lead on."""
        course = self._grammar.course
        if not (course.lenient and self.restrained):
            return False
        strict_V = np.zeros(self._table.vocab_size, np.bool_)
        course.lenient = False
        self._grammar.allow(strict_V)
        course.lenient = True
        return not strict_V[token_id]

    def begin(self) -> None:
        """The prompt is over."""
        self._begun, self._allowed = True, None
        self._grammar.begin()
        self._silent_since = self._grammar.course.now

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); read-only."""
        if self._allowed is None:
            grammar, mask_V = self._grammar, np.zeros(self._table.vocab_size, np.bool_)
            if grammar.finished:
                mask_V[BOUNDARY_ID] = True
            else:
                grammar.allow(mask_V)
                if self._silent_since is not None:
                    self._hurry(mask_V, self._silent_since)
            mask_V.setflags(_MAY_WRITE)  # pyright: ignore[reportCallIssue] - numpy takes it so
            self._allowed = mask_V
        return self._allowed

    def _hurry(self, mask_V: NDArray[np.bool_], since: int) -> None:
        """While no note was drawn: no end, and no more waiting where it was long enough, as long as anything else may come."""
        course = self._grammar.course
        hurried_V = mask_V.copy()
        hurried_V[BOUNDARY_ID] = False
        for kind in self._waits:
            waits_V = hurried_V[self._table.span(kind)]
            ends_V = course.now + 1 + np.arange(len(waits_V)) if len(waits_V) > 1 else np.array([self._grammar.next_wait])
            waits_V[(ends_V >= course.now + course.room) | (course.now - since >= self._patience)] = False
        if hurried_V.any():
            mask_V[:] = hurried_V

    def push(self, token_id: int) -> None:
        """One more id. Raises ValueError where it is not allowed, and changes nothing then."""
        allowed_V = self._allowed if self._allowed is not None else self.allowed()
        if not 0 <= token_id < len(allowed_V) or not allowed_V[token_id]:
            raise ValueError(f"id {token_id} may not come here")
        self.take(token_id)

    def take(self, token_id: int) -> None:
        """One more id that is known to be allowed."""
        if token_id != BOUNDARY_ID:
            self._allowed = None
            kind, value = self._table.events[token_id]
            self._grammar.push(kind, value, 0)
            if kind in self._starts:
                self._silent_since = None
        elif not self._grammar.finished:
            self._allowed, self._grammar = None, self._fresh()
            if self._begun:
                self._grammar.begin()


@final
class GrammarStream:
    """Turns the ids of one piece into notes as they come; gives each note as soon as its end is known, never half a note.

    Args:
        grammar: at the beginning of the piece.
        table: the ranges of ids.
        prompt: ids that were read before, whose notes are not given.
        played: what turns notes in steps into those of a score.
    """

    def __init__(self, grammar: Grammar, table: EventTable, prompt: Ids, played: Callable[[StepNotes], Notes]) -> None:
        self._grammar, self._table, self._played = grammar, table, played
        self._since, self._count = len(prompt), 0
        for token_id in prompt.tolist():
            self.take(token_id)

    def push(self, token_id: int, /) -> Notes:
        """The notes that this id completes. Raises IndexError where there is no such id."""
        return self._notes(self.take(token_id))

    def take(self, token_id: int, /) -> Sequence[Row]:
        """The same in steps; where nobody wants them, such as those of a prompt."""
        kind, value = self._table.event(token_id)
        self._count += 1
        return () if token_id == BOUNDARY_ID else self._grammar.push(kind, value, self._count - 1)

    def finish(self) -> Notes:
        """The notes that were still sounding."""
        return self._notes(self._grammar.rest())

    def _notes(self, rows: Sequence[Row]) -> Notes:
        new = [row for row in rows if row[-1] >= self._since]
        return self._played(StepNotes.of_rows(new)) if new else _NONE
