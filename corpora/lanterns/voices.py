# ruff: noqa: INP001 - a script's own modules, beside it
"""Four voices under a given melody: of all ways to place alto, tenor and bass the one that moves most like singers would.

At every beat with a new note or chord each voice takes a note of the chord. The way through all beats that costs least is found by dynamic
programming; parallel fifths and octaves and crossed voices cost more than anything else could save.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product
from typing import Final

from notation import Chord, Part, Plan, Tone
from orchestra import Instrument

_RANGES: Final = ((53, 74), (47, 67), (40, 62))
"""Alto, tenor, bass."""
_FORBIDDEN: Final = 1_000.0
_KEPT: Final = 48
"""Placements of one beat that are followed up."""

Placement = tuple[int, int, int, int]
"""Pitches of soprano, alto, tenor, bass."""


@dataclass(frozen=True)
class Choir:
    """Soprano, alto, tenor and bass; the bass walks through its thirds where `passing` is set.

    Attributes:
        instruments: of the four voices from above.
        passing: whether a bass that falls or rises by a third touches the note between.
        level: added to every velocity.
    """

    instruments: tuple[Instrument, Instrument, Instrument, Instrument]
    passing: bool = True
    level: int = 0

    def play(self, plan: Plan) -> list[Part]:
        """Four parts, the highest first."""
        slices = _slices(plan)
        placements = _best_way(slices, plan.key.tonic)
        parts = [Part(instrument=self.instruments[0], tones=plan.melody, level=self.level + 6, sings=True)]
        for voice in (1, 2, 3):
            tones = _joined([(piece.start, piece.end, placed[voice]) for piece, placed in zip(slices, placements, strict=True)], plan)
            if voice == 3 and self.passing:
                tones = _with_passing(tones, slices, placements, plan)
            parts.append(Part(instrument=self.instruments[voice], tones=tuple(tones), level=self.level - 2, sings=True))
        return parts


@dataclass(frozen=True)
class Slice:
    """A stretch over which alto, tenor and bass stand still.

    Attributes:
        start: in ticks.
        end: in ticks.
        soprano: the melody where it begins.
        leaving: the melody where it ends; differs when the melody moves on within it.
        chord: its harmony.
        last: whether the piece ends with it.
    """

    start: int
    end: int
    soprano: int
    leaving: int
    chord: Chord
    last: bool


def _slices(plan: Plan) -> list[Slice]:
    """The stretches over which alto, tenor and bass stand still: from each chord or melody note on a beat to the next."""
    edges = {chord.start for chord in plan.chords}
    edges |= {tone.start for tone in plan.melody if tone.start % plan.beat_ticks == 0 and plan.chord_at(tone.start)}
    end = min(plan.chords[-1].end, plan.melody[-1].end)
    ordered = [*sorted(edge for edge in edges if edge < end), end]
    found = []
    for start, stop in pairwise(ordered):
        sung = [tone for tone in plan.melody if tone.start < stop and tone.end > start]
        chord = plan.chord_at(start)
        if sung and chord is not None:
            last = stop == end
            found.append(Slice(start, min(stop, max(tone.end for tone in sung)), sung[0].pitch, sung[-1].pitch, chord, last))
    return found


def _best_way(slices: list[Slice], tonic: int) -> list[Placement]:
    ways: list[tuple[float, list[Placement]]] = []
    leaving = 0
    for piece in slices:
        options = sorted(_placements(piece, tonic))[:_KEPT]
        if not options:
            raise ValueError(f"no placement of {piece.chord.name} under {piece.soprano}")
        before, leaving = leaving, piece.leaving
        if not ways:
            ways = [(cost, [placed]) for cost, placed in options]
            continue
        following = []
        for cost, placed in options:
            total, way = min(((sum_ + _step(way[-1], placed, before), way) for sum_, way in ways), key=lambda item: item[0])
            following.append((total + cost, [*way, placed]))
        ways = following
    return min(ways, key=lambda item: item[0])[1]


def _placements(piece: Slice, tonic: int) -> list[tuple[float, Placement]]:
    """All placements under one soprano note with what each costs by itself."""
    soprano, chord = piece.soprano, piece.chord
    choices = [[pitch for pitch in range(low, high + 1) if pitch % 12 in chord.tones] for low, high in _RANGES[:2]]
    basses = [pitch for pitch in range(_RANGES[2][0], _RANGES[2][1] + 1) if pitch % 12 in _bass_classes(piece)]
    needed = set(chord.tones[:2] + chord.tones[3:])
    found = []
    for alto, tenor, bass in product(*choices, basses):
        placed = (soprano, alto, tenor, bass)
        if not (bass < tenor < alto < soprano and soprano - alto <= 12 and alto - tenor <= 12 and tenor - bass <= 19):
            continue
        classes = [pitch % 12 for pitch in placed]
        if not needed <= set(classes):
            continue
        leading = (tonic - 1) % 12
        cost = 1.5 * (bass % 12 != chord.bass) + 2.0 * len(set(chord.tones) - set(classes))
        doubled = ((1.5, chord.tones[1:2]), (30.0, (leading,)), (6.0, chord.tones[3:]))
        cost += sum(price for price, tones in doubled if any(classes.count(tone) > 1 for tone in tones))
        cost += abs(alto - 64) / 8 + abs(tenor - 57) / 8 + abs(bass - 49) / 8
        found.append((cost, placed))
    return found


def _bass_classes(piece: Slice) -> set[int]:
    """What may lie in the bass: the root, or the third unless the chord says what does."""
    chord = piece.chord
    return {chord.bass} if piece.last or "/" in chord.name else {chord.bass, *chord.tones[1:2]}


def _step(one: Placement, other: Placement, leaving: int) -> float:
    """What it costs to go from one placement to the next; the melody may have moved on to `leaving` in between."""
    if one == other:
        return 1.0
    moves = [b - a for a, b in zip(one, other, strict=True)]
    cost = abs(moves[1]) + abs(moves[2]) + 0.4 * abs(moves[3])
    cost += sum(6.0 for move in moves[1:3] if abs(move) > 5) + (8.0 if abs(moves[3]) > 9 and abs(moves[3]) != 12 else 0.0)
    cost += _FORBIDDEN * sum(parallel(one[i], one[j], other[i], other[j]) for i, j in combinations(range(4), 2))
    cost += _FORBIDDEN * sum(parallel(leaving, one[voice], other[0], other[voice]) for voice in (1, 2, 3))
    overlaps = sum(other[low] > one[high] or other[high] < one[low] for high, low in ((0, 1), (1, 2), (2, 3)))
    hidden = moves[0] * moves[3] > 0 and abs(moves[0]) > 2 and (other[0] - other[3]) % 12 in {0, 7}
    return cost + 8.0 * overlaps + 5.0 * hidden


def parallel(upper: int, lower: int, next_upper: int, next_lower: int) -> bool:
    """Whether two voices move from one fifth or octave into another of the same kind."""
    moved = upper != next_upper and lower != next_lower
    return moved and (upper - lower) % 12 == (next_upper - next_lower) % 12 and (upper - lower) % 12 in {0, 7}


def _joined(spans: list[tuple[int, int, int]], plan: Plan) -> list[Tone]:
    """Notes of one voice; it holds its note while the melody holds its own."""
    held = {tone.start for tone in plan.melody}
    tones: list[Tone] = []
    for start, end, pitch in spans:
        if tones and tones[-1].pitch == pitch and tones[-1].end == start and start not in held:
            tones[-1] = replace(tones[-1], end=end)
        else:
            tones.append(Tone(start, end, pitch))
    return tones


def _with_passing(tones: list[Tone], slices: list[Slice], placements: list[Placement], plan: Plan) -> list[Tone]:
    """The bass with a note between where it moves by a third and no other voice would run parallel to it."""
    at = {piece.start: placed for piece, placed in zip(slices, placements, strict=True)}
    found: list[Tone] = []
    for tone, following in zip(tones, [*tones[1:], None], strict=True):
        between = _between(tone, following, plan)
        quiet = not any(tone.start < other.start < tone.end for other in plan.melody)
        if following is None or between is None or not quiet or following.start not in at or tone.start not in at:
            found.append(tone)
            continue
        here, there = at[tone.start], at[following.start]
        if any(parallel(here[voice], between, there[voice], following.pitch) for voice in range(3)):
            found.append(tone)
            continue
        middle = (tone.start + tone.end) // 2
        found += [Tone(tone.start, middle, tone.pitch), Tone(middle, tone.end, between)]
    return found


def _between(tone: Tone, following: Tone | None, plan: Plan) -> int | None:
    if (
        following is None
        or tone.end != following.start
        or tone.end - tone.start != plan.beat_ticks
        or abs(tone.pitch - following.pitch) not in {3, 4}
    ):
        return None
    low, high = sorted((tone.pitch, following.pitch))
    return next((pitch for pitch in range(low + 1, high) if pitch % 12 in plan.key.scale), None)
