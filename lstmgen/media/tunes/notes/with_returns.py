"""Parts that come back by themselves, for the grammar of notes: which may, and what is written beside them; see `returns.py`.

Letters: V ids.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Wrapped
from lstmgen.media.tunes.notes.bar import Bar, BarNote
from lstmgen.media.tunes.notes.events import DRUM, PROGRAM, TRACK_OF, VELOCITY_BINS
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.measures import BAR, METER, POSITION, TEMPO
from lstmgen.media.tunes.notes.remaining import LEFT
from lstmgen.media.tunes.notes.repeats import AGAIN, HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.returns import LOUDER, MOST_LOUDER, RETURN, PartsSoFar
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.media.tunes.step_notes import Row

_SAID_BEFORE: Final = (LEFT, METER, TEMPO, REPEAT, HALF, HEAD, TAIL)
"""What a bar does not say behind a part that comes back."""
_EVER: Final = 1 << 30


@final
@dataclass
class _Coming:
    """What came back last, as far as it has been said.

    Attributes:
        part: what is played once more.
        place: the index of the id that says so.
        louder: by how many bins of velocity all its notes are louder.
        bins: the velocities that are said of it.
    """

    part: Bar
    place: int
    louder: int = 0
    bins: list[int] = field(default_factory=list)

    @property
    def lacks_bins(self) -> bool:
        """Whether velocities have yet to be said, because some were."""
        return 0 < len(self.bins) < len(self.part.notes)

    @property
    def may_be_louder(self) -> NDArray[np.bool_]:
        """By how many bins all notes may be louder, by the values of what says so."""
        bins, by_W = self.part.columns[-1], np.arange(-MOST_LOUDER, MOST_LOUDER + 1)
        return (by_W != 0) & (by_W >= -bins.min()) & (by_W < VELOCITY_BINS - bins.max())

    @property
    def notes(self) -> Sequence[BarNote]:
        """With the velocities that were said of them."""
        bins = self.bins if not self.louder else [min(max(note[4] + self.louder, 0), VELOCITY_BINS - 1) for note in self.part.notes]
        return self.part.with_bins(bins).notes


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
        self._last = -1
        """The last line that came back in this bar."""
        self._coming: _Coming | None = None
        """What that plays, while more may be said of it."""
        self._waiting = deque[tuple[BarNote, int]]()
        """The notes of what comes back whose moment has not come, each with the index of its id."""
        self._at_hand: dict[tuple[int, int], dict[int, Bar]] = {}
        """What can come back, by line and meter, as far as that was looked for."""

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        table, coming = self._table, self._coming
        if self._asked is not None and (fitting := self._fitting(self._asked)):
            mask_V[fitting] = True
        elif coming is not None and coming.lacks_bins:
            mask_V[table.span(AGAIN)] = True
        else:
            super().allow(mask_V)
            if self._last >= 0:
                for kind in _SAID_BEFORE:
                    mask_V[table.span(kind)] = False
                if coming is not None:
                    mask_V[table.span(AGAIN)] = True
                    mask_V[table.span(LOUDER)] = coming.may_be_louder
            if self._notes.may_return and mask_V[table.span(POSITION)].any():
                parts = [part for part in self._notes.parts if part * MOST_TRACKS > self._last and self._fitting(part)]
                mask_V[[table.first(PROGRAM) + part for part in parts]] = True

    def _fitting(self, part: int) -> list[int]:
        """The ids by which a part may say what it plays once more."""
        there = self._there(part * MOST_TRACKS)
        fits = {bar: self._notes.may_sound(bar) for bar in dict.fromkeys(there.values())}
        return [self._table.first(RETURN) + distance - 1 for distance, bar in there.items() if fits[bar]]

    def _there(self, line: int) -> dict[int, Bar]:
        """What a line can play once more in this bar, by how far back that lies."""
        key = line, self._notes.meter
        if key not in self._at_hand:
            self._at_hand[key] = self._parts.at_hand(*key)
        return self._at_hand[key]

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        if self._coming is not None and self._more(self._coming, kind, value):
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

    def _more(self, coming: _Coming, kind: str, value: int) -> bool:
        """Whether an event says more of what came back last."""
        if kind == AGAIN:
            coming.bins.append(value)
            if not coming.lacks_bins:
                self._know()
        elif kind == LOUDER and not coming.bins:
            coming.louder = value - MOST_LOUDER
            self._know()
        else:
            return False
        return True

    def rest(self) -> Sequence[Row]:
        """The notes that end because nothing follows."""
        self._know()
        return [*self._play((_EVER,)), *super().rest()]

    def _come_back(self, distance: int, place: int) -> None:
        """A part plays in this bar what it played so far back."""
        part, self._asked = self._notes.instrument if self._asked is None else self._asked, None
        line = part * MOST_TRACKS
        if (bar := self._there(line).get(distance)) is not None and line > self._last:
            self._last = line
            self._coming = _Coming(bar, place)
            self._notes.come_back(line, bar.notes)

    def _know(self) -> None:
        """Nothing more is said of what came back last."""
        coming, self._coming = self._coming, None
        if coming is not None:
            self._waiting = deque(sorted([*self._waiting, *((note, coming.place) for note in coming.notes)]))

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
