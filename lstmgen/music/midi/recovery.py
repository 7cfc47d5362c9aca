"""The events of a damaged track, one after the other: what can be read is kept, and what is wrong is told.

It reads sound tracks too, to the same columns as `scan.py`, and about a third as fast.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Final

import numpy as np

from lstmgen.music.midi.events import (
    MAX_TICK,
    META,
    META_END,
    PRESSURE,
    PROGRAM,
    SYSEX,
    WITH_LENGTH,
    Events,
    is_kept,
    is_kept_payload,
    long_number,
)

_SYSTEM_DATA: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of the other system events."""
CUT_OFF: Final = "cut off before its end"

Note = Callable[[str], None]
"""Told of each thing that is not as it should be."""


class _CutOffError(Exception):
    """A track ends within an event."""


def recover(track: bytes, number: int, note: Note) -> Events:
    """The events of a track, which is the `number`th of its file."""
    recovery = _Recovery(track, note)
    try:
        recovery.read()
    except (IndexError, _CutOffError):
        note(CUT_OFF)
    return recovery.events(number)


class _Recovery:
    """The columns of a track while they are read."""

    def __init__(self, track: bytes, note: Note) -> None:
        self._track, self._note = track, note
        self._tick = 0
        self._closed = False
        self._ticks, self._statuses, self._firsts, self._seconds = array("q"), array("B"), array("B"), array("B")
        self._payloads: list[bytes] = []

    def read(self) -> None:
        """Reads to the end of the track. Raises IndexError or _CutOffError where that comes within an event."""
        track, at, status, timed = self._track, 0, 0, True
        while at < len(track):
            if timed:
                at = self._time(at)
            timed = True
            byte = track[at]
            if byte >= SYSEX:
                # Running status is said to end here; many files continue with it, and so it is kept.
                at, ends = self._system(at + 1, byte)
                if ends:
                    self._closed, status = True, 0
                    if at < len(track) and not self._goes_on(at):
                        return
                continue
            if byte & 0x80:
                status = byte
                at += 1
            elif not status:
                # No event has begun, so this is no data either: on from the first byte that can begin one, without a time.
                self._note("data without an event")
                at = next((place for place in range(at, len(track)) if track[place] & 0x80), len(track))
                timed = False
                continue
            at = self._channel_event(at, status)

    def _time(self, at: int) -> int:
        """Lets the time pass that stands at a place; where its number ends."""
        delta, behind = long_number(self._track, at, most=5)
        if behind - at > 4 or delta < 0:
            self._note("a time longer than four bytes")
            if delta < 0:
                raise _CutOffError
            # Programs that count in 32 bits write what lies before the beginning of a track as a negative number.
            delta = delta if delta < 2**31 else 0
        self._tick = min(self._tick + delta, MAX_TICK)
        return behind

    def _goes_on(self, at: int) -> bool:
        """Whether an event follows the end of the track, rather than bytes that mean nothing."""
        try:
            delta, at = long_number(self._track, at)
            found = delta >= 0 and self._track[at] > 0x7F
        except IndexError:
            found = False
        self._note("events after the end of a track" if found else "bytes after the end of a track")
        return found

    def _channel_event(self, at: int, status: int) -> int:
        """Keeps the event whose data begin at a place; where it ends. A data byte that is too high was written without its bounds."""
        data = self._track[at] if status >> 4 in (PROGRAM, PRESSURE) else self._track[at] | self._track[at + 1]
        if data > 127:
            self._note("a data byte above 127, read as 127")
        short = status >> 4 in (PROGRAM, PRESSURE)
        self._keep(status, min(self._track[at], 127), 0 if short else min(self._track[at + 1], 127))
        return at + (1 if short else 2)

    def _keep(self, status: int, first: int, second: int) -> None:
        self._ticks.append(self._tick)
        self._statuses.append(status)
        self._firsts.append(first)
        self._seconds.append(second)

    def _system(self, at: int, status: int) -> tuple[int, bool]:
        """A meta event, a system exclusive one, or what has no place in a file; where it ends, and whether it ends the track."""
        if status not in WITH_LENGTH:
            self._note("an event that has no place in a file")
            return at + _SYSTEM_DATA.get(status, 0), False
        kind = -1
        if status == META:
            kind = self._track[at]
            at += 1
        length, at = long_number(self._track, at, most=5)
        if length < 0 or at + length > len(self._track):
            raise _CutOffError
        payload = self._track[at : at + length]
        if is_kept_payload(status, kind, payload):
            self._payloads.append(payload)
            self._keep(status, max(kind, 0), 0)
        return at + length, kind == META_END

    def events(self, number: int) -> Events:
        """All that were kept."""
        status_E, first_E, second_E = (np.array(column, np.uint8) for column in (self._statuses, self._firsts, self._seconds))
        kept_E = (status_E >= SYSEX) | is_kept(status_E, first_E)
        return Events(
            tick_E=np.array(self._ticks, np.int64)[kept_E],
            track_E=np.full(int(kept_E.sum()), number, np.int64),
            status_E=status_E[kept_E],
            first_E=first_E[kept_E],
            second_E=second_E[kept_E],
            payloads=tuple(self._payloads),
            length_T=np.array([self._tick]),
            closed_T=np.array([self._closed]),
        )
