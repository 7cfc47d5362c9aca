"""Bytes of a MIDI file to a score: our own reader, one pass, tolerant and bounded.

    bytes ─► chunks ─► events of each track ─► keys ─► Score
              here     midi_scan, midi_recovery  midi_events

Whatever can be read of a damaged file is kept; the rest is listed by reason (`Finding`). Nothing in a file can make it loop, take memory
out of proportion, or raise anything but `MidiError`. Format: Standard MIDI Files 1.0 (MIDI Manufacturers Association, 1996).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.errors import InputError
from lstmgen.music.midi.events import CONTROL, META_KEY, META_METER, META_NAME, META_TEMPO, PROGRAM, Keys, keys_of
from lstmgen.music.midi.recovery import CUT_OFF, recover
from lstmgen.music.midi.scan import scan
from lstmgen.music.score import DEFAULT_TEMPO_US, PERCUSSION_CHANNEL, Key, Meter, Notes, Pedals, Score, TempoMap, Track
from lstmgen.wording import counted


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
            file.note(CUT_OFF)
            end = len(body)
        at = max(end, _read_track(body, at + 8, end, file))
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
    """Everything that the tracks of a file gave."""

    counts: Counter[str] = field(default_factory=Counter[str])
    details: dict[str, str] = field(default_factory=dict[str, str])
    tracks: list[Keys] = field(default_factory=list[Keys])
    programs: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(tick, channel, program) of every change."""
    pedals: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]] = field(default_factory=list[Any])
    """(tick, 16 x track + channel, down) of every movement, as columns."""
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
        raise MidiError(f"the file ends within its header, after {counted(len(body), 'byte')}", remedy="fetch the file again")
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


def _read_track(body: bytes, at: int, end: int, file: _File) -> int:
    """Takes one more track; returns where it says that it ends."""
    number = len(file.tracks)
    events = scan(body, at, end) or recover(body, at, end, file.note)
    keys = keys_of(events)
    if not events.closed and CUT_OFF not in file.counts:
        file.note("a track without its end")
    if keys.not_begun:
        file.note("the end of a note that had not begun", count=keys.not_begun)
    if keys.left_open:
        file.note("notes without an end, ended with their track", count=keys.left_open)
    file.tracks.append(keys)
    file.length = max(file.length, events.length)
    kind_E, channel_E = events.status_E >> 4, events.status_E & 15
    program_E, pedal_E = kind_E == PROGRAM, kind_E == CONTROL
    columns = (column[program_E].tolist() for column in (events.tick_E, channel_E, events.first_E))
    file.programs.extend(zip(*columns, strict=True))
    part_E = 16 * number + channel_E[pedal_E].astype(np.int64)
    file.pedals.append(_moves(events.tick_E[pedal_E], part_E, events.second_E[pedal_E] >= 64))
    for tick, kind, payload in events.metas:
        _take_meta(kind, payload, tick, number, file)
    return events.end


def _moves(
    tick_P: NDArray[np.int64], part_P: NDArray[np.int64], down_P: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The pedals' movements without those that leave them where they are; of half-pedalling there are many."""
    order = np.argsort(part_P, kind="stable")
    before = np.where(np.diff(part_P[order], prepend=-1) != 0, False, np.roll(down_P[order], 1))
    moved = np.sort(order[down_P[order] != before])
    return tick_P[moved], part_P[moved], down_P[moved]


def _take_meta(kind: int, payload: bytes, tick: int, number: int, file: _File) -> None:
    if kind == META_TEMPO:
        tempo = int.from_bytes(payload, "big") if len(payload) == 3 else 0
        if tempo:
            file.tempos.append((tick, tempo))
        else:
            file.note("a tempo that is none")
    elif kind == META_METER:
        if len(payload) >= 2 and payload[0] and payload[1] <= 6:
            file.meters.append(Meter(tick, payload[0], 2 ** payload[1]))
        else:
            file.note("a time signature that is none")
    elif kind == META_KEY:
        sharps = payload[0] - 256 * (payload[0] > 127) if payload else 99
        if len(payload) >= 2 and abs(sharps) <= 7 and payload[1] <= 1:
            file.keys.append(Key(tick, sharps, bool(payload[1])))
        else:
            file.note("a key signature that is none")
    elif kind == META_NAME and number not in file.names:
        file.names[number] = payload[:200].decode("utf-8", "replace")


def _score(file: _File, division: int) -> Score:
    """The columns as a score."""
    tracks = file.tracks
    if not any(len(keys.start_N) for keys in tracks):
        raise MidiError("the file holds no note", remedy="name a file with notes in it")
    start, end = (np.concatenate([getattr(keys, name) for keys in tracks]) for name in ("start_N", "end_N"))
    short = end <= start
    if short.any():
        file.note("notes of no length, made one tick long", count=int(short.sum()))
        end[short] = start[short] + 1
    channel = np.concatenate([keys.channel_N for keys in tracks])
    part = np.repeat(np.arange(len(tracks)) * 16, [len(keys.start_N) for keys in tracks]) + channel
    used = np.unique(part)
    notes = Notes.of(
        start,
        end,
        np.concatenate([keys.pitch_N for keys in tracks]),
        velocity=np.concatenate([keys.velocity_N for keys in tracks]),
        track=np.searchsorted(used, part),
        program=_programs(file, start, channel),
        drum=channel == PERCUSSION_CHANNEL,
    )
    score = Score.of(
        notes,
        ticks_per_beat=division,
        tempos=file.tempos,
        meters=file.meters,
        keys=file.keys,
        pedals=_pedals(file, used),
        tracks=[Track(file.names.get(int(number) // 16, "")) for number in used],
        length_ticks=file.length,
    )
    return _without_absurd_silences(score, file)


def _pedals(file: _File, used: NDArray[np.int64]) -> Pedals:
    """The movements of the pedals of the parts that play."""
    tick, part, down = (np.concatenate(columns) for columns in zip(*file.pedals, strict=True))
    plays = np.isin(part, used)
    return Pedals.of(tick[plays], np.searchsorted(used, part[plays]), down[plays])


def _programs(file: _File, start: NDArray[np.int64], channel: NDArray[np.uint8]) -> NDArray[np.int64]:
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
    absurd = seconds > limit_s * (1 + 1e-9)  # one that was shortened to the limit is not shortened again
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
        pedals=Pedals.of(at(score.pedals.ticks), score.pedals.track, score.pedals.down),
        length_ticks=int(at(np.array(score.length_ticks))),
    )
