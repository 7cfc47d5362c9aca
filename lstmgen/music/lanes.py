"""Notes in lanes that hold one note at a time: a lane is a voice of a score, a pitch of a keyboard, a pitch of a track.

Letters: N notes, C cells (a note in a step).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
"""Steps, ticks, or whatever else whole numbers count here; one-dimensional."""
NEVER: Final = 2**63 - 1
"""When the next note of a lane begins that has none."""


def one_at_a_time(lane_N: Steps, start_N: Steps, end_N: Steps, *, rank_N: Steps) -> tuple[Steps, Steps]:
    """Which notes stay, and where they end, when a lane holds one note at a time.

    Of the notes that begin together in a lane the one of lowest rank stays, and a note ends where the next of its lane begins.

    Returns:
        The indices of the notes that stay, in the order of (lane, start), and their ends in that order; each lies above its start.
    """
    order = np.lexsort((rank_N, start_N, lane_N))
    kept = order[is_new(lane_N[order], start_N[order])]
    return kept, np.minimum(end_N[kept], next_starts(lane_N[kept], start_N[kept]))


def next_starts(lane_N: Steps, start_N: Steps) -> Steps:
    """Where the next note of its lane begins, of notes in the order of (lane, start) of which no two are equal; `NEVER` without a next."""
    following = np.full(len(start_N), NEVER)
    following[:-1] = np.where(lane_N[1:] == lane_N[:-1], start_N[1:], NEVER)
    return following


def is_new(*columns: Steps) -> NDArray[np.bool_]:
    """Which rows differ from the row before; the first always does."""
    new = np.ones(len(columns[0]), np.bool_)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def cells(start_N: Steps, end_N: Steps) -> tuple[Steps, Steps]:
    """Every step in which each note sounds: the index of the note and the step, both of shape (C,), note by note."""
    lengths = end_N - start_N
    note_C = np.repeat(np.arange(len(lengths)), lengths)
    shift_N = np.cumsum(lengths) - lengths - start_N
    return note_C, np.arange(len(note_C)) - shift_N[note_C]
