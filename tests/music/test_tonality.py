"""The key that a piece is in."""

import numpy as np
import pytest

from lstmgen.music.score import Key, Notes, Score
from lstmgen.music.tonality import Tonality, ends_on, key_name, pitch_classes, tonality_of
from lstmgen.music.typed import parse_tune

ROUND = "C4 D4 E4 C4 C4 D4 E4 C4 E4 F4 G4:2 E4 F4 G4:2 G4 E4 C4 C4 G3 C4:2"
LAMENT = "A3 C4 E4:2 D4 C4 B3:2 E4 G#4 B4:2 A4:4"


@pytest.mark.parametrize("semitones", range(12))
@pytest.mark.parametrize(("tune", "minor"), [(ROUND, False), (LAMENT, True)])
def test_a_tune_is_in_its_key_wherever_it_is_moved(tune, minor, semitones):
    notes = parse_tune(tune).notes
    notes = notes.changed(pitch=notes.pitch.astype(int) + semitones)
    assert tonality_of(notes) == Tonality((semitones + (9 if minor else 0)) % 12, minor=minor)


def test_how_a_tune_ends_says_its_key_where_its_pitches_could_be_of_two():
    scale = [60, 62, 64, 65, 67, 69, 71, 69]
    ends = [Notes.of(range(9), range(1, 10), [*scale, last]) for last in (60, 69)]
    assert [tonality_of(notes, by_ending=True).name for notes in ends] == ["C", "A minor"]
    assert tonality_of(Notes.empty(), by_ending=True) is None
    clear = parse_tune(ROUND).notes.changed(drum=np.zeros(20)).take(slice(18))  # which ends on its fifth
    assert tonality_of(clear, by_ending=True) == tonality_of(clear) == Tonality(0)


def test_a_signature_goes_before_what_is_heard():
    score = parse_tune(ROUND)
    assert key_name(score) == "C"
    assert key_name(score.changed(keys=(Key(0, -2, minor=True),))) == "G minor"
    assert key_name(Score.of(Notes.empty())) == ""


def test_drums_and_silence_have_no_key():
    assert tonality_of(Notes.empty()) is None
    drums = Notes.of([0], [480], [36], drum=[True])
    assert tonality_of(drums) is None
    assert key_name(Score.of(drums, keys=[Key(0, 4)])) == ""  # whatever the file says


def test_pitch_classes_are_weighed_by_how_long_they_sound():
    heard = pitch_classes(Notes.of([0, 480], [480, 1440], [60, 67]))
    assert heard.tolist() == [480, 0, 0, 0, 0, 0, 0, 960, 0, 0, 0, 0]


SIGNATURES = [(0, False, "C"), (1, False, "G"), (-3, True, "C minor"), (2, True, "B minor"), (-1, False, "F")]


@pytest.mark.parametrize(("sharps", "minor", "name"), SIGNATURES)
def test_a_key_signature_names_its_key(sharps, minor, name):
    assert Tonality.of_signature(sharps, minor=minor).name == name


def test_a_tune_ends_on_a_tonic_by_the_highest_or_the_lowest_of_its_last_notes():
    chord = Notes.of([0, 480, 480, 480], [480, 960, 960, 960], [60, 62, 66, 69])
    assert [ends_on(Score.of(chord), tonic) for tonic in (2, 9, 6, 0)] == [True, True, False, False]
    drum = Notes.of([960], [970], [38], drum=[True])
    assert ends_on(Score.of(Notes.joined([chord, drum])), 2)
    assert not ends_on(Score.of(drum), 2)
