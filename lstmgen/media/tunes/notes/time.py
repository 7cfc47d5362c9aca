"""How the `notes` tokenizer writes time: bars and positions of a score, or shifts of a performance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import (
    BAR,
    COMMON_TIME,
    LONGEST_SHIFT,
    METER,
    METERS,
    POSITION,
    SHIFT,
    STEPS_PER_S,
    TEMPO,
    bar_steps,
    last_said,
    tempo_bin,
)
from lstmgen.music.score import Meter, Score

Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""(step, rank within the step, id) of ids yet to be put in order; notes rank from 0 on, what comes before them below 0."""


def in_order(rows: list[Rows]) -> Ids:
    """The ids of all rows in order."""
    step_T, rank_T, ids_T = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    return ids_T[np.lexsort((rank_T, step_T))]


def _row(step: NDArray[np.int64], rank: int, ids: NDArray[np.int64]) -> Rows:
    return step, np.full(len(step), rank, np.int64), ids


# beats


@dataclass(frozen=True)
class Bars:
    """Bar lines in steps.

    Attributes:
        start_B: where each bar begins.
        meter_B: index in `METERS` of its time signature.
        end: where the last one ends.
    """

    start_B: NDArray[np.int64]
    meter_B: NDArray[np.int64]
    end: int


def bars_of(score: Score, steps_per_beat: int, *, until: int) -> Bars:
    """The bars of a score up to a step, at least one.

    A time signature without an id is written as the one whose bar is nearest in length. A bar that a change of time signature cuts short is
    written in the time signature of its length, or as a whole where there is none.
    """
    lengths_M = bar_steps(steps_per_beat)
    starts: list[int] = []
    meters: list[int] = []
    at = 0
    for place, meter in enumerate(score.meters):
        last = place + 1 == len(score.meters)
        change = until if last else _steps(score, score.meters[place + 1].tick, steps_per_beat)
        index = _meter_index(meter, lengths_M, steps_per_beat)
        length = int(lengths_M[index])
        count = max(0, -(-(change - at) // length) if last else (change - at) // length)
        starts += range(at, at + count * length, length)
        meters += [index] * count
        at += count * length
        if not last and at < change:
            short = np.flatnonzero(lengths_M == change - at)
            quarters = [number for number in short.tolist() if METERS[number][1] == 4]
            starts.append(at)
            meters.append((quarters or short.tolist() or [index])[0])
            at += int(lengths_M[meters[-1]])
    if not starts:
        starts, meters = [0], [_meter_index(score.meters[-1], lengths_M, steps_per_beat)]
        at = int(lengths_M[meters[0]])
    return Bars(np.array(starts, np.int64), np.array(meters, np.int64), at)


def _meter_index(meter: Meter, lengths_M: NDArray[np.int64], steps_per_beat: int) -> int:
    signature = (meter.numerator, meter.denominator)
    if signature in METERS:
        return METERS.index(signature)
    return int(np.argmin(np.abs(lengths_M - meter.bar_ticks(steps_per_beat))))


def _steps(score: Score, tick: int, steps_per_beat: int) -> int:
    return (2 * tick * steps_per_beat + score.ticks_per_beat) // (2 * score.ticks_per_beat)


def bar_rows(score: Score, start_N: NDArray[np.int64], table: EventTable, *, steps_per_beat: int, length: int) -> list[Rows]:
    """Bars, meters, positions and tempi around notes that begin at these steps."""
    bars = bars_of(score, steps_per_beat, until=max(length, int(start_N.max()) + 1 if len(start_N) else 1))
    tempo_at = (2 * score.tempos.ticks * steps_per_beat + score.ticks_per_beat) // (2 * score.ticks_per_beat)
    bins = tempo_bin(score.tempos.us_per_beat)
    last_there = np.append(tempo_at[1:] != tempo_at[:-1], True)
    tempo_at, bins = tempo_at[last_there], bins[last_there]
    # The first is always said, so that a tune in 120 can be played at other speeds too.
    changes = (np.diff(bins, prepend=-1) != 0) & (tempo_at < bars.end)
    tempo_at, bins = tempo_at[changes], bins[changes]
    moments = np.unique(np.concatenate([start_N, tempo_at]))
    bar_of_moment = np.searchsorted(bars.start_B, moments, side="right") - 1
    new_meter = np.diff(bars.meter_B, prepend=COMMON_TIME) != 0
    return [
        _row(bars.start_B, -4, np.full(len(bars.start_B), table.first(BAR))),
        _row(bars.start_B[new_meter], -3, table.first(METER) + bars.meter_B[new_meter]),
        _row(moments, -2, table.first(POSITION) + moments - bars.start_B[bar_of_moment]),
        _row(tempo_at, -1, table.first(TEMPO) + bins),
    ]


@dataclass(frozen=True)
class BeatTime:
    """Where ids in bars stand.

    Attributes:
        step_T: step of each id; -1 before the first bar.
        length: where the last bar ends.
        tempos: (place of the id, step, bin).
        meters: (place of the id, step, index in `METERS`).
    """

    step_T: NDArray[np.int64]
    length: int
    tempos: list[tuple[int, int, int]]
    meters: list[tuple[int, int, int]]


def beat_time(ids_T: Ids, table: EventTable, *, steps_per_beat: int) -> BeatTime:
    """Where any ids stand; a position that goes back, or lies behind its bar, is read as the nearest that does not."""
    kind_T, value_T = table.kind_of_V[ids_T], table.value_of_V[ids_T]
    bar_T = kind_T == table.index(BAR)
    meter_T = kind_T == table.index(METER)
    meter_T[1:] &= bar_T[:-1]
    meter_T[:1] = False
    bar_places = np.flatnonzero(bar_T)
    # The meter of a bar is said by the id behind its mark.
    behind = np.minimum(bar_places + 1, max(len(ids_T) - 1, 0))
    said_B = meter_T[behind] if len(bar_places) else np.zeros(0, np.bool_)
    meter_B = last_said(value_T[behind] if len(bar_places) else np.zeros(0, np.int64), said_B, before=COMMON_TIME)
    lengths_B = bar_steps(steps_per_beat)[meter_B]
    start_B = np.cumsum(lengths_B) - lengths_B
    number_T = np.cumsum(bar_T) - 1
    in_bar_T = number_T >= 0
    if not len(bar_places):
        return BeatTime(np.full(len(ids_T), -1, np.int64), 0, [], [])
    own_T = np.maximum(number_T, 0)
    position_T = np.where(kind_T == table.index(POSITION), np.minimum(value_T, lengths_B[own_T] - 1), 0)
    step_T = np.where(in_bar_T, np.maximum.accumulate(start_B[own_T] + position_T), -1)
    tempo_places = np.flatnonzero((kind_T == table.index(TEMPO)) & in_bar_T).tolist()
    return BeatTime(
        step_T,
        int(start_B[-1] + lengths_B[-1]),
        [(place, int(step_T[place]), int(value_T[place])) for place in tempo_places],
        [(int(bar_places[bar]) + 1, int(start_B[bar]), int(meter_B[bar])) for bar in np.flatnonzero(said_B).tolist()],
    )


# seconds


def shift_rows(start_N: NDArray[np.int64], table: EventTable, *, length: int) -> list[Rows]:
    """The shifts before each moment at which notes begin, and up to the end: whole seconds first, then the rest."""
    moments = np.unique(np.append(start_N, max(length, int(start_N.max()) if len(start_N) else 0)))
    gaps = np.diff(moments, prepend=0)
    whole, rest = np.divmod(gaps, LONGEST_SHIFT)
    first = table.first(SHIFT)
    long_steps = np.repeat(moments, whole)
    rests = rest > 0
    return [
        _row(long_steps, -2, np.full(len(long_steps), first + LONGEST_SHIFT - 1)),
        _row(moments[rests], -1, first + rest[rests] - 1),
    ]


def second_time(ids_T: Ids, table: EventTable) -> tuple[NDArray[np.int64], int]:
    """The step at which each id stands, and where the piece ends."""
    shift_T = np.where(table.kind_of_V[ids_T] == table.index(SHIFT), table.value_of_V[ids_T] + 1, 0)
    step_T = np.cumsum(shift_T)
    return step_T, int(step_T[-1]) if len(step_T) else 0


def second_steps(score: Score, ticks: NDArray[np.integer] | int) -> NDArray[np.int64]:
    """The nearest hundredth of a second of each tick."""
    return np.floor(score.seconds_at(ticks) * STEPS_PER_S + 0.5).astype(np.int64)
