"""A hole between two steps, of a notation that needs no bars: keys down and up, notes in seconds, the chords of a grid.

    kept      ── note ──────────────┐ ends       note      note
    steps     0          begin  . . . . . . . . . . . end       length
    written                note ──────┐   note ────────┘

What is kept comes at its time, also where it begins before the hole and sounds on in it. What is written begins in the hole and ends with
it at the latest. So nothing that follows moves, and the tune is as long as before. What may come next is said by a grammar of the notation
that knows the hole. Letters: N notes, T ids, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.holes import EventFilling, Hole, KeepingGrammar, free_grammar
from lstmgen.media.tunes.parts import Band, played
from lstmgen.media.tunes.shifts import LONGEST_SHIFT
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.media.tunes.time_bases import TimeBase, nearest
from lstmgen.music.score import Score

_BLOCK: Final = 100
"""Steps of a hole between two places where ways to fill it are compared."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Span:
    """A hole in steps.

    Attributes:
        hole: whose notes are written anew.
        begin: its first step.
        end: the first step behind it.
        length: steps of the tune.
        kept: what is kept of the tune.
    """

    hole: Hole
    begin: int
    end: int
    length: int
    kept: StepNotes

    @property
    def ends(self) -> bool:
        """Whether the tune ends with it, which then is an event."""
        return self.end >= self.length

    def holds(self, now: int) -> bool:
        """Whether notes may be written in a step."""
        return self.begin <= now < self.end

    def stage(self, now: int, passed: int) -> int:
        """How far one has come in a step, when so many kept things have passed in the hole."""
        return passed + max(0, now - self.begin) // _BLOCK

    def shifts(self, now: int, until: int) -> NDArray[np.bool_]:
        """Which shifts may come next: to where something may be written, or to what is kept next, whole seconds first.

        Args:
            now: the step.
            until: the step of what is kept next; behind it nothing is looked at.
        """
        until = min(until, self.length)
        to_T = now + 1 + np.arange(LONGEST_SHIFT)
        free_T = (to_T >= self.begin) & (to_T < self.end)
        free_T[-1] = True
        return (to_T <= until) & (free_T | (to_T == until))


class SpanGrammar(KeepingGrammar, Protocol):
    """A grammar that knows a hole between two steps.

    Attributes:
        kept_places: where ids of what is kept begin notes in the hole.
    """

    kept_places: list[int]

    def writable(self, notes: StepNotes) -> StepNotes:
        """Notes of the hole as they could be written: none sounds longer than is allowed."""
        ...

    def of_written(self, ids_T: Ids) -> Ids:
        """Ids that tell the notes that were written, at the same places, and perhaps others."""
        ...


class SpanNotation(Protocol):
    """What of a `Notation` is asked.

    Attributes:
        table: the ranges of ids.
        base: what time is counted in.
        says_instruments: whether ids say who plays.
        in_steps: the notes of a score that have ids. Raises InputError: it is longer than any real one.
        tell: the ids of such notes.
        read: the notes of ids.
        steps_of: the step at which each id stands.
        band: who plays notes beside a score, given the lines that are named.
        within: what may come next in a hole, from the beginning of the tune. Raises UsageError: it cannot tell what is kept apart.
    """

    table: EventTable
    base: TimeBase
    says_instruments: bool
    in_steps: Callable[[Score], StepNotes]
    tell: Callable[[StepNotes], Ids]
    read: Callable[[Ids], StepNotes]
    steps_of: Callable[[Ids], NDArray[np.int64]]
    band: Callable[[Score, Iterable[int]], Band]
    within: Callable[[Span], SpanGrammar]


@final
class SpanGap:
    """See `media.gaps.Gap`.

    Args:
        tokenizer: whose notation can write in such holes.
        hole: what is written anew.

    Raises:
        UsageError: the hole is shorter than a step, or a line is both kept and written anew.
        InputError: the tune is longer than any real one.
    """

    usual: int = 32
    short: bool = False

    def __init__(self, tokenizer: Any, hole: Hole) -> None:
        notation: SpanNotation = tokenizer.notation
        self.tokenizer, self.table, self._notation = tokenizer, notation.table, notation
        notes = notation.in_steps(hole.score)
        new_N = hole.holds(hole.score.notes)[notes.place_N]
        self._inside = notes.take(new_N)
        self._kept = replace(notes.take(~new_N), named=() if hole.names_new else notes.lines.tolist())
        ids_T = notation.tell(self._kept)
        kept = notation.read(ids_T)
        begin, end = (int(step) for step in nearest(notation.base.places(hole.score, [hole.begin_tick, hole.end_tick])))
        if begin >= min(end, kept.steps):
            raise UsageError("nothing is written anew: the gap is shorter than a step of the model's time", remedy="a longer one")
        ticks = notation.base.ticks(hole.score, [begin, end])
        end_tick = hole.end_tick if end >= kept.steps else int(ticks[1])
        self.hole = replace(hole, begin_tick=int(ticks[0]), end_tick=end_tick)
        self.span = Span(hole=hole, begin=begin, end=min(end, kept.steps), length=kept.steps, kept=kept)
        names = 0 if hole.names_new else len(notation.tell(replace(self._kept.take(np.zeros(0, np.int64)), steps=0)))
        self._step_T = notation.steps_of(ids_T)
        self.before = ids_T[: max(names, int(np.searchsorted(self._step_T, begin)))]

    def filling(self) -> EventFilling:
        """Nothing is written yet."""
        grammar = self._notation.within(self.span)
        for place, token in enumerate(self.before.tolist()):
            kind, value = self.table.events[token]
            grammar.push(kind, value, place)
        grammar.begin()
        return EventFilling(self, grammar, grammar, free_grammar(self.tokenizer, self.before))

    def true(self) -> Ids | None:
        """What stands there, ended where the hole ends; None: no track has it, or it and what is kept sound at once on one key."""
        if self.hole.names_new:
            return None
        filling, span = self.filling(), self.span
        inside = filling.inner.writable(self._inside.take(self._inside.start_N < span.end))
        told_T = self._notation.tell(StepNotes.joined([self._kept, inside]))
        for token in np.append(told_T[len(self.before) :], BOUNDARY_ID).tolist():
            if filling.ended:
                break
            if not filling.allowed()[token]:
                return None
            filling.push(token)
        return np.array(filling.ids, np.int64) if filling.ended else None

    def _written(self, filling: EventFilling) -> StepNotes:
        """The notes that were written."""
        grammar: SpanGrammar = filling.inner
        notes = self._notation.read(grammar.of_written(np.concatenate([self.before, np.array(filling.ids, np.int64)])))
        return notes.take((notes.place_N >= len(self.before)) & ~np.isin(notes.place_N, grammar.kept_places))

    def behind(self, filling: EventFilling) -> Ids:
        """What follows; where nothing is written yet, from the end of the hole on."""
        written = self._written(filling)
        told_T = self._notation.tell(replace(StepNotes.joined([self._kept, written]), named=[*self._kept.named, *written.named]))
        if filling.ids:
            return told_T[len(self.before) + len(filling.ids) :]
        return told_T[int(np.searchsorted(self._notation.steps_of(told_T), self.span.end)) :]

    def decoded(self, filling: EventFilling) -> Score:
        """The tune with nothing but what was written, on tracks that are written anew."""
        hole, score, notation, written = self.hole, self.hole.score, self._notation, self._written(filling)
        if notation.says_instruments:
            like = hole.kept if hole.names_new else score
        else:
            like = score.changed(notes=score.notes.take(hole.free(score.notes.track)))
        band = notation.band(like, written.named)
        notes = played(written, score, notation.base, band)
        last_tick = max(hole.begin_tick + 1, min(hole.end_tick, score.length_ticks))
        start_N = np.clip(notes.start_ticks, hole.begin_tick, last_tick - 1)
        end_N = np.clip(notes.end_ticks, start_N + 1, last_tick)
        notes = notes.changed(start_ticks=start_N, end_ticks=end_N).in_order()
        return score.changed(notes=notes, tracks=tuple(band.tracks))
