# ruff: noqa: INP001 - a script's own modules, beside it
"""Who plays: instruments with their General MIDI programs (counted from 0) and ranges, and the grooves of the drums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Instrument:
    """A player.

    Attributes:
        name: of its track.
        program: General MIDI program, counted from 0.
        low: its lowest pitch.
        high: its highest pitch.
        drum: whether it is a drum kit.
    """

    name: str
    program: int
    low: int
    high: int
    drum: bool = False


PIANO: Final = Instrument("Piano", 0, 21, 108)
LEFT_HAND: Final = Instrument("Piano, left hand", 0, 21, 84)
ELECTRIC_PIANO: Final = Instrument("Electric piano", 4, 28, 100)
HARPSICHORD: Final = Instrument("Harpsichord", 6, 29, 89)
CELESTA: Final = Instrument("Celesta", 8, 60, 108)
GLOCKENSPIEL: Final = Instrument("Glockenspiel", 9, 67, 108)
MUSIC_BOX: Final = Instrument("Music box", 10, 48, 108)
VIBRAPHONE: Final = Instrument("Vibraphone", 11, 53, 89)
MARIMBA: Final = Instrument("Marimba", 12, 43, 96)
DULCIMER: Final = Instrument("Dulcimer", 15, 48, 88)
DRAWBAR_ORGAN: Final = Instrument("Drawbar organ", 16, 36, 96)
CHURCH_ORGAN: Final = Instrument("Church organ", 19, 36, 96)
ACCORDION: Final = Instrument("Accordion", 21, 41, 93)
HARMONICA: Final = Instrument("Harmonica", 22, 60, 96)
TANGO_ACCORDION: Final = Instrument("Bandoneon", 23, 41, 93)
GUITAR: Final = Instrument("Guitar", 24, 40, 84)
STEEL_GUITAR: Final = Instrument("Steel-string guitar", 25, 40, 84)
JAZZ_GUITAR: Final = Instrument("Jazz guitar", 26, 40, 86)
CLEAN_GUITAR: Final = Instrument("Electric guitar", 27, 40, 86)
OVERDRIVEN_GUITAR: Final = Instrument("Overdriven guitar", 29, 40, 86)
DOUBLE_BASS: Final = Instrument("Double bass", 32, 28, 67)
BASS_GUITAR: Final = Instrument("Bass guitar", 33, 28, 67)
PICKED_BASS: Final = Instrument("Picked bass", 34, 28, 67)
FRETLESS_BASS: Final = Instrument("Fretless bass", 35, 28, 67)
VIOLIN: Final = Instrument("Violin", 40, 55, 103)
VIOLA: Final = Instrument("Viola", 41, 48, 91)
CELLO: Final = Instrument("Cello", 42, 36, 76)
PIZZICATO: Final = Instrument("Plucked strings", 45, 28, 96)
HARP: Final = Instrument("Harp", 46, 24, 103)
STRINGS: Final = Instrument("Strings", 48, 36, 96)
CHOIR: Final = Instrument("Choir", 52, 40, 84)
SOPRANO: Final = Instrument("Soprano", 52, 60, 81)
ALTO: Final = Instrument("Alto", 52, 53, 76)
TENOR: Final = Instrument("Tenor", 52, 47, 69)
BASS: Final = Instrument("Bass", 52, 40, 64)
TRUMPET: Final = Instrument("Trumpet", 56, 55, 82)
TROMBONE: Final = Instrument("Trombone", 57, 40, 72)
TUBA: Final = Instrument("Tuba", 58, 28, 58)
HORN: Final = Instrument("Horn", 60, 41, 77)
SAXOPHONE: Final = Instrument("Tenor saxophone", 66, 44, 76)
ALTO_SAXOPHONE: Final = Instrument("Alto saxophone", 65, 49, 81)
OBOE: Final = Instrument("Oboe", 68, 58, 91)
BASSOON: Final = Instrument("Bassoon", 70, 34, 72)
CLARINET: Final = Instrument("Clarinet", 71, 50, 91)
FLUTE: Final = Instrument("Flute", 73, 60, 96)
RECORDER: Final = Instrument("Recorder", 74, 60, 91)
PAN_FLUTE: Final = Instrument("Pan flute", 75, 60, 96)
WHISTLE: Final = Instrument("Tin whistle", 78, 62, 98)
OCARINA: Final = Instrument("Ocarina", 79, 57, 89)
BANJO: Final = Instrument("Banjo", 105, 48, 86)
KOTO: Final = Instrument("Koto", 107, 45, 93)
BAGPIPE: Final = Instrument("Bagpipe", 109, 45, 84)
FIDDLE: Final = Instrument("Fiddle", 110, 55, 96)
STEEL_DRUMS: Final = Instrument("Steel drums", 114, 52, 86)
DRUMS: Final = Instrument("Drums", 0, 35, 81, drum=True)
JAZZ_DRUMS: Final = Instrument("Jazz drums", 32, 35, 81, drum=True)
BRUSHES: Final = Instrument("Brushes", 40, 35, 81, drum=True)

KICK, RIM, SNARE, CLAP, LOW_TOM, CLOSED_HAT, PEDAL_HAT, OPEN_HAT, HIGH_TOM = 36, 37, 38, 39, 45, 42, 44, 46, 50
CRASH, RIDE, TAMBOURINE, COWBELL, CONGA, LOW_CONGA, MARACAS, CLAVES, TRIANGLE = 49, 51, 54, 56, 63, 64, 70, 75, 81

Strokes = dict[int, str]
_BIG_END: Final[Strokes] = {KICK: "X", CRASH: "X"}
_SMALL_END: Final[Strokes] = {KICK: "x"}

GROOVES: Final[dict[str, tuple[Strokes, Strokes, Strokes]]] = {
    "rock": (
        {KICK: "x...x.x.|x..xx...", SNARE: "..X...X.", CLOSED_HAT: "xoxoxoxo"},
        {KICK: "x...x...", SNARE: "..X.X.XX", HIGH_TOM: "....x...", LOW_TOM: ".....x.x", CLOSED_HAT: "xoxo...."},
        _BIG_END,
    ),
    "ballad": (
        {KICK: "x.....x.", RIM: "..x...x.|..x...xo", CLOSED_HAT: "x.o.x.o."},
        {KICK: "x.....x.", SNARE: "..x..ox.", CLOSED_HAT: "x.o.x..."},
        _BIG_END,
    ),
    "country": (
        {KICK: "x...x...", SNARE: "..x...x.|..x...xo", CLOSED_HAT: ".x.x.x.x"},
        {KICK: "x...x...", SNARE: "..x.xxxx"},
        _BIG_END,
    ),
    "swing": (
        {RIDE: "x.xxx.xx|x.xxx.x.", PEDAL_HAT: "..x...x.", KICK: "o...o..."},
        {RIDE: "x.x.x...", PEDAL_HAT: "..x...x.", SNARE: "....xx.x", KICK: "o......."},
        {RIDE: "x", KICK: "x"},
    ),
    "blues": (
        {RIDE: "x.xxx.xx", SNARE: "..x...x.", KICK: "x...x..x|x...x..."},
        {RIDE: "x.x.....", SNARE: "..x.xxxX", KICK: "x......."},
        _BIG_END,
    ),
    "bossa": (
        {RIM: "x..x..x.|..x.x...", KICK: "x..xx..x", CLOSED_HAT: "o.o.o.o."},
        {},
        {RIM: "x", KICK: "x"},
    ),
    "calypso": (
        {KICK: "x..x..x.", MARACAS: "x.x.x.x.", CONGA: "..x...xx|..x..x.x", COWBELL: "x...x..."},
        {KICK: "x..x..x.", MARACAS: "xoxoxoxo", CONGA: "x.x.....", LOW_CONGA: "....x.xx"},
        {KICK: "x", COWBELL: "X"},
    ),
    "march": (
        {KICK: "x.......x.......", SNARE: "..x.x.xx..x.xxxx|..x.x.xx..x.x.x."},
        {KICK: "x.......x.......", SNARE: "x.xxx.xxx.xxxxxX"},
        {KICK: "X", SNARE: "x", CRASH: "x"},
    ),
    "march in six": (
        {KICK: "x.....", SNARE: "..xx.x|x.xx.o"},
        {},
        {KICK: "X", SNARE: "x", CRASH: "x"},
    ),
    "march in two": (
        {KICK: "x...x...", SNARE: "..x.x.xx|..x.xxxx"},
        {},
        {KICK: "X", SNARE: "x"},
    ),
    "polka": ({KICK: "x.x.", SNARE: ".x.x|.x.X", CLOSED_HAT: "oxox"}, {}, _BIG_END),
    "hoedown": (
        {KICK: "x.x.x.x.", SNARE: ".x.x.x.x|.x.x.xox"},
        {KICK: "x.x.x...", SNARE: ".x.xxxXx"},
        _BIG_END,
    ),
    "waltz": ({KICK: "x..", RIM: ".xx|.xo"}, {}, _SMALL_END),
    "jig": ({LOW_CONGA: "x..x..", CONGA: "..o.oo|..o..o"}, {}, {LOW_CONGA: "X"}),
    "tarantella": ({TAMBOURINE: "xooxoo|xooxxx", KICK: "x.....|x..x.."}, {}, {TAMBOURINE: "X", KICK: "x"}),
    "estampie": ({LOW_CONGA: "x.....|x..x..", TAMBOURINE: "x.ox.o"}, {}, {LOW_CONGA: "X", TAMBOURINE: "x"}),
    "tango": ({KICK: "x......x", SNARE: "o..xo.oo|o..xo.xx"}, {}, {KICK: "X", SNARE: "x"}),
    "one drop": (
        {KICK: "....x...", RIM: "....x...", CLOSED_HAT: "x.xox.xo"},
        {KICK: "x...x...", SNARE: "....x.xx", HIGH_TOM: ".....x..", CLOSED_HAT: "x.x....."},
        _BIG_END,
    ),
    "disco": (
        {KICK: "x.x.x.x.", SNARE: "..x...x.", OPEN_HAT: ".x.x.x.x"},
        {KICK: "x.x.x.x.", SNARE: "..x.xxXX", CLAP: "......x."},
        _BIG_END,
    ),
    "five": ({KICK: "x.....x...|x..x..x...", RIDE: "x.xxx.x.x.", PEDAL_HAT: "....x...x."}, {}, {KICK: "x", RIDE: "x"}),
    "ragtime": ({KICK: "x.x.", CLOSED_HAT: ".x.x"}, {}, _SMALL_END),
    "slow rock": (
        {KICK: "x....xx.....|x....xx..x..", SNARE: "...x.....x..", CLOSED_HAT: "x..x..x..x.."},
        {KICK: "x.....x.....", SNARE: "...x..xxxXXX"},
        _BIG_END,
    ),
}
"""Of each groove: its bars, the bar that ends a section (the same as the others where empty), and the last bar of the piece."""
