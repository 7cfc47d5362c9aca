"""Silences that last longer than any that is meant, and notes that do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.music.score import Key, Meter, Pedals, Score, TempoMap

Ints = NDArray[np.int64]


def absurd_silences(score: Score) -> tuple[Ints, NDArray[np.float64]]:
    """Moments at which something begins, ends or changes its speed, ascending, and the seconds before each that are too many, or 0."""
    notes = score.notes
    moments = np.concatenate([notes.start_ticks, notes.end_ticks, [score.length_ticks], score.tempos.ticks]).astype(np.int64)
    moments.sort(kind="stable")
    seconds = np.diff(score.seconds_at(moments), prepend=0.0)
    # One that was shortened to the limit is not shortened again.
    return moments, np.where(seconds > limits.MAX_SILENCE_S * (1 + 1e-9), seconds, 0.0)


def without_absurd_silences(score: Score) -> tuple[Score, int]:
    """The score with silences and notes shortened to a limit in seconds, and how many were."""
    if score.length_ticks * int(score.tempos.us_per_beat.max()) <= limits.MAX_SILENCE_S * 1e6 * score.ticks_per_beat:
        return score, 0
    moments, seconds = absurd_silences(score)
    absurd = seconds > 0
    if not absurd.any():
        return score, 0
    steps = np.diff(moments, prepend=0)
    steps[absurd] = np.maximum(1, (steps[absurd] * (limits.MAX_SILENCE_S / seconds[absurd])).astype(np.int64))
    moved = np.cumsum(steps)

    def at(ticks: NDArray[np.integer]) -> Ints:
        return np.interp(ticks, moments, moved).round().astype(np.int64)

    notes = score.notes
    start_N = at(notes.start_ticks)
    shorter = score.changed(
        notes=notes.changed(start_ticks=start_N, end_ticks=np.maximum(at(notes.end_ticks), start_N + 1)).in_order(),
        tempos=TempoMap.of(zip(at(score.tempos.ticks).tolist(), score.tempos.us_per_beat.tolist(), strict=True)),
        meters=tuple(Meter(int(at(np.array(meter.tick))), meter.numerator, meter.denominator) for meter in score.meters),
        keys=tuple(Key(int(at(np.array(key.tick))), key.sharps, key.minor) for key in score.keys),
        pedals=Pedals.of(at(score.pedals.ticks), score.pedals.track, score.pedals.down),
        length_ticks=int(at(np.array(score.length_ticks))),
    )
    return shorter, int(absurd.sum())
