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
    whole, rest = np.divmod(np.diff(step_T, prepend=0, append=length), LONGEST_SHIFT)
    count = whole + (rest > 0)
    count[:-1] += 1  # the event itself
    behind = np.cumsum(count)
    ids = np.full(int(behind[-1]), table.first(SHIFT) + LONGEST_SHIFT - 1)
    ids[(behind - count + whole)[rest > 0]] = table.first(SHIFT) + rest[rest > 0] - 1
    ids[behind[:-1] - 1] = ids_T
    return ids


def shifted_steps(ids_T: Ids, table: EventTable) -> NDArray[np.int64]:
    """The step at which each id stands."""
    return np.cumsum(np.where(table.are(ids_T, SHIFT), table.value_of_V[ids_T] + 1, 0))
