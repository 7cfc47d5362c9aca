"""The events of the `notes` tokenizer: what each id means, and the notes that they tell. How they write time stands in `time.py`.

    a piece    program program ...  time and notes                                     first all its instruments, ascending
    beats      bar [meter]  position [tempo]  note note ...  position ...  bar ...     every bar has its mark, empty ones too
    seconds    note note ...  shift shift  note ...                                    hundredths of a second, at most one second a shift
    a note     [program] [velocity] pitch duration     or     [program] [velocity] drum

What stands in brackets is written only where it changes, the tempo also at the beginning. Notes of one moment ascend by instrument and
pitch, so there is one way to write a tune. Programs are those of General MIDI, and 128 for the drums. A piece names its instruments before
it begins, and no others play in it: what is drawn keeps to one ensemble.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.music.lanes import Steps, next_starts, one_at_a_time

PROGRAM: Final = "program"
VELOCITY: Final = "velocity"
PITCH: Final = "pitch"
DRUM: Final = "drum"
DURATION: Final = "duration"

DRUMS: Final = 128
"""The instrument that stands for the drums."""
INSTRUMENTS: Final = 129
VELOCITY_BINS: Final = 32
UNSAID_BIN: Final = VELOCITY_BINS // 2
"""Where illegal ids begin a note before any velocity: the middle."""
NOTE_RANGES: Final = ((PROGRAM, INSTRUMENTS), (VELOCITY, VELOCITY_BINS), (PITCH, 128), (DRUM, 128))


def loudness(bins: Steps | int) -> Steps | int:
    """The velocity in the middle of a bin."""
    return bins * VELOCITIES_PER_BIN + VELOCITIES_PER_BIN // 2


def one_way(notes: StepNotes, lengths_D: Steps) -> tuple[StepNotes, Steps]:
    """The notes in the one order in which they are written, each with the index of its duration.

    Of notes of one instrument and pitch that begin together the longest stays, and one that sounds when its pitch begins again ends there,
    with the longest duration that does not reach beyond. Drums have no duration; theirs is 0.
    """
    key_N = notes.line_N * 128 + notes.pitch_N
    kept, end_N = one_at_a_time(key_N, notes.start_N, notes.end_N, rank_N=-notes.end_N)
    notes, key_N = notes.take(kept), key_N[kept]
    room_N = next_starts(key_N, notes.start_N) - notes.start_N
    wanted_N = end_N - notes.start_N
    above_N = np.minimum(np.searchsorted(lengths_D, wanted_N), len(lengths_D) - 1)
    below_N = np.maximum(above_N - 1, 0)
    use_below_N = (lengths_D[above_N] > room_N) | (wanted_N - lengths_D[below_N] < lengths_D[above_N] - wanted_N)
    index_N = np.where(use_below_N, below_N, above_N)
    ordered = np.lexsort((notes.pitch_N, notes.line_N, notes.start_N))
    return notes.take(ordered), np.where(notes.line_N == DRUMS, 0, index_N)[ordered]


def note_ids(notes: StepNotes, index_N: Steps, table: EventTable) -> tuple[Ids, Steps]:
    """The ids of the notes themselves, in order, and the step at which each stands."""
    drum_N, bin_N = notes.line_N == DRUMS, notes.velocity_N // VELOCITIES_PER_BIN
    ids_4N = [
        table.first(PROGRAM) + notes.line_N,
        table.first(VELOCITY) + bin_N,
        np.where(drum_N, table.first(DRUM), table.first(PITCH)) + notes.pitch_N,
        table.first(DURATION) + index_N,
    ]
    last_named = int(notes.line_N.max(initial=0))
    said_4N = [np.diff(notes.line_N, prepend=last_named) != 0, np.diff(bin_N, prepend=-1) != 0, np.ones_like(drum_N), ~drum_N]
    said_N4 = np.stack(said_4N, axis=1)
    return np.stack(ids_4N, axis=1)[said_N4], np.repeat(notes.start_N, said_N4.sum(1))


def notes_in(ids_T: Ids, step_T: Steps, table: EventTable, *, lengths_D: Steps, drum_steps: int, steps: int) -> StepNotes:
    """The notes that the ids tell, whatever the ids: a pitch without a duration is none. Their lines are their instruments.

    Args:
        ids_T: any ids.
        step_T: the step at which each stands; below 0 where there is no time yet.
        table: the ranges.
        lengths_D: steps of every duration.
        drum_steps: steps that a drum is said to sound.
        steps: length of the piece.
    """
    value_T = table.value_of_V[ids_T]
    instrument_T = table.last(ids_T, PROGRAM, before=0)
    bin_T = table.last(ids_T, VELOCITY, before=UNSAID_BIN)
    drum_T = table.are(ids_T, DRUM) & (instrument_T == DRUMS)
    timed_T: NDArray[np.bool_] = np.append(table.are(ids_T[1:], DURATION), np.zeros(min(1, len(ids_T)), np.bool_))
    pitch_T = table.are(ids_T, PITCH) & (instrument_T != DRUMS) & timed_T
    place_N = np.flatnonzero((drum_T | pitch_T) & (step_T >= 0))
    following_N = np.minimum(place_N + 1, max(len(ids_T) - 1, 0))
    length_N = np.where(drum_T[place_N], drum_steps, lengths_D[np.where(timed_T[place_N], value_T[following_N], 0)])
    return StepNotes(
        start_N=step_T[place_N],
        end_N=step_T[place_N] + length_N,
        pitch_N=value_T[place_N],
        line_N=instrument_T[place_N],
        velocity_N=np.asarray(loudness(bin_T[place_N])),
        place_N=place_N,
        steps=steps,
    )
