"""The events of sound tracks, all tracks of a file at once; what is damaged is left to `recovery.py`.

Where the next event would begin is worked out for every byte of a block, as though an event began there; then one short loop hops from
event to event, and the columns are gathered from the places where it touched down. That is what makes it quick: the loop does nothing but
hop, and everything else is a handful of operations on arrays.

    byte     00 90 3c 40 60 3c 00 00 ff 2f 00
    next      4  4  5  6 +7 .. .. meta                    place 0 hops to 4 (a key goes down), 4 to 7 (running status), 7 is a meta event

Letters: S places of a block, E events, T tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.midi.events import MAX_TICK, META, META_END, WITH_LENGTH, Events, is_kept, is_kept_payload, long_number

_BLOCK: Final = 1 << 13
_MARGIN: Final = 8
"""More than the time and the event together that begin at the last place of a block."""
_FAR: Final = 1 << 24
"""Where hops lead from events that say themselves how long they are: beyond any block."""
_HOP: Final = np.array([2] * 128 + [3] * 64 + [2] * 32 + [3] * 16 + [_FAR] * 16, np.int32)
"""From the first byte behind the time to the next event, by what that byte is: data of a running status, or a status."""

Spans = Sequence[tuple[int, int]]
"""Where each track begins and ends."""


def scan(body: bytes, spans: Spans, *, block: int = _BLOCK) -> tuple[Events, list[int]]:
    """The events of the tracks, and the numbers of those in which something is not as it should be, whose events are left out."""
    hopping = _Hopping(body, block)
    for number, (begin, end) in enumerate(spans):
        hopping.track(number, begin, end)
    return hopping.events()


class _Hopping:
    """Where events were found so far."""

    def __init__(self, body: bytes, block: int) -> None:
        self._body, self._block = body, block
        self._bytes = np.frombuffer(body + bytes(_MARGIN), np.uint8)
        self._base, self._stop = 0, 0
        self._hops: list[int] = []
        self._places: list[int] = []
        """Of the events in this block, counted from its beginning."""
        self._before: list[NDArray[np.int64]] = []
        """Of those in the blocks before, counted from the beginning of the file."""
        self._count_before = 0
        self._counts: list[int] = []
        self._closed: list[bool] = []
        self._long: list[tuple[int, int, int, int, bytes]] = []
        """Number of the event and of its track, status, kind and payload of those that are kept."""
        self._damaged: set[int] = set()

    def track(self, number: int, at: int, end: int) -> None:
        """Hops through a track."""
        count = self._count_before + len(self._places)
        closed = False
        while at < end and not closed:
            if not self._base <= at < self._stop:
                self._next_block(at)
            places, hops = self._places, self._hops
            place, stop = at - self._base, min(end, self._stop) - self._base
            while place < stop:
                places.append(place)
                place = hops[place]
            at = self._base + place
            if place >= _FAR:
                at, closed = self._long_event(number, self._base + places[-1], end)
        if at != end:
            self._damaged.add(number)
        self._counts.append(self._count_before + len(self._places) - count)
        self._closed.append(closed)

    def _next_block(self, at: int) -> None:
        self._flush()
        self._base, self._stop = at, min(at + self._block, len(self._body))
        self._hops = _hops(self._bytes[at : self._stop + _MARGIN], self._stop - at)

    def _flush(self) -> None:
        self._before.append(np.array(self._places, np.int64) + self._base)
        self._count_before += len(self._places)
        self._places = []

    def _long_event(self, number: int, place: int, end: int) -> tuple[int, bool]:
        """Takes the event that says how long it is, whose time begins at a place; where it ends, -1 if nowhere, and if the track does."""
        body, kind = self._body, -1
        try:
            _, at = long_number(body, place)
            status = body[at]
            if status == META:
                at += 1
                kind = body[at]
            length, at = long_number(body, at + 1)
        except IndexError:
            return -1, True
        if status not in WITH_LENGTH or length < 0 or at + length > end:
            return -1, True
        payload = body[at : at + length]
        if is_kept_payload(status, kind, payload):
            self._long.append((self._count_before + len(self._places) - 1, number, status, max(kind, 0), payload))
        return at + length, kind == META_END

    def events(self) -> tuple[Events, list[int]]:
        """All that were found in sound tracks, and the numbers of the others."""
        self._flush()
        place_E = np.concatenate(self._before)
        counts_T = np.array(self._counts, np.int64)
        track_E = np.repeat(np.arange(len(counts_T)), counts_T)
        ends_T = np.cumsum(counts_T)
        begins_T = ends_T - counts_T

        delta_E, behind_E, damaged_E = _times(self._bytes, place_E)
        byte_E = self._bytes[behind_E]
        said_E, long_E = byte_E > 127, byte_E >= 0xF0
        # A status runs on from the latest event of a channel in the same track.
        latest_E = np.maximum.accumulate(np.where(said_E & ~long_E, np.arange(len(byte_E)), -1))
        status_E = np.where(latest_E >= begins_T[track_E], byte_E[latest_E], np.uint8(0))
        at_E = behind_E + said_E
        first_E, second_E = self._bytes[at_E], self._bytes[at_E + 1]
        short_E = (status_E & 0xE0) == 0xC0
        # A running status of one data byte is legal, but hops take two for granted.
        damaged_E |= ~long_E & ((first_E > 127) | (~short_E & (second_E > 127)) | (~said_E & (short_E | (status_E == 0))))
        damaged = sorted(self._damaged.union(track_E[damaged_E].tolist()))

        total_E = np.concatenate([[0], np.cumsum(delta_E)])
        base_T = total_E[begins_T]
        tick_E = np.minimum(total_E[1:] - base_T[track_E], MAX_TICK)
        kept_E = is_kept(status_E, first_E) & ~long_E
        for place, _, status, kind, _ in self._long:
            kept_E[place], status_E[place], first_E[place] = True, status, kind
        if damaged:
            kept_E &= ~np.isin(track_E, damaged)
        columns = {"tick_E": tick_E, "track_E": track_E, "status_E": status_E, "first_E": first_E, "second_E": second_E}
        events = Events(
            **{name: column[kept_E] for name, column in columns.items()},
            payloads=tuple(payload for _, number, *_, payload in self._long if number not in self._damaged.union(damaged)),
            length_T=np.minimum(total_E[ends_T] - base_T, MAX_TICK),
            closed_T=np.array(self._closed, np.bool_),
        )
        return events, damaged


def _hops(block: NDArray[np.uint8], stop: int) -> list[int]:
    """Of each place where the next event would begin, if one began there."""
    more = block > 127
    one = more[:stop]
    two = one & more[1 : stop + 1]
    three = two & more[2 : stop + 2]
    behind_S = np.arange(1, stop + 1, dtype=np.int32) + one + two + three
    return (behind_S + _HOP[block[behind_S]]).tolist()


def _times(content: NDArray[np.uint8], place_E: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The ticks that the numbers at these places say, where each number ends, and whether it is longer than four bytes."""
    byte_E = content[place_E]
    value_E, more_E, behind_E = (byte_E & 127).astype(np.int64), byte_E > 127, place_E + 1
    for _ in range(3):
        if not more_E.any():
            break
        byte_E = content[behind_E]
        value_E = np.where(more_E, value_E << 7 | byte_E & 127, value_E)
        behind_E = behind_E + more_E
        more_E &= byte_E > 127
    return value_E, behind_E, more_E
