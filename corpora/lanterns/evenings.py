# ruff: noqa: INP001 - a script's own modules, beside it
"""Pieces with bass and drums: old songs in other clothes, and tunes of our own."""

from __future__ import annotations

from typing import Final

from arranging import Comp, Kit, Lead, Second, Walk
from bands import brass_march, combo, hoedown, pop
from notation import Tune
from orchestra import (
    ALTO_SAXOPHONE,
    BASS_GUITAR,
    BRUSHES,
    CLARINET,
    CLEAN_GUITAR,
    DOUBLE_BASS,
    DRAWBAR_ORGAN,
    DRUMS,
    ELECTRIC_PIANO,
    FIDDLE,
    FLUTE,
    FRETLESS_BASS,
    GUITAR,
    JAZZ_DRUMS,
    JAZZ_GUITAR,
    LEFT_HAND,
    OVERDRIVEN_GUITAR,
    PIANO,
    PICKED_BASS,
    STEEL_DRUMS,
    TROMBONE,
    TRUMPET,
    VIBRAPHONE,
)

TUNES: Final = (
    Tune(
        file="oh-susanna",
        title="Oh! Susanna",
        origin="S. Foster, 1848",
        key="F",
        to="D",
        meter="4/4",
        tempo=152,
        band=hoedown(FIDDLE),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "F8 G | A4 c c4. d8 | c4 A F4. G8 | A4 A G F | G2. F8 G | A4 c c4. d8 | c4 A F4. G8 | A4 A G G | F2.",
                "F | F | F | C7 | F | F | F C7 | F",
            ),
            "B": (
                "r8 r | B2 B | d4 d2 d4 | c c A F | G2. F8 G | A4 c c4. d8 | c4 A F4. G8 | A4 A G G | F2.",
                "Bb | Bb | F | C7 | F | F | F C7 | F",
            ),
        },
    ),
    Tune(
        file="john-browns-body",
        title="John Brown's Body",
        origin="traditional, United States, 1850s",
        key="C",
        to="Bb",
        meter="4/4",
        tempo=112,
        band=brass_march(second="B"),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                (
                    "G8. G16 | G8. F16 E8. G16 c8. d16 e8. e16 | e8. d16 c4 r4 c8. B16 | "
                    "A8. A16 A8. B16 c8. B16 c8. A16 | G8. A16 G8. E16 G4 G8. G16 | "
                    "G8. F16 E8. G16 c8. d16 e8. e16 | e8. d16 c4 r4 c | d d c B | c2."
                ),
                "C | C | F | C | C | C Am | Dm:1 G7:1 C:1 G7:1 | C",
            ),
            "B": (
                "r4 | G4. F8 E8. G16 c8. d16 | e2 c | A4. B8 c8. B16 c8. A16 | G2 E | G4. F8 E8. G16 c8. d16 | e2 c4 c | d d c B | c2.",
                "C | C | F | C | C | C Am | Dm:1 G7:1 C:1 G7:1 | C",
            ),
        },
    ),
    Tune(
        file="when-the-saints",
        title="When the Saints Go Marching In",
        origin="traditional spiritual, United States",
        key="F",
        to="Bb",
        meter="4/4",
        tempo=160,
        band=(
            Lead(TRUMPET, gate=0.9),
            Second(CLARINET),
            Comp(TROMBONE, ("c - . c",), chord=52, level=-14, gate=0.7),
            Walk(DOUBLE_BASS),
            Kit(JAZZ_DRUMS, "swing"),
        ),
        form="A",
        dynamics="A:mf a:f",
        swing=True,
        sections={
            "A": (
                (
                    "r4 F A B | c1 | r4 F A B | c1 | r4 F A B | c2 A | F A | G1 | "
                    "r4 A A G | F2. F4 | A2 c4 c | B1 | r4 A A B | c2 A | F G | F1"
                ),
                "F | F | F | F | F | F | F | C7 | F:3 C7:1 | F | F7 | Bb | F | F | F C7 | F",
            ),
        },
    ),
    Tune(
        file="michael-row",
        title="Michael, Row the Boat Ashore",
        origin="traditional spiritual, United States, 1860s",
        key="C",
        to="D",
        meter="4/4",
        tempo=112,
        band=(
            Lead(STEEL_DRUMS),
            Second(STEEL_DRUMS, only="a"),
            Comp(GUITAR, (". c . c . c c .",), chord=54, level=-12, gate=0.7),
            Comp(BASS_GUITAR, ("R . . F . . R .",), bass=33, level=0),
            Kit(DRUMS, "calypso", level=-12),
        ),
        form="Aa",
        dynamics="A:mf a:f",
        sections={
            "A": (
                "C4 E | G4. E8 G4 A | G2 E4 G | A2 G | r2 E4 G | G4. E8 F4 E | D2 C4 D | E2 D | C2",
                "C | C | F C | C | C | Dm | C G7 | C",
            ),
        },
    ),
    Tune(
        file="blue-kettle",
        title="Blue Kettle",
        origin="own",
        key="F",
        meter="4/4",
        tempo=126,
        band=(
            Lead(ALTO_SAXOPHONE, gate=0.9),
            Comp(ELECTRIC_PIANO, (". . c . . . . c", ". . . c . . c ."), chord=53, level=-14, gate=0.6),
            Walk(DOUBLE_BASS),
            Kit(JAZZ_DRUMS, "blues"),
        ),
        form="AB",
        dynamics="A:mf B:f",
        swing=True,
        sections={
            "A": (
                (
                    "r8 C F Ab A4 c | eb8 c A F r2 | r8 C F Ab A4 c | eb8 c A F r2 | r8 D F Ab B4 d | f8 d B Ab r2 | "
                    "r8 C F Ab A4 c | d8 c A F r2 | r8 G B c e4 g | f8 d B Ab F4 D | F8 Ab A c A4 F | F2 r"
                ),
                "F7 | F7 | F7 | F7 | Bb7 | Bb7 | F7 | F7 | C7 | Bb7 | F7 | F7",
            ),
            "B": (
                (
                    "c4 c8 A c4 r | c8 d c A F4 r | c c8 A c4 eb | d8 c A F r2 | d4 d8 B d4 r | d8 f d B Ab4 r | "
                    "c c8 A c4 r | A8 c A F r2 | e4 e8 c e4 g | f8 d B Ab F4 D | F8 Ab A c A4 F | F2 r"
                ),
                "F7 | F7 | F7 | F7 | Bb7 | Bb7 | F7 | F7 | C7 | Bb7 | F7 | F",
            ),
        },
    ),
    Tune(
        file="slack-tide",
        title="Slack Tide",
        origin="own",
        key="D minor",
        meter="4/4",
        tempo=120,
        band=(
            Lead(FLUTE, gate=0.95),
            Comp(GUITAR, ("c . c . . c . .", ". c . . c . c ."), chord=52, level=-12, gate=0.7),
            Comp(FRETLESS_BASS, ("R . . F F . . R",), bass=33, level=-2),
            Kit(BRUSHES, "bossa", level=-12),
        ),
        form="AB",
        dynamics="A:mp B:mf",
        sections={
            "A": (
                "A4. F8~ F4 A | d2 c4 A | B4. G8~ G4 B | c2 B4 G | A4. F8~ F4 A | d2 c4 B | B4. G8~ G4 E | A2 G4 E",
                "Dm7 | Dm7 | Gm7 | C7 | Fmaj7 | Bbmaj7 | Em7b5 | A7",
            ),
            "B": (
                "f4. d8~ d4 A | f2 e4 d | d4. B8~ B4 G | e2 d4 c | c4. A8~ A4 F | B4. G8~ G4 E | E4 F8 E C#4 E | D2. r4",
                "Dm7 | Bbmaj7 | Gm7 | C7 | Fmaj7 | Em7b5 | A7 | Dm",
            ),
        },
    ),
    Tune(
        file="night-bus",
        title="Night Bus",
        origin="own",
        key="A minor",
        to="B minor",
        meter="4/4",
        tempo=132,
        band=(
            Lead(CLEAN_GUITAR),
            Comp(OVERDRIVEN_GUITAR, ("R R . R R . R .",), bass=40, level=-14, gate=0.6, only="B"),
            Comp(ELECTRIC_PIANO, ("c - . c - . c -",), chord=53, level=-14),
            Comp(PICKED_BASS, ("R . R R . R R .",), bass=28, level=0),
            Kit(DRUMS, "rock"),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "e4 e8 d c4 A | c c8 A F2 | G4 c8 d e4 c | d2. r4 | e e8 d c4 A | f f8 e c2 | e4 d8 c d4 B | A2. r4",
                "Am | F | C | G | Am | F | C G | Am",
            ),
            "B": (
                "a4. g8 a4 e | f4. e8 f4 c | g4. f8 e4 c | d4 e8 d B2 | a4. g8 a4 e | f4. g8 a4 f | g e8 c d4 B | A2. r4",
                "Am | F | C | G | Am | F | C G | Am",
            ),
        },
    ),
    Tune(
        file="low-sun",
        title="Low Sun",
        origin="own",
        key="G",
        to="A",
        meter="4/4",
        tempo=76,
        band=pop(DRAWBAR_ORGAN, "one drop", comp=CLEAN_GUITAR, keys=(". . c . . . c .",), bass=("R - . R . F R .", "R - . . R . F .")),
        form="AB",
        dynamics="A:mf B:mf",
        sections={
            "A": (
                "B4 B8 A B d r4 | c c8 B c e r4 | d B8 G A4 B | A2 r | B4 B8 A B d r4 | e e8 d c4 A | B A8 G A4 F | G2 r",
                "G | C | G | D | G | Am | G D7 | G",
            ),
            "B": (
                "e4. d8 B4 G | d4. B8 F4 B | c4. B8 G4 E | D G8 A B2 | e4. d8 B4 G | d4. B8 F4 B | c B8 G A4 F | G2 r",
                "Em | Bm | C | G | Em | Bm | C D7 | G",
            ),
        },
    ),
    Tune(
        file="mirror-street",
        title="Mirror Street",
        origin="own",
        key="E minor",
        to="F minor",
        meter="4/4",
        tempo=120,
        band=pop(ALTO_SAXOPHONE, "disco", comp=CLEAN_GUITAR, keys=(". c . c c . c .",), bass=("R 8 R 8 R 8 R 8",)),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "E8 E G A B4 r | B8 A G E G4 r | A8 A c d e4 r | e8 d c A c4 r | D8 D F A d4 r | d8 c B A G4 B | c B8 A G4 A | B2. r4",
                "Em | Em | Am | Am | D | G | C | B7",
            ),
            "B": (
                "e4 B8 G e4 B | d A8 F d4 A | c G8 E c4 G | B F8 D# B2 | e4 B8 G e4 g | f d8 A f4 d | e c8 A B4 D# | E2. r4",
                "Em | D | C | B7 | Em | D | Am B7 | Em",
            ),
        },
    ),
    Tune(
        file="copper-moon",
        title="Copper Moon",
        origin="own",
        key="C",
        to="Db",
        meter="4/4",
        tempo=108,
        band=combo(VIBRAPHONE, comp=JAZZ_GUITAR),
        form="AB",
        dynamics="A:mp B:mf",
        swing=True,
        sections={
            "A": (
                "e4. G8~ G4 B | c A8 G A2 | f4. A8~ A4 c | d B8 A B2 | g4. B8~ B4 d | e c#8 B c#2 | f4 d8 c A4 F | G A8 B d4 r",
                "Cmaj7 | Am7 | Dm7 | G7 | Em7 | A7 | Dm7 | G7",
            ),
            "B": (
                "c4. E8~ E4 G | Bb G8 F G2 | A4. c8~ c4 e | Ab4 F8 D Ab2 | G4. c8~ c4 e | e c#8 A G2 | f4 d8 c B4 G | c2. r4",
                "Cmaj7 | C7 | Fmaj7 | Fm6 | Cmaj7 | A7 | Dm7 G7 | C6",
            ),
        },
    ),
    Tune(
        file="five-steps-to-the-quay",
        title="Five Steps to the Quay",
        origin="own",
        key="D dorian",
        meter="5/4",
        tempo=144,
        band=(
            Lead(ALTO_SAXOPHONE, gate=0.92),
            Comp(ELECTRIC_PIANO, ("c . . c .",), chord=53, level=-12, gate=0.8),
            Comp(DOUBLE_BASS, ("R . F R .",), bass=31, level=-2),
            Kit(JAZZ_DRUMS, "five", level=-10),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "D4. F8 A4 c A | B4. A8 G4 D2 | D4. F8 A4 c d | c4. A8 G4 E2 | F4. A8 c4 e c | d4. B8 G4 B2 | A4. c8 A4 G E | D2. r2",
                "Dm7 | G | Dm7 | Am7 | Fmaj7 | G | Am7 | Dm7",
            ),
            "B": (
                "f4 e d A2 | e4 d B G2 | f4 e d A2 | g4 e c G2 | a4 f c A2 | g4 d B G2 | c4 A G E2 | D2. r2",
                "Dm7 | Em7 | Dm7 | C | Fmaj7 | G | Am7 | Dm7",
            ),
        },
    ),
    Tune(
        file="last-dance-at-the-pier",
        title="Last Dance at the Pier",
        origin="own",
        key="G",
        meter="12/8",
        tempo=96,
        band=(
            Lead(ALTO_SAXOPHONE),
            Comp(PIANO, ("1 2 3 4 3 2 1 2 3 4 3 2",), chord=55, level=-16, gate=0.7),
            Comp(BASS_GUITAR, ("R . . R . F",), bass=31, level=0),
            Kit(DRUMS, "slow rock", level=-12),
        ),
        form="AB",
        dynamics="A:mf B:f",
        slows=True,
        sections={
            "A": (
                (
                    "d4. B8 c d e4. d | B G8 A B G2. | c4. A8 B c e4. d | d c8 B A F2. | "
                    "d4. B8 c d g4. d | e c8 d e c2. | B4. G8 A B A4. F | G2. r"
                ),
                "G:6 C:3 G:3 | Em | Am:9 D7:3 | D7 | G | C | G:6 D7:6 | G",
            ),
            "B": (
                "e4. e8 d e g4. e | d B8 c d B2. | c4. c8 B c e4. c | d2. D4. F | d B8 c d g4. d | e c8 d e c2. | B4. G8 A B A4. F | G2. r",
                "C | G | Am | D7 | G | C | G:6 D7:6 | G",
            ),
        },
    ),
    Tune(
        file="rag-of-the-wooden-stairs",
        title="Rag of the Wooden Stairs",
        origin="own",
        key="C",
        meter="2/4",
        tempo=84,
        band=(
            Lead(PIANO, gate=0.88),
            Comp(LEFT_HAND, ("R c F c",), bass=36, chord=52, level=-8, gate=0.7),
            Kit(BRUSHES, "ragtime", only="B", level=-12),
        ),
        form="ABA",
        dynamics="A:mf B:f",
        sections={
            "A": (
                (
                    "E16 G8 E16 G c8 A16 | G E8 G16~ G4 | F16 A8 F16 A c8 A16 | G E8 C16~ C4 | "
                    "E16 G8 E16 G c8 e16 | d A8 F#16~ F#4 | d16 B8 G16 A B8 d16 | c4. r8"
                ),
                "C | C | F | C | C | D7 | G7 | C",
            ),
            "B": (
                (
                    "a16 e8 c16 e a8 e16 | g e8 c16~ c4 | f16 d8 A16 d f8 d16 | e B8 G#16~ G#4 | "
                    "a16 e8 c16 e a8 e16 | f# d8 A16~ A4 | d16 B8 G16 A B8 d16 | c4. r8"
                ),
                "Am | C | Dm | E7 | Am | D7 | G7 | C",
            ),
        },
    ),
    Tune(
        file="paper-boats",
        title="Paper Boats",
        origin="own",
        key="D",
        meter="4/4",
        tempo=84,
        band=pop(FLUTE, "ballad", comp=ELECTRIC_PIANO, keys=("1 2 3 2 4 3 2 3",), bass=("R - - R F - R -",), only="B"),
        form="AB",
        dynamics="A:mp B:f",
        slows=True,
        sections={
            "A": (
                "F4. E8 F4 A | d2 c4 A | B4. A8 G4 B | A2. r4 | F4. E8 F4 A | d2 e4 d | c d8 c B4 c | A2. r4",
                "D | Bm F#m | G | D | D | Bm | A | A",
            ),
            "B": (
                "d4. e8 f4 d | c4. d8 e4 c | B4. c8 d4 B | A2. A4 | d4. e8 f4 a | g f8 e d4 B | A F8 G E4 A | D2. r4",
                "D | A | G | D | Bm | G | D A7 | D",
            ),
        },
    ),
)
