"""The reader: the same notes as mido on every sound file, what is left of every damaged one, and nothing worse than MidiError."""

import io
import struct
import tracemalloc

import mido
import numpy as np
import pytest

from lstmgen import limits
from lstmgen.music.midi.reader import MidiError, read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Pedal, Score, Track


def chunk(kind, body):
    return kind + struct.pack(">I", len(body)) + body


def file_of(*tracks, division=96, kind=1, count=None):
    head = chunk(b"MThd", struct.pack(">HHH", kind, len(tracks) if count is None else count, division))
    return head + b"".join(chunk(b"MTrk", track) for track in tracks)


NAMES = ("one", "two", "three")
END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"  # middle C for a beat


def rows(score):
    notes = score.notes
    return list(zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), notes.velocity.tolist(), strict=True))


def reasons(content):
    return {finding.reason for finding in read_midi(content).findings}


def random_score(seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 60))
    start = random.integers(0, 5000, count)
    notes = Notes.of(start, start + random.integers(1, 900, count), random.integers(0, 128, count), velocity=random.integers(1, 128, count),
                     track=random.integers(0, 3, count), program=0)  # fmt: skip
    return Score.of(notes, meters=[Meter(0, 3, 4)], tempos=[(0, 600_000), (960, 400_000)], tracks=[Track(name) for name in NAMES],
                    pedals=[Pedal(10, 0, True), Pedal(200, 0, False)], length_ticks=7000)  # fmt: skip


def by_mido(content):
    """(start, end, pitch, velocity) by mido, the earliest open note of a pitch ended first."""
    found = []
    for track in mido.MidiFile(file=io.BytesIO(content)).tracks:
        now, sounding = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding.setdefault((message.channel, message.note), []).append((now, message.velocity))
            elif message.type in {"note_on", "note_off"} and sounding.get((message.channel, message.note)):
                begun, velocity = sounding[message.channel, message.note].pop(0)
                found.append((begun, now, message.note, velocity))
    return sorted(found)


@pytest.mark.parametrize("seed", range(25))
def test_it_reads_the_same_notes_as_mido(seed):
    content = to_midi_bytes(random_score(seed))
    assert sorted(rows(read_midi(content).score)) == by_mido(content)
    assert read_midi(content).findings == ()


def test_tempo_meter_key_program_pedal_names_and_length_are_read():
    score = read_midi(to_midi_bytes(random_score(3))).score
    assert (score.tempos.us_per_beat.tolist(), score.length_ticks) == ([600_000, 400_000], 7000)
    assert score.meters == (Meter(0, 3, 4),)
    assert [track.name for track in score.tracks] == ["one", "two", "three"]
    assert [(pedal.tick, pedal.down) for pedal in score.pedals] == [(10, True), (200, False)]


def test_a_program_change_in_another_track_of_the_channel_holds():
    score = read_midi(file_of(b"\x00\xc0\x28" + END, NOTE + END)).score
    assert score.notes.program.tolist() == [40]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (file_of(NOTE + b"\x00\x90\x40\x40\x10\x80"), "cut off before its end"),
        (file_of(NOTE), "a track without its end"),
        (file_of(NOTE + END, count=7), "wrong number of tracks in the header"),
        (file_of(NOTE + END) + b"\x00garbage", "bytes after the last track"),
        (b"RIFF\x00\x00\x00\x00RMIDdata\x00\x00\x00\x00" + file_of(NOTE + END), "inside a RIFF wrapper"),
        (file_of(NOTE + END, division=0xE728), "time in SMPTE frames, turned into beats"),
        (file_of(NOTE + END, division=0), "no ticks in a beat, read as 480"),
        (file_of(b"\x00\xff\x51\x03\x00\x00\x00" + NOTE + END), "a tempo that is none"),
        (file_of(b"\x00\xff\x51\x01\x07" + NOTE + END), "a tempo that is none"),
        (file_of(b"\x00\xff\x58\x04\x04\xff\x18\x08" + NOTE + END), "a time signature that is none"),
        (file_of(b"\x00\xff\x59\x02\x64\x00" + NOTE + END), "a key signature that is none"),
        (file_of(NOTE + b"\x00\x90\x3c\x90\x00\x90\x40\x40" + END), "a data byte above 127, read as 127"),
        (file_of(NOTE + b"\x00\xf4" + END), "an event that has no place in a file"),
        (file_of(NOTE + b"\x00\x80\x50\x00" + END), "the end of a note that had not begun"),
        (file_of(NOTE + b"\x00\x90\x50\x40\x10\xff\x2f\x00"), "notes without an end, ended with their track"),
        (file_of(NOTE + b"\x00\x90\x50\x40\x00\x80\x50\x00" + END), "notes of no length, made one tick long"),
        (file_of(NOTE + b"\xff\xff\xff\xff\x7f" + END), "a time longer than four bytes"),
        (file_of(NOTE + END, kind=2), "independent patterns (type 2) played together"),
        (file_of(NOTE + END)[:14] + chunk(b"XFIH", b"abc") + file_of(NOTE + END)[14:], "a chunk that is not of MIDI"),
    ],
)
def test_what_can_be_read_of_a_damaged_file_is_kept_and_the_rest_is_told(content, reason):
    assert (0, 96, 60, 64) in rows(read_midi(content).score) or "SMPTE" in reason
    assert reason in reasons(content)


def test_running_status_goes_on_after_a_meta_event():
    content = file_of(b"\x00\x90\x3c\x40\x00\xff\x01\x01a\x10\x3c\x00" + END)
    assert rows(read_midi(content).score) == [(0, 16, 60, 64)]


def test_a_track_that_is_said_to_be_longer_than_the_file_is_read_to_its_end():
    content = bytearray(file_of(NOTE + NOTE + END))
    content[18:22] = b"\x7f\xff\xff\xff"
    assert len(read_midi(bytes(content)).score.notes) == 2


def test_an_absurd_silence_is_shortened_to_a_limit_in_seconds():
    score = read_midi(file_of(NOTE + b"\xff\xff\xff\x7f\x90\x40\x40\x60\x80\x40\x00" + END)).score
    assert len(score.notes) == 2
    assert score.duration_s <= limits.MAX_SILENCE_S + 5


@pytest.mark.parametrize("content", [b"", b"MThd", b"<html>", b"RIFF\x00\x00\x00\x00WAVE", file_of(END), file_of()])
def test_what_is_no_midi_or_holds_no_note_is_refused_in_words(content):
    with pytest.raises(MidiError) as caught:
        read_midi(content)
    assert caught.value.message


@pytest.mark.parametrize("seed", range(4))
def test_no_mutation_of_a_file_raises_anything_else(seed):
    random = np.random.default_rng(seed)
    content = bytearray(to_midi_bytes(random_score(seed)))
    for _ in range(400):
        mutated = bytearray(content)
        for _ in range(int(random.integers(1, 8))):
            mutated[int(random.integers(len(mutated)))] = int(random.integers(256))
        cut = mutated[: int(random.integers(len(mutated)))] if random.random() < 0.3 else mutated
        try:
            score = read_midi(bytes(cut)).score
        except MidiError:
            continue
        assert np.all(score.notes.end_ticks > score.notes.start_ticks)
        assert score.length_ticks >= int(score.notes.end_ticks.max())
        assert np.isfinite(score.duration_s)


def test_notes_take_less_than_25_bytes_each():
    notes = read_midi(to_midi_bytes(random_score(1))).score.notes
    assert sum(column.nbytes for column in vars(notes).values()) <= 25 * len(notes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_no_mutation_of_many_files_raises_anything_else(seed):
    random = np.random.default_rng(seed)
    content = to_midi_bytes(random_score(seed))
    for _ in range(5000):
        mutated = bytearray(content)
        for _ in range(int(random.integers(1, 12))):
            place = int(random.integers(len(mutated)))
            match int(random.integers(4)):
                case 0:
                    mutated[place] = int(random.integers(256))
                case 1:
                    del mutated[place : place + int(random.integers(1, 9))]
                case 2:
                    mutated[place:place] = random.integers(0, 256, int(random.integers(1, 9)), np.uint8).tobytes()
                case _:
                    mutated[place] ^= 0x80
            mutated = mutated or bytearray(b"M")
        try:
            found = read_midi(bytes(mutated))
        except MidiError:
            continue
        score, kept = found.score, {"a tempo beyond reason"} & {finding.reason for finding in found.findings}
        assert np.all(score.notes.end_ticks > score.notes.start_ticks)
        # Where the writer ends a note early, two long silences can become one; and a tempo is written as it was read.
        again = {finding.reason for finding in read_midi(to_midi_bytes(score)).findings}
        assert again <= {"silences that last absurdly long, shortened"} | kept


def test_what_stays_of_a_file_takes_less_than_25_bytes_an_event():
    count = 5000
    start = 10 * np.arange(count)
    pedals = [Pedal(int(tick), 0, bool(number % 2 == 0)) for number, tick in enumerate(start)]
    content = to_midi_bytes(Score.of(Notes.of(start, start + 7, 60), pedals=pedals))
    read_midi(content)
    tracemalloc.start()
    score = read_midi(content).score
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (len(score.notes), len(score.pedals)) == (count, count)
    assert held < 25 * 3 * count
