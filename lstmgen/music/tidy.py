"""What is decided about notes before anything is learned from them: the sustain pedal, and notes of one pitch that overlap.

Both policies are stated here once, count what they change, and work on whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import PedalPolicy
from lstmgen.music.lanes import is_new, next_starts, one_at_a_time
from lstmgen.music.score import Pedals, Score


@dataclass(frozen=True, kw_only=True)
class Tidied:
    """What `without_overlaps` changed.

    Attributes:
        truncated: notes that end earlier, because their pitch is struck again.
        merged: notes that are gone, because a longer one of the same pitch starts with them.
    """

    truncated: int
    merged: int


def with_pedal(score: Score, policy: PedalPolicy) -> Score:
    """The score without its pedals.

    Under `extend` a note that ends while the pedal of its track is down sounds until the pedal is up or its pitch is struck again in that
    track, whichever comes first; where the pedal never comes up, until the end of the piece. Under `drop` the pedal is forgotten. Drums
    never listen to it.
    """
    if policy == "drop" or not score.pedals or not len(score.notes):
        return score.changed(pedals=Pedals.of())
    notes = score.notes
    ends = notes.end_ticks.astype(np.int64)
    order, key_N = np.lexsort((notes.start_ticks, notes.pitch, notes.track)), notes.track.astype(np.int64) * 128 + notes.pitch
    key_N, starts = key_N[order], notes.start_ticks[order].astype(np.int64)
    first = np.flatnonzero(is_new(key_N, starts))  # of several at one onset only the next different one counts
    next_onset = np.empty(len(order), np.int64)
    next_onset[order] = np.repeat(next_starts(key_N[first], starts[first]), np.diff(first, append=len(order)))
    for track in np.unique(score.pedals.track).tolist():
        mine = np.flatnonzero((notes.track == track) & ~notes.drum)
        downs, ups = _pressed(score, track)
        place = np.searchsorted(downs, ends[mine], side="right") - 1
        held = (place >= 0) & (ends[mine] < ups[np.maximum(place, 0)])
        chosen = mine[held]
        ends[chosen] = np.maximum(ends[chosen], np.minimum(ups[place[held]], next_onset[chosen]))
    return score.changed(notes=notes.changed(end_ticks=ends).in_order(), pedals=Pedals.of())


def _pressed(score: Score, track: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When the pedal of a track goes down, and when it comes up again."""
    pedals = score.pedals.of_track(track)
    moves = np.diff(pedals.down.astype(np.int8), prepend=0) != 0
    ticks, down = pedals.ticks[moves].astype(np.int64), pedals.down[moves]
    downs, ups = ticks[down], ticks[~down]
    return downs, ups if len(ups) == len(downs) else np.append(ups, max(score.length_ticks, int(downs[-1])))


def without_overlaps(score: Score) -> tuple[Score, Tidied]:
    """The score with no two notes of one track, instrument and pitch sounding at once.

    Where a pitch starts while it sounds already, the earlier note ends there. Of notes that start together the longest is kept. Tracks
    are let alone, for voices may meet on a note; a tokenizer that knows no tracks does the same again to the notes that it lays together.
    """
    notes = score.notes
    key_N = ((notes.track.astype(np.int64) * 2 + notes.drum) * 128 + notes.program) * 128 + notes.pitch
    end_N = notes.end_ticks.astype(np.int64)
    kept, ends = one_at_a_time(key_N, notes.start_ticks.astype(np.int64), end_N, rank_N=-end_N)
    tidied = Tidied(truncated=int((ends < end_N[kept]).sum()), merged=len(notes) - len(kept))
    return score.changed(notes=notes.take(kept).changed(end_ticks=ends).in_order()), tidied
