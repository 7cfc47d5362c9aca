# ruff: noqa: INP001 - a script's own modules, beside it
"""Arrangements that several tunes share: who plays the tune, who the chords, and after which pattern."""

from __future__ import annotations

from typing import Final

from arranging import Comp, Kit, Lead, Second, Walk
from notation import Layer
from orchestra import (
    ACCORDION,
    ALTO,
    BANJO,
    BASS,
    BASS_GUITAR,
    BRUSHES,
    CELLO,
    DOUBLE_BASS,
    DRUMS,
    ELECTRIC_PIANO,
    FIDDLE,
    GUITAR,
    HARP,
    HARPSICHORD,
    JAZZ_DRUMS,
    JAZZ_GUITAR,
    LEFT_HAND,
    PIANO,
    SOPRANO,
    STEEL_GUITAR,
    STRINGS,
    TENOR,
    TROMBONE,
    TRUMPET,
    TUBA,
    VIOLIN,
    Instrument,
)
from voices import Choir

Band = tuple[Layer, ...]

SINGERS: Final[Band] = (Choir((SOPRANO, ALTO, TENOR, BASS)),)
ORGAN: Final[Band] = (Choir(tuple(Instrument(f"Organ, {name}", 19, 36, 96) for name in ("soprano", "alto", "tenor", "bass"))),)  # pyright: ignore[reportArgumentType] - four names, four voices
QUARTET: Final[Band] = (Choir((VIOLIN, Instrument("Second violin", 40, 53, 103), Instrument("Viola", 41, 47, 91), CELLO)),)
BRASS: Final[Band] = (Choir((TRUMPET, Instrument("Second trumpet", 56, 52, 82), TROMBONE, Instrument("Bass trombone", 57, 38, 65))),)

WALTZ: Final = ("R c c", "F c c")
ROCKING_SIX: Final = ("R 1 2 3 2 1",)
RISING_SIX: Final = ("R 1 2 3 2 1", "R 1 3 4 3 1")
RISING_THREE: Final = ("R 1 2 3 2 1", "R 1 2 4 3 2")
ALBERTI: Final = ("R 3 2 3 1 3 2 3",)
ARPEGGIO: Final = ("R 1 2 3 4 3 2 1",)
STRUM_FOUR: Final = ("R . c c F . c c", "R . c . F . c c")
STRUM_SIX: Final = ("R . c F . c", "R . c F c c")
OOM_PAH: Final = ("R c F c",)


def waltz(lead: Instrument, *, octaves: int = 0, second: str = "") -> Band:
    """Melody, accordion chords after the beat, a plucked bass."""
    return (
        Lead(lead, octaves),
        *((Second(VIOLIN, only=second),) if second else ()),
        Comp(ACCORDION, (". c c",), level=-14, gate=0.6),
        Comp(DOUBLE_BASS, ("R - .", "F - ."), bass=31, level=-4),
    )


def piano(
    *patterns: str, bass: int = 36, chord: int = 52, octaves: int = 0, gate: float = 0.95, more: tuple[str, ...] = (), then: str = ""
) -> Band:
    """Two hands; in the sections of `then` the left hand takes the patterns of `more`."""
    letters = "ABCDEFabcdefZ"
    rest = "".join(letter for letter in letters if letter not in then)
    return (
        Lead(PIANO, octaves),
        Comp(LEFT_HAND, patterns, bass=bass, chord=chord, gate=gate, only=rest if then else ""),
        *((Comp(LEFT_HAND, more, bass=bass, chord=chord, gate=gate, only=then),) if then else ()),
    )


def guitar_song(lead: Instrument, *patterns: str, octaves: int = 0, second: Instrument | None = None, only: str = "") -> Band:
    """Melody over a picked guitar."""
    return (
        Lead(lead, octaves),
        *((Second(second, octaves, only=only),) if second else ()),
        Comp(GUITAR, patterns, bass=40, chord=52, level=-6, gate=1.0),
    )


def ceilidh(lead: Instrument, patterns: tuple[str, ...], *, groove: str = "", second: str = "") -> Band:
    """Fiddle, whistle or pipes over a strummed guitar and a bass."""
    return (
        Lead(lead, gate=0.9),
        *((Second(FIDDLE, only=second, level=-2),) if second else ()),
        Comp(STEEL_GUITAR, patterns, bass=43, chord=53, level=-10, gate=0.7),
        *((Kit(DRUMS, groove, level=-10),) if groove else ()),
    )


def hoedown(lead: Instrument, *, groove: str = "country") -> Band:
    """Melody, banjo rolls, bass on the beats, brushes."""
    return (
        Lead(lead, gate=0.9),
        Comp(BANJO, (". 2 3 1 . 2 3 1",), chord=55, level=-14, gate=0.8),
        Comp(DOUBLE_BASS, ("R . F .",), bass=31, level=-2, gate=0.8),
        Kit(BRUSHES, groove, level=-8),
    )


def brass_march(
    groove: str = "march", *, bass: tuple[str, ...] = ("R . F .",), chords: tuple[str, ...] = (". c . c",), second: str = ""
) -> Band:
    """Trumpet, trombones after the beat, tuba and drums."""
    return (
        Lead(TRUMPET, gate=0.88),
        *((Second(Instrument("Second trumpet", 56, 52, 82), only=second),) if second else ()),
        Comp(TROMBONE, chords, chord=52, level=-10, gate=0.6),
        Comp(TUBA, bass, bass=31, level=-2, gate=0.8),
        Kit(DRUMS, groove),
    )


def combo(lead: Instrument, groove: str = "swing", *, comp: Instrument = JAZZ_GUITAR, pattern: tuple[str, ...] = (". c . c",)) -> Band:
    """Melody, short chords, a walking bass, ride cymbal."""
    return (Lead(lead, gate=0.92), Comp(comp, pattern, chord=53, level=-14, gate=0.5), Walk(DOUBLE_BASS), Kit(JAZZ_DRUMS, groove))


def pop(
    lead: Instrument,
    groove: str,
    *,
    keys: tuple[str, ...],
    bass: tuple[str, ...],
    comp: Instrument = ELECTRIC_PIANO,
    octaves: int = 0,
    only: str = "",
) -> Band:
    """Melody, keyboard, bass guitar, drums."""
    return (
        Lead(lead, octaves, gate=0.93),
        Comp(comp, keys, chord=55, level=-12, gate=0.92),
        Comp(BASS_GUITAR, bass, bass=28, level=0, gate=0.88),
        Kit(DRUMS, groove, only=only),
    )


def baroque(lead: Instrument, *bass: str) -> Band:
    """Melody, harpsichord chords, cello."""
    return (Lead(lead, gate=0.9), Comp(HARPSICHORD, ("c",), chord=53, level=-14), Comp(CELLO, bass, bass=38, level=-2))


def harp_song(lead: Instrument, *patterns: str, octaves: int = 0) -> Band:
    """Melody, harp, soft strings."""
    return (
        Lead(lead, octaves),
        Comp(HARP, patterns, bass=41, chord=53, level=-6, gate=1.0),
        Comp(STRINGS, ("c",), chord=53, level=-20, gate=1.0),
    )
