"""Who plays decoded notes: what ids without instruments leave open is taken from the score that they continue, or by default.

From a score: ticks per beat, tempo, meters, keys, tracks, and of each pitched track its program and its usual loudness. By default: 480
ticks per beat, 120 beats per minute, 4/4, program 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, final

import numpy as np

from lstmgen.media.tunes.step_notes import UNSAID, StepNotes
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.lanes import Steps
from lstmgen.music.score import Notes, Score, Track

DEFAULT_VELOCITY: Final = 80
DEFAULT_TICKS_PER_BEAT: Final = 480
LAST_TICK: Final = 2**31 - 1
"""The last that a score can hold."""
DRUMS: Final = 128
"""The instrument that stands for the drums; the others are the programs of General MIDI."""
INSTRUMENTS: Final = 129
MOST_TRACKS: Final = 16
"""Tracks of one program that stay apart, at the most. Line `instrument * MOST_TRACKS + n` is the n-th of them, from 0."""
LINES: Final = INSTRUMENTS * MOST_TRACKS
FIRST_DRUMS: Final = DRUMS * MOST_TRACKS
"""The line of the drums."""


@cache
def blank() -> Score:
    """What ids continue that continue nothing: no notes, no tracks, 4/4 at 120 beats per minute."""
    return Score.of(Notes.empty(), ticks_per_beat=DEFAULT_TICKS_PER_BEAT).changed(tracks=())


def played(notes: StepNotes, like: Score, base: TimeBase, band: Band) -> Notes:
    """Notes in ticks; each ends after it starts, and what no score can hold is left out."""
    start_N, end_N = base.ticks(like, notes.start_N), base.ticks(like, notes.end_N)
    end_N = np.minimum(np.maximum(end_N, start_N + 1), LAST_TICK)
    columns = {"pitch": notes.pitch_N, **band.columns(notes)}
    fits = start_N < end_N
    return Notes.of(start_N[fits], end_N[fits], **{name: column[fits] for name, column in columns.items()})


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


@final
class Parts:
    """A band of pitched parts, one for each line of the notes.

    Args:
        like: the score that is continued.
        parts: its parts; None is a new track, which plays the program of the first part that there is.
        names: of the tracks that are new.
        by_pitch: whether a note belongs to the part whose notes lie nearest to its pitch, whatever its line.
    """

    def __init__(self, like: Score, parts: Sequence[Part | None], names: Sequence[str], *, by_pitch: bool = False) -> None:
        self.tracks = list(like.tracks)
        self._by_pitch = by_pitch
        self._parts: list[Part] = []
        model = next((part for part in parts if part is not None), Part(track=0))
        for part, name in zip(parts, names, strict=True):
            if part is None:
                self._parts.append(Part(track=len(self.tracks), program=model.program, velocity=model.velocity))
                self.tracks.append(Track(name))
            else:
                self._parts.append(part)

    @staticmethod
    def by_pitch(like: Score) -> Parts:
        """The parts of a score, or one new part."""
        parts = parts_of(like) or [None]
        return Parts(like, parts, [""] * len(parts), by_pitch=True)

    def columns(self, notes: StepNotes) -> dict[str, Any]:
        """Track, program, velocity and whether it is a drum of each note."""
        part_N = notes.line_N
        if self._by_pitch:
            part_N = np.abs(notes.pitch_N[:, None] - np.array([part.pitch for part in self._parts])).argmin(1)
        track_N, program_N, usual_N = (
            np.array([getattr(part, name) for part in self._parts], np.int64)[part_N] for name in ("track", "program", "velocity")
        )
        velocity_N = np.where(notes.velocity_N == UNSAID, usual_N, notes.velocity_N)
        return {"track": track_N, "program": program_N, "velocity": velocity_N, "drum": np.zeros(len(part_N), np.bool_)}


def lines_of(score: Score, tracks: int) -> Steps:
    """The line of every note: its instrument, and the how-manieth track of the score that plays it.

    All drums are one line, on purpose: a kit is one instrument, whose sounds files put on one track or on one each as they like, and
    each sound has a number of its own. So a model learns one kit, however it was written down, and needs no ids for drums of its tracks.

    Args:
        score: where they are.
        tracks: how many of one program stay apart, 1 to `MOST_TRACKS`; those beyond are one with the last.
    """
    instrument_N = np.where(score.notes.drum, DRUMS, score.notes.program.astype(np.int64))
    pairs, of_pair_N = np.unique(instrument_N << 16 | score.notes.track, return_inverse=True)
    instrument_P = pairs >> 16
    number_P = np.arange(len(pairs)) - np.searchsorted(instrument_P, instrument_P)
    number_P = np.where(instrument_P == DRUMS, 0, np.minimum(number_P, tracks - 1))
    return (instrument_P * MOST_TRACKS + number_P)[of_pair_N]


def most_tracks(scores: Iterable[Score]) -> int:
    """The most tracks of one program in any of the scores, 1 to `MOST_TRACKS`."""
    return 1 + max((int((lines_of(score, MOST_TRACKS) % MOST_TRACKS).max(initial=0)) for score in scores), default=0)


@final
class Ensemble:
    """A band of lines: each plays on the track of the score that is its own, or on a new one.

    Where several tracks of the score are one line, a note goes to that whose notes lie nearest to its pitch; a drum to the one that
    strikes it most often, where one does.

    Args:
        like: the score that is continued.
        named: the lines that are named, to which others may be added: new tracks stand in this order.
        tracks: how many tracks of one program are told apart.
        name_of: what the new track of a line is called.
    """

    def __init__(self, like: Score, named: Iterable[int], tracks: int, *, name_of: Callable[[int], str] = lambda _: "") -> None:
        pairs, of_pair_N = np.unique(lines_of(like, tracks) << 16 | like.notes.track, return_inverse=True)
        struck_PQ = np.bincount(of_pair_N * 128 + like.notes.pitch, minlength=128 * len(pairs)).reshape(-1, 128)
        line_P, far_PQ = pairs >> 16, np.abs(np.arange(128) - (struck_PQ @ np.arange(128) / struck_PQ.sum(1))[:, None])
        # A sound of drums has nothing to do with the number next to it.
        far_PQ[line_P >= FIRST_DRUMS] -= 128 * struck_PQ[line_P >= FIRST_DRUMS]
        self._known = {line: (pairs[line_P == line] & 0xFFFF)[far_PQ[line_P == line].argmin(0)] for line in dict.fromkeys(line_P.tolist())}
        """For each line of the score the track of every pitch, of shape (128,)."""
        self._like, self._named, self._name_of = like, named, name_of

    @property
    def _new(self) -> dict[int, int]:
        new = [line for line in dict.fromkeys(self._named) if line not in self._known]
        return {line: len(self._like.tracks) + place for place, line in enumerate(new)}

    @property
    def tracks(self) -> Sequence[Track]:
        """All tracks: those of the score, then new ones."""
        return (*self._like.tracks, *(Track(self._name_of(line)) for line in self._new))

    def columns(self, notes: StepNotes) -> dict[str, Any]:
        """Track, program, velocity and whether it is a drum of each note."""
        drum_N, new, track_N = notes.line_N >= FIRST_DRUMS, self._new, np.zeros_like(notes.line_N)
        for line in dict.fromkeys(notes.line_N.tolist()):
            mine = notes.line_N == line
            track_N[mine] = self._known[line][notes.pitch_N[mine]] if line in self._known else new[line]
        return {"track": track_N, "program": np.where(drum_N, 0, notes.line_N // MOST_TRACKS), "velocity": notes.velocity_N, "drum": drum_N}


Band = Parts | Ensemble
"""Who plays notes; its `tracks` are those of the score that is continued, then new ones."""
