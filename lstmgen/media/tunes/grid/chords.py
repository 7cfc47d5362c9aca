"""The `grid` of chords: for every step the pitches that sound, ascending, and a mark that ends the step.

    step              0                    1                 2
    ids      on C4  on E4  end     held C4  on F4  end       end

With `hold` a pitch that begins (`on`) and one that is held (`held`) have ids of their own; without, there is one id a pitch, and a note
that is held and one that is struck again are the same. Each step is a set of pitches in its one order, so the product of the
probabilities of its ids is exactly the probability of the set given the past: nothing is assumed to be independent.

What may come next: pitches strictly ascending within a step, `held` only of what sounded in the step before; the end of the step always;
the end of the piece only between steps. So each tune has one form. Letters: N notes, C cells.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Clock
from lstmgen.media.legal import Rows
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.grid.frames import GridNotation, on_grid
from lstmgen.media.tunes.grid.legal import rows_of_chords
from lstmgen.media.tunes.parts import Band, Parts
from lstmgen.media.tunes.spans import Span
from lstmgen.media.tunes.step_limits import NO_LIMIT, NOTHING_LIMITED, Course, StepLimits
from lstmgen.media.tunes.step_notes import UNSAID, Row, StepNotes
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import cells, is_new, one_at_a_time
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Score

STEP: Final = "step"
ONSET: Final = "onset"
HELD: Final = "held"
SOUNDING: Final = "sounding"
_SLOTS: Final = 512
"""Places of a step to sort its ids by: two a pitch, and the end of the step behind them."""


@final
class ChordGrid(GridNotation):
    """Ids of steps of any number of notes.

    Args:
        base: the steps.
        hold: whether held notes and repeated ones are told apart.
    """

    waits: tuple[str, ...] = (STEP,)

    def __init__(self, base: TimeBase, *, hold: bool) -> None:
        self.base, self.hold = base, hold
        self.pitch_kinds: tuple[str, ...] = (ONSET, HELD) if hold else (SOUNDING,)
        self.starts: tuple[str, ...] = self.pitch_kinds[:1]
        self.table = EventTable([(STEP, 1), *((kind, 128) for kind in self.pitch_kinds)])

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How the ids of each kind read."""
        onset, held = (lambda value: f"on {pitch_name(value)}"), (lambda value: f"hold {pitch_name(value)}")
        return {STEP: lambda _: "end of step", ONSET: onset, HELD: held, SOUNDING: pitch_name}

    def clock(self, steps: int) -> Clock:
        """Every end of a step ticks."""
        return Clock(steps, self.table.first(STEP), self.table.first(STEP))

    def write(self, score: Score) -> Ids:
        """The ids of a score."""
        return self.tell(self.in_steps(score))

    def in_steps(self, score: Score) -> StepNotes:
        """The notes of a score that have ids."""
        return on_grid(score, self.base)

    def tell(self, notes: StepNotes) -> Ids:
        """The ids of notes.

        Of equal pitches that begin together the longest stays, and a note ends where the next of its pitch begins.
        """
        steps = notes.length
        kept, end_N = one_at_a_time(notes.pitch_N, notes.start_N, notes.end_N, rank_N=-notes.end_N)
        start_N, pitch_N = notes.start_N[kept], notes.pitch_N[kept]
        note_C, step_C = cells(start_N, end_N)
        pitch_C = pitch_N[note_C]
        id_C = self.table.first(self.pitch_kinds[0]) + pitch_C
        if self.hold:
            id_C = np.where(start_N[note_C] == step_C, id_C, self.table.first(HELD) + pitch_C)
        ends = np.arange(steps) * _SLOTS + _SLOTS - 1
        order = np.argsort(np.concatenate([step_C * _SLOTS + pitch_C, ends]), kind="stable")
        return np.concatenate([id_C, np.full(steps, self.table.first(STEP))])[order]

    def read(self, ids_T: Ids) -> StepNotes:
        """The notes of any ids; `held` without the note in the step before is ignored, and a last step without its end counts as one."""
        place = np.flatnonzero(ids_T != BOUNDARY_ID)
        is_end = ids_T[place] == self.table.first(STEP)
        steps = int(is_end.sum()) + (len(place) > 0 and not is_end[-1])
        step, place = (np.cumsum(is_end) - is_end)[~is_end], place[~is_end]
        pitch, goes_on = self.table.value_of_V[ids_T[place]], self.table.are(ids_T[place], *self.pitch_kinds[1:])
        order = np.lexsort((goes_on, step, pitch))
        order = order[is_new(pitch[order], step[order])]
        pitch, step, goes_on, place = pitch[order], step[order], goes_on[order], place[order]
        # Ids of one pitch in steps that follow one another are one run; by their difference they are told apart.
        after_gap = is_new(pitch, step - np.arange(len(step)))
        begins = after_gap | ~goes_on if self.hold else after_gap
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(step))[: len(first)] - 1
        if self.hold:
            first, last = first[~goes_on[first]], last[~goes_on[first]]
        return StepNotes(
            start_N=step[first],
            end_N=step[last] + 1,
            pitch_N=pitch[first],
            line_N=np.zeros(len(first), np.int64),
            velocity_N=np.full(len(first), UNSAID),
            place_N=place[first],
            steps=steps,
        )

    def frame_ends(self, ids_T: Ids) -> NDArray[np.bool_]:
        """Which ids end a step."""
        return self.table.are(ids_T, STEP)

    def band(self, like: Score, _: Iterable[int]) -> Band:
        """One track; beside a score each note goes to the track whose notes lie nearest to its pitch."""
        return Parts.by_pitch(like)

    def grammar(self, _: Constraints, limits: StepLimits) -> Grammar:
        """What may come next."""
        new, held = (self.table.first(kind) for kind in (self.pitch_kinds[0], self.pitch_kinds[-1]))
        return ChordGrammar(self.table, limits, new=new, held=held)

    def legal(self, ids_T: Ids) -> Rows | None:
        """What may come where."""
        return rows_of_chords(ids_T, self.table, kinds=self.pitch_kinds, end_of_step=self.table.first(STEP))

    def within(self, span: Span) -> ChordHole:
        """What may come next in a hole."""
        new, held = (self.table.first(kind) for kind in (self.pitch_kinds[0], self.pitch_kinds[-1]))
        return ChordHole(self.table, span, self.tell(span.kept), new=new, held=held)


class ChordGrammar(Grammar):
    """A `Grammar` of chords.

    Args:
        table: the ranges of ids.
        limits: what holds from `begin` on.
        new: the first id of the pitches that begin.
        held: the first id of those that are held; where there are none, that of all pitches again.
    """

    def __init__(self, table: EventTable, limits: StepLimits, *, new: int, held: int) -> None:
        self.course = Course(limits)
        self._end_of_step, self._new, self._held = table.first(STEP), new, held
        # Notes (first step, pitch, place), ascending: those of the step before that may still be held, and those of this step.
        self._before, self._now = deque[_Note](), deque[_Note]()
        self._length_P = np.zeros(128, np.int64)
        """Steps for which each pitch had sounded before this step."""
        self._lowest = 0

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        limits, low = self.course.limits, self._lowest
        if not self._now and self.course.end is None:
            mask_V[BOUNDARY_ID] = True
        mask_V[self._end_of_step] = True
        new_P, held_P = mask_V[self._new + low : self._new + 128], mask_V[self._held + low : self._held + 128]
        new_P[:] = limits.pitches_P[low:]
        if self._held > self._new:
            held_P[:] = self._length_P[low:] > 0
        if limits.longest < NO_LIMIT:
            held_P &= self._length_P[low:] < limits.longest

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event. A note ends where its pitch is struck again, a higher one stands without it, or the step ends without it."""
        now, before = self.course.now, self._before
        if kind == STEP:
            self._before, self._now = self._now, deque()
            self._lowest, self.course.now = 0, now + 1
            self._length_P = np.zeros(128, np.int64)
            for start, pitch, _ in self._before:
                self._length_P[pitch] = now + 1 - start
            return _rows(before, now)
        note = (now, value, place) if kind != HELD else None
        ended: list[_Note] = []
        while before and before[0][1] <= value:
            was = before.popleft()
            if was[1] == value and kind != ONSET:
                note = was
            else:
                ended.append(was)
        if note is not None:
            self._now.append(note)
        self._lowest = value + 1
        return _rows(ended, now) if ended else ()

    def rest(self) -> Sequence[Row]:
        """The notes that sound; a last step without its end counts as one."""
        return [*_rows(self._before, self.course.now), *_rows(self._now, self.course.now + 1)]


@final
class ChordHole(ChordGrammar):
    """A `Grammar` of chords up to the end of a hole: of each step the pitches that are kept are known, and others are written between them.

    Args:
        table: the ranges of ids.
        span: the hole.
        kept_T: the ids of what is kept.
        new: the first id of the pitches that begin.
        held: as of `ChordGrammar`.
    """

    def __init__(self, table: EventTable, span: Span, kept_T: Ids, *, new: int, held: int) -> None:
        super().__init__(table, NOTHING_LIMITED, new=new, held=held)
        self.kept_places: list[int] = []
        self._span, self._table = span, table
        ends = np.append(-1, np.flatnonzero(kept_T == self._end_of_step))
        self._steps = [kept_T[begin + 1 : end].tolist() for begin, end in itertools.pairwise(ends)]
        self._kept_P = np.zeros(128, np.bool_)
        """Which pitches sounded in the step before that are kept."""

    @property
    def shared(self) -> tuple[object, ...]:
        """What never changes."""
        return self._table, self._span, self._steps, NOTHING_LIMITED

    @property
    def stage(self) -> int:
        """The step."""
        return self.course.now

    @property
    def over(self) -> bool:
        """Whether the hole lies behind; that a tune ends is an event."""
        return self.course.now >= self._span.end and not self._span.ends

    def begin(self) -> None:
        """All that stands before the hole was pushed: it is kept."""
        self._kept_P[[pitch for _, pitch, _ in self._before]] = True

    def _pitch(self, token: int) -> int:
        return int(self._table.value_of_V[token])

    @property
    def _next(self) -> int | None:
        """The id that is kept and comes next in this step."""
        return next((token for token in self._steps[self.course.now] if self._pitch(token) >= self._lowest), None)

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        if self.course.now >= self._span.end:
            mask_V[BOUNDARY_ID] = True
            return
        super().allow(mask_V)
        mask_V[BOUNDARY_ID] = False
        new_P, held_P = mask_V[self._new : self._new + 128], mask_V[self._held : self._held + 128]
        if self._held > self._new:
            held_P &= ~self._kept_P
        kept = self._next
        if kept is not None:
            mask_V[self._end_of_step] = False
            new_P[self._pitch(kept) :] = held_P[self._pitch(kept) :] = False
            mask_V[kept] = True

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        now = self.course.now
        if now >= self._span.begin and kind != STEP and self._next is not None and self._pitch(self._next) == value:
            self.kept_places.append(place)
        rows = super().push(kind, value, place)
        if kind == STEP and now >= self._span.begin:
            self._kept_P[:] = False
            self._kept_P[[self._pitch(token) for token in self._steps[now]]] = True
        return rows

    def writable(self, notes: StepNotes) -> StepNotes:
        """Notes that end where the hole ends, or earlier."""
        return replace(notes, end_N=np.minimum(notes.end_N, self._span.end))

    def of_written(self, ids_T: Ids) -> Ids:
        """The ids without those of pitches that are kept, in and before the hole."""
        kept_T = np.arange(len(ids_T)) < np.searchsorted(np.cumsum(ids_T == self._end_of_step), self._span.begin) + (self._span.begin > 0)
        kept_T[self.kept_places] = True
        return np.where(kept_T & (ids_T != self._end_of_step), BOUNDARY_ID, ids_T)


def _rows(notes: Iterable[_Note], end: int) -> Sequence[Row]:
    return [(start, end, pitch, 0, UNSAID, place) for start, pitch, place in notes]


_Note = tuple[int, int, int]
