"""Bytes of a MIDI file to a score: our own reader, one pass, tolerant and bounded.

Whatever can be read of a damaged file is kept; the rest is listed by reason (`Finding`). Nothing in a file can make it loop, take memory
out of proportion, or raise anything but `MidiError`. Format: Standard MIDI Files 1.0 (MIDI Manufacturers Association, 1996).
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from lstmgen import limits
from lstmgen.errors import InputError
from lstmgen.music.score import DEFAULT_TEMPO_US, PERCUSSION_CHANNEL, Key, Meter, Notes, Pedal, Score, TempoMap, Track

_MAX_TICK = 2**31 - 2
_CONTROL, _PROGRAM, _PRESSURE = 0xB, 0xC, 0xD
_ONE_BYTE = frozenset({_PROGRAM, _PRESSURE})
"""Kinds of events with one data byte instead of two."""
_PEDAL = 64
_META = 0xFF
_WITH_LENGTH = frozenset({0xF0, 0xF7, _META})
_SYSTEM_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of the other system events."""
_META_TEMPO, _META_METER, _META_KEY, _META_NAME, _META_END = 0x51, 0x58, 0x59, 0x03, 0x2F


class MidiError(InputError):
    """Bytes that are not a MIDI file, or one without a note."""


@dataclass(frozen=True)
class Finding:
    """Something about a file that is not as it should be.

    Attributes:
        reason: what, in words that are the same for every file.
        count: how often.
        detail: an example.
    """

    reason: str
    count: int = 1
    detail: str = ""


@dataclass(frozen=True)
class Reading:
    """What a file held."""

    score: Score
    findings: tuple[Finding, ...]


def read_midi(content: bytes) -> Reading:
    """The score that the bytes of a MIDI file hold, and what was wrong with them.

    Raises:
        MidiError: it is no MIDI file, or no note can be read from it.
    """
    file = _File()
    body = _unwrapped(content, file)
    if body[:4] != b"MThd":
        raise MidiError(f"not a MIDI file: it begins with {bytes(content[:4])!r}, expected b'MThd'", remedy="name a file that ends in .mid")
    at, tracks_said, division = _header(body, file)
    found = 0
    while at + 8 <= len(body):
        kind, length = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "big")
        if kind != b"MTrk":
            if not kind.isalnum():
                break
            file.note("a chunk that is not of MIDI")
            at += 8 + length
            continue
        end = at + 8 + length
        if end > len(body):
            file.note("cut off before its end")
            end = len(body)
        at = _read_track(body, at + 8, end, found, file)
        found += 1
    if at < len(body):
        file.note("bytes after the last track")
    if found != tracks_said:
        file.note("wrong number of tracks in the header", detail=f"{tracks_said} said, {found} there")
    return Reading(
        _score(file, division), tuple(Finding(reason, count, file.details.get(reason, "")) for reason, count in file.counts.items())
    )


@dataclass
class _File:
    """Everything that the tracks of a file gave, as columns."""

    counts: Counter[str] = field(default_factory=Counter[str])
    details: dict[str, str] = field(default_factory=dict[str, str])
    start: array[int] = field(default_factory=lambda: array("i"))
    end: array[int] = field(default_factory=lambda: array("i"))
    pitch: array[int] = field(default_factory=lambda: array("B"))
    velocity: array[int] = field(default_factory=lambda: array("B"))
    part: array[int] = field(default_factory=lambda: array("I"))
    """Of every note: 16 x track + channel."""
    programs: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(tick, channel, program) of every change."""
    pedals: list[tuple[int, int, bool]] = field(default_factory=list[tuple[int, int, bool]])
    """(tick, part, down)."""
    tempos: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    meters: list[Meter] = field(default_factory=list[Meter])
    keys: list[Key] = field(default_factory=list[Key])
    names: dict[int, str] = field(default_factory=dict[int, str])
    length: int = 0

    def note(self, reason: str, *, detail: str = "", count: int = 1) -> None:
        """One more thing that is not as it should be."""
        self.counts[reason] += count
        if detail:
            self.details.setdefault(reason, detail)


def _unwrapped(content: bytes, file: _File) -> bytes:
    """The MIDI file inside a RIFF wrapper, or the content as it is."""
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        place = content.find(b"MThd", 12, 4096)
        if place >= 0:
            file.note("inside a RIFF wrapper")
            return content[place:]
    return content


def _header(body: bytes, file: _File) -> tuple[int, int, int]:
    """Where the first track begins, how many the header says, and the ticks of a beat."""
    length = int.from_bytes(body[4:8], "big")
    if len(body) < 14:
        raise MidiError(f"the file ends within its header, after {len(body)} bytes", remedy="fetch the file again")
    if length != 6:
        file.note("wrong length of the header", detail=f"{length}, expected 6")
    kind, tracks, division = (int.from_bytes(body[place : place + 2], "big") for place in (8, 10, 12))
    if kind == 2:
        file.note("independent patterns (type 2) played together")
    elif kind > 2:
        file.note("unknown type of file")
    if division & 0x8000:
        frames, ticks = 256 - (division >> 8), division & 0xFF
        file.note("time in SMPTE frames, turned into beats")
        file.tempos.append((0, DEFAULT_TEMPO_US))
        division = min(32_767, max(1, round(frames * ticks * DEFAULT_TEMPO_US / 1e6)))
    elif division == 0:
        file.note("no ticks in a beat, read as 480")
        division = 480
    place = 8 + length if 6 <= length <= len(body) - 8 else 14
    track = body.find(b"MTrk", 14)
    if body[place : place + 4] != b"MTrk" and track >= 0 and not body[place : place + 4].isalnum():
        place = track
    return place, tracks, division


class _CutOffError(Exception):
    """A track ends within an event."""


def _read_track(body: bytes, at: int, end: int, number: int, file: _File) -> int:
    """Reads the events of one track into the columns; returns where the next chunk begins."""
    track = _TrackEvents(file, number)
    try:
        closed, at = track.read(body, at, end)
    except (IndexError, _CutOffError):
        closed, at = False, end
        file.note("cut off before its end")
    if not closed and "cut off before its end" not in file.counts:
        file.note("a track without its end")
    track.close()
    return max(at, end)


class _TrackEvents:
    """The events of one track on their way into the columns of the file."""

    def __init__(self, file: _File, number: int) -> None:
        self._file = file
        self._number = number
        self._sounding: dict[int, list[int]] = {}
        self._tick = 0

    def read(self, body: bytes, at: int, end: int) -> tuple[bool, int]:
        """Reads until the track's end; whether the track said so itself, and where that was. Raises IndexError where the bytes end.

        A note's end belongs to the earliest note of its pitch that is open. The commonest case, a key that goes down or up, stays in this
        loop: a call for each note would cost a quarter of the speed.
        """
        status, tick, file, sounding = 0, 0, self._file, self._sounding
        starts, ends, pitches, velocities, parts = file.start, file.end, file.pitch, file.velocity, file.part
        while at < end:
            delta = body[at]
            at += 1
            if delta & 0x80:
                delta, at = _long_number(body, at - 1)
                if delta < 0:
                    file.note("a time longer than four bytes")
                    return False, at
            tick += delta
            self._tick = tick
            first = body[at]
            at += 1
            if first & 0x80:
                if first >= 0xF0:
                    # Running status is said to end here; many files go on with it, and so it is kept.
                    at, closed = self._system(body, at, end, first)
                    if closed:
                        return True, at
                    continue
                status = first
                first = body[at]
                at += 1
            if first & 0x80 or not status:
                file.note("a data byte above 127" if first & 0x80 else "data without an event")
                at -= first >> 7
                continue
            if status >= 0xA0:
                at = self._control(body, at, status, first)
                continue
            velocity = body[at]
            if velocity & 0x80:
                file.note("a data byte above 127")
                continue
            at += 1
            key = (status & 15) << 7 | first
            if velocity and status >= 0x90:
                sounding.setdefault(key, []).append(len(starts))
                starts.append(min(_MAX_TICK, tick))
                ends.append(-1)
                pitches.append(first)
                velocities.append(velocity)
                parts.append(self._number * 16 + (status & 15))
            elif queue := sounding.get(key):
                ends[queue.pop(0)] = min(_MAX_TICK, tick)
            else:
                file.note("the end of a note that had not begun")
        return False, at

    def _control(self, body: bytes, at: int, status: int, first: int) -> int:
        """What is no key: a program, the pedal, or something that makes no difference here; where it ends."""
        tick, kind = min(self._tick, _MAX_TICK), status >> 4
        if kind in _ONE_BYTE:
            if kind == _PROGRAM:
                self._file.programs.append((tick, status & 15, first))
            return at
        second = body[at]
        if second & 0x80:
            self._file.note("a data byte above 127")
            return at
        if kind == _CONTROL and first == _PEDAL:
            self._file.pedals.append((tick, self._number * 16 + (status & 15), second >= 64))
        return at + 1

    def _system(self, body: bytes, at: int, end: int, status: int) -> tuple[int, bool]:
        """A meta event, a system exclusive one, or what has no place in a file; where it ends, and whether it ends the track."""
        if status not in _WITH_LENGTH:
            self._file.note("an event that has no place in a file")
            return at + _SYSTEM_DATA.get(status, 0), False
        kind = -1
        if status == _META:
            kind = body[at]
            at += 1
        length, at = _long_number(body, at)
        if length < 0:
            self._file.note("a length longer than four bytes")
            return end, False
        if at + length > end:
            raise _CutOffError
        if kind == _META_END:
            return at + length, True
        if status == _META:
            _meta(kind, body[at : at + length], min(self._tick, _MAX_TICK), self._number, self._file)
        return at + length, False

    def close(self) -> None:
        """Ends what is still sounding."""
        tick, left = min(self._tick, _MAX_TICK), [place for queue in self._sounding.values() for place in queue]
        for place in left:
            self._file.end[place] = tick
        if left:
            self._file.note("notes without an end, ended with their track", count=len(left))
        self._file.length = max(self._file.length, tick)


def _long_number(body: bytes, at: int) -> tuple[int, int]:
    """A number of one to four bytes, and where it ends; -1 when it is longer."""
    value = 0
    for place in range(at, at + 4):
        byte = body[place]
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, place + 1
    return -1, at + 4


def _meta(kind: int, payload: bytes, tick: int, number: int, file: _File) -> None:
    if kind == _META_TEMPO:
        tempo = int.from_bytes(payload, "big") if len(payload) == 3 else 0
        if tempo:
            file.tempos.append((min(tick, _MAX_TICK), tempo))
        else:
            file.note("a tempo that is none")
    elif kind == _META_METER:
        if len(payload) >= 2 and payload[0] and payload[1] <= 6:
            file.meters.append(Meter(min(tick, _MAX_TICK), payload[0], 2 ** payload[1]))
        else:
            file.note("a time signature that is none")
    elif kind == _META_KEY:
        sharps = payload[0] - 256 * (payload[0] > 127) if payload else 99
        if len(payload) >= 2 and abs(sharps) <= 7 and payload[1] <= 1:
            file.keys.append(Key(min(tick, _MAX_TICK), sharps, bool(payload[1])))
        else:
            file.note("a key signature that is none")
    elif kind == _META_NAME and number not in file.names:
        file.names[number] = payload[:200].decode("utf-8", "replace")


def _score(file: _File, division: int) -> Score:
    """The columns as a score."""
    if not len(file.start):
        raise MidiError("the file holds no note", remedy="name a file with notes in it")
    start, end = np.array(file.start, np.int64), np.array(file.end, np.int64)
    short = end <= start
    if short.any():
        file.note("notes of no length, made one tick long", count=int(short.sum()))
        end = np.maximum(end, start + 1)
    part = np.array(file.part, np.int64)
    used = np.unique(part)
    notes = Notes.of(
        start,
        end,
        np.array(file.pitch),
        velocity=np.array(file.velocity),
        track=np.searchsorted(used, part),
        program=_programs(file, start, part & 15),
        drum=(part & 15) == PERCUSSION_CHANNEL,
    )
    place_of = {int(number): place for place, number in enumerate(used)}
    score = Score.of(
        notes,
        ticks_per_beat=division,
        tempos=file.tempos,
        meters=file.meters,
        keys=file.keys,
        pedals=[Pedal(tick, place_of[number], down) for tick, number, down in file.pedals if number in place_of],
        tracks=[Track(file.names.get(int(number) // 16, "")) for number in used],
        length_ticks=file.length,
    )
    return _without_absurd_silences(score, file)


def _programs(file: _File, start: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """The program of every note: the last change on its channel, in whatever track, at or before it; one that comes late holds for all."""
    program = np.zeros(len(start), np.int64)
    for number in range(16):
        changes = sorted((tick, value) for tick, where, value in file.programs if where == number)
        if changes:
            ticks, values = np.array([tick for tick, _ in changes]), np.array([value for _, value in changes])
            mine = channel == number
            program[mine] = values[np.maximum(np.searchsorted(ticks, start[mine], side="right") - 1, 0)]
    return program


def _without_absurd_silences(score: Score, file: _File) -> Score:
    """Silences longer than a limit in seconds are shortened to it, and so are notes; real music has none."""
    limit_s = limits.MAX_SILENCE_S
    notes = score.notes
    moments = np.unique(np.concatenate([notes.start_ticks, notes.end_ticks, [score.length_ticks], score.tempos.ticks]).astype(np.int64))
    seconds = np.diff(score.seconds_at(moments), prepend=0.0)
    absurd = seconds > limit_s
    if not absurd.any():
        return score
    file.note("silences that last absurdly long, shortened", count=int(absurd.sum()))
    steps = np.diff(moments, prepend=0)
    steps[absurd] = np.maximum(1, (steps[absurd] * (limit_s / seconds[absurd])).astype(np.int64))
    moved = np.cumsum(steps)

    def at(ticks: np.ndarray) -> np.ndarray:
        return np.interp(ticks, moments, moved).round().astype(np.int64)

    new = notes.changed(start_ticks=at(notes.start_ticks), end_ticks=np.maximum(at(notes.end_ticks), at(notes.start_ticks) + 1))
    tempos = TempoMap.of(zip(at(score.tempos.ticks).tolist(), score.tempos.us_per_beat.tolist(), strict=True))
    return score.changed(
        notes=new.in_order(),
        tempos=tempos,
        meters=tuple(Meter(int(at(np.array(meter.tick))), meter.numerator, meter.denominator) for meter in score.meters),
        keys=tuple(Key(int(at(np.array(key.tick))), key.sharps, key.minor) for key in score.keys),
        pedals=tuple(Pedal(int(at(np.array(pedal.tick))), pedal.track, pedal.down) for pedal in score.pedals),
        length_ticks=int(at(np.array(score.length_ticks))),
    )
