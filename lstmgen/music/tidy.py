"""What is decided about notes before anything is learned from them: upbeats, ends, the sustain pedal, and overlaps of one pitch.

The policies are stated here once and work on whole columns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import PedalPolicy
from lstmgen.music.bars import Bars, upbeat_ticks
from lstmgen.music.excerpt import excerpt
from lstmgen.music.lanes import one_at_a_time
from lstmgen.music.score import Notes, Pedals, Score, TempoMap

_LAST_TICK: Final = 2**31 - 1
"""The last that a score can hold."""


def with_whole_upbeat(score: Score) -> Score:
    """The score whose upbeat ends a whole bar of silence, where it has a short bar of its own: so bars are alike from the first one on."""
    bars = Bars(score)
    line = bars.tick(1)
    missing = bars.tick(2) - 2 * line
    if not upbeat_ticks(score) or missing < line or score.length_ticks + missing > _LAST_TICK:
        return score
    notes, pedals = score.notes, score.pedals
    return score.changed(
        notes=notes.changed(start_ticks=notes.start_ticks + missing, end_ticks=notes.end_ticks + missing),
        tempos=TempoMap.of((tick + missing * (tick > 0), tempo) for tick, tempo in score.tempos),
        meters=tuple(replace(meter, tick=meter.tick + missing if meter.tick > line else 0) for meter in score.meters[1:]),
        keys=tuple(replace(key, tick=key.tick + missing * (key.tick > 0)) for key in score.keys),
        pedals=Pedals.of(pedals.ticks.astype(np.int64) + missing, pedals.track, pedals.down),
        length_ticks=score.length_ticks + missing,
    )


def without_silent_end(score: Score) -> Score:
    """The score up to the end of the bar in which its last note ends, or its last pedal moves.

    Programs write a rest behind the music, of a beat or more: what of it lies in bars of its own is no part of how pieces end.
    """
    if not len(score.notes):
        return score
    bars, last = Bars(score), max(int(score.notes.end_ticks.max()) - 1, int(score.pedals.ticks.max(initial=0)))
    end = bars.tick(bars.index(last) + 1)
    return score if score.length_ticks <= end else excerpt(score, 0, end).changed(pedals=score.pedals)


def with_pedal(score: Score, policy: PedalPolicy) -> Score:
    """The score without its pedals.

    Under `extend` a note that ends while the pedal of its track is down sounds until the pedal is up or its pitch is struck again in that
    track, whichever comes first; where the pedal never comes up, until the end of the piece. Under `drop` the pedal is forgotten. Drums
    never listen to it.
    """
    if policy == "drop" or not score.pedals or not len(score.notes):
        return score.changed(pedals=Pedals.of())
    return score.changed(notes=score.notes.changed(end_ticks=pedal_ends(score)).in_order(), pedals=Pedals.of())


def pedal_ends(score: Score) -> NDArray[np.int64]:
    """The tick at which each note ends, of shape (N,), where the pedal sounds on as `with_pedal` extends it."""
    notes = score.notes
    ends = notes.end_ticks.astype(np.int64)
    next_onset = _next_onsets(notes)
    for track in np.unique(score.pedals.track).tolist():
        mine = np.flatnonzero((notes.track == track) & ~notes.drum)
        downs, ups = _pressed(score, track)
        place = np.searchsorted(downs, ends[mine], side="right") - 1
        held = place >= 0
        held[held] = ends[mine][held] < ups[place[held]]
        chosen = mine[held]
        ends[chosen] = np.maximum(ends[chosen], np.minimum(ups[place[held]], next_onset[chosen]))
    return ends


def _pressed(score: Score, track: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When the pedal of a track goes down, and when it comes up again."""
    pedals = score.pedals.of_track(track)
    moves = np.diff(pedals.down.astype(np.int8), prepend=0) != 0
    ticks, down = pedals.ticks[moves].astype(np.int64), pedals.down[moves]
    downs, ups = ticks[down], ticks[~down]
    return downs, ups if len(ups) == len(downs) else np.append(ups, max(score.length_ticks, int(downs[-1])))


def _next_onsets(notes: Notes) -> NDArray[np.int64]:
    """For every note when its pitch is struck again later in its track; a very large number where it is not."""
    never = np.iinfo(np.int64).max
    moment_N = (notes.track.astype(np.int64) * 128 + notes.pitch) << 32 | notes.start_ticks
    moments = np.append(np.unique(moment_N), never)
    later_N = moments[np.searchsorted(moments, moment_N, side="right")]
    return np.where(later_N >> 32 == moment_N >> 32, later_N & (2**32 - 1), never)


def without_overlaps(score: Score) -> Score:
    """The score with no two notes of one track, instrument and pitch sounding at once.

    Where a pitch starts while it sounds already, the earlier note ends there. Of notes that start together the longest is kept. Tracks
    stay apart, for voices may meet on a note; a tokenizer that knows no tracks does the same again to the notes that it joins.
    """
    notes = score.notes
    instrument_N = notes.track.astype(np.int64) * 256 + notes.program + 128 * notes.drum
    start_N, end_N = notes.start_ticks.astype(np.int64), notes.end_ticks.astype(np.int64)
    kept, end_N = one_at_a_time(instrument_N * 128 + notes.pitch, start_N, end_N, rank_N=-end_N)
    return score.changed(notes=notes.take(kept).changed(end_ticks=end_N).in_order())
