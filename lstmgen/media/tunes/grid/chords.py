"""The `grid` of chords: for every step the pitches that sound, ascending, and a mark that ends the step.

    step              0                    1                 2
    ids      on C4  on E4  end     held C4  on F4  end       end

With `hold` a pitch that begins (`on`) and one that goes on (`held`) have ids of their own; without, there is one id a pitch, and a note
that is held and one that is struck again are the same. Each step is a set of pitches in its one order, so the product of the
probabilities of its ids is exactly the probability of the set given the past: nothing is assumed to be independent. Letters: N notes, C
cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grid.steps import StepNotes
from lstmgen.music.lanes import cells, is_new, one_at_a_time

STEP: Final = "step"
ONSET: Final = "onset"
HELD: Final = "held"
SOUNDING: Final = "sounding"
_SLOTS: Final = 512
"""Places of a step to sort its ids by: two a pitch, and the end of the step behind them."""


@final
@dataclass(frozen=True)
class ChordGrid:
    """Ids of steps of any number of notes.

    Args:
        hold: whether held notes and repeated ones are told apart.
    """

    hold: bool

    @cached_property
    def table(self) -> EventTable:
        """The end of a step, and one or two ranges of the 128 pitches."""
        return EventTable([(STEP, 1), *((kind, 128) for kind in self.pitch_kinds)])

    @property
    def pitch_kinds(self) -> tuple[str, ...]:
        """The kinds of events whose value is a pitch."""
        return (ONSET, HELD) if self.hold else (SOUNDING,)

    def ids_of(self, notes: StepNotes) -> Ids:
        """The ids of these notes.

        Of equal pitches that begin together the longest stays, and a note ends where the next of its pitch begins.
        """
        kept, end_N = one_at_a_time(notes.pitch_N, notes.start_N, notes.end_N, rank_N=-notes.end_N)
        start_N, pitch_N = notes.start_N[kept], notes.pitch_N[kept]
        note_C, step_C = cells(start_N, end_N)
        pitch_C = pitch_N[note_C]
        id_C = self.table.first(self.pitch_kinds[0]) + pitch_C
        if self.hold:
            id_C = np.where(start_N[note_C] == step_C, id_C, self.table.first(HELD) + pitch_C)
        ends = np.arange(notes.steps) * _SLOTS + _SLOTS - 1
        order = np.argsort(np.concatenate([step_C * _SLOTS + pitch_C, ends]), kind="stable")
        return np.concatenate([id_C, np.full(notes.steps, self.table.first(STEP))])[order]

    def notes_of(self, ids: Ids) -> StepNotes:
        """The notes of any ids; `held` without the note in the step before is ignored, and a last step without its end counts as one."""
        place = np.flatnonzero(ids != BOUNDARY_ID)
        is_end = ids[place] == self.table.first(STEP)
        steps = int(is_end.sum()) + (len(place) > 0 and not is_end[-1])
        step, place = (np.cumsum(is_end) - is_end)[~is_end], place[~is_end]
        pitch, goes_on = self.table.value_of_V[ids[place]], self.table.kind_of_V[ids[place]] == self._held_kind
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
            place_N=place[first],
            steps=steps,
        )

    @property
    def _held_kind(self) -> int:
        return self.table.index(self.pitch_kinds[-1]) if self.hold else -1

    def frame_ends(self, ids: Ids) -> NDArray[np.bool_]:
        """Which ids end a step."""
        return ids == self.table.first(STEP)
