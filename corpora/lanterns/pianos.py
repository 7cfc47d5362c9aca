# ruff: noqa: INP001 - a script's own modules, beside it
"""Small pieces for piano, harp and harpsichord, of our own."""

from __future__ import annotations

from typing import Final

from arranging import Comp, Lead, Second
from bands import ALBERTI, ARPEGGIO, RISING_SIX, RISING_THREE, piano
from notation import Tune
from orchestra import CELESTA, CELLO, GUITAR, HARP, HARPSICHORD, MUSIC_BOX, STRINGS, VIOLIN

TUNES: Final = (
    Tune(
        file="prelude-of-rain",
        title="Prelude of Rain",
        origin="own",
        key="C",
        meter="4/4",
        tempo=92,
        band=piano(*ARPEGGIO, bass=36, chord=50, gate=1.0),
        form="AB",
        dynamics="A:p B:mf",
        slows=True,
        sections={
            "A": (
                "e2. d8 e | c2 A | f2. e8 f | d2 B | g2. f8 e | e2 c | A2. B8 c | d1",
                "C | Am7 | Dm7 | G7 | Em7 | Am7 | F | G7",
            ),
            "B": (
                "e2. d8 c | c2 B | A2. G8 A | F1 | G2 c | e2 d4 c | d2 B | c1",
                "Am | C/G E7/G# | Am | Dm7 | C/E | F | G7 | C",
            ),
        },
    ),
    Tune(
        file="nocturne-for-a-ferry",
        title="Nocturne for a Ferry",
        origin="own",
        key="C",
        to="Eb",
        meter="6/8",
        tempo=72,
        band=piano("R 1 2 4 3 2", "R 2 3 4 3 2", bass=36, chord=52, gate=1.0),
        form="ABA",
        dynamics="A:p B:mf",
        slows=True,
        sections={
            "A": (
                "G8 | e4. d4 c8 | B4 c8 A4. | d c4 B8 | c4. r4 G8 | e4. f4 e8 | d4 c8 A4. | G4 c8 d4 B8 | c4. r4",
                "C | E7/B:3 Am:3 | Dm:3 G7:3 | C | C:3 F:3 | Dm:3 F:3 | C/G:3 G7:3 | C",
            ),
            "B": (
                "G8 | g4. e4 c8 | a4 g8 e4. | f d4 f8 | e4. r4 c8 | A4. c4 A8 | G4 c8 e4. | d4 e8 f4 d8 | c4. r4",
                "C | F:3 C:3 | Dm:3 G7:3 | C | F | C/G | Dm:3 G7:3 | C",
            ),
        },
    ),
    Tune(
        file="lullaby-for-an-otter",
        title="Lullaby for an Otter",
        origin="own",
        key="F",
        meter="6/8",
        tempo=84,
        band=(Lead(MUSIC_BOX, 1), Comp(CELESTA, RISING_SIX, bass=60, chord=65, level=-14, gate=1.0)),
        form="ABA",
        dynamics="A:p B:mp",
        slows=True,
        sections={
            "A": (
                "C8 | A4 G8 F4 A8 | c4. A4 c8 | d4 c8 A4 F8 | G4. r4 C8 | A4 G8 F4 A8 | c4. d4 c8 | A4 F8 G4 E8 | F4. r4",
                "F | F | Bb:3 F:3 | C7 | F | F:3 Bb:3 | Dm:3 C7:3 | F",
            ),
            "B": (
                "c8 | d4. B4 d8 | c4. A4 c8 | B4 A8 G4 B8 | A4. r4 c8 | f4. d4 B8 | c4 A8 F4 A8 | G4 A8 B4 E8 | F4. r4",
                "Bb | F | Gm:3 C7:3 | F | Bb | F | C7 | F",
            ),
        },
    ),
    Tune(
        file="folia",
        title="Folia",
        origin="own, over the old ground of the folia",
        key="D minor",
        meter="3/4",
        tempo=108,
        band=(
            Lead(VIOLIN, gate=0.9),
            Comp(HARPSICHORD, (". c c", ". c ."), chord=53, level=-14, gate=0.7),
            Comp(CELLO, ("R - -", "R - F"), bass=38, level=-4),
        ),
        form="AB",
        dynamics="A:mp B:f",
        slows=True,
        sections={
            "A": (
                (
                    "A4 A4. G8 | E2 A4 | F F4. G8 | E2 G4 | A A4. B8 | G2 c4 | A F D | C#2. | "
                    "d4 d4. e8 | c#2 A4 | d f4. d8 | e2 c4 | f a4. f8 | g2 e4 | f8 e d4 c# | d2."
                ),
                "Dm | A | Dm | C | F | C | Dm | A | Dm | A | Dm | C | F | C | Dm:2 A:1 | Dm",
            ),
            "B": (
                (
                    "A8 F D F A d | c# A E A c# e | d A F A d f | e c G c e g | f c A c f a | g e c e g e | f d A d f d | e c# A c# e4 | "
                    "d8 f e d c# d | e g e c# A c# | d f a f d f | g e c e g e | a f c f a f | g e c e g e | f4 e8 d c#4 | d2."
                ),
                "Dm | A | Dm | C | F | C | Dm | A | Dm | A7 | Dm | C | F | C | Dm:2 A:1 | Dm",
            ),
        },
    ),
    Tune(
        file="sarabande-in-blue",
        title="Sarabande in Blue",
        origin="own",
        key="G minor",
        meter="3/4",
        tempo=72,
        band=(Lead(HARPSICHORD), Comp(HARPSICHORD, ("R 1 2",), bass=43, chord=53, level=-10, gate=1.0)),
        form="AB",
        dynamics="A:mf B:mp",
        slows=True,
        sections={
            "A": (
                "d4 d4. c8 | B2 A4 | G B4. A8 | A2. | B4 c4. d8 | e2 d4 | c8 B A4 G | F#2.",
                "Gm | Gm:2 D:1 | Gm | D | Gm | Cm:2 Gm:1 | Cm:2 Gm:1 | D",
            ),
            "B": (
                "A4 A4. B8 | c2 A4 | B d4. c8 | B2. | e4 e4. d8 | c2 f4 | d8 c B4 A | G2.",
                "D7 | D7 | Gm | Gm | Cm | F | Gm:2 D7:1 | Gm",
            ),
        },
    ),
    Tune(
        file="ground-for-two-violins",
        title="Ground for Two Violins",
        origin="own, over a descending ground",
        key="D",
        meter="4/4",
        tempo=80,
        band=(
            Lead(VIOLIN),
            Second(VIOLIN, only="BCD"),
            Comp(HARP, ("R 1 2 3 2 3 1 2",), bass=38, chord=54, level=-12, gate=1.0),
            Comp(CELLO, ("R - R -",), bass=38, level=-4),
        ),
        form="ABCDZ",
        dynamics="A:p B:mp C:mf D:f",
        slows=True,
        sections={
            "A": ("f2 e | d c | B A | B c", "D A | Bm F#m | G D | G A"),
            "B": ("a2 g4 e | f2 c | d4 B A2 | G4 B c e", "D A7 | Bm F#m | G D | G A"),
            "C": ("d8 e f d c d e c | B c d B A B c A | G A B G F G A F | G B d B c4 A", "D A | Bm F#m | G D | G A"),
            "D": ("f4 a e g | d f c e | B d A d | B g e c", "D A7 | Bm F#m | G D | G A"),
            "Z": ("d1", "D"),
        },
    ),
    Tune(
        file="lydian-morning",
        title="Morning on the Slipway",
        origin="own",
        key="F lydian",
        meter="3/4",
        tempo=104,
        band=(
            Lead(CELESTA),
            Comp(HARP, RISING_THREE, bass=41, chord=55, level=-8, gate=1.0),
            Comp(STRINGS, ("c",), chord=53, level=-22, only="B"),
        ),
        form="ABA",
        dynamics="A:mp B:mf",
        sections={
            "A": (
                "c4 d8 c A4 | B2 G4 | c4 e8 d B4 | A2. | c4 d8 c A4 | B2 d4 | e d8 B G4 | F2.",
                "F | G | Am:2 G:1 | F | F | G | Em | F",
            ),
            "B": (
                "f4 e8 d c4 | d2 B4 | e4 d8 B G4 | A2. | f4 e8 d c4 | B2 d4 | c A G | F2.",
                "F | G | Em | Am | F | G | F:2 G:1 | F",
            ),
        },
    ),
    Tune(
        file="sonatina",
        title="Sonatina with a Clean Collar",
        origin="own",
        key="G",
        meter="4/4",
        tempo=132,
        band=piano(*ALBERTI, bass=43, chord=50),
        form="ABA",
        dynamics="A:mf B:p",
        sections={
            "A": (
                "d2 B4 G | c8 B A B c4 A | d2 g4 f8 e | d2 r4 d | e4 c8 e d4 B8 d | c4 A8 c B4 G | A8 B c A G4 F | G2 r",
                "G | D7 | G C | G | C G | D7 G | Am D7 | G",
            ),
            "B": (
                "A4 A8 B c4 A | B4 B8 c d4 B | c4 c8 d e4 c | d2 r | e4 e8 d c4 e | d4 d8 c B4 d | c8 B A G F4 A | G2 D",
                "D7 | G | Am | D | C | G | D7 | G",
            ),
        },
    ),
    Tune(
        file="habanera-for-guitar",
        title="Habanera for a Borrowed Guitar",
        origin="own",
        key="E minor",
        meter="2/4",
        tempo=72,
        band=(Lead(GUITAR, gate=1.0), Comp(GUITAR, ("R . . c F . c .",), bass=40, chord=52, level=-12, gate=1.0)),
        form="ABA",
        dynamics="A:mf B:f",
        slows=True,
        sections={
            "A": (
                "B12 c B G8 E | A12 B A F#8 D# | E8. F16 G8 B | F2 | c12 d c A8 G | B12 c B G8 E | F8. G16 A8 D# | E2",
                "Em | B7 | Em | B7 | Am | Em | B7 | Em",
            ),
            "B": (
                "e8. d16 c8 B | d8. c16 B8 A | c8. B16 A8 G | F#4 B | e8. d16 c8 B | d8. c16 B8 G | A8 F D# F | E2",
                "C | G | Am | B7 | C | G | B7 | Em",
            ),
        },
    ),
)
