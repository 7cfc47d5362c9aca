"""Bytes of a MIDI file to a score: our own reader, one pass, tolerant and bounded.

    bytes ─► header and tracks ─► events ─► notes, programs, pedals ─► Score
             chunks               scan      keys, channels, metas      here
                                  recovery

Whatever can be read of a damaged file is kept; the rest is listed by reason (`Finding`). Nothing in a file can make it loop, take memory
out of proportion, or raise anything but `MidiError`. Format: Standard MIDI Files 1.0 (MIDI Manufacturers Association, 1996).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import InputError
from lstmgen.music.midi import chunks
from lstmgen.music.midi.channels import CHANNELS, Channels
from lstmgen.music.midi.events import META, META_TEMPO, SYSEX, Events
from lstmgen.music.midi.keys import pair_keys
from lstmgen.music.midi.metas import Told
from lstmgen.music.midi.recovery import CUT_OFF, recover
from lstmgen.music.midi.scan import Spans, scan
from lstmgen.music.midi.silences import without_absurd_silences
from lstmgen.music.score import Notes, Pedals, Score, Track
from lstmgen.wording import counted

_MAX_PARTS = 2**16
Ints = NDArray[np.int64]


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
    found = _Findings()
    body = chunks.unwrapped(content, found.note)
    if body is None:
        raise MidiError(f"not a MIDI file: it begins with {bytes(content[:4])!r}, expected b'MThd'", remedy="name a file that ends in .mid")
    if len(body) < 14:
        raise MidiError(f"the file ends within its header, after {counted(len(body), 'byte')}", remedy="fetch the file again")
    at, tracks_said, time = chunks.read_header(body, found.note)
    spans = chunks.find_tracks(body, at, found.note)
    if len(spans) != tracks_said:
        found.note("wrong number of tracks in the header", detail=f"{tracks_said} said, {len(spans)} there")
    score = _score(read_events(body, spans, found.note), time, found)
    return Reading(score, found.all())


@dataclass
class _Findings:
    """What is not as it should be."""

    counts: Counter[str] = field(default_factory=Counter[str])
    details: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, reason: str, *, detail: str = "", count: int = 1) -> None:
        """One more such thing, or several; of none nothing is kept."""
        if count:
            self.counts[reason] += count
        if detail:
            self.details.setdefault(reason, detail)

    def all(self) -> tuple[Finding, ...]:
        """All of them, in the order in which they were met."""
        return tuple(Finding(reason, count, self.details.get(reason, "")) for reason, count in self.counts.items())


def read_events(body: bytes, spans: Spans, note: chunks.Note) -> Events:
    """The events of all tracks: of sound ones at once, of damaged ones one after the other."""
    events, damaged = scan(body, spans)
    if not damaged:
        return events
    return events.with_tracks({number: recover(body[slice(*spans[number])], number, note) for number in damaged})


def _score(events: Events, time: chunks.Time, found: _Findings) -> Score:
    """The columns as a score."""
    if CUT_OFF not in found.counts:
        found.note("a track without its end", count=int((~events.closed_T).sum()))
    channels = Channels.of(events)
    told = _told(events, found)
    notes, part_P = _notes(channels, found)
    pedals = channels.pedals(part_P)
    if pedals is None:
        found.note("pedals of too many tracks, left out")
    score = Score.of(
        notes,
        ticks_per_beat=time.ticks_per_beat,
        tempos=told.tempos if time.us_per_beat is None else [(0, time.us_per_beat)],
        meters=told.meters,
        keys=told.keys,
        pedals=pedals or Pedals.of(),
        tracks=[Track(told.names.get(part // CHANNELS, "")) for part in part_P.tolist()],
        length_ticks=int(events.length_T.max(initial=0)),
    )
    if told.own:
        return score
    score, shortened = without_absurd_silences(score)
    found.note("silences that last absurdly long, shortened", count=shortened)
    return score


def _told(events: Events, found: _Findings) -> Told:
    """What the meta events say."""
    told = Told()
    places = np.flatnonzero(events.status_E >= SYSEX)
    rows = zip(*(getattr(events, name)[places].tolist() for name in ("status_E", "first_E", "tick_E", "track_E")), strict=True)
    for (status, kind, tick, track), payload in zip(rows, events.payloads, strict=True):
        if status == META and (reason := told.take(kind, payload, tick=tick, track=track)):
            found.note(reason, detail=f"{int.from_bytes(payload[:3], 'big')} microseconds a beat" if kind == META_TEMPO else "")
    return told


def _notes(channels: Channels, found: _Findings) -> tuple[Notes, Ints]:
    """The notes, and the parts that they are of: tracks and channels as one number each, in the order of `Notes.track`."""
    events = channels.events
    begin_N, end_N = _ends(channels, found)
    if not len(begin_N):
        raise MidiError("the file holds no note", remedy="name a file with notes in it")
    open_N = end_N < 0
    found.note("notes without an end, ended with their track", count=int(open_N.sum()))
    start_N = events.tick_E[begin_N]
    end_tick_N = np.where(open_N, events.length_T[events.track_E[begin_N]], events.tick_E[end_N])
    short_N = end_tick_N <= start_N
    found.note("notes of no length, made one tick long", count=int(short_N.sum()))
    part_P, part_N = np.unique(channels.part_E[begin_N], return_inverse=True)
    if len(part_P) > _MAX_PARTS:
        raise MidiError(f"the file holds {counted(len(part_P), 'part')}, at most {_MAX_PARTS:,} can be read", remedy="name another file")
    chosen_N = channels.programs(begin_N)
    notes = Notes(
        start_ticks=start_N.astype(np.int32),
        end_ticks=np.where(short_N, start_N + 1, end_tick_N).astype(np.int32),
        pitch=events.first_E[begin_N],
        velocity=events.second_E[begin_N],
        track=part_N.astype(np.uint16),
        program=np.where(chosen_N >= 0, events.first_E[chosen_N], np.uint8(0)),
        drum=channels.drums(begin_N, chosen_N),
    ).in_order()
    return notes, part_P


def _ends(channels: Channels, found: _Findings) -> tuple[Ints, Ints]:
    """The event that begins each note and the one that ends it, -1 where none does."""
    events = channels.events
    key_E = np.flatnonzero(events.status_E < 0xA0)
    channel_E = channels.channel_E[key_E]
    part_E = events.track_E[key_E] * (int(channel_E.max(initial=0)) + 1) + channel_E
    group_E = part_E * 128 + events.first_E[key_E]
    down_E = (events.status_E[key_E] >= 0x90) & (events.second_E[key_E] > 0)
    off = channels.cut_off()
    before_E = first_E = np.zeros(len(key_E), np.int64)
    if off is not None:
        # What sounds when all notes of a channel end, ends there: keys are paired between two such events.
        before_E, first_E = off.before(channel_E, channels.rank_E[key_E])
        group_E = group_E * (len(off.index_S) + 1) + before_E - first_E
    keys = pair_keys(group_E, down_E, may_be_over_E=before_E > first_E)
    found.note("the end of a note that had not begun", count=keys.not_begun)
    begin_N, end_N = key_E[keys.begin_N], np.append(key_E, -1)[keys.end_N]
    if off is not None:
        end_N = np.where(end_N >= 0, end_N, off.at(before_E[keys.begin_N], channels.channel_E[begin_N]))
    return begin_N, end_N
