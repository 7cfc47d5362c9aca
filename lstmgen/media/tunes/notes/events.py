"""The events of the `notes` tokenizer: what each id means, and the two ways in which time is written.

    a piece    program program ...  time and notes                                     first all its instruments, ascending
    beats      bar [meter]  position [tempo]  note note ...  position ...  bar ...     every bar has its mark, empty ones too
    seconds    note note ...  shift shift  note ...                                    hundredths of a second, at most one second a shift
    a note     [program] [velocity] pitch duration     or     [program] [velocity] drum

What stands in brackets is written only where it changes, the tempo also at the beginning. Notes of one moment ascend by instrument and
pitch, so there is one way to write a tune. Programs are those of General MIDI, and 128 for the drums. A piece names its instruments before
it begins, and no others play in it: what is drawn keeps to one ensemble.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import TimeBase
from lstmgen.media.tunes.events import EventTable

BAR: Final = "bar"
METER: Final = "meter"
POSITION: Final = "position"
TEMPO: Final = "tempo"
SHIFT: Final = "shift"
PROGRAM: Final = "program"
VELOCITY: Final = "velocity"
PITCH: Final = "pitch"
DRUM: Final = "drum"
DURATION: Final = "duration"

DRUMS: Final = 128
"""The instrument that stands for the drums."""
INSTRUMENTS: Final = 129
VELOCITY_BINS: Final = 32
VELOCITIES_PER_BIN: Final = 4
STEPS_PER_S: Final = 100
LONGEST_SHIFT: Final = 100
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


def table(time_base: TimeBase, steps_per_beat: int) -> EventTable:
    """The ranges of ids."""
    if time_base == "beats":
        time = [(BAR, 1), (METER, len(METERS)), (TEMPO, TEMPO_BINS), (POSITION, LONGEST_BAR_BEATS * steps_per_beat)]
    else:
        time = [(SHIFT, LONGEST_SHIFT)]
    notes = [(PROGRAM, INSTRUMENTS), (VELOCITY, VELOCITY_BINS), (PITCH, 128), (DRUM, 128)]
    return EventTable([*time, *notes, (DURATION, len(durations(time_base, steps_per_beat)))])


@cache
def durations(time_base: TimeBase, steps_per_beat: int) -> NDArray[np.int64]:
    """Steps of every duration, ascending from 1: each step for short notes, then coarser and coarser."""
    unit = steps_per_beat if time_base == "beats" else STEPS_PER_S
    # Up to so many units in strides of so many steps.
    if time_base == "beats":
        plan = ((2, 1), (4, unit // 4), (8, unit // 2), (16, unit), (32, 2 * unit))
    else:
        plan = ((1, 1), (2, unit // 20), (4, unit // 10), (10, unit // 2), (30, unit))
    steps, reached = [], 0
    for until, stride in plan:
        steps.append(np.arange(reached + stride, until * unit + 1, stride))
        reached = until * unit
    found = np.concatenate(steps).astype(np.int64)
    found.setflags(write=False)
    return found


def bar_steps(steps_per_beat: int) -> NDArray[np.int64]:
    """Length of a bar of each meter."""
    return np.array([4 * steps_per_beat * numerator // denominator for numerator, denominator in METERS], np.int64)


def tempo_bin(us_per_beat: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nearest bin of each tempo."""
    bins = np.rint(TEMPO_BINS_PER_OCTAVE * np.log2(5e5 / us_per_beat)).astype(np.int64) + TEMPO_OF_120
    return np.clip(bins, 0, TEMPO_BINS - 1)


def tempo_us(bins: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds per beat of each bin."""
    return np.rint(5e5 * 2.0 ** ((TEMPO_OF_120 - np.asarray(bins)) / TEMPO_BINS_PER_OCTAVE)).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Notes in steps, as columns of N.

    Attributes:
        start_N: step of the onset.
        end_N: step of the end; above the onset.
        instrument_N: program, or `DRUMS`.
        pitch_N: 0 to 127.
        bin_N: velocity bin.
        place_N: index of the id that says the pitch; 0 where there are no ids yet.
    """

    start_N: NDArray[np.int64]
    end_N: NDArray[np.int64]
    instrument_N: NDArray[np.int64]
    pitch_N: NDArray[np.int64]
    bin_N: NDArray[np.int64]
    place_N: NDArray[np.int64]

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Written:
        """Some of the notes."""
        return Written(**{name: column[which] for name, column in vars(self).items()})


def one_way(notes: Written, lengths_D: NDArray[np.int64]) -> tuple[Written, NDArray[np.int64]]:
    """The notes in the one order in which they are written, each with the index of its duration.

    Of notes of one instrument and pitch that begin together the longest stays, and one that sounds when its pitch begins again ends there,
    with the longest duration that does not reach beyond. Drums have no duration; theirs is 0.
    """
    key_N = notes.instrument_N * 128 + notes.pitch_N
    order = np.lexsort((-notes.end_N, notes.start_N, key_N))
    notes, key_N = notes.take(order), key_N[order]
    first_N = np.ones(len(key_N), np.bool_)
    first_N[1:] = (key_N[1:] != key_N[:-1]) | (notes.start_N[1:] != notes.start_N[:-1])
    notes, key_N = notes.take(first_N), key_N[first_N]
    room_N = np.full(len(key_N), np.iinfo(np.int64).max)
    room_N[:-1] = np.where(key_N[1:] == key_N[:-1], notes.start_N[1:] - notes.start_N[:-1], room_N[:-1])
    wanted_N = np.minimum(np.maximum(notes.end_N - notes.start_N, 1), room_N)
    above_N = np.minimum(np.searchsorted(lengths_D, wanted_N), len(lengths_D) - 1)
    below_N = np.maximum(above_N - 1, 0)
    use_below_N = (lengths_D[above_N] > room_N) | (wanted_N - lengths_D[below_N] < lengths_D[above_N] - wanted_N)
    index_N = np.where(use_below_N, below_N, above_N)
    ordered = np.lexsort((notes.pitch_N, notes.instrument_N, notes.start_N))
    return notes.take(ordered), np.where(notes.instrument_N == DRUMS, 0, index_N)[ordered]


def note_rows(
    notes: Written, index_N: NDArray[np.int64], table: EventTable
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The ids of the notes themselves: (step, rank within the step, id) of each, in order."""
    count = len(notes.start_N)
    drum_N = notes.instrument_N == DRUMS
    ids_N4 = np.empty((count, 4), np.int64)
    ids_N4[:, 0] = table.first(PROGRAM) + notes.instrument_N
    last_named = int(notes.instrument_N.max(initial=0))
    ids_N4[:, 1] = table.first(VELOCITY) + notes.bin_N
    ids_N4[:, 2] = np.where(drum_N, table.first(DRUM), table.first(PITCH)) + notes.pitch_N
    ids_N4[:, 3] = table.first(DURATION) + index_N
    said_N4 = np.ones((count, 4), np.bool_)
    said_N4[:, 0] = np.diff(notes.instrument_N, prepend=last_named) != 0
    said_N4[:, 1] = np.diff(notes.bin_N, prepend=-1) != 0
    said_N4[:, 3] = ~drum_N
    step_N4 = np.broadcast_to(notes.start_N[:, None], (count, 4))
    rank_N4 = np.arange(4 * count, dtype=np.int64).reshape(count, 4)
    return step_N4[said_N4], rank_N4[said_N4], ids_N4[said_N4]


def last_said(value_T: NDArray[np.int64], said_T: NDArray[np.bool_], *, before: int) -> NDArray[np.int64]:
    """At each place the value that was said last, there or earlier; `before` where nothing was."""
    if not len(said_T):
        return value_T
    place_T = np.maximum.accumulate(np.where(said_T, np.arange(len(said_T)), -1))
    return np.where(place_T >= 0, value_T[place_T], before)


def notes_in(
    ids_T: NDArray[np.int64], step_T: NDArray[np.int64], table: EventTable, *, lengths_D: NDArray[np.int64], drum_steps: int
) -> Written:
    """The notes that the ids tell, whatever the ids: a pitch without a duration is none.

    Args:
        ids_T: any ids.
        step_T: the step at which each stands; below 0 where there is no time yet.
        table: the ranges.
        lengths_D: steps of every duration.
        drum_steps: steps that a drum is said to sound.
    """
    kind_T, value_T = table.kind_of_V[ids_T], table.value_of_V[ids_T]
    instrument_T = last_said(value_T, kind_T == table.index(PROGRAM), before=0)
    bin_T = last_said(value_T, kind_T == table.index(VELOCITY), before=VELOCITY_BINS // 2)
    drum_T = (kind_T == table.index(DRUM)) & (instrument_T == DRUMS)
    timed_T = np.zeros(len(ids_T), np.bool_)
    timed_T[:-1] = kind_T[1:] == table.index(DURATION)
    pitch_T = (kind_T == table.index(PITCH)) & (instrument_T != DRUMS) & timed_T
    place_N = np.flatnonzero((drum_T | pitch_T) & (step_T >= 0))
    following_N = np.minimum(place_N + 1, max(len(ids_T) - 1, 0))
    length_N = np.where(drum_T[place_N], drum_steps, lengths_D[np.where(timed_T[place_N], value_T[following_N], 0)])
    return Written(
        start_N=step_T[place_N],
        end_N=step_T[place_N] + length_N,
        instrument_N=instrument_T[place_N],
        pitch_N=value_T[place_N],
        bin_N=bin_T[place_N],
        place_N=place_N,
    )
