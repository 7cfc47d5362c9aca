"""What repeats mean for the grammar of notes: which bars may come back, and that what is written out never becomes one that could.

Letters: P pitches, L lines, A those that may play, V ids, T steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.notes.asked_form import ends_on
from lstmgen.media.tunes.notes.bar import Bar, BarNote, middle_of
from lstmgen.media.tunes.notes.bars_so_far import BarsSoFar
from lstmgen.media.tunes.notes.beat_clock import BeatClock
from lstmgen.media.tunes.notes.beats import BeatWork
from lstmgen.media.tunes.notes.events import UNSAID_BIN, VELOCITY_BINS, loudness
from lstmgen.media.tunes.notes.measures import BAR, METER, POSITION, TEMPO
from lstmgen.media.tunes.notes.repeats import AGAIN, ANY_BIN, HALF, HEAD, LEAST, REPEAT, TAIL
from lstmgen.media.tunes.notes.seconds import SecondClock, SecondWork
from lstmgen.media.tunes.parts import FIRST_DRUMS
from lstmgen.media.tunes.step_limits import NO_LIMIT, NOTHING_LIMITED
from lstmgen.media.tunes.step_notes import Row
from lstmgen.music.lanes import Steps

_UNSAID: Final = -1


class Repeating(Grammar):
    """A grammar of notes as far as bars come back."""

    _table: EventTable
    _time: BeatWork | SecondWork
    _clock: BeatClock | SecondClock
    _bars: BarsSoFar
    _beats: BeatClock | None
    _begun: bool
    _before: str
    _bin: int
    _may_complete: bool
    _last_line: int
    _last_pitch: int
    _tonic: int
    _latest_end: int
    _plays_L: NDArray[np.bool_]
    _playing: frozenset[int]
    _ends_LP: NDArray[np.int64]
    _drums: deque[Row]
    _said: tuple[bool, int] = (False, 0)
    """Of what is repeated in this bar: whether it is a first half, and the index of its id."""
    _tail: tuple[int, int] | None = None
    """How far back the bar lies whose tail this one has, and the index of the id that says so."""
    _sounding: Bar | None = None
    """What is repeated, as long as its velocities are not known for certain."""
    _head: tuple[Bar, int] | None = None
    """As which bar this one begins, until it is known how far, and the index of the id that says so."""
    _cut: tuple[Bar, bool] | None = None
    """What came back of that, while nothing is written behind it; and whether there it has a note, so that here nothing need be."""
    _headed = False
    """Whether the bar has a head."""

    def _legal(self) -> NDArray[np.bool_]:
        """Which pitches of the lines that may play may begin now, of shape (A, P)."""
        raise NotImplementedError

    def _openings(self, step_T: Steps) -> NDArray[np.bool_]:
        """At which of these later steps a note could begin."""
        raise NotImplementedError

    @property
    def _durations(self) -> int:
        """How many durations, from the shortest on, a note may have that begins now."""
        raise NotImplementedError

    @property
    def settled(self) -> bool:
        """Whether it has been said of this bar what comes back in it, or that nothing does."""
        return self._beats is None or not self._beats.may_repeat(self._before)

    def _taken(self, line: int, pitch: int) -> int | slice:
        """The pitches of a line that cannot begin while one of them sounds."""
        raise NotImplementedError

    @property
    def _varies(self) -> bool:
        """Whether bars come back with other velocities, and first halves with another end."""
        return isinstance(self._time, BeatWork) and self._time.variants

    @property
    def _said_bin(self) -> int:
        """The bin of the velocity that holds."""
        return UNSAID_BIN if self._bin == _UNSAID else self._bin

    @property
    def _middle(self) -> int:
        """The first step of the second half of the bar."""
        return self._clock.length if self._beats is None else (self._beats.bar_start + self._beats.length + 1) // 2

    @property
    def _completing(self) -> list[BarNote]:
        """The notes that may not begin now: with them the bar or its first half would be as an earlier one, and nothing could follow in it.

        A velocity of `ANY_BIN` is every one.
        """
        if self._beats is None or self._may_complete or not (endings := self._bars.endings(with_tails=not self._begun)):
            return []
        now, count = self.course.now - self._beats.bar_start, self._durations
        ends = (self._clock.length, self._middle)
        return [note for note, half in endings if note[0] == now and note[3] < count and not self._can_follow(note, until=ends[half])]

    def _completes(self, note: BarNote) -> bool:
        """Whether a note that began now and would be such a one has the velocity of the one that did begin."""
        return note[1:3] == (self._last_line, self._last_pitch) and note[4] in {ANY_BIN, self._said_bin}

    def _completed(self, own: dict[int, NDArray[np.bool_]]) -> dict[int, set[tuple[int, int]]]:
        """By velocity: the lines and pitches that may not begin, because whatever they last they would be such a note."""
        durations: dict[tuple[int, int, int], set[int]] = {}
        for _, line, pitch, duration, value in self._completing:
            if line in own and own[line][pitch]:
                for each in range(VELOCITY_BINS) if value == ANY_BIN else (value,):
                    durations.setdefault((each, line, pitch), set()).add(duration)
        completed: dict[int, set[tuple[int, int]]] = {}
        for (value, line, pitch), ways in durations.items():
            if len(ways) >= (1 if line >= FIRST_DRUMS else self._durations):
                completed.setdefault(value, set()).add((line, pitch))
        return completed

    def _can_follow(self, note: BarNote, *, until: int) -> bool:
        """Whether another note could begin before a step after this one."""
        _, line, pitch, duration, _ = note
        taken = line, self._taken(line, pitch)
        before = self._ends_LP[taken].copy(), self._last_line, self._last_pitch
        self._ends_LP[taken] = self.course.now + (1 if line >= FIRST_DRUMS else int(self._time.lengths_D[duration]))
        self._last_line, self._last_pitch = line, pitch
        can = bool(self._legal().any() or self._opens(self.course.now + 1, until))
        self._ends_LP[taken], self._last_line, self._last_pitch = before
        return can

    def _opens(self, begin: int, until: int) -> bool:
        """Whether a note could begin between two later steps."""
        until = min(until, self.course.now + self.course.room, self._clock.onsets_end)
        return bool(self._openings(np.arange(begin, until, dtype=np.int64)).any())

    def _offer_repeats(self, mask_V: NDArray[np.bool_], clock: BeatClock) -> None:
        """At the beginning of a bar the repeats that fit."""
        for distance, bar in self._bars.repeatable:
            mask_V[self._table.first(REPEAT) + distance - 1] = self._fits(bar, clock.bar_start)
        if self._varies:
            for distance, bar, more in self._bars.halves:
                fits = self._fits(bar, clock.bar_start) and (not more or self._opens(self._middle, clock.length))
                mask_V[self._table.first(HALF) + distance - 1] = fits
            for distance, bar in self._bars.beginnable:
                mask_V[self._table.first(HEAD) + distance - 1] = self._cuts(bar, clock).any()

    def _cuts(self, bar: Bar, clock: BeatClock) -> NDArray[np.bool_]:
        """By position where the head of an earlier bar may end in this one, at the latest at its first moment that does not fit.

        Where the earlier bar has a note nothing need be written here; where it has none something must be. What is drawn does not cut off
        a note that sounded on, and in a last bar the head ends on the tonic, and the tune with it.
        """
        begin, steps = clock.bar_start, clock.length - clock.bar_start
        moments = [each for each in dict.fromkeys(note[0] for note in bar.notes) if each < steps]
        cuts_S, begins_S = np.zeros(steps, np.bool_), np.zeros(steps, np.bool_)
        unfit = () if self._fits(bar, begin) else (each for each in moments if not self._fits(bar.before(each + 1), begin))
        cuts_S[middle_of(steps) : next(iter(unfit), steps) + 1] = True
        begins_S[moments] = True
        if not self._begun:
            return cuts_S
        if clock.closing:
            begins_S[[each for each in moments if not ends_on(bar.before(each), self._tonic)]] = False
            return cuts_S & begins_S
        step_S, end = begin + np.arange(steps), NO_LIMIT if self.course.end is None else self.course.end
        opens_S = self._openings(step_S) & (step_S < self._clock.onsets_end)
        for note in bar.notes:
            opens_S[note[0] + 1 : self._end_of(note)] &= begins_S[note[0] + 1 : self._end_of(note)]
        return cuts_S & (opens_S | begins_S) & (step_S < end)

    def _keep_head(self, mask_V: NDArray[np.bool_], clock: BeatClock) -> None:
        """Behind a head where it may end; in its bar no change of tempo."""
        if self._headed:
            mask_V[self._table.span(TEMPO)] = False
        if self._head is not None:
            mask_V[[BOUNDARY_ID, self._table.first(BAR)]] = mask_V[self._table.span(POSITION)] = False
            mask_V[self._table.first(POSITION) + np.flatnonzero(self._cuts(self._head[0], clock))] = True

    def _deny_repeats(self, mask_V: NDArray[np.bool_]) -> None:
        """No end of a bar, or of its first half, that would be a repeat; no change of tempo behind a half that is one.

        What is drawn may end as an earlier bar does and not say so: two notes come back by chance, and one more would be worse.
        """
        if self._varies and self._said[0]:
            mask_V[self._table.span(TEMPO)] = False
        ends = mask_V.copy()
        if self._bars.repeats or self._bars.repeats_half or (self._bars.repeats_tail and not self._begun):
            mask_V[BOUNDARY_ID] = mask_V[self._table.span(BAR)] = False
        # In a prompt the tempo may change later in the bar, which is written out for that; what is drawn is not to change it for this.
        if self._begun and self._bars.repeats_half and self._beats is not None:
            mask_V[self._table.span(POSITION)][self._middle - self._beats.bar_start :] = False
        if not mask_V.any():  # a prompt ended here
            mask_V[:] = ends

    def _offer_velocities(self, mask_V: NDArray[np.bool_]) -> None:
        """What is repeated may have other velocities: then all of them are said."""
        if self._varies and self._before in {REPEAT, HALF, AGAIN}:
            bins = self._bars.sayable(VELOCITY_BINS, half=self._said[0])
            if bins is not None and (self._before != AGAIN or self._bars.saying):
                mask_V[self._table.span(AGAIN)] = bins

    def _offer_tails(self, mask_V: NDArray[np.bool_], clock: BeatClock) -> None:
        """Before anything is written in a bar the earlier ones whose tail it could have; in a last bar that is drawn those that close."""
        if self._bars.saying:
            return
        must_close = self._begun and clock.closing
        for distance, bar in self._bars.endable:
            least = Bar(bar.meter, bar.notes[-LEAST:])
            if self._fits(least, clock.bar_start) and (not must_close or ends_on(bar, self._tonic)):
                mask_V[self._table.first(TAIL) + distance - 1] = True

    def _keep_tail(self, mask_V: NDArray[np.bool_], clock: BeatClock) -> None:
        """A bar with a tail ends where that can be joined, and before it is written out; what is drawn may end at any of its moments."""
        if (tail := self._tail) is None or (source := self._bars.at(tail[0])) is None:
            return
        free_V, over = mask_V.copy(), [BOUNDARY_ID, self._table.first(BAR)]
        last = source.notes[-LEAST][0] + (self._head is not None) if len(source.notes) >= LEAST else 0
        mask_V[self._table.span(POSITION)][last:] = False
        mask_V[self._table.span(TEMPO)] = False
        if mask_V[over].any():
            drawn = self._begun and self._bars.begun
            end = Bar(clock.meter, self._bars.joined(tail[0])) if drawn else dict(self._bars.tails).get(tail[0])
            if end is None or not self._fits(end, clock.bar_start):
                mask_V[over] = False
            elif any(clock.bar_start + self._end_of(note) > clock.length for note in end.notes):
                mask_V[BOUNDARY_ID] = False
        for kept in (over, []):  # where wishes leave nothing, notes are written in the place of the tail, or sound into it
            if not mask_V.any():
                mask_V[:] = free_V
                mask_V[kept] = False

    def _end_of(self, note: BarNote) -> int:
        """The position at which a note ends."""
        return note[0] + (1 if note[1] >= FIRST_DRUMS else int(self._time.lengths_D[note[3]]))

    def _fits(self, bar: Bar, begin: int) -> bool:
        """Whether the notes of a bar may sound again, in the bar that begins at a step."""
        if not bar.notes or begin + bar.notes[-1][0] >= self._clock.onsets_end:
            return not bar.notes
        limits, end = self.course.limits, NO_LIMIT if self.course.end is None else self.course.end
        if limits is NOTHING_LIMITED and end == NO_LIMIT:
            playing, ends_LP = self._playing, self._ends_LP
            is_quiet = self._latest_end <= begin + bar.notes[0][0]
            return all(note[1] in playing and (is_quiet or ends_LP[note[1], note[2]] <= begin + note[0]) for note in bar.notes)
        position_N, line_N, pitch_N, duration_N, _ = bar.columns
        drum_N, start_N = line_N >= FIRST_DRUMS, begin + position_N
        length_N = np.where(drum_N, 1, self._time.lengths_D[duration_N])
        fits_N = self._plays_L[line_N] & (self._ends_LP[line_N, pitch_N] <= start_N) & (start_N + length_N <= end)
        fits_N &= drum_N | (limits.pitches_P[pitch_N] & (length_N <= limits.longest))
        return bool(fits_N.all())

    def _mark_bar(self, kind: str, clock: BeatClock) -> None:
        """What an event of time means for the bars so far."""
        if kind == BAR:
            self._bars.close()
        if kind in {BAR, METER}:
            self._bars.open(clock.meter)
            self._said, self._tail, self._head, self._cut, self._headed = (False, 0), None, None, None, False
        elif kind == TEMPO:
            self._bars.write_out()

    def _begin_as(self, distance: int, place: int) -> None:
        """The bar begins as an earlier one does."""
        if self._beats is not None and (bar := self._bars.begin_as(distance)) is not None:
            self._head, self._headed = (bar, place), True
            self._beats.fill_bar(until=self._middle)

    def _cut_head(self) -> list[Row]:
        """What comes back of a head ends here: its notes."""
        if self._beats is None or self._head is None:
            self._cut = self._cut and (self._cut[0], False)
            return []
        begin, (source, place), self._head = self._beats.bar_start, self._head, None
        position = self.course.now - begin
        if (bar := self._bars.cut(position)) is None:
            return []
        self._cut = bar, len(source.before(position + 1).notes) > len(bar.notes)
        self._hold(bar.notes, begin)
        return self._rows_of(bar.notes, begin, place)

    def _remember(self, duration: int) -> None:
        """What began last, as a note of its bar."""
        self._cut = None
        if self._beats is not None:
            position = self.course.now - self._beats.bar_start
            self._bars.add((position, self._last_line, self._last_pitch, duration, self._said_bin))

    def _repeat(self, kind: str, distance: int, place: int) -> list[Row]:
        """The notes of an earlier bar, or of its first half, once more; gives those whose end is known and whose velocities are."""
        if self._beats is None or (bar := self._bars.repeat(distance, half=kind == HALF)) is None:
            return []
        self._hold(bar.notes, self._beats.bar_start)
        self._beats.fill_bar(until=self._middle if kind == HALF else None)
        self._said, self._sounding = (kind == HALF, place), bar
        return [] if self._varies else self._sound()

    def _end_bar(self) -> list[Row]:
        """The bar is over: the notes of its tail."""
        tail, self._tail = self._tail, None
        if self._beats is None or tail is None:
            return []
        notes = self._bars.end(tail[0])
        self._hold(notes, self._beats.bar_start)
        return self._rows_of(notes, self._beats.bar_start, tail[1])

    def _hold(self, notes: Sequence[BarNote], begin: int) -> None:
        """The notes of a bar that begins at a step sound until they end."""
        for note in notes:
            self._ends_LP[note[1], self._taken(note[1], note[2])] = end = begin + self._end_of(note)
            self._latest_end = max(self._latest_end, end)

    def _say(self, value: int) -> list[Row]:
        """One more velocity of what is repeated; gives its notes behind the last one."""
        if (bar := self._bars.say(value)) is None or self._sounding is None:
            return []
        self._sounding = bar
        return [] if self._bars.saying else self._sound()

    def _sound(self) -> list[Row]:
        """The notes that are repeated, where they have not been given; drums are given when they end."""
        bar, self._sounding = self._sounding, None
        if bar is None or self._beats is None:
            return []
        return self._rows_of(bar.notes, self._beats.bar_start, self._said[1])

    def _rows_of(self, notes: Sequence[BarNote], begin: int, place: int) -> list[Row]:
        """The notes of a bar that begins at a step, as one id says them; drums are given when they end."""
        ended = list[Row]()
        for position, line, pitch, duration, value in notes:
            start, drum = begin + position, line >= FIRST_DRUMS
            end = start + (self._time.drum_steps if drum else int(self._time.lengths_D[duration]))
            (self._drums if drum else ended).append((start, end, pitch, line, loudness(value), place))
        return ended
