"""Time in beats, for scores: bars with their meters, positions in them, and tempi. The idea is that of REMI (Huang and Yang 2020)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import final

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable, last_said
from lstmgen.media.tunes.notes.beat_clock import BeatClock
from lstmgen.media.tunes.notes.coming_back import repeats_of
from lstmgen.media.tunes.notes.events import KEY, MOST_TRANSPOSED, TRANSPOSED, VELOCITY_BINS, Times, loudness, note_ids, strides
from lstmgen.media.tunes.notes.measures import (
    BAR,
    COMMON_TIME,
    LONGEST_BAR_BEATS,
    METER,
    METERS,
    POSITION,
    TEMPO,
    TEMPO_BINS,
    TEMPO_BINS_PER_OCTAVE,
    TEMPO_OF_120,
    tempo_bin,
)
from lstmgen.media.tunes.notes.remaining import BANDS, LEFT, LENGTH, MOST_BARS, band_name, bands_of
from lstmgen.media.tunes.notes.repeats import AGAIN, FARTHEST, HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.returns import LOUDER, MOST_LOUDER, RETURN
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.media.tunes.step_limits import StepLimits
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.media.tunes.time_bases import Beats, nearest
from lstmgen.music.constraints import Constraints
from lstmgen.music.keys import KEYS
from lstmgen.music.lanes import Steps, is_new
from lstmgen.music.score import Meter, Score, TempoMap
from lstmgen.wording import counted


@final
class BeatWork:
    """Bars, positions and tempi; a drum sounds for a sixteenth.

    Args:
        unit: steps of a beat.
        repeats: whether a bar that comes back is one event.
        variants: whether a bar comes back with other velocities, and a first half with another end.
        tails: whether a tail comes back behind another beginning.
        heads: whether a head of any length comes back in the place of a first half.
        guides: whether a bar says how many remain, and a piece its key.
        length_first: whether a piece says how many bars it has before all else.
        full_bars: whether an upbeat is none of them.
        lone: a bit for each number of a track: whether what is drawn has no two notes of it at once.
        together: whether what is drawn has all tracks rest at once.
        returns: whether parts come back by themselves.
    """

    def __init__(
        self,
        unit: int,
        *,
        repeats: bool = False,
        guides: bool = False,
        variants: bool = False,
        tails: bool = False,
        heads: bool = False,
        length_first: bool = False,
        full_bars: bool = False,
        lone: int = 0,
        together: bool = False,
        returns: bool = False,
    ) -> None:
        self.base = Beats(unit)
        self.repeats, self.guides, self.variants, self.tails, self.heads = repeats, guides, variants, tails, heads
        self.together, self.returns = together, returns
        self.lone = [number for number in range(MOST_TRACKS) if lone >> number & 1]
        self.begun = HEAD if heads else HALF
        """The kind that says as which bar one begins."""
        self.length_first, self.full_bars = guides and length_first, guides and full_bars
        self.head = ((LENGTH,) * length_first + (TRANSPOSED, KEY)) if guides else ()
        """What a piece says before its instruments, in order."""
        back = (RETURN, FARTHEST * returns), (LOUDER, (2 * MOST_LOUDER + 1) * returns)
        beginning, ending = (HALF, FARTHEST * (not heads)), ((TAIL, FARTHEST * tails), (HEAD, FARTHEST * heads), *back)
        varying = (beginning, (AGAIN, VELOCITY_BINS), *ending) if variants else ()
        guiding = ((TRANSPOSED, 2 * MOST_TRANSPOSED + 1), (LENGTH, MOST_BARS), (KEY, KEYS), (LEFT, BANDS)) if guides else ()
        self.last_ranges = (((REPEAT, FARTHEST),) if repeats else ()) + varying + guiding
        self.ranges = ((BAR, 1), (METER, len(METERS)), (TEMPO, TEMPO_BINS), (POSITION, LONGEST_BAR_BEATS * unit))
        self.lengths_D = strides(unit, (2, 1), (4, unit // 4), (8, unit // 2), (16, unit), (32, 2 * unit))
        self.durations = self.lengths_D.tolist()
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
            HALF: lambda value: f"first half {value + 1} back",
            TAIL: lambda value: f"tail {value + 1} back",
            HEAD: lambda value: f"head {value + 1} back",
            RETURN: lambda value: f"return {value + 1} back",
            LOUDER: lambda value: f"louder by {VELOCITIES_PER_BIN * (value - MOST_LOUDER)}",
            AGAIN: lambda value: f"again {loudness(value)}",
            LENGTH: lambda value: f"{counted(value + 1, 'bar')}{' or more' if value + 1 == MOST_BARS else ''}",
            LEFT: lambda value: f"{band_name(value)} left",
        }

    def written(self, notes: StepNotes, index_N: Steps, table: EventTable, *, score: Score, length: int, following: int) -> Ids:
        """The ids of notes in bars, with meters, positions and tempi; the notes of a bar that repeats another are left out."""
        start_B, meter_B, end = self._bars_of(score, until=max(length, int(notes.start_N.max(initial=0)) + 1))
        tempo_at, bins = self._tempi_of(score, end)
        bar_N = np.searchsorted(start_B, notes.start_N, side="right") - 1
        own_N, repeats, differs_at, told = np.ones(len(bar_N), np.bool_), list[tuple[Steps, Ids]](), start_B[:0], list[tuple[int, int]]()
        if self.repeats:
            changes_B = np.isin(np.arange(len(start_B)), np.searchsorted(start_B, tempo_at, side="right") - 1)
            position_N, bin_N = notes.start_N - start_B[bar_N], notes.velocity_N // VELOCITIES_PER_BIN
            columns, lengths_M = (position_N, notes.line_N, notes.pitch_N, index_N, bin_N), self.bar_steps_M
            tail_lengths = self.durations if self.tails else None
            ways = {"variants": self.variants, "tails": tail_lengths, "heads": self.heads, "returns": self.returns}
            found = repeats_of(columns, bar_N, meter_B, changes_B=changes_B, lengths_M=lengths_M, **ways)
            own_N = ~found.come_back(bar_N, position_N)
            for kind, back_B in ((REPEAT, found.whole_B), (self.begun, found.begun_B))[: 1 + self.variants]:
                repeats.append((start_B[back_B > 0], table.first(kind) + back_B[back_B > 0] - 1))
            if self.variants:
                said_N = found.louder(bar_N, position_N)
                repeats.append((start_B[bar_N[said_N]], table.first(AGAIN) + bin_N[said_N]))
            if self.heads:
                differs_at = (start_B + found.until_B)[found.begun_B > 0]
            if self.tails:
                repeats.append((start_B[found.tail_B > 0], table.first(TAIL) + found.tail_B[found.tail_B > 0] - 1))
            told = [(int(start_B[each.bar]), each.line // MOST_TRACKS) for each in found.returns]
            repeats.append(_columns((start_B[each.bar], token) for each in found.returns for token in each.ids(table)))
        ids_T, step_T = note_ids(notes.take(own_N), index_N[own_N], table, told=told)
        moments = np.unique(np.concatenate([step_T, tempo_at, differs_at]))
        bar_of_moment = np.searchsorted(start_B, moments, side="right") - 1
        new_meter = np.diff(meter_B, prepend=COMMON_TIME) != 0
        rows = [  # in the order in which they stand at one step
            (start_B, np.full(len(start_B), table.first(BAR))),
            (start_B[new_meter], table.first(METER) + meter_B[new_meter]),
            *repeats,
            (moments, table.first(POSITION) + moments - start_B[bar_of_moment]),
            (tempo_at, table.first(TEMPO) + bins),
            (step_T, ids_T),
        ]
        if not self.guides:
            return _in_order(rows)
        left_B = np.arange(len(start_B), 0, -1) + following
        first, line = int(notes.start_N.min(initial=end)), int(self.bar_steps_M[meter_B[0]])
        left_B[0] -= self.full_bars and left_B[0] > 1 and first < line <= 2 * first
        band_B = bands_of(left_B)
        said_B = is_new(band_B)
        rows.insert(1, (start_B[said_B], table.first(LEFT) + band_B[said_B]))
        return np.concatenate([[table.first(LENGTH) + min(int(left_B[0]), MOST_BARS) - 1], _in_order(rows)])

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
        # The meter of a bar is said by the id behind its mark, or behind how many are left.
        behind = np.minimum(bar_places + 1, len(ids_T) - 1)
        if self.guides:
            behind = np.minimum(behind + table.are(ids_T[behind], LEFT), len(ids_T) - 1)
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
            start_B=start_B,
            length_B=lengths_B,
            tempos=[(place, int(step_T[place]), int(self.us_per_beat_T[value_T[place]])) for place in tempo_places],
            meters=[(int(behind[bar]), int(start_B[bar]), METERS[meter_B[bar]]) for bar in np.flatnonzero(said_B).tolist()],
        )

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


def _columns(rows: Iterable[tuple[int, int]]) -> tuple[Steps, Ids]:
    """Steps and ids from pairs of them."""
    step_T, ids_T = np.array(list(rows), np.int64).reshape(-1, 2).T
    return step_T, ids_T


def _in_order(rows: list[tuple[Steps, Ids]]) -> Ids:
    """The ids of all rows by their steps, those of one step in the order of the rows."""
    at, ids = (np.concatenate(column) for column in zip(*rows, strict=True))
    return ids[np.argsort(at, kind="stable")]
