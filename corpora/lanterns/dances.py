# ruff: noqa: INP001 - a script's own modules, beside it
"""Jigs, reels, marches, waltzes and other dances: traditional ones, typed from memory, with harmony of our own."""

from __future__ import annotations

from typing import Final

from arranging import Comp, Kit, Lead, Second
from bands import STRUM_SIX, baroque, brass_march, ceilidh, waltz
from notation import Tune
from orchestra import (
    ACCORDION,
    CLARINET,
    DRUMS,
    FIDDLE,
    FLUTE,
    GUITAR,
    RECORDER,
    TUBA,
    WHISTLE,
)

REEL: Final = ("R . c . F . c .", "R . c . F . c c")

TUNES: Final = (
    Tune(
        file="irish-washerwoman",
        title="The Irish Washerwoman",
        origin="traditional, Ireland, 18th century",
        key="G",
        meter="6/8",
        tempo=156,
        band=ceilidh(FIDDLE, STRUM_SIX),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "d8 c | B G G D G G | B G B d c B | c A A E A A | c A c e d c | B G G D G G | B G B d c B | c B c A d c | B G G G",
                "G | G | Am | Am | G | G | Am:3 D7:3 | G",
            ),
            "B": (
                "b8 a | g d g g d g | g d g b a g | f d f f d f | f d f a g f | e g g d g g | c g g B g g | c B c A d c | B G G G",
                "G | G | D | D | C:3 G:3 | C:3 G:3 | Am:3 D7:3 | G",
            ),
        },
    ),
    Tune(
        file="swallowtail-jig",
        title="The Swallowtail Jig",
        origin="traditional, Ireland, 19th century",
        key="E dorian",
        meter="6/8",
        tempo=150,
        band=ceilidh(WHISTLE, STRUM_SIX, groove="jig", second="B"),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "G8 E E B E E | G E E B A G | F D D A D D | d c d A G F | G E E B E E | G E E B4 c8 | d c d A G F | G E E E4.",
                "Em | Em | D | D | Em | Em | D | Em",
            ),
            "B": (
                "B8 c d e4 f8 | e4 f8 e d B | B c d e4 f8 | e d B d4. | B8 c d e4 f8 | e4 f8 e d B | d c d A G F | G E E E4.",
                "Em | Em | Em | Em:3 D:3 | Em | Em | D | Em",
            ),
        },
    ),
    Tune(
        file="kesh-jig",
        title="The Kesh Jig",
        origin="traditional, Ireland, 19th century",
        key="G",
        meter="6/8",
        tempo=150,
        band=ceilidh(FLUTE, STRUM_SIX, groove="jig"),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "G8 A G G A B | A B A A B d | e d d g d d | e d B d B A | G A G G A B | A B A A B d | e d d g d B | A G F G4.",
                "G | D | G | G | G | D | G | D7:3 G:3",
            ),
            "B": (
                "B8 A B d B d | e g e d B A | B A B d B G | A B A A G A | B A B d B d | e g e d B d | g f g a g a | b g g g4.",
                "G | C:3 G:3 | G | D | G | C:3 G:3 | G:3 D:3 | G",
            ),
        },
    ),
    Tune(
        file="drowsy-maggie",
        title="Drowsy Maggie",
        origin="traditional, Ireland, 19th century",
        key="E dorian",
        meter="4/4",
        tempo=160,
        band=ceilidh(FIDDLE, REEL, groove="hoedown"),
        form="AABZ",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "E4 B8 E d E B E | E4 B8 E A F D F | E4 B8 E d E B E | B A B c d A F D",
                "Em | Em D | Em | Em D",
            ),
            "B": (
                "d4 f8 d c4 e8 c | d e f g a f g e | d4 f8 d c4 e8 c | B A B c d A F D",
                "D A | D A | D A | Em D",
            ),
            "Z": ("E1", "Em"),
        },
    ),
    Tune(
        file="yankee-doodle",
        title="Yankee Doodle",
        origin="traditional, North America, 18th century",
        key="G",
        to="Bb",
        meter="2/4",
        tempo=116,
        band=brass_march("march in two", bass=("R F",), chords=(". c . c",), second="B"),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "G8 G A B | G B A D | G G A B | G4 F | G8 G A B | c B A G | F D E F | G4 G",
                "G | G:1 D7:1 | G | G:1 D7:1 | G | C | D7 | G",
            ),
            "B": (
                "E8. F16 E8 D | E F G4 | D8. E16 D8 C | B,4 D | E8. F16 E8 D | E F G E | D G F A | G4 G",
                "C | C | G | G | C | C | G:1 D7:1 | G",
            ),
        },
    ),
    Tune(
        file="drunken-sailor",
        title="What Shall We Do with the Drunken Sailor",
        origin="traditional shanty, 19th century",
        key="D dorian",
        meter="2/4",
        tempo=120,
        band=(
            Lead(ACCORDION, gate=0.9),
            Second(FIDDLE, only="B"),
            Comp(GUITAR, ("R c F c",), bass=43, chord=53, level=-8, gate=0.7),
            Kit(DRUMS, "polka", only="B", level=-10),
        ),
        form="AB",
        dynamics="A:mf B:f",
        sections={
            "A": (
                "A8 A16 A A8 A16 A | A8 D F A | G G16 G G8 G16 G | G8 C E G | A A16 A A8 A16 A | A8 B c d | c A G E | D4 D",
                "Dm | Dm | C | C | Dm | Dm | Am:1 C:1 | Dm",
            ),
            "B": (
                "A4. A8 | A D F A | G4. G8 | G C E G | A4. A8 | A B c d | c A G E | D4 D",
                "Dm | Dm | C | C | Dm | Dm | Am:1 C:1 | Dm",
            ),
        },
    ),
    Tune(
        file="malbrough",
        title="Malbrough s'en va-t-en guerre",
        origin="traditional, France, 18th century",
        key="F",
        meter="6/8",
        tempo=160,
        band=brass_march("march in six", bass=("R . . F . .",), chords=(". . c . . c",), second="a"),
        form="Aa",
        dynamics="A:mf a:f",
        sections={
            "A": (
                "F8 | A4 A8 A G A | B4. A4 A8 | G4 G8 G F G | A4. F4 G8 | A4 A8 A G A | B4. d4 d8 | c4 c8 B4 G8 | F4. r4",
                "F | Bb:3 F:3 | C7 | F | F | Bb | F:3 C7:3 | F",
            ),
        },
    ),
    Tune(
        file="korobeiniki",
        title="Korobeiniki",
        origin="traditional, Russia, 1861",
        key="A minor",
        meter="4/4",
        tempo=144,
        band=(
            Lead(ACCORDION, gate=0.88),
            Second(CLARINET, only="a"),
            Comp(GUITAR, (". c . c . c . c",), chord=55, level=-14, gate=0.6),
            Comp(TUBA, ("R . F .",), bass=31, level=-4, gate=0.7),
            Kit(DRUMS, "hoedown", only="a", level=-10),
        ),
        form="Aa",
        dynamics="A:mf a:f",
        sections={
            "A": (
                "e4 B8 c d4 c8 B | A4 A8 c e4 d8 c | B4. c8 d4 e | c A A2 | r8 d4 f8 a4 g8 f | e4. c8 e4 d8 c | B4 B8 c d4 e | c A A2",
                "E7 | Am | E7 | Am | Dm | C | E7 | Am",
            ),
        },
    ),
    Tune(
        file="lieber-augustin",
        title="Ach, du lieber Augustin",
        origin="traditional, Vienna, 17th century",
        key="G",
        to="C",
        meter="3/4",
        tempo=160,
        band=waltz(ACCORDION, second="B"),
        form="ABA",
        dynamics="A:f B:mp",
        sections={
            "A": ("d4. e8 d c | B4 G G | A D D | B G G | d4. e8 d c | B4 G G | A2 D4 | G2.", "G | G | D7 | G | G | G | D7 | G"),
            "B": ("A4 D D | B G G | A D D | B G G | A D D | B G G | A D D | B G2", "D7 | G | D7 | G | D7 | G | D7 | G"),
        },
    ),
    Tune(
        file="minuet-in-g",
        title="Minuet in G",
        origin="C. Petzold, about 1725",
        key="G",
        meter="3/4",
        tempo=126,
        band=baroque(RECORDER, "R - F", "R - -"),
        form="AB",
        dynamics="A:mf B:mp",
        sections={
            "A": (
                (
                    "d4 G8 A B c | d4 G G | e c8 d e f | g4 G G | c d8 c B A | B4 c8 B A G | F4 G8 A B G | A2. | "
                    "d4 G8 A B c | d4 G G | e c8 d e f | g4 G G | c d8 c B A | B4 c8 B A G | A4 B8 A G F | G2."
                ),
                "G | G | C | G | Am | G | D | D | G | G | C | G | Am | G | D7 | G",
            ),
            "B": (
                (
                    "b4 g8 a b g | a4 d8 e f d | g4 e8 f g d | c#4 B8 c# A4 | A8 B c# d e f | g4 f e | f A c# | d2. | "
                    "d4 G8 F G4 | e G8 F G4 | d c B | A8 G F G A4 | D8 E F G A B | c4 B A | B8 d G4 F | G2."
                ),
                "G | D | Em | A | A | A7 | D:2 A7:1 | D | G | C | G:1 D7:1 G:1 | D | D7 | D7 | G:2 D7:1 | G",
            ),
        },
    ),
)
