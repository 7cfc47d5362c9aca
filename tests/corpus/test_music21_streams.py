"""Objects as music21 has them, turned into scores."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from lstmgen.corpus.music21_streams import score_of
from lstmgen.music.bars import Bars
from lstmgen.music.score import Key, Meter


class Stream:
    """A part or a measure: as much of music21's interface as is used."""

    def __init__(self, *elements, offset=0.0, measures=()):
        self.elements, self.offset, self.measures = elements, offset, measures

    def flatten(self):
        return self.elements

    def getElementsByClass(self, name):
        return self.measures if name == "Measure" else []

    @property
    def highestTime(self):
        return max((element.offset + element.quarterLength for element in self.elements), default=0.0)


def element(kind, offset=0.0, length=0.0, **more):
    return SimpleNamespace(classes=(kind, "Music21Object"), offset=offset, quarterLength=length, **more)


def note(midi, offset, length, tie=None):
    return element("Note", offset, length, pitch=SimpleNamespace(midi=midi), tie=SimpleNamespace(type=tie) if tie else None)


def chord(offset, length, *notes):
    return element("Chord", offset, length, notes=[note(midi, 0.0, length, tie) for midi, tie in notes])


def meter(numerator, denominator, offset=0.0):
    return element("TimeSignature", offset, numerator=numerator, denominator=denominator)


def score(*parts, brackets=(), **more):
    values = {"program": 40, "names": [f"part {number}" for number in range(len(parts))]}
    return score_of(parts, brackets, **(values | more))


def rows(result, track=0):
    notes = result.notes.take(result.notes.track == track)
    return list(zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), strict=True))


def test_notes_chords_and_triplets_are_placed_exactly():
    third = Fraction(1, 3)
    part = Stream(note(60, 0.0, third), note(62, third, third), note(64, float(2 * third), third), chord(1.0, 1.5, (55, None), (59, None)))
    assert rows(score(part)) == [(0, 160, 60), (160, 320, 62), (320, 480, 64), (480, 1200, 55), (480, 1200, 59)]


def test_ties_become_one_note_also_inside_of_chords_and_only_where_they_touch():
    part = Stream(
        note(60, 0.0, 1.0, "start"),
        note(60, 1.0, 1.0, "continue"),
        chord(2.0, 1.0, (60, "stop"), (64, "start")),
        note(64, 3.0, 1.0, "stop"),
        note(67, 4.0, 1.0, "start"),
        note(67, 6.0, 1.0, "stop"),
        note(69, 7.0, 1.0),
        note(69, 8.0, 1.0),
    )
    assert rows(score(part)) == [
        (0, 1440, 60),
        (960, 1920, 64),
        (1920, 2400, 67),
        (2880, 3360, 67),
        (3360, 3840, 69),
        (3840, 4320, 69),
    ]


def test_what_has_no_length_or_is_a_chord_symbol_is_left_out():
    symbol = element("Chord", 0.0, 2.0, notes=[note(48, 0.0, 2.0)])
    symbol.classes = ("ChordSymbol", "Harmony", "Chord")
    part = Stream(note(72, 0.0, 0.0), symbol, note(60, 0.0, 1.0), element("Unpitched", 1.0, 1.0), note(200, 1.0, 1.0))
    assert rows(score(part)) == [(0, 480, 60)]


def test_measures_follow_one_another_and_an_upbeat_ends_a_whole_bar():
    part = Stream(
        measures=[
            Stream(meter(3, 4), note(62, 0.0, 1.0), offset=0.0),
            Stream(note(67, 0.0, 3.0), offset=1.0),
            Stream(note(65, 0.0, 2.0), element("Rest", 2.0, 1.0), offset=4.0),
        ]
    )
    result = score(part)
    assert rows(result) == [(960, 1440, 62), (1440, 2880, 67), (2880, 3840, 65)]
    assert result.meters == (Meter(0, 3, 4),)
    assert Bars(result).lines(0, stop_tick=result.length_ticks, most=99).tolist() == [0, 1440, 2880, 4320]


def test_what_stands_at_the_head_of_an_upbeat_holds_from_the_beginning_whatever_part_says_it():
    def part():
        head = (meter(4, 4), element("KeySignature", 0.0, sharps=2), note(62, 0.0, 1.0))
        same = (meter(4, 4), element("KeySignature", 0.0, sharps=2), note(67, 0.0, 4.0))
        return Stream(measures=[Stream(*head, offset=0.0), Stream(*same, offset=1.0), Stream(meter(3, 4), note(67, 0.0, 3.0), offset=5.0)])

    result = score(part(), part())
    assert result.meters == (Meter(0, 4, 4), Meter(3840, 3, 4))
    assert result.keys == (Key(0, 2),)
    assert Bars(result).lines(0, stop_tick=result.length_ticks, most=99).tolist() == [0, 1920, 3840, 5280]


def test_a_piece_of_one_short_measure_is_not_moved():
    assert rows(score(Stream(measures=[Stream(meter(4, 4), note(60, 0.0, 1.0))]))) == [(0, 480, 60)]


def _with_endings():
    return [Stream(meter(4, 4), note(60 + number, 0.0, 4.0), offset=4.0 * number) for number in range(5)]


def _bracket(*measures):
    return SimpleNamespace(getSpannedElements=lambda: measures)


def test_of_endings_that_follow_one_another_the_last_remains():
    measures = _with_endings()
    part = Stream(measures=measures)
    result = score(part, brackets=[_bracket(measures[1]), _bracket(measures[2]), _bracket(measures[3])])
    assert [pitch for _, _, pitch in rows(result)] == [60, 63, 64]
    assert [start for start, _, _ in rows(result)] == [0, 1920, 3840]


def test_a_single_ending_and_endings_apart_remain_and_other_parts_follow_the_first():
    upper, lower = _with_endings(), _with_endings()
    parts = (Stream(measures=upper), Stream(measures=lower))
    assert len(rows(score(*parts, brackets=[_bracket(upper[1])]))) == 5
    assert len(rows(score(*parts, brackets=[_bracket(upper[1]), _bracket(upper[3])]))) == 5
    both = score(*parts, brackets=[_bracket(upper[1], upper[2]), _bracket(upper[3])])
    assert [pitch for _, _, pitch in rows(both, 1)] == [60, 63, 64]
    assert score(*parts, brackets=[_bracket(), _bracket(object())]).notes.same_as(score(*parts).notes)


def test_tempo_meter_key_names_and_program_come_along():
    tempo = element("MetronomeMark", 0.0, number=60, getQuarterBPM=lambda: 90.0)
    silent = element("MetronomeMark", 4.0, number=None, getQuarterBPM=lambda: 1.0)
    faster = element("MetronomeMark", 8.0, number=120, getQuarterBPM=lambda: 120.0)
    keys = (
        element("KeySignature", 0.0, sharps=-3, mode="minor"),
        element("KeySignature", 8.0, sharps=1),
        element("KeySignature", sharps=None),
    )
    part = Stream(meter(4, 4), tempo, silent, *keys, note(60, 0.0, 4.0), faster, meter(3, 4, 8.0), note(62, 8.0, 3.0))
    result = score(part, names=["  A\ntitle "], program=52)
    assert result.meters == (Meter(0, 4, 4), Meter(3840, 3, 4))
    assert result.keys == (Key(0, -3, minor=True), Key(3840, 1))
    assert list(zip(result.tempos.ticks.tolist(), result.tempos.us_per_beat.tolist(), strict=True)) == [(0, 666_667), (3840, 500_000)]
    assert [track.name for track in result.tracks] == ["A title"]
    assert set(result.notes.program.tolist()) == {52}


@pytest.mark.parametrize(("numerator", "denominator"), [(300, 4), (4, 3), (0, 4), (4, 128)])
def test_impossible_time_signatures_are_passed_over(numerator, denominator):
    assert score(Stream(meter(numerator, denominator), note(60, 0.0, 1.0))).meters == (Meter(0, 4, 4),)


def test_parts_are_tracks_and_nothing_gives_nothing():
    result = score(Stream(note(72, 0.0, 1.0)), Stream(), Stream(note(48, 0.0, 2.0)))
    assert rows(result, 0) == [(0, 480, 72)]
    assert rows(result, 1) == []
    assert rows(result, 2) == [(0, 960, 48)]
    assert len(score(Stream()).notes) == 0
