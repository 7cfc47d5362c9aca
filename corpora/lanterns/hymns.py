# ruff: noqa: INP001 - a script's own modules, beside it
"""Hymns and chorales: one melody and a chord for almost every beat; the other three voices are found by `voices.py`."""

from __future__ import annotations

from typing import Final

from bands import BRASS, ORGAN, QUARTET, SINGERS
from notation import Tune

TUNES: Final = (
    Tune(
        file="old-hundredth",
        title="Old Hundredth",
        origin="L. Bourgeois, 1551",
        key="G",
        meter="4/4",
        tempo=84,
        band=ORGAN,
        form="A",
        dynamics="A:mf",
        slows=True,
        sections={
            "A": (
                "G4 | G F E D | G A B B | B B A G | c B A G | A B A G | E F G d | B G A c | B A G2",
                "G D Em Bm | C D G G | G G D Em | Am G D G | D G D Em | C D G D | G Em D Am | G/D:1 D:1 G:2",
            ),
        },
    ),
    Tune(
        file="ode-to-joy",
        title="Ode to Joy",
        origin="L. van Beethoven, 1824",
        key="D",
        to="G",
        meter="4/4",
        tempo=120,
        band=QUARTET,
        form="ABC",
        dynamics="A:mp B:mf C:f",
        sections={
            "A": (
                "F4 F G A | A G F E | D D E F | F4. E8 E2 | F4 F G A | A G F E | D D E F | E4. D8 D2",
                "D D A7 D | D Em D A | Bm D A D | D:2 A:2 | D D A7 D | D Em D A | Bm D A D | A7:2 D:2",
            ),
            "B": (
                "E4 E F D | E F8 G F4 D | E F8 G F4 E | D E A,2",
                "A A7 D Bm | A A7 D Bm | A A7 D A | Bm:1 Em:1 A:2",
            ),
            "C": (
                "F4 F G A | A G F E | D D E F | E4. D8 D2",
                "D D A7 D | D Em D A | Bm D A D | A7:2 D:2",
            ),
        },
    ),
    Tune(
        file="abide-with-me",
        title="Abide with Me (Eventide)",
        origin="W. H. Monk, 1861",
        key="C",
        to="Eb",
        meter="4/4",
        tempo=80,
        band=SINGERS,
        form="A",
        dynamics="A:p",
        slows=True,
        sections={
            "A": (
                (
                    "E2 E4 D | C2 G | A4 G G F | E1 | E2 F4 G | A2 G | F4 D E F# | G1 | "
                    "E2 E4 D | C2 G | G4 F F E | D1 | D2 E4 F | E D C F | E2 D | C1"
                ),
                (
                    "C:2 C:1 G:1 | Am:2 Em:2 | F C C F | C | C:2 Dm:1 Em:1 | F:2 C:2 | F Dm C D7 | G | "
                    "C:2 C:1 G:1 | Am:2 Em:2 | C F G7 C | G | G:2 C:1 F:1 | C G Am F | C/G:2 G7:2 | C"
                ),
            ),
        },
    ),
    Tune(
        file="god-save",
        title="God Save the King",
        origin="traditional, England, printed 1744",
        key="G",
        meter="3/4",
        tempo=92,
        band=BRASS,
        form="A",
        dynamics="A:f",
        slows=True,
        sections={
            "A": (
                (
                    "G4 G A | F4. G8 A4 | B B c | B4. A8 G4 | A G F | G2. | "
                    "d4 d d | d4. c8 B4 | c c c | c4. B8 A4 | B c8 B A G | B4. c8 d4 | e8 c B4 A | G2."
                ),
                (
                    "G Em Am | D:2 D:1 | G Em Am | G:2 Em:1 | Am/C G/D D | G | "
                    "G:2 G:1 | G:2 G:1 | D7 | D7:2 D:1 | G Am D | G:2 G:1 | C G/D D7 | G"
                ),
            ),
        },
    ),
    Tune(
        file="chorale-the-harbour-light",
        title="Chorale: The Harbour Light",
        origin="own",
        key="G",
        meter="4/4",
        tempo=76,
        band=SINGERS,
        form="AB",
        dynamics="A:mp B:mf",
        slows=True,
        sections={
            "A": (
                "D4 | G4 F G A | B2. B4 | c B A G | F2. D4 | E F G A | B A G D | E A G F | G2.",
                "G D Em D | G:3 G:1 | C G Am Em | D:3 D7:1 | C D G D | Em:1 D:1 G:2 | C Am G/D D7 | G",
            ),
            "B": (
                "B4 | d c B A | G2. B4 | A G F E | D2. G4 | A B c d | e d c B | A c B A | G2.",
                "G D G D | Em:3 Em:1 | D Em Bm A7 | D:3 G:1 | D G Am G | C G Am Em | Am Am G/D D7 | G",
            ),
        },
    ),
    Tune(
        file="chorale-ebb",
        title="Chorale: Ebb",
        origin="own",
        key="D minor",
        meter="4/4",
        tempo=72,
        band=ORGAN,
        form="AB",
        dynamics="A:mf B:mp",
        slows=True,
        sections={
            "A": (
                "D4 | A4 A G F | E2. F4 | G A B A8 G | A2. A4 | d c B A | G F E A | F G8 F E4. D8 | D2.",
                "Dm F C F | A:3 Dm:1 | Gm F Gm Dm | A:3 A7:1 | Bb F Gm Dm | C:1 Dm:1 A:2 | Dm:1 Gm:1 A7:2 | D",
            ),
            "B": (
                "F4 | A B c A | G2. c4 | A G F G | A2. d4 | c B A G | F G A G | F E8 D E2 | D2.",
                "F Gm F F | C:3 F:1 | F C Dm Em7b5 | A:3 Bb:1 | F Gm F C | Dm C F C | Dm:1 A:3 | D",
            ),
        },
    ),
    Tune(
        file="chorale-seven-sleepers",
        title="Chorale: Seven Sleepers",
        origin="own",
        key="E dorian",
        meter="3/4",
        tempo=84,
        band=QUARTET,
        form="AB",
        dynamics="A:p B:mf",
        slows=True,
        sections={
            "A": (
                "E4 G A | B2 A4 | G F E | D2. | G4 A B | d2 B4 | A B A | B2.",
                "Em:2 D:1 | G:2 D:1 | Em Bm A | Bm | G D G | Bm:2 Em:1 | D G D | Em",
            ),
            "B": (
                "B4 c d | e2 d4 | B A G | F2. | E4 F G | A2 G4 | F E F | E2.",
                "G A D | A:2 G:1 | Em D Em | Bm | Em D G | D:2 Em:1 | Bm A Bm | Em",
            ),
        },
    ),
    Tune(
        file="chorale-ferrymans-grace",
        title="Chorale: The Ferryman's Grace",
        origin="own",
        key="F",
        to="Eb",
        meter="4/4",
        tempo=88,
        band=BRASS,
        form="AB",
        dynamics="A:mf B:f",
        slows=True,
        sections={
            "A": (
                "F4 A G F | c2 A | B4 A G F | G1 | A4 c B A | d2 c | B4 A G8 A G4 | F1",
                "F Dm C F | F:2 F:2 | Gm F C Dm | C | F F C7 F | Bb:2 F:2 | Gm:1 Dm:1 C:2 | F",
            ),
            "B": (
                "c4 c d c | B2 G | A4 B c A | G1 | F4 G A B | c2 d | c4 B A G | F1",
                "F F Bb F | Gm:2 C:2 | F Bb F Dm | C | Dm C F Bb | F:2 Bb:2 | F Gm F/C C7 | F",
            ),
        },
    ),
)
