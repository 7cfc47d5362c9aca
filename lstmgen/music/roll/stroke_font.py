"""A small monoline typeface of our own, for pictures that are drawn without any font of the system.

A glyph is a few strokes. A stroke is a list of points `x,y` and of arcs `@cx,cy,rx,ry,from,to` (degrees, counter-clockwise from the
right), joined by straight lines. Capitals are 20 units high, small letters 14; the pen is round.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

CAP_UNITS: Final = 20.0
CAP_SHARE: Final = 0.70
"""Height of a capital as a share of the size of the type, as in common typefaces."""
_GAP: Final = 4.8
"""Units between two glyphs, from pen to pen."""
_DIGIT_UNITS: Final = 11.8
_SPACE_UNITS: Final = 7.0
_ARC_STEP_DEG: Final = 12.0

_S: Final = "@6.4,15.1,5.6,4.9,35,270 @6.4,5.1,6.2,5.1,90,-148"
_P: Final = "0,0 0,20 7.5,20 @7.5,14.6,5.4,5.4,90,-90 0,9.2"
_BOWL: Final = "@6,7,6,7,0,360"
_ARCH: Final = "0,8.2 @5.6,8.2,5.6,5.8,180,0 11.2,0"

_GLYPHS: Final = {
    "A": "0,0 8,20 16,0 / 2.7,6.8 13.3,6.8",
    "B": "0,10.2 7.5,10.2 @7.5,15.1,4.9,4.9,-90,90 0,20 0,0 8,0 @8,5.1,5.4,5.1,-90,90 7.5,10.2",
    "C": "@9,10,9,10,46,314",
    "D": "0,0 0,20 6,20 @6,10,9.5,10,90,-90 0,0",
    "E": "11.5,20 0,20 0,0 11.8,0 / 0,10.3 10.3,10.3",
    "F": "11.5,20 0,20 0,0 / 0,10 10.2,10",
    "G": "@9.5,10,9.5,10,46,325 17.3,9.2 10.8,9.2",
    "H": "0,0 0,20 / 14,0 14,20 / 0,10.3 14,10.3",
    "I": "0,0 0,20",
    "J": "8.5,20 8.5,5.4 @4.3,5.4,4.2,5.4,0,-165",
    "K": "0,0 0,20 / 13,20 0,8 / 4.6,12.2 13.6,0",
    "L": "0,20 0,0 11,0",
    "M": "0,0 0,20 8.5,5 17,20 17,0",
    "N": "0,0 0,20 14,0 14,20",
    "O": "@9.7,10,9.7,10,0,360",
    "P": _P,
    "Q": "@9.7,10,9.7,10,0,360 / 12,5.5 18.5,-1.5",
    "R": f"{_P} / 7.4,9.2 13.2,0",
    "S": _S,
    "T": "0,20 14,20 / 7,20 7,0",
    "U": "0,20 0,6.8 @7,6.8,7,6.8,180,360 14,20",
    "V": "0,20 7.8,0 15.6,20",
    "W": "0,20 5.6,0 11.2,18 16.8,0 22.4,20",
    "X": "0,20 13.5,0 / 13.5,20 0,0",
    "Y": "0,20 7,9.6 14,20 / 7,9.6 7,0",
    "Z": "0,20 12.5,20 0,0 12.8,0",
    "a": f"{_BOWL} / 12,14 12,0",
    "b": f"0,21 0,0 / {_BOWL}",
    "c": "@6.2,7,6.2,7,45,315",
    "d": f"{_BOWL} / 12,21 12,0",
    "e": "0.3,7.4 12.2,7.4 @6.2,7,6.1,7,3,318",
    "f": "@7,16.6,4.2,4.2,62,180 2.8,0 / 0,14 7,14",
    "g": f"{_BOWL} / 12,14 12,-1 @6.1,-1,5.9,5.4,0,-150",
    "h": f"0,21 0,0 / {_ARCH}",
    "i": "0,14 0,0 / 0,19.4 0,19.6",
    "j": "3.5,14 3.5,-2.4 @0,-2.4,3.5,3.8,0,-80 / 3.5,19.4 3.5,19.6",
    "k": "0,21 0,0 / 10,14 0,4.6 / 3.8,8.2 10.4,0",
    "l": "0,21 0,0",
    "m": "0,14 0,0 / 0,8.8 @4.7,8.8,4.7,5.2,180,0 9.4,0 / 9.4,8.8 @14.1,8.8,4.7,5.2,180,0 18.8,0",
    "n": f"0,14 0,0 / {_ARCH}",
    "o": "@6.3,7,6.3,7,0,360",
    "p": f"0,14 0,-6 / {_BOWL}",
    "q": f"{_BOWL} / 12,14 12,-6",
    "r": "0,14 0,0 / 0,8 @5.2,8,5.2,6,180,75",
    "s": "@4.7,10.5,4.1,3.5,38,270 @4.7,3.5,4.6,3.5,90,-150",
    "t": "2.8,19 2.8,4.2 @7,4.2,4.2,4.2,180,280 / 0,14 7.2,14",
    "u": "0,14 0,5.8 @5.6,5.8,5.6,5.8,180,360 / 11.2,14 11.2,0",
    "v": "0,14 5.6,0 11.2,14",
    "w": "0,14 4.4,0 8.8,12.6 13.2,0 17.6,14",
    "x": "0,14 10,0 / 10,14 0,0",
    "y": "0,14 5.6,0 / 11.2,14 3.2,-6",
    "z": "0,14 9.6,14 0,0 10,0",
    "0": "@5.9,10,5.9,10,0,360",
    "1": "1.6,16.4 6.4,20 6.4,0",
    "2": "@5.8,14.4,5.4,5.6,165,-32 0.4,0 11.6,0",
    "3": "@5.6,15.2,4.9,4.8,150,-90 @5.6,5.2,5.7,5.2,90,-150",
    "4": "8.8,0 8.8,20 0,5.8 11.8,5.8",
    "5": "10.4,20 2.4,20 1.6,11.2 @5.7,6.5,5.8,6.5,135,-150",
    "6": "@5.9,6.3,5.9,6.3,0,360 / 8.8,20 0.9,9.2",
    "7": "0.2,20 11.6,20 3.8,0",
    "8": "@5.9,15.2,4.7,4.8,0,360 / @5.9,5.2,5.7,5.2,0,360",
    "9": "@5.9,13.7,5.9,6.3,0,360 / 3,0 10.9,10.8",
    ".": "0,0.5 0,0.7",
    ",": "1,1 0,-3.4",
    ":": "0,1 0,1.2 / 0,11.4 0,11.6",
    ";": "1,1 0,-3.4 / 1,11.4 1,11.6",
    "!": "0,20 0,6.5 / 0,0.5 0,0.7",
    "?": "@5,15,5,5,170,-60 5,6.5 / 5,0.5 5,0.7",
    "-": "0,8 7,8",
    "\u2013": "0,8 11,8",
    "\u2014": "0,8 18,8",
    "_": "0,-3 12,-3",
    "+": "0,8.5 11,8.5 / 5.5,14 5.5,3",
    "=": "0,11 11,11 / 0,6 11,6",
    "/": "0,-2.5 8.6,21.5",
    "\\": "0,21.5 8.6,-2.5",
    "|": "0,22 0,-4",
    "(": "@9,9.5,9,15,130,230",
    ")": "@-5.8,9.5,9,15,50,-50",
    "[": "4,22 0,22 0,-3 4,-3",
    "]": "0,22 4,22 4,-3 0,-3",
    "{": "4.5,22 2.5,20.5 2.5,11.5 0,9.5 2.5,7.5 2.5,-1.5 4.5,-3",
    "}": "0,22 2,20.5 2,11.5 4.5,9.5 2,7.5 2,-1.5 0,-3",
    "<": "10,15 0,8.5 10,2",
    ">": "0,15 10,8.5 0,2",
    "*": "4,19.5 4,11.5 / 0.5,17.5 7.5,13.5 / 7.5,17.5 0.5,13.5",
    "#": "3,0 5,20 / 9,0 11,20 / 0.6,13.5 13.6,13.5 / 0,6.5 13,6.5",
    "%": "@3.5,15.8,3.5,4.2,0,360 / @13.5,4.2,3.5,4.2,0,360 / 14,20 3,0",
    "&": "14.5,0 3.2,13.4 @6.4,16.2,3.8,3.8,225,-40 2.2,9 @5.4,4.9,5.4,4.9,130,325 13.8,8.6",
    "'": "0,20 0,14.5",
    '"': "0,20 0,14.5 / 4,20 4,14.5",
    "`": "0,20 3,16.5",
    "^": "0,13.5 4.5,20 9,13.5",
    "~": "0,7.5 @3,7.5,3,2.5,180,0 @9,7.5,3,2.5,180,360",
    "$": f"{_S} / 6.4,23 6.4,-3",
    "@": "@9.5,8.5,4,4.5,0,360 / 13.5,13 13.5,6.6 @16.2,6.6,2.7,2.6,180,360 @9.5,8.5,9.5,11,-10,310",
    "\u00b7": "0,8.4 0,8.6",
    "\u2026": "0,0.5 0,0.7 / 6,0.5 6,0.7 / 12,0.5 12,0.7",
    "\u00d7": "0,13 9,4 / 9,13 0,4",
}
_MISSING: Final = "0,0 10,0 10,18 0,18 0,0"
"""Drawn for what the typeface does not have."""

_FOLDED: Final = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2212": "-",
    "\u266f": "#",
    "\u266d": "b",
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00c6": "AE",
    "\u0153": "oe",
    "\u0152": "OE",
    "\u00f8": "o",
    "\u00d8": "O",
    "\u0142": "l",
    "\u0141": "L",
    "\u0111": "d",
    "\u0110": "D",
}
"""Letters that are drawn as others."""


def folded(text: str) -> str:
    """The text in letters that the typeface has where there are such: accents are left off."""
    plain = "".join(_FOLDED.get(character, character) for character in text)
    return "".join(
        character if character in _GLYPHS else "".join(part for part in unicodedata.normalize("NFKD", character) if not _mark(part))
        for character in plain
    )


def _mark(character: str) -> bool:
    return unicodedata.combining(character) != 0


def text_width(text: str, size: float) -> float:
    """How wide a text is at this size, in the units of the size."""
    units = sum(_advance(character) for character in folded(text))
    return max(0.0, units - _GAP) * size * CAP_SHARE / CAP_UNITS


def segments_of(text: str, size: float) -> NDArray[np.float64]:
    """The strokes of a text as straight pieces of shape (N, 4): x0, y0, x1, y1, from the pen's start on the base line, y downwards."""
    scale = size * CAP_SHARE / CAP_UNITS
    found: list[NDArray[np.float64]] = []
    units = 0.0
    for character in folded(text):
        if character != " ":
            glyph = _segments(character) + np.array([units, 0.0, units, 0.0])
            found.append(glyph * np.array([scale, -scale, scale, -scale]))
        units += _advance(character)
    return np.concatenate(found) if found else np.zeros((0, 4))


@functools.cache
def _segments(character: str) -> NDArray[np.float64]:
    pieces: list[NDArray[np.float64]] = []
    for stroke in _GLYPHS.get(character, _MISSING).split(" / "):
        points = np.array([point for token in stroke.split() for point in _points(token)])
        pieces.append(np.concatenate([points[:-1], points[1:]], axis=1))
    return np.concatenate(pieces)


@functools.cache
def _advance(character: str) -> float:
    if character == " ":
        return _SPACE_UNITS
    if character.isdigit() and character in _GLYPHS:
        return _DIGIT_UNITS + _GAP
    return float(_segments(character)[:, [0, 2]].max()) + _GAP


def _points(token: str) -> list[tuple[float, float]]:
    if not token.startswith("@"):
        x, y = token.split(",")
        return [(float(x), float(y))]
    cx, cy, rx, ry, start, stop = (float(number) for number in token[1:].split(","))
    count = max(2, math.ceil(abs(stop - start) / _ARC_STEP_DEG))
    angles = (math.radians(start + (stop - start) * place / count) for place in range(count + 1))
    return [(cx + rx * math.cos(angle), cy + ry * math.sin(angle)) for angle in angles]
