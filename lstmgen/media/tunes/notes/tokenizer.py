"""The `notes` tokenizer, the default for MIDI: each note with its length, so that no note can hang.

Time in beats, for scores: bars, positions in them, time signatures and tempi. Time in seconds, for performances: hundredths of a second.
A piece names its instruments first; from there on they are written where they change, and so is loudness. What the ids are stands in
`notes_events.py`. The idea of bars and positions is that of REMI (Huang and Yang 2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final, get_args

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.choices import TimeBase
from lstmgen.errors import InputError, UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.text.byte_table import BOUNDARY_PIECE, check_ids
from lstmgen.media.tunes.base import Measures
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.cursor import NotesCursor
from lstmgen.media.tunes.notes.events import (
    BAR,
    DRUM,
    DRUMS,
    DURATION,
    METER,
    METERS,
    PITCH,
    POSITION,
    PROGRAM,
    SHIFT,
    STEPS_PER_S,
    TEMPO,
    TEMPO_BINS,
    TEMPO_BINS_PER_OCTAVE,
    VELOCITIES_PER_BIN,
    VELOCITY,
    Written,
    durations,
    note_rows,
    notes_in,
    one_way,
    table,
    tempo_us,
)
from lstmgen.media.tunes.notes.time import bar_rows, beat_time, in_order, second_steps, second_time, shift_rows
from lstmgen.media.tunes.parts import DEFAULT_TICKS_PER_BEAT, LAST_TICK
from lstmgen.media.tunes.step_limits import Pulse, StepLimits
from lstmgen.media.tunes.transposing import transposed, transpositions
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import Meter, Notes, Score, TempoMap, Track

STEPS_PER_BEAT: Final = (12, 24)
_FITS: Final = 0.98
"""Share of the onsets and ends that must lie on a grid for it to be taken."""
_NEAR: Final = 0.1
"""How far from a step, in steps, counts as on it; of times that mean nothing a fifth would be."""


@final
@dataclass(frozen=True)
class NotesTokenizer:
    """Notes in beats or in seconds.

    Attributes:
        time_base: `beats` or `seconds`.
        steps_per_beat: 12 or 24, in beats; both hold triplets exactly.

    Raises:
        UsageError: the time base or the steps are none of these.
    """

    time_base: TimeBase = "beats"
    steps_per_beat: int = 24

    def __post_init__(self) -> None:
        if self.time_base not in get_args(TimeBase):
            raise UsageError(f"the time base is {self.time_base!r}, expected beats or seconds", remedy="--time-base beats")
        if self.steps_per_beat not in STEPS_PER_BEAT:
            raise UsageError(f"{self.steps_per_beat} steps to the beat, expected 12 or 24 for notes", remedy="--steps-per-beat 24")

    @cached_property
    def table(self) -> EventTable:
        """The ranges of ids."""
        return table(self.time_base, self.steps_per_beat)

    @property
    def name(self) -> str:
        """`notes`."""
        return "notes"

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        return self.table.vocab_size

    @property
    def clock(self) -> None:
        """None: the ids say how time passes."""

    @property
    def _in_beats(self) -> bool:
        return self.time_base == "beats"

    @property
    def _lengths_D(self) -> NDArray[np.int64]:
        return durations(self.time_base, self.steps_per_beat)

    @property
    def _drum_steps(self) -> int:
        return self.steps_per_beat // 4 if self._in_beats else STEPS_PER_S // 10

    def encode(self, score: Score) -> Ids:
        """The ids of a score; tracks of one program become one, and drums lose their length.

        Raises:
            InputError: the piece is longer than any real one.
        """
        length = int(self._steps(score, np.array([score.length_ticks]))[0])
        if length > limits.MAX_NOTES_STEPS:
            raise InputError(f"the piece has {length:,} steps, expected at most {limits.MAX_NOTES_STEPS:,}", remedy="leave the piece out")
        notes = score.notes
        start_N = self._steps(score, notes.start_ticks)
        written = Written(
            start_N=start_N,
            end_N=np.maximum(self._steps(score, notes.end_ticks), start_N + 1),
            instrument_N=np.where(notes.drum, DRUMS, notes.program.astype(np.int64)),
            pitch_N=notes.pitch.astype(np.int64),
            bin_N=notes.velocity.astype(np.int64) // VELOCITIES_PER_BIN,
            place_N=np.zeros(len(start_N), np.int64),
        )
        return self._ids(written, length, score)

    def _ids(self, written: Written, length: int, score: Score | None) -> Ids:
        written, index_N = one_way(written, self._lengths_D)
        sounding = np.where(written.instrument_N == DRUMS, 1, self._lengths_D[index_N])
        length = max(length, int((written.start_N + sounding).max()) if len(index_N) else 0)
        if self._in_beats and score is not None:
            time = bar_rows(score, written.start_N, self.table, steps_per_beat=self.steps_per_beat, length=length)
        else:
            time = shift_rows(written.start_N, self.table, length=length)
        named = np.unique(written.instrument_N) + self.table.first(PROGRAM)
        return np.concatenate([named, in_order([*time, note_rows(written, index_N, self.table)])])

    def _steps(self, score: Score, ticks: NDArray[np.integer]) -> NDArray[np.int64]:
        if not self._in_beats:
            return second_steps(score, ticks)
        return (2 * ticks.astype(np.int64) * self.steps_per_beat + score.ticks_per_beat) // (2 * score.ticks_per_beat)

    def decode(self, ids: Ids | list[int], *, like: Score | None = None, since: int = 0) -> Score:
        """The score of any ids; what is not legal is ignored. Each instrument gets a track, or that of `like` which plays it.

        Raises:
            IndexError: an id is out of range.
        """
        array = np.asarray(ids, np.int64)
        check_ids(array, self.vocab_size)
        if self._in_beats:
            time = beat_time(array, self.table, steps_per_beat=self.steps_per_beat)
            step_T, length, tempos, meters = time.step_T, time.length, time.tempos, time.meters
        else:
            step_T, length = second_time(array, self.table)
            tempos, meters = [], []
        written = notes_in(array, step_T, self.table, lengths_D=self._lengths_D, drum_steps=self._drum_steps)
        written, index_N = one_way(written, self._lengths_D)
        # A drum, whose length is not written, never lasts longer than the piece.
        drum_end_N = np.minimum(written.start_N + self._drum_steps, max(length, 1))
        end_N = np.where(written.instrument_N == DRUMS, drum_end_N, written.start_N + self._lengths_D[index_N])
        kept = written.place_N >= since
        base = like or Score.of(Notes.empty(), ticks_per_beat=DEFAULT_TICKS_PER_BEAT)
        start, end, total = (self._ticks(base, steps) for steps in (written.start_N[kept], end_N[kept], np.array([length])))
        fits = start < LAST_TICK
        track, tracks = _tracks(like, written.instrument_N[kept][fits])
        drum = written.instrument_N[kept][fits] == DRUMS
        notes = Notes.of(
            start[fits],
            np.minimum(np.maximum(end, start + 1), LAST_TICK)[fits],
            written.pitch_N[kept][fits],
            velocity=np.maximum(written.bin_N[kept][fits] * VELOCITIES_PER_BIN + VELOCITIES_PER_BIN // 2, 1),
            track=track,
            program=np.where(drum, 0, written.instrument_N[kept][fits]),
            drum=drum,
        )
        tempo_map = [
            (int(self._ticks(base, np.array(step))), int(tempo_us(np.array(value)))) for place, step, value in tempos if place >= since
        ]
        new_meters = [Meter(int(self._ticks(base, np.array(step))), *METERS[value]) for place, step, value in meters if place >= since]
        old_tempos = zip(base.tempos.ticks.tolist(), base.tempos.us_per_beat.tolist(), strict=True)
        return Score.of(
            notes,
            ticks_per_beat=base.ticks_per_beat,
            tempos=[*old_tempos, *tempo_map],
            meters=[*base.meters, *new_meters],
            keys=base.keys,
            tracks=tracks,
            length_ticks=min(int(total[0]), LAST_TICK),
        )

    def _ticks(self, base: Score, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        if self._in_beats:
            return (2 * steps * base.ticks_per_beat + self.steps_per_beat) // (2 * self.steps_per_beat)
        return base.ticks_at(steps / STEPS_PER_S)

    def cursor(self, constraints: Constraints, *, like: Score | None = None) -> NotesCursor:
        """A cursor at the beginning of a piece; in seconds, bars are those of the meter and tempo at the end of `like`.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        if constraints.programs is not None and not constraints.programs and not constraints.drums:
            raise UsageError("no instrument is left to draw, expected at least one", remedy="name an instrument: --instruments piano")
        pulse = Pulse.at_end_of(like)
        steps_per_beat = self.steps_per_beat if self._in_beats else STEPS_PER_S * pulse.seconds_per_beat
        line = pulse.bar_line_beats * steps_per_beat if self._in_beats else STEPS_PER_S * pulse.bar_line_s
        wished = StepLimits.of(constraints, pulse, steps_per_beat=steps_per_beat, bar_line=line)
        return NotesCursor(self.table, wished, constraints, time_base=self.time_base, steps_per_beat=self.steps_per_beat)

    def measure(self, ids: Ids) -> Measures:
        """Notes and seconds."""
        array = np.asarray(ids, np.int64)
        kind_T = self.table.kind_of_V[array]
        notes = int(((kind_T == self.table.index(PITCH)) | (kind_T == self.table.index(DRUM))).sum())
        if not self._in_beats:
            return Measures(notes=notes, seconds=second_time(array, self.table)[1] / STEPS_PER_S)
        time = beat_time(array, self.table, steps_per_beat=self.steps_per_beat)
        tempos = TempoMap.of((step, int(tempo_us(np.array(value)))) for _, step, value in time.tempos)
        return Measures(notes=notes, seconds=float(tempos.seconds_at(time.length, ticks_per_beat=self.steps_per_beat)))

    def transpositions(self, ids: Ids) -> tuple[int, int]:
        """The least and the most semitones by which all pitched notes stay within 0 to 127; (0, 0) where there are none."""
        return transpositions(self.table, ids, (PITCH,))

    def augmented(self, ids: Ids, *, semitones: int = 0, stretch: float = 1.0) -> Ids:
        """The same piece transposed, and played slower by a factor: other tempi, or absolute times stretched and rounded anew.

        Raises:
            ValueError: a note would leave 0 to 127, or the factor is not above 0.
        """
        if not stretch > 0:
            raise ValueError(f"a stretch by {stretch}, expected a factor above 0")
        array = transposed(self.table, ids, (PITCH,), semitones=semitones)
        if self._in_beats:
            return self._at_other_tempi(array, -round(TEMPO_BINS_PER_OCTAVE * float(np.log2(stretch))))
        if stretch == 1:
            return array
        step_T, length = second_time(array, self.table)
        written = notes_in(array, step_T, self.table, lengths_D=self._lengths_D, drum_steps=self._drum_steps)
        times = {name: np.floor(getattr(written, name) * stretch + 0.5).astype(np.int64) for name in ("start_N", "end_N")}
        times["end_N"] = np.maximum(times["end_N"], times["start_N"] + 1)
        return self._ids(Written(**{**vars(written), **times}), round(length * stretch), None)

    def _at_other_tempi(self, array: Ids, bins: int) -> Ids:
        """Every tempo moved by as many bins as all of them can be."""
        tempo_T = self.table.kind_of_V[array] == self.table.index(TEMPO)
        if not bins or not tempo_T.any():
            return array
        values = self.table.value_of_V[array[tempo_T]]
        return np.where(tempo_T, array + min(max(bins, -int(values.min())), TEMPO_BINS - 1 - int(values.max())), array)

    def ticks_of(self, ids: Ids, score: Score) -> NDArray[np.int64]:
        """The tick of the score at which each of its ids stands."""
        if self._in_beats:
            step_T = beat_time(ids, self.table, steps_per_beat=self.steps_per_beat).step_T
        else:
            step_T = second_time(ids, self.table)[0]
        return self._ticks(score, np.maximum(step_T, 0))

    def frame_ends(self, ids: Ids) -> None:
        """None: there are no steps that belong together."""
        del ids

    def piece(self, token_id: int) -> str:
        """One id as a person would read it. Raises IndexError out of range."""
        kind, value = self.table.event(token_id)
        return _WORDS[kind](value, self) if kind in _WORDS else BOUNDARY_PIECE

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it."""
        return {"name": "notes", "version": checks.VERSION, "time_base": self.time_base, "steps_per_beat": self.steps_per_beat}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> NotesTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        checks.only_keys(values, "time_base", "steps_per_beat")
        time_base, steps = checks.typed(values, "time_base", str), checks.typed(values, "steps_per_beat", int)
        try:
            return NotesTokenizer("beats" if time_base == "beats" else "seconds" if time_base == "seconds" else time_base, steps)  # pyright: ignore[reportArgumentType] - checked by the class
        except UsageError as error:
            checks.refuse(error.message)


def best_options(scores: Sequence[Score]) -> dict[str, Any]:
    """What fits the scores: beats where most onsets lie on a grid, else seconds; and the coarsest grid on which nearly all times lie."""
    on_grid = {steps: _share_on_grid(scores, steps) for steps in STEPS_PER_BEAT}
    if max(on_grid.values()) < (1 + 2 * _NEAR) / 2:
        return {"time_base": "seconds", "steps_per_beat": STEPS_PER_BEAT[-1]}
    fitting = [steps for steps in STEPS_PER_BEAT if on_grid[steps] >= _FITS]
    return {"time_base": "beats", "steps_per_beat": fitting[0] if fitting else STEPS_PER_BEAT[-1]}


def _share_on_grid(scores: Sequence[Score], steps_per_beat: int) -> float:
    """Share of all onsets that lie near a step."""
    near = count = 0
    for score in scores:
        places = score.notes.start_ticks.astype(np.float64) * steps_per_beat / score.ticks_per_beat
        near += int((np.abs(places - np.rint(places)) <= _NEAR).sum())
        count += len(places)
    return near / max(1, count)


def _tracks(like: Score | None, instrument_N: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[Track, ...]]:
    """The track of every note, and all tracks: one for each instrument that `like` has no track for."""
    tracks = list(like.tracks) if like is not None else []
    known: dict[int, int] = {}
    if like is not None:
        notes = like.notes
        for instrument, track in zip(
            np.where(notes.drum, DRUMS, notes.program.astype(np.int64)).tolist(), notes.track.tolist(), strict=True
        ):
            known.setdefault(instrument, track)
    for instrument in np.unique(instrument_N).tolist():
        if instrument not in known:
            known[instrument] = len(tracks)
            tracks.append(Track())
    return np.array([known[instrument] for instrument in instrument_N.tolist()], np.int64), tuple(tracks)


def _pitch_word(value: int, _: NotesTokenizer) -> str:
    from lstmgen.music.scales import pitch_name

    return f"pitch {pitch_name(value)}"


def _program_word(value: int, _: NotesTokenizer) -> str:
    from lstmgen.music.instruments import program_name

    return "drums" if value == DRUMS else f"program {program_name(value)}"


def _time_word(steps: int, tokenizer: NotesTokenizer) -> str:
    if tokenizer.time_base == "seconds":
        return f"{steps / STEPS_PER_S:.2f} s"
    return f"{steps / tokenizer.steps_per_beat:.3g} beats"


_WORDS: Final = {
    BAR: lambda _value, _tokenizer: "bar",
    METER: lambda value, _: f"meter {METERS[value][0]}/{METERS[value][1]}",
    TEMPO: lambda value, _: f"tempo {60e6 / int(tempo_us(np.array(value))):.4g}",
    POSITION: lambda value, tokenizer: f"position {_time_word(value, tokenizer)}",
    SHIFT: lambda value, tokenizer: f"shift {_time_word(value + 1, tokenizer)}",
    PROGRAM: _program_word,
    VELOCITY: lambda value, _: f"velocity {value * VELOCITIES_PER_BIN + VELOCITIES_PER_BIN // 2}",
    PITCH: _pitch_word,
    DRUM: lambda value, _: f"drum {value}",
    DURATION: lambda value, tokenizer: (
        f"duration {_time_word(int(durations(tokenizer.time_base, tokenizer.steps_per_beat)[value]), tokenizer)}"
    ),
}
"""How an id of each kind is read aloud."""
