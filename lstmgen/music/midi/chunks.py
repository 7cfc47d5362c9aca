"""Where the header and the tracks of a MIDI file are, whatever their lengths say and whatever stands between them.

A length is believed where it leads to the end of the file, to another chunk, or to where a track says that it ends. Where it does not,
the track goes on to the next `MTrk`, so that no track is lost through what is wrong with the one before it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final, NamedTuple

from lstmgen.music.midi.recovery import CUT_OFF
from lstmgen.music.midi.scan import Spans
from lstmgen.music.score import DEFAULT_TEMPO_US

HEADER, TRACK = b"MThd", b"MTrk"
_NEXT_FILE: Final = HEADER + b"\0\0\0\x06"
_END: Final = b"\xff\x2f\x00"
_FRAMES: Final = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}
"""Frames of a second that SMPTE knows, by what stands for them."""
_LONGEST_HEADER: Final = 2**16
_STRAY_BYTES: Final = 16
"""Before the header, such as a byte order mark; more are NULs, or of another kind of file."""
_MACBINARY_BYTES: Final = 128
_SEARCHED_BYTES: Final = 8192
_NO_DIVISION: Final = 480
_MAX_TRACKS: Final = 2**16 - 1
_TRIES: Final = 64
"""So many times a track is looked for inside another, lest a file that is made for it takes for ever."""

Note = Callable[..., None]
"""Told of each thing that is not as it should be."""


class Time(NamedTuple):
    """What a tick is: a part of a beat, and how long a beat lasts where the file counts in seconds."""

    ticks_per_beat: int
    us_per_beat: int | None = None


def is_midi(head: bytes) -> bool:
    """Whether a file that begins like this is MIDI: a header that says what headers say, or the form of RIFF that holds one."""
    if head[:4] == b"RIFF":
        return head[8:12] == b"RMID"
    place = _begin(head)
    if place == 0 and head[4:6] == b"\0\0" and TRACK in head[:_SEARCHED_BYTES]:
        return True
    return place is not None and _is_header(head, place)


def unwrapped(content: bytes, note: Note) -> bytes | None:
    """The content from its header on, to where another file begins; None: it has no header."""
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        note("inside a RIFF wrapper")
        content = _inside_riff(content)
    place = _begin(content)
    if place is None:
        return None
    if place:
        note("bytes before the header", detail=f"{place}")
    behind = content.find(_NEXT_FILE, place + 14)
    if behind < 0:
        return content[place:]
    note("another file behind the first")
    return content[place:behind]


def _is_header(content: bytes, at: int) -> bool:
    """Whether a header stands at a place that says what headers say."""
    length, kind, division = (int.from_bytes(content[at + low : at + high], "big") for low, high in ((4, 8), (8, 10), (12, 14)))
    known = division < 0x8000 or 256 - (division >> 8) in _FRAMES
    return content[at : at + 4] == HEADER and len(content) >= at + 14 and 6 <= length < _LONGEST_HEADER and kind <= 2 and known


def _begin(content: bytes) -> int | None:
    """Where the header is: at the beginning, or behind a few stray bytes, NULs, or the 128 bytes of MacBinary."""
    place = content.find(HEADER, 0, _SEARCHED_BYTES)
    if place <= 0:
        return 0 if place == 0 else None
    before = content[:place].lstrip(b"\0")
    near = len(before) <= _STRAY_BYTES or (place == _MACBINARY_BYTES and content[0] == 0)
    return place if near and _is_header(content, place) else None


def _inside_riff(content: bytes) -> bytes:
    """What the chunk `data` holds; where the chunks lead nowhere, all from the first header on."""
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        begin, end = at + 8, at + 8 + size
        at = end + size % 2
        if content[begin - 8 : begin - 4] == b"data":
            sound = at >= len(content) or (content[at : at + 4].isalnum() and content[at : at + 4] not in (HEADER, TRACK))
            return content[begin:end] if sound else content[begin:]
    return content[max(0, content.find(_NEXT_FILE)) :]


def read_header(body: bytes, note: Note) -> tuple[int, int, Time]:
    """Where the first chunk behind the header begins, how many tracks the header says there are, and what a tick is."""
    length, kind, tracks, division = (int.from_bytes(body[low:high], "big") for low, high in ((4, 8), (8, 10), (10, 12), (12, 14)))
    if length != 6:
        note("wrong length of the header", detail=f"{length}, expected 6")
    if kind == 2:
        note("independent patterns (type 2) played together")
    elif kind > 2:
        note("unknown type of file")
    at = 8 + length if 6 <= length < _LONGEST_HEADER else 14
    return at if _is_chunk(body, at) else 14, tracks, _time(division, note)


def _time(division: int, note: Note) -> Time:
    """What a tick is. Frames of SMPTE become beats of about half a second, so that no moment is rounded."""
    frames, ticks = 256 - (division >> 8), division & 0xFF
    if division & 0x8000 and ticks:
        note("time in SMPTE frames, turned into beats")
        us_per_tick = Fraction(1_000_000) / (ticks * _FRAMES.get(frames, Fraction(frames)))
        # Whole ticks and whole microseconds: the nearest such beat to half a second.
        least = us_per_tick.denominator
        times = max(1, round(DEFAULT_TEMPO_US / (us_per_tick * least)))
        return Time(least * times, int(us_per_tick * least * times))
    if not 0 < division < 0x8000:
        note(f"no ticks in a beat, read as {_NO_DIVISION}")
        return Time(_NO_DIVISION)
    return Time(division)


def find_tracks(body: bytes, at: int, note: Note) -> Spans:
    """Where each track begins and ends, from the first chunk on."""
    spans: list[tuple[int, int]] = []
    while at + 8 <= len(body) and len(spans) < _MAX_TRACKS:
        begin, behind = at + 8, at + 8 + int.from_bytes(body[at + 4 : at + 8], "big")
        if body[at : at + 4] == TRACK:
            at = _end_of_track(body, begin, behind, note)
            spans.append((begin, at))
        elif _is_chunk(body, at):
            note("a chunk that is not of MIDI")
            at = behind
        else:
            behind = body.find(TRACK, at + 1)
            if behind < 0:
                break
            note("bytes between the tracks")
            at = behind
    if at < len(body):
        note("bytes after the last track")
    return spans


def _is_chunk(body: bytes, at: int) -> bool:
    """Whether a chunk begins at a place: a track, or another one that does not reach beyond the file."""
    kind = body[at : at + 4]
    return kind == TRACK or (kind.isalnum() and at + 8 + int.from_bytes(body[at + 4 : at + 8], "big") <= len(body))


def _end_of_track(body: bytes, begin: int, end: int, note: Note) -> int:
    """Where a track ends that begins at a place and says that it ends at another."""
    inside = _track_inside(body, begin, end)
    if inside < 0 and (end == len(body) or _is_chunk(body, end) or (end < len(body) and body[begin:end].endswith(_END))):
        return end
    places = (inside, _track_inside(body, begin, len(body)), _track_inside(body, begin, len(body), sure=False))
    behind = next((place for place in places if place >= 0), -1)
    if behind < 0 and end > len(body):
        note("wrong length of a track" if body.endswith(_END) else CUT_OFF)
        return len(body)
    note("wrong length of a track")
    if behind >= 0:
        return behind
    said = body.find(_END, max(begin, end - len(_END) + 1))
    return said + len(_END) if said >= 0 else end


def _track_inside(body: bytes, begin: int, end: int, *, sure: bool = True) -> int:
    """Where another track begins inside what may be of one, -1: nowhere. A text that holds `MTrk` is none.

    For sure it does behind the end of a track, or where its length leads to a chunk or to the end of the file; else where the file might
    hold so many bytes.
    """
    place = begin - 1
    for _ in range(_TRIES):
        place = body.find(TRACK, place + 1, end)
        if place < 0:
            break
        behind = place + 8 + int.from_bytes(body[place + 4 : place + 8], "big")
        if body[begin:place].endswith(_END) or behind == len(body) or _is_chunk(body, behind) or (not sure and behind - place < len(body)):
            return place
    return -1
