# ruff: noqa: INP001 - a script's own modules, beside it
"""Songs, rounds and lullabies: traditional melodies, typed from memory, with harmony of our own."""

from __future__ import annotations

from typing import Final

from arranging import Canon, Comp, Kit, Lead, Second
from bands import ALBERTI, ARPEGGIO, RISING_SIX, RISING_THREE, STRUM_FOUR, guitar_song, harp_song, piano, waltz
from notation import Tune
from orchestra import (
    ACCORDION,
    CELESTA,
    CELLO,
    CLARINET,
    DRUMS,
    FLUTE,
    GUITAR,
    HARMONICA,
    HARP,
    KOTO,
    OBOE,
    OCARINA,
    PAN_FLUTE,
    RECORDER,
    STRINGS,
    VIOLIN,
)

TUNES: Final = (
    Tune(
        file="ah-vous-dirai-je",
        title="Ah! vous dirai-je, maman",
        origin="traditional, France, 18th century",
        key="C",
        meter="4/4",
        tempo=104,
        band=piano(*ALBERTI, chord=48, bass=36, more=ARPEGGIO, then="ab"),
        form="ABAaba",
        dynamics="A:mp B:p a:mf b:mp",
        sections={
            "A": ("C4 C G G | A A G2 | F4 F E E | D D C2", "C | F C | G7 C | G7 C"),
            "B": ("G4 G F F | E E D2 | G4 G F F | E E D2", "C G7 | C G7 | C G7 | C G7"),
        },
    ),
    Tune(
        file="frere-jacques",
        title="Frère Jacques",
        origin="traditional, France, 18th century; a round",
        key="F",
        meter="4/4",
        tempo=112,
        band=(Lead(RECORDER), Canon(CLARINET, bars=2), Canon(CELLO, bars=4, octaves=-1), Comp(GUITAR, ("R - F -",), bass=41, level=-10)),
        form="AAZ",
        sections={
            "A": (
                "F4 G A F | F G A F | A B c2 | A4 B c2 | c8 d c B A4 F | c8 d c B A4 F | F C F2 | F4 C F2",
                "F | F | F | F | F | F | F | F",
            ),
            "Z": ("F4 C F2 | F4 C F2 | F4 C F2 | F1", "F | F | F | F"),
        },
    ),
    Tune(
        file="au-clair-de-la-lune",
        title="Au clair de la lune",
        origin="traditional, France, 18th century",
        key="G",
        to="Ab",
        meter="4/4",
        tempo=92,
        band=piano("R 1 2 3 2 3 1 2", chord=50, bass=43),
        form="AABA",
        dynamics="A:mp B:p",
        slows=True,
        sections={
            "A": ("G4 G G A | B2 A2 | G4 B A A | G1", "G | G D7 | G D7 | G"),
            "B": ("A4 A A A | E2 E2 | A4 G F E | D1", "D | Am | D A7 | D7"),
        },
    ),
    Tune(
        file="sur-le-pont-d-avignon",
        title="Sur le pont d'Avignon",
        origin="traditional, France, 16th century",
        key="G",
        meter="4/4",
        tempo=126,
        band=(
            Lead(OCARINA),
            Second(CLARINET, only="a"),
            Comp(GUITAR, STRUM_FOUR, bass=43, level=-10, gate=0.7),
            Kit(DRUMS, "march in two", only="a", level=-16),
        ),
        form="Aa",
        dynamics="A:mf a:f",
        sections={
            "A": (
                "G4 G G2 | A4 A A2 | B4 c d G | F G A D | G G G2 | A4 A A2 | B4 c d G | A F G2",
                "G | D | G | D7 | G | D | G | D7 G",
            ),
        },
    ),
    Tune(
        file="pop-goes-the-weasel",
        title="Pop! Goes the Weasel",
        origin="traditional, England, 19th century",
        key="G",
        to="C",
        meter="6/8",
        tempo=150,
        band=(
            Lead(CLARINET),
            Second(CLARINET, only="a"),
            Comp(ACCORDION, ("R . c F . c",), bass=43, chord=55, level=-12, gate=0.7),
            Kit(DRUMS, "march in six", only="a", level=-14),
        ),
        form="AaA",
        dynamics="A:mf a:f",
        sections={
            "A": (
                "G4 G8 A4 A8 | B d B G4 D8 | G4 G8 A4 A8 | B4. G | G4 G8 A4 A8 | B d B G4 r8 | e4. A4 c8 | B4. G",
                "G:3 D7:3 | G | G:3 D7:3 | G | G:3 D7:3 | G | C:3 D7:3 | G",
            ),
        },
    ),
    Tune(
        file="aura-lee",
        title="Aura Lee",
        origin="G. R. Poulton, 1861",
        key="G",
        to="E",
        meter="4/4",
        tempo=84,
        band=guitar_song(HARMONICA, *ARPEGGIO, octaves=1, second=VIOLIN, only="B"),
        form="AAB",
        dynamics="A:mp B:mf",
        slows=True,
        sections={
            "A": ("D4 G F G | A E A2 | G4 F E F | G1", "G | A7 | G:1 D7:3 | G"),
            "B": (
                "B4 B B2 | B4 B B2 | B4 A G A | B1 | B4 B c B | A E A2 | G4 F E F | G1",
                "G | B7 | G:3 Am:1 | G | G:3 E7:1 | A7 | G:1 D7:3 | G",
            ),
        },
    ),
    Tune(
        file="londonderry-air",
        title="Londonderry Air",
        origin="traditional, Ireland, printed 1855",
        key="C",
        to="D",
        meter="4/4",
        tempo=72,
        band=(
            Lead(CELLO, -1, gate=1.0),
            Comp(HARP, ARPEGGIO, bass=38, chord=54, level=-8, gate=1.0),
            Comp(STRINGS, ("c",), chord=54, level=-20, only="B"),
        ),
        form="AB",
        dynamics="A:mp B:f",
        slows=True,
        sections={
            "A": (
                (
                    "B,8 C D | E4. D8 E A G E | D C A,4. C8 E F | G4. A8 G E C E | D2 r8 B, C D | "
                    "E4. D8 E A G E | D C A,4. B,8 C D | E4. F8 E D C D | C2 r8"
                ),
                "C | F | C | G7 | C | F | C G7 | C",
            ),
            "B": (
                (
                    "G8 A B | c4. B8 B A G A | G E C4. G8 A B | c4. B8 B A G E | D2 r8 G G G | "
                    "e4. d8 d c A c | G E C4. B,8 C D | E A G E D C A, B, | C2."
                ),
                "C Em | C | C Em | G7 | Am F | C | C G7 | C",
            ),
        },
    ),
    Tune(
        file="auld-lang-syne",
        title="Auld Lang Syne",
        origin="traditional, Scotland, 18th century",
        key="F",
        meter="4/4",
        tempo=88,
        band=(Lead(ACCORDION), Second(VIOLIN, only="B"), Comp(GUITAR, STRUM_FOUR, bass=41, chord=52, level=-8, gate=1.0)),
        form="AB",
        dynamics="A:mp B:f",
        slows=True,
        sections={
            "A": (
                "C4 | F4. F8 F4 A | G4. F8 G4 A | F4. F8 A4 c | d2. d4 | c4. A8 A4 F | G4. F8 G4 A8 G | F4. D8 D4 C | F2.",
                "F | C7 | F F7 | Bb | F | C7 | Bb C7 | F",
            ),
            "B": (
                "d4 | c4. A8 A4 F | G4. F8 G4 d | c4. A8 A4 c | d2. d4 | c4. A8 A4 F | G4. F8 G4 A8 G | F4. D8 D4 C | F2.",
                "F | C7 | F F7 | Bb | F | C7 | Bb C7 | F",
            ),
        },
    ),
    Tune(
        file="guten-abend-gut-nacht",
        title="Guten Abend, gut' Nacht",
        origin="J. Brahms, 1868",
        key="F",
        meter="3/4",
        tempo=80,
        band=(Lead(CELESTA, 1), Second(CELESTA, 1, level=-6), Comp(HARP, RISING_THREE, bass=41, chord=53, level=-8, gate=1.0)),
        form="A",
        dynamics="A:mp a:p",
        slows=True,
        sections={
            "A": (
                (
                    "A8 A | c2 A8 A | c2 A8 c | f4 e4. d8 | d4 c G8 A | B4 G G8 A | B2 G8 B | e d c4 e | f2 F8 F | "
                    "f2 d8 B | c2 A8 F | B4 c d | c2 F8 F | f2 d8 B | c2 A8 F | B4 A G | F2"
                ),
                "F | F | F:1 C7:2 | C7 | C7 | C7 | C7 | F | Bb | F | C7 | F | Bb | F | C7 | F",
            ),
        },
    ),
    Tune(
        file="greensleeves",
        title="Greensleeves",
        origin="traditional, England, 16th century",
        key="A minor",
        meter="6/8",
        tempo=108,
        band=guitar_song(RECORDER, *RISING_SIX, second=OBOE, only="B"),
        form="AB",
        dynamics="A:mp B:f",
        slows=True,
        sections={
            "A": (
                (
                    "A8 | c4 d8 e8. f#16 e8 | d4 B8 G8. A16 B8 | c4 A8 A8. G#16 A8 | B4 G#8 E4 A8 | "
                    "c4 d8 e8. f#16 e8 | d4 B8 G8. A16 B8 | c8. B16 A8 G#8. F#16 G#8 | A4. A4."
                ),
                "Am | G | Am | E | Am | G | Am:3 E7:3 | Am",
            ),
            "B": (
                (
                    "g4. g8. f#16 e8 | d4 B8 G8. A16 B8 | c4 A8 A8. G#16 A8 | B4 G#8 E4. | "
                    "g4. g8. f#16 e8 | d4 B8 G8. A16 B8 | c8. B16 A8 G#8. F#16 G#8 | A4. A4"
                ),
                "C | G | Am | E | C | G | Am:3 E7:3 | Am",
            ),
        },
    ),
    Tune(
        file="scarborough-fair",
        title="Scarborough Fair",
        origin="traditional, England",
        key="A dorian",
        to="E dorian",
        meter="3/4",
        tempo=112,
        band=guitar_song(FLUTE, *RISING_THREE, octaves=1, second=OBOE, only="a"),
        form="Aa",
        dynamics="A:mp a:mf",
        slows=True,
        sections={
            "A": (
                (
                    "A2 A4 | e2 e4 | B4. c8 B4 | A2. | r4 e g | a2 g4 | e f d | e2 a4 | "
                    "a2 a4 | g2 e4 | e d c | B2 G4 | A2 e4 | d2 c4 | B A G | A2."
                ),
                "Am | C | G | Am | C | Am | C:1 D:2 | Am | D | C | Am | G | Am | G | Em | Am",
            ),
        },
    ),
    Tune(
        file="my-bonnie",
        title="My Bonnie Lies over the Ocean",
        origin="traditional, Scotland",
        key="G",
        to="A",
        meter="3/4",
        tempo=144,
        band=waltz(CLARINET, second="B"),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                (
                    "D4 | B4. A8 G4 | A G E | D2 B,4~ | B,2 D4 | B4. A8 G4 | G F G | A2.~ | A2 D4 | "
                    "B4. A8 G4 | A G E | D2 B,4~ | B,2 D4 | E A G | F E F | G2.~ | G2."
                ),
                "G | C | G | G | G | A7 | D | D7 | G | C | G | G | Am | D7 | G | G",
            ),
            "B": (
                "D2. | G | E | A | F2 F4 | F E F | G2 A4 | B2. | D | G | E | A | F2 F4 | F E F | G2.~ | G2.",
                "G | G7 | C | Am | D7 | D7 | G | G | G | G7 | C | Am | D7 | D7 | G | G",
            ),
        },
    ),
    Tune(
        file="clementine",
        title="Oh My Darling, Clementine",
        origin="traditional, United States, 19th century",
        key="F",
        to="E",
        meter="3/4",
        tempo=116,
        band=guitar_song(HARMONICA, "R c c", "F c c", octaves=1, second=VIOLIN, only="a"),
        form="Aa",
        dynamics="A:mf a:f",
        sections={
            "A": (
                "F8. F16 | F4 C A8. A16 | A4 F F8. A16 | c4. c8 B8. A16 | G2 G8. A16 | B4. B8 A8. G16 | A4 F F8. A16 | G4. C8 E8. G16 | F2",
                "F | F | F | C7 | C7 | F | C7 | F",
            ),
        },
    ),
    Tune(
        file="arirang",
        title="Arirang",
        origin="traditional, Korea",
        key="F",
        to="G",
        meter="3/4",
        tempo=90,
        band=harp_song(PAN_FLUTE, "R 1 3", "R 2 3", octaves=1),
        form="A",
        dynamics="A:mf",
        slows=True,
        sections={
            "A": (
                (
                    "C4. D8 C D | F4. G8 F G | A4 G8 A F D | C4. D8 C D | F4. G8 F G | A G F D C D | F4. G8 F4 | F2. | "
                    "c2 c4 | c A G | A G8 A F D | C4. D8 C D | F4. G8 F G | A G F D C D | F4. G8 F4 | F2."
                ),
                "F | Dm | F:2 Dm:1 | C | F | F:2 C:1 | Bb | F | F | F:2 C:1 | F:2 Dm:1 | C | Dm | F:2 C:1 | Bb | F",
            ),
        },
    ),
    Tune(
        file="sakura",
        title="Sakura, sakura",
        origin="traditional, Japan, Edo period",
        key="E phrygian",
        meter="4/4",
        tempo=76,
        band=(Lead(KOTO, gate=1.0), Comp(KOTO, ("R . F . 8 . . .", "R . F . . . . ."), bass=45, level=-12, gate=1.0)),
        form="A",
        dynamics="A:mf",
        slows=True,
        sections={
            "A": (
                (
                    "A4 A B2 | A4 A B2 | A4 B c B | A B8 A F2 | E4 C E F | E E8 C B,2 | A4 B c B | A B8 A F2 | "
                    "E4 C E F | E E8 C B,2 | A4 A B2 | A4 A B2 | E4 F B8 A F4 | E1"
                ),
                "Am E5 | Am E5 | Am | Am F | Am | Am E5 | Am | Am F | Am | Am E5 | Am E5 | Am E5 | F | E5",
            ),
        },
    ),
    Tune(
        file="amazing-grace",
        title="Amazing Grace",
        origin="traditional, United States, printed 1829 (New Britain)",
        key="G",
        to="Bb",
        meter="3/4",
        tempo=84,
        band=harp_song(OBOE, "R 1 2 3 2 1"),
        form="A",
        dynamics="A:mf",
        slows=True,
        sections={
            "A": (
                (
                    "D4 | G2 B8 G | B2 A4 | G2 E4 | D2 D4 | G2 B8 G | B2 A4 | d2.~ | d2 B4 | "
                    "d4. B8 d B | G2 D4 | E4. G8 G E | D2 D4 | G2 B8 G | B2 A4 | G2.~ | G2"
                ),
                "G | G | C | G | G | G:2 A7:1 | D | D7 | G | G | C | G | G:2 Em:1 | G:2 D7:1 | G:1 C:2 | G",
            ),
        },
    ),
)
