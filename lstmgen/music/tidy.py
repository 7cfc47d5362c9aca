"""What is decided about notes before anything is learned from them: the sustain pedal, and notes of one pitch that overlap.

Both policies are stated here once, count what they change, and work on whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import PedalPolicy
from lstmgen.music.score import Notes, Pedals, Score


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
    next_onset = _next_onsets(notes, (notes.track, notes.pitch))
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


def _next_onsets(notes: Notes, keys: tuple[NDArray[np.integer], ...]) -> NDArray[np.int64]:
    """For every note the later onset of the next one with equal keys; a very large number where there is none."""
    order = np.lexsort((notes.end_ticks, notes.start_ticks, *keys))
    starts = notes.start_ticks[order].astype(np.int64)
    following = np.full(len(order), np.iinfo(np.int64).max)
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    # Of several at one onset only the next different one counts, so look from behind.
    for place in range(len(order) - 2, -1, -1):
        if same[place]:
            following[place] = starts[place + 1] if starts[place + 1] > starts[place] else following[place + 1]
    result = np.empty(len(order), np.int64)
    result[order] = following
    return result


def without_overlaps(score: Score) -> tuple[Score, Tidied]:
    """The score with no two notes of one track, instrument and pitch sounding at once.

    Where a pitch starts while it sounds already, the earlier note ends there. Of notes that start together the longest is kept. Tracks
    are let alone, for voices may meet on a note; a tokenizer that knows no tracks does the same again to the notes that it lays together.
    """
    notes = score.notes
    instrument = notes.track.astype(np.int64) * 256 + notes.program + 128 * notes.drum
    order = np.lexsort((-notes.end_ticks.astype(np.int64), notes.start_ticks, notes.pitch, instrument))
    ordered = notes.take(order)
    key = instrument[order] * 128 + ordered.pitch
    starts = ordered.start_ticks.astype(np.int64)
    twin = np.zeros(len(key), np.bool_)
    twin[1:] = (key[1:] == key[:-1]) & (starts[1:] == starts[:-1])
    kept, key, starts = ordered.take(~twin), key[~twin], starts[~twin]
    ends = kept.end_ticks.astype(np.int64)
    following = np.where(key[1:] == key[:-1], starts[1:], np.iinfo(np.int64).max)
    shortened = np.minimum(ends[:-1], following)
    truncated = int((shortened < ends[:-1]).sum())
    if len(ends):
        ends[:-1] = shortened
    return score.changed(notes=kept.changed(end_ticks=ends).in_order()), Tidied(truncated=truncated, merged=int(twin.sum()))
