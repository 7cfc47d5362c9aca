"""The key that a piece is in: as its pitches say, by how long each of the twelve sounds, and as its end says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.score import Notes, Score

_MAJOR: Final = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_MINOR: Final = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
"""How often each degree sounds in a segment of the examples of Kostka and Payne (Temperley 2001, The Cognition of Basic Musical
Structures)."""
_NAMES: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
_ENDING: Final = 0.2
"""What it is worth that a piece ends on a tonic, beside a correlation. Of 1,034 dances whose signature was left out 90.2 % have their key
without it, 91.9 % with it, of 79 tunes of the bundled corpus 86.1 and 88.6 % (by the profiles of Krumhansl and Kessler 83.6 and 83.5 %)."""
_FIFTHS: Final = 7


@dataclass(frozen=True)
class Tonality:
    """A tonic, from 0 for C to 11 for B, and a mode."""

    tonic: int
    minor: bool = False

    @property
    def name(self) -> str:
        """`G`, or `E minor`."""
        return f"{_MINOR_NAMES[self.tonic]} minor" if self.minor else _NAMES[self.tonic]

    @staticmethod
    def of_signature(sharps: int, *, minor: bool) -> Tonality:
        """What a key signature says: -7 for seven flats to 7 for seven sharps."""
        return Tonality((_FIFTHS * sharps + (9 if minor else 0)) % 12, minor)


def pitch_classes(notes: Notes) -> NDArray[np.float64]:
    """For how many ticks each pitch class sounds, of shape (12,), drums apart."""
    pitched = notes.take(~notes.drum)
    ticks = (pitched.end_ticks - pitched.start_ticks).astype(np.float64)
    return np.bincount(pitched.pitch % 12, weights=ticks, minlength=12).astype(np.float64)


def tonality_of(notes: Notes, *, by_ending: bool = False) -> Tonality | None:
    """The key whose profile the notes are most like by correlation (Krumhansl and Kessler 1982); None without pitched notes.

    Args:
        notes: of a piece.
        by_ending: whether the lowest of the notes that begin last, which most pieces end on, says something too.
    """
    heard_P = pitch_classes(notes)
    if not heard_P.any():
        return None
    profiles = np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
    profiles -= profiles.mean(1, keepdims=True)
    heard_P -= heard_P.mean()
    fits = profiles @ heard_P / np.linalg.norm(profiles, axis=1)
    if by_ending:
        fits[int(_last(notes).min()) % 12 :: 12] += _ENDING * np.linalg.norm(heard_P)
    best = int(np.argmax(fits))
    return Tonality(best % 12, minor=best >= 12)


def key_name(score: Score) -> str:
    """The key in which a piece begins by its signature, or else the one that is heard: `G`, `E minor`; empty where only drums play."""
    if (heard := tonality_of(score.notes, by_ending=True)) is None:
        return ""
    written = next((Tonality.of_signature(key.sharps, minor=key.minor) for key in score.keys if key.tick == 0), None)
    return (written or heard).name


def ends_on(score: Score, tonic: int) -> bool:
    """Whether the highest or the lowest of the pitched notes that begin last is of the pitch class of a tonic."""
    last = _last(score.notes)
    return len(last) > 0 and bool(((np.array([last.min(), last.max()]) - tonic) % 12 == 0).any())


def _last(notes: Notes) -> NDArray[np.int64]:
    """The pitches of the notes that begin last, drums apart."""
    pitched = notes.take(~notes.drum)
    return pitched.pitch[pitched.start_ticks == pitched.start_ticks.max(initial=0)].astype(np.int64)
