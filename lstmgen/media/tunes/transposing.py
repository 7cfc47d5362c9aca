"""Transposition of ids whose pitches are ranges of 128 values: adding to an id adds to its pitch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable


def _pitched(table: EventTable, ids: Ids, kinds: Sequence[str]) -> NDArray[np.bool_]:
    return np.isin(table.kind_of_V, [table.index(kind) for kind in kinds])[ids]


def transpositions(table: EventTable, ids: Ids, kinds: Sequence[str]) -> tuple[int, int]:
    """The least and the most semitones by which the pitches of these kinds stay within 0 to 127; (0, 0) where there are none."""
    ids = np.asarray(ids, np.int64)
    pitches = table.value_of_V[ids[_pitched(table, ids, kinds)]]
    return (-int(pitches.min()), 127 - int(pitches.max())) if pitches.size else (0, 0)


def transposed(table: EventTable, ids: Ids, kinds: Sequence[str], *, semitones: int) -> Ids:
    """The same ids with every pitch of these kinds moved.

    Raises:
        ValueError: a pitch would leave 0 to 127.
    """
    ids = np.array(ids, np.int64)
    if not semitones:
        return ids
    least, most = transpositions(table, ids, kinds)
    pitched = _pitched(table, ids, kinds)
    if pitched.any() and not least <= semitones <= most:
        raise ValueError(f"a transposition by {semitones}, expected {least} to {most}")
    return np.where(pitched, ids + semitones, ids)
