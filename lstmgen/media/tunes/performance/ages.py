"""Which of the keys that are down goes up: said by its pitch, or by its age.

By pitch, a network must remember which keys are down, and since when, to say which one goes up. By age it says 0 for the one that has been
down longest, 1 for the next, and so on; keys that went down together are in the order of their pitches. Both say the same with as many ids:
given the ids before it, each of one form stands for one of the other, so likelihoods of both are figures of the same thing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable

ON: Final = "on"
OFF: Final = "off"


def by_age(ids_T: Ids, table: EventTable) -> Ids:
    """Ids in their one form, in which keys go up by pitch, in that in which they go up by age; those of one moment the oldest first."""
    on, off = table.first(ON), table.first(OFF)
    aged_T = ids_T.copy()
    down: list[int] = []
    together: list[int] = []

    def let_go() -> None:
        ages = sorted(down.index(int(ids_T[place]) - off) for place in together)
        for gone, (place, age) in enumerate(zip(together, ages, strict=True)):
            aged_T[place] = off + age - gone
            del down[age - gone]
        together.clear()

    places = np.flatnonzero(table.are(ids_T, ON, OFF))
    for place, token in zip(places.tolist(), ids_T[places].tolist(), strict=True):
        if together and (token < off or place != together[-1] + 1):
            let_go()
        if token < off:
            down.append(token - on)
        else:
            together.append(place)
    let_go()
    return aged_T


def by_pitch(ids_T: Ids, table: EventTable) -> Ids:
    """Any ids by age, by pitch; where fewer keys are down than an id says, there is a boundary, which decodes to nothing."""
    on, off = table.first(ON), table.first(OFF)
    pitched_T = ids_T.copy()
    down: list[int] = []
    places = np.flatnonzero(table.are(ids_T, ON, OFF))
    for place, token in zip(places.tolist(), ids_T[places].tolist(), strict=True):
        if token < off:
            if token - on in down:
                down.remove(token - on)
            down.append(token - on)
        else:
            pitched_T[place] = off + down.pop(token - off) if token - off < len(down) else BOUNDARY_ID
    return pitched_T
