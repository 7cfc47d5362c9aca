"""Meta events as a table: what their payloads say of a piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from lstmgen.music.midi.events import META_KEY, META_METER, META_NAME, META_OWN, META_TEMPO
from lstmgen.music.score import Key, Meter

OWN_MARK: Final = b"\x7dlstmgen"
"""What this program writes into files whose silences are meant, however long they last; 7D is the number of no maker."""
_FASTEST_US: Final = 6_000
"""A beat at 10,000 beats a minute."""
_MAX_NAME_CHARS: Final = 200


@dataclass
class Told:
    """What the meta events of a file say, in its order.

    Attributes:
        tempos: (tick, microseconds per beat).
        meters: time signatures.
        keys: key signatures.
        names: of tracks, by their numbers.
        own: whether this program says that it wrote the file, and that its silences are meant.
    """

    tempos: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    meters: list[Meter] = field(default_factory=list[Meter])
    keys: list[Key] = field(default_factory=list[Key])
    names: dict[int, str] = field(default_factory=dict[int, str])
    own: bool = False

    def take(self, kind: int, payload: bytes, *, tick: int, track: int) -> str:
        """Takes what an event says; what is wrong with it, or nothing."""
        if kind in _TABLE:
            return _TABLE[kind](self, payload, tick, track)
        return ""


def _tempo(told: Told, payload: bytes, tick: int, track: int) -> str:
    del track
    tempo = int.from_bytes(payload[:3], "big") if len(payload) >= 3 else 0
    if not tempo:
        return "a tempo that is none"
    told.tempos.append((tick, tempo))
    return "a tempo beyond reason" if tempo < _FASTEST_US else ""


def _meter(told: Told, payload: bytes, tick: int, track: int) -> str:
    del track
    if len(payload) < 2 or not payload[0] or payload[1] > 6:
        return "a time signature that is none"
    told.meters.append(Meter(tick, payload[0], 2 ** payload[1]))
    return ""


def _key(told: Told, payload: bytes, tick: int, track: int) -> str:
    del track
    sharps = int.from_bytes(payload[:1], "big", signed=True) if payload else 99
    if len(payload) < 2 or abs(sharps) > 7 or payload[1] > 1:
        return "a key signature that is none"
    told.keys.append(Key(tick, sharps, bool(payload[1])))
    return ""


def _name(told: Told, payload: bytes, tick: int, track: int) -> str:
    del tick
    if track not in told.names:
        told.names[track] = decoded_name(payload)
    return ""


def _own(told: Told, payload: bytes, tick: int, track: int) -> str:
    del tick, track
    told.own |= payload == OWN_MARK
    return ""


_TABLE: Final[dict[int, Callable[[Told, bytes, int, int], Any]]] = {
    META_TEMPO: _tempo,
    META_METER: _meter,
    META_KEY: _key,
    META_NAME: _name,
    META_OWN: _own,
}


def decoded_name(payload: bytes) -> str:
    """A name as text: UTF-8, though its last character be cut, or else Latin-1; without the NULs that some programs end it with."""
    payload = payload.replace(b"\0", b"")[: 4 * _MAX_NAME_CHARS]
    try:
        name = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        whole = payload[: error.start].decode("utf-8")
        cut = error.reason == "unexpected end of data" and not whole.isascii()
        name = whole if cut else payload.decode("latin-1")
    return name[:_MAX_NAME_CHARS].replace("\ufffd", "")
