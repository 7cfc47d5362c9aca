"""Pitches, scales and ranges of pitches as a person writes them."""

from __future__ import annotations

import difflib
import re
from typing import Final

from lstmgen.errors import UsageError

_NOTE_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_LETTERS: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}

SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "chromatic": tuple(range(12)),
}
"""Semitones above the first note; `minor` is the natural one, `pentatonic` that of major, `diminished` begins with a whole tone."""

_ALIASES: Final = {
    "": "major",
    "maj": "major",
    "dur": "major",
    "ionian": "major",
    "m": "minor",
    "min": "minor",
    "moll": "minor",
    "natural minor": "minor",
    "aeolian": "minor",
    "major pentatonic": "pentatonic",
    "pentatonic major": "pentatonic",
    "pentatonic minor": "minor pentatonic",
    "minor blues": "blues",
    "whole": "whole tone",
    "octatonic": "diminished",
}

_MODES: Final = {"major": 0, "minor": 12}
"""Of keys: the number of the one on C, as `lstmgen.music.keys` counts them."""
_ACCIDENTAL: Final = r"(#|♯|b|♭|[\s-]?sharp|[\s-]?flat)?"
_SCALE: Final = re.compile(rf"([A-Ga-g]){_ACCIDENTAL}(?![#♯♭])[\s_-]*([A-Za-z][A-Za-z\s_-]*)?")
_WRONG_NOTE: Final = re.compile(r"([A-Za-z][#♯b♭]?)(?:[\s_-]+([A-Za-z][A-Za-z\s_-]*))?")
_PITCH: Final = r"(?:[A-Ga-g][#♯b♭]?-?[0-9]{1,2}|[0-9]{1,3})"
_RANGE: Final = re.compile(rf"({_PITCH})\s*(?:-|\u2013|\.\.|:|to)\s*({_PITCH})")


def pitch_name(pitch: int) -> str:
    """`C4` for 60, middle C; black keys as sharps."""
    return f"{_NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"


def parse_scale(text: str) -> frozenset[int]:
    """The pitch classes (0 is C) of a scale such as `C minor`, `F# major`, `Bb dorian`, `Am` or `chromatic`; a note alone is its major.

    Raises:
        UsageError: there is no such scale, or its first note is not named.
    """
    wanted = text.strip()
    if _plain(wanted) == "chromatic":
        return frozenset(range(12))
    root, kind = parse_root(text)
    return frozenset((root + interval) % 12 for interval in SCALES[kind])


def parse_root(text: str) -> tuple[int, str]:
    """The first note of a scale and the name of its intervals in `SCALES`; `chromatic` needs none, see `parse_scale`.

    Raises:
        UsageError: as there.
    """
    wanted = text.strip()
    name = _plain(wanted)
    if _ALIASES.get(name, name) in SCALES and name not in {"", "m"}:
        raise UsageError(f"the scale {name!r} needs a note to begin on", remedy=f'write it like "C {name}"')
    match = _SCALE.fullmatch(wanted)
    if match is None:
        raise _unknown(text, name)
    letter, accidental, kind = match[1].lower(), (match[2] or "").strip(" -"), match[3] or ""
    kind = "major" if kind == "M" else _plain(kind).removesuffix(" scale").removesuffix(" mode")
    kind = _ALIASES.get(kind, kind)
    if kind not in SCALES:
        raise _unknown(text, kind)
    return (_LETTERS[letter] + _ACCIDENTALS[accidental.lower()]) % 12, kind


def parse_key(text: str) -> int:
    """The number of a key such as `D minor`, `F# major`, `Bb` or `Am`.

    Raises:
        UsageError: it is none.
    """
    remedy = 'write it like "D minor", "F# major" or Bb'
    try:
        root, scale = parse_root(text)
    except UsageError as error:
        raise UsageError(f"{text!r} is not a key", remedy=remedy) from error
    if scale not in _MODES:
        raise UsageError(f"a key is major or minor, found {scale}", remedy=f'{remedy}, or keep to a scale: --scale "{text.strip()}"')
    return _MODES[scale] + root


def parse_pitch_range(text: str) -> tuple[int, int]:
    """The lowest and the highest pitch of a range such as `C3-C6`, `A#2..F5` or `48-84`; C4 is 60.

    Raises:
        UsageError: it is not a range, or reaches beyond 0 to 127 (C-1 to G9).
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a range of pitches", remedy="write it like C3-C6, or as numbers like 48-84; C4 is 60")
    low, high = _pitch(match[1]), _pitch(match[2])
    if not 0 <= min(low, high) <= max(low, high) <= 127:
        raise UsageError(f"the range {text!r} reaches beyond 0 to 127", remedy="the lowest pitch is C-1, the highest G9")
    if low > high:
        raise UsageError(f"the range {text!r} begins above its end", remedy=f"{pitch_name(high)}-{pitch_name(low)}")
    return low, high


def _pitch(text: str) -> int:
    if text.isdigit():
        return int(text)
    name = text.rstrip("-0123456789")
    return pitch_number(name, int(text.removeprefix(name)))


def pitch_number(name: str, octave: int) -> int:
    """60 for `C` in octave 4; `name` is a letter and perhaps an accidental. It may lie beyond 0 to 127."""
    return _LETTERS[name[0].lower()] + _ACCIDENTALS[name[1:]] + 12 * (octave + 1)


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", text.lower())).strip()


def _unknown(text: str, kind: str) -> UsageError:
    if (wrong := _WRONG_NOTE.fullmatch(text.strip())) and kind not in _ALIASES:
        note, name = wrong[1], _plain(wrong[2] or "")
        if _ALIASES.get(name, name) in SCALES:
            german = note.lower() == "h"
            known = "H is B here, and the German B is Bb" if german else "the notes are C, D, E, F, G, A and B, with # or b"
            meant = f"{'B' if german else 'C'} {name}".rstrip()
            return UsageError(f"{note!r} is not the name of a note", remedy=f'--scale "{meant}": {known}')
    close = difflib.get_close_matches(kind[:40], [*SCALES, *(name for name in _ALIASES if len(name) > 2)], n=1, cutoff=0.6)
    meant = f"perhaps {close[0]}; " if close else ""
    return UsageError(
        f"{text!r} is not a scale, expected a note and a name such as 'C minor'", remedy=f"{meant}the names are: {', '.join(SCALES)}"
    )
