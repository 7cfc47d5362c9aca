"""Time in beats, for scores: bars with their meters, positions in them, and tempi. The idea is that of REMI (Huang and Yang 2020)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable, last_said
from lstmgen.media.tunes.notes.events import Times, note_ids, strides
from lstmgen.media.tunes.notes.repeats import FARTHEST, REPEAT, distances, sources
from lstmgen.media.tunes.step_limits import NO_LIMIT, Course, StepLimits
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.media.tunes.time_bases import Beats, nearest
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps, is_new
from lstmgen.music.score import Meter, Score, TempoMap

BAR: Final = "bar"
METER: Final = "meter"
POSITION: Final = "position"
TEMPO: Final = "tempo"

LONGEST_BAR_BEATS: Final = 8
METERS: Final = tuple(
    (numerator, denominator)
    for denominator in (2, 4, 8, 16)
    for numerator in range(1, 17)
    if 4 * numerator <= LONGEST_BAR_BEATS * denominator
)
"""Every time signature that has an id: bars of up to eight quarter notes."""
COMMON_TIME: Final = METERS.index((4, 4))

TEMPO_BINS: Final = 221
TEMPO_OF_120: Final = 124
TEMPO_BINS_PER_OCTAVE: Final = 48
"""Of tempo: neighbouring bins differ by 1.5 per cent, and one is exactly 120 beats per minute."""


def tempo_bin(us_per_beat: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nearest bin of each tempo."""
    bins = np.rint(TEMPO_BINS_PER_OCTAVE * np.log2(5e5 / us_per_beat)).astype(np.int64) + TEMPO_OF_120
    return np.clip(bins, 0, TEMPO_BINS - 1)


@final
class BeatWork:
    """Bars, positions and tempi; a drum sounds for a sixteenth.

    Args:
        unit: steps of a beat.
        repeats: whether a bar that comes back is one event.
    """

    def __init__(self, unit: int, *, repeats: bool = False) -> None:
        self.base = Beats(unit)
        self.repeats = repeats
        self.last_ranges = ((REPEAT, FARTHEST),) if repeats else ()
        self.ranges = ((BAR, 1), (METER, len(METERS)), (TEMPO, TEMPO_BINS), (POSITION, LONGEST_BAR_BEATS * unit))
        self.lengths_D = strides(unit, (2, 1), (4, unit // 4), (8, unit // 2), (16, unit), (32, 2 * unit))
        self.drum_steps = unit // 4
        self.bar_steps_M = np.array([4 * unit * numerator // denominator for numerator, denominator in METERS], np.int64)
        """Length of a bar of each meter."""
        octaves = (TEMPO_OF_120 - np.arange(TEMPO_BINS)) / TEMPO_BINS_PER_OCTAVE
        self.us_per_beat_T = np.rint(5e5 * 2.0**octaves).astype(np.int64)
        """Microseconds per beat of each bin of tempo."""

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How the events that tell time read."""
        return {
            BAR: lambda _: "bar",
            METER: lambda value: f"meter {METERS[value][0]}/{METERS[value][1]}",
            TEMPO: lambda value: f"tempo {60e6 / int(self.us_per_beat_T[value]):.4g}",
            POSITION: lambda value: f"position {self.base.word(value)}",
            REPEAT: lambda value: f"repeat {value + 1} back",
        }

    def written(self, notes: StepNotes, index_N: Steps, table: EventTable, *, score: Score, length: int) -> Ids:
        """The ids of notes in bars, with meters, positions and tempi; the notes of a bar that repeats another are left out."""
        start_B, meter_B, end = self._bars_of(score, until=max(length, int(notes.start_N.max(initial=0)) + 1))
        tempo_at, bins = self._tempi_of(score, end)
        bar_N = np.searchsorted(start_B, notes.start_N, side="right") - 1
        distance_B = np.zeros_like(start_B)
        if self.repeats:
            changes_B = np.isin(np.arange(len(start_B)), np.searchsorted(start_B, tempo_at, side="right") - 1)
            position_N, bin_N = notes.start_N - start_B[bar_N], notes.velocity_N // VELOCITIES_PER_BIN
            columns = (position_N, notes.line_N, notes.pitch_N, index_N, bin_N)
            distance_B = distances(columns, bar_N, meter_B, changes_B=changes_B)
        repeated_B, own_N = distance_B > 0, distance_B[bar_N] == 0
        ids_T, step_T = note_ids(notes.take(own_N), index_N[own_N], table)
        moments = np.unique(np.concatenate([step_T, tempo_at]))
        bar_of_moment = np.searchsorted(start_B, moments, side="right") - 1
        new_meter = np.diff(meter_B, prepend=COMMON_TIME) != 0
        rows = [  # in the order in which they stand at one step
            (start_B, np.full(len(start_B), table.first(BAR))),
            (start_B[new_meter], table.first(METER) + meter_B[new_meter]),
            (moments, table.first(POSITION) + moments - start_B[bar_of_moment]),
            (tempo_at, table.first(TEMPO) + bins),
            (step_T, ids_T),
        ]
        if self.repeats:
            rows.insert(2, (start_B[repeated_B], table.first(REPEAT) + distance_B[repeated_B] - 1))
        at, ids = (np.concatenate(column) for column in zip(*rows, strict=True))
        return ids[np.argsort(at, kind="stable")]

    def _tempi_of(self, score: Score, end: int) -> tuple[Steps, Steps]:
        """Where the tempo changes before a step, and the bins; the first is always said, so that a tune in 120 can be played at others."""
        tempo_at = nearest(self.base.places(score, score.tempos.ticks))
        bins = tempo_bin(score.tempos.us_per_beat)
        last_there = np.append(is_new(tempo_at)[1:], True)
        tempo_at, bins = tempo_at[last_there], bins[last_there]
        changes = is_new(bins) & (tempo_at < end)
        return tempo_at[changes], bins[changes]

    def _bars_of(self, score: Score, *, until: int) -> tuple[Steps, Steps, int]:
        """Where the bars of a score up to a step begin, their meters, and where the last one ends; there is at least one.

        A time signature without an id is written as the one whose bar is nearest in length. A bar that a change of time signature cuts
        short is written in the time signature of its length, or as a whole where there is none.
        """
        lengths_M = self.bar_steps_M
        changes = nearest(self.base.places(score, [meter.tick for meter in score.meters[1:]])).tolist()
        starts: list[int] = []
        meters: list[int] = []
        at = 0
        for meter, change in zip(score.meters, [*changes, None], strict=True):
            index = self._meter_index(meter)
            length = int(lengths_M[index])
            count = max(0, -(-(until - at) // length) if change is None else (change - at) // length)
            starts += range(at, at + count * length, length)
            meters += [index] * count
            at += count * length
            if change is not None and at < change:
                short = np.flatnonzero(lengths_M == change - at)
                quarters = [number for number in short.tolist() if METERS[number][1] == 4]
                starts.append(at)
                meters.append((quarters or short.tolist() or [index])[0])
                at += int(lengths_M[meters[-1]])
        if not starts:
            starts, meters = [0], [self._meter_index(score.meters[-1])]
            at = int(lengths_M[meters[0]])
        return np.array(starts, np.int64), np.array(meters, np.int64), at

    def _meter_index(self, meter: Meter) -> int:
        signature = (meter.numerator, meter.denominator)
        if signature in METERS:
            return METERS.index(signature)
        return int(np.argmin(np.abs(self.bar_steps_M - meter.bar_ticks(self.base.per_unit))))

    def read(self, ids_T: Ids, table: EventTable) -> Times:
        """Where any ids stand; a position that goes back, or lies behind its bar, is read as the nearest that does not."""
        value_T, bar_T = table.value_of_V[ids_T], table.are(ids_T, BAR)
        bar_places = np.flatnonzero(bar_T)
        if not len(bar_places):
            return Times(step_T=np.full(len(ids_T), -1, np.int64), steps=0)
        # The meter of a bar is said by the id behind its mark.
        behind = np.minimum(bar_places + 1, len(ids_T) - 1)
        said_B = table.are(ids_T[behind], METER)
        meter_B = last_said(value_T[behind], said_B, before=COMMON_TIME)
        lengths_B = self.bar_steps_M[meter_B]
        start_B = np.cumsum(lengths_B) - lengths_B
        number_T = np.cumsum(bar_T) - 1
        own_T = np.maximum(number_T, 0)
        position_T = np.where(table.are(ids_T, POSITION), np.minimum(value_T, lengths_B[own_T] - 1), 0)
        step_T = np.where(number_T >= 0, np.maximum.accumulate(start_B[own_T] + position_T), -1)
        tempo_places = np.flatnonzero(table.are(ids_T, TEMPO) & (number_T >= 0)).tolist()
        return Times(
            step_T=step_T,
            steps=int(start_B[-1] + lengths_B[-1]),
            number_T=number_T,
            repeats=self._repeats_in(ids_T, number_T, start_B, table) if self.repeats else (),
            tempos=[(place, int(step_T[place]), int(self.us_per_beat_T[value_T[place]])) for place in tempo_places],
            meters=[(int(behind[bar]), int(start_B[bar]), METERS[meter_B[bar]]) for bar in np.flatnonzero(said_B).tolist()],
        )

    @staticmethod
    def _repeats_in(ids_T: Ids, number_T: Steps, start_B: Steps, table: EventTable) -> list[tuple[int, int, int]]:
        """The repeats among any ids, as in `Times`; the first of a bar counts."""
        places = np.flatnonzero(table.are(ids_T, REPEAT) & (number_T >= 0))
        bars, first = np.unique(number_T[places], return_index=True)
        distance_B = np.zeros_like(start_B)
        distance_B[bars] = table.value_of_V[ids_T[places[first]]] + 1
        source_B = sources(distance_B)
        shift_B = start_B - start_B[source_B]
        return [
            (place, int(source_B[bar]), int(shift_B[bar]))
            for place, bar in zip(places[first].tolist(), bars.tolist(), strict=True)
            if source_B[bar] < bar
        ]

    def seconds(self, times: Times) -> float:
        """Length of a piece, at its own tempi."""
        tempos = TempoMap.of((step, tempo_us) for _, step, tempo_us in times.tempos)
        return float(tempos.seconds_at(times.steps, ticks_per_beat=self.base.per_unit))

    def slower(self, ids_T: Ids, table: EventTable, factor: float) -> Ids:
        """Every tempo moved by as many bins as all of them can be."""
        bins, tempo_T = -round(TEMPO_BINS_PER_OCTAVE * float(np.log2(factor))), table.are(ids_T, TEMPO)
        if not tempo_T.any():
            return ids_T
        values = table.value_of_V[ids_T[tempo_T]]
        return np.where(tempo_T, ids_T + min(max(bins, -int(values.min())), TEMPO_BINS - 1 - int(values.max())), ids_T)

    def clock(self, table: EventTable, constraints: Constraints, limits: StepLimits) -> BeatClock:
        """A clock at the beginning of a piece."""
        return BeatClock(self, table, constraints, limits)


@final
class BeatClock:
    """The time of a piece in bars while it is written: positions ascend, the first is 0 and has a tempo; a tune ends with a bar."""

    def __init__(self, work: BeatWork, table: EventTable, constraints: Constraints, limits: StepLimits) -> None:
        self.course = Course(limits)
        self.pushes = {BAR: self._push_bar, METER: self._push_meter, POSITION: self._push_position, TEMPO: self._push_tempo}
        self.finished = False
        self._table, self._work, self._requested = table, work, constraints
        self._bar, self._bar_start, self._meter = -1, 0, COMMON_TIME
        self._position = -1
        self._tempo, self._tempo_said = TEMPO_OF_120, False
        self._begun = self._keep_tempo = self._keep_meter = False
        self._last_bar: int | None = None
        self._seconds_left: float | None = None

    @property
    def meter(self) -> int:
        """The number of the meter of the bar."""
        return self._meter

    @property
    def tempo_said(self) -> bool:
        """Whether the piece has a tempo yet."""
        return self._tempo_said

    @property
    def bar_start(self) -> int:
        """Where the bar begins."""
        return self._bar_start

    def fill_bar(self) -> None:
        """Nothing more begins in the bar."""
        self._position = self._bar_steps

    @property
    def length(self) -> int:
        """Where the bar ends."""
        return self._bar_start + self._bar_steps if self._bar >= 0 else 0

    @property
    def ready(self) -> bool:
        """Whether notes may begin: behind a position."""
        return self._tempo_said and self._position >= 0

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
        self._begun, self._keep_tempo, self._keep_meter = True, requested.keep_tempo or narrow, requested.keep_meter or narrow
        if requested.bars is not None:
            self._last_bar = self._bar + requested.bars
        if requested.seconds is not None:
            self._seconds_left = requested.seconds
            if self._bar >= 0:  # the seconds begin where the last bar of the prompt ends
                self._seconds_left += (self.length - self.course.now) * self._step_s
        self._set_end()

    def _set_end(self) -> None:
        """The step at which the tune will end, should meter and tempo stay."""
        ends: list[int] = []
        if self._last_bar is not None:
            ends.append(self.length + (self._last_bar - self._bar) * self._bar_steps)
        if self._seconds_left is not None:
            ends.append(self.course.now + max(1, round(self._seconds_left / self._step_s)))
        self.course.end = min(ends) if ends else None

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
            mask_V[table.first(BAR)] = True
            return
        if before == BAR and not (self._keep_meter and self._tempo_said):
            mask_V[table.span(METER)] = self._fitting_meters(latest_end)
            mask_V[table.first(METER) + self._meter] = False
        if not self._tempo_said:  # the first thing of a piece
            mask_V[table.span(TEMPO) if before == POSITION else table.first(POSITION)] = True
            return
        if before == POSITION:
            if not self._keep_tempo:
                mask_V[table.span(TEMPO)] = self._fitting_tempi(latest_end)
                mask_V[table.first(TEMPO) + self._tempo] = False
            return
        mask_V[table.first(BAR)] = True
        end = self.course.end
        last = min(self.length, NO_LIMIT if end is None else end) - self._bar_start
        later_T = np.arange(self._position + 1, last, dtype=np.int64)
        if len(later_T):
            mask_V[table.first(POSITION) + later_T] = not self._begun or openings(self._bar_start + later_T)
        mask_V[BOUNDARY_ID] = end is None and latest_end <= self.length

    def _fitting_meters(self, latest_end: int) -> NDArray[np.bool_]:
        """The meters in which the tune would not end before what sounds already."""
        if self._last_bar is None:
            return np.ones(len(METERS), np.bool_)
        return self._bar_start + (self._last_bar - self._bar + 1) * self._work.bar_steps_M >= latest_end

    def _fitting_tempi(self, latest_end: int) -> NDArray[np.bool_]:
        """The tempi at which the tune would not end before what sounds already."""
        if self._seconds_left is None:
            return np.ones(TEMPO_BINS, np.bool_)
        steps_T = np.rint(self._seconds_left * 1e6 * self._work.base.per_unit / self._work.us_per_beat_T)
        return self.course.now + np.maximum(1, steps_T) >= latest_end

    def _push_bar(self, _: int) -> None:
        if self.course.end is not None and self._bar >= 0 and self.length >= self.course.end:
            self.finished = True
            return
        self._pass_to(self.length)
        self._bar, self._bar_start, self._position = self._bar + 1, self.length, -1

    def _push_meter(self, value: int) -> None:
        self._meter = value
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
