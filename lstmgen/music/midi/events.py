"""The events of a MIDI file as columns: those that make a difference here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_TICK: Final = 2**31 - 2
CONTROL, PROGRAM, PRESSURE = 0xB, 0xC, 0xD
BANK, PEDAL, SOUND_OFF, CONTROLLERS_OFF, NOTES_OFF = 0, 64, 120, 121, 123
"""Controllers."""
SYSEX, CONTINUED, META = 0xF0, 0xF7, 0xFF
WITH_LENGTH: Final = frozenset({SYSEX, CONTINUED, META})
"""Events that say how long they are."""
META_NAME, META_PORT, META_END, META_TEMPO, META_METER, META_KEY, META_OWN = 0x03, 0x21, 0x2F, 0x51, 0x58, 0x59, 0x7F
_METAS: Final = frozenset({META_NAME, META_PORT, META_TEMPO, META_METER, META_KEY, META_OWN})
_MAKERS: Final = (b"\x41", b"\x43", b"\x7e")
"""What system exclusive events begin with that may choose drums: Roland's, Yamaha's, and those of any maker."""

_KEPT_STATUS: Final = np.isin(np.arange(256) >> 4, (0x8, 0x9, CONTROL, PROGRAM))
_KEPT_CONTROL: Final = np.isin(np.arange(256), (BANK, PEDAL, SOUND_OFF, CONTROLLERS_OFF, NOTES_OFF))


COLUMNS: Final = ("tick_E", "track_E", "status_E", "first_E", "second_E")


@dataclass(frozen=True, kw_only=True, eq=False)
class Events:
    """Columns of E events, track by track, each in its own order, and facts of T tracks.

    Attributes:
        tick_E: when, int64, at most `MAX_TICK`.
        track_E: number of its track, int64.
        status_E: uint8, kind and channel; `META` and `SYSEX` for those that have a payload.
        first_E: uint8, the first data byte, or the kind of a meta event.
        second_E: uint8, the second one; means nothing for programs and events with a payload.
        payloads: of the events that have one, in order.
        length_T: tick of the last event of any kind, int64.
        closed_T: whether the track has said that it ends.
    """

    tick_E: NDArray[np.int64]
    track_E: NDArray[np.int64]
    status_E: NDArray[np.uint8]
    first_E: NDArray[np.uint8]
    second_E: NDArray[np.uint8]
    payloads: tuple[bytes, ...]
    length_T: NDArray[np.int64]
    closed_T: NDArray[np.bool_]

    def with_tracks(self, others: Mapping[int, Events]) -> Events:
        """These events and those of further tracks, each of which holds none here, by their numbers."""
        parts = (self, *others.values())
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
        track_P = np.concatenate([part.track_E[part.status_E >= SYSEX] for part in parts])
        payloads = [payload for part in parts for payload in part.payloads]
        order = np.argsort(columns["track_E"], kind="stable")
        length_T, closed_T = self.length_T.copy(), self.closed_T.copy()
        for number, other in others.items():
            length_T[number], closed_T[number] = other.length_T[0], other.closed_T[0]
        return Events(
            **{name: column[order] for name, column in columns.items()},
            payloads=tuple(payloads[place] for place in np.argsort(track_P, kind="stable").tolist()),
            length_T=length_T,
            closed_T=closed_T,
        )


def is_kept(status_E: NDArray[np.uint8], first_E: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which events of channels make a difference."""
    return _KEPT_STATUS[status_E] & ((status_E >> 4 != CONTROL) | _KEPT_CONTROL[first_E])


def is_kept_payload(status: int, kind: int, payload: bytes) -> bool:
    """Whether an event that says how long it is makes a difference."""
    return kind in _METAS if status == META else status == SYSEX and payload[:1] in _MAKERS


def long_number(track: bytes, at: int, *, most: int = 4) -> tuple[int, int]:
    """A number of one byte or more, and where it ends; -1 when it is longer than `most`. Raises IndexError where the bytes end."""
    value = 0
    for place in range(at, at + most):
        byte = track[place]
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, place + 1
    return -1, at + most
