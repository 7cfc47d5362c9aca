"""The events of one MIDI track as columns, and the notes that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_TICK: Final = 2**31 - 2
CONTROL, PROGRAM, PRESSURE = 0xB, 0xC, 0xD
PEDAL: Final = 64
META: Final = 0xFF
META_TEMPO, META_METER, META_KEY, META_NAME, META_END = 0x51, 0x58, 0x59, 0x03, 0x2F
KEPT_METAS: Final = frozenset({META_TEMPO, META_METER, META_KEY, META_NAME})
WITH_LENGTH: Final = frozenset({0xF0, 0xF7, META})
"""Events that say how long they are."""


@dataclass(frozen=True, kw_only=True)
class TrackEvents:
    """What a track says: columns of E events, those that make a difference here (keys, programs, the sustain pedal).

    Attributes:
        tick_E: when, int64, at most `MAX_TICK`.
        status_E: uint8, kind and channel.
        first_E: uint8, the first data byte.
        second_E: uint8, the second one; means nothing for programs.
        metas: tick, kind and payload of each meta event in `KEPT_METAS`.
        length: tick of the last event of any kind.
        closed: whether the track has said that it ends.
        end: index of the byte behind the track.
    """

    tick_E: NDArray[np.int64]
    status_E: NDArray[np.uint8]
    first_E: NDArray[np.uint8]
    second_E: NDArray[np.uint8]
    metas: tuple[tuple[int, int, bytes], ...]
    length: int
    closed: bool
    end: int

    @staticmethod
    def of(
        tick_E: NDArray[np.int64], status_E: NDArray[np.uint8], first_E: NDArray[np.uint8], second_E: NDArray[np.uint8], **rest: Any
    ) -> TrackEvents:
        """Of all events of channels those that make a difference, and the rest as above."""
        kind_E = status_E >> 4
        kept_E = (kind_E <= 0x9) | (kind_E == PROGRAM) | ((kind_E == CONTROL) & (first_E == PEDAL))
        return TrackEvents(tick_E=tick_E[kept_E], status_E=status_E[kept_E], first_E=first_E[kept_E], second_E=second_E[kept_E], **rest)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys that went down in a track, in order: columns of N notes.

    Attributes:
        start_N: tick, int64.
        end_N: tick; not before the start.
        pitch_N: uint8.
        velocity_N: uint8, 1 to 127.
        channel_N: uint8.
        left_open: how many never went up; they end with the track.
        not_begun: how many went up that were not down.
    """

    start_N: NDArray[np.int64]
    end_N: NDArray[np.int64]
    pitch_N: NDArray[np.uint8]
    velocity_N: NDArray[np.uint8]
    channel_N: NDArray[np.uint8]
    left_open: int
    not_begun: int


def keys_of(events: TrackEvents) -> Keys:
    """The notes of a track: a key that goes up ends the earliest note of its channel and pitch that still sounds."""
    of_key_E = events.status_E < 0xA0
    tick, status = events.tick_E[of_key_E], events.status_E[of_key_E]
    pitch, velocity = events.first_E[of_key_E], events.second_E[of_key_E]
    down = (status >= 0x90) & (velocity > 0)
    key = (status & 15).astype(np.int16) << 7 | pitch

    # Events of one key side by side, each group in order of time. `depth` counts how many notes of the key sound.
    order = np.argsort(key, kind="stable")
    down_by_key = down[order]
    group = np.cumsum(np.diff(key[order], prepend=-1) != 0) - 1
    total = np.cumsum(np.where(down_by_key, 1, -1))
    group_begins = np.flatnonzero(np.diff(group, prepend=-1))
    depth = total - np.concatenate([[0], total])[group_begins][group]
    # An end finds nothing whenever the depth falls lower than ever before, and below zero.
    span = len(order) + 1
    deepest = np.maximum(np.maximum.accumulate(group * span - depth) - group * span, 0)
    fell = np.diff(deepest, prepend=0) > 0
    fell[group_begins] = deepest[group_begins] > 0
    up_by_key = ~down_by_key & ~fell

    # Of every key the n-th end belongs to the n-th beginning.
    begins, ends = np.flatnonzero(down_by_key), np.flatnonzero(up_by_key)
    groups = int(group[-1]) + 1 if len(group) else 0
    first_begin = np.searchsorted(group[begins], np.arange(groups))
    first_end = np.searchsorted(group[ends], np.arange(groups))
    owner = begins[first_begin[group[ends]] + np.arange(len(ends)) - first_end[group[ends]]]
    end = np.full(len(order), events.length, np.int64)
    end[order[owner]] = tick[order[ends]]
    return Keys(
        start_N=tick[down],
        end_N=end[down],
        pitch_N=pitch[down],
        velocity_N=velocity[down],
        channel_N=(status[down] & 15).astype(np.uint8),
        left_open=len(begins) - len(ends),
        not_begun=int(fell.sum()),
    )
