"""The `performance` tokenizer: the 388 events of Performance RNN, in hundredths of a second, so that figures compare.

Keys go down, keys go up, time passes, and the loudness of what follows is set. No tempo, no meter, no instruments and no drums: all
pitched tracks become one.

    id            event
    1 .. 128      on p       the key of pitch p goes down
    129 .. 256    off p      it goes up; or, by ages (see `ages.py`), the key goes up that is the oldest but p of those that are down
    257 .. 356    shift n    n hundredths of a second pass, 1 to 100
    357 .. 388    velocity b the keys that follow are struck in the loudness of bin b

One tune has one form: what happens in one step stands in the order offs, ons, each ascending (by ages offs from the oldest on); time
passes in whole seconds first and the rest at last; a velocity stands directly before a key and only where it changes. Oore et al. 2018,
"This time with feeling"; the vocabulary is that of note_seq's performance_lib, moved up by the boundary. Letters: N notes, E events, L ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.limits import MAX_PERFORMANCE_S
from lstmgen.media.legal import Rows
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.events import EventTable, Measures
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.holes import Hole, TuneGap
from lstmgen.media.tunes.parts import Band, Parts
from lstmgen.media.tunes.performance.ages import OFF, ON, by_age, by_pitch
from lstmgen.media.tunes.performance.grammar import HANGING_STEPS, UNSAID_BIN, VELOCITY, PerformanceGrammar, loudness
from lstmgen.media.tunes.performance.hole import PerformanceHole
from lstmgen.media.tunes.performance.legal import rows_of
from lstmgen.media.tunes.shifts import LONGEST_SHIFT, SHIFT, shifted_steps, with_shifts
from lstmgen.media.tunes.spans import Span, SpanGap
from lstmgen.media.tunes.step_limits import NO_LIMIT, StepLimits
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.media.tunes.time_bases import Seconds, TimeBase
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import is_new, one_at_a_time
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Score

_LOUDER: Final = 3
"""By so many bins of velocity pieces are made louder or softer, at most."""
_OFTEN: Final = 20.0
"""Passes after which they are learned by heart with less dropout and decay."""


@final
class PerformanceNotation:
    """The 388 events; all pitched tracks become one, and drums are left out."""

    base: TimeBase = Seconds()
    starts: tuple[str, ...] = (ON,)
    waits: tuple[str, ...] = (SHIFT,)
    says_instruments: bool = False
    whole_bars: bool = False

    def __init__(self, *, ages: bool) -> None:
        self._ages = ages
        self.pitch_kinds: tuple[str, ...] = (ON,) if ages else (ON, OFF)
        self.table = EventTable([(ON, 128), (OFF, 128), (SHIFT, LONGEST_SHIFT), (VELOCITY, 32)])

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How the events of each kind read."""
        return {
            ON: lambda value: f"on {pitch_name(value)}",
            OFF: lambda value: (
                f"off {pitch_name(value)}" if not self._ages else f"off the oldest but {value}" if value else "off the oldest"
            ),
            SHIFT: lambda value: f"shift {self.base.word(value + 1)}",
            VELOCITY: lambda value: f"velocity {loudness(value)}",
        }

    def write(self, score: Score) -> Ids:
        """The ids of the pitched notes of a score, each at least a hundredth of a second long, and of the silence up to its end."""
        return self.tell(self.in_steps(score))

    def in_steps(self, score: Score) -> StepNotes:
        """The notes of a score that have ids."""
        return StepNotes.of(score, self.base, most_steps=MAX_PERFORMANCE_S * self.base.per_unit)

    def tell(self, notes: StepNotes) -> Ids:
        """The ids of notes. Of equal pitches that begin together the longest stays, and a note ends where the next of its pitch begins."""
        kept, end_N = one_at_a_time(notes.pitch_N, notes.start_N, notes.end_N, rank_N=-notes.end_N)
        pitch_N = notes.pitch_N[kept]
        key_E = np.concatenate([end_N * 256 + pitch_N, notes.start_N[kept] * 256 + 128 + pitch_N])
        order = np.argsort(key_E, kind="stable")
        step_E, slot_E = np.divmod(key_E[order], 256)
        ids_E = np.where(slot_E >= 128, self.table.first(ON) - 128, self.table.first(OFF)) + slot_E
        on = np.flatnonzero(slot_E >= 128)
        bins = (notes.velocity_N[kept[order[on] - len(kept)]] - 1) // VELOCITIES_PER_BIN
        new = is_new(bins)
        times_E = np.ones(len(order), np.int64)
        times_E[on[new]] = 2  # the velocity takes the place before the key
        ids = np.repeat(ids_E, times_E)
        ids[np.cumsum(times_E)[on[new]] - 2] = self.table.first(VELOCITY) + bins[new]
        length = max(notes.steps, int(end_N.max(initial=0)))
        ids_T = with_shifts(ids, np.repeat(step_E, times_E), self.table, length=length)
        return by_age(ids_T, self.table) if self._ages else ids_T

    def read(self, ids_T: Ids) -> StepNotes:
        """The notes of any ids, pitch by pitch.

        A key that goes down again ends its earlier note, a key that goes up without a note is ignored, and what ends in its first step is
        one step long.
        """
        ids_T = by_pitch(ids_T, self.table) if self._ages else ids_T
        place_L = np.flatnonzero(ids_T != BOUNDARY_ID)
        ids_L = ids_T[place_L]
        time_L = shifted_steps(ids_L, self.table)
        steps = int(time_L[-1]) if len(time_L) else 0
        keys = np.flatnonzero(self.table.are(ids_L, ON, OFF))
        keys = keys[np.argsort(self.table.value_of_V[ids_L[keys]].astype(np.uint8), kind="stable")]
        pitch, time = self.table.value_of_V[ids_L[keys]], time_L[keys]
        last_of_pitch = np.append(is_new(pitch)[1:], [True] * bool(len(keys)))
        end = np.where(last_of_pitch, np.minimum(time + HANGING_STEPS, steps), np.append(time[1:], 0)[: len(keys)])
        on = self.table.are(ids_L[keys], ON)
        notes = StepNotes(
            start_N=time[on],
            end_N=end[on],
            pitch_N=pitch[on],
            line_N=np.zeros_like(pitch[on]),
            velocity_N=loudness(self.table.last(ids_L, VELOCITY, before=UNSAID_BIN)[keys[on]]),
            place_N=place_L[keys[on]],
            steps=steps,
        )
        if np.any(notes.end_N <= notes.start_N):
            end_N = np.maximum(notes.end_N, notes.start_N + 1)
            kept, end_N = one_at_a_time(notes.pitch_N, notes.start_N, end_N, rank_N=-notes.end_N)
            notes = notes.take(kept, end_N=end_N)
        return notes

    def measure(self, ids_T: Ids) -> Measures:
        """Notes and seconds."""
        steps = shifted_steps(ids_T, self.table)
        return Measures(notes=int(self.table.are(ids_T, ON).sum()), seconds=(int(steps[-1]) if len(steps) else 0) / self.base.per_unit)

    def steps_of(self, ids_T: Ids) -> NDArray[np.int64]:
        """The step at which each id stands."""
        return shifted_steps(ids_T, self.table)

    def stretched(self, ids_T: Ids, factor: float) -> Ids:
        """The same piece with absolute times stretched and rounded anew."""
        return self.tell(self.read(ids_T).stretched(factor))

    def grammar(self, _: Constraints, limits: StepLimits) -> Grammar:
        """What may come next. A key that no wish lets go is let go as where no id does it, or it might be forgotten."""
        limits = replace(limits, longest=HANGING_STEPS) if limits.longest == NO_LIMIT else limits
        return PerformanceGrammar(self.table, limits, ages=self._ages)

    def legal(self, ids_T: Ids) -> Rows | None:
        """What may come where."""
        return rows_of(ids_T, self.table, ages=self._ages)

    def within(self, span: Span) -> PerformanceHole:
        """What may come next in a hole."""
        return PerformanceHole(self.table, span, ages=self._ages)

    def band(self, like: Score, _: Iterable[int]) -> Band:
        """The parts of a score: the ids know none."""
        return Parts.by_pitch(like)


@final
@dataclass(frozen=True)
class PerformanceTokenizer(EventTokenizer):
    """The boundary, then the 388 events.

    Attributes:
        ages: whether keys go up by their age, not by their pitch.
        grammar: whether a model gives what the grammar forbids no probability.
    """

    name: ClassVar = "performance"
    later: ClassVar = ("ages", "grammar")
    loudness: ClassVar = VELOCITY

    ages: bool = False
    grammar: bool = False

    def settings(self, *, tokens: int | None, passes: float) -> Mapping[str, Any]:
        """Other loudness, and against learning by heart more dropout and decay: a few pieces are told apart by how they are played."""
        often = {"model.dropout": 0.2, "optimizer.weight_decay": 1.0} if passes >= _OFTEN else {}
        return {**super().settings(tokens=tokens, passes=passes), "data.max_louder": _LOUDER, **often}

    @cached_property
    def notation(self) -> PerformanceNotation:
        """What its ids mean."""
        return PerformanceNotation(ages=self.ages)

    def gap(self, hole: Hole) -> TuneGap:
        """A part of a tune that is to be written anew."""
        return SpanGap(self, hole)
