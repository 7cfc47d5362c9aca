"""Which voice of a grid each note of a score belongs to.

Tracks named "Voice 1", "Voice 2" ... are those voices. Else, as many tracks as voices, and fewer that hold hardly any chords, are a voice
each, the highest on average first. Else tracks do not matter: a note belongs to the voice of its rank, counted from above, among all that
sounds as it begins; of more notes than voices the lowest is the last voice, and those above it are left out.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.music.lanes import Steps, cells, one_at_a_time
from lstmgen.music.score import Score

NO_VOICE: Final = -1
_MAX_CHORDAL_SHARE: Final = 0.1
"""Where more than this share of the notes begin together with a higher one of their track, a track is no voice."""
_NAME: Final = re.compile(r"Voice ([1-9][0-9]?)")


def voice_name(voice: int) -> str:
    """The track name by which a voice is known again, counted from 0."""
    return f"Voice {voice + 1}"


def voices_of(notes: StepNotes, score: Score, *, voices: int) -> Steps:
    """The voice of each note, of shape (N,), or `NO_VOICE`."""
    tracks, track_N = np.unique(notes.line_N, return_inverse=True)
    monophonic = is_monophonic(notes)
    named = [_NAME.fullmatch(score.tracks[track].name) for track in tracks]
    numbers = [int(match[1]) for match in named if match is not None]
    if monophonic and len(numbers) == len(tracks) == len(set(numbers)) and max(numbers, default=0) <= voices:
        return np.array(numbers, np.int64)[track_N] - 1
    if len(tracks) == voices or (len(tracks) < voices and monophonic):
        mean_pitch = np.bincount(track_N, notes.pitch_N) / np.bincount(track_N)
        voice_of_track = np.argsort(np.argsort(-mean_pitch, kind="stable"), kind="stable")
        return voice_of_track[track_N]
    return _by_rank(notes, voices)


def is_monophonic(notes: StepNotes) -> bool:
    """Whether the tracks hold hardly any chords."""
    kept, _ = one_at_a_time(notes.line_N, notes.start_N, notes.end_N, rank_N=-notes.pitch_N)
    return len(notes.pitch_N) - len(kept) <= _MAX_CHORDAL_SHARE * len(notes.pitch_N)


def ranks_at_onset(notes: StepNotes) -> tuple[Steps, Steps, Steps]:
    """For each note that is the longest of its pitch and onset: its index, how many higher ones sound as it begins, and how many in all."""
    kept, end = one_at_a_time(notes.pitch_N, notes.start_N, notes.end_N, rank_N=-notes.end_N)
    note_C, step_C = cells(notes.start_N[kept], end)
    order = np.argsort(step_C * 128 - notes.pitch_N[kept][note_C], kind="stable")
    note_C, step_C = note_C[order], step_C[order]
    size_S = np.bincount(step_C)
    first_S = np.cumsum(size_S) - size_S
    onset = notes.start_N[kept][note_C] == step_C
    rank = np.flatnonzero(onset) - first_S[step_C[onset]]
    return kept[note_C[onset]], rank, size_S[step_C[onset]]


def _by_rank(notes: StepNotes, voices: int) -> Steps:
    voice_N = np.full(len(notes.pitch_N), NO_VOICE)
    which, rank, sounding = ranks_at_onset(notes)
    is_lowest = rank + 1 == sounding
    voice_N[which] = np.where(rank < voices - 1, rank, np.where(is_lowest | (sounding <= voices), voices - 1, NO_VOICE))
    return voice_N


def track_of_voices(notes: StepNotes, voice_N: Steps, *, voices: int) -> list[int | None]:
    """For each voice the track that has most of its notes and is no higher voice's; None where none is left."""
    found: list[int | None] = []
    for voice in range(voices):
        tracks, counts = np.unique(notes.line_N[voice_N == voice], return_counts=True)
        best_first = tracks[np.argsort(-counts, kind="stable")].tolist()
        found.append(next((track for track in best_first if track not in found), None))
    return found
