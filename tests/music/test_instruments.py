"""Instruments by name."""

import pytest

from lstmgen.errors import UsageError
from lstmgen.music.instruments import DRUM_GROUPS, PROGRAM_NAMES, parse_instruments, program_name


def test_there_are_128_programs_with_different_names_and_the_landmarks_are_where_general_midi_has_them():
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    landmarks = {0: "Acoustic Grand Piano", 19: "Church Organ", 32: "Acoustic Bass", 40: "Violin", 56: "Trumpet", 73: "Flute"}
    landmarks |= {88: "Pad 1 (new age)", 104: "Sitar", 115: "Woodblock", 127: "Gunshot"}
    assert {number: PROGRAM_NAMES[number] for number in landmarks} == landmarks


def test_every_drum_of_general_midi_is_in_exactly_one_group():
    assert sorted(pitch for _, pitches in DRUM_GROUPS for pitch in pitches) == list(range(35, 82))


@pytest.mark.parametrize("program", range(128))
def test_every_instrument_is_found_by_its_number_and_by_its_full_name(program):
    assert parse_instruments(str(program + 1)) == ({program}, False)
    assert parse_instruments(program_name(program).upper()) == ({program}, False)


@pytest.mark.parametrize(
    ("text", "programs", "drums"),
    [
        ("piano", range(8), False),
        ("Pianos, DRUMS", range(8), True),
        ("drum", (), True),
        ("strings", range(40, 52), False),
        ("piano, strings, bass, drums, 33", [*range(8), *range(40, 52), *range(32, 40)], True),
        ("25-32", range(24, 32), False),
        ("harp", (46,), False),
        ("harpsi", (6,), False),
        ("flutes", (73,), False),
        ("violin; viola", (40, 41), False),
        ("  french   horn ,", (60,), False),
        ("sax", range(64, 68), False),
    ],
)
def test_a_list_of_instruments_is_the_union_of_its_entries(text, programs, drums):
    assert parse_instruments(text) == (set(programs), drums)


def test_a_word_of_several_instruments_is_refused_with_their_names():
    with pytest.raises(UsageError, match="French Horn, English Horn") as caught:
        parse_instruments("horn")
    assert "61" in caught.value.remedy


@pytest.mark.parametrize(("text", "meant"), [("pianoo", "piano"), ("glockenspeil", "Glockenspiel"), ("tromboon", "Trombone")])
def test_a_mistyped_instrument_is_guessed(text, meant):
    with pytest.raises(UsageError, match="no instrument called") as caught:
        parse_instruments(text)
    assert meant in caught.value.remedy


@pytest.mark.parametrize("text", ["", " , ", "0", "129", "8-3", "99999999", "zzz", "x" * 10_000, "\x1b[2J"])
def test_what_means_nothing_is_refused_with_advice(text):
    with pytest.raises(UsageError) as caught:
        parse_instruments(text)
    assert caught.value.remedy


def test_a_drum_kit_is_named_unless_it_is_the_usual_one():
    assert program_name(0, drum=True) == program_name(99, drum=True) == "Drums"
    assert program_name(40, drum=True) == "Drums (Brush)"
