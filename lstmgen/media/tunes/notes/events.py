"""The events of the `notes` tokenizer: what each id means, and the notes that they tell; of time see `beats.py` and `seconds.py`.

    a piece    [length transposed key]  program [track] program ...  time and notes    first all its instruments, ascending
               [length transposed key]  cast [track] cast ...  time and notes          or who plays its parts, see `seats.py`
    beats      bar [meter]  position [tempo]  note note ...  position ...  bar ...     every bar has its mark, empty ones too
               bar [meter]  repeat [again again ...]  bar ...                          what comes back, see `repeats.py`
               bar [meter]  first half [again ...]  position ...  bar ...              what comes back with another end
               bar [meter]  head  position ...  bar ...                                the same, where heads take the place of halves
               bar [meter] [first half [again ...] | head]  tail  position ...  bar    and with another beginning
               bar [meter]  program return [louder | again ...] ...  position ...      what comes back of one part, see `returns.py`
    seconds    note note ...  shift shift  note ...                                    hundredths of a second, at most one second a shift
    a note     [program] [velocity] pitch duration     or     [program] [velocity] drum

What stands in brackets is written only where it changes, the tempo also at the beginning. Notes of one moment ascend by instrument, then
by pitch, then by track, so there is one way to write a tune. Programs are those of General MIDI, and 128 for the drums. Tracks of one
program are counted from 0, and each has pitches of its own: so a note of a chorale says its voice and its pitch at once. A piece names
its instruments before it begins, each with the number of its last track unless that is 0, and no others play in it: what is drawn keeps
to one ensemble.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.parts import DRUMS, FIRST_DRUMS, INSTRUMENTS, MOST_TRACKS
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.music.lanes import Steps, is_new, next_starts, one_at_a_time

PROGRAM: Final = "program"
TRACK: Final = "track"
VELOCITY: Final = "velocity"
PITCH: Final = "pitch"
PITCHES: Final = (PITCH, *(f"{PITCH} {number + 1}" for number in range(1, MOST_TRACKS)))
"""The kinds of pitches, one for each track of a program."""
TRACK_OF: Final = {kind: number for number, kind in enumerate(PITCHES)}
DRUM: Final = "drum"
DURATION: Final = "duration"
TRANSPOSED: Final = "transposed"
KEY: Final = "key"
CAST: Final = "cast"
"""Who plays the next part, where parts are told by their numbers; see `seats.py`."""
LAST_PART: Final = DRUMS - 1
"""The number of the last part; those beyond share it."""

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
        start_B: the step at which each bar begins.
        length_B: steps of each bar.
    """

    step_T: Steps
    steps: int
    tempos: Sequence[tuple[int, int, int]] = ()
    meters: Sequence[tuple[int, int, tuple[int, int]]] = ()
    number_T: Steps | None = None
    start_B: Steps = field(default_factory=lambda: np.zeros(0, np.int64))
    length_B: Steps = field(default_factory=lambda: np.zeros(0, np.int64))


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

    Of notes of one line and pitch that begin together the longest stays, and one that sounds when its pitch begins again ends there,
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
    line_N, pitch_N = notes.line_N[kept], notes.pitch_N[kept]
    ordered = np.lexsort((line_N, pitch_N, line_N // MOST_TRACKS, start_N))
    notes = notes.take(kept[ordered])
    return notes, np.where(notes.line_N >= FIRST_DRUMS, 0, index_N[ordered])


def names_of(line_N: Steps, table: EventTable) -> Ids:
    """The ids that name lines: every instrument, and behind it the number of its last track unless that is 0."""
    instrument_L, number_L = np.divmod(np.unique(line_N), MOST_TRACKS)
    last_L = np.append(is_new(instrument_L)[1:], [True] * bool(len(instrument_L)))
    ids_L2 = np.stack([table.first(PROGRAM) + instrument_L, table.first(TRACK) + number_L], axis=1)
    return ids_L2[np.stack([last_L, last_L & (number_L > 0)], axis=1)]


def as_parts(ids_T: Ids, table: EventTable) -> Ids:
    """The ids with the numbers of parts in the place of the names of those who play them, and nothing in that of the track."""
    cast_T = table.are(ids_T, CAST)
    if not cast_T.any():
        return ids_T
    drums_T = cast_T & (table.value_of_V[ids_T] == DRUMS)
    number_T = np.where(drums_T, DRUMS, np.minimum(np.cumsum(cast_T & ~drums_T) - 1, LAST_PART))
    return np.where(cast_T, table.first(PROGRAM) + number_T, np.where(table.are(ids_T, TRACK), BOUNDARY_ID, ids_T))


def lines_said(ids_T: Ids, table: EventTable) -> tuple[Steps, dict[int, None]]:
    """The line of a note at each of any ids, and all that are named, in order: with a track those before it are too."""
    ids_T = as_parts(ids_T, table)
    value_T, instrument_T = table.value_of_V[ids_T], table.last(ids_T, PROGRAM, before=0)
    number_V = np.zeros(table.vocab_size, np.int64)
    for kind, number in TRACK_OF.items():
        number_V[table.span(kind)] = number
    name_T = table.are(ids_T, PROGRAM, TRACK)
    said_T = instrument_T * MOST_TRACKS + np.where(table.are(ids_T, TRACK), value_T, 0)
    lines = (range(last - last % MOST_TRACKS, last + 1) for last in dict.fromkeys(said_T[name_T].tolist()))
    return instrument_T * MOST_TRACKS + number_V[ids_T], dict.fromkeys(itertools.chain.from_iterable(lines))


def note_ids(notes: StepNotes, index_N: Steps, table: EventTable, *, told: Sequence[tuple[int, int]] = ()) -> tuple[Ids, Steps]:
    """The ids of the notes themselves, in order, and the step at which each stands.

    Args:
        notes: in order.
        index_N: of their durations.
        table: the ranges of ids.
        told: steps, ascending, and instruments that are said there before the notes, for what comes back of them.
    """
    drum_N, bin_N = notes.line_N >= FIRST_DRUMS, notes.velocity_N // VELOCITIES_PER_BIN
    instrument_N, number_N = np.divmod(notes.line_N, MOST_TRACKS)
    pitches_K = np.array([table.first(kind) for kind in PITCHES])
    ids_4N = [
        table.first(PROGRAM) + instrument_N,
        table.first(VELOCITY) + bin_N,
        np.where(drum_N, table.first(DRUM), pitches_K[number_N]) + notes.pitch_N,
        table.first(DURATION) + index_N,
    ]
    before_N = np.append(int(notes.lines.max(initial=0)) // MOST_TRACKS, instrument_N)[:-1]
    if told:
        step_S, instrument_S = np.array(told, np.int64).T
        count_N = np.searchsorted(step_S, notes.start_N, side="right")
        before_N = np.where(np.diff(count_N, prepend=0) > 0, instrument_S[count_N - 1], before_N)
    said_4N = [instrument_N != before_N, np.diff(bin_N, prepend=-1) != 0, np.ones_like(drum_N), ~drum_N]
    said_N4 = np.stack(said_4N, axis=1)
    return np.stack(ids_4N, axis=1)[said_N4], np.repeat(notes.start_N, said_N4.sum(1))
