"""Time that passes between events: shifts of 1 to 100 steps, as many of 100 as there are, then one for the rest."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.music.lanes import Steps

SHIFT: Final = "shift"
LONGEST_SHIFT: Final = 100


def with_shifts(ids_T: Ids, step_T: Steps, table: EventTable, *, length: int) -> Ids:
    """The ids of events at these ascending steps, with the shifts before each step at which something happens, and up to the end."""
    moments = np.unique(np.append(step_T, length))
    whole, rest = np.divmod(np.diff(moments, prepend=0), LONGEST_SHIFT)
    count = whole + (rest > 0)
    shifts = np.full(int(count.sum()), LONGEST_SHIFT)
    shifts[(np.cumsum(count) - 1)[rest > 0]] = rest[rest > 0]
    return np.insert(ids_T, np.repeat(np.searchsorted(step_T, moments), count), table.first(SHIFT) + shifts - 1)


def shifted_steps(ids_T: Ids, table: EventTable) -> NDArray[np.int64]:
    """The step at which each id stands."""
    return np.cumsum(np.where(table.are(ids_T, SHIFT), table.value_of_V[ids_T] + 1, 0))
