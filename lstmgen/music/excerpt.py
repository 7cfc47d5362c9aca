"""A part of a piece as a piece of its own."""

from __future__ import annotations

import dataclasses

import numpy as np

from lstmgen.music.score import Score


def excerpt(score: Score, start_tick: int, end_tick: int) -> Score:
    """What sounds between two ticks, moved to the beginning; notes that reach beyond are cut there.

    Tempo, meter and key are those that hold at its start and what they change to. Pedals are left out: `tidy.with_pedal` comes before.

    Raises:
        ValueError: the part does not end after it starts.
    """
    if not 0 <= start_tick < end_tick:
        raise ValueError("the part does not end after it starts")
    notes = score.notes.take((score.notes.start_ticks < end_tick) & (score.notes.end_ticks > start_tick))
    # A drum is struck once: what of it sounds on from before is not struck again.
    notes = notes.take(~notes.drum | (notes.start_ticks >= start_tick))
    moved = notes.changed(
        start_ticks=np.maximum(notes.start_ticks, start_tick) - start_tick, end_ticks=np.minimum(notes.end_ticks, end_tick) - start_tick
    )
    return Score.of(
        moved.in_order(),
        ticks_per_beat=score.ticks_per_beat,
        tempos=[(max(0, tick - start_tick), tempo) for tick, tempo in score.tempos if tick < end_tick],
        meters=_moved(score.meters, start_tick, end_tick),
        keys=_moved(score.keys, start_tick, end_tick),
        tracks=score.tracks,
        length_ticks=end_tick - start_tick,
    )


def _moved(signs: tuple, start_tick: int, end_tick: int) -> list:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """Time or key signatures: the one that holds at the start, and those that follow within the part."""
    return [
        dataclasses.replace(sign, tick=max(0, sign.tick - start_tick))
        for sign in (
            *[sign for sign in signs if sign.tick <= start_tick][-1:],
            *(sign for sign in signs if start_tick < sign.tick < end_tick),
        )
    ]
