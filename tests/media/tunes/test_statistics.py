"""What tunes are like, in figures: each by a tune whose figure is plain."""

import numpy as np
import pytest

from lstmgen.media.statistics import Extent
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.statistics import count, statistics
from lstmgen.music.bars import beginning
from lstmgen.music.score import Notes, Score
from lstmgen.music.typed import parse_tune

FOUR = "C4 D4 E4 C4"


def ratio(score, name):
    sums = count(score)[name]
    return float(sums[0] / sums[1])


def test_every_statistic_counts_for_every_tune():
    for score in (parse_tune(FOUR), Score.of(Notes.empty()), Score.of(Notes.of([0], [10], [36], drum=[True]))):
        sums = count(score)
        for each in statistics(bars=True):
            assert sums[each.name].shape == ((len(each.parts),) if each.parts else (2,))
            assert np.isfinite(sums[each.name]).all()
    assert {each.name for each in statistics(bars=False)} < {each.name for each in statistics(bars=True)}


def test_bars_repeat_and_are_alike_at_the_distance_at_which_they_come_again():
    score = parse_tune(f"{FOUR} G4 A4 B4 G4 {FOUR} G4 A4 B4 G4")
    assert ratio(score, "repeated_bars") == 0.5
    assert ratio(score, "similarity_2") == 1.0
    assert ratio(score, "similarity_1") == 0.0
    assert ratio(score, "groove_consistency") == 1.0


def test_a_part_that_is_seen_is_counted_but_for_how_the_whole_ends():
    whole = parse_tune(f"{FOUR} {FOUR} G4 A4 B4 G4 {FOUR} D4 E4 F4 F#4")
    seen = beginning(whole, 2)
    assert count(whole, seen)["tonic_endings"].tolist() == count(whole)["tonic_endings"].tolist() == [0, 1]
    assert count(seen)["tonic_endings"].tolist() == [1, 1]
    for name, sums in count(seen).items():
        if not name.endswith("endings"):
            assert count(whole, seen)[name].tolist() == sums.tolist(), name
    assert count(seen)["repeated_bars"].tolist() == [1, 2]


def test_of_a_long_tune_no_more_is_seen_than_a_short_one_has():
    long, short = parse_tune(" ".join([FOUR] * 6)), parse_tune(" ".join(["G4 A4 B4 G4"] * 2))
    for tokenizer, extent in ((NotesTokenizer("beats", 12), Extent(2, "bar")), (NotesTokenizer("seconds"), Extent(4.0, "second"))):
        assert MEDIUM.extent(tokenizer, short) == extent
        assert MEDIUM.count(long, extent)["repeated_bars"].tolist() == [1, 2]
        assert MEDIUM.count(short, extent)["repeated_bars"].tolist() == MEDIUM.count(short)["repeated_bars"].tolist()


def test_the_melody_is_what_sounds_highest():
    melody, bass = Notes.of([0, 480, 960], [480, 960, 1440], [72, 74, 76]), Notes.of([0, 240, 720], [1440, 720, 960], [48, 60, 62])
    steps = count(Score.of(Notes.joined([melody, bass])))["interval"]
    assert steps.sum() == 2
    assert steps[12 + 2] == 2


def test_polyphony_is_that_of_muspy():
    score = Score.of(Notes.of([0, 0, 480], [480, 480, 960], [60, 64, 62]), length_ticks=1920)
    assert ratio(score, "polyphony") == 1.5  # while something sounds
    assert ratio(score, "polyphony_rate") == 0.25  # of all the time
    assert count(score)["at_once"][:2].tolist() == [0.5, 0.5]


def test_empty_bars_are_those_in_which_nothing_sounds():
    score = Score.of(Notes.of([0, 1920 * 3], [1920 * 2, 1920 * 4], [60, 62]), length_ticks=1920 * 5)
    assert ratio(score, "empty_measure_rate") == pytest.approx(2 / 5)


def test_degrees_are_counted_from_the_tonic_and_an_end_on_it_is_one():
    score = parse_tune("D4 E4 F#4 D4 F#4 G4 A4:2 A4 F#4 D4 D4 A3 D4:2")
    assert ratio(score, "tonic_endings") == 1.0
    assert count(score)["degree"][0] == pytest.approx(count(score)["pitch_class"][2])
    assert ratio(score, "scale_consistency") == 1.0


@pytest.mark.parametrize(
    ("typed", "held"), [("C4 D4 E4 C4:2", 1.0), ("C4 D4 E4 C4", 0.0), ("C4:2 D4:2 E4:2 C4:2", 0.0), ("C4:4 D4:1 E4 C4", 0.0)]
)
def test_a_tune_ends_on_a_long_note_where_the_last_lasts_twice_as_long_as_is_usual_in_it(typed, held):
    assert ratio(parse_tune(typed), "long_endings") == held


def test_times_are_in_seconds_whatever_the_tempo():
    slow = Score.of(Notes.of([0, 0], [20 * 480, 10], [60, 64]), tempos=[(0, 1_000_000)], length_ticks=20 * 480)
    assert ratio(slow, "drones") == 1.0
    assert ratio(slow, "short_notes") == 0.5
    assert ratio(slow, "beats_per_minute") == 60
    assert ratio(slow, "notes_per_second") == pytest.approx(0.1)
    assert ratio(Score.of(Notes.empty(), length_ticks=480), "silent") == 1.0
