"""The quick and the tolerant way to read a track give the same; keys become notes as a queue would make them."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.music.midi import scan as midi_scan
from lstmgen.music.midi.events import TrackEvents, keys_of
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.recovery import recover
from lstmgen.music.midi.scan import long_number, scan

END = b"\x00\xff\x2f\x00"
COLUMNS = ("tick_E", "status_E", "first_E", "second_E")


def number(value):
    """A number as MIDI writes it."""
    out = [value & 127]
    while value := value >> 7:
        out.append(value & 127 | 128)
    return bytes(reversed(out))


times = st.one_of(st.integers(0, 300), st.integers(0, 2**28 - 1)).map(number)
data = st.integers(0, 127)
two = st.sampled_from([0x80, 0x90, 0x93, 0xA0, 0xB0, 0xE5])
statuses = st.tuples(two, data, data).map(bytes)
running = st.tuples(data, data).map(bytes)
keys = st.tuples(st.sampled_from([0x80, 0x90]), st.integers(60, 62), st.integers(0, 2)).map(bytes)
short = st.tuples(st.sampled_from([0xC1, 0xD2]), data).map(bytes)
metas = st.tuples(st.integers(0, 127).filter(lambda kind: kind != 0x2F), st.binary(max_size=200)).map(
    lambda meta: b"\xff" + bytes([meta[0]]) + number(len(meta[1])) + meta[1]
)
exclusive = st.binary(max_size=200).map(lambda payload: b"\xf0" + number(len(payload)) + payload)


@st.composite
def tracks(draw):
    """Bytes of a sound track: a running status only behind an event of two data bytes, or behind a meta event that follows one."""
    out, may_run = [], False
    for _ in range(draw(st.integers(0, 30))):
        event = draw(st.one_of(statuses, keys, metas, exclusive, short, *([running] if may_run else [])))
        may_run = event[0] < 0x80 or (event[0] < 0xF0 and event[0] >> 5 != 6) or (event[0] >= 0xF0 and may_run)
        out.append(draw(times) + event)
    return b"".join(out) + draw(st.sampled_from([END, b"", END + b"more"]))


def recovered(body, at=0):
    findings = []
    return recover(body, at, len(body), findings.append), findings


def check_same(one, other):
    for name in COLUMNS[:3]:
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    two_bytes = one.status_E >> 4 != 0xC
    assert one.second_E[two_bytes].tolist() == other.second_E[two_bytes].tolist()
    for name in ("metas", "length", "closed", "end"):
        assert getattr(one, name) == getattr(other, name), name


@settings(max_examples=300, deadline=None)
@given(body=tracks(), before=st.binary(max_size=3), block=st.sampled_from([1, 7, 64, 1 << 16]))
def test_a_sound_track_is_read_alike_by_both_in_blocks_of_any_size(body, before, block):
    size = midi_scan._BLOCK
    midi_scan._BLOCK = block
    try:
        quick = scan(before + body, len(before), len(before) + len(body))
    finally:
        midi_scan._BLOCK = size
    slow, findings = recovered(before + body, len(before))
    assert findings == []
    assert quick is not None
    check_same(quick, slow)


@settings(max_examples=300, deadline=None)
@given(body=tracks(), data=st.data())
def test_what_the_quick_way_takes_of_a_damaged_track_the_tolerant_way_finds_nothing_wrong_with(body, data):
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    quick = scan(damaged, 0, len(damaged))
    slow, findings = recovered(damaged)
    if quick is not None:
        assert findings == []
        check_same(quick, slow)


def test_a_running_status_of_one_data_byte_is_read_too():
    body = b"\x00\xc0\x05\x00\x06\x00\x90\x3c\x40\x10\x3c\x00" + END
    assert scan(body, 0, len(body)) is None
    events, findings = recovered(body)
    assert (events.status_E.tolist(), events.first_E.tolist(), findings) == ([0xC0, 0xC0, 0x90, 0x90], [5, 6, 60, 60], [])


def test_stray_bytes_before_the_first_event_do_not_cost_the_notes_behind_them():
    track = b"\x05\x00\x90\x3c\x40\x60\x80\x3c\x00" + END
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96)
    reading = read_midi(head + b"MTrk" + struct.pack(">I", len(track)) + track)
    assert reading.score.notes.pitch.tolist() == [60]
    assert [finding.reason for finding in reading.findings] == ["data without an event"]


def by_queues(rows, length):
    """(start, end) of each note in order of the starts, how many were left open, how many ends found none."""
    notes, sounding, not_begun = [], {}, 0
    for tick, status, pitch, velocity in rows:
        waiting = sounding.setdefault((status & 15, pitch), [])
        if status >= 0x90 and velocity:
            waiting.append(len(notes))
            notes.append([tick, length])
        elif waiting:
            notes[waiting.pop(0)][1] = tick
        else:
            not_begun += 1
    return notes, sum(map(len, sounding.values())), not_begun


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from([0x80, 0x81, 0x90, 0x91, 0xB0, 0xC1]), st.integers(60, 62), st.integers(0, 2))
    )
)
def test_keys_become_notes_as_queues_would_make_them(rows):
    ticks = np.cumsum([row[0] for row in rows]).astype(np.int64)
    status, pitch, velocity = (np.array([row[place] for row in rows], np.uint8) for place in (1, 2, 3))
    length = int(ticks[-1]) if rows else 0
    events = TrackEvents(tick_E=ticks, status_E=status, first_E=pitch, second_E=velocity, metas=(), length=length, closed=True, end=0)
    found = keys_of(events)
    rows = [(int(tick), *row[1:]) for tick, row in zip(ticks, rows, strict=True) if row[1] < 0xA0]
    notes, left_open, not_begun = by_queues(rows, length)
    assert [list(pair) for pair in zip(found.start_N.tolist(), found.end_N.tolist(), strict=True)] == notes
    assert (found.left_open, found.not_begun) == (left_open, not_begun)


@pytest.mark.parametrize("value", [0, 127, 128, 16_383, 16_384, 2**28 - 1])
def test_numbers_of_one_to_four_bytes(value):
    assert long_number(number(value) + b"x", 0) == (value, len(number(value)))
    with pytest.raises(IndexError):
        long_number(number(value)[:-1], 0)
    assert long_number(b"\x80" * 5, 0) == (-1, 4)
