"""A score on a grid of equal steps, and back: what both forms of the `grid` tokenizer have in common.

Times are absolute when they are rounded, so errors never add up; halves go up, in whole numbers, so the result is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmgen import limits
from lstmgen.errors import InputError
from lstmgen.media.tunes.parts import LAST_TICK
from lstmgen.music.lanes import Steps
from lstmgen.music.score import Score


@dataclass(frozen=True, eq=False, kw_only=True)
class StepNotes:
    """Pitched notes on a grid, as columns of equal length.

    Attributes:
        start_N: the step in which each begins.
        end_N: the first step in which it does not sound any more; above `start_N`.
        pitch_N: 0 to 127.
        line_N: of a score the track, of ids the voice.
        place_N: of ids the index of the id with which each note begins; of a score 0.
        steps: length of the piece.
    """

    start_N: Steps
    end_N: Steps
    pitch_N: Steps
    line_N: Steps
    place_N: Steps
    steps: int


def on_grid(score: Score, steps_per_beat: int) -> StepNotes:
    """The pitched notes of a score, each at least one step long, in the score's order.

    Raises:
        InputError: the piece has more steps than any real one.
    """
    notes = score.notes.take(~score.notes.drum)
    start_N = nearest_step(notes.start_ticks.astype(np.int64), score.ticks_per_beat, steps_per_beat)
    end_N = np.maximum(nearest_step(notes.end_ticks.astype(np.int64), score.ticks_per_beat, steps_per_beat), start_N + 1)
    length = int(nearest_step(np.array([score.length_ticks], np.int64), score.ticks_per_beat, steps_per_beat)[0])
    steps = max(length, int(end_N.max(initial=0)))
    if steps > limits.MAX_GRID_STEPS or int((end_N - start_N).sum()) > limits.MAX_GRID_CELLS:
        raise InputError(
            f"the piece is {steps} steps of a grid long and its notes fill {int((end_N - start_N).sum())}, "
            f"expected at most {limits.MAX_GRID_STEPS} and {limits.MAX_GRID_CELLS}",
            remedy="leave the piece out, or choose --tokenizer notes",
        )
    pitch_N, line_N = notes.pitch.astype(np.int64), notes.track.astype(np.int64)
    return StepNotes(start_N=start_N, end_N=end_N, pitch_N=pitch_N, line_N=line_N, place_N=np.zeros_like(start_N), steps=steps)


def nearest_step(ticks: Steps, ticks_per_beat: int, steps_per_beat: int) -> Steps:
    """The step nearest to each tick."""
    return (2 * ticks * steps_per_beat + ticks_per_beat) // (2 * ticks_per_beat)


def nearest_tick(steps: Steps, ticks_per_beat: int, steps_per_beat: int) -> Steps:
    """The tick nearest to each step, at most the last that a score can hold.

    `nearest_step` of it is the step again, unless steps are finer than ticks.
    """
    return np.minimum((2 * steps * ticks_per_beat + steps_per_beat) // (2 * steps_per_beat), LAST_TICK)
