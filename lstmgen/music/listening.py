"""What is wrong with a tune that nobody has listened to yet: it goes round in circles, or hardly anything sounds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.score import Notes, Score
from lstmgen.wording import counted

_LEAST_NOTES: Final = 12
"""Of fewer notes nothing is said."""
_LONGEST_PERIOD: Final = 64
_LOOP_SHARE: Final = 0.6
"""Part of the tune that has to lie in one loop."""
_LOOP_TURNS: Final = 6
_ONE_PITCH_SHARE: Final = 0.9
_SPARSE_PER_S: Final = 0.1
"""Fewer notes a second than this are nearly silence; the slowest real pieces have ten times as many."""
_FAINT_VELOCITY: Final = 20
_SILENCE_S: Final = 25.0
"""Longer than the pauses between the movements of a recorded recital."""


def warnings_of(score: Score) -> tuple[str, ...]:
    """What a listener would complain about, with the figures; empty for ordinary music."""
    notes = score.notes
    if not len(notes):
        return ("it is silent: there is not a single note",)
    found = [*_silence(score), *_loops(notes)]
    loudest = int(notes.velocity.max())
    if loudest < _FAINT_VELOCITY:
        found.append(f"it is hardly to be heard: the loudest note has velocity {loudest} of 127")
    return tuple(found)


def _silence(score: Score) -> list[str]:
    seconds, notes = score.duration_s, score.notes
    if seconds > _SILENCE_S and len(notes) / seconds < _SPARSE_PER_S:
        return [f"it is nearly silent: {counted(len(notes), 'note')} in {counted(round(seconds), 'second')}"]
    starts, ends = score.seconds_at(notes.start_ticks), np.maximum.accumulate(score.seconds_at(notes.end_ticks))
    gaps = np.append(starts[1:], seconds) - ends
    longest = float(gaps.max())
    return [f"it is silent for {counted(round(longest), 'second')} on end"] if longest > _SILENCE_S else []


def _loops(notes: Notes) -> list[str]:
    pitched = notes.take(~notes.drum)
    if len(pitched) < _LEAST_NOTES:
        return []
    share = float(np.bincount(pitched.pitch).max()) / len(pitched)
    if share > _ONE_PITCH_SHARE:
        return [f"one note is repeated: {share:.0%} of the notes have the same pitch"]
    symbols = _symbols(pitched)
    for period in range(1, min(_LONGEST_PERIOD, len(symbols) // _LOOP_TURNS) + 1):
        run = _longest_run(symbols[period:] == symbols[:-period])
        turns = (run + period) / period
        if turns >= _LOOP_TURNS and run + period >= _LOOP_SHARE * len(symbols):
            return [f"it goes round in circles: the same {counted(period, 'note')} {counted(int(turns), 'time')} on end"]
    return []


def _symbols(notes: Notes) -> NDArray[np.int64]:
    """Pitch, length and time to the next note of each note, as one number."""
    gap = np.diff(notes.start_ticks, append=notes.start_ticks[-1:]).astype(np.int64)
    length = (notes.end_ticks - notes.start_ticks).astype(np.int64)
    return notes.pitch.astype(np.int64) + 128 * (np.minimum(gap, 2**20) + 2**21 * np.minimum(length, 2**20))


def _longest_run(flags: NDArray[np.bool_]) -> int:
    """Length of the longest stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
