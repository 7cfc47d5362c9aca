"""The key of a piece: by its key signature, or by what sounds most."""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.music.score import KEY_NAMES, Key, Score
from lstmgen.music.tonality import tonality_of

KEYS: Final = 24
"""Major keys by their tonic, 0 is C, then minor keys."""

_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each semitone above the tonic fits (Krumhansl and Kessler 1982)."""
_PROFILES: Final = np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
_CENTRED: Final = (_PROFILES - _PROFILES.mean(axis=1, keepdims=True)) / 12**0.5 / _PROFILES.std(axis=1, keepdims=True)
"""Whose products with centred and normed weights are correlations."""
_EQUAL: Final = 1e-9


def key_of(score: Score, *, by_ending: bool = True) -> int:
    """The key of a score, 0 to 23: that of the signature at its beginning, else the one that it is heard in; C major without notes.

    Args:
        score: whose key it is.
        by_ending: whether how it ends says something of that; older models have learned keys that are the nearest profiles of Krumhansl
            and Kessler alone.
    """
    if score.keys and score.keys[0].tick == 0:
        return number_of(score.keys[0])
    if by_ending:
        heard = tonality_of(score.notes, by_ending=True)
        return 0 if heard is None else heard.tonic + KEYS // 2 * heard.minor
    notes = score.notes.take(~score.notes.drum)
    lengths = (notes.end_ticks - notes.start_ticks).astype(np.float64)
    weights = np.bincount(notes.pitch % 12, weights=lengths, minlength=12)
    centred = weights - weights.mean()
    norm = np.linalg.norm(centred)
    if not weights.std():
        return 0
    fits = _CENTRED @ centred / norm
    best = np.flatnonzero(fits > fits.max() - _EQUAL)
    if len(best) == 1:
        return int(best[0])
    # Of keys that fit equally well rounding chooses; these are the sums that have always chosen.
    return int(np.argmax([np.corrcoef(weights, profile)[0, 1] for profile in _PROFILES]))


def number_of(key: Key) -> int:
    """The number of a key signature."""
    return (7 * key.sharps + (9 if key.minor else 0)) % 12 + (12 if key.minor else 0)


def signature(number: int) -> Key:
    """The key signature of a key, at tick 0, with as few sharps or flats as there can be."""
    major = (number + 3) % 12 if number >= 12 else number  # the major key with the same signature
    return Key(0, (7 * major + 5) % 12 - 5, number >= 12)


def moved(number: int, semitones: int) -> int:
    """A key, so many semitones higher."""
    return number // 12 * 12 + (number + semitones) % 12


def key_name(number: int) -> str:
    """Such as `D minor`."""
    key = signature(number)
    return f"{KEY_NAMES[key.minor][key.sharps + 7]} {'minor' if key.minor else 'major'}"
