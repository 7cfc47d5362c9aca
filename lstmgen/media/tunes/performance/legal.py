"""What `PerformanceGrammar` allows at every place of a piece, for all places at once. Letters: T ids, P pitches, V vocabulary."""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.legal import Rows, packed
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.performance.ages import OFF, ON, by_pitch
from lstmgen.media.tunes.performance.grammar import VELOCITY
from lstmgen.media.tunes.shifts import LONGEST_SHIFT, SHIFT

_UNSAID: Final = -1


def rows_of(ids_T: Ids, table: EventTable, *, ages: bool) -> Rows | None:
    """The rows of the ids of one piece; None: keys go up that are not down, or down that are.

    Args:
        ids_T: without boundaries.
        table: the ranges of ids.
        ages: whether keys go up by their age.
    """
    pitched_T = by_pitch(ids_T, table) if ages else ids_T
    count, value_T, pitch_T = len(ids_T), table.value_of_V[ids_T], table.value_of_V[pitched_T]
    on_T, off_T, shift_T, velocity_T = (table.are(ids_T, kind) for kind in (ON, OFF, SHIFT, VELOCITY))
    down_TP = np.zeros((count + 1, 128), np.int8)
    down_TP[1:][on_T, pitch_T[on_T]] = 1
    down_TP[1:][off_T, pitch_T[off_T]] = -1
    np.cumsum(down_TP, axis=0, out=down_TP)
    if (pitched_T == BOUNDARY_ID).any() or (down_TP < 0).any() or (down_TP > 1).any():
        return None
    silent_TP, sounding_T = down_TP == 0, down_TP.any(axis=1)
    next_on_T = _since_shift(shift_T, on_T, value_T + 1)
    next_off_T = _since_shift(shift_T, off_T, value_T + (not ages))
    bin_T = np.append(_UNSAID, table.last(ids_T, VELOCITY, before=_UNSAID))
    before_on_T = np.append(False, velocity_T)
    may_shift_T = np.append(True, ~shift_T | (value_T + 1 == LONGEST_SHIFT)) & ~before_on_T

    allowed_TV = np.zeros((count + 1, table.vocab_size), np.bool_)
    pitch_P = np.arange(128)
    startable_TP = silent_TP & (pitch_P >= next_on_T[:, None])
    allowed_TV[:, table.span(ON)] = startable_TP & (bin_T != _UNSAID)[:, None]
    velocities_TB = allowed_TV[:, table.span(VELOCITY)]
    velocities_TB[:] = (startable_TP.any(axis=1) & ~before_on_T)[:, None]
    said = np.flatnonzero(bin_T != _UNSAID)
    velocities_TB[said, bin_T[said]] = False
    may_end_T = sounding_T & (next_on_T == 0) & ~before_on_T
    endable_TP = pitch_P < down_TP.sum(axis=1, dtype=np.int64)[:, None] if ages else ~silent_TP
    allowed_TV[:, table.span(OFF)] = endable_TP & (pitch_P >= next_off_T[:, None]) & may_end_T[:, None]
    allowed_TV[:, table.span(SHIFT)] = may_shift_T[:, None]
    allowed_TV[:, BOUNDARY_ID] = ~sounding_T & ~before_on_T
    return packed(allowed_TV)


def _since_shift(shift_T: np.ndarray, said_T: np.ndarray, value_T: np.ndarray) -> np.ndarray:
    """Before each id, and behind the last, the value of what was said last since time passed; 0 where nothing was."""
    place_T = np.maximum.accumulate(np.where(shift_T | said_T, np.arange(len(shift_T)), -1))
    return np.append(0, np.where((place_T >= 0) & said_T[place_T], value_T[place_T], 0))
