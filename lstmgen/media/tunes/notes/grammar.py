"""Where a tune of the `notes` tokenizer stands while it is written, and which ids may come next; see `lstmgen.media.base.Cursor`.

    a piece   program [track], program [track] ... ascending ─► beats or seconds, with notes of these alone
    beats     bar [meter] ─► position (later in the bar) [tempo] ─► notes ─► position | bar; the first position is 0, with a tempo
              bar [meter] ─► repeat of an earlier bar ─► bar; a bar that is written out never becomes equal to one that could be repeated
              bar [meter] ─► tail of an earlier bar ─► position ─► notes ─► bar, where that can be joined
              bar [meter] ─► head of an earlier bar ─► position where it ends [─► notes] ─► position | bar
    seconds   shifts (whole seconds first) ─► notes ─► shift
    a note    [program] [velocity] pitch duration | drum; within a moment in their order, never what sounds already

The end may come where nothing sounds beyond the bar, or beyond now. When a length is asked for the tune is finished when the next bar
would begin behind it.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.asked_form import closes, ends_on, keep_form, keep_open, varies_notes
from lstmgen.media.tunes.notes.bars_so_far import BarsSoFar
from lstmgen.media.tunes.notes.beat_clock import BeatClock
from lstmgen.media.tunes.notes.beats import BeatWork
from lstmgen.media.tunes.notes.events import (
    DRUM,
    DURATION,
    KEY,
    MOST_TRANSPOSED,
    PITCH,
    PITCHES,
    PROGRAM,
    TRACK,
    TRACK_OF,
    TRANSPOSED,
    VELOCITY,
    loudness,
)
from lstmgen.media.tunes.notes.expecting import Expecting
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.remaining import LENGTH
from lstmgen.media.tunes.notes.repeats import AGAIN, HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.notes.voices import keep_together
from lstmgen.media.tunes.parts import DRUMS, FIRST_DRUMS, INSTRUMENTS, LINES, MOST_TRACKS
from lstmgen.media.tunes.step_limits import NO_LIMIT, NOTHING_LIMITED, StepLimits
from lstmgen.media.tunes.step_notes import Row
from lstmgen.music.constraints import Constraints
from lstmgen.music.form import Form
from lstmgen.music.lanes import Steps

_UNSAID: Final = -1
_START: Final = "start"


class NotesGrammar(Expecting):
    """A `Grammar` of notes around a clock. Letters: P pitches, I instruments, L lines, A those that may play, V ids, T steps."""

    def __init__(self, table: EventTable, time: BeatWork | SecondWork, constraints: Constraints, limits: StepLimits) -> None:
        self._table, self._time, self._clock = table, time, time.clock(table, constraints, limits)
        self.course = self._clock.course
        self.named = self._names = dict[int, None]()
        self._constraints, self.programs = constraints, constraints.programs
        self._free_I = np.ones(INSTRUMENTS, np.bool_)
        self._begun = False
        self._before = _START
        self._opening = dict(itertools.pairwise((_START, *time.head)))
        """By what was said before, what a piece has to say at its beginning."""
        self._instrument, self._bin = 0, _UNSAID
        self.naming, self._last_named = True, -1
        self._named_L = np.zeros(LINES, np.bool_)
        self._plays_L = np.zeros(LINES, np.bool_)
        self._line_A, self._playing = np.zeros(0, np.int64), frozenset[int]()
        """The lines that may play, ascending."""
        self._last_line, self._last_pitch, self._tonic = -1, -1, 0
        self._ends_LP = np.zeros((LINES, 128), np.int64)
        self._lone_L = np.zeros(LINES, np.bool_)
        """The lines of which one note sounds at a time: while it does none of its pitches begins."""
        self._latest_end = 0
        self._place, self._may_complete = 0, False
        self._drums = deque[Row]()
        self._beats = self._clock if isinstance(self._clock, BeatClock) and time.repeats else None
        """The clock where bars can be repeated."""
        in_beats = isinstance(time, BeatWork)
        lengths_M, tails = (time.bar_steps_M, time.durations if time.tails else None) if in_beats else (np.zeros(0, np.int64), None)
        self._bars = BarsSoFar(lengths_M, variants=self._varies, tails=tails, heads=in_beats and time.heads)

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self._clock.finished

    @property
    def complete(self) -> bool:
        """Whether the last bar that was asked for has begun, or the tune is over."""
        return self._clock.complete

    @property
    def closing(self) -> bool:
        """Whether this is the last bar."""
        return self._clock.closing

    @property
    def restrained(self) -> bool:
        """Whether this is a last bar that is not to lead on."""
        return self._clock.restrained

    @property
    def next_wait(self) -> int:
        """Where the bar ends."""
        return self._clock.length

    def begin(self) -> None:
        """The prompt is over."""
        requested = self._constraints
        self._begun = True
        self._clock.begin()
        for number in self._time.lone:
            self._lone_L[number:FIRST_DRUMS:MOST_TRACKS] = True
        self._ends_LP[self._lone_L] = self._ends_LP[self._lone_L].max(axis=1, keepdims=True)
        if self.programs is not None:
            self._free_I[:DRUMS] = np.isin(np.arange(DRUMS), sorted(self.programs))
        self._free_I[DRUMS] = requested.drums
        if not self.naming and self.programs is not None:  # who is asked for may join
            self._named_L[::MOST_TRACKS] |= self._free_I
        self._find_playing()

    def _find_playing(self) -> None:
        """Notes which lines may play, after that has changed."""
        self._plays_L = self._named_L & np.repeat(self._free_I, MOST_TRACKS)
        self._plays_L[list(self._returned)] = False
        self._line_A = np.flatnonzero(self._plays_L)
        self._playing = frozenset(self._line_A.tolist())

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        self._allow(mask_V)
        if not mask_V.any():  # the one note that wishes leave would make the bar equal to an earlier one
            self._may_complete = True
            self._allow(mask_V)
            self._may_complete = False

    def _allow(self, mask_V: NDArray[np.bool_]) -> None:
        naming = self._begun and self.naming  # what is drawn names its instruments first
        if self._before in self._opening:
            self._allow_head(mask_V)
        elif self._before == PITCH:
            first, count = self._table.first(DURATION), self._durations
            mask_V[first : first + count] = True
            completing = {first + note[3] for note in self._completing if self._completes(note)}
            if len(completing) < count:
                mask_V[sorted(completing)] = False
        elif self._before == AGAIN and self._bars.saying:
            self._offer_velocities(mask_V)
        elif naming and not len(self._line_A):
            self._allow_names(mask_V)
        elif self._before in {PROGRAM, VELOCITY} and not self.naming:
            self._allow_own(mask_V, self._line_A, self._legal())
            if not mask_V.any():  # a prompt ended here, and the constraints leave nothing to go with it
                first = np.array([self._instrument * MOST_TRACKS])
                self._allow_own(mask_V, first, self._in_order(first, self._ends_LP[first] <= self.course.now))
        else:
            self._allow_names(mask_V)
            before = HEAD if self._before == POSITION and self._cut is not None and self._cut[1] else self._before
            self._clock.allow(mask_V, before, latest_end=self._latest_end, openings=self._openings)
            mask_V[BOUNDARY_ID] &= not naming
            over = self._cut is not None and self.course.now >= self._clock.onsets_end
            if self._clock.ready and not over and self._before not in {REPEAT, HALF, HEAD, AGAIN, TAIL}:
                legal_AP = self._legal()
                self._allow_own(mask_V, self._line_A, legal_AP)
                others = {line // MOST_TRACKS for line in self._line_A[legal_AP.any(axis=1)].tolist()} - {self._instrument}
                mask_V[[self._table.first(PROGRAM) + other for other in others]] = True
            if self._beats is not None and self._beats.may_repeat(self._before):
                self._offer_repeats(mask_V, self._beats)
                self._offer_tails(mask_V, self._beats)
                if self._begun:
                    self._deny_misplaced(mask_V, self._beats)
                if self._form is not None:
                    keep_form(mask_V, *self._form, self._bars, self._table)
            elif self._beats is not None:
                if (self._before in {HALF, AGAIN} and self._said[0]) or self._before == HEAD:
                    self._offer_tails(mask_V, self._beats)
                self._keep_head(mask_V, self._beats)
                self._keep_tail(mask_V, self._beats)
                self._deny_repeats(mask_V)
                self._offer_velocities(mask_V)
            if self._begun and isinstance(self._clock, BeatClock) and self._time.together and self._head is None:
                keep_together(mask_V, self._line_A, self._ends_LP, instrument=self._instrument, clock=self._clock, table=self._table)
            if self._silent or (self._leads_on and mask_V[self._table.span(POSITION)].any()):
                keep_open(mask_V, self._table)

    def _allow_head(self, mask_V: NDArray[np.bool_]) -> None:
        """What a piece begins with. What is drawn stands as it was written."""
        values: int | slice = slice(None)
        kind = self._opening[self._before]
        if isinstance(self._clock, BeatClock) and kind == LENGTH:
            values = self._clock.lengths()
        elif kind == TRANSPOSED and self._begun:
            values = MOST_TRANSPOSED
        elif kind == KEY and self._begun and self._constraints.key is not None:
            values = self._constraints.key
        mask_V[self._table.span(kind)][values] = True

    def _allow_names(self, mask_V: NDArray[np.bool_]) -> None:
        """The instruments that can still be named, and how many tracks the last one has."""
        if self.naming:
            mask_V[self._table.span(PROGRAM)] = self._free_I & (np.arange(INSTRUMENTS) > self._last_named)
            if self._before == PROGRAM and self._last_named < DRUMS:
                mask_V[self._table.span(TRACK)][1:] = self._free_I[self._last_named]

    def _allow_own(self, mask_V: NDArray[np.bool_], line_A: Steps, legal_AP: NDArray[np.bool_]) -> None:
        """What may begin now with the instrument as it is, given which pitches of which lines may."""
        table, own_AP = self._table, legal_AP[line_A // MOST_TRACKS == self._instrument]
        if not (count := np.count_nonzero(own_AP)):
            return
        own = dict(zip(line_A[line_A // MOST_TRACKS == self._instrument].tolist(), own_AP, strict=True))
        completed = self._completed(own)
        if self._bin != _UNSAID or self._before == VELOCITY:
            for line, own_P in own.items():
                first = self._begins(line, 0)
                mask_V[first : first + 128] = own_P
            if completed:
                mask_V[[self._begins(line, pitch) for line, pitch in completed.get(self._bin, ())]] = False
        if self._before != VELOCITY:
            mask_V[table.span(VELOCITY)] = True
            if self._bin != _UNSAID:
                mask_V[table.first(VELOCITY) + self._bin] = False
            if completed:
                mask_V[[table.first(VELOCITY) + value for value, notes in completed.items() if len(notes) == count]] = False

    def _begins(self, line: int, pitch: int) -> int:
        """The id with which a note begins."""
        return self._table.first(DRUM if line >= FIRST_DRUMS else PITCHES[line % MOST_TRACKS]) + pitch

    @property
    def _durations(self) -> int:
        """How many durations, from the shortest on, a note may have that begins now."""
        longest = min(self.course.limits.longest, self.course.room)
        return max(1, int(np.searchsorted(self._time.lengths_D, longest, side="right")))

    @property
    def _form(self) -> tuple[Form, int] | None:
        """The form that was asked for, and the number of the bar in it; None in a last bar that is free to close."""
        form = self._constraints.form
        if form is None or not self._begun or not isinstance(self._clock, BeatClock):
            return None
        number = self._clock.bar
        return None if self.closing and not closes(form, number, self._bars, self._tonic) else (form, number)

    @property
    def _silent(self) -> bool:
        """Whether nothing sounds yet in a bar that is not to be empty: the last one, and one that varies a bar with notes."""
        if not self._begun or not isinstance(self._clock, BeatClock) or self._latest_end > self._clock.bar_start:
            return False
        return self.closing or (self._form is not None and varies_notes(*self._form, self._bars))

    @property
    def _leads_on(self) -> bool:
        """Whether the beginning of a bar has come back in the last one which does not end on the tonic: it is no end."""
        bar = self._cut[0] if self._cut is not None else self._sounding if self._said[0] else None
        return self._begun and self.closing and bar is not None and not ends_on(bar, self._tonic)

    def _deny_misplaced(self, mask_V: NDArray[np.bool_], clock: BeatClock) -> None:
        """No upbeat comes back as a bar, and as the last one a whole bar only where it ends on the tonic; others lead on."""
        upbeat = self._bars.at(clock.number) if clock.upbeat else None
        if upbeat is None and not clock.closing:
            return
        open_V = mask_V.copy()
        for distance, bar in self._bars.repeatable:
            open_V[self._table.first(REPEAT) + distance - 1] &= bar != upbeat and (not clock.closing or ends_on(bar, self._tonic))
        if open_V.any():
            mask_V[:] = open_V

    def _openings(self, step_T: Steps) -> NDArray[np.bool_]:
        """At which of these later steps a note could begin."""
        drum_A, pitches_P = self._line_A >= FIRST_DRUMS, self.course.limits.pitches_P
        first = NO_LIMIT
        for line_O, pitch_P in ((self._line_A[~drum_A], pitches_P), (self._line_A[drum_A], np.ones_like(pitches_P))):
            if len(line_O) and pitch_P.any():
                first = min(first, int(self._ends_LP[line_O][:, pitch_P].min()))
        return step_T >= first

    def _legal(self) -> NDArray[np.bool_]:
        """Which pitches of the lines that may play may begin now, of shape (A, P)."""
        limits = self.course.limits
        if self.course.room <= 0:
            return np.zeros((len(self._line_A), 128), np.bool_)
        legal_AP: NDArray[np.bool_] = self._ends_LP[self._line_A] <= self.course.now
        if limits is not NOTHING_LIMITED:
            legal_AP[self._line_A < FIRST_DRUMS] &= limits.pitches_P
        return self._in_order(self._line_A, legal_AP)

    def _in_order(self, line_A: Steps, legal_AP: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Without what is written before the note that began last: by instrument, then by pitch, then by track."""
        if self._last_line < 0:
            return legal_AP
        instrument_A, last = line_A // MOST_TRACKS, self._last_line // MOST_TRACKS
        legal_AP[instrument_A < last] = False
        legal_AP[instrument_A == last, : self._last_pitch] = False
        legal_AP[line_A <= self._last_line, self._last_pitch] = False
        return legal_AP

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event. The end of a note is known with its duration, that of a drum when the piece is long enough for it."""
        if kind in {TRANSPOSED, KEY} or self._opening.get(self._before) == kind:
            self._before = kind
            if kind == KEY:
                self._tonic, self._minor = value % 12, value >= 12
            if kind in self._clock.pushes:
                self._clock.pushes[kind](value)
            return ()
        ended = [] if kind == AGAIN else self._sound()
        if kind in {PROGRAM, TRACK}:
            self._name(kind, value)
        else:
            self.naming = False
        if kind == VELOCITY:
            self._bin = value
        elif kind in TRACK_OF or kind == DRUM:
            self._last_line, self._last_pitch, self._place = self._instrument * MOST_TRACKS + TRACK_OF.get(kind, 0), value, place
            kind = PITCH if kind in TRACK_OF else DRUM
            self._clock.begin_note()
            self._names.setdefault(self._last_line)
            if kind == DRUM:
                self._sounds_until(self.course.now + 1)
                self._drums.append(self._row(self._time.drum_steps))
                self._remember(0)
        elif kind == DURATION:
            self._sounds_until(self.course.now + int(self._time.lengths_D[value]))
            if self._before == PITCH:
                ended.append(self._row(int(self._time.lengths_D[value])))
                self._remember(value)
        elif kind in {REPEAT, HALF}:
            ended += self._repeat(kind, value + 1, place)
        elif kind == HEAD:
            self._begin_as(value + 1, place)
        elif kind == TAIL and self._tail is None:
            self._tail = value + 1, place
        elif kind == AGAIN:
            ended += self._say(value)
        elif kind in self._clock.pushes:
            ended += self._end_bar() if kind == BAR else []
            before = self.course.now
            self._clock.pushes[kind](value)
            if self.course.now > before:
                self._last_line = self._last_pitch = -1
            if kind == POSITION:
                ended += self._cut_head()
            if self._beats is not None:
                self._mark_bar(kind, self._beats)
        self._before = kind
        return [*ended, *self._ended_drums()]

    def _ended_drums(self) -> list[Row]:
        """The drums that end with the bar or before."""
        ended: list[Row] = []
        while self._drums and self._drums[0][1] <= self._clock.length:
            ended.append(self._drums.popleft())
        return ended

    def _name(self, kind: str, value: int) -> None:
        """A program, or how many tracks it has, that is named where a piece begins; a program later plays from here on."""
        if kind == PROGRAM:
            self.naming &= value > self._last_named
            self._instrument, value = value, 0
        else:
            self.naming &= self._before == PROGRAM
        first = self._instrument * MOST_TRACKS
        self._names.update(dict.fromkeys(range(first, first + value + 1)))
        if self.naming:
            self._last_named = self._instrument
            self._named_L[first : first + value + 1] = True
            self._find_playing()

    def _sounds_until(self, end: int) -> None:
        self._ends_LP[self._last_line, self._taken(self._last_line, self._last_pitch)] = end
        self._latest_end = max(self._latest_end, end)

    def _taken(self, line: int, pitch: int) -> int | slice:
        """The pitches of a line that cannot begin while one of them sounds."""
        return slice(None) if self._lone_L[line] else pitch

    def _row(self, steps: int) -> Row:
        """What began last."""
        now, velocity = self.course.now, loudness(self._said_bin)
        return now, now + steps, self._last_pitch, self._last_line, velocity, self._place

    def rest(self) -> Sequence[Row]:
        """What is repeated at the end, and the drums that are cut off with the piece."""
        ended, end = [*self._sound(), *self._end_bar(), *self._ended_drums()], max(self._clock.length, 1)
        return ended + [(start, end, pitch, line, velocity, place) for start, _, pitch, line, velocity, place in self._drums]
