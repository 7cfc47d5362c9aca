"""What the ids of the `notes` tokenizer mean: notes with their durations, and time in beats or in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.limits import MAX_NOTES_STEPS
from lstmgen.media.legal import Rows
from lstmgen.media.tunes.events import EventTable, Measures
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.legal import by_grammar
from lstmgen.media.tunes.notes.beats import BAR, BeatWork
from lstmgen.media.tunes.notes.common_key import CommonKeyGrammar, sounding, written
from lstmgen.media.tunes.notes.events import (
    CAST,
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
from lstmgen.media.tunes.notes.grammar import NotesGrammar
from lstmgen.media.tunes.notes.legal import LegalInBeats, rows_in_seconds
from lstmgen.media.tunes.notes.played_out import played_out, repeats_among
from lstmgen.media.tunes.notes.repeats import HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.returns import RETURN
from lstmgen.media.tunes.notes.seats import Cast, Naming, SeatedGrammar, cast_ids, parts_in_order, seated
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.notes.seconds_hole import SecondsHole
from lstmgen.media.tunes.parts import DRUMS, FIRST_DRUMS, INSTRUMENTS, Band, Ensemble, blank, lines_of
from lstmgen.media.tunes.shifts import SHIFT
from lstmgen.media.tunes.slot_names import Names, name_of
from lstmgen.media.tunes.spans import Span
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED, StepLimits
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.media.tunes.time_bases import TimeBase as Base
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.instruments import program_name
from lstmgen.music.keys import key_name, key_of
from lstmgen.music.lanes import Steps
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Score
from lstmgen.wording import counted


@final
class NotesNotation:
    """The ids of notes with their durations, and of time as one of two ways writes it."""

    pitch_kinds: tuple[str, ...] = PITCHES
    starts: tuple[str, ...] = (*PITCHES, DRUM, REPEAT, HALF, TAIL, HEAD, RETURN)
    says_instruments: bool = True

    def __init__(
        self,
        time: BeatWork | SecondWork,
        tracks: int,
        *,
        common_key: bool = False,
        ending_key: bool = False,
        names: Names = (),
        seats: bool = False,
    ) -> None:
        self.time, self._tracks, self._common_key, self._names, self._seats = time, tracks, common_key, names, seats
        self._ending_key = ending_key
        self.base: Base = time.base
        self.whole_bars = isinstance(time, BeatWork)
        self.waits: tuple[str, ...] = (BAR if self.whole_bars else SHIFT,)
        last = [(kind, 128 * (number < tracks and not seats)) for kind, number in TRACK_OF.items() if number]
        last = [*time.last_ranges, (TRACK, tracks * (tracks > 1)), *last, (CAST, INSTRUMENTS * seats)]
        self.table = EventTable([*time.ranges, *NOTE_RANGES, (DURATION, len(time.lengths_D)), *last])

    @property
    def words(self) -> dict[str, Callable[[int], str]]:
        """How the events of each kind read."""
        return {
            **self.time.words,
            PROGRAM: lambda value: "drums" if value == DRUMS else f"part {value + 1}" if self._seats else f"program {program_name(value)}",
            CAST: lambda value: f"cast as {'drums' if value == DRUMS else program_name(value)}",
            TRACK: lambda value: f"number {value + 1}" if self._seats else counted(value + 1, "track"),
            VELOCITY: lambda value: f"velocity {loudness(value)}",
            **{kind: partial(self._pitch_word, number) for kind, number in TRACK_OF.items()},
            DRUM: lambda value: f"drum {value}",
            DURATION: lambda value: f"duration {self.base.word(int(self.time.lengths_D[value]))}",
            TRANSPOSED: lambda value: f"transposed {value - MOST_TRANSPOSED:+d}" if value != MOST_TRANSPOSED else "as written",
            KEY: lambda value: f"key {key_name(value)}",
        }

    def _pitch_word(self, number: int, value: int) -> str:
        track = f" of track {number + 1}" if self._tracks > 1 and not self._seats else ""
        return f"pitch {pitch_name(value)}{' in C' if self._common_key else ''}{track}"

    def write(self, score: Score) -> Ids:
        """The ids of a score; tracks of one program that are not told apart become one, and drums lose their length."""
        return self.write_before(score, 0)

    def write_before(self, score: Score, following: int, *, lines: Sequence[int] = ()) -> Ids:
        """The ids of a score that so many bars follow, in which these lines play the first parts."""
        return self._write(self.in_steps(score), score, following, lines=lines)

    def in_steps(self, score: Score) -> StepNotes:
        """The notes of a score, each of its line."""
        notes = StepNotes.of(score, self.base, most_steps=MAX_NOTES_STEPS, drums=True)
        return replace(notes, line_N=lines_of(score, self._tracks))

    def expressed(self, score: Score) -> StepNotes:
        """The notes of a score as their ids tell them, but for the lengths of drums."""
        notes, index_N, _ = self._in_order(self.in_steps(score))
        return replace(notes, end_N=notes.start_N + self.time.lengths_D[index_N])

    def _in_order(self, notes: StepNotes, lines: Sequence[int] = ()) -> tuple[StepNotes, Steps, Sequence[int]]:
        """The notes in the order in which they are written, the index of the duration of each, and the lines that play the parts."""
        notes, index_N = one_way(notes, self.time.lengths_D)
        if not self._seats:
            return notes, index_N, ()
        lines = parts_in_order(notes, first=lines)
        return *one_way(seated(notes, lines), self.time.lengths_D), lines

    def tell(self, notes: StepNotes) -> Ids:
        """The ids of notes that stand in no score, which names the lines that these name."""
        return self._write(notes, blank())

    def _write(self, notes: StepNotes, score: Score, following: int = 0, *, lines: Sequence[int] = ()) -> Ids:
        notes, index_N, lines = self._in_order(notes, lines)
        named = cast_ids(lines, self.table) if self._seats else names_of(notes.lines, self.table)
        sounding_N = np.where(notes.line_N >= FIRST_DRUMS, 1, self.time.lengths_D[index_N])
        length = max(notes.steps, int((notes.start_N + sounding_N).max(initial=0)))
        head = np.zeros(0, np.int64)
        if self.time.guides:
            head = np.array(
                [self.table.first(TRANSPOSED) + MOST_TRANSPOSED, self.table.first(KEY) + key_of(score, by_ending=self._ending_key)]
            )
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
        if self._seats:
            cast = Cast.of(ids_T, self.table)
            notes = replace(notes, line_N=np.array([cast.line_of(line) for line in notes.line_N.tolist()], np.int64))
            named = dict.fromkeys(cast)
        else:
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
        said = repeats_among(
            ids_T, number_T, times.start_B, times.length_B, table, variants=time.variants, returns=time.returns, line_T=line_T
        )
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
        return self.around(NotesGrammar(self.table, self.time, constraints, limits), constraints)

    def around(self, grammar: NotesGrammar, constraints: Constraints = FREE, *, naming: Naming | None = None) -> Grammar:
        """A grammar of what sounds, and of parts as instruments, told and asked in what is written."""
        players = self._of_players(grammar, constraints, naming)
        return CommonKeyGrammar(players, self.table) if self._common_key else players

    def _of_players(self, grammar: NotesGrammar, constraints: Constraints = FREE, naming: Naming | None = None) -> Grammar:
        """A grammar of what sounds, and of parts as instruments where ids tell parts, told and asked who plays."""
        return SeatedGrammar(grammar, self.table, constraints, self._tracks, naming=naming) if self._seats else grammar

    def legal(self, ids_T: Ids) -> Rows | None:
        """What may come where."""
        if isinstance(self.time, SecondWork):
            begun = partial(by_grammar, self.grammar(FREE, NOTHING_LIMITED), self.table)
            return rows_in_seconds(ids_T, self.table, self.time.lengths_D, begun=begun)
        return self._legal_in_beats(self.sounding(ids_T))

    @cached_property
    def _legal_in_beats(self) -> LegalInBeats:
        def free() -> Grammar:
            return self._of_players(NotesGrammar(self.table, self.time, FREE, NOTHING_LIMITED))

        return LegalInBeats(free, self.table, guides=self.time.guides, common_key=self._common_key)

    def within(self, span: Span) -> SecondsHole:
        """What may come next in a hole."""
        if not isinstance(self.time, SecondWork):
            raise TypeError("of notes in beats whole bars are written anew")
        return SecondsHole(self.table, self.time, span, self._tracks)

    def band(self, like: Score, named: Iterable[int]) -> Band:
        """An ensemble of the lines."""
        return Ensemble(like, named, self._tracks, name_of=lambda line: name_of(line, self._names))
