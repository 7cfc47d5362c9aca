"""The `notes` tokenizer, the default for MIDI: each note with its length, so that no note can hang.

Time in beats, for scores: bars, positions in them, time signatures and tempi. Time in seconds, for performances: hundredths of a second.
A piece names its instruments first; from there on they are written where they change, and so is loudness. What the ids are stands in
`events.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Final, final, get_args

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import TimeBase
from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.limits import MAX_NOTES_STEPS
from lstmgen.media.legal import Rows
from lstmgen.media.tunes import slot_names
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.events import EventTable, Measures
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.holes import Hole, TuneGap
from lstmgen.media.tunes.legal import by_grammar
from lstmgen.media.tunes.notes.beats import BAR, BeatWork
from lstmgen.media.tunes.notes.common_key import CommonKeyGrammar, semitones_above, sounding, written
from lstmgen.media.tunes.notes.events import (
    DRUM,
    DURATION,
    KEY,
    MOST_TRANSPOSED,
    NOTE_RANGES,
    PITCHES,
    PROGRAM,
    TRACK,
    TRACK_OF,
    TRANSPOSED,
    UNSAID_BIN,
    VELOCITY,
    Times,
    lines_said,
    loudness,
    names_of,
    one_way,
)
from lstmgen.media.tunes.notes.gap import NotesGap
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.legal import LegalInBeats, rows_in_seconds
from lstmgen.media.tunes.notes.played_out import played_out, repeats_among
from lstmgen.media.tunes.notes.remaining import LEFT
from lstmgen.media.tunes.notes.repeats import HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.notes.seconds_hole import SecondsHole
from lstmgen.media.tunes.parts import DRUMS, FIRST_DRUMS, MOST_TRACKS, Band, Ensemble, blank, lines_of
from lstmgen.media.tunes.shifts import SHIFT
from lstmgen.media.tunes.slot_names import Names, name_of
from lstmgen.media.tunes.spans import Span, SpanGap
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED, StepLimits
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.media.tunes.time_bases import Beats
from lstmgen.media.tunes.time_bases import TimeBase as Base
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.instruments import program_name
from lstmgen.music.keys import key_name, key_of, moved
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Score
from lstmgen.wording import counted

STEPS_PER_BEAT: Final = (12, 24)
_NEAR_KEYS: Final = 6
"""Semitones by which a tune may lie higher or lower than those that a model has learned."""
_FITS: Final = 0.98
"""Share of the onsets and ends that must lie on a grid for it to be taken."""
_NEAR: Final = 0.1
"""How far from a step, in steps, counts as on it; of times that mean nothing a fifth would be."""


@final
class NotesNotation:
    """The ids of notes with their durations, and of time as one of two ways writes it."""

    pitch_kinds: tuple[str, ...] = PITCHES
    starts: tuple[str, ...] = (*PITCHES, DRUM, REPEAT, HALF, TAIL, HEAD)
    says_instruments: bool = True

    def __init__(self, time: BeatWork | SecondWork, tracks: int, *, common_key: bool = False, names: Names = ()) -> None:
        self.time, self._tracks, self._common_key, self._names = time, tracks, common_key, names
        self.base: Base = time.base
        self.whole_bars = isinstance(time, BeatWork)
        self.waits: tuple[str, ...] = (BAR if self.whole_bars else SHIFT,)
        last = [(kind, 128 * (number < tracks)) for kind, number in TRACK_OF.items() if number]
        self.table = EventTable(
            [*time.ranges, *NOTE_RANGES, (DURATION, len(time.lengths_D)), *time.last_ranges, (TRACK, tracks * (tracks > 1)), *last]
        )

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How the events of each kind read."""
        return {
            **self.time.words,
            PROGRAM: lambda value: "drums" if value == DRUMS else f"program {program_name(value)}",
            TRACK: lambda value: counted(value + 1, "track"),
            VELOCITY: lambda value: f"velocity {loudness(value)}",
            **{kind: partial(self._pitch_word, number) for kind, number in TRACK_OF.items()},
            DRUM: lambda value: f"drum {value}",
            DURATION: lambda value: f"duration {self.base.word(int(self.time.lengths_D[value]))}",
            TRANSPOSED: lambda value: f"transposed {value - MOST_TRANSPOSED:+d}" if value != MOST_TRANSPOSED else "as written",
            KEY: lambda value: f"key {key_name(value)}",
        }

    def _pitch_word(self, number: int, value: int) -> str:
        track = f" of track {number + 1}" if self._tracks > 1 else ""
        return f"pitch {pitch_name(value)}{' in C' if self._common_key else ''}{track}"

    def write(self, score: Score) -> Ids:
        """The ids of a score; tracks of one program that are not told apart become one, and drums lose their length."""
        return self.write_before(score, 0)

    def write_before(self, score: Score, following: int) -> Ids:
        """The ids of a score that so many bars follow."""
        return self._write(self.in_steps(score), score, following)

    def in_steps(self, score: Score) -> StepNotes:
        """The notes of a score, each of its line."""
        notes = StepNotes.of(score, self.base, most_steps=MAX_NOTES_STEPS, drums=True)
        return replace(notes, line_N=lines_of(score, self._tracks))

    def tell(self, notes: StepNotes) -> Ids:
        """The ids of notes that stand in no score, which names the lines that these name."""
        return self._write(notes, blank())

    def _write(self, notes: StepNotes, score: Score, following: int = 0) -> Ids:
        notes, index_N = one_way(notes, self.time.lengths_D)
        sounding_N = np.where(notes.line_N >= FIRST_DRUMS, 1, self.time.lengths_D[index_N])
        length = max(notes.steps, int((notes.start_N + sounding_N).max(initial=0)))
        named = names_of(notes.lines, self.table)
        head = np.zeros(0, np.int64)
        if self.time.guides:
            head = np.array([self.table.first(TRANSPOSED) + MOST_TRANSPOSED, self.table.first(KEY) + key_of(score)])
        timed = self.time.written(notes, index_N, self.table, score=score, length=length, following=following)
        if self.time.length_first:
            head, timed = np.append(timed[:1], head), timed[1:]
        ids_T = np.concatenate([head, named, timed])
        return self.written(ids_T)

    def written(self, ids_T: Ids) -> Ids:
        """The ids from those with pitches as they sound."""
        return written(ids_T, self.table) if self._common_key else ids_T

    def sounding(self, ids_T: Ids) -> Ids:
        """The ids with their pitches as they sound."""
        return sounding(ids_T, self.table) if self._common_key else ids_T

    def read(self, ids_T: Ids) -> StepNotes:
        """The notes of any ids. A drum, whose length is not written, never lasts longer than the piece."""
        ids_T = self.sounding(ids_T)
        times, lengths_D = self.time.read(ids_T, self.table), self.time.lengths_D
        notes, index_N = one_way(self._told(ids_T, times), lengths_D)
        drum_end_N = np.minimum(notes.start_N + self.time.drum_steps, max(times.steps, 1))
        end_N = np.where(notes.line_N >= FIRST_DRUMS, drum_end_N, notes.start_N + lengths_D[index_N])
        named = lines_said(ids_T, self.table)[1] | dict.fromkeys(notes.line_N.tolist())
        keys = self.table.value_of_V[ids_T[self.table.are(ids_T, KEY)]].tolist() if self.time.guides else []
        key = keys[0] if keys else None
        return replace(notes, end_N=end_N, tempos=times.tempos, meters=times.meters, named=named, key=key)

    def _told(self, ids_T: Ids, times: Times) -> StepNotes:
        """The notes as any ids tell them, where a pitch without a duration is none."""
        table, step_T, value_T = self.table, times.step_T, self.table.value_of_V[ids_T]
        line_T, _ = lines_said(ids_T, table)
        bin_T = table.last(ids_T, VELOCITY, before=UNSAID_BIN)
        drum_T = table.are(ids_T, DRUM) & (line_T >= FIRST_DRUMS)
        timed_T: NDArray[np.bool_] = np.append(table.are(ids_T[1:], DURATION), False)[: len(ids_T)]
        pitch_T = table.are(ids_T, *PITCHES) & (line_T < FIRST_DRUMS) & timed_T
        place_N = np.flatnonzero((drum_T | pitch_T) & (step_T >= 0))
        following_N = np.minimum(place_N + 1, max(len(ids_T) - 1, 0))
        duration_N = self.time.lengths_D[np.where(timed_T[place_N], value_T[following_N], 0)]
        written = StepNotes(
            start_N=step_T[place_N],
            end_N=step_T[place_N] + np.where(drum_T[place_N], self.time.drum_steps, duration_N),
            pitch_N=value_T[place_N],
            line_N=line_T[place_N],
            velocity_N=loudness(bin_T[place_N]),
            place_N=place_N,
            steps=times.steps,
        )
        number_T, time = times.number_T, self.time
        if number_T is None or not isinstance(time, BeatWork) or not time.repeats:
            return written
        said = repeats_among(ids_T, number_T, times.start_B, times.length_B, table, variants=time.variants)
        return played_out(written, number_T, said)

    def measure(self, ids_T: Ids) -> Measures:
        """Notes, those of repeated bars too, and seconds."""
        times, note_T = self.time.read(ids_T, self.table), self.table.are(ids_T, *PITCHES, DRUM)
        repeated = ~self.table.are(ids_T[self._told(ids_T, times).place_N], *PITCHES, DRUM)
        return Measures(notes=int(note_T.sum() + repeated.sum()), seconds=self.time.seconds(times))

    def steps_of(self, ids_T: Ids) -> NDArray[np.int64]:
        """The step at which each id stands."""
        return np.maximum(self.time.read(ids_T, self.table).step_T, 0)

    def stretched(self, ids_T: Ids, factor: float) -> Ids:
        """The same piece in other tempi, or with absolute times stretched and rounded anew."""
        slower = self.time.slower(ids_T, self.table, factor)
        return self.tell(self._told(ids_T, self.time.read(ids_T, self.table)).stretched(factor)) if slower is None else slower

    def grammar(self, constraints: Constraints, limits: StepLimits) -> Grammar:
        """What may come next."""
        grammar = NotesGrammar(self.table, self.time, constraints, limits)
        return CommonKeyGrammar(grammar, self.table) if self._common_key else grammar

    def legal(self, ids_T: Ids) -> Rows | None:
        """What may come where."""
        if isinstance(self.time, SecondWork):
            begun = partial(by_grammar, self.grammar(FREE, NOTHING_LIMITED), self.table)
            return rows_in_seconds(ids_T, self.table, self.time.lengths_D, begun=begun)
        return self._legal_in_beats(self.sounding(ids_T))

    @cached_property
    def _legal_in_beats(self) -> LegalInBeats:
        free = partial(NotesGrammar, self.table, self.time, FREE, NOTHING_LIMITED)
        return LegalInBeats(free, self.table, guides=self.time.guides, common_key=self._common_key)

    def within(self, span: Span) -> SecondsHole:
        """What may come next in a hole."""
        if not isinstance(self.time, SecondWork):
            raise TypeError("of notes in beats whole bars are written anew")
        return SecondsHole(self.table, self.time, span, self._tracks)

    def band(self, like: Score, named: Iterable[int]) -> Band:
        """An ensemble of the lines."""
        return Ensemble(like, named, self._tracks, name_of=lambda line: name_of(line, self._names))


@final
@dataclass(frozen=True)
class NotesTokenizer(EventTokenizer):
    """Notes in beats or in seconds.

    Attributes:
        time_base: `beats` or `seconds`.
        steps_per_beat: 12 or 24, in beats; both hold triplets exactly.
        repeats: in beats, whether a bar that comes back is one event.
        variants: with repeats, whether a bar comes back with other velocities too, and a first half with another end.
        tails: with variants, whether a tail comes back behind another beginning.
        guides: in beats, whether a piece begins with its key and by how much it was transposed, and each bar says how many remain.
        common_key: with guides, whether pitches are written as if every tonic were C.
        tracks: how many tracks of one program stay apart, 1 to 16; those beyond are one with the last.
        grammar: whether a model gives what the grammar forbids no probability.
        names: what the corpus calls the tracks; samples do too.
        length_first: with guides, whether how many bars there are is said before all else, so that what is drawn for a length that was
            asked for, the key first, is as pieces of that length have it; not in older models.
        heads: with variants, whether what comes back of the beginning of a bar may be longer than its first half, but not of other
            velocities; not in older models.

    Raises:
        UsageError: the time base, the steps or the tracks are none of these, repeats or guides are asked for where there are no bars,
            variants without repeats, tails without variants, or a common key where none is said.
    """

    name: ClassVar = "notes"
    later: ClassVar = ("repeats", "guides", "common_key", "tracks", "variants", "grammar", "names", "tails", "length_first", "heads")

    time_base: TimeBase = "beats"
    steps_per_beat: int = 24
    repeats: bool = False
    guides: bool = False
    tracks: int = 1
    common_key: bool = False
    variants: bool = False
    grammar: bool = False
    names: Names = ()
    tails: bool = False
    length_first: bool = False
    heads: bool = False

    def __post_init__(self) -> None:
        if self.time_base not in get_args(TimeBase):
            raise UsageError(f"the time base is {ascii(self.time_base)[:40]}, expected beats or seconds", remedy="--time-base beats")
        if self.steps_per_beat not in STEPS_PER_BEAT:
            raise UsageError(
                f"{counted(self.steps_per_beat, 'step')} to the beat, expected 12 or 24 for notes", remedy="--steps-per-beat 24"
            )
        if not 1 <= self.tracks <= MOST_TRACKS:
            raise UsageError(f"{counted(self.tracks, 'track')} of a program, expected 1 to {MOST_TRACKS}", remedy="leave it out")
        if self.common_key and not self.guides:
            raise UsageError("--common-key needs the key to be said, which --guides does", remedy="leave --common-key out, or add --guides")
        if self.variants and not self.repeats:
            raise UsageError("--variants are repeats that vary, and there are none", remedy="leave --variants out, or add --repeats")
        if (self.tails or self.heads) and not self.variants:
            name = "tails" if self.tails else "heads"
            raise UsageError(f"--{name} are variants of bars, and there are none", remedy=f"leave --{name} out, or add --variants")
        for name in ("repeats", "guides"):
            if getattr(self, name) and self.time_base != "beats":
                remedy = f"leave --{name} out, or choose --time-base beats"
                raise UsageError(f"--{name} needs bars, and notes in seconds have none", remedy=remedy)

    @cached_property
    def notation(self) -> NotesNotation:
        """What its ids mean."""
        in_beats = self.time_base == "beats"
        time = SecondWork()
        if in_beats:
            ways = {name: getattr(self, name) for name in ("repeats", "guides", "variants", "tails", "length_first", "heads")}
            time = BeatWork(self.steps_per_beat, **ways)
        return NotesNotation(time, self.tracks, common_key=self.common_key, names=self.names)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it."""
        return super().to_json() | ({"names": slot_names.to_json(self.names)} if self.names else {})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> NotesTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        others = {name: value for name, value in values.items() if name != "names"}
        return replace(super().from_json(others), names=slot_names.from_json(values.get("names", {})))

    @property
    def stretches(self) -> bool:
        """Not where the tempo is written and a sample is to have that of the corpus: at other speeds the notes would be the same."""
        return not self.guides

    @property
    def transposes(self) -> bool:
        """Not where all keys are written alike."""
        return not self.common_key

    @property
    def told_kinds(self) -> tuple[str, ...]:
        """What is drawn stands as it was written, and its bars are counted."""
        return (TRANSPOSED, LEFT) if self.guides else ()

    def encode_prompt(self, score: Score, *, bars: int) -> Ids:
        """The ids of a score that so many bars are to follow."""
        return self.notation.write_before(score, bars)

    def keys_for(self, key: int | None) -> Ids:
        """Of a common key all of its mode that lie near it: each stands for the same notes, and the corpus may have no tune in this one."""
        if key is None or not self.common_key:
            return super().keys_for(key)
        others = [other for other in range(key // 12 * 12, key // 12 * 12 + 12) if other != key]
        near = [other for other in others if abs(semitones_above(other) - semitones_above(key)) <= _NEAR_KEYS]
        return self.table.first(KEY) + np.array([key, *near])

    def gap(self, hole: Hole) -> TuneGap:
        """A part of a tune that is to be written anew."""
        time = self.notation.time
        return NotesGap(self, time, hole) if isinstance(time, BeatWork) else SpanGap(self, hole)

    def sounding(self, ids_T: Ids) -> Ids:
        """The ids of a piece with its pitches as they sound."""
        return self.notation.sounding(ids_T)

    def written(self, ids_T: Ids) -> Ids:
        """The ids of a piece from those with its pitches as they sound."""
        return self.notation.written(ids_T)

    def marked(self, ids_T: Ids, semitones: int) -> Ids:
        """The ids of a piece that has been transposed: by how much, and into which key."""
        if not self.guides or not semitones:
            return ids_T
        values_T, by_T, key_T = self.table.value_of_V[ids_T], self.table.are(ids_T, TRANSPOSED), self.table.are(ids_T, KEY)
        ids_T[by_T] = self.table.first(TRANSPOSED) + np.clip(values_T[by_T] + semitones, 0, 2 * MOST_TRANSPOSED)
        ids_T[key_T] = self.table.first(KEY) + np.array([moved(key, semitones) for key in values_T[key_T].tolist()], np.int64)
        return ids_T


def best_options(scores: Sequence[Score]) -> dict[str, Any]:
    """What fits the scores: beats where most onsets lie on a grid, else seconds; and the coarsest grid on which nearly all times lie."""
    on_grid = {steps: _share_on_grid(scores, Beats(steps)) for steps in STEPS_PER_BEAT}
    if max(on_grid.values()) < (1 + 2 * _NEAR) / 2:
        return {"time_base": "seconds", "steps_per_beat": STEPS_PER_BEAT[-1]}
    fitting = [steps for steps in STEPS_PER_BEAT if on_grid[steps] >= _FITS]
    return {"time_base": "beats", "steps_per_beat": fitting[0] if fitting else STEPS_PER_BEAT[-1]}


def _share_on_grid(scores: Sequence[Score], base: Beats) -> float:
    """Share of all onsets that lie near a step."""
    near = count = 0
    for score in scores:
        places = base.places(score, score.notes.start_ticks)
        near += int((np.abs(places - np.rint(places)) <= _NEAR).sum())
        count += len(places)
    return near / max(1, count)
