"""Notes as a person types them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmgen.errors import UsageError
from lstmgen.music.scales import pitch_name
from lstmgen.music.typed import parse_tune


def rows(text):
    notes = parse_tune(text).notes
    return list(zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C4", [(0, 480, 60)]),
        ("c4 e g", [(0, 480, 60), (480, 960, 64), (960, 1440, 67)]),
        ("C4:2 D r:1/2 E", [(0, 960, 60), (960, 1920, 62), (2160, 2400, 64)]),
        ("C4+E4+G4:0.5 | Bb3", [(0, 240, 60), (0, 240, 64), (0, 240, 67), (240, 480, 58)]),
        ("F#5,Gb5", [(0, 480, 78), (480, 960, 78)]),
        ("C-1 G9", [(0, 480, 0), (480, 960, 127)]),
        ("60 64:2 67+C5", [(0, 480, 60), (480, 1440, 64), (1440, 2400, 67), (1440, 2400, 72)]),
    ],
)
def test_words_become_notes(text, expected):
    assert rows(text) == expected


def test_a_rest_at_the_end_belongs_to_the_tune():
    assert parse_tune("C4 r:3").length_ticks == 4 * 480


@given(st.lists(st.integers(0, 127), min_size=1, max_size=20))
def test_every_pitch_can_be_typed_by_its_name(pitches):
    assert [row[2] for row in sorted(rows(" ".join(map(pitch_name, pitches))))] == pitches


@pytest.mark.parametrize("text", ["", "r r", "hello", "H4", "C4:", "C4:0", "C4:1/0", "C4:65", "A9", "128", "C4++E4", "C4:1:2", "\x00"])
def test_what_is_no_note_is_refused_in_words(text):
    with pytest.raises(UsageError) as caught:
        parse_tune(text)
    assert caught.value.remedy


@pytest.mark.parametrize(("text", "found"), [("C4:1000", "found 1000"), ("200", "0 to 127 in MIDI, found 200"), ("A9", "found 129")])
def test_a_refusal_has_the_value_and_the_bounds(text, found):
    with pytest.raises(UsageError, match=found):
        parse_tune(text)
