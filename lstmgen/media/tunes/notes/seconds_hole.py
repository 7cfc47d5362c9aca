"""The grammar of notes in seconds with a hole between two steps: what is kept there comes at its time, and between it what is written."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import DRUM, PITCH, PITCHES, PROGRAM, TRACK, VELOCITY, one_way
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.holes import HoleGrammar, Kept, NotesHole, lines_of_hole
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.parts import FIRST_DRUMS, INSTRUMENTS
from lstmgen.media.tunes.shifts import SHIFT
from lstmgen.media.tunes.spans import Span
from lstmgen.media.tunes.step_limits import NO_LIMIT
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes


@final
class SecondsHole(HoleGrammar):
    """A `Grammar` of a tune in seconds up to the end of a hole.

    Args:
        table: of the ids.
        time: of the tokenizer.
        span: the hole.
        tracks: how many tracks of one program are told apart.

    Raises:
        UsageError: a line is both kept and written anew.
    """

    def __init__(self, table: EventTable, time: SecondWork, span: Span, tracks: int) -> None:
        lines, kept_lines = lines_of_hole(span.hole, tracks)
        kept = _kept(span, time)
        super().__init__(table, time, NotesHole(end=span.end, kept=kept, lines=lines, kept_lines=kept_lines))
        self._span, self.bar = span, 0
        """What is kept stands at a step of the tune, as if that were one bar."""

    @property
    def shared(self) -> tuple[object, ...]:
        """What never changes."""
        return self._span, *super().shared

    @property
    def stage(self) -> int:
        """How many seconds and kept notes lie behind."""
        return self._span.stage(self.course.now, self._at)

    @property
    def over(self) -> bool:
        """Whether the hole lies behind; that a tune ends is an event."""
        return self.course.now >= self._span.end and not self._span.ends

    def begin(self) -> None:
        """Nothing: what holds in the hole is said by what is kept."""

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        NotesGrammar.allow(self, mask_V)
        now, span, table, kept = self.course.now, self._span, self._table, self._next
        reached = kept if kept is not None and kept.position == now else None
        if self._before == PITCH:
            self._keep_duration(mask_V)
            return
        naming = self._hole.lines is None and self.naming
        named = not naming or self._keep_names(mask_V)
        named_I = mask_V[table.span(PROGRAM)] & naming & (np.arange(INSTRUMENTS) > self._last_named)
        if not naming:
            mask_V[table.span(TRACK)] = False
        mask_V[BOUNDARY_ID] = named and span.ends and now >= span.end and self._before not in {PROGRAM, VELOCITY}
        mask_V[table.span(SHIFT)] &= named & span.shifts(now, NO_LIMIT if kept is None else kept.position)
        if named and span.holds(now):
            self._keep_notes(mask_V, reached)
        else:
            for kind in (*PITCHES, DRUM, VELOCITY, PROGRAM):
                mask_V[table.span(kind)] = False
        mask_V[table.span(PROGRAM)] |= named_I
        if named and reached is not None and (leading := self._leading_to(reached)) is not None:
            mask_V[leading] = True

    def writable(self, notes: StepNotes) -> StepNotes:
        """Notes whose durations end where the hole does, or earlier."""
        lengths_D = self._time.lengths_D
        longest_N = lengths_D[np.searchsorted(lengths_D, self._span.end - notes.start_N, side="right") - 1]
        return replace(notes, end_N=np.minimum(notes.end_N, notes.start_N + longest_N))

    def of_written(self, ids_T: Ids) -> Ids:
        """The same ids."""
        return ids_T


def _kept(span: Span, time: SecondWork) -> list[Kept]:
    """The notes that are kept and begin in the hole or behind it, in the order in which they are told."""
    notes, index_N = one_way(span.kept, time.lengths_D)
    columns = (notes.start_N, notes.line_N, notes.pitch_N, notes.velocity_N // VELOCITIES_PER_BIN, index_N)
    return [
        Kept(bar=0, position=start, line=line, pitch=pitch, loudness=loudness, duration=0 if line >= FIRST_DRUMS else duration)
        for start, line, pitch, loudness, duration in zip(*(column.tolist() for column in columns), strict=True)
        if start >= span.begin
    ]
