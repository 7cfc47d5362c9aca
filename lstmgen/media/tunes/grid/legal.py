"""What the grammars of grids allow at every place of a piece, for all places at once.

Letters: T ids, S steps, P pitches, V vocabulary; of voices, W of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.legal import Rows, packed
from lstmgen.media.tunes.events import EventTable


def rows_of_voices(ids_T: Ids, table: EventTable, *, voices: int, hold: int | None, rest: int) -> Rows | None:
    """The rows of the ids of one piece in voices; None: something is held that does not sound.

    Args:
        ids_T: without boundaries.
        table: the ranges of ids.
        voices: W.
        hold: the id that holds a note; None: there is none.
        rest: the id of a rest.
    """
    allowed_TV = np.ones((len(ids_T) + 1, table.vocab_size), np.bool_)
    allowed_TV[:, BOUNDARY_ID] = np.arange(len(ids_T) + 1) % voices == 0
    if hold is not None:
        sounds_T = np.concatenate([np.zeros(voices, np.bool_), ids_T != rest])[: len(ids_T) + 1]
        if (~sounds_T[:-1] & (ids_T == hold)).any():
            return None
        allowed_TV[:, hold] = sounds_T
    return packed(allowed_TV)


def rows_of_chords(ids_T: Ids, table: EventTable, *, kinds: tuple[str, ...], end_of_step: int) -> Rows | None:
    """The rows of the ids of one piece in chords; None: pitches do not ascend, or one is held that did not sound.

    Args:
        ids_T: without boundaries.
        table: the ranges of ids.
        kinds: of pitches that begin, and of those that are held, where they are told apart.
        end_of_step: the id.
    """
    ends_T, pitch_T = ids_T == end_of_step, table.value_of_V[ids_T]
    step_T = np.cumsum(ends_T)
    held_T = table.are(ids_T, *kinds[1:])
    low_T = np.append(0, np.where(ends_T, 0, pitch_T + 1))
    in_step_T = np.append(0, step_T)
    sounds_SP = np.zeros((in_step_T[-1] + 2, 128), np.bool_)
    sounds_SP[in_step_T[:-1][~ends_T] + 1, pitch_T[~ends_T]] = True
    before_TP: NDArray[np.bool_] = sounds_SP[in_step_T]
    if (~ends_T & (pitch_T < low_T[:-1])).any() or (held_T & ~before_TP[np.arange(len(ids_T)), pitch_T]).any():
        return None
    above_TP = np.arange(128) >= low_T[:, None]
    allowed_TV = np.zeros((len(ids_T) + 1, table.vocab_size), np.bool_)
    allowed_TV[:, BOUNDARY_ID] = low_T == 0
    allowed_TV[:, end_of_step] = True
    allowed_TV[:, table.span(kinds[0])] = above_TP
    for kind in kinds[1:]:
        allowed_TV[:, table.span(kind)] = above_TP & before_TP
    return packed(allowed_TV)
