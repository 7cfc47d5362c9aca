"""Tunes as a person types them: `C4 E4 G4:2 r C4+E4+G4:1/2`.

a word     a pitch, pitches joined by + that sound together, or r for a rest; bar lines | and commas may stand between words
a pitch    letter, # or b, octave: C4 is middle C; without an octave in that of the pitch before, at first the fourth; or MIDI's number,
           of which 60 is middle C
:length    in quarter notes, such as 2, 0.5 or 1/3; it holds until another is given, at first 1
"""

from __future__ import annotations

import re
from typing import Final

from lstmgen.bounds import Bounds
from lstmgen.errors import UsageError
from lstmgen.music.scales import pitch_number
from lstmgen.music.score import Notes, Score

_TICKS: Final = 480
_VELOCITY: Final = 80
_FIRST_OCTAVE: Final = 4
_BEATS: Final = Bounds(low=1 / _TICKS, high=64)
_BETWEEN: Final = re.compile(r"[\s,|]+")
_WORD: Final = re.compile(r"(?P<what>[^:]+)(?::(?P<above>\d{1,9}(?:\.\d{1,6})?)(?:/(?P<below>\d{1,9}))?)?")
_PITCH: Final = re.compile(r"(?P<name>[A-Ga-g][#♯b♭]?)(?P<octave>-?\d)?|(?P<number>\d{1,9})")
_PITCHES: Final = Bounds(low=0, high=127)
_REST: Final = frozenset({"r", "R", "rest"})


def parse_tune(text: str) -> Score:
    """The tune that was typed, in 4/4 at 120 beats per minute.

    Raises:
        UsageError: a word is none of these, or there is no note.
    """
    rows: list[tuple[int, int, int]] = []
    now, length, octave = 0.0, 1.0, _FIRST_OCTAVE
    for word in filter(None, _BETWEEN.split(text)):
        match = _WORD.fullmatch(word)
        if match is None:
            raise _refused(word)
        if match["above"]:
            length = _length(word, match["above"], match["below"])
        if match["what"] not in _REST:
            for part in match["what"].split("+"):
                pitch = _PITCH.fullmatch(part)
                if pitch is None:
                    raise _refused(word)
                octave = int(pitch["octave"]) if pitch["octave"] else octave
                number = int(pitch["number"]) if pitch["number"] else pitch_number(pitch["name"], octave)
                if not _PITCHES.holds(number):
                    remedy = "the lowest pitch is 0 or C-1, the highest 127 or G9"
                    raise UsageError(f"{part!r} in {word!r}: expected a pitch of {_PITCHES} in MIDI, found {number}", remedy=remedy)
                rows.append((round(now * _TICKS), round((now + length) * _TICKS), number))
        now += length
    if not rows:
        raise UsageError("there is no note in what was typed", remedy='for example "C4 E4 G4:2"')
    start, end, pitches = zip(*rows, strict=True)
    return Score.of(Notes.of(start, end, pitches, velocity=_VELOCITY), ticks_per_beat=_TICKS, length_ticks=round(now * _TICKS))


def _length(word: str, above: str, below: str | None) -> float:
    divisor = int(below) if below else 1
    length = float(above) / divisor if divisor else 0.0
    if not _BEATS.holds(length):
        raise UsageError(f"the length of {word!r}: expected {_BEATS} quarter notes, found {length:g}", remedy="for example C4:1/2")
    return length


def _refused(word: str) -> UsageError:
    return UsageError(f"{word[:40]!r} is not a note", remedy='write notes like "C4 E4 G4:2 r C4+E4:1/2", or -f FILE.mid')
