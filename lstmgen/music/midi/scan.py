"""The events of a sound track, a whole block of bytes at a time; what is damaged is left to `midi_recovery.py`.

Where the next event would begin is worked out for every byte of a block, as though an event began there; then one short loop hops from
event to event, and the columns are gathered from the places where it touched down. That is what makes it quick: the loop does nothing but
hop, and everything else is a handful of operations on arrays.

    byte     00 90 3c 40 60 3c 00 00 ff 2f 00
    next      4  4  5  6 +7 .. .. meta                    place 0 hops to 4 (a key goes down), 4 to 7 (running status), 7 is a meta event

Letters: S places of a block, E events.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.midi.events import KEPT_METAS, MAX_TICK, META, META_END, WITH_LENGTH, TrackEvents

_BLOCK: Final = 1 << 13
_MARGIN: Final = 8
"""More than the time and the event together that begin at the last place of a block."""
_FAR: Final = 1 << 24
"""Where hops lead from events that say themselves how long they are: beyond any block."""
_HOP: Final = np.array([2] * 128 + [3] * 64 + [2] * 32 + [3] * 16 + [_FAR] * 16, np.int32)
"""From the first byte behind the time to the next event, by what that byte is: data of a running status, or a status."""


def scan(body: bytes, at: int, end: int) -> TrackEvents | None:
    """The events of a track in `body[at:end]`, or None where anything in it is not as it should be."""
    scanning = _Scanning(body, end)
    place = at
    while place < end and not scanning.closed:
        found = scanning.block(place)
        if found is None:
            return None
        place = found
    return None if place > end else scanning.events(place)


class _Scanning:
    """What was found in the blocks so far."""

    def __init__(self, body: bytes, end: int) -> None:
        self.closed = False
        self._body, self._end = body, end
        self._status = 0
        self._tick = 0
        self._columns: list[tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]] = []
        self._metas: list[tuple[int, int, bytes]] = []

    def block(self, begin: int) -> int | None:
        """Takes the events that begin in the block; returns where the first one behind it does, or None."""
        stop = min(_BLOCK, self._end - begin)
        block = np.zeros(stop + _MARGIN, np.uint8)
        bytes_here = np.frombuffer(self._body, np.uint8, count=min(stop + _MARGIN, self._end - begin), offset=begin)
        block[: len(bytes_here)] = bytes_here
        hops = _hops(block, stop)
        places: list[int] = []
        metas: list[tuple[int, int, bytes]] = []
        place = 0
        while place < stop and not self.closed:
            while place < stop:
                places.append(place)
                place = hops[place]
            if place >= _FAR:
                long = self._long_event(begin + places[-1])
                if long is None:
                    return None
                kind, payload, behind = long
                metas.append((len(places) - 1, kind, payload))
                place = behind - begin
                self.closed = kind == META_END
        return begin + place if self._take(block, np.array(places, np.int64), metas) else None

    def _long_event(self, place: int) -> tuple[int, bytes, int] | None:
        """Kind (-1: system exclusive), payload and end of the event that says how long it is, whose time begins at a place."""
        body = self._body
        try:
            _, at = long_number(body, place)
            status, kind = body[at], -1
            if status not in WITH_LENGTH:
                return None
            if status == META:
                at += 1
                kind = body[at]
            length, at = long_number(body, at + 1)
        except IndexError:
            return None
        return None if length < 0 or at + length > self._end else (kind, body[at : at + length] if kind >= 0 else b"", at + length)

    def _take(self, block: NDArray[np.uint8], place_E: NDArray[np.int64], metas: list[tuple[int, int, bytes]]) -> bool:
        """Keeps the events at these places; False where one of them is not as it should be."""
        delta_E, behind_E, sound = _times(block, place_E)
        if not sound:
            return False
        byte_E = block[behind_E]
        said_E = byte_E > 127
        long_E = byte_E >= 0xF0
        of_channel_E = said_E & ~long_E
        latest_E = np.maximum.accumulate(np.where(of_channel_E, np.arange(len(byte_E)), -1))
        status_E = np.where(latest_E >= 0, byte_E[latest_E], np.uint8(self._status))
        first_E, second_E = block[behind_E + said_E], block[behind_E + said_E + 1]
        short_E = (status_E & 0xE0) == 0xC0
        # A running status of one data byte is legal, but hops take two for granted.
        damaged_E = (first_E > 127) | (~short_E & (second_E > 127)) | (~said_E & (short_E | (status_E == 0)))
        if np.any(damaged_E & ~long_E):
            return False
        tick_E = self._tick + np.cumsum(delta_E)
        self._tick, self._status = int(tick_E[-1]), int(status_E[-1])
        tick_E = np.minimum(tick_E, MAX_TICK)
        self._metas.extend((int(tick_E[number]), kind, payload) for number, kind, payload in metas if kind in KEPT_METAS)
        self._columns.append((tick_E[~long_E], status_E[~long_E], first_E[~long_E], second_E[~long_E]))
        return True

    def events(self, end: int) -> TrackEvents:
        """All of them."""
        empty = (np.zeros(0, np.int64), *(np.zeros(0, np.uint8) for _ in range(3)))
        columns = (np.concatenate(parts) for parts in zip(*(self._columns or [empty]), strict=True))
        length = min(self._tick, MAX_TICK)
        return TrackEvents.of(*columns, metas=tuple(self._metas), length=length, closed=self.closed, end=end)


def _hops(block: NDArray[np.uint8], stop: int) -> list[int]:
    """Of each place where the next event would begin, if one began there."""
    more = block > 127
    one = more[:stop]
    two = one & more[1 : stop + 1]
    three = two & more[2 : stop + 2]
    behind_S = np.arange(1, stop + 1, dtype=np.int32) + one + two + three
    return (behind_S + _HOP[block[behind_S]]).tolist()


def _times(block: NDArray[np.uint8], place_E: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """The ticks that the numbers at these places say, where each number ends, and whether none is longer than four bytes."""
    byte_E = block[place_E]
    value_E, more_E, behind_E = (byte_E & 127).astype(np.int64), byte_E > 127, place_E + 1
    for _ in range(3):
        if not more_E.any():
            break
        byte_E = block[behind_E]
        value_E = np.where(more_E, value_E << 7 | byte_E & 127, value_E)
        behind_E = behind_E + more_E
        more_E &= byte_E > 127
    return value_E, behind_E, not more_E.any()


def long_number(body: bytes, at: int) -> tuple[int, int]:
    """A number of one to four bytes, and where it ends; -1 when it is longer. Raises IndexError where the bytes end."""
    value = 0
    for place in range(at, at + 4):
        byte = body[place]
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, place + 1
    return -1, at + 4
