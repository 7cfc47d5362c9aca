"""A tune as novelty compares it: the steps from note to note, in whatever key and at whatever speed.

A step is the interval in semitones and the ratio of the time between the two notes to the time before. The notes go in the order of their
onsets, and from the lowest to the highest where several begin together.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.media.base import Symbols
from lstmgen.music.score import Score

_HALF: Final = 2
"""Ratios of times are told apart to half an octave."""


def symbols_of_score(score: Score) -> Symbols:
    """One symbol for each pitched note after the first."""
    notes = score.notes.take(~score.notes.drum)
    order = np.lexsort((notes.pitch, notes.start_ticks))
    pitch, start = notes.pitch[order].astype(np.int64), notes.start_ticks[order].astype(np.int64)
    if len(pitch) < 2:
        return np.zeros(0, np.uint32)
    steps = np.diff(start)
    moves = np.flatnonzero(steps > 0)
    before = np.searchsorted(moves, np.arange(len(steps)), side="left") - 1
    earlier = np.where(before >= 0, steps[moves[np.maximum(before, 0)]] if len(moves) else 1, 0)
    # 0: together with the note before; 1: the first time that passes; else half octaves of the ratio to the time before.
    known = (steps > 0) & (earlier > 0)
    ratio = np.log2(np.where(known, steps, 1) / np.where(known, earlier, 1))
    pace = np.where(steps == 0, 0, np.where(known, 2 + np.clip(np.rint(_HALF * ratio) + 16, 0, 32), 1)).astype(np.int64)
    return (1 + (np.diff(pitch) + 128) + 256 * pace).astype(np.uint32)
