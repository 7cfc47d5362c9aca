"""What is written is read back, by mido and by ourselves, whatever the score; every note ends."""

import io

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Key, Meter, Notes, Pedal, Score, Track
from lstmgen.music.tidy import without_overlaps

COLUMNS = ("start_ticks", "end_ticks", "pitch", "velocity", "program", "drum")

row = st.tuples(
    st.integers(0, 3000),
    st.integers(1, 900),
    st.integers(0, 127),
    st.integers(1, 127),
    st.integers(0, 20),
    st.integers(0, 127),
    st.booleans(),
)


def score_of(rows, **more):
    start, length, pitch, velocity, track, program, drum = (np.array(column) for column in zip(*rows, strict=True))
    notes = Notes.of(start, start + length, pitch, velocity=velocity, track=track, program=program, drum=drum)
    return Score.of(notes, tracks=[Track(f"part {number}") for number in range(21)], **more)


def table(score):
    return sorted(zip(*(getattr(score.notes, column).tolist() for column in COLUMNS), strict=True))


@settings(max_examples=150)
@given(rows=st.lists(row, min_size=1, max_size=40))
def test_every_note_comes_back_with_its_instrument_however_many_share_a_channel(rows):
    score = without_overlaps(score_of(rows))
    reading = read_midi(to_midi_bytes(score))
    assert reading.findings == ()
    assert table(reading.score) == table(score)


@settings(max_examples=60)
@given(rows=st.lists(row, min_size=1, max_size=40))
def test_mido_opens_it_and_every_key_that_goes_down_goes_up(rows):
    file = mido.MidiFile(file=io.BytesIO(to_midi_bytes(score_of(rows))))
    assert file.type == 1
    for track in file.tracks:
        down = {}
        for message in track:
            if message.type in {"note_on", "note_off"}:
                key = (message.channel, message.note)
                down[key] = down.get(key, 0) + (1 if message.type == "note_on" and message.velocity else -1)
                assert down[key] in {0, 1}
        assert not any(down.values())
        assert track[-1].type == "end_of_track"


def test_tempo_meter_key_pedal_and_names_are_written():
    score = Score.of(
        Notes.of([0], [480], [60]),
        tempos=[(0, 400_000), (960, 700_000)],
        meters=[Meter(0, 6, 8), Meter(1440, 3, 4)],
        keys=[Key(0, -3, minor=True)],
        pedals=[Pedal(5, 0, down=True), Pedal(300, 0, down=False)],
        tracks=[Track("Zither ♪")],
        length_ticks=2880,
    )
    back = read_midi(to_midi_bytes(score)).score
    for name in ("ticks_per_beat", "meters", "keys", "tracks", "length_ticks"):
        assert getattr(back, name) == getattr(score, name), name
    assert back.tempos.us_per_beat.tolist() == [400_000, 700_000]
    assert list(back.pedals) == list(score.pedals)


def test_drums_play_on_the_tenth_channel_and_more_instruments_than_channels_say_their_programs_again():
    rows = [(10 * number, 5, 60, 80, number % 20, number, False) for number in range(20)] + [(0, 9, 38, 80, 20, 0, True)]
    file = mido.MidiFile(file=io.BytesIO(to_midi_bytes(score_of(rows))))
    channels = {message.channel for track in file.tracks for message in track if message.type == "note_on"}
    assert 9 in channels
    back = read_midi(to_midi_bytes(score_of(rows))).score
    assert sorted(back.notes.program[~back.notes.drum].tolist()) == list(range(20))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"meters": [Meter(0, 3, 3)]}, ((4, 4),)),
        ({"meters": [Meter(0, 3, 128)]}, ((4, 4),)),
        ({"meters": [Meter(0, 5, 8)]}, ((5, 8),)),
    ],
)
def test_what_a_file_cannot_say_is_left_out(change, expected):
    back = read_midi(to_midi_bytes(Score.of(Notes.of([0], [480], [60]), **change))).score
    assert tuple((meter.numerator, meter.denominator) for meter in back.meters) == expected


def test_long_silences_slow_tempi_and_broken_names_do_not_stop_it():
    far = 2**28 + 1000
    score = Score.of(
        Notes.of([0, far], [480, far + 10], [60, 61]), ticks_per_beat=32_767, tempos=[(0, 2**24 + 5)], tracks=[Track("half \ud83d")]
    )
    file = mido.MidiFile(file=io.BytesIO(to_midi_bytes(score)))
    assert max(sum(message.time for message in track) for track in file.tracks) >= far
    assert next(message.tempo for message in file.tracks[0] if message.type == "set_tempo") == 2**24 - 1


def test_the_same_score_gives_the_same_bytes():
    score = score_of([(0, 10, 60, 80, 0, 0, False)])
    assert to_midi_bytes(score) == to_midi_bytes(score)


@settings(max_examples=60)
@given(
    rows=st.lists(row, min_size=1, max_size=40),
    pedals=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 20), st.booleans()).map(lambda move: Pedal(*move)), max_size=20),
    keys=st.lists(st.tuples(st.integers(0, 5), st.integers(-7, 7), st.booleans()).map(lambda key: Key(*key)), max_size=4),
    beat_us=st.integers(1, 2**24 - 1),
    mark=st.booleans(),
)
def test_what_was_written_and_read_comes_back_the_same_however_slow_it_is(rows, pedals, keys, beat_us, mark):
    first = read_midi(to_midi_bytes(score_of(rows, pedals=pedals, keys=keys, tempos=[(0, beat_us)], length_ticks=2**28 if mark else 0)))
    content = to_midi_bytes(first.score)
    second = read_midi(content)
    assert {finding.reason for finding in second.findings} <= {"a tempo beyond reason"}
    one, other = first.score, second.score
    assert one.notes.same_as(other.notes)
    assert one.content() == other.content()
    assert (one.tracks, one.keys, one.meters, one.length_ticks) == (other.tracks, other.keys, other.meters, other.length_ticks)
    assert to_midi_bytes(other) == content


def test_silences_and_notes_of_an_hour_are_read_back_as_they_were_written():
    score = Score.of(Notes.of([0, 3_456_000], [1_728_000, 3_456_480], [60, 62]), length_ticks=7_000_000)
    content = to_midi_bytes(score)
    reading = read_midi(content)
    assert reading.findings == ()
    assert reading.score.content() == score.content()
    mark = content.index(b"\xff\x7f\x08\x7dlstmgen")
    assert read_midi(content[:mark] + content[mark:].replace(b"lstmgen", b"another", 1)).score.duration_s < 1000


def test_files_without_long_silences_carry_no_mark_and_files_of_few_parts_no_port():
    content = to_midi_bytes(score_of([(number, 10, 60, 80, number, number, False) for number in range(15)]))
    assert b"lstmgen" not in content
    assert b"\xff\x21" not in content
    assert to_midi_bytes(score_of([(number, 10, 60, 80, number, number, False) for number in range(17)])).count(b"\xff\x21\x01\x01") == 2
