"""Which part of a piece a piano roll shows, and what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.music.bars import Bars, first_number
from lstmgen.music.excerpt import excerpt
from lstmgen.music.instruments import DRUM_GROUPS, program_name
from lstmgen.music.moments import Moments, keeps_bars
from lstmgen.music.score import KEY_NAMES, Notes, Score, printable
from lstmgen.music.tidy import with_pedal
from lstmgen.wording import counted

_LEAST_ROWS: Final = 17
"""Semitones of a roll at the least, so that a single note stands in some space."""
_MIDDLE: Final = 62
_GROUP_OF_DRUM: Final = {pitch: place for place, (_, pitches) in enumerate(DRUM_GROUPS) for pitch in pitches}


@dataclass(frozen=True, eq=False, kw_only=True)
class Part:
    """What is drawn.

    Attributes:
        score: the piece.
        start_tick: what is drawn begins here ...
        end_tick: ... and ends here.
        lines: ticks of the bar lines, from the one at or before the start to the one at or after the end; of an upbeat where it begins.
        first_bar: number of the first of these bars, counted from 0; of an upbeat -1.
        notes: the pitched notes that sound in the part, cut at its ends.
        drums: the drums that are struck in it.
        held: the pitched notes again, where there is a pedal as long as it lets them sound.
        bars: those of the whole piece; seconds where it is played freely.
        all_bars: how many bars the piece has, an upbeat not counted.
    """

    score: Score
    start_tick: int
    end_tick: int
    lines: NDArray[np.int64]
    first_bar: int
    notes: Notes
    drums: Notes
    held: Notes
    bars: Bars | Moments
    all_bars: int

    def name(self, place: int) -> str:
        """How the bar at a place of `lines` is called: by its number, or by the time at which it begins."""
        index = self.first_bar + place
        return clock(index * self.bars.seconds) if isinstance(self.bars, Moments) else f"{index + 1}"

    def seconds_at(self, tick: int) -> float:
        """When a tick comes; counted from an upbeat, as sound begins with its first note."""
        since = self.start_tick if self.first_bar < 0 else 0
        return float(self.score.seconds_at(tick) - self.score.seconds_at(since))

    @property
    def low(self) -> int:
        """The lowest pitch for which there is a row."""
        return max(0, min(self._span()[0], 127 - _LEAST_ROWS))

    @property
    def high(self) -> int:
        """The highest pitch for which there is a row."""
        return min(127, max(self._span()[1], self.low + _LEAST_ROWS - 1))

    def _span(self) -> tuple[int, int]:
        low, high = (int(self.notes.pitch.min()), int(self.notes.pitch.max())) if len(self.notes) else (_MIDDLE, _MIDDLE)
        spare = max(2, _LEAST_ROWS - (high - low + 1))
        return max(0, low - spare // 2), min(127, high + (spare + 1) // 2)

    @property
    def beats(self) -> float:
        """Length of all bars that are drawn, in quarter notes."""
        return float(self.lines[-1] - self.lines[0]) / self.score.ticks_per_beat

    def drum_groups(self) -> list[int]:
        """Which of `DRUM_GROUPS` are struck, from the bottom up."""
        return sorted(set(drum_groups(self.drums).tolist()))

    @property
    def onsets_per_beat(self) -> float:
        """How many moments of a beat a note begins at, on average."""
        starts = np.union1d(self.notes.start_ticks, self.drums.start_ticks)
        return len(starts) / max(self.beats, 1.0)


@dataclass(frozen=True)
class Voice:
    """One line of the legend.

    Attributes:
        track: index in `Score.tracks`; None for the drums.
        name: printable, whatever the file says.
        detail: the instrument where the name does not say it already; may be empty.
    """

    track: int | None
    name: str
    detail: str = ""


def part_of(score: Score, *, ticks: tuple[int, int] | None = None, most_beats: float = np.inf) -> Part:
    """The part of a piece between two ticks, or the whole from the beat on in which an upbeat begins, as far as the limits allow.

    Raises:
        ValueError: the part does not end after it starts.
    """
    bars = Bars(score) if keeps_bars(score) else Moments(score)
    whole = _end_of(score, bars)
    start, end = ticks or (0, whole)
    if end <= start or start < 0:
        raise ValueError("the part does not end after it starts")
    first_bar = bars.index(start)
    upbeat = 1 - first_number(score) if isinstance(bars, Bars) else 0
    lines = bars.lines(first_bar, stop_tick=end, most=limits.MAX_PICTURE_BARS + 1)
    if upbeat and ticks is None:
        start = lines[0] = _beat_before(int(score.notes.start_ticks.min()), bars)
    within = lines - lines[0] <= most_beats * score.ticks_per_beat
    inside = score.notes.take((score.notes.start_ticks < end) & (score.notes.end_ticks > start))
    if len(inside) > limits.MAX_PICTURE_NOTES:
        within &= lines <= inside.start_ticks[limits.MAX_PICTURE_NOTES]
        inside = inside.take(slice(limits.MAX_PICTURE_NOTES))
    lines = lines[: max(2, int(within.sum()))]
    stop = min(end, int(lines[-1]))
    inside = inside.take(inside.start_ticks < stop)
    pitched = inside.take(~inside.drum)
    return Part(
        score=score,
        start_tick=start,
        end_tick=stop,
        lines=lines,
        first_bar=first_bar - upbeat,
        notes=_between(pitched, start, stop),
        drums=inside.take(inside.drum & (inside.start_ticks >= start)),
        held=_between(_held(score, stop), start, stop) if score.pedals else Notes.empty(),
        bars=bars,
        all_bars=max(bars.index(whole - 1) + 1, first_bar + len(lines) - 1) - upbeat,
    )


def _beat_before(tick: int, bars: Bars | Moments) -> int:
    """The beat of the first bar in which a tick lies."""
    beats = bars.beats(0, bars.tick(1))
    return int(beats[beats <= tick].max(initial=0))


def _end_of(score: Score, bars: Bars | Moments) -> int:
    """Where a listener would say that a piece ends: at the bar line after its last note, when no more than a beat of silence follows it."""
    if isinstance(bars, Moments):
        return max(1, score.length_ticks)
    last = int(score.notes.end_ticks.max()) if len(score.notes) else 0
    line = bars.tick(bars.index(max(0, last - 1)) + 1)
    return max(1, line if last and 0 <= score.length_ticks - line <= score.ticks_per_beat else score.length_ticks)


def _held(score: Score, stop: int) -> Notes:
    """The pitched notes that begin before a tick, extended by the pedal."""
    before = np.flatnonzero((score.notes.start_ticks < stop) & ~score.notes.drum)[-4 * limits.MAX_PICTURE_NOTES :]
    return with_pedal(score.changed(notes=score.notes.take(before)), "extend").notes


def _between(notes: Notes, start: int, stop: int) -> Notes:
    """What lies between two ticks of the notes that sound there."""
    notes = notes.take((notes.start_ticks < stop) & (notes.end_ticks > start))
    return notes.changed(start_ticks=np.maximum(notes.start_ticks, start), end_ticks=np.minimum(notes.end_ticks, stop))


def drum_groups(drums: Notes) -> NDArray[np.int64]:
    """Of every drum its index in `DRUM_GROUPS`; the last for what the kit does not have."""
    table = np.array([_GROUP_OF_DRUM.get(pitch, len(DRUM_GROUPS) - 1) for pitch in range(128)])
    return table[drums.pitch]


def voices(part: Part) -> list[Voice]:
    """The tracks that sound, in their order, with the names by which they can be told apart; the drums last."""
    tracks, first = np.unique(part.notes.track, return_index=True)
    instruments = [program_name(int(part.notes.program[place])) for place in first.tolist()]
    named = [printable(part.score.tracks[track].name) for track in tracks.tolist()]
    if all(named) and len(set(named)) == len(named):
        several = len(set(instruments)) > 1 or len(named) == 1
        details = [_unsaid(name, instrument) if several else "" for name, instrument in zip(named, instruments, strict=True)]
        found = [Voice(*entry) for entry in zip(tracks.tolist(), named, details, strict=True)]
    else:
        found = [Voice(track, name) for track, name in zip(tracks.tolist(), _numbered(instruments), strict=True)]
    if len(part.drums):
        found.append(Voice(None, program_name(int(part.drums.program[0]), drum=True)))
    return found


def _unsaid(name: str, instrument: str) -> str:
    """The instrument, where the name of the track does not say it already."""
    return "" if name.lower() in instrument.lower() or instrument.lower() in name.lower() else instrument


def _numbered(names: list[str]) -> list[str]:
    """The same names, those that occur several times with numbers."""
    return [f"{name} {names[: place + 1].count(name)}" if names.count(name) > 1 else name for place, name in enumerate(names)]


def facts(part: Part) -> list[str]:
    """What a listener would ask first: meter, tempo, key, length."""
    score = part.score
    bars = len(part.lines) - 1
    count = len(part.notes) + len(part.drums)
    duration_s = float(score.seconds_at(part.end_tick) - score.seconds_at(part.start_tick)) if score.length_ticks else 0.0
    first, last = part.first_bar + 1, part.first_bar + bars
    shown = counted(last, "bar") if first <= 1 and last >= part.all_bars else f"bars {first:,}\u2013{last:,} of {part.all_bars:,}"
    drawn = excerpt(score.changed(notes=Notes.empty()), part.start_tick, part.end_tick)
    meters = list(dict.fromkeys(f"{meter.numerator}/{meter.denominator}" for meter in drawn.meters))
    slow, fast = (round(6e7 / tempo) for tempo in (drawn.tempos.us_per_beat.max(), drawn.tempos.us_per_beat.min()))
    keys = [key for key in drawn.keys if key.tick == 0 and abs(key.sharps) <= 7 and not score.notes.drum.all()]
    beats = [
        ", ".join(meters[:3]) + (f" and {len(meters) - 3} more meters" if len(meters) > 3 else ""),
        f"{slow} bpm" if slow == fast else f"{slow}\u2013{fast} bpm",
    ]
    if isinstance(part.bars, Moments):  # what has no bars has no tempo either
        begin_s, end_s = (float(score.seconds_at(tick)) for tick in (part.start_tick, part.end_tick))
        beats, whole = [], part.start_tick == 0 and bars >= part.all_bars
        shown = "" if whole else f"{clock(begin_s)}\u2013{clock(end_s)} of {clock(score.duration_s)}"
    found = [
        *beats,
        *(f"{KEY_NAMES[key.minor][key.sharps + 7]} {'minor' if key.minor else 'major'}" for key in keys),
        shown,
        clock(duration_s) if duration_s >= 9.95 else f"{duration_s:.1f} s",
        f"{count:,} {'note' if count == 1 else 'notes'}" if count else "no notes",
    ]
    return [fact for fact in found if fact]


def clock(seconds: float) -> str:
    """`0:05`, `12:30`, `1:02:03`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def shared_out(lines: NDArray[np.int64], room_ticks: float) -> list[tuple[int, int]]:
    """Bars in rows, as many to each as there is room for but at least one: the indices of its first bar line and its last."""
    bounds: list[tuple[int, int]] = []
    first = 0
    while first + 1 < len(lines):
        last = max(int(np.searchsorted(lines, lines[first] + room_ticks, side="right")) - 1, first + 1)
        bounds.append((first, last))
        first = last
    return bounds
