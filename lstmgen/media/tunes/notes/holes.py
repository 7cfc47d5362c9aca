"""The grammar of notes in beats with a hole: what is kept there comes at its time, and between it what is written.

    kept      bar     position 0  S      position 12  S
    written   bar     position 0  A  S   position 6  T   position 12  S  B   bar

What may come next is what the grammar allows, up to the next thing that is kept, and the id that leads on to that. So a way to fill a
hole pays for each id that leads to what is kept, with the probability that nothing else came before. Letters: A lines that may play,
P pitches, V ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.holes import Hole
from lstmgen.media.tunes.notes.beat_clock import BeatClock
from lstmgen.media.tunes.notes.beats import BeatWork
from lstmgen.media.tunes.notes.events import DRUM, DURATION, PITCH, PITCHES, PROGRAM, TRACK, TRACK_OF, VELOCITY
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.measures import BAR, METER, POSITION, TEMPO
from lstmgen.media.tunes.notes.remaining import LEFT, LENGTH
from lstmgen.media.tunes.notes.repeats import HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.parts import DRUMS, MOST_TRACKS, lines_of
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED
from lstmgen.media.tunes.step_notes import Row
from lstmgen.music.constraints import FREE
from lstmgen.music.lanes import Steps

_OPENING: Final = frozenset({BAR, LEFT, METER})
"""What stands in a bar before its first position."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A note that is kept, or a change of tempo.

    Attributes:
        bar: from 0; where there are none, 0.
        position: in the bar; where there are none, the step.
        tempo: its bin; None: it is a note.
        line: of a note.
        pitch: of a note, as it sounds.
        loudness: the bin of its velocity.
        duration: its index; of a drum 0.
    """

    bar: int
    position: int
    tempo: int | None = None
    line: int = 0
    pitch: int = 0
    loudness: int = 0
    duration: int = 0


@dataclass(frozen=True, kw_only=True)
class NotesHole:
    """A hole in notes.

    Attributes:
        end: the step where it ends.
        kept: what is kept there, in order.
        lines: which lines are written; None: all that are named but those that are kept.
        kept_lines: which are kept.
    """

    end: int
    kept: Sequence[Kept]
    lines: frozenset[int] | None
    kept_lines: frozenset[int]

    @property
    def tracks(self) -> dict[int, int]:
        """By instrument that is kept the number of its last track."""
        return {line // MOST_TRACKS: line % MOST_TRACKS for line in sorted(self.kept_lines)}


@dataclass(frozen=True, kw_only=True)
class BarsWithHole(NotesHole):
    """A hole in bars.

    Attributes:
        first: its first bar, from 0.
        last: its last one.
        meters: the meter that a bar says, by its number.
        whole: whether nothing is kept, so that a bar may repeat an earlier one.
        ends: whether the tune ends with it.
        length: the value of the length of the tune, where one is said.
        latest: behind which place in the last bar nothing begins so far.
        begins_late: whether its first bar is an upbeat that is not counted.
    """

    first: int
    last: int
    meters: Mapping[int, int]
    whole: bool
    ends: bool
    length: int = 0
    latest: int = 0
    begins_late: bool = False


def lines_of_hole(hole: Hole, tracks: int) -> tuple[frozenset[int] | None, frozenset[int]]:
    """The lines that are written, None where the model names them, and those that are kept.

    Args:
        hole: in a tune.
        tracks: how many of one program are told apart.

    Raises:
        UsageError: a line is both, and not all is written anew.
    """
    line_N, free_N = lines_of(hole.score, tracks), hole.free(hole.score.notes.track)
    written, kept = frozenset(line_N[free_N].tolist()), frozenset(line_N[~free_N].tolist())
    if not hole.whole and written & kept:
        raise UsageError(
            "this model cannot tell the tracks apart that are kept and written anew: one instrument plays both",
            remedy="write all tracks anew, or train with --apart",
        )
    return None if hole.names_new else written | kept if hole.whole else written, kept


def read_kept(ids_T: Ids, table: EventTable, *, first: int, last: int) -> tuple[list[Kept], dict[int, int]]:
    """The notes and tempi in some bars of a tune, of which none is a repeat, and the meters that those bars say.

    Args:
        ids_T: of the tune, with its pitches as they sound.
        table: of the ids.
        first: the first bar.
        last: the last one.
    """
    kept, meters = list[Kept](), dict[int, int]()
    bar, position, instrument, loudness = -1, 0, 0, 0
    for place, token in enumerate(ids_T.tolist()):
        kind, value = table.events[token]
        if kind == BAR:
            bar, position = bar + 1, 0
        elif kind == POSITION:
            position = value
        elif kind == PROGRAM:
            instrument = value
        elif kind == VELOCITY:
            loudness = value
        elif not first <= bar <= last:
            continue
        elif kind == METER:
            meters[bar] = value
        elif kind == TEMPO:
            kept.append(Kept(bar=bar, position=position, tempo=value))
        elif kind in TRACK_OF or kind == DRUM:
            line = instrument * MOST_TRACKS + TRACK_OF.get(kind, 0)
            duration = 0 if kind == DRUM else table.events[int(ids_T[place + 1])][1]
            kept.append(Kept(bar=bar, position=position, line=line, pitch=value, loudness=loudness, duration=duration))
    return kept, meters


class HoleGrammar(NotesGrammar):
    """A `Grammar` of a tune up to the end of a hole, whatever time is counted in.

    Args:
        table: of the ids.
        time: of the tokenizer.
        hole: what is kept.
    """

    def __init__(self, table: EventTable, time: BeatWork | SecondWork, hole: NotesHole) -> None:
        super().__init__(table, time, FREE, NOTHING_LIMITED)
        self._hole, self._at, self._keeping = hole, 0, False
        self.bar, self._bar_start = -1, 0
        self.kept_places: list[int] = []

    @property
    def shared(self) -> tuple[object, ...]:
        """What never changes."""
        return self._table, self._time, self._hole, self._constraints, NOTHING_LIMITED

    @property
    def _next(self) -> Kept | None:
        kept = self._hole.kept
        return kept[self._at] if self._at < len(kept) else None

    def push(self, kind: str, value: int, place: int) -> Sequence[Row]:
        """One more event."""
        rows = super().push(kind, value, place)
        kept = self._next
        if kind == BAR:
            self.bar, self._bar_start = self.bar + 1, self.course.now
        elif self._keeping or (kind == TEMPO and self._is_now(kept) and kept is not None and kept.tempo is not None):
            self._at, self._keeping = self._at + 1, False
        elif kept is not None and kept.tempo is None and (kind in TRACK_OF or kind == DRUM) and self._is_now(kept):
            same = (self._last_line, self._last_pitch) == (kept.line, kept.pitch)
            self.kept_places += [place] * same
            self._at, self._keeping = self._at + (same and kind == DRUM), same and kind != DRUM
        return rows

    def _is_now(self, kept: Kept | None) -> bool:
        return kept is not None and (kept.bar, kept.position) == (self.bar, self._position)

    @property
    def _position(self) -> int:
        return self.course.now - self._bar_start

    def _keep_duration(self, mask_V: NDArray[np.bool_]) -> None:
        """What is kept has its duration, and what is written ends with the hole."""
        durations, kept = mask_V[self._table.span(DURATION)], self._next
        if self._keeping and kept is not None:
            durations[:] = False
            durations[kept.duration] = True
        else:
            room = self._hole.end - self.course.now
            durations[max(1, int(np.searchsorted(self._time.lengths_D, room, side="right"))) :] = False

    def _keep_names(self, mask_V: NDArray[np.bool_]) -> bool:
        """What is kept has its instruments, and there is at least one line to write. Gives whether no more need be named."""
        hole, table = self._hole, self._table
        missing = [instrument for instrument in hole.tracks if instrument > self._last_named]
        programs, least = mask_V[table.span(PROGRAM)], hole.tracks.get(self._last_named, 0)
        programs[min(missing, default=DRUMS) + 1 :] = False
        if self._before == PROGRAM and least:
            mask_V[table.span(TRACK)][:least] = False
            programs[:] = False
            missing.append(least)
        return not missing and bool(set(np.flatnonzero(self._named_L).tolist()) - hole.kept_lines)

    def _keep_notes(self, mask_V: NDArray[np.bool_], reached: Kept | None) -> None:
        """Only notes of lines that are written, and of those none behind what is kept at this moment."""
        table, line_A, legal_AP = self._table, self._line_A, self._legal()
        instrument_A = line_A // MOST_TRACKS
        legal_AP[~self._written(line_A)] = False
        if reached is not None and reached.tempo is not None:
            legal_AP[:] = False
        elif reached is not None:
            own = reached.line // MOST_TRACKS
            legal_AP[instrument_A > own] = False
            legal_AP[instrument_A == own, reached.pitch + 1 :] = False
            legal_AP[line_A >= reached.line, reached.pitch] = False
        notes_V = np.zeros_like(mask_V)
        own_A = instrument_A == self._instrument
        for line, legal_P in zip(line_A[own_A].tolist(), legal_AP[own_A], strict=True):
            notes_V[self._begins(line, 0) : self._begins(line, 128)] = legal_P
        for kind in (*PITCHES, DRUM):
            mask_V[table.span(kind)] &= notes_V[table.span(kind)]
        mask_V[table.span(VELOCITY)] &= bool(legal_AP[own_A].any())
        programs_I = np.zeros(table.span(PROGRAM).stop - table.first(PROGRAM), np.bool_)
        programs_I[instrument_A[legal_AP.any(axis=1)]] = True
        mask_V[table.span(PROGRAM)] &= programs_I

    def _written(self, line_A: Steps) -> NDArray[np.bool_]:
        """Which of some lines are written."""
        hole = self._hole
        return np.isin(line_A, sorted(hole.lines)) if hole.lines is not None else ~np.isin(line_A, sorted(hole.kept_lines))

    def _leading_to(self, kept: Kept) -> int | None:
        """The id that comes next, where it is what is kept, whose moment has come; None: something has to be written first."""
        table, before = self._table, self._before
        if kept.tempo is not None:
            return table.first(TEMPO) + kept.tempo
        instrument = kept.line // MOST_TRACKS
        if instrument != self._instrument:
            return None if before in {PROGRAM, VELOCITY} and not self.naming else table.first(PROGRAM) + instrument
        if kept.loudness != self._bin:
            return None if before == VELOCITY else table.first(VELOCITY) + kept.loudness
        return self._begins(kept.line, kept.pitch)


@final
class BarsGrammar(HoleGrammar):
    """A `Grammar` of a tune in beats up to the end of a hole in bars.

    Args:
        table: of the ids.
        time: of the tokenizer.
        hole: what is kept.
        unnamed: whether the lines of what is kept are those that play it, until it is known which parts they are: see `seat`.
    """

    def __init__(self, table: EventTable, time: BeatWork, hole: BarsWithHole, *, unnamed: bool = False) -> None:
        guides = {name: getattr(time, name) for name in ("guides", "length_first", "full_bars")}
        known = replace(hole, kept=(), kept_lines=frozenset()) if unnamed else hole
        super().__init__(table, time if hole.whole else BeatWork(time.base.per_unit, **guides), known)
        self._in_bars = hole
        if isinstance(self._clock, BeatClock):
            self._clock.begins_late = hole.begins_late
            self._clock.closes_behind = hole.latest + 1 if hole.ends else None

    def seat(self, parts: Mapping[int, int]) -> None:
        """Which part each line that plays is, told as a line itself."""
        hole = self._in_bars
        kept = [each if each.tempo is not None else replace(each, line=parts[each.line]) for each in hole.kept]
        self._hole = self._in_bars = replace(hole, kept=kept, kept_lines=frozenset(parts[line] for line in hole.kept_lines))

    @property
    def may_return(self) -> bool:
        """Whether it can be said now what parts come back by themselves: not where something is kept in the bar."""
        return super().may_return and (self._next is None or self._next.bar != self.bar)

    @property
    def stage(self) -> int:
        """How many bars and kept things lie behind."""
        return self.bar + self._at

    @property
    def over(self) -> bool:
        """Whether the bar behind the hole has begun."""
        return self.bar > self._in_bars.last

    def allow(self, mask_V: NDArray[np.bool_]) -> None:
        """Marks the ids that may come next."""
        super().allow(mask_V)
        table, hole, before = self._table, self._in_bars, self._before
        if self.bar < 0 and hole.lines is None:
            over = self._keep_names(mask_V)
            mask_V[table.first(BAR)] &= over
            if self._time.guides and (lengths := mask_V[table.span(LENGTH)]).any():
                lengths[:] = False
                lengths[hole.length] = over
        elif self.bar < hole.first:
            mask_V[:] = False
            mask_V[table.first(BAR)] = True
        elif before == PITCH:
            self._keep_duration(mask_V)
        elif before not in {BAR, LEFT} or not self._keep_meter(mask_V):
            self._keep_rest(mask_V)

    def _keep_meter(self, mask_V: NDArray[np.bool_]) -> bool:
        """Whether the bar has to say first how many are left, or its meter."""
        table, meter = self._table, self._in_bars.meters.get(self.bar)
        first = table.span(LEFT) if self._time.guides and self._before == BAR and mask_V[table.span(LEFT)].any() else None
        if first is None and meter is not None:
            first = slice(table.first(METER) + meter, table.first(METER) + meter + 1)
        if first is None:
            mask_V[table.span(METER)] = False
            return False
        said_V = mask_V[first].copy()
        mask_V[:] = False
        mask_V[first] = said_V
        return True

    def _keep_rest(self, mask_V: NDArray[np.bool_]) -> None:
        """Nothing behind what is kept next, but what leads to that and what comes before it."""
        table, hole, kept = self._table, self._in_bars, self._next
        if kept is not None and kept.bar != self.bar:
            kept = None
        reached = kept is not None and kept.position == self._position and self._before not in _OPENING
        mask_V[table.first(BAR)] &= kept is None and not (hole.ends and self.bar == hole.last)
        mask_V[BOUNDARY_ID] &= kept is None and hole.ends and self.bar == hole.last
        mask_V[table.span(TEMPO)] = False
        if kept is not None:
            mask_V[table.span(POSITION)][kept.position + 1 :] = False
            if self._time.repeats:
                mask_V[table.span(REPEAT)] = False
            if self._varies:
                mask_V[table.span(HALF)] = mask_V[table.span(TAIL)] = mask_V[table.span(HEAD)] = False
        self._keep_notes(mask_V, kept if reached else None)
        if kept is not None and reached and (leading := self._leading_to(kept)) is not None:
            mask_V[leading] = True
        elif kept is not None and not reached and self._before not in {POSITION, PROGRAM, VELOCITY}:
            mask_V[table.first(POSITION) + kept.position] = True
