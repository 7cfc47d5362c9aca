"""Piano rolls in the terminal."""

import re

import numpy as np
import pytest

from lstmgen import limits
from lstmgen.errors import UsageError
from lstmgen.music.roll import draw_terminal
from lstmgen.music.roll.terminal import cells
from lstmgen.music.score import Meter, Notes, Score, Track

STYLE = re.compile(r"\x1b\[[0-9;]*m")


def scale(bars=4, **more):
    beats = np.arange(4 * bars) * 480
    return Score.of(Notes.of(beats, beats + 480, 60 + np.arange(4 * bars) % 12), **more)


def rows(text):
    """The lines of the first row of bars, without what stands left of it."""
    lines = text.splitlines()
    at = next(place for place, line in enumerate(lines) if "\u2502" in line)
    return lines[at:]


def test_without_colour_there_is_no_escape_sequence_and_with_it_the_same_text():
    plain, coloured = (draw_terminal(scale(), width=80, colour=colour, title="x") for colour in (False, True))
    assert "\x1b" not in plain
    assert STYLE.sub("", coloured) == plain
    assert coloured.count("\x1b[0m") * 2 == len(STYLE.findall(coloured))


@pytest.mark.parametrize("width", [24, 40, 80, 200])
@pytest.mark.parametrize("bars", [1, 7, 60])
def test_no_line_is_wider_than_the_terminal(width, bars):
    text = draw_terminal(scale(bars), width=width, colour=False, title="A title that is much too long for so small a window")
    assert max(cells(line) for line in text.splitlines()) <= width
    assert all(line == line.rstrip() for line in text.splitlines())


def test_two_semitones_share_a_line():
    score = Score.of(Notes.of([0, 480, 960], [480, 960, 1920], [60, 61, 60]))
    text = draw_terminal(score, width=60, colour=False)
    drawn = "".join(line[6:] for line in text.splitlines() if "C4" in line or "\u2580" in line or "\u2584" in line)
    assert set(drawn) & {"\u2580", "\u2584"} == {"\u2580", "\u2584"}
    together = draw_terminal(Score.of(Notes.of([0, 0], [960, 960], [60, 61])), width=60, colour=False)
    assert "\u2588\u2588\u2588\u2588" in together


def test_a_longer_note_is_drawn_longer_and_a_higher_one_higher():
    text = draw_terminal(Score.of(Notes.of([0, 960], [480, 1920], [72, 60])), width=60, colour=False)
    lines = [line for line in rows(text) if re.search("[\u2580\u2584]", line)]
    assert len(lines) == 2
    lengths = [len(re.findall("[\u2580\u2584]", line)) for line in lines]
    assert lengths[1] == 2 * lengths[0]


def test_a_note_that_is_struck_again_is_seen_to_be():
    text = draw_terminal(Score.of(Notes.of([0, 960], [960, 1920], [60, 60])), width=60, colour=False)
    assert len(re.findall("[\u2580\u2584]+", text)) == 2


def test_octaves_and_bars_are_named():
    text = draw_terminal(scale(8), width=100, colour=False)
    assert re.search(r"(?m)^ +C4 ", text)
    assert re.search(r" 0:00 bar 1 +2 +3 +4 +5 +6 +7 +8$", text.splitlines()[3])


def test_a_tune_that_is_longer_than_the_line_goes_on_below():
    short, long = (draw_terminal(scale(bars), width=60, colour=False) for bars in (2, 40))
    assert short.count("C4") == 1
    assert long.count("C4") > 1
    numbers = [int(number) for line in long.splitlines() if (m := re.match(r" *\d+:\d\d bar (.*)", line)) for number in m[1].split()]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1
    assert numbers[-1] >= 38


def test_a_height_is_kept_and_what_is_left_out_is_said():
    text = draw_terminal(scale(200), width=60, height=24, colour=False, title="x")
    assert len(text.splitlines()) <= 24
    assert re.search("bars 1\u2013\\d+ of 200", text)


def test_the_longest_roll_is_bounded():
    score = Score.of(Notes.of([0, 2**31 - 100], [10, 2**31 - 10], [40, 80]))
    assert len(draw_terminal(score, width=80, colour=False).splitlines()) <= limits.MAX_ROLL_LINES + 10


def test_tracks_have_colours_and_soft_notes_paler_ones():
    notes = Notes.of([0, 480, 960], [480, 960, 1440], [60, 64, 67], track=[0, 1, 1], velocity=[100, 100, 30])
    text = draw_terminal(Score.of(notes, tracks=[Track("One"), Track("Two")]), width=60, colour=True)
    styles = set(re.findall(r"\x1b\[([0-9;]*)m[\u2580\u2584\u2588]", text))
    assert len(styles) == 3
    legend = next(line for line in text.splitlines() if "One" in line)
    assert set(re.findall(r"\x1b\[([0-9;]*)m\u2588", legend)) < styles


def test_four_tracks_of_one_program_have_four_colours_and_are_all_in_the_legend():
    notes = Notes.of(np.arange(8) * 480, np.arange(8) * 480 + 400, [72, 65, 58, 50] * 2, track=[0, 1, 2, 3] * 2)
    lines = draw_terminal(Score.of(notes), width=80, colour=True).splitlines()
    legend = [line for line in lines[:3] if "Acoustic Grand Piano" in line]
    marks = re.findall(r"\x1b\[([0-9;]*)m\u2588", "".join(legend))
    assert len(set(marks)) == len(marks) == 4
    assert [number for number in "1234" if f"Piano {number}" in "".join(legend)] == ["1", "2", "3", "4"]
    drawn = set(re.findall(r"\x1b\[([0-9;]*)m[\u2580\u2584\u2588]", "".join(lines[len(legend) + 1 :])))
    assert set(marks) <= drawn
    assert max(len(STYLE.sub("", line)) for line in lines) <= 80
    crowded = draw_terminal(Score.of(Notes.of(range(0, 1200, 100), range(90, 1290, 100), 60, track=range(12))), width=40, colour=False)
    assert sum("Acoustic" in line for line in crowded.splitlines()) == 2
    assert "more" in crowded
    assert max(map(len, crowded.splitlines())) <= 40


def test_where_two_tracks_meet_in_one_cell_both_colours_are_there():
    text = draw_terminal(Score.of(Notes.of([0, 0], [480, 480], [60, 61], track=[0, 1])), width=60, colour=True)
    assert re.search(r"\x1b\[38;5;\d+;48;5;\d+m\u2580+", text)


def test_drums_are_marks_in_lanes_with_names_and_loud_ones_are_capital():
    drums = Notes.of(np.arange(8) * 240, np.arange(8) * 240 + 10, [36, 42, 38, 42, 36, 42, 38, 42], velocity=[80] * 7 + [120], drum=True)
    text = draw_terminal(Score.of(drums), width=80, colour=False)
    lanes = {line.split("  ")[0].strip()[:10].strip(): line for line in rows(text)}
    assert text.count("x") - 1 + text.count("X") == 8, "the legend has one x as well"
    assert any("Closed hat" in line and "X" in line for line in lanes.values())
    assert [line.strip().split()[0] for line in rows(text)] == ["Closed", "Snare", "Kick"]


def test_names_that_would_steer_the_terminal_are_escaped():
    score = Score.of(Notes.of([0], [480], [60]), tracks=[Track("\x1b[2Ja\u202e\n\ud800")])
    for colour in (False, True):
        text = draw_terminal(score, width=80, colour=colour, title="\x07\x1b]0;x\x07")
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", STYLE.sub("", text))
        assert "\\x1b[2Ja\\u202e" in text


def test_wide_characters_count_twice():
    text = draw_terminal(scale(), width=30, colour=False, title="\u65e5\u672c" * 20)
    assert cells(text.splitlines()[0]) <= 30


@pytest.mark.parametrize("meters", [(Meter(0, 255, 1),), (Meter(0, 1, 64),), (Meter(0, 7, 8), Meter(500, 3, 4))])
def test_odd_meters_are_drawn(meters):
    text = draw_terminal(scale(4, meters=meters), width=70, colour=False)
    assert max(len(line) for line in text.splitlines()) <= 70
    assert re.search("[\u2580\u2584\u2588]", text)


def test_nothing_is_drawn_as_an_empty_roll():
    text = draw_terminal(Score.of(Notes.empty(), length_ticks=1920), width=80, colour=False)
    assert "no notes" in text
    assert not re.search("[\u2580\u2584\u2588]", text)


def test_a_window_that_is_too_narrow_is_refused():
    with pytest.raises(UsageError, match="24 columns"):
        draw_terminal(scale(), width=23, colour=False)
