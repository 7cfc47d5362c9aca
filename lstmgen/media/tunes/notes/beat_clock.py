"""The time of a piece in bars while it is written, and what may come next of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.measures import BAR, COMMON_TIME, METER, METERS, POSITION, TEMPO, TEMPO_BINS, TEMPO_OF_120, tempo_bin
from lstmgen.media.tunes.notes.remaining import LEFT, LENGTH, MOST_BARS, bands_of
from lstmgen.media.tunes.step_limits import NO_LIMIT, Course, StepLimits
from lstmgen.media.tunes.time_bases import Beats
from lstmgen.music.bars import upbeat_before
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps


class BeatFacts(Protocol):
    """What a clock knows of time in beats.

    Attributes:
        base: steps of a beat.
        guides: whether bars say how many are left.
        full_bars: whether an upbeat is none of the bars that a piece has.
        bar_steps_M: length of a bar of each meter.
        us_per_beat_T: microseconds per beat of each bin of tempo.
    """

    base: Beats
    guides: bool
    full_bars: bool
    bar_steps_M: Steps
    us_per_beat_T: Steps


@final
class BeatClock:
    """The time of a piece in bars while it is written: positions ascend, the first is 0 and has a tempo; a tune ends with a bar."""

    def __init__(self, work: BeatFacts, table: EventTable, constraints: Constraints, limits: StepLimits) -> None:
        self.course = Course(limits)
        self.pushes = {
            BAR: self._push_bar,
            METER: self._push_meter,
            POSITION: self._push_position,
            TEMPO: self._push_tempo,
            LENGTH: self._push_length,
            LEFT: self._push_left,
        }
        self.finished = False
        self._table, self._work, self._requested = table, work, constraints
        self._bar, self._bar_start, self._meter = -1, 0, COMMON_TIME
        self._position = -1
        self._tempo, self._tempo_said, self._length_said = TEMPO_OF_120, False, False
        self._keep_tempo = self._keep_meter = False
        self._last_bar: int | None = None
        self._seconds_left: float | None = None
        self._left: int | None = None
        """Bars that are left, the one that is written among them; None: any number."""
        self._band = -1
        self._begun = self._opens = False
        self._first_bar = 0
        self._first_note: int | None = None
        self.begins_late: bool | None = None
        """Whether the first bar is an upbeat, where that is known before its notes are."""
        self._first_bars = [0, 0]
        """Steps of the first two bars, as far as they have begun."""
        self.closes_behind: int | None = None
        """The place in the last bar from which on the tune may close before an upbeat; None: it need not."""

    @property
    def complete(self) -> bool:
        """Whether the last bar that was asked for has begun, or the tune is over."""
        return self.finished or (self._requested.bars is not None and self.closing)

    @property
    def closing(self) -> bool:
        """Whether this is the last bar, as far as the tune knows how many there are."""
        return self._counts and self._bar >= 0 and self._left == 1 and not self._uncounted

    @property
    def _uncounted(self) -> bool:
        """Whether this is an upbeat that is none of the bars that are counted, as far as its notes have begun."""
        if not self._work.full_bars or self._bar:
            return False
        if self.begins_late is not None:
            return self.begins_late
        return self._first_note is not None and 2 * self._first_note >= self._bar_steps

    @property
    def meter(self) -> int:
        """The number of the meter of the bar."""
        return self._meter

    @property
    def bar_start(self) -> int:
        """Where the bar begins."""
        return self._bar_start

    def begin_note(self) -> None:
        """A note begins now."""
        if self._first_note is None:
            self._first_note = self.course.now
            self._set_end()

    def fill_bar(self, *, until: int | None = None) -> None:
        """Nothing more begins in the bar, or before a step of it."""
        self._position = self._bar_steps if until is None else until - self._bar_start - 1

    @property
    def length(self) -> int:
        """Where the bar ends."""
        return self._bar_start + self._bar_steps if self._bar >= 0 else 0

    @property
    def placed(self) -> bool:
        """Whether a position of the bar has been said."""
        return self._position >= 0

    @property
    def ready(self) -> bool:
        """Whether notes may begin: behind a position, and in an upbeat late in its bar."""
        return self._tempo_said and self.placed and not (self._upbeat and 2 * self._position < self._bar_steps)

    @property
    def _upbeat(self) -> bool | None:
        """Whether the first bar is to be an upbeat, whose notes begin in its second half; None: it may, or has begun."""
        if not self._opens or self._bar or self._first_note is not None:
            return None
        if self._requested.loop:
            return False
        return None if self._left is None or self._work.full_bars else self._left > (self._requested.bars or 0)

    @property
    def _bar_steps(self) -> int:
        return int(self._work.bar_steps_M[self._meter])

    @property
    def _step_s(self) -> float:
        return int(self._work.us_per_beat_T[self._tempo]) / 1e6 / self._work.base.per_unit

    def begin(self) -> None:
        """The prompt is over."""
        requested = self._requested
        self.course.begin()
        # Of what is left of the notes that the model had in mind, a change of time would have too large a share.
        narrow = not self.course.limits.pitches_P.all()
        # A tempo that was asked for and is none of the corpus would be taken back as soon as may be.
        self._begun, self._keep_tempo = True, requested.keep_tempo or narrow or requested.tempo_us is not None
        self._keep_meter = requested.keep_meter or narrow
        self._first_bar, self.closes_behind = self._bar + 1, 0
        told = requested.bars is not None and self._counts and requested.seconds is None
        self._opens = self._bar < 0 and (told or requested.loop)
        if requested.bars is not None and told:
            self._left = None if self._opens else requested.bars + (not self._uncounted)
        elif requested.bars is not None:
            self._last_bar = self._bar + requested.bars
        if requested.seconds is not None:
            self._seconds_left = requested.seconds
            if self._bar >= 0:  # the seconds begin where the last bar of the prompt ends
                self._seconds_left += (self.length - self.course.now) * self._step_s
        self._set_end()

    def _set_end(self) -> None:
        """The step at which the tune will end, should meter and tempo stay."""
        ends: list[int] = []
        if (more := self._bars_behind) is not None:
            ends.append(self.length + more * self._bar_steps)
        if self._seconds_left is not None:
            ends.append(self.course.now + max(1, round(self._seconds_left / self._step_s)))
        self.course.end = min(ends) if ends else None

    @property
    def restrained(self) -> bool:
        """Whether notes are to begin before the place of an upbeat alone."""
        return self._upbeat_place != NO_LIMIT

    @property
    def onsets_end(self) -> int:
        """The step before which notes begin."""
        return NO_LIMIT if self.course.lenient else self._upbeat_place

    @property
    def _upbeat_place(self) -> int:
        """Where the tune begins again: in the last bar of one with an upbeat where that began."""
        end = self.length - self.upbeat
        if self.closes_behind is None or not self.closing or not self._bar_start < end < self.length:
            return NO_LIMIT
        return max(end, self._bar_start + self.closes_behind)

    @property
    def upbeat(self) -> int:
        """How many steps before the first full bar the notes of the piece began; 0: there is no upbeat, or the second bar has not begun."""
        line, more = self._first_bars
        return upbeat_before(self._first_note, line, line + more) if more and self._first_note is not None else 0

    @property
    def _bars_behind(self) -> int | None:
        """How many bars can come behind this one; None: any number."""
        if self._counts and self._begun:
            return None if self._left is None or self._bar < 0 else self._left - (not self._uncounted)
        return None if self._last_bar is None else self._last_bar - self._bar

    @property
    def _counts(self) -> bool:
        """Whether a tune ends with the last of the bars that its beginning says."""
        return self._work.guides and self._seconds_left is None and not (self._begun and self._requested.loop)

    def allow(self, mask_V: NDArray[np.bool_], before: str, *, latest_end: int, openings: Callable[[Steps], NDArray[np.bool_]]) -> None:
        """Marks bars, meters, positions and tempi, and the end, behind an event of the kind `before`.

        Args:
            mask_V: the mask.
            before: the kind of the last event.
            latest_end: the step at which the last of all notes so far ends.
            openings: at which of later steps a note could begin.
        """
        table = self._table
        if self._bar < 0:
            if self._work.guides and not self._length_said:
                mask_V[table.span(LENGTH)][self.lengths()] = True
            else:
                mask_V[table.first(BAR)] = True
            return
        if before == BAR and (bands := self._bands_due) is not None:
            mask_V[table.span(LEFT)][bands] = True
            if isinstance(bands, int):
                return
        kept = self._tempo_said and (self._keep_meter or (self._requested.form is not None and self._begun))
        if before in {BAR, LEFT} and not kept:
            mask_V[table.span(METER)] = self._fitting_meters(latest_end)
            mask_V[table.first(METER) + self._meter] = False
        if not self._tempo_said:  # the first thing of a piece
            tempo_us = self._requested.tempo_us if self._begun else None
            bins = slice(None) if tempo_us is None else tempo_bin(np.array([tempo_us]))
            if before == POSITION:
                mask_V[table.span(TEMPO)][bins] = True
            else:
                mask_V[table.first(POSITION)] = True
            return
        if before == POSITION:
            if not self._keep_tempo:
                mask_V[table.span(TEMPO)] = self._fitting_tempi(latest_end)
                mask_V[table.first(TEMPO) + self._tempo] = False
            return
        end, upbeat, last = self.course.end, self._upbeat, self.closing
        mask_V[table.first(BAR)] = not upbeat and not last
        until = min(self.length, self.onsets_end, NO_LIMIT if end is None else end) - self._bar_start
        later_T = np.arange(self._position + 1, until, dtype=np.int64)
        if len(later_T):
            in_time_T = np.ones_like(later_T, np.bool_) if upbeat is None else (2 * later_T >= self._bar_steps) == upbeat
            mask_V[table.first(POSITION) + later_T] = in_time_T & (not self._begun or openings(self._bar_start + later_T))
        alone = self._left == 1 and not self._begun  # an upbeat behind which nothing comes is a bar
        may_end = last or alone or self._left is None if self._counts else end is None
        mask_V[BOUNDARY_ID] = may_end and latest_end <= self.length

    def lengths(self) -> slice:
        """The values of the length that a tune may begin with: as was asked for; where an upbeat counts, with one a bar more."""
        bars, seconds = self._requested.bars, self._requested.seconds
        if not self._begun or (bars is None and seconds is None):
            return slice(None)
        if seconds is not None:
            bars = self._bars_in(seconds)
        bars = (bars or 1) * (1 + self._requested.loop)
        one_more = seconds is None and not self._requested.loop and not self._work.full_bars
        return slice(min(bars, MOST_BARS) - 1, min(bars + one_more, MOST_BARS))

    def _bars_in(self, seconds: float) -> int:
        """How many bars take about so long, in this meter and at this tempo."""
        return max(1, round(seconds / self._step_s / self._bar_steps))

    def may_repeat(self, before: str) -> bool:
        """Whether a bar of which this has been said may be a repeat."""
        return self._tempo_said and (before in {LEFT, METER} or (before == BAR and not isinstance(self._bands_due, int)))

    @property
    def bar(self) -> int:
        """The number of the bar among those that are asked for, from 0; an upbeat is before them."""
        return self._bar - self._first_bar

    @property
    def number(self) -> int:
        """The number of the bar in the piece, from 0."""
        return self._bar

    @property
    def _bands_due(self) -> int | slice | None:
        """What the bar says of how many are left, before anything else in it; None: nothing. A long prompt may say anything."""
        if not self._work.guides:
            return None
        if self._left is None and self._seconds_left is None:
            return slice(None)
        left = self._left if self._seconds_left is None else self._bars_in(self._seconds_left)
        band = int(bands_of(left or 1))
        return None if band == self._band else band

    def _fitting_meters(self, latest_end: int) -> NDArray[np.bool_]:
        """The meters in which the tune would not end before what sounds already."""
        if (more := self._bars_behind) is None:
            return np.ones(len(METERS), np.bool_)
        return self._bar_start + (more + 1) * self._work.bar_steps_M >= latest_end

    def _fitting_tempi(self, latest_end: int) -> NDArray[np.bool_]:
        """The tempi at which the tune would not end before what sounds already."""
        if self._seconds_left is None:
            return np.ones(TEMPO_BINS, np.bool_)
        steps_T = np.rint(self._seconds_left * 1e6 * self._work.base.per_unit / self._work.us_per_beat_T)
        return self.course.now + np.maximum(1, steps_T) >= latest_end

    def _push_bar(self, _: int) -> None:
        if not (self._counts and self._begun) and self.course.end is not None and self._bar >= 0 and self.length >= self.course.end:
            self.finished = True
            return
        self._pass_to(self.length)
        if self._left is not None and self._bar >= 0:
            self._left = max(1, self._left - (not self._uncounted))
            self._first_bar += self._opens and self._uncounted
        self._bar, self._bar_start, self._position = self._bar + 1, self.length, -1
        self._measure_bar()
        if self._work.guides:
            self._set_end()

    def _measure_bar(self) -> None:
        if 0 <= self._bar < len(self._first_bars):
            self._first_bars[self._bar] = self._bar_steps

    def _push_length(self, value: int) -> None:
        most = (self._requested.bars if self._counts else None) or MOST_BARS
        self._length_said = True
        self._left = value + 1 if value + 1 < MOST_BARS else most if self._begun else None
        self._first_bar += self._opens and self._left == most + 1

    def _push_left(self, value: int) -> None:
        self._band = value

    def _push_meter(self, value: int) -> None:
        self._meter = value
        self._measure_bar()
        self._set_end()

    def _push_position(self, value: int) -> None:
        self._pass_to(self._bar_start + value)
        self._position = value

    def _push_tempo(self, value: int) -> None:
        self._tempo, self._tempo_said = value, True
        self._set_end()

    def _pass_to(self, step: int) -> None:
        if self._seconds_left is not None:
            self._seconds_left -= (step - self.course.now) * self._step_s
        self.course.now = step
