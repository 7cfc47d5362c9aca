"""Seats: the parts of a tune counted from the lowest to the highest, in place of the instruments that play them.

    programs   program flute  program cello      bar  position 0  program flute  pitch ...  program cello  pitch ...
    seats      cast as cello  cast as flute      bar  position 0  part 1  pitch ...  part 2  pitch ...

A piece names who plays its parts before it begins, the drums last; from there on ids say the part. So what a bass does, and who comes
after whom, is learned from all tunes at once, where ensembles differ from tune to tune; instruments by their programs would have to be
learned one by one. Every track has a part of its own, so pitches need not say the track. The number of a part is told with the kind of
events that else tells a program, as if its instrument were that number; the drums keep theirs.

Letters: N notes, S parts, T ids, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Wrapped
from lstmgen.media.tunes.notes.events import CAST, LAST_PART, PROGRAM, TRACK
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.measures import BAR
from lstmgen.media.tunes.notes.remaining import LENGTH
from lstmgen.media.tunes.notes.with_returns import GrammarWithReturns
from lstmgen.media.tunes.parts import DRUMS, FIRST_DRUMS, MOST_TRACKS
from lstmgen.media.tunes.step_notes import Row, StepNotes
from lstmgen.music.constraints import Constraints


@final
class Cast:
    """Who plays the parts of one piece, as its ids name them one by one.

    Attributes:
        lines: of each part, by its number, the line that plays it, as `parts.py` counts them.
        latest: the part that was named last.
    """

    def __init__(self) -> None:
        self.lines: dict[int, int] = {}
        self.latest = DRUMS
        self._together: int | None = None
        """How many were named before anything else was said."""

    @staticmethod
    def of(ids_T: Ids, table: EventTable) -> Cast:
        """That of any ids."""
        cast, track_T = Cast(), np.append(table.are(ids_T, TRACK), False)
        for place in np.flatnonzero(table.are(ids_T, CAST)).tolist():
            if cast.lines and not table.are(ids_T[place - 1], CAST, TRACK):
                cast.close()
            cast.name(table.events[ids_T[place]][1])
            if track_T[place + 1]:
                cast.number(table.events[ids_T[place + 1]][1])
        return cast

    def __iter__(self) -> Iterator[int]:
        """The lines in the order of the tracks of a score: ascending, and those who joined later behind them."""
        lines = list(self.lines.values())
        return iter([*sorted(lines[: self._together]), *(() if self._together is None else lines[self._together :])])

    @property
    def next(self) -> int:
        """The part that is named next, if it is no drums'."""
        return min(len(self.lines) - (DRUMS in self.lines), LAST_PART)

    def name(self, instrument: int) -> int:
        """An instrument is named: the part that it plays."""
        self.latest = DRUMS if instrument == DRUMS else self.next
        self.lines[self.latest] = instrument * MOST_TRACKS
        return self.latest

    def number(self, track: int) -> None:
        """Which of its tracks the instrument is that was named last."""
        if self.latest != DRUMS:
            self.lines[self.latest] += track

    def close(self) -> None:
        """Something else is said: who is named from here on joins."""
        if self._together is None:
            self._together = len(self.lines)

    def parts_of(self, lines: Iterable[int]) -> frozenset[int]:
        """The parts that lines play, told as lines themselves."""
        part = {line: part_line(number, line) for number, line in self.lines.items()}
        return frozenset(part.get(line, part_line(LAST_PART, line)) for line in lines)

    def line_of(self, line: int) -> int:
        """The line that plays a part, which is told as a line itself. A part that nobody was named for is a piano's."""
        return self.lines.setdefault(line // MOST_TRACKS, FIRST_DRUMS if line >= FIRST_DRUMS else 0)


def parts_in_order(notes: StepNotes, *, first: Sequence[int] = ()) -> list[int]:
    """The lines that play, from that whose notes are the lowest on average to the highest, and then the drums; some of them `first`."""
    found, of_line_N = np.unique(notes.line_N, return_inverse=True)
    pitch_L = np.bincount(of_line_N, notes.pitch_N, minlength=len(found)) / np.maximum(np.bincount(of_line_N, minlength=len(found)), 1)
    ordered = dict.fromkeys([*first, *found[np.lexsort((found, pitch_L))].tolist()])
    return sorted(ordered, key=lambda line: line >= FIRST_DRUMS)


def seated(notes: StepNotes, lines: Sequence[int]) -> StepNotes:
    """The notes with the number of their part in the place of their instrument; every part is named.

    Args:
        notes: each of its line.
        lines: those that play the parts, in order.
    """
    seat = {line: part_line(number, line) for number, line in enumerate(lines)}
    line_N = np.array([seat[line] for line in notes.line_N.tolist()], np.int64)
    return replace(notes, line_N=line_N, named=seat.values())


def part_line(number: int, line: int) -> int:
    """A part as a line: that of the instrument with its number, or of the drums."""
    return FIRST_DRUMS if line >= FIRST_DRUMS else min(number, LAST_PART) * MOST_TRACKS


def cast_ids(lines: Iterable[int], table: EventTable) -> Ids:
    """The ids that name who plays the parts; who shares the last one is not named."""
    named: dict[int, int] = {}
    for number, line in enumerate(lines):
        named.setdefault(part_line(number, line), line)
    first, track = table.first(CAST), table.first(TRACK)
    said = ((first + line // MOST_TRACKS, line % MOST_TRACKS and track + line % MOST_TRACKS) for line in named.values())
    return np.array([token for pair in said for token in pair if token], np.int64)


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Who is named where parts are kept, and others written beside them.

    Attributes:
        kept: the lines that are named in this order, among at least one other.
        done: is told, once all are named, as which line each line that plays is written.
    """

    kept: Sequence[int]
    done: Callable[[Mapping[int, int]], None]


@final
class SeatedGrammar(Wrapped):
    """A grammar of parts as instruments, told and asked who plays them.

    Args:
        grammar: of parts, each as if its number were that of its instrument.
        table: the ranges of ids.
        constraints: on what is drawn.
        tracks: how many tracks of one program are told apart.
        naming: where some parts are kept.
    """

    def __init__(
        self, grammar: NotesGrammar, table: EventTable, constraints: Constraints, tracks: int, *, naming: Naming | None = None
    ) -> None:
        super().__init__(GrammarWithReturns(grammar, table) if grammar.returns else grammar)
        self._parts, self._table, self._constraints, self._tracks, self._naming = grammar, table, constraints, tracks, naming
        grammar.programs = None  # its instruments are parts
        self.cast = Cast()
        self.named = self.cast
        self._before = ""
        self._asked: frozenset[int] | None = None
        """The programs that may be named in what is drawn."""

    def begin(self) -> None:
        """The prompt is over: who was not asked for plays no more, and who was may join."""
        self._asked = asked = self._constraints.programs
        lines = self.cast.lines
        if asked is not None and lines:
            parts = {part for part, line in lines.items() if line // MOST_TRACKS in asked}
            joining = DRUMS if self._parts.naming else len(asked - {line // MOST_TRACKS for line in lines.values()})
            self._parts.programs = frozenset(parts | set(range(self.cast.next, min(self.cast.next + joining, DRUMS))))
        super().begin()

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        super().allow(mask_V)
        table, lines, naming = self._table, self.cast.lines, self._parts.naming
        parts_V, cast_V = mask_V[table.span(PROGRAM)], mask_V[table.span(CAST)]
        if self.cast.next not in lines and parts_V[self.cast.next]:
            cast_V[:DRUMS] = self._nameable
        if DRUMS not in lines and parts_V[DRUMS]:
            cast_V[DRUMS] = self._may_drum
        parts_V[[part for part in range(len(parts_V)) if part not in lines]] = False
        if naming and self._before == CAST and self.cast.latest != DRUMS and self._tracks > 1:
            free_S = self._free(self.cast.latest)[lines[self.cast.latest] // MOST_TRACKS]
            if not free_S[0]:
                mask_V[:] = False
            mask_V[table.span(TRACK)][1:] = free_S[1:]
        if naming and self._naming is not None and (self._missing() or len(lines) == len(self._naming.kept)):
            mask_V[table.span(BAR)] = mask_V[table.span(LENGTH)] = False

    def _missing(self, besides: int = -1) -> list[int]:
        """The lines that have yet to be named, a part left out."""
        named = {line for part, line in self.cast.lines.items() if part != besides}
        return [line for line in self._naming.kept if line not in named] if self._naming is not None else []

    def _free(self, besides: int = -1) -> NDArray[np.bool_]:
        """Which tracks of which programs may be named, of shape (128, tracks), a part left out: those that are kept in their order."""
        named = [line for part, line in self.cast.lines.items() if part != besides] + self._missing(besides)[1:]
        taken = np.array([line for line in named if line < FIRST_DRUMS], np.int64)
        free_PS = np.ones((DRUMS, self._tracks), np.bool_)
        free_PS[taken // MOST_TRACKS, taken % MOST_TRACKS] = False
        return free_PS

    @property
    def _nameable(self) -> NDArray[np.bool_]:
        """The programs that may be named; who joins later is the first of one that was asked for."""
        free_PS = self._free()
        free_P = np.asarray(free_PS.any(axis=1) if self._parts.naming else free_PS.all(axis=1))
        return free_P if self._asked is None else free_P & np.isin(np.arange(DRUMS), sorted(self._asked))

    @property
    def _may_drum(self) -> bool:
        """Whether drums may be named, behind whom nobody is: what is kept has its names by then, and who is written beside it."""
        pitched = [] if self._naming is None else [line for line in self._naming.kept if line < FIRST_DRUMS]
        keeps_drums = self._naming is not None and len(pitched) < len(self._naming.kept)
        return not set(pitched) - set(self.cast) and not (keeps_drums and len(self.cast.lines) == len(pitched))

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        was_naming, before, self._before = self._parts.naming, self._before, kind
        if kind == TRACK:
            if before == CAST:
                self.cast.number(value)
            return ()
        if kind == CAST:
            kind, value = PROGRAM, self.cast.name(value)
        elif self.cast.lines:
            self.cast.close()
        rows = super().push(kind, value, place)
        if was_naming and not self._parts.naming and self._naming is not None:
            self._naming.done({line: part_line(part, line) for part, line in self.cast.lines.items()})
        return self._played(rows)

    def rest(self) -> Sequence[Row]:
        """The notes that end because nothing follows."""
        return self._played(super().rest())

    def _played(self, rows: Sequence[Row]) -> list[Row]:
        """The notes of parts as those of who plays them."""
        return [(start, end, pitch, self.cast.line_of(line), velocity, place) for start, end, pitch, line, velocity, place in rows]
