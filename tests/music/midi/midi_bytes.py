"""MIDI files built byte by byte, sound ones and others."""

import struct

END = b"\x00\xff\x2f\x00"


def number(value):
    """A number as MIDI writes it."""
    out = [value & 127]
    while value := value >> 7:
        out.append(value & 127 | 128)
    return bytes(reversed(out))


def note(pitch=60, *, channel=0, after=0, ticks=96):
    """A key that goes down and up."""
    return number(after) + bytes([0x90 | channel, pitch, 80]) + number(ticks) + bytes([0x80 | channel, pitch, 64])


def meta(kind, payload, *, after=0):
    return number(after) + bytes([0xFF, kind]) + number(len(payload)) + payload


def sysex(text, *, after=0):
    payload = bytes.fromhex(text)
    return number(after) + b"\xf0" + number(len(payload)) + payload


def control(kind, value, *, channel=0, after=0):
    return number(after) + bytes([0xB0 | channel, kind, value])


def program(value, *, channel=0, after=0):
    return number(after) + bytes([0xC0 | channel, value])


def tempo(us, *, after=0):
    return meta(0x51, us.to_bytes(3, "big"), after=after)


def name(payload):
    return meta(3, payload)


def chunk(kind, body, *, more=0):
    """A chunk whose length says so many bytes more than there are."""
    return kind + struct.pack(">I", len(body) + more) + body


def header(tracks, *, kind=1, division=96):
    return chunk(b"MThd", struct.pack(">HHH", kind, tracks, division))


def midi(*tracks, kind=1, division=96, count=None):
    """A file of tracks, which end by themselves."""
    return header(len(tracks) if count is None else count, kind=kind, division=division) + b"".join(
        chunk(b"MTrk", track + END) for track in tracks
    )


def riff(*parts):
    """A RIFF file of chunks."""
    body = b"RMID" + b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def rows(score):
    """(start, end) in seconds, pitch and program of each note, "drums" for drums."""
    notes = score.notes
    start, end = (score.seconds_at(ticks).round(6).tolist() for ticks in (notes.start_ticks, notes.end_ticks))
    program = ["drums" if drum else program for drum, program in zip(notes.drum.tolist(), notes.program.tolist(), strict=True)]
    return list(zip(start, end, notes.pitch.tolist(), program, strict=True))
