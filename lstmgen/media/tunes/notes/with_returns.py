"""Parts that come back by themselves, for the grammar of notes: which may, and what is written beside them; see `returns.py`.

Letters: V ids.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Wrapped
from lstmgen.media.tunes.notes.bar import Bar, BarNote
from lstmgen.media.tunes.notes.events import DRUM, PROGRAM, TRACK_OF
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.measures import BAR, METER, POSITION, TEMPO
from lstmgen.media.tunes.notes.remaining import LEFT
from lstmgen.media.tunes.notes.repeats import AGAIN, HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.returns import RETURN, PartsSoFar
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.media.tunes.step_notes import Row

_SAID_BEFORE: Final = (LEFT, METER, TEMPO, REPEAT, HALF, HEAD, TAIL)
"""What a bar does not say behind a part that comes back."""
_EVER: Final = 1 << 30


@final
class GrammarWithReturns(Wrapped):
    """A grammar of parts as instruments, told what they play once more as if it were written out.

    Args:
        grammar: of what is written out.
        table: the ranges of ids.
    """

    def __init__(self, grammar: NotesGrammar, table: EventTable) -> None:
        super().__init__(grammar)
        self._notes, self._table = grammar, table
        self._parts = PartsSoFar()
        self._open()

    def _open(self) -> None:
        """A bar begins."""
        self._asked: int | None = None
        """The part of which it is about to be said how far back it comes back."""
        self._returned = set[int]()
        """The lines that came back in this bar."""
        self._latest: tuple[Bar, int] | None = None
        """What came back last, while its velocities are not known for certain, and the index of its id."""
        self._bins: list[int] = []
        """The velocities that are said of it."""
        self._waiting = deque[tuple[BarNote, int]]()
        """The notes of what comes back whose moment has not come, each with the index of its id."""
        self._at_hand: dict[tuple[int, int], dict[int, Bar]] = {}
        """What can come back, by line and meter, as far as that was looked for."""

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        table = self._table
        if self._asked is not None and (distances := self._fitting(self._asked)):
            mask_V[[table.first(RETURN) + distance - 1 for distance in distances]] = True
        elif self._bins and self._latest is not None:
            mask_V[table.span(AGAIN)] = True
        else:
            super().allow(mask_V)
            if self._returned:
                self._keep(mask_V)
            if self._notes.may_return and mask_V[table.span(POSITION)].any():
                last = max(self._returned, default=-1) // MOST_TRACKS
                parts = [part for part in self._notes.parts if part > last and self._fitting(part)]
                mask_V[[table.first(PROGRAM) + part for part in parts]] = True

    def _keep(self, mask_V: NDArray[np.bool_]) -> None:
        """What may come in a bar in which a part came back."""
        for kind in _SAID_BEFORE:
            mask_V[self._table.span(kind)] = False
        if self._latest is not None:
            mask_V[self._table.span(AGAIN)] = True

    def _fitting(self, part: int) -> list[int]:
        """How far back lies what a part may play once more."""
        line, meter = part * MOST_TRACKS, self._notes.meter
        if (line, meter) not in self._at_hand:
            self._at_hand[line, meter] = self._parts.at_hand(line, meter)
        there = self._at_hand[line, meter]
        fits = {bar: self._notes.may_sound(bar) for bar in dict.fromkeys(there.values())}
        return [distance for distance, bar in there.items() if fits[bar]]

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        if kind == AGAIN and self._latest is not None:
            self._bins.append(value)
            if len(self._bins) == len(self._latest[0].notes):
                self._know()
            return ()
        self._know()
        if kind == RETURN:
            self._come_back(value + 1, place)
            return ()
        rows = list[Row]()
        if self._asked is not None:  # and does not come back: it plays
            rows += super().push(PROGRAM, self._asked, place)
            self._asked = None
        if kind == PROGRAM and self._notes.may_return:
            self._asked = value
            return rows
        rows += self._play(self._until(kind, value))
        rows += super().push(kind, value, place)
        if kind == BAR:
            if (bar := self._notes.bar_before) is not None:
                self._parts.add(bar)
            self._open()
        return rows

    def rest(self) -> Sequence[Row]:
        """The notes that end because nothing follows."""
        self._know()
        return [*self._play((_EVER,)), *super().rest()]

    def _come_back(self, distance: int, place: int) -> None:
        """A part plays in this bar what it played so far back."""
        part, self._asked = self._notes.instrument if self._asked is None else self._asked, None
        line = part * MOST_TRACKS
        if (bar := self._parts.at_hand(line, self._notes.meter).get(distance)) is not None and line not in self._returned:
            self._returned.add(line)
            self._latest, self._bins = (bar, place), []
            self._notes.come_back(line, bar.notes)

    def _know(self) -> None:
        """The velocities of what came back last are known."""
        latest, self._latest = self._latest, None
        if latest is not None:
            notes = latest[0].with_bins(self._bins).notes
            self._waiting = deque(sorted([*self._waiting, *((note, latest[1]) for note in notes)]))
            self._bins = []

    def _until(self, kind: str, value: int) -> tuple[int, ...]:
        """What comes back sounds before an event where it begins before this position and line."""
        if kind == BAR:
            return (_EVER,)
        if kind == POSITION:
            return (value,)
        now = self._notes.position
        return (now, self._notes.instrument * MOST_TRACKS) if kind in TRACK_OF or kind == DRUM else (0,)

    def _play(self, until: Iterable[int]) -> list[Row]:
        """The notes of what comes back that begin before a position, and a line there."""
        rows, until = list[Row](), tuple(until)
        while self._waiting and self._waiting[0][0] < until:
            note, place = self._waiting.popleft()
            rows += self._notes.play(note, place)
        return rows
