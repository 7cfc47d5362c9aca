# ruff: noqa: INP001 - a script's own modules, beside it
"""How the tunes of this folder are written down, and what they become: notes and chords in ticks.

    D4 G G8 A B G | B2 A4 | r4 d2~ | d2.

A capital letter is a note from middle C up to the B above it, a small letter one of the octave above; each ' raises and each , lowers by an
octave. The key signature holds; #, b and = behind a letter change that one note. The number is the part of a whole note (4 a quarter, 8 an
eighth, 12 an eighth of a triplet), dots lengthen it, and a note without a number is as long as the one before. r is a rest, ~ ties to the
next note. Bars end with |. A short first bar is an upbeat: it takes the end of the bar before it.

    G | C G/B | Am:2 D7 | %

Chords are one bar each, sharing it evenly unless :n gives them n beats; % is the bar before once more. An upbeat has none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from orchestra import Instrument

TICKS_PER_BEAT: Final = 480
WHOLE: Final = 4 * TICKS_PER_BEAT
LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"": 0, "#": 1, "b": -1, "=": 0}
_SHARP_ORDER: Final = "FCGDAEB"
_MAJOR_SHARPS: Final = {
    name: sharps
    for sharps, name in enumerate(("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"), start=-7)
}
_MODES: Final = {"major": 0, "lydian": 1, "mixolydian": -1, "dorian": -2, "minor": -3, "phrygian": -4}
_MINOR_MODES: Final = {"dorian", "minor", "phrygian"}
_NOTE: Final = re.compile(r"(?P<letter>[A-Ga-gr])(?P<sign>[#b=]?)(?P<octaves>[',]*)(?P<part>\d*)(?P<dots>\.*)(?P<tie>~?)")
_CHORD: Final = re.compile(r"(?P<root>[A-G][#b]?)(?P<quality>[a-z0-9]*)(?:/(?P<bass>[A-G][#b]?))?(?::(?P<beats>\d+))?")
QUALITIES: Final = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "9": (0, 4, 10, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
}
LEVELS: Final = {"p": 50, "mp": 60, "mf": 72, "f": 86}


@dataclass(frozen=True)
class Key:
    """A tonic and a mode, such as G or D dorian."""

    name: str

    @property
    def tonic(self) -> int:
        """Pitch class."""
        return pitch_class(self.name.split()[0])

    @property
    def mode(self) -> str:
        """Major where nothing is said."""
        return [*self.name.split(), "major"][1]

    @property
    def sharps(self) -> int:
        """Of the signature; flats count below 0."""
        return _MAJOR_SHARPS[self.name.split()[0]] + _MODES[self.mode]

    @property
    def minor(self) -> bool:
        """Whether the third is small."""
        return self.mode in _MINOR_MODES

    def sign(self, letter: str) -> int:
        """Semitones that the signature adds to a capital letter."""
        if letter in _SHARP_ORDER[: max(0, self.sharps)]:
            return 1
        return -1 if letter in _SHARP_ORDER[::-1][: max(0, -self.sharps)] else 0

    @property
    def scale(self) -> frozenset[int]:
        """Pitch classes."""
        return frozenset((value + self.sign(letter)) % 12 for letter, value in LETTERS.items())


@dataclass(frozen=True)
class Tone:
    """A note that sounds from one tick to another."""

    start: int
    end: int
    pitch: int
    accent: int = 0


@dataclass(frozen=True)
class Chord:
    """A chord over a span of ticks; pitch classes, the root first."""

    start: int
    end: int
    name: str
    tones: tuple[int, ...]
    bass: int


@dataclass(frozen=True)
class Bar:
    """A bar, and the letter of the section that it belongs to."""

    start: int
    end: int
    section: str


@dataclass(frozen=True, kw_only=True)
class Tune:
    """One piece as it is typed.

    Attributes:
        file: name of its file, without the ending.
        title: as people call it.
        origin: where the melody comes from; OWN where it was made for this corpus.
        key: the key that it is written in.
        to: the key that it sounds in, where that is another one.
        meter: such as 3/4.
        tempo: quarter notes a minute.
        band: the layers of its arrangement.
        form: its sections in order; a small letter is the section of the capital once more, for layers that play only then.
        sections: melody and chords of each.
        dynamics: of sections, such as "A:mp B:f"; mf elsewhere.
        swing: whether the second half of a beat comes late, as in jazz.
        slows: whether the last two bars slow down.
    """

    file: str
    title: str
    origin: str
    key: str
    to: str = ""
    meter: str
    tempo: int
    band: tuple[Layer, ...]
    form: str = "A"
    sections: dict[str, tuple[str, str]]
    dynamics: str = ""
    swing: bool = False
    slows: bool = False


class Layer(Protocol):
    """One or more parts of an arrangement; `arranging.py` and `voices.py` have them all."""

    def play(self, plan: Plan) -> list[Part]:
        """Its parts of a tune."""
        ...


@dataclass(frozen=True, kw_only=True)
class Part:
    """The notes of one track.

    Attributes:
        instrument: who plays it.
        tones: its notes.
        level: added to every velocity.
        sings: whether it is shaped as a melody: louder where it rises.
    """

    instrument: Instrument
    tones: tuple[Tone, ...]
    level: int
    sings: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A tune laid out in time, before anybody plays it."""

    tune: Tune
    key: Key
    beats: int
    beat_ticks: int
    melody: tuple[Tone, ...]
    chords: tuple[Chord, ...]
    bars: tuple[Bar, ...]
    levels: dict[str, int] = field(default_factory=dict)

    @property
    def bar_ticks(self) -> int:
        """Length of every bar."""
        return self.beats * self.beat_ticks

    def chord_at(self, tick: int) -> Chord | None:
        """The chord that sounds at a tick."""
        return next((chord for chord in self.chords if chord.start <= tick < chord.end), None)


def pitch_class(name: str) -> int:
    """Of a note's name such as Bb."""
    return (LETTERS[name[0]] + sum(_SIGNS[sign] for sign in name[1:])) % 12


def laid_out(tune: Tune) -> Plan:
    """A tune in ticks.

    Raises:
        ValueError: a bar is too long or too short, chords are missing, or an upbeat does not fit.
    """
    beats, part = (int(number) for number in tune.meter.split("/"))
    bar_ticks = beats * WHOLE // part
    key = Key(tune.key)
    now, melody, chords, bars = 0, [], [], []
    for letter in tune.form:
        notes, names = tune.sections[letter if letter in tune.sections else letter.upper()]
        lines = _tones(notes, key)
        lengths = [sum(ticks for _, ticks, _ in line) for line in lines]
        upbeat = lengths[0] if len(lines) > 1 and lengths[0] < bar_ticks else 0
        if not melody and upbeat:
            bars.append(Bar(0, bar_ticks, letter))
            now = bar_ticks
        whole = lengths[bool(upbeat) :]
        if any(length != bar_ticks for length in whole[:-1]) or not 0 < whole[-1] <= bar_ticks:
            raise ValueError(f"{tune.file}, {letter}: bars of {[length / bar_ticks for length in whole]}")
        start = now - upbeat
        if melody and melody[-1].end > start:
            raise ValueError(f"{tune.file}, {letter}: the upbeat does not fit")
        melody += _placed([tone for line in lines for tone in line], start)
        chords += _chords(names, now, count=len(whole), beat_ticks=WHOLE // part, beats=beats, where=f"{tune.file}, {letter}")
        bars += [Bar(now + place * bar_ticks, now + (place + 1) * bar_ticks, letter) for place in range(len(whole))]
        now += len(whole) * bar_ticks
    levels = {item.split(":")[0]: LEVELS[item.split(":")[1]] for item in tune.dynamics.split()}
    plan = Plan(
        tune=tune,
        key=key,
        beats=beats,
        beat_ticks=WHOLE // part,
        melody=tuple(melody),
        chords=tuple(chords),
        bars=tuple(bars),
        levels=levels,
    )
    return _moved(plan, Key(tune.to)) if tune.to else plan


def _tones(notes: str, key: Key) -> list[list[tuple[int | None, int, bool]]]:
    """(pitch, ticks, tied) of every note of every bar."""
    bars: list[list[tuple[int | None, int, bool]]] = []
    ticks = 0
    for line in notes.split("|"):
        bars.append([])
        for word in line.split():
            match = _NOTE.fullmatch(word)
            if match is None:
                raise ValueError(f"{word!r} is not a note")
            if match["part"]:
                plain = WHOLE // int(match["part"])
                ticks = 2 * plain - plain // 2 ** len(match["dots"])
            letter = match["letter"].upper()
            sign = _SIGNS[match["sign"]] if match["sign"] else key.sign(letter)
            octave = match["letter"].islower() + match["octaves"].count("'") - match["octaves"].count(",")
            pitch = None if letter == "R" else 60 + LETTERS[letter] + sign + 12 * octave
            bars[-1].append((pitch, ticks, bool(match["tie"])))
    return bars


def _placed(tones: list[tuple[int | None, int, bool]], start: int) -> Iterator[Tone]:
    begun: Tone | None = None
    for pitch, ticks, tied in tones:
        if begun is not None and begun.pitch != pitch:
            raise ValueError(f"a tie leads from pitch {begun.pitch} to {pitch}")
        if pitch is not None:
            tone = replace(begun, end=start + ticks) if begun else Tone(start, start + ticks, pitch)
            begun = tone if tied else None
            if not tied:
                yield tone
        start += ticks


def _chords(names: str, start: int, *, count: int, beat_ticks: int, beats: int, where: str) -> list[Chord]:
    lines = [line.split() for line in names.split("|")]
    lines = [lines[place - 1] if line == ["%"] else line for place, line in enumerate(lines)]
    if len(lines) != count:
        raise ValueError(f"{where}: {len(lines)} bars of chords for {count} bars")
    found = []
    for line in lines:
        matches = [_CHORD.fullmatch(name) for name in line]
        if not line or None in matches:
            raise ValueError(f"{where}: {line} are not chords")
        given = [int(match["beats"] or 0) * beat_ticks for match in matches if match]
        rest = beats * beat_ticks - sum(given)
        lengths = [ticks or rest // given.count(0) for ticks in given]
        if sum(lengths) != beats * beat_ticks:
            raise ValueError(f"{where}: {line} do not fill the bar")
        for match, ticks in zip(matches, lengths, strict=True):
            assert match is not None  # noqa: S101 - tested above
            root = pitch_class(match["root"])
            tones = tuple((root + step) % 12 for step in QUALITIES[match["quality"]])
            bass = pitch_class(match["bass"]) if match["bass"] else root
            found.append(Chord(start, start + ticks, match[0].split(":")[0], tones, bass))
            start += ticks
    return found


def _moved(plan: Plan, key: Key) -> Plan:
    """The same in another key, by the shortest way."""
    steps = (key.tonic - plan.key.tonic + 5) % 12 - 5
    return replace(
        plan,
        key=key,
        melody=tuple(replace(tone, pitch=tone.pitch + steps) for tone in plan.melody),
        chords=tuple(
            replace(chord, tones=tuple((tone + steps) % 12 for tone in chord.tones), bass=(chord.bass + steps) % 12)
            for chord in plan.chords
        ),
    )
