"""The quick and the tolerant way to read a track give the same; keys become notes as a queue would make them."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_bytes import END, number

from lstmgen.music.midi.events import COLUMNS, META, SYSEX, long_number
from lstmgen.music.midi.keys import pair_keys
from lstmgen.music.midi.reader import read_events, read_midi
from lstmgen.music.midi.recovery import recover
from lstmgen.music.midi.scan import scan

times = st.one_of(st.integers(0, 300), st.integers(0, 2**28 - 1)).map(number)
data = st.integers(0, 127)
two = st.sampled_from([0x80, 0x90, 0x93, 0xA0, 0xB0, 0xE5])
statuses = st.tuples(two, data, data).map(bytes)
running = st.tuples(data, data).map(bytes)
keys = st.tuples(st.sampled_from([0x80, 0x90]), st.integers(60, 62), st.integers(0, 2)).map(bytes)
short = st.tuples(st.sampled_from([0xC1, 0xD2]), data).map(bytes)
kinds = st.one_of(st.integers(0, 127), st.sampled_from([0x03, 0x21, 0x51, 0x58, 0x59, 0x7F])).filter(lambda kind: kind != 0x2F)
metas = st.tuples(kinds, st.binary(max_size=200)).map(lambda meta: b"\xff" + bytes([meta[0]]) + number(len(meta[1])) + meta[1])
payloads = st.one_of(st.binary(max_size=200), st.binary(max_size=9).map(lambda payload: b"\x41" + payload))
exclusive = payloads.map(lambda payload: b"\xf0" + number(len(payload)) + payload)


@st.composite
def tracks(draw):
    """Bytes of a sound track: a running status only behind an event of two data bytes, or behind a meta event that follows one."""
    out, may_run = [], False
    for _ in range(draw(st.integers(0, 30))):
        event = draw(st.one_of(statuses, keys, metas, exclusive, short, *([running] if may_run else [])))
        may_run = event[0] < 0x80 or (event[0] < 0xF0 and event[0] >> 5 != 6) or (event[0] >= 0xF0 and may_run)
        out.append(draw(times) + event)
    return b"".join(out) + draw(st.sampled_from([END, b""]))


def spans_of(bodies, between):
    """The tracks in one string, and where each is."""
    spans, whole = [], between
    for body in bodies:
        spans.append((len(whole), len(whole) + len(body)))
        whole += body + between
    return whole, spans


def recovered(body, number=0):
    findings = []
    return recover(body, number, findings.append), findings


def check_same(one, other, *, track=0):
    """Whether a track of several is the same as what was read of it alone."""
    mine = one.track_E == track
    for column in COLUMNS:
        values, expected = getattr(one, column)[mine], getattr(other, column)
        if column == "second_E":
            means = (expected >= 0) & (other.status_E >> 4 != 0xC) & (other.status_E < SYSEX)
            values, expected = values[means], expected[means]
        assert values.tolist() == expected.tolist(), column
    places = np.flatnonzero(mine[one.status_E >= SYSEX])
    assert tuple(one.payloads[place] for place in places) == other.payloads
    assert (one.length_T[track], one.closed_T[track]) == (other.length_T[0], other.closed_T[0])


@given(bodies=st.lists(tracks(), max_size=4), between=st.binary(max_size=3), block=st.sampled_from([1, 7, 64, 1 << 16]))
def test_sound_tracks_are_read_alike_by_both_in_blocks_of_any_size(bodies, between, block):
    quick, damaged = scan(*spans_of(bodies, between), block=block)
    assert damaged == []
    assert len(quick.payloads) == np.sum(quick.status_E >= SYSEX)
    for track, body in enumerate(bodies):
        slow, findings = recovered(body, track)
        assert findings == []
        check_same(quick, slow, track=track)


@given(bodies=st.lists(tracks(), min_size=1, max_size=3), data=st.data())
def test_what_the_quick_way_takes_of_damaged_tracks_the_tolerant_way_finds_nothing_wrong_with(bodies, data):
    for place, body in enumerate(bodies):
        damaged = bytearray(body)
        for _ in range(data.draw(st.integers(0, 3))):
            if damaged:
                damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        bodies[place] = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    whole, spans = spans_of(bodies, b"")
    quick, left = scan(whole, spans)
    together = read_events(whole, spans, lambda *_, **__: None)
    assert np.all(np.diff(together.track_E) >= 0)
    for track, body in enumerate(bodies):
        slow, findings = recovered(body, track)
        check_same(together, slow, track=track)
        if track not in left:
            assert findings == []
            check_same(quick, slow, track=track)


def test_a_running_status_of_one_data_byte_is_read_too():
    body = b"\x00\xc0\x05\x00\x06\x00\x90\x3c\x40\x10\x3c\x00" + END
    assert scan(body, [(0, len(body))])[1] == [0]
    events, findings = recovered(body)
    assert META not in events.status_E
    assert (events.status_E.tolist(), events.first_E.tolist(), findings) == ([0xC0, 0xC0, 0x90, 0x90], [5, 6, 60, 60], [])


def test_stray_bytes_before_the_first_event_do_not_cost_the_notes_behind_them():
    track = b"\x05\x00\x90\x3c\x40\x60\x80\x3c\x00" + END
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96)
    reading = read_midi(head + b"MTrk" + struct.pack(">I", len(track)) + track)
    assert reading.score.notes.pitch.tolist() == [60]
    assert [finding.reason for finding in reading.findings] == ["data without an event"]


def by_queues(rows):
    """(begin, end) of each note as places in the rows, -1 for an end that is not there, and how many ends found none."""
    notes, sounding, not_begun = [], {}, 0
    for place, (group, down) in enumerate(rows):
        waiting = sounding.setdefault(group, [])
        if down:
            waiting.append(len(notes))
            notes.append((place, -1))
        elif waiting:
            first = waiting.pop(0)
            notes[first] = (notes[first][0], place)
        else:
            not_begun += 1
    return notes, not_begun


@given(rows=st.lists(st.tuples(st.sampled_from([0, 1, 2, 70_000]), st.booleans())))
def test_keys_become_notes_as_queues_would_make_them(rows):
    group, down = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.bool_)
    found = pair_keys(group, down, may_be_over_E=np.zeros(len(rows), np.bool_))
    notes, not_begun = by_queues(rows)
    assert list(zip(found.begin_N.tolist(), found.end_N.tolist(), strict=True)) == notes
    assert found.not_begun == not_begun
    assert pair_keys(group, down, may_be_over_E=np.ones(len(rows), np.bool_)).not_begun == 0


@pytest.mark.parametrize("value", [0, 127, 128, 16_383, 16_384, 2**28 - 1])
def test_numbers_of_one_to_four_bytes(value):
    assert long_number(number(value) + b"x", 0) == (value, len(number(value)))
    with pytest.raises(IndexError):
        long_number(number(value)[:-1], 0)
    assert long_number(b"\x80" * 6, 0) == (-1, 4)
    assert long_number(b"\x80" * 4 + b"\x05", 0, most=5) == (5, 5)
