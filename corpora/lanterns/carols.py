# ruff: noqa: INP001 - a script's own modules, beside it
"""Carols: old melodies, typed from memory, with harmony of our own."""

from __future__ import annotations

from typing import Final

from arranging import Comp, Kit, Lead, Second
from bands import BRASS, QUARTET, RISING_SIX, RISING_THREE, SINGERS, brass_march, harp_song, piano, pop, waltz
from notation import Tune
from orchestra import (
    ACCORDION,
    BRUSHES,
    CHOIR,
    CLARINET,
    CLEAN_GUITAR,
    DRUMS,
    FLUTE,
    GLOCKENSPIEL,
    GUITAR,
    HARPSICHORD,
    OBOE,
    RECORDER,
    TROMBONE,
    TUBA,
    VIBRAPHONE,
    VIOLIN,
)

TUNES: Final = (
    Tune(
        file="silent-night",
        title="Silent Night",
        origin="F. X. Gruber, 1818",
        key="C",
        to="Bb",
        meter="6/8",
        tempo=84,
        band=harp_song(CHOIR, *RISING_SIX),
        form="Aa",
        dynamics="A:p a:mp",
        slows=True,
        sections={
            "A": (
                (
                    "G8. A16 G8 E4. | G8. A16 G8 E4. | d4 d8 B4. | c4 c8 G4. | A4 A8 c8. B16 A8 | G8. A16 G8 E4. | "
                    "A4 A8 c8. B16 A8 | G8. A16 G8 E4. | d4 d8 f8. d16 B8 | c4. e | c8. G16 E8 G8. F16 D8 | C2."
                ),
                "C | C | G7 | C | F | C | F | C | G7 | C | C:3 G7:3 | C",
            ),
        },
    ),
    Tune(
        file="we-wish-you",
        title="We Wish You a Merry Christmas",
        origin="traditional, England",
        key="G",
        meter="3/4",
        tempo=152,
        band=waltz(ACCORDION, second="Ba"),
        form="ABA",
        dynamics="A:f B:mf",
        sections={
            "A": (
                "D4 | G4 G8 A G F | E4 E E | A A8 B A G | F4 D D | B B8 c B A | G4 E D8 D | E4 A F | G2",
                "G | C | A7 | D | B7 | Em | C:1 D7:2 | G",
            ),
            "B": (
                "D4 | G4 G G | F2 F4 | G F E | D2 A4 | B A8 A G G | d4 D D8 D | E4 A F | G2",
                "G | D | Em:1 A7:2 | D | G | D | C:1 D7:2 | G",
            ),
        },
    ),
    Tune(
        file="the-first-noel",
        title="The First Noel",
        origin="traditional, England",
        key="D",
        meter="3/4",
        tempo=96,
        band=(Lead(OBOE), Second(CLARINET, only="B"), Comp(GUITAR, RISING_THREE, bass=40, chord=52, level=-8, gate=1.0)),
        form="AB",
        dynamics="A:mp B:f",
        slows=True,
        sections={
            "A": (
                "F8 E | D4. E8 F G | A2 B8 c | d4 c B | A2 B8 c | d4 c B | A B c | d A G | F2",
                "D | D:2 A:1 | D:1 A:1 G:1 | D:2 A:1 | D:1 A:1 G:1 | D:1 G:1 A7:1 | D:2 A7:1 | D",
            ),
            "B": (
                "F8 E | D4. E8 F G | A2 d8 c | B2 B4 | A2. | d4 c B | A B c | d A G | F2",
                "D | D | G | D | D:1 A:1 G:1 | D:1 G:1 A7:1 | D:2 A7:1 | D",
            ),
        },
    ),
    Tune(
        file="deck-the-hall",
        title="Deck the Hall",
        origin="traditional, Wales, 16th century",
        key="D",
        meter="4/4",
        tempo=144,
        band=SINGERS,
        form="AABC",
        dynamics="A:f B:mf C:f",
        sections={
            "A": ("A4. G8 F4 E | D E F D | E8 F G E F4. E8 | D4 C D2", "D | D:1 A:1 D:2 | A7 D | D:1 A7:1 D:2"),
            "B": ("E4. F8 G4 E | F4. G8 A4 E | F8 G# A4 B8 c d4 | c B A2", "A7 | D A | A Bm | A:1 E7:1 A:2"),
            "C": ("A4. G8 F4 E | D E F D | B8 B B B A4. G8 | F4 E D2", "D | D:1 A:1 D:2 | G D | D:1 A7:1 D:2"),
        },
    ),
    Tune(
        file="god-rest-ye-merry",
        title="God Rest Ye Merry, Gentlemen",
        origin="traditional, England, 17th century",
        key="E minor",
        meter="4/4",
        tempo=126,
        band=QUARTET,
        form="AAB",
        dynamics="A:mp B:mf",
        sections={
            "A": ("E4 | E B B A | G F E D | E F G A | B2.", "Em | Em B Em Bm | C D G Am | B"),
            "B": (
                "B4 | c A B c | d e B A | G E F G | A2 G4 A | B2 c4 B | B A G F | E2 G8 F E4 | A2 G4 A | B c d e | B A G F | E2.",
                (
                    "Am D G Am | G Em G D | Em:2 D:1 Em:1 | D:2 Em:1 D:1 | G:2 Am:1 Em:1 | "
                    "Em D Em B | Em:2 Em:1 Em:1 | D:2 Em:1 D:1 | G Am G Am | Em D Em B | Em"
                ),
            ),
        },
    ),
    Tune(
        file="good-king-wenceslas",
        title="Good King Wenceslas",
        origin="traditional, Piae Cantiones, 1582",
        key="G",
        meter="4/4",
        tempo=132,
        band=BRASS,
        form="AAB",
        dynamics="A:mf B:f",
        sections={
            "A": ("G4 G G A | G G D2 | E4 D E F | G2 G", "G:3 D:1 | G D | C G C D | G"),
            "B": (
                "d4 c B A | B A G2 | E4 D E F | G2 G | D4 D E F | G G A2 | d4 c B A | G2 c | G1",
                "G Am G D | G:1 D:1 Em:2 | C G C D | G | G:2 C:1 D:1 | Em:1 G:1 D:2 | G Am G D | Em C | G",
            ),
        },
    ),
    Tune(
        file="joy-to-the-world",
        title="Joy to the World",
        origin="L. Mason, 1839",
        key="D",
        meter="2/4",
        tempo=88,
        band=brass_march("march in two", bass=("R F",), chords=(". c . c",), second="B"),
        form="AB",
        dynamics="A:f B:mf",
        slows=True,
        sections={
            "A": ("d4 c8. B16 | A4. G8 | F4 E | D4. A8 | B4. B8 | c4. c8 | d4. d8", "D:1 G:1 | D | D:1 A7:1 | D | G | A | D"),
            "B": (
                (
                    "d8 c B A | A8. G16 F8 d | d c B A | A8. G16 F8 F | F F F F16 G | A4. G16 F | E8 E E E16 F | G4. F16 E | "
                    "D8 d4 B8 | A8. G16 F8 G | F4 E | D2"
                ),
                "D | D | D | D | D | D | A7 | A7 | D:1 G:1 | D | D:1 A7:1 | D",
            ),
        },
    ),
    Tune(
        file="adeste-fideles",
        title="Adeste fideles",
        origin="J. F. Wade, about 1743",
        key="G",
        meter="4/4",
        tempo=104,
        band=(
            Lead(TROMBONE, -1),
            Lead(CHOIR),
            Comp(GUITAR, ("R 1 2 3",), bass=43, chord=52, level=-14, gate=1.0),
            Comp(TUBA, ("R",), bass=31, level=-10, only="B"),
        ),
        form="AB",
        dynamics="A:mf B:f",
        slows=True,
        sections={
            "A": (
                "G4 | G2 D4 G | A2 D2 | B4 A B c | B2 A4 G | G2 F4 E | F G A B | F2 E4. D8 | D2. r4",
                "G | D | G:1 D:1 G:1 C:1 | G:2 D:1 G:1 | Em:2 D:1 A7:1 | D:1 G:1 D:1 G:1 | D:2 A7:2 | D",
            ),
            "B": (
                "d2 c4 B | c2 B2 | A4 B G A | F4. E8 D4 G | G F G A | G2 D4 G | B A B c | B2 A4 B | c B A G | F2 G4 c | B2 A4. G8 | G1",
                (
                    "G:2 D:1 G:1 | Am:2 G:2 | D:1 G:1 Em:1 A7:1 | D:3 G:1 | G:1 D:1 G:1 D:1 | G | G:1 D:1 G:1 C:1 | G:2 D:1 G:1 | "
                    "C:1 G:1 D:1 Em:1 | D:2 G:1 C:1 | G:2 D7:2 | G"
                ),
            ),
        },
    ),
    Tune(
        file="in-dulci-jubilo",
        title="In dulci jubilo",
        origin="traditional, Germany, 14th century",
        key="F",
        meter="6/8",
        tempo=138,
        band=(Lead(RECORDER), Second(CLARINET), Comp(HARPSICHORD, ("R 1 2 3 2 1", "R 2 3 1 2 3"), bass=41, chord=53, level=-10)),
        form="A",
        dynamics="A:mf a:f",
        sections={
            "A": (
                (
                    "F8 | F4 F8 A4 B8 | c4 d8 c4 F8 | F4 F8 A4 B8 | c4 d8 c4. | c4 d8 c4 B8 | A4. F | G4 G8 A4 G8 | F4 G8 A4. | "
                    "c4 d8 c4 B8 | A4. F | G4 G8 A4 G8 | F4 G8 A4. | D4 D8 E4 E8 | F4. c | A4 A8 G4 G8 | F4. F4"
                ),
                "F | F | F | F | F | F | C7:3 F:3 | F | F | F | C7:3 F:3 | Dm | Bb:3 C:3 | F | F:3 C7:3 | F",
            ),
        },
    ),
    Tune(
        file="o-tannenbaum",
        title="O Tannenbaum",
        origin="traditional, Germany, 16th century",
        key="F",
        meter="3/4",
        tempo=108,
        band=(
            Lead(VIBRAPHONE),
            Comp(VIBRAPHONE, (". c c",), chord=57, level=-16, gate=0.7),
            Comp(TUBA, ("R . .",), bass=36, level=-10),
            Kit(BRUSHES, "waltz"),
        ),
        form="AABA",
        dynamics="A:mp B:mf",
        sections={
            "A": ("C8 | F8. F16 F4. G8 | A8. A16 A4. A8 | G A B4 E | G F r8", "F | F:2 D7:1 | Gm:2 C7:1 | F"),
            "B": ("c8 | c A d4. c8 | c4 B4. B8 | B G c4. B8 | B4 A r8", "F:1 Bb:2 | Gm | C7 | F"),
        },
    ),
    Tune(
        file="angels-we-have-heard",
        title="Angels We Have Heard on High",
        origin="traditional, France",
        key="F",
        meter="4/4",
        tempo=120,
        band=(Lead(FLUTE), Second(VIOLIN, only="BC"), Comp(HARPSICHORD, ("R 1 2 3 2 3 1 2",), bass=41, chord=53, level=-12)),
        form="AABC",
        dynamics="A:mp B:f C:f",
        sections={
            "A": ("A4 A A c | c4. B8 A2 | A4 G A c | A4. G8 F2", "F | C7:2 F:2 | F:1 C:1 F:2 | F"),
            "B": (
                "c2 d8 c B A | B2 c8 B A G | A2 B8 A G F | G4. C8 C2 | F4 G A B | A2 G",
                "F Dm | Gm C7 | F Bb | C | F:1 C:1 F:1 Bb:1 | F C",
            ),
            "C": (
                "c2 d8 c B A | B2 c8 B A G | A2 B8 A G F | G4. C8 C2 | F4 G A B | A2 G | F1",
                "F Dm | Gm C7 | F Bb | C | F:1 C:1 F:1 Bb:1 | F C7 | F",
            ),
        },
    ),
    Tune(
        file="ding-dong-merrily",
        title="Ding Dong! Merrily on High (Branle de l'Official)",
        origin="traditional, T. Arbeau, 1589",
        key="G",
        meter="4/4",
        tempo=144,
        band=(
            Lead(RECORDER),
            Second(CLARINET, only="aB"),
            Comp(GUITAR, ("R . c . F . c .",), bass=43, level=-8),
            Kit(DRUMS, "march in two", only="aB", level=-14),
        ),
        form="AaB",
        dynamics="A:mf a:mf B:f",
        sections={
            "A": ("G4 G A8 G F E | D2. D4 | E G G F | G2 G", "G C | G | C:1 G:1 D7:2 | G"),
            "B": (
                "d4. c8 B c d B | c4. B8 A B c A | B4. A8 G A B G | A4. G8 F G A F | G4. F8 E F G E | F4. E8 D4 D | E G G F | G2 G",
                "G | Am | G | D | Em | D7 | C:1 G:1 D7:2 | G",
            ),
        },
    ),
    Tune(
        file="jingle-bells",
        title="Jingle Bells",
        origin="J. L. Pierpont, 1857",
        key="G",
        meter="4/4",
        tempo=160,
        band=pop(GLOCKENSPIEL, "country", comp=CLEAN_GUITAR, keys=(". c . c",), bass=("R . F .",), octaves=1),
        form="B",
        dynamics="A:mf B:f",
        sections={
            "A": (
                (
                    "D4 B A G | D2. D8 D | D4 B A G | E1 | E4 c B A | F1 | d4 d c A | B1 | "
                    "D4 B A G | D1 | D4 B A G | E2. E4 | E c B A | d d d d | e d c A | G2 d2"
                ),
                "G | G | G | C | C | D7 | D7 | G | G | G | G | C | C:2 Am:2 | D7 | D7 | G",
            ),
            "B": (
                (
                    "B4 B B2 | B4 B B2 | B4 d G4. A8 | B1 | c4 c c4. c8 | c4 B B B | B A A B | A2 d | "
                    "B4 B B2 | B4 B B2 | B4 d G4. A8 | B1 | c4 c c4. c8 | c4 B B B | d d c A | G1"
                ),
                "G | G | G | G | C | G | A7 | D7 | G | G | G | G | C | G | D7 | G",
            ),
        },
    ),
    Tune(
        file="a-ship-comes-laden",
        title="A Ship Comes Laden",
        origin="own",
        key="D dorian",
        meter="3/4",
        tempo=96,
        band=piano(*RISING_THREE, bass=38, chord=53),
        form="AB",
        dynamics="A:p B:mf",
        slows=True,
        sections={
            "A": (
                "D4 | F2 G4 | A2 D4 | F4. G8 A4 | G2 A4 | c2 A4 | G F E | F E C | D2",
                "Dm | Dm | F | C | F | C | F:1 C:2 | Dm",
            ),
            "B": (
                "A4 | d2 d4 | c2 A4 | c4. B8 A4 | G2 A4 | c2 A4 | G F E | F E C | D2",
                "Dm | F | Am | G | F | C | F:1 C:2 | Dm",
            ),
        },
    ),
)
