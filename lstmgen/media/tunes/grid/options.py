"""The grid that fits some scores: how fine, and how many voices."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.errors import InputError
from lstmgen.media.tunes.grid.frames import on_grid
from lstmgen.media.tunes.grid.voicing import is_monophonic, ranks_at_onset
from lstmgen.media.tunes.time_bases import Beats
from lstmgen.music.score import Score

CANDIDATE_STEPS_PER_BEAT: Final = (1, 2, 3, 4, 6, 8, 12)
DEFAULT_STEPS_PER_BEAT: Final = 4
"""Where no grid fits, as in a performance without a beat."""
DEFAULT_VOICES: Final = 4
DEFAULT_CYCLE_BEATS: Final = 4
_MOST_VOICES: Final = 8
_FITTING_SHARE: Final = 0.995
"""A grid fits when it holds so many of the notes: a few grace notes make no finer one worth its steps."""
_TOLERANCE_BEATS: Final = 1 / 64
"""How far from its step a note may begin and still be on it; triplets in 480 ticks are exact, those in 100 are not."""
_SHORTEST_STEPS: Final = 0.5
"""A note shorter than this would become longer than it is by rounding."""
_USUAL_SHARE: Final = 0.1
"""A number of voices is usual when at least so many of the scores need it."""
_SCORES_LOOKED_AT: Final = 1000
"""Evenly spread over all there are: more would tell the same."""


def best_steps_per_beat(scores: Sequence[Score]) -> int:
    """The fewest steps a beat on which nearly all notes begin and none but a few vanish; 4 where none fits."""
    notes = [_beats(score) for score in _spread(scores)]
    onsets = np.concatenate([np.zeros(0), *(start for start, _ in notes)])
    lengths = np.concatenate([np.zeros(0), *(length for _, length in notes)])
    if not len(onsets):
        return DEFAULT_STEPS_PER_BEAT
    for steps in CANDIDATE_STEPS_PER_BEAT:
        on_step = np.abs(onsets - np.rint(onsets * steps) / steps) <= _TOLERANCE_BEATS
        if np.mean(on_step & (lengths * steps >= _SHORTEST_STEPS)) >= _FITTING_SHARE:
            return steps
    return DEFAULT_STEPS_PER_BEAT


def _beats(score: Score) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the pitched notes of a score begin, and how long they are, in beats."""
    notes = score.notes.take(~score.notes.drum)
    start, end = Beats(1).places(score, notes.start_ticks), Beats(1).places(score, notes.end_ticks)
    return start, end - start


def best_voices(scores: Sequence[Score], *, steps_per_beat: int) -> int:
    """The largest number of voices, 1 to 8, that is usual among the scores: of tracks, or of notes at once where tracks hold chords."""
    each = [_voices_of_one(score, steps_per_beat) for score in _spread(scores)]
    needed = np.sort([count for count in each if count])[::-1]
    if not len(needed):
        return DEFAULT_VOICES
    return int(np.clip(needed[int(np.ceil(_USUAL_SHARE * len(needed))) - 1], 1, _MOST_VOICES))


def best_cycle_beats(scores: Sequence[Score]) -> int:
    """The fewest beats that are whole bars of the meter in which most of the music is written."""
    beats_of = dict[int, float]()
    for score in _spread(scores):
        ends = [*(meter.tick for meter in score.meters[1:]), score.length_ticks]
        for meter, end in zip(score.meters, ends, strict=True):
            cycle = Fraction(4 * meter.numerator, meter.denominator).numerator
            beats_of[cycle] = beats_of.get(cycle, 0.0) + max(0, end - meter.tick) / score.ticks_per_beat
    best = max(beats_of, key=lambda cycle: (beats_of[cycle], -cycle), default=DEFAULT_CYCLE_BEATS)
    return best if best <= limits.MAX_CYCLE_BEATS else DEFAULT_CYCLE_BEATS


def _voices_of_one(score: Score, steps_per_beat: int) -> int:
    """How many voices a score needs; 0 where there is nothing to tell it from."""
    try:
        notes = on_grid(score, Beats(steps_per_beat))
    except InputError:  # whoever encodes the piece will say so
        return 0
    if not len(notes.pitch_N):
        return 0
    tracks = len(np.unique(notes.line_N))
    if is_monophonic(notes):
        return tracks
    _, _, sounding = ranks_at_onset(notes)
    return max(tracks, int(np.quantile(sounding, 1 - _USUAL_SHARE, method="lower")))


def _spread(scores: Sequence[Score]) -> Sequence[Score]:
    return scores[:: -(-len(scores) // _SCORES_LOOKED_AT) or 1]
