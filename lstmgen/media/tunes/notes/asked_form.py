"""What a form that was asked for leaves of what may come next; see `lstmgen.music.form`. Letter: V ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.bar import Bar
from lstmgen.media.tunes.notes.bars_so_far import BarsSoFar
from lstmgen.media.tunes.notes.measures import BAR
from lstmgen.media.tunes.notes.repeats import REPEAT
from lstmgen.media.tunes.parts import FIRST_DRUMS
from lstmgen.music.form import Form


def keep_form(mask_V: NDArray[np.bool_], form: Form, number: int, bars: BarsSoFar, table: EventTable) -> None:
    """In a bar that comes back only its repeat, where that fits; in one that is to vary all but that.

    Args:
        mask_V: what may come at the beginning of the bar.
        form: what was asked for.
        number: of the bar in it.
        bars: those before it.
        table: the ranges of ids.
    """
    if (bar := _source(form, number, bars)) is None:
        return
    repeat = table.first(REPEAT) + bars.distance(bar) - 1
    if not bar.notes and not form.varies(number):
        over = mask_V[[BOUNDARY_ID, table.first(BAR)]]
        mask_V[:] = False
        mask_V[[BOUNDARY_ID, table.first(BAR)]] = over
    if not bar.notes or not mask_V[repeat]:
        return
    if form.varies(number):
        mask_V[repeat] = False
    else:
        mask_V[:] = False
        mask_V[repeat] = True


def varies_notes(form: Form, number: int, bars: BarsSoFar) -> bool:
    """Whether a bar is to be another than one that has notes."""
    return form.varies(number) and (bar := _source(form, number, bars)) is not None and bool(bar.notes)


def closes(form: Form, number: int, bars: BarsSoFar, tonic: int) -> bool:
    """Whether a form says what the last bar of a tune is: another, or one that comes back and ends on the tonic."""
    if form.varies(number) or (bar := _source(form, number, bars)) is None:
        return form.varies(number)
    return ends_on(bar, tonic)


def ends_on(bar: Bar, tonic: int) -> bool:
    """Whether the highest or the lowest of the pitches that begin last in a bar is the tonic."""
    pitched = [(note[0], note[2]) for note in bar.notes if note[1] < FIRST_DRUMS]
    last = [pitch for position, pitch in pitched if position == max(pitched)[0]]
    return bool(last) and tonic in {min(last) % 12, max(last) % 12}


def keep_open(mask_V: NDArray[np.bool_], table: EventTable) -> None:
    """Neither the next bar nor the end, as long as anything else may come."""
    open_V = mask_V.copy()
    open_V[[BOUNDARY_ID, table.first(BAR)]] = False
    if open_V.any():
        mask_V[:] = open_V


def _source(form: Form, number: int, bars: BarsSoFar) -> Bar | None:
    """The bar that one comes back from."""
    return None if (source := form.source(number)) is None else bars.at(number - source)
