"""No kind of fault at a random place costs what the file holds beside it, and sound files are read as mido reads them."""

import numpy as np
import pytest
from faults import FAULTS, random_tracks, sound_file
from midi_bytes import midi
from plain_reading import read_plainly

from lstmgen.music.midi.chunks import is_midi
from lstmgen.music.midi.reader import MidiError, read_midi
from lstmgen.music.midi.writer import to_midi_bytes


def read(content):
    try:
        return read_midi(content)
    except MidiError as error:
        return error.message


def all_of(score):
    return (score.content(), score.keys, score.tracks, score.meters)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("seed", range(12))
def test_a_fault_costs_nothing_that_can_be_read(fault, seed):
    random = np.random.default_rng(seed)
    damaged, right, reason = fault(random, random_tracks(random, count=int(random.integers(2, 5))))
    reading, expected = read(damaged), read(right)
    assert all_of(reading.score) == all_of(expected.score)
    reasons = {finding.reason for finding in reading.findings}
    assert reason is None or reason in reasons
    assert {finding.reason for finding in expected.findings} - {"a track without its end"} <= reasons
    assert is_midi(damaged[:8192])


@pytest.mark.parametrize("seed", range(60))
def test_sound_files_are_read_as_mido_reads_them(seed):
    content = sound_file(np.random.default_rng(seed))
    plain, reading = read_plainly(content), read_midi(content)
    reasons = {finding.reason for finding in reading.findings}
    assert reasons <= {
        "the end of a note that had not begun",
        "notes without an end, ended with their track",
        "notes of no length, made one tick long",
        "silences that last absurdly long, shortened",
    }
    if "silences that last absurdly long, shortened" in reasons:
        return
    score, notes = reading.score, reading.score.notes
    # Parts are numbered in the order of their tracks, and then of their channels.
    parts = {part: number for number, part in enumerate(sorted({(row[4], row[5]) for row in plain.notes}))}
    columns = (notes.start_ticks, notes.end_ticks, notes.pitch, notes.velocity, notes.track, notes.program, notes.drum)
    found = sorted(zip(*(column.tolist() for column in columns), strict=True))
    assert found == sorted((*row[:4], parts[row[4:6]], *row[6:]) for row in plain.notes)
    assert sorted(score.pedals) == sorted((tick, parts[track, channel], down) for tick, track, channel, down in plain.pedals)
    assert list(score.tempos) == list(type(score.tempos).of(plain.tempos))


@pytest.mark.parametrize("seed", range(30))
def test_what_is_written_of_a_random_file_is_read_back_the_same(seed):
    first = read_midi(to_midi_bytes(read_midi(sound_file(np.random.default_rng(seed))).score))
    assert first.findings == ()
    again = read_midi(to_midi_bytes(first.score))
    assert all_of(again.score) == all_of(first.score)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"MThd",
        b"MThd is how a MIDI file begins, and MTrk how a track does.",
        b"A text on MThd\0\0\0\x06 and MTrk" + bytes(9),
        b"RIFF\0\0\0\0WAVE",
        b"PK\x03\x04" + bytes(26) + b"tune.mid" + midi(b"\0\x90\x3c\x40"),
        b"tune.mid" + bytes(504) + midi(b"\0\x90\x3c\x40"),
    ],
)
def test_what_only_mentions_midi_or_holds_files_of_it_is_not_midi(head):
    assert not is_midi(head)
    with pytest.raises(MidiError):
        read_midi(head)
