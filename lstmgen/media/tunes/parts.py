"""What the ids of a tokenizer without instruments leave open, taken from the score that they continue, or by default.

From a score: ticks per beat, tempo, meters, keys, tracks, and of each pitched track its program and its usual loudness. By default: 480
ticks per beat, 120 beats per minute, 4/4, program 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lstmgen.music.lanes import Steps
from lstmgen.music.score import Notes, Score, Track

DEFAULT_VELOCITY: Final = 80
DEFAULT_TICKS_PER_BEAT: Final = 480
LAST_TICK: Final = 2**31 - 1
"""The last that a score can hold."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Where notes go that have no track of their own.

    Attributes:
        track: index in the tracks of the score.
        program: of its last note.
        velocity: the median of its notes'.
        pitch: the mean of its notes'.
    """

    track: int
    program: int = 0
    velocity: int = DEFAULT_VELOCITY
    pitch: float = 60.0


def parts_of(score: Score) -> list[Part]:
    """The pitched tracks of a score in their order; tracks of drums and tracks without notes are none."""
    notes = score.notes.take(~score.notes.drum)
    parts: list[Part] = []
    for track in np.unique(notes.track):
        own = notes.take(notes.track == track)
        velocity, pitch = int(np.median(own.velocity)), float(own.pitch.mean())
        parts.append(Part(track=int(track), program=int(own.program[-1]), velocity=velocity, pitch=pitch))
    return parts


def nearest_part(parts: Sequence[Part], pitch_N: Steps) -> Steps:
    """The index of the part that lies nearest to each pitch, of shape (N,); the first of equals."""
    distance_NK = np.abs(pitch_N[:, None] - np.array([part.pitch for part in parts])[None, :])
    return distance_NK.argmin(1)


def with_new_tracks(like: Score | None, parts: Sequence[Part | None], names: Sequence[str]) -> tuple[list[Part], tuple[Track, ...]]:
    """The parts with new tracks behind those of `like` for what is None, and all tracks then.

    A new track plays the program of the first part that there is.
    """
    tracks = list(like.tracks) if like is not None else []
    model = next((part for part in parts if part is not None), Part(track=0))
    found: list[Part] = []
    for part, name in zip(parts, names, strict=True):
        if part is None:
            found.append(Part(track=len(tracks), program=model.program, velocity=model.velocity))
            tracks.append(Track(name))
        else:
            found.append(part)
    return found, tuple(tracks)


def assembled(
    like: Score | None,
    *,
    ticks: tuple[Steps, Steps],
    pitch_N: Steps,
    velocity_N: Steps | None,
    part_N: Steps,
    parts: Sequence[Part],
    tracks: tuple[Track, ...],
    length_ticks: int,
) -> Score:
    """The score of decoded notes.

    Args:
        like: the score that the notes continue.
        ticks: where each note begins and ends; an end that is not above its start is moved there, and what no score can hold is left out.
        pitch_N: 0 to 127.
        velocity_N: 1 to 127; None: the usual one of each part.
        part_N: index in `parts` of each note.
        parts: where notes go.
        tracks: all tracks.
        length_ticks: where the piece ends, or earlier than its last note does.
    """
    start_N, end_N = ticks
    end_N = np.minimum(np.maximum(end_N, start_N + 1), LAST_TICK)
    column = {name: np.array([getattr(part, name) for part in parts], np.int64)[part_N] for name in ("track", "program", "velocity")}
    if velocity_N is not None:
        column["velocity"] = velocity_N
    fits = start_N < end_N
    notes = Notes.of(start_N[fits], end_N[fits], pitch_N[fits], **{name: values[fits] for name, values in column.items()})
    length_ticks = min(length_ticks, LAST_TICK)
    if like is None:
        return Score.of(notes, tracks=tracks, length_ticks=length_ticks)
    return Score.of(notes, ticks_per_beat=like.ticks_per_beat, keys=like.keys, tracks=tracks, length_ticks=length_ticks).changed(
        tempos=like.tempos, meters=like.meters
    )
