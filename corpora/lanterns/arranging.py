# ruff: noqa: INP001 - a script's own modules, beside it
"""The ways in which a tune is played: each layer of an arrangement turns melody and chords into the notes of a part.

Lead      the melody                      Comp     chords and basses after a pattern
Second    a voice under it                Walk     a bass of quarter notes on its way to the next root
Canon     the melody, some bars later     Kit      drums after a groove
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from notation import TICKS_PER_BEAT, Bar, Chord, Part, Plan, Tone
from orchestra import GROOVES, Instrument

_FIFTHS: Final = frozenset({6, 7, 8})
_THIRDS_AND_SIXTHS: Final = (2, 3, 5, 4)
"""Steps of the scale under a melody note that a second voice tries, in this order."""


@dataclass(frozen=True)
class Lead:
    """The melody.

    Attributes:
        instrument: who plays it.
        octaves: how far up.
        only: the sections in which it plays; all where empty.
        level: added to every velocity.
        gate: share of its length that a note sounds.
    """

    instrument: Instrument
    octaves: int = 0
    only: str = ""
    level: int = 10
    gate: float = 0.95

    def play(self, plan: Plan) -> list[Part]:
        """Its one part."""
        tones = [replace(tone, pitch=tone.pitch + 12 * self.octaves) for tone in plan.melody]
        return [Part(instrument=self.instrument, tones=_gated(_within(tones, plan, self.only), self.gate), level=self.level, sings=True)]


@dataclass(frozen=True)
class Second:
    """A voice in thirds and sixths under the melody."""

    instrument: Instrument
    octaves: int = 0
    only: str = ""
    level: int = 0
    gate: float = 0.95

    def play(self, plan: Plan) -> list[Part]:
        """Its one part."""
        scale = sorted(pitch for pitch in range(128) if pitch % 12 in plan.key.scale)
        tones = [replace(tone, pitch=_under(tone, scale, plan) + 12 * self.octaves) for tone in plan.melody]
        return [Part(instrument=self.instrument, tones=_gated(_within(tones, plan, self.only), self.gate), level=self.level, sings=True)]


@dataclass(frozen=True)
class Canon:
    """The melody once more, some bars later; what would sound beyond the end is left out."""

    instrument: Instrument
    bars: int
    octaves: int = 0
    level: int = 4

    def play(self, plan: Plan) -> list[Part]:
        """Its one part."""
        late = self.bars * plan.bar_ticks
        end = plan.bars[-1].end
        moved = [Tone(tone.start + late, tone.end + late, tone.pitch + 12 * self.octaves) for tone in plan.melody if tone.end + late <= end]
        return [Part(instrument=self.instrument, tones=_gated(moved, 0.95), level=self.level, sings=True)]


@dataclass(frozen=True)
class Comp:
    """Chords and basses after a pattern for each bar.

    A pattern is a row of words of equal length, each of which strikes: R the root in the bass (of G/B the B), 8 the same an octave higher,
    F the chord's fifth in the bass, 1 to 6 the notes of the chord from below, c all of them, . nothing; - goes on with what sounds.

    Attributes:
        instrument: who plays it.
        patterns: taken in turn, bar by bar, from the beginning of each section.
        bass: the lowest note of the basses.
        chord: about the lowest note of the chords.
        only: the sections in which it plays; all where empty.
        level: added to every velocity.
        gate: share of its length that a note sounds.
    """

    instrument: Instrument
    patterns: tuple[str, ...]
    bass: int = 38
    chord: int = 54
    only: str = ""
    level: int = -8
    gate: float = 0.9

    def play(self, plan: Plan) -> list[Part]:
        """Its one part."""
        voicings = _voicings(plan.chords, self.chord)
        roots = _roots(plan.chords, self.bass)
        tones: list[Tone] = []
        for bar, pattern in _patterns(plan, self.patterns):
            if self.only and bar.section not in self.only:
                continue
            for word, place, start, stop in _strokes(bar, pattern) if bar is not plan.bars[-1] else _ending(bar, pattern, plan.chords):
                chord = plan.chord_at(start)
                if chord is None:
                    continue
                end = min(stop, chord.end)
                pitches = _struck(word, chord, voicings[chord.start], roots[chord.start], max(self.instrument.low, self.bass - 5))
                tones += [Tone(start, end, pitch, accent=0 if place == 0 else -3) for pitch in pitches]
        return [Part(instrument=self.instrument, tones=_gated(tones, self.gate), level=self.level)]


@dataclass(frozen=True)
class Walk:
    """A bass in quarter notes: the root, notes of the chord, and a step into the next root."""

    instrument: Instrument
    floor: int = 28
    only: str = ""
    level: int = -2

    def play(self, plan: Plan) -> list[Part]:
        """Its one part."""
        tones: list[Tone] = []
        at = self.floor + 7
        for place, chord in enumerate(plan.chords):
            following = plan.chords[place + 1] if place + 1 < len(plan.chords) else None
            last = chord.end == plan.bars[-1].end
            beats = 1 if last else (chord.end - chord.start) // TICKS_PER_BEAT
            root = _nearest(chord.bass, at, self.floor, self.floor + 17)
            goal = _nearest(following.bass, root, self.floor, self.floor + 17) if following else root
            path = _walked(chord, root, goal, beats, self.floor)
            at = path[-1]
            lengths = [chord.end - chord.start] if last else [TICKS_PER_BEAT] * beats
            tones += [
                Tone(chord.start + step * TICKS_PER_BEAT, chord.start + step * TICKS_PER_BEAT + length, pitch)
                for step, (pitch, length) in enumerate(zip(path, lengths, strict=True))
            ]
        return [Part(instrument=self.instrument, tones=_gated(_within(tones, plan, self.only), 0.92), level=self.level)]


@dataclass(frozen=True)
class Kit:
    """Drums after a groove of `orchestra.GROOVES`, with a fill at the end of each section and one stroke on the last bar.

    In a groove x is a stroke, X a loud one, o a soft one; bars are divided by |.
    """

    instrument: Instrument
    groove: str
    only: str = ""
    level: int = -6

    def play(self, plan: Plan) -> list[Part]:
        """Its one part."""
        lines, fill, ending = GROOVES[self.groove]
        tones: list[Tone] = []
        count = 0
        for place, bar in enumerate(plan.bars):
            count = 0 if place == 0 or plan.bars[place - 1].section != bar.section else count + 1
            last_of_section = place + 1 == len(plan.bars) or plan.bars[place + 1].section != bar.section
            if (self.only and bar.section not in self.only) or plan.chord_at(bar.start) is None:
                continue
            use = ending if bar is plan.bars[-1] else fill if last_of_section and fill else lines
            for pitch, line in use.items():
                choices = line.split("|")
                strokes = choices[count % len(choices)]
                slot = plan.bar_ticks // len(strokes)
                tones += [
                    Tone(
                        bar.start + at * slot,
                        bar.start + at * slot + min(slot, TICKS_PER_BEAT // 4),
                        pitch,
                        accent={"X": 8, "o": -12}.get(mark, 0),
                    )
                    for at, mark in enumerate(strokes)
                    if mark in "Xxo"
                ]
        return [Part(instrument=self.instrument, tones=tuple(tones), level=self.level)]


def _within(tones: Iterable[Tone], plan: Plan, only: str) -> list[Tone]:
    """The notes that begin in the chosen sections; an upbeat belongs to the section that follows."""
    if not only:
        return list(tones)
    first = plan.bars[0] if plan.chord_at(0) is None else None
    spans = [(bar.start, bar.end) for bar in plan.bars if bar.section in only and bar is not first]
    return [tone for tone in tones if any(start <= tone.start < end for start, end in spans)]


def _gated(tones: Iterable[Tone], gate: float) -> tuple[Tone, ...]:
    """Notes shortened to a share of their length, and to where the next of the same pitch begins; of two at once one remains."""
    kept: dict[tuple[int, int], Tone] = {}
    for tone in sorted(tones, key=lambda tone: (tone.start, tone.pitch, -tone.end)):
        kept.setdefault((tone.start, tone.pitch), tone)
    ordered = sorted(kept.values(), key=lambda tone: (tone.pitch, tone.start))
    ends = [
        min(tone.end, later.start) if later is not None and later.pitch == tone.pitch else tone.end
        for tone, later in zip(ordered, [*ordered[1:], None], strict=False)
    ]
    shorter = [replace(tone, end=tone.start + _short(end - tone.start, gate)) for tone, end in zip(ordered, ends, strict=True)]
    return tuple(sorted(shorter, key=lambda tone: (tone.start, tone.pitch)))


def _short(ticks: int, gate: float) -> int:
    """A share of a length; the breath that is taken is never longer than an eighth."""
    return ticks - min(round(ticks * (1 - gate)), TICKS_PER_BEAT // 2)


def _under(tone: Tone, scale: list[int], plan: Plan) -> int:
    chord = plan.chord_at(tone.start)
    below = [pitch for pitch in scale if pitch < tone.pitch]
    choices = [below[-steps] for steps in _THIRDS_AND_SIXTHS]
    harmonic = [pitch for pitch in choices if chord is not None and pitch % 12 in chord.tones]
    long = tone.end - tone.start >= TICKS_PER_BEAT
    return (harmonic or choices)[0] if long or tone.start % TICKS_PER_BEAT == 0 else choices[0]


def _voicings(chords: tuple[Chord, ...], floor: int) -> dict[int, tuple[int, ...]]:
    """For each chord, by its tick, its notes in close position: the inversion that is nearest to the one before."""
    found: dict[int, tuple[int, ...]] = {}
    before: tuple[int, ...] = ()
    for chord in chords:
        lowest = [pitch for pitch in range(floor - 3, floor + 9) if pitch % 12 in chord.tones]
        options = [tuple(sorted(pitch + (tone - pitch) % 12 for tone in chord.tones)) for pitch in lowest]
        before = min(options, key=lambda option: (_distance(option, before) if before else abs(option[0] - floor), option))
        found[chord.start] = before
    return found


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(min(abs(pitch - near) for near in other) for pitch in one) + abs(one[-1] - other[-1])


def _roots(chords: tuple[Chord, ...], floor: int) -> dict[int, int]:
    return {chord.start: floor + (chord.bass - floor) % 12 for chord in chords}


def _struck(word: str, chord: Chord, voicing: tuple[int, ...], root: int, lowest: int) -> list[int]:
    """The pitches that a word of a pattern means; the fifth is taken below the root where that is not too low."""
    fifth = next(((tone - root) % 12 for tone in chord.tones if (tone - chord.tones[0]) % 12 in _FIFTHS), 0)
    if chord.bass != chord.tones[0]:
        fifth = 0
    low_fifth = root + fifth - (12 if fifth and root + fifth - 12 >= lowest else 0)
    ladder = [*voicing, *(pitch + 12 for pitch in voicing)]
    pitches: list[int] = []
    for sign in word:
        if sign == "c":
            pitches += voicing
        elif sign in "R8F":
            pitches.append({"R": root, "8": root + 12, "F": low_fifth}[sign])
        else:
            pitches.append(ladder[int(sign) - 1])
    return pitches


def _patterns(plan: Plan, patterns: tuple[str, ...]) -> Iterable[tuple[Bar, str]]:
    count = 0
    for place, bar in enumerate(plan.bars):
        fresh = place == 0 or plan.bars[place - 1].section != bar.section or plan.chord_at(plan.bars[place - 1].start) is None
        count = 0 if fresh else count + 1
        yield bar, patterns[count % len(patterns)]


Stroke = tuple[str, int, int, int]
"""A word of a pattern, its place in the bar, and the ticks at which it begins and ends."""


def _strokes(bar: Bar, pattern: str) -> Iterable[Stroke]:
    words = pattern.split()
    slot = (bar.end - bar.start) // len(words)
    for place, word in enumerate(words):
        if word not in {".", "-"}:
            held = next((more for more, later in enumerate(words[place + 1 :], 1) if later != "-"), len(words) - place)
            yield word, place, bar.start + place * slot, bar.start + (place + held) * slot


def _ending(bar: Bar, pattern: str, chords: tuple[Chord, ...]) -> Iterable[Stroke]:
    """The last bar: whatever the pattern strikes, struck once for each chord and held."""
    word = ("R" if set("R8F") & set(pattern) else "") + ("c" if set("c123456") & set(pattern) else "")
    for place, chord in enumerate(chord for chord in chords if chord.start >= bar.start):
        yield word, place, chord.start, chord.end


def _nearest(tone: int, near: int, low: int, high: int) -> int:
    return min((pitch for pitch in range(low, high + 1) if pitch % 12 == tone), key=lambda pitch: (abs(pitch - near), pitch))


def _walked(chord: Chord, root: int, goal: int, beats: int, floor: int) -> list[int]:
    if beats <= 1:
        return [root]
    up = goal > root or (goal == root and root < floor + 8)
    around = [pitch for pitch in range(max(floor, root - 12), root + 13) if pitch % 12 in chord.tones and pitch != root]
    between = sorted((pitch for pitch in around if (pitch > root) == up), key=lambda pitch: abs(pitch - root)) or around
    inner = [between[min(step, len(between) - 1)] for step in range(beats - 2)]
    last = inner[-1] if inner else root
    approach = min((goal - 1, goal + 1, goal - 2, goal + 2), key=lambda pitch: (pitch < floor, abs(pitch - last) < 1, abs(pitch - last)))
    return [root, *inner, approach]
