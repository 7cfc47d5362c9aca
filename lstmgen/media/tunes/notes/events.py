"""The events of the `notes` tokenizer: what each id means, and the notes that they tell; of time see `beats.py` and `seconds.py`.

    a piece    [transposed key]  program program ...  time and notes                   first all its instruments, ascending
    beats      bar [meter]  position [tempo]  note note ...  position ...  bar ...     every bar has its mark, empty ones too
               bar [meter]  repeat  bar ...                                            what comes back, see `repeats.py`
    seconds    note note ...  shift shift  note ...                                    hundredths of a second, at most one second a shift
    a note     [program] [velocity] pitch duration     or     [program] [velocity] drum

What stands in brackets is written only where it changes, the tempo also at the beginning. Notes of one moment ascend by instrument and
pitch, so there is one way to write a tune. Programs are those of General MIDI, and 128 for the drums. A piece names its instruments before
it begins, and no others play in it: what is drawn keeps to one ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.parts import DRUMS, INSTRUMENTS
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.music.lanes import Steps, next_starts, one_at_a_time

PROGRAM: Final = "program"
VELOCITY: Final = "velocity"
PITCH: Final = "pitch"
DRUM: Final = "drum"
DURATION: Final = "duration"
TRANSPOSED: Final = "transposed"
KEY: Final = "key"

VELOCITY_BINS: Final = 32
UNSAID_BIN: Final = VELOCITY_BINS // 2
"""Where illegal ids begin a note before any velocity: the middle."""
MOST_TRANSPOSED: Final = 24
"""Value v of the event that says so means v - 24 semitones up."""
NOTE_RANGES: Final = ((PROGRAM, INSTRUMENTS), (VELOCITY, VELOCITY_BINS), (PITCH, 128), (DRUM, 128))


@dataclass(frozen=True, kw_only=True)
class Times:
    """Where ids stand.

    Attributes:
        step_T: step of each id; -1 where there is no time yet.
        steps: length of the piece.
        tempos: as in `StepNotes`.
        meters: as in `StepNotes`.
        number_T: the bar in which each id stands, where there are bars; -1 before the first.
        repeats: repeated bars: index of the id, the bar that is written out, and by how many steps its notes are moved.
    """

    step_T: Steps
    steps: int
    tempos: Sequence[tuple[int, int, int]] = ()
    meters: Sequence[tuple[int, int, tuple[int, int]]] = ()
    number_T: Steps | None = None
    repeats: Sequence[tuple[int, int, int]] = ()


def loudness(bins: Any) -> Any:
    """The velocity in the middle of a bin, for a number or an array of them."""
    return bins * VELOCITIES_PER_BIN + VELOCITIES_PER_BIN // 2


def strides(unit: int, *plan: tuple[int, int]) -> Steps:
    """Steps of every duration: up to so many units in strides of so many steps, and on."""
    reached = [0, *(until * unit for until, _ in plan)]
    return np.concatenate(
        [np.arange(begin + stride, end + 1, stride) for begin, end, (_, stride) in zip(reached[:-1], reached[1:], plan, strict=True)]
    )


def one_way(notes: StepNotes, lengths_D: Steps) -> tuple[StepNotes, Steps]:
    """The notes in the one order in which they are written, each with the index of its duration.

    Of notes of one instrument and pitch that begin together the longest stays, and one that sounds when its pitch begins again ends there,
    with the longest duration that does not reach beyond. Drums have no duration; theirs is 0.
    """
    key_N = notes.line_N * 128 + notes.pitch_N
    kept, end_N = one_at_a_time(key_N, notes.start_N, notes.end_N, rank_N=-notes.end_N)
    start_N = notes.start_N[kept]
    room_N, wanted_N = next_starts(key_N[kept], start_N) - start_N, end_N - start_N
    above_N = np.minimum(np.searchsorted(lengths_D, wanted_N), len(lengths_D) - 1)
    below_N = np.maximum(above_N - 1, 0)
    use_below_N = (lengths_D[above_N] > room_N) | (wanted_N - lengths_D[below_N] < lengths_D[above_N] - wanted_N)
    index_N = np.where(use_below_N, below_N, above_N)
    ordered = np.lexsort((key_N[kept], start_N))
    notes = notes.take(kept[ordered])
    return notes, np.where(notes.line_N == DRUMS, 0, index_N[ordered])


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
