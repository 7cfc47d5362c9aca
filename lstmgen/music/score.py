"""A piece of music as plain data in ticks. Nothing else in the package needs to know what a MIDI message is.

Notes are kept as columns, 16 bytes each, so that whole collections fit into memory and everything that is done to many notes at once is
numpy. Times are absolute: ticks from the beginning of the piece, of which `Score.ticks_per_beat` make a quarter note (a "beat"
throughout this package, whatever the time signature says).

A `track` is what a listener would call a part: the notes of one channel of one track of a MIDI file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.lanes import is_new

DEFAULT_TEMPO_US: Final = 500_000
"""Microseconds per beat where a piece does not say: 120 beats per minute."""
PERCUSSION_CHANNEL: Final = 9
"""The channel of the drums, counted from 0."""
KEY_NAMES: Final = (
    ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"),
    ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#"),
)
"""Of major and of minor keys, from seven flats to seven sharps."""

_COLUMNS: Final[dict[str, Any]] = {
    "start_ticks": np.int32,
    "end_ticks": np.int32,
    "pitch": np.uint8,
    "velocity": np.uint8,
    "track": np.uint16,
    "program": np.uint8,
    "drum": np.bool_,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Notes:
    """Notes as columns of equal length, in the order of (start, pitch, track, end); each note ends after it starts.

    Attributes:
        start_ticks: int32.
        end_ticks: int32; above `start_ticks`.
        pitch: uint8, 0 to 127, 60 is middle C; of drums the instrument of the kit.
        velocity: uint8, 1 to 127.
        track: uint16, index in `Score.tracks`.
        program: uint8, General MIDI program, counted from 0; of drums the kit.
        drum: bool.
    """

    start_ticks: NDArray[np.int32]
    end_ticks: NDArray[np.int32]
    pitch: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    track: NDArray[np.uint16]
    program: NDArray[np.uint8]
    drum: NDArray[np.bool_]

    @staticmethod
    def of(
        start_ticks: Any, end_ticks: Any, pitch: Any, *, velocity: Any = 64, track: Any = 0, program: Any = 0, drum: Any = False
    ) -> Notes:
        """Notes from arrays, lists or single numbers for all, put in order.

        Raises:
            ValueError: the columns differ in length, or a note is out of bounds or does not end after it starts.
        """
        given = (start_ticks, end_ticks, pitch, velocity, track, program, drum)
        count = max((np.size(column) for column in (start_ticks, end_ticks, pitch)), default=0)
        wide = [np.broadcast_to(np.asarray(column), (count,)) for column in given]
        bounds = ((0, 2**31 - 1), (0, 2**31 - 1), (0, 127), (1, 127), (0, 65_535), (0, 127), (0, 1))
        if count and any(int(column.min()) < low or int(column.max()) > high for column, (low, high) in zip(wide, bounds, strict=True)):
            raise ValueError("a note is out of bounds")
        if np.any(wide[1] <= wide[0]):
            raise ValueError("a note does not end after it starts")
        columns: dict[str, Any] = {name: column.astype(dtype) for (name, dtype), column in zip(_COLUMNS.items(), wide, strict=True)}
        return Notes(**columns).in_order()

    @staticmethod
    def empty() -> Notes:
        """No notes."""
        columns: dict[str, Any] = {name: np.zeros(0, dtype) for name, dtype in _COLUMNS.items()}
        return Notes(**columns)

    @staticmethod
    def joined(parts: Iterable[Notes]) -> Notes:
        """The notes of all parts, put in order."""
        parts = list(parts)
        if not parts:
            return Notes.empty()
        return Notes(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}).in_order()

    def __len__(self) -> int:
        return len(self.start_ticks)

    def take(self, which: Any) -> Notes:
        """The notes that a mask, a slice or a list of indices chooses, in that order."""
        return Notes(**{name: getattr(self, name)[which] for name in _COLUMNS})

    def in_order(self) -> Notes:
        """The same notes in the order of (start, pitch, track, end)."""
        keys = (self.end_ticks, self.track, self.pitch, self.start_ticks)
        order = np.lexsort(keys)
        return self if np.array_equal(order, np.arange(len(self))) else self.take(order)

    def changed(self, **columns: NDArray[Any]) -> Notes:
        """A copy with other columns, which keep their types; not put in order."""
        return replace(self, **{name: column.astype(_COLUMNS[name]) for name, column in columns.items()})

    def same_as(self, other: Notes) -> bool:
        """Whether every column is equal."""
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _COLUMNS)


@dataclass(frozen=True, eq=False)
class TempoMap:
    """When the tempo changes; the first entry stands at tick 0, ticks ascend strictly.

    Attributes:
        ticks: int64.
        us_per_beat: int64, microseconds per quarter note, above 0.
    """

    ticks: NDArray[np.int64]
    us_per_beat: NDArray[np.int64]

    @staticmethod
    def of(entries: Iterable[tuple[int, int]] = ()) -> TempoMap:
        """A map from (tick, microseconds per beat); of several at one tick the last holds, and before the first it is 120 bpm.

        Raises:
            ValueError: a tempo or a tick is below its least.
        """
        table = {0: DEFAULT_TEMPO_US} | {int(tick): int(tempo) for tick, tempo in sorted(entries, key=lambda entry: entry[0])}
        if min(table) < 0 or min(table.values()) <= 0:
            raise ValueError("a tempo or its tick is out of bounds")
        ticks, tempos = np.array(sorted(table.items()), np.int64).T
        changes = is_new(tempos)
        return TempoMap(ticks[changes], tempos[changes])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Its (tick, microseconds per beat), as `of` takes them."""
        return zip(self.ticks.tolist(), self.us_per_beat.tolist(), strict=True)

    def seconds_at(self, ticks: Any, *, ticks_per_beat: int) -> NDArray[np.float64]:
        """Seconds from the beginning at each tick; by segments, never by an array a tick long."""
        ticks = np.asarray(ticks, np.int64)
        place = np.searchsorted(self.ticks, ticks, side="right") - 1
        return self._starts_s(ticks_per_beat)[place] + (ticks - self.ticks[place]) * (self.us_per_beat[place] / (1e6 * ticks_per_beat))

    def ticks_at(self, seconds: Any, *, ticks_per_beat: int) -> NDArray[np.int64]:
        """The nearest tick at each moment; the inverse of `seconds_at`."""
        seconds = np.asarray(seconds, np.float64)
        starts_s = self._starts_s(ticks_per_beat)
        place = np.maximum(np.searchsorted(starts_s, seconds, side="right") - 1, 0)
        return np.rint(self.ticks[place] + (seconds - starts_s[place]) * (1e6 * ticks_per_beat / self.us_per_beat[place])).astype(np.int64)

    def _starts_s(self, ticks_per_beat: int) -> NDArray[np.float64]:
        lengths_s = np.diff(self.ticks) * self.us_per_beat[:-1] / (1e6 * ticks_per_beat)
        return np.concatenate([[0.0], np.cumsum(lengths_s)])

    def tempo_at(self, tick: int) -> int:
        """Microseconds per beat at a tick."""
        return int(self.us_per_beat[np.searchsorted(self.ticks, tick, side="right") - 1])


@dataclass(frozen=True, order=True)
class Meter:
    """A time signature, such as 3/4, from a tick on."""

    tick: int
    numerator: int = 4
    denominator: int = 4

    def bar_ticks(self, ticks_per_beat: int) -> float:
        """Length of a bar; not a whole number in odd cases."""
        return 4 * ticks_per_beat * self.numerator / self.denominator


@dataclass(frozen=True, order=True)
class Key:
    """A key signature from a tick on: -7 (seven flats) to 7 (seven sharps)."""

    tick: int
    sharps: int = 0
    minor: bool = False


class Pedal(NamedTuple):
    """The sustain pedal of a track goes down or up."""

    tick: int
    track: int
    down: bool


@dataclass(frozen=True, eq=False)
class Pedals:
    """Movements of sustain pedals as columns of equal length, in the order of (tick, track); recorded piano holds as many as notes.

    Attributes:
        ticks: int32.
        track: uint16, index in `Score.tracks`.
        down: bool.
    """

    ticks: NDArray[np.int32]
    track: NDArray[np.uint16]
    down: NDArray[np.bool_]

    @staticmethod
    def of(ticks: Any = (), track: Any = (), down: Any = ()) -> Pedals:
        """Pedals from columns of equal length, put in order."""
        ticks, track = np.asarray(ticks, np.int32), np.asarray(track, np.uint16)
        order = np.lexsort((track, ticks))
        return Pedals(ticks[order], track[order], np.asarray(down, np.bool_)[order])

    def __len__(self) -> int:
        return len(self.ticks)

    def __iter__(self) -> Iterator[Pedal]:
        return map(Pedal, self.ticks.tolist(), self.track.tolist(), self.down.tolist())

    def of_track(self, track: int) -> Pedals:
        """Those of one track."""
        mine = self.track == track
        return Pedals(self.ticks[mine], self.track[mine], self.down[mine])


@dataclass(frozen=True)
class Track:
    """What is known of a part besides its notes."""

    name: str = ""
    """As the file says; may hold any character, so escape it wherever it is shown."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Score:
    """A piece of music.

    Attributes:
        notes: in order.
        ticks_per_beat: ticks of a quarter note, 1 to 32767.
        tempos: the tempo map.
        meters: time signatures, ascending; the first at tick 0.
        keys: key signatures, ascending, one a tick at most; may be empty.
        pedals: of the sustain pedal; what they mean for the notes is decided by `tidy.py`.
        tracks: every track that a note names.
        length_ticks: where the piece ends: at or after the end of its last note.
        loops: whether its end leads into its beginning; no MIDI file says so.
    """

    notes: Notes
    ticks_per_beat: int = 480
    tempos: TempoMap
    meters: tuple[Meter, ...] = (Meter(0),)
    keys: tuple[Key, ...] = ()
    pedals: Pedals = field(default_factory=Pedals.of)
    tracks: tuple[Track, ...] = (Track(),)
    length_ticks: int = 0
    loops: bool = False

    @staticmethod
    def of(
        notes: Notes,
        *,
        ticks_per_beat: int = 480,
        tempos: Iterable[tuple[int, int]] = (),
        meters: Sequence[Meter] = (),
        keys: Sequence[Key] = (),
        pedals: Iterable[Pedal] = (),
        tracks: Sequence[Track] = (),
        length_ticks: int = 0,
    ) -> Score:
        """A score with what is missing filled in: 120 bpm, 4/4 from the start, tracks without names, an end at the last note's.

        Raises:
            ValueError: something is out of bounds.
        """
        if not 1 <= ticks_per_beat <= 32_767:
            raise ValueError("the ticks per beat are out of bounds")
        last_tick = int(notes.end_ticks.max()) if len(notes) else 0
        by_tick = {meter.tick: meter for meter in sorted(meters, key=lambda meter: meter.tick)}
        if any(meter.numerator < 1 or meter.denominator < 1 for meter in meters):
            raise ValueError("a time signature is out of bounds")
        count = max(len(tracks), int(notes.track.max()) + 1 if len(notes) else 1)
        return Score(
            notes=notes,
            ticks_per_beat=ticks_per_beat,
            tempos=TempoMap.of(tempos),
            meters=tuple(({0: Meter(0)} | by_tick)[tick] for tick in sorted({0} | by_tick.keys())),
            keys=tuple({key.tick: key for key in sorted(keys, key=lambda key: key.tick)}.values()),
            pedals=pedals if isinstance(pedals, Pedals) else Pedals.of(*zip(*pedals, strict=True)),
            tracks=(*tracks, *(Track() for _ in range(count - len(tracks)))),
            length_ticks=max(length_ticks, last_tick),
        )

    def changed(self, **parts: Any) -> Score:
        """A copy with other parts; its length never falls below the end of its notes."""
        other = replace(self, **parts)
        last_tick = int(other.notes.end_ticks.max()) if len(other.notes) else 0
        return other if other.length_ticks >= last_tick else replace(other, length_ticks=last_tick)

    def seconds_at(self, ticks: Any) -> NDArray[np.float64]:
        """Seconds from the beginning at each tick."""
        return self.tempos.seconds_at(ticks, ticks_per_beat=self.ticks_per_beat)

    def ticks_at(self, seconds: Any) -> NDArray[np.int64]:
        """The nearest tick at each moment."""
        return self.tempos.ticks_at(seconds, ticks_per_beat=self.ticks_per_beat)

    def content(self) -> bytes:
        """All that is heard of it, as bytes: equal for equal music only."""
        told = (self.ticks_per_beat, self.length_ticks, len(self.notes), len(self.pedals), len(self.tempos.ticks), *self.meters)
        columns = [getattr(group, item.name) for group in (self.notes, self.pedals, self.tempos) for item in fields(group)]
        return repr(told).encode() + b"".join(column.tobytes() for column in columns)

    @property
    def duration_s(self) -> float:
        """Seconds from the beginning to the end of the piece."""
        return float(self.seconds_at(self.length_ticks))


def printable(text: str) -> str:
    """A name from a file as it may stand anywhere: control characters, direction overrides and half surrogates escaped."""
    text = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
