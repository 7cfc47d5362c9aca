"""Fewer notes at once: which of them stay, and where the others end.

A tune is drawn with all its notes and thinned afterwards, so that what a model says depends on the music that it knows, and a note that
is written later may take the place of one that was written before.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import numpy as np

from lstmgen.choices import Kept
from lstmgen.music.score import Notes

_NONE = Notes.empty()


def thinned(notes: Notes, most: int, *, keep: Kept = "highest", shortest_ticks: int = 1, beside: Notes = _NONE) -> Notes:
    """Pitched notes of which at most so many sound at once; drums stay as they are.

    Where a note begins and too many would sound, the first of every track stay before the second of any, counted from the highest pitch
    or from the lowest, and of equals the outer one. What does not stay is left out where it begins there, and ends there where it sounds.

    Args:
        notes: to be thinned.
        most: how many may sound at once; at least 1.
        keep: `highest` or `lowest`.
        shortest_ticks: a note that would be cut to less than this is left out.
        beside: notes that stay in any case, and count.
    """
    order = np.argsort(notes.start_ticks, kind="stable")
    order = order[~notes.drum[order]]
    sign = -1 if keep == "highest" else 1
    start_N, end_N = notes.start_ticks.astype(np.int64), notes.end_ticks.astype(np.int64)
    track_N, height_N = notes.track.tolist(), (sign * notes.pitch.astype(np.int64)).tolist()
    beside = beside.take(~beside.drum)
    sounding: list[int] = []
    for now, begin in groupby(order.tolist(), key=start_N.__getitem__):
        sounding = [note for note in sounding if end_N[note] > now] + list(begin)
        room = max(0, most - int(((beside.start_ticks <= now) & (beside.end_ticks > now)).sum()))
        if len(sounding) > room:
            sounding.sort(key=lambda note: (height_N[note], note))
            place: dict[int, int] = {}
            seen = Counter[int]()
            for note in sounding:
                place[note] = seen[track_N[note]]
                seen[track_N[note]] += 1
            sounding.sort(key=place.__getitem__)
            end_N[sounding[room:]] = now
            sounding = sounding[:room]
    whole_N = end_N == notes.end_ticks
    stays_N = whole_N | (end_N - start_N >= max(1, shortest_ticks))
    return notes.changed(end_ticks=np.where(stays_N, end_N, notes.end_ticks)).take(stays_N)
