"""What is said of channels, and for which notes it holds: programs, drums, pedals, and that all notes end.

A channel is one of sixteen of a port: whatever is said on it holds for every track that plays on it. Events are in the order in which a
sequencer would meet them: by tick, then by track, then as they stand in the track; `rank` counts them in that order.

Letters: E events, S events that say something, N notes, P tracks' parts on a channel, M movements of pedals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.music.lanes import cells, is_new
from lstmgen.music.midi.events import (
    BANK,
    CONTROL,
    CONTROLLERS_OFF,
    META,
    META_PORT,
    NOTES_OFF,
    PEDAL,
    PROGRAM,
    SOUND_OFF,
    SYSEX,
    Events,
)
from lstmgen.music.score import PERCUSSION_CHANNEL, Pedals

CHANNELS: Final = 1 << 12
"""Sixteen on each of 256 ports."""
_DRUM_BANKS: Final = (120, 126, 127)
"""Banks whose programs are drum kits: of General MIDI 2, and two of Yamaha's XG. Roland's GS has instruments there."""
_GS_PARTS: Final = (PERCUSSION_CHANNEL, *(channel for channel in range(16) if channel != PERCUSSION_CHANNEL))
"""The channel of each part of Roland's GS, which counts the drums first."""
_RESETS: Final = (
    b"\x7e\x09\x01",
    b"\x7e\x09\x03",
    b"\x41\x42\x12\x40\x00\x7f\x00",
    b"\x41\x42\x12\x00\x00\x7f",
    b"\x43\x4c\x00\x00\x7e\x00",
)
"""General MIDI, General MIDI 2, GS (twice) and XG are switched on, the number of the device left out: drums are the tenth channel again."""
_GS, _GS_PART, _XG_PART = b"\x41\x42\x12", b"\x41\x42\x12\x40", b"\x43\x4c\x08"

_MOST_MODES: Final = 2**16
"""So often a file may say what plays drums; what it says after that is passed over."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Said:
    """Events that say something of a channel, or of what a track plays on one.

    Attributes:
        key_S: of what, ascending.
        rank_S: ascending within a key.
        index_S: which events they are.
        span: above every rank.
    """

    key_S: Ints
    rank_S: Ints
    index_S: Ints
    span: int

    @staticmethod
    def of(key_S: Ints, rank_S: Ints, index_S: Ints, span: int) -> Said:
        """Put in order."""
        order = np.lexsort((rank_S, key_S))
        return Said(key_S=key_S[order], rank_S=rank_S[order], index_S=index_S[order], span=span)

    def before(self, key_N: Ints, rank_N: Ints) -> tuple[Ints, Ints]:
        """How many of all that is said lie before each, by key and then by rank; and before the first that is said of its key."""
        said_S = self.key_S * self.span + self.rank_S
        return np.searchsorted(said_S, key_N * self.span + rank_N), np.searchsorted(self.key_S, key_N)

    def at(self, place_N: Ints, key_N: Ints) -> Ints:
        """The event at each place, as `before` counts them; -1 where it says something of another key."""
        return np.where(np.append(self.key_S, -1)[place_N] == key_N, np.append(self.index_S, -1)[place_N], -1)

    def latest(self, key_N: Ints, rank_N: Ints) -> tuple[Ints, Ints]:
        """The latest event before each that says something of its key, and the first of all; -1 where there is none."""
        place_N, first_N = self.before(key_N, rank_N)
        return np.where(place_N > first_N, self.index_S[place_N - 1], -1), self.at(first_N, key_N)

    def only(self, key_N: Ints) -> Ints | None:
        """The event that says something of each key, -1 where there is none; None: of a key several events do."""
        return self.at(np.searchsorted(self.key_S, key_N), key_N) if is_new(self.key_S).all() else None


@dataclass(frozen=True, kw_only=True)
class Channels:
    """The events of a file with the channels that they mean.

    Attributes:
        events: all of them.
        channel_E: port and channel, int64, below `CHANNELS`; of events with a payload that of the port's first channel.
        rank_E: int64.
        control_S: indices of the events that are movements of controllers.
    """

    events: Events
    channel_E: Ints
    rank_E: Ints
    control_S: Ints

    @staticmethod
    def of(events: Events) -> Channels:
        """Finds the ports: what a track says first of its port holds from its beginning."""
        status_E = events.status_E
        channel_E = np.where(status_E < SYSEX, status_E & 15, 0).astype(np.int64)
        port_S = np.flatnonzero((status_E == META) & (events.first_E == META_PORT))
        if len(port_S):
            payload_E = np.cumsum(status_E >= SYSEX) - 1
            value_S = np.array([(events.payloads[place] or b"\0")[0] for place in payload_E[port_S].tolist()])
            said = Said.of(events.track_E[port_S], port_S, np.arange(len(port_S)), len(status_E))
            latest_E, first_E = said.latest(events.track_E, np.arange(len(status_E)))
            channel_E += 16 * np.append(value_S, 0)[np.where(latest_E >= 0, latest_E, first_E)]
        rank_E = np.empty(len(status_E), np.int64)
        rank_E[np.argsort(events.tick_E, kind="stable")] = np.arange(len(status_E))
        return Channels(events=events, channel_E=channel_E, rank_E=rank_E, control_S=np.flatnonzero(status_E >> 4 == CONTROL))

    @property
    def part_E(self) -> Ints:
        """Track and channel as one number."""
        return self.events.track_E * CHANNELS + self.channel_E

    def said(self, index_S: Ints, key_E: Ints) -> Said:
        """Some events as things that are said of their keys."""
        return Said.of(key_E[index_S], self.rank_E[index_S], index_S, len(key_E))

    def controls(self, *kinds: int) -> Ints:
        """The events that are movements of these controllers."""
        first_S = self.events.first_E[self.control_S]
        return self.control_S[np.isin(first_S, kinds)] if len(first_S) else self.control_S

    def programs(self, begin_N: Ints) -> Ints:
        """The event that chose the program of each note, -1 where none did.

        The last change before it of its track, else of its channel; where all come later, the first of its track, else of its channel.
        """
        program_S = np.flatnonzero(self.events.status_E >> 4 == PROGRAM)
        if not len(program_S):
            return np.full(len(begin_N), -1)
        part_E = self.part_E
        part_N, rank_N = part_E[begin_N], self.rank_E[begin_N]
        own = self.said(program_S, part_E)
        chosen_N = own.only(part_N)
        if chosen_N is not None and np.all((chosen_N >= 0) & (self.rank_E[chosen_N] < rank_N)):
            return chosen_N
        chosen_N, own_first_N = own.latest(part_N, rank_N)
        any_N, any_first_N = self.said(program_S, self.channel_E).latest(self.channel_E[begin_N], rank_N)
        for other_N in (any_N, own_first_N, any_first_N):
            chosen_N = np.where(chosen_N >= 0, chosen_N, other_N)
        return chosen_N

    def drums(self, begin_N: Ints, program_N: Ints) -> NDArray[np.bool_]:
        """Which notes are drums, told by their channel, by system exclusive events, and by the bank of their program."""
        channel_N = self.channel_E[begin_N]
        drum_N = channel_N % 16 == PERCUSSION_CHANNEL
        modes, is_gs = self._modes()
        if modes:
            channel_S, rank_S, drum_S = (np.array(column) for column in zip(*modes, strict=True))
            latest_N, first_N = Said.of(channel_S, rank_S, np.arange(len(modes)), len(self.rank_E)).latest(channel_N, self.rank_E[begin_N])
            chosen_N = np.where(latest_N >= 0, latest_N, first_N)
            drum_N = np.where(chosen_N >= 0, drum_S[chosen_N], drum_N)
        bank_S = self.controls(BANK)
        if len(bank_S) and not is_gs and np.isin(self.events.second_E[bank_S], _DRUM_BANKS).any():
            program_S = np.unique(program_N[program_N >= 0])
            chosen_S, _ = self.said(bank_S, self.channel_E).latest(self.channel_E[program_S], self.rank_E[program_S])
            kit_S = program_S[(chosen_S >= 0) & np.isin(self.events.second_E[chosen_S], _DRUM_BANKS)]
            drum_N = drum_N | np.isin(program_N, kit_S)
        return drum_N

    def _modes(self) -> tuple[list[tuple[int, int, bool]], bool]:
        """What system exclusive events say: (channel, rank, whether it plays drums) each time, and whether any is of Roland's GS."""
        modes: list[tuple[int, int, bool]] = []
        is_gs = False
        for index, payload in zip(np.flatnonzero(self.events.status_E >= SYSEX).tolist(), self.events.payloads, strict=True):
            if self.events.status_E[index] != SYSEX or len(modes) > _MOST_MODES:
                continue
            told = payload[:1] + payload[2:]
            is_gs |= told.startswith(_GS)
            first, rank = int(self.channel_E[index]), int(self.rank_E[index])
            modes += [(first + channel, rank, drum) for channel, drum in _chosen_by(told)]
        return modes, is_gs

    def cut_off(self) -> Said | None:
        """Where all notes of a channel end at once; None: nowhere."""
        off_S = self.controls(SOUND_OFF, NOTES_OFF)
        return self.said(off_S, self.channel_E) if len(off_S) else None

    def pedals(self, part_P: Ints) -> Pedals | None:
        """The movements of the pedal of each part, those left out that leave it where it is; None: they are too many."""
        pedal_S = self.controls(PEDAL, CONTROLLERS_OFF)
        if not len(pedal_S):
            return Pedals.of()
        said = self.said(pedal_S, self.channel_E)
        down_S = (self.events.first_E[said.index_S] == PEDAL) & (self.events.second_E[said.index_S] >= 64)
        moved_S = down_S != np.where(is_new(said.key_S), False, np.roll(down_S, 1))
        channel_M, index_M, down_M = said.key_S[moved_S], said.index_S[moved_S], down_S[moved_S]
        channel_P = part_P % CHANNELS
        begin_P, end_P = np.searchsorted(channel_M, channel_P), np.searchsorted(channel_M, channel_P, side="right")
        if int((end_P - begin_P).sum()) > limits.MAX_PEDAL_MOVES:
            return None
        part, move = cells(begin_P, end_P)
        return Pedals.of(self.events.tick_E[index_M[move]], part, down_M[move])


def _chosen_by(told: bytes) -> list[tuple[int, bool]]:
    """Channels, and whether a system exclusive event makes each play drums; the number of the device is left out of it."""
    if told.startswith(_RESETS):
        return [(channel, channel == PERCUSSION_CHANNEL) for channel in range(16)]
    if told.startswith(_GS_PART) and told[5:6] == b"\x15" and told[4] >> 4 == 1 and len(told) > 6:
        return [(_GS_PARTS[told[4] & 15], told[6] > 0)]
    if told.startswith(_XG_PART) and told[4:5] == b"\x07" and told[3] < 16 and len(told) > 5:
        return [(told[3], told[5] > 0)]
    return []
