"""The events of a damaged track, one after the other: what can be read is kept, and what is wrong is told.

It reads sound tracks too, to the same columns as `midi_scan.py`, and about a third as fast.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Final

import numpy as np

from lstmgen.music.midi.events import KEPT_METAS, MAX_TICK, META, META_END, PRESSURE, PROGRAM, WITH_LENGTH, TrackEvents
from lstmgen.music.midi.scan import long_number

_SYSTEM_DATA: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of the other system events."""
CUT_OFF: Final = "cut off before its end"
_HIGH_DATA: Final = "a data byte above 127"

Note = Callable[[str], None]
"""Told of each thing that is not as it should be."""


class _CutOffError(Exception):
    """A track ends within an event."""


def recover(body: bytes, at: int, end: int, note: Note) -> TrackEvents:
    """The events of a track in `body[at:end]`."""
    recovery = _Recovery(body, end, note)
    try:
        closed, at = recovery.read(at)
    except (IndexError, _CutOffError):
        closed, at = False, end
        note(CUT_OFF)
    return recovery.events(closed=closed, end=at)


class _Recovery:
    """The columns of a track while they are read."""

    def __init__(self, body: bytes, end: int, note: Note) -> None:
        self._body, self._end, self._note = body, end, note
        self._tick = 0
        self._ticks, self._statuses, self._firsts, self._seconds = array("q"), array("B"), array("B"), array("B")
        self._metas: list[tuple[int, int, bytes]] = []

    def read(self, at: int) -> tuple[bool, int]:
        """Reads until the track's end; whether the track said so itself, and where that was. Raises IndexError where the bytes end."""
        body, status = self._body, 0
        timed = True
        while at < self._end:
            if timed:
                delta, at = long_number(body, at)
                if delta < 0:
                    self._note("a time longer than four bytes")
                    return False, at
                self._tick += delta
            timed = True
            byte = body[at]
            if byte >= 0xF0:
                # Running status is said to end here; many files continue with it, and so it is kept.
                at, closed = self._system(at + 1, byte)
                if closed:
                    return True, at
                continue
            if byte & 0x80:
                status = byte
                at += 1
            elif not status:
                # No event has begun, so this is no data either: on from the first byte that can begin one, without a time.
                self._note("data without an event")
                at = next((place for place in range(at, self._end) if body[place] & 0x80), self._end)
                timed = False
                continue
            at = self._channel_event(at, status)
        return False, at

    def _channel_event(self, at: int, status: int) -> int:
        """Keeps the event whose data begin at a place, unless they are none; where it ends."""
        body, kind = self._body, status >> 4
        first = body[at]
        if first & 0x80:
            self._note(_HIGH_DATA)
            return at
        second = 0
        if kind not in (PROGRAM, PRESSURE):
            second = body[at + 1]
            if second & 0x80:
                self._note(_HIGH_DATA)
                return at + 1
        self._ticks.append(min(self._tick, MAX_TICK))
        self._statuses.append(status)
        self._firsts.append(first)
        self._seconds.append(second)
        return at + (1 if kind in (PROGRAM, PRESSURE) else 2)

    def _system(self, at: int, status: int) -> tuple[int, bool]:
        """A meta event, a system exclusive one, or what has no place in a file; where it ends, and whether it ends the track."""
        if status not in WITH_LENGTH:
            self._note("an event that has no place in a file")
            return at + _SYSTEM_DATA.get(status, 0), False
        kind = -1
        if status == META:
            kind = self._body[at]
            at += 1
        length, at = long_number(self._body, at)
        if length < 0:
            self._note("a length longer than four bytes")
            return self._end, False
        if at + length > self._end:
            raise _CutOffError
        if kind in KEPT_METAS:
            self._metas.append((min(self._tick, MAX_TICK), kind, self._body[at : at + length]))
        return at + length, kind == META_END

    def events(self, *, closed: bool, end: int) -> TrackEvents:
        """All that was kept."""
        bytes_3E = (np.array(column, np.uint8) for column in (self._statuses, self._firsts, self._seconds))
        length = min(self._tick, MAX_TICK)
        return TrackEvents.of(np.array(self._ticks, np.int64), *bytes_3E, metas=tuple(self._metas), length=length, closed=closed, end=end)
