"""Scales, ranges of pitches and names of pitches."""

import re

import pytest

from lstmgen.errors import UsageError
from lstmgen.music.scales import SCALES, parse_pitch_range, parse_scale, pitch_name

C_MAJOR = {0, 2, 4, 5, 7, 9, 11}


@pytest.mark.parametrize(
    ("text", "pitch_classes"),
    [
        ("C", C_MAJOR),
        ("C major", C_MAJOR),
        ("c MAJOR", C_MAJOR),
        ("CM", C_MAJOR),
        ("Am", C_MAJOR),
        ("a minor", C_MAJOR),
        ("D dorian", C_MAJOR),
        ("e phrygian", C_MAJOR),
        ("F lydian", C_MAJOR),
        ("g-mixolydian", C_MAJOR),
        ("B locrian", C_MAJOR),
        ("C dur", C_MAJOR),
        ("C minor", {0, 2, 3, 5, 7, 8, 10}),
        ("a harmonic minor", {9, 11, 0, 2, 4, 5, 8}),
        ("A melodic minor", {9, 11, 0, 2, 4, 6, 8}),
        ("F# major", {6, 8, 10, 11, 1, 3, 5}),
        ("F sharp major", {6, 8, 10, 11, 1, 3, 5}),
        ("Gb major", {6, 8, 10, 11, 1, 3, 5}),
        ("G♭", {6, 8, 10, 11, 1, 3, 5}),
        ("Bb", {10, 0, 2, 3, 5, 7, 9}),
        ("bb major scale", {10, 0, 2, 3, 5, 7, 9}),
        ("E flat major", {3, 5, 7, 8, 10, 0, 2}),
        ("b minor", {11, 1, 2, 4, 6, 7, 9}),
        ("D minor pentatonic", {2, 5, 7, 9, 0}),
        ("C pentatonic", {0, 2, 4, 7, 9}),
        ("G blues", {7, 10, 0, 1, 2, 5}),
        ("c whole tone", {0, 2, 4, 6, 8, 10}),
        ("Cb", {11, 1, 3, 4, 6, 8, 10}),
    ],
)
def test_a_scale_is_its_pitch_classes(text, pitch_classes):
    assert parse_scale(text) == pitch_classes


@pytest.mark.parametrize("text", ["chromatic", "C chromatic", " Chromatic "])
def test_the_chromatic_scale_is_everything(text):
    assert parse_scale(text) == set(range(12))


@pytest.mark.parametrize("name", SCALES)
def test_every_scale_is_the_same_a_semitone_higher_when_its_note_is(name):
    assert parse_scale(f"C# {name}") == {(pitch + 1) % 12 for pitch in parse_scale(f"C {name}")}


@pytest.mark.parametrize("text", ["", "m", "C##", "Cmaj7", "C minr", "8", "C minor D major", "♭", "x" * 10_000])
def test_what_is_no_scale_is_refused_with_the_list_of_scales(text):
    with pytest.raises(UsageError, match="is not a scale") as caught:
        parse_scale(text)
    assert all(name in caught.value.remedy for name in SCALES)


def test_a_mistyped_scale_is_guessed():
    with pytest.raises(UsageError) as caught:
        parse_scale("C doriann")
    assert "perhaps dorian" in caught.value.remedy


@pytest.mark.parametrize("name", ["minor", "blues", "harmonic minor", "Whole Tone"])
def test_a_scale_without_its_first_note_is_refused_with_an_example(name):
    with pytest.raises(UsageError, match="needs a note") as caught:
        parse_scale(name)
    assert f"C {name.lower()}" in caught.value.remedy


@pytest.mark.parametrize("pitch", range(128))
def test_the_name_of_a_pitch_reads_back_as_that_pitch(pitch):
    assert parse_pitch_range(f"{pitch_name(pitch)}-{pitch_name(pitch)}") == (pitch, pitch)
    assert parse_pitch_range(f"{pitch}..{pitch}") == (pitch, pitch)


def test_middle_c_is_c4():
    assert pitch_name(60) == "C4"
    assert pitch_name(0) == "C-1"
    assert pitch_name(127) == "G9"


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("C3-C6", (48, 84)), ("48-84", (48, 84)), ("A#2..F5", (46, 77)), ("bb2 to f5", (46, 77)), ("C-1-G9", (0, 127)), ("B#3:Db4", (60, 61))],
)
def test_a_range_has_two_ends(text, bounds):
    assert parse_pitch_range(text) == bounds


@pytest.mark.parametrize("text", ["", "C4", "C4-", "C3-X6", "C3 C6", "-5-10", "1000-2000", "²-³"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(UsageError, match=f"{re.escape(repr(text))} is not a range"):
        parse_pitch_range(text)


@pytest.mark.parametrize("text", ["0-128", "Cb-1-C4", "C4-G#9"])
def test_a_range_beyond_midi_is_refused(text):
    with pytest.raises(UsageError, match="reaches beyond"):
        parse_pitch_range(text)


def test_a_range_that_is_upside_down_is_turned_in_the_advice():
    with pytest.raises(UsageError) as caught:
        parse_pitch_range("C6-C3")
    assert caught.value.remedy == "C3-C6"


@pytest.mark.parametrize(
    ("text", "note", "meant"),
    [("H moll", "H", '--scale "B moll"'), ("h", "h", '--scale "B"'), ("X minor", "X", '--scale "C minor"'), ("J", "J", '--scale "C"')],
)
def test_a_note_that_is_none_is_what_is_blamed_and_not_the_scale(text, note, meant):
    with pytest.raises(UsageError, match=f"^'{note}' is not the name of a note$") as caught:
        parse_scale(text)
    assert caught.value.remedy.startswith(meant)
    parse_scale(meant.removeprefix("--scale ").strip('"'))
