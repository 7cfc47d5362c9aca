"""The events of Performance RNN: keys go down, keys go up, time passes, and the loudness of what follows is set.

    id            event
    1 .. 128      on p       the key of pitch p goes down
    129 .. 256    off p      it goes up
    257 .. 356    shift n    n hundredths of a second pass, 1 to 100
    357 .. 388    velocity b the keys that follow are struck in the loudness of bin b

One tune has one form: what happens in one step stands in the order offs, ons, each ascending; time passes in whole seconds first and the
rest at last; a velocity stands directly before a key and only where it changes. Oore et al. 2018, "This time with feeling"; the
vocabulary is that of note_seq's performance_lib, moved up by the boundary. Letters: N notes, E events, L ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.music.lanes import Steps, is_new, one_at_a_time

ON: Final = "on"
OFF: Final = "off"
SHIFT: Final = "shift"
VELOCITY: Final = "velocity"
RANGES: Final = ((ON, 128), (OFF, 128), (SHIFT, 100), (VELOCITY, 32))
STEPS_PER_S: Final = 100
LONGEST_SHIFT: Final = 100
VELOCITIES_PER_BIN: Final = 4
_UNSAID_BIN: Final = 15
"""Where illegal ids begin a note before any velocity: the middle."""
_HANGING_STEPS: Final = 5 * STEPS_PER_S
"""A note that no id ends is ended after five seconds, as Performance RNN does, or at the end of the piece."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Played:
    """Notes in hundredths of a second, as columns of equal length.

    Attributes:
        start_N: when the key goes down.
        end_N: when it goes up; above `start_N`.
        pitch_N: 0 to 127.
        bin_N: of the velocity, 0 to 31.
        place_N: of ids the index of the id with which each note begins; else 0.
        steps: length of the piece.
    """

    start_N: Steps
    end_N: Steps
    pitch_N: Steps
    bin_N: Steps
    place_N: Steps
    steps: int


def ids_of(played: Played, table: EventTable) -> Ids:
    """The ids of notes; of equal pitches that begin together the longest stays, and a note ends where the next of its pitch begins."""
    kept, end_N = one_at_a_time(played.pitch_N, played.start_N, played.end_N, rank_N=-played.end_N)
    start_N, pitch_N, bin_N = played.start_N[kept], played.pitch_N[kept], played.bin_N[kept]
    key_E = np.concatenate([end_N * 256 + pitch_N, start_N * 256 + 128 + pitch_N])
    order = np.argsort(key_E, kind="stable")
    time_E, slot_E = np.divmod(key_E[order], 256)
    is_on_E = slot_E >= 128
    bins = bin_N[order[is_on_E] - len(kept)]
    changed = is_new(bins)
    says_velocity_E = np.zeros(len(order), np.bool_)
    says_velocity_E[is_on_E] = changed

    # Behind the last event only time passes, up to the end of the piece.
    gaps = np.diff(time_E, prepend=0, append=max(played.steps, int(end_N.max(initial=0))))
    seconds, rest = np.divmod(gaps, LONGEST_SHIFT)
    lengths = seconds + (rest > 0)
    lengths[:-1] += 1 + says_velocity_E
    behind = np.cumsum(lengths)
    longest_shift = table.first(SHIFT) + LONGEST_SHIFT - 1
    ids = np.full(int(behind[-1]), longest_shift)
    ids[(behind - lengths + seconds)[rest > 0]] = table.first(SHIFT) + rest[rest > 0] - 1
    ids[behind[:-1] - 1] = np.where(is_on_E, table.first(ON) - 128, table.first(OFF)) + slot_E
    ids[behind[:-1][says_velocity_E] - 2] = table.first(VELOCITY) + bins[changed]
    return ids


def notes_of(ids: Ids, table: EventTable) -> Played:
    """The notes of any ids, pitch by pitch.

    A key that goes down again ends its earlier note, a key that goes up without a note is ignored, and what ends in its first step is one
    step long.
    """
    place_L = np.flatnonzero(ids != BOUNDARY_ID)
    kind_L, value_L = table.kind_of_V[ids[place_L]], table.value_of_V[ids[place_L]]
    time_L = np.cumsum(np.where(kind_L == table.index(SHIFT), value_L + 1, 0))
    steps = int(time_L[-1]) if len(time_L) else 0
    keys = np.flatnonzero(kind_L <= table.index(OFF))
    keys = keys[np.argsort(value_L[keys].astype(np.uint8), kind="stable")]
    pitch, time = value_L[keys], time_L[keys]
    last_of_pitch = np.append(is_new(pitch)[1:], [True] * bool(len(keys)))
    end = np.where(last_of_pitch, np.minimum(time + _HANGING_STEPS, steps), np.append(time[1:], 0)[: len(keys)])
    on = kind_L[keys] == table.index(ON)
    start_N, end_N, place_N, pitch_N = time[on], end[on], keys[on], pitch[on]
    if np.any(end_N <= start_N):
        kept, end_N = one_at_a_time(pitch_N, start_N, np.maximum(end_N, start_N + 1), rank_N=-end_N)
        start_N, place_N, pitch_N = start_N[kept], place_N[kept], pitch_N[kept]
    return Played(
        start_N=start_N,
        end_N=end_N,
        pitch_N=pitch_N,
        bin_N=_bins(kind_L == table.index(VELOCITY), value_L)[place_N],
        place_N=place_L[place_N],
        steps=max(steps, int(end_N.max(initial=0))),
    )


def _bins(is_velocity_L: np.ndarray, value_L: Steps) -> Steps:
    """The velocity that holds at each id."""
    index = np.maximum.accumulate(np.where(is_velocity_L, np.arange(len(value_L)), -1))
    return np.where(index < 0, _UNSAID_BIN, value_L[index])


def stretched(played: Played, factor: float) -> Played:
    """The same notes played slower by a factor: absolute times are stretched and rounded anew."""
    start_N = np.floor(played.start_N * factor + 0.5).astype(np.int64)
    end_N = np.maximum(np.floor(played.end_N * factor + 0.5).astype(np.int64), start_N + 1)
    return Played(
        start_N=start_N,
        end_N=end_N,
        pitch_N=played.pitch_N,
        bin_N=played.bin_N,
        place_N=played.place_N,
        steps=int(np.floor(played.steps * factor + 0.5)),
    )
