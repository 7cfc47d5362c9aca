# ruff: noqa: INP001 - a script's own modules, beside it
"""Dances of our own."""

from __future__ import annotations

from typing import Final

from arranging import Comp, Kit, Lead, Second
from bands import STRUM_SIX, baroque, ceilidh, piano
from notation import Tune
from orchestra import (
    ACCORDION,
    BASSOON,
    CLARINET,
    DOUBLE_BASS,
    DRUMS,
    FLUTE,
    GUITAR,
    OBOE,
    RECORDER,
    TANGO_ACCORDION,
    TUBA,
    VIOLIN,
)

TUNES: Final = (
    Tune(
        file="otters-jig",
        title="The Otter's Jig",
        origin="own",
        key="D mixolydian",
        meter="6/8",
        tempo=150,
        band=ceilidh(FLUTE, STRUM_SIX, second="B"),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "d8 A F D F A | c4 A8 G E C | D F A d c A | B c A G4 A8 | d A F D F A | c4 A8 G E C | E F G A G E | D4. D",
                "D | C | D | G | D | C | C:3 Am:3 | D",
            ),
            "B": (
                "f8 e d A d f | g4 e8 c d e | f e d A4 d8 | c A G E4. | f8 e d A d f | g f e c e g | f d A c A G | F4 E8 D4.",
                "D | C | D | C | D | C | D:3 C:3 | D",
            ),
        },
    ),
    Tune(
        file="lantern-waltz",
        title="Lantern Waltz",
        origin="own",
        key="D minor",
        meter="3/4",
        tempo=150,
        band=(
            Lead(ACCORDION),
            Second(VIOLIN, only="B"),
            Comp(GUITAR, (". c c",), chord=53, level=-12, gate=0.6),
            Comp(DOUBLE_BASS, ("R - .", "F - ."), bass=31, level=-4),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                (
                    "d2 c#4 | d A F | E2 G4 | F2 D4 | G2 B4 | A2 f4 | e d c# | d2. | "
                    "d2 c#4 | d A F | B2 A4 | G2. | G4 A B | A2 f4 | e d c# | d2."
                ),
                "Dm | Dm | A7 | Dm | Gm | Dm | A7 | Dm | Dm | Dm | Gm | Gm | Gm | Dm | A7 | Dm",
            ),
            "B": (
                "c2 A4 | c2 A4 | B A G | E2. | B2 G4 | B2 G4 | A G F | C2. | c2 A4 | f2 c4 | d2 B4 | g2. | f4 e d | a2 f4 | e d c# | d2.",
                "F | F | C7 | C7 | C7 | C7 | F | F | F | F | Bb | Gm | Dm | Dm | A7 | Dm",
            ),
        },
    ),
    Tune(
        file="harbour-tarantella",
        title="Harbour Tarantella",
        origin="own",
        key="A minor",
        meter="6/8",
        tempo=160,
        band=(
            Lead(VIOLIN, gate=0.85),
            Second(CLARINET, only="B"),
            Comp(GUITAR, ("R c c F c c",), bass=40, chord=52, level=-10, gate=0.6),
            Kit(DRUMS, "tarantella", only="B", level=-8),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "e4 A8 c B A | e4 A8 c B A | d4 d8 c B A | B4. E | e4 A8 c B A | e4 A8 c B A | d c B E F# G# | A4. A",
                "Am | Am | Dm | E7 | Am | Am | E7 | Am",
            ),
            "B": (
                "g4 g8 e f g | a4 g8 e4. | f4 f8 d e f | g4 f8 d4. | e4 e8 c d e | f4 e8 c4. | B8 c d e d B | A4. A",
                "C | F:3 C:3 | Dm | G7 | C | F:3 Am:3 | E7 | Am",
            ),
        },
    ),
    Tune(
        file="bucket-polka",
        title="Bucket Polka",
        origin="own",
        key="F",
        to="Eb",
        meter="2/4",
        tempo=120,
        band=(
            Lead(CLARINET, gate=0.85),
            Comp(ACCORDION, (". c . c",), chord=55, level=-12, gate=0.6),
            Comp(TUBA, ("R F",), bass=31, level=-2, gate=0.7),
            Kit(DRUMS, "polka", level=-10),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": ("c8 A c A | f4 c | d8 B d B | c4 A | G8 A B G | A c F4 | G8 A B E | F4 F", "F | F | Bb | F | C7 | F | C7 | F"),
            "B": ("c8 B= c d | c4 A | B8 A B c | B4 G | A8 G A B | c A F4 | G8 B A G | F4 F", "F | F | C7 | C7 | F | F | C7 | F"),
        },
    ),
    Tune(
        file="winter-mazurka",
        title="Winter Mazurka",
        origin="own",
        key="A minor",
        to="C minor",
        meter="3/4",
        tempo=138,
        band=piano("R c c", "R c c", bass=36, chord=53, gate=0.8),
        form="ABA",
        dynamics="A:mp B:f",
        sections={
            "A": (
                "e8. d16 c4 B | A2 E4 | f8. e16 d4 c | B2 E4 | e8. d16 c4 B | A4 c e | d8 c B4 G# | A2 r4",
                "Am | Am | Dm | E7 | Am | Am | E7 | Am",
            ),
            "B": (
                "g8. f16 e4 c | g2 e4 | a8. g16 f4 d | a2 f4 | e8. f16 g4 e | d8. e16 f4 d | c8 B A4 G# | A2 r4",
                "C | C | Dm | F | C | G7 | Am:2 E7:1 | Am",
            ),
        },
    ),
    Tune(
        file="rope-walk-gavotte",
        title="Rope Walk Gavotte",
        origin="own",
        key="D",
        meter="4/4",
        tempo=126,
        band=baroque(OBOE, "R - F -", "R - R -"),
        form="AABB",
        dynamics="A:mf B:mp",
        sections={
            "A": (
                "A4 d | c A e c | d A B A | G F8 E F4 D | E2 A4 d | c A e c | d A B A | G F E C | D2",
                "A7 | D:2 G:1 D:1 | A7 D | A | A7 | D:2 G:1 D:1 | A7 | D",
            ),
            "B": (
                "F4 A | B G e8 d c B | A4 F A d | c B8 A B4 G# | A2 F4 A | G B A G | F A d c8 B | A4 F G8 F E4 | D2",
                "G A7 | D | A E7 | A D | Em A7 | D G | D A7 | D",
            ),
        },
    ),
    Tune(
        file="tango-of-the-tide-table",
        title="Tango of the Tide Table",
        origin="own",
        key="D minor",
        meter="4/4",
        tempo=116,
        band=(
            Lead(TANGO_ACCORDION, gate=0.88),
            Second(VIOLIN, only="B"),
            Comp(GUITAR, ("c . . c c . c .",), chord=53, level=-10, gate=0.6),
            Comp(DOUBLE_BASS, ("R . . R F . R .",), bass=31, level=-2, gate=0.8),
            Kit(DRUMS, "tango", only="B", level=-14),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "A4 A8. A16 A4 d | f e8 d c#4 r | e e8. e16 e4 g | f e8 d A4 r | d d8. d16 d4 f | B A8 G B4 d | c#8 d e c# A4 E | D2 r",
                "Dm | Dm A7 | A7 | Dm | Dm | Gm | A7 | Dm",
            ),
            "B": (
                "f4. e8 d4 A | g4. f8 e4 c | f4. e8 d4 B | e4 c#8 A e2 | f4. e8 d4 A | g4. f8 d4 B | A4 d8 f e4 c# | d2 r",
                "Dm | C | Bb | A7 | Dm | Gm | Dm A7 | Dm",
            ),
        },
    ),
    Tune(
        file="estampie",
        title="Estampie of the Weir",
        origin="own",
        key="G dorian",
        meter="6/8",
        tempo=144,
        band=(
            Lead(RECORDER, gate=0.9),
            Comp(BASSOON, ("R - - F - -",), bass=43, level=-8, gate=0.9),
            Kit(DRUMS, "estampie", level=-12),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "G4 G8 A B c | d4. G | c4 c8 B A G | F4. F | G4 G8 A B c | d4 c8 B A G | A4 B8 A G F | G4. G",
                "Gm | Gm | F | F | Gm | Gm | F | Gm",
            ),
            "B": (
                "d4 d8 e f d | c4. A | B4 B8 c d B | A4. F | d4 d8 e f d | c4 B8 A G F | A4 B8 A G F | G4. G",
                "Gm | F | Gm | F | Gm | F | F | Gm",
            ),
        },
    ),
)
