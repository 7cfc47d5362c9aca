"""The `grid` tokenizer: a score as equal steps, in one of two forms, `voices` and `chords`.

Ids say which pitches sound in which step and nothing else: no tempo, no loudness, no instrument, and no drums. Rests before and after
the notes are kept. How the ids of each form look stand in `grid_voices.py` and `grid_chords.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final, get_args

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.choices import GridForm
from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.base import Clock
from lstmgen.media.text.byte_table import BOUNDARY_PIECE, check_ids
from lstmgen.media.tunes.base import Measures
from lstmgen.media.tunes.events import BOUNDARY_KIND, EventTable
from lstmgen.media.tunes.grid.chords import STEP, ChordGrid
from lstmgen.media.tunes.grid.cursors import ChordCursor, VoiceCursor
from lstmgen.media.tunes.grid.options import DEFAULT_CYCLE_BEATS, DEFAULT_STEPS_PER_BEAT, DEFAULT_VOICES
from lstmgen.media.tunes.grid.steps import StepNotes, nearest_tick, on_grid
from lstmgen.media.tunes.grid.voices import VoiceGrid
from lstmgen.media.tunes.grid.voicing import track_of_voices, voice_name, voices_of
from lstmgen.media.tunes.parts import DEFAULT_TICKS_PER_BEAT, Part, assembled, nearest_part, parts_of, with_new_tracks
from lstmgen.media.tunes.step_limits import Pulse, StepLimits
from lstmgen.media.tunes.transposing import transposed, transpositions
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import DEFAULT_TEMPO_US, Score, Track

FORMS: Final[tuple[GridForm, ...]] = get_args(GridForm)
_LARGEST_NUMBER: Final = 2**16
"""Of the JSON; whatever is above it need not even be shown."""


@final
@dataclass(frozen=True)
class GridTokenizer:
    """The boundary, then the ids of the form.

    Args:
        steps_per_beat: steps of a quarter note, 1 to 48; 4 are sixteenths, 12 also hold triplets.
        form: `voices`, an id for each voice in each step; or `chords`, the pitches of each step, ascending, and a mark that ends it.
        voices: how many voices, 1 to 16; of `chords`, which has none, always 0.
        hold: whether held notes and repeated ones are told apart.
        cycle_beats: beats after which bars begin alike, 1 to 16: 4 in 4/4, 3 in 3/4 and 6/8, 7 in 7/8. What the ids are does not depend
            on it, only the clock does.

    Raises:
        UsageError: a value is out of range.
    """

    steps_per_beat: int = DEFAULT_STEPS_PER_BEAT
    form: GridForm = "voices"
    voices: int = DEFAULT_VOICES
    hold: bool = True
    cycle_beats: int = DEFAULT_CYCLE_BEATS

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise UsageError(f"there is no grid form {self.form!r}, expected {' or '.join(FORMS)}", remedy="--grid-form voices")
        if not 1 <= self.steps_per_beat <= limits.MAX_STEPS_PER_BEAT:
            raise UsageError(
                f"{self.steps_per_beat} steps per beat are out of range, expected 1 to {limits.MAX_STEPS_PER_BEAT}",
                remedy="--steps-per-beat 4, or 12 for music with triplets",
            )
        if self.form == "chords":
            object.__setattr__(self, "voices", 0)  # the way of a frozen dataclass to have one form of each value
        elif not 1 <= self.voices <= limits.MAX_GRID_VOICES:
            raise UsageError(f"{self.voices} voices are out of range, expected 1 to {limits.MAX_GRID_VOICES}", remedy="--voices 4")
        if not 1 <= self.cycle_beats <= limits.MAX_CYCLE_BEATS:
            raise UsageError(f"a cycle of {self.cycle_beats} beats, expected 1 to {limits.MAX_CYCLE_BEATS}", remedy="leave it out")

    @cached_property
    def _grid(self) -> VoiceGrid | ChordGrid:
        return VoiceGrid(self.voices, self.hold) if self.form == "voices" else ChordGrid(self.hold)

    @property
    def table(self) -> EventTable:
        """The ranges of ids."""
        return self._grid.table

    @property
    def name(self) -> str:
        """`grid`."""
        return "grid"

    @property
    def vocab_size(self) -> int:
        """131 for voices, 258 for chords; without hold 130 for either."""
        return self.table.vocab_size

    @property
    def clock(self) -> Clock:
        """The step of the cycle, and of voices the voice: every id of a voice ticks, and of chords every end of a step."""
        steps = self.steps_per_beat * self.cycle_beats
        if self.form == "voices":
            return Clock(steps * self.voices, 1, self.vocab_size - 1)
        end_of_step = self.table.first(STEP)
        return Clock(steps, end_of_step, end_of_step)

    def encode(self, score: Score) -> Ids:
        """The ids of the pitched notes of a score, from its beginning to its end.

        Raises:
            InputError: the piece has more steps than any real one.
        """
        notes = on_grid(score, self.steps_per_beat)
        if isinstance(self._grid, ChordGrid):
            return self._grid.ids_of(notes)
        return self._grid.ids_of(notes, voices_of(notes, score, voices=self.voices))

    def decode(self, ids: Ids | list[int], *, like: Score | None = None, since: int = 0) -> Score:
        """The score of any ids; what is not legal is ignored.

        Voices are tracks named "Voice 1", "Voice 2" ...; beside `like` they are its tracks, and new ones where it has too few. The notes of
        chords go to one track; beside `like` each goes to the track whose notes lie nearest to its pitch. Where the ticks of `like` are
        coarser than the steps, notes that the ticks cannot tell apart overlap.

        Raises:
            IndexError: an id is out of range.
        """
        array = np.asarray(ids, dtype=np.int64)
        check_ids(array, self.vocab_size)
        notes = self._grid.notes_of(array)
        parts, tracks, part_N = self._parts(notes, like)
        wanted = notes.place_N >= since
        ticks_per_beat = like.ticks_per_beat if like is not None else DEFAULT_TICKS_PER_BEAT
        steps = (notes.start_N[wanted], notes.end_N[wanted], np.array([notes.steps]))
        start_N, end_N, length = (nearest_tick(each, ticks_per_beat, self.steps_per_beat) for each in steps)
        return assembled(
            like,
            ticks=(start_N, end_N),
            pitch_N=notes.pitch_N[wanted],
            velocity_N=None,
            part_N=part_N[wanted],
            parts=parts,
            tracks=tracks,
            length_ticks=int(length[0]),
        )

    def _parts(self, notes: StepNotes, like: Score | None) -> tuple[list[Part], tuple[Track, ...], Steps]:
        """Where notes may go, all tracks, and the index of the part of each note."""
        known = parts_of(like) if like is not None else []
        if self.form == "chords":
            parts, tracks = with_new_tracks(like, known or [None], [""] * max(1, len(known)))
            return parts, tracks, nearest_part(parts, notes.pitch_N)
        found: list[int | None] = [None] * self.voices
        if like is not None:
            before = on_grid(like, self.steps_per_beat)
            found = track_of_voices(before, voices_of(before, like, voices=self.voices), voices=self.voices)
        by_track = {part.track: part for part in known}
        names = [voice_name(voice) for voice in range(self.voices)]
        parts, tracks = with_new_tracks(like, [None if track is None else by_track[track] for track in found], names)
        return parts, tracks, notes.line_N

    def cursor(self, constraints: Constraints, *, like: Score | None = None) -> VoiceCursor | ChordCursor:
        """A cursor at the beginning of a piece.

        Bars and seconds are counted in the meter and tempo that hold at the end of `like`, which the prompt's ids stand for; without it in
        4/4 at 120 beats per minute. The ids know neither instruments nor tempo: `programs`, `drums`, `keep_tempo` and `keep_meter` have
        nothing to mask.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        pulse = Pulse.at_end_of(like)
        limited = StepLimits.of(
            constraints, pulse, steps_per_beat=float(self.steps_per_beat), bar_line=pulse.bar_line_beats * self.steps_per_beat
        )
        return VoiceCursor(self._grid, limited) if isinstance(self._grid, VoiceGrid) else ChordCursor(self._grid, limited)

    def measure(self, ids: Ids) -> Measures:
        """Notes, seconds at 120 beats per minute, and steps."""
        notes = self._grid.notes_of(np.asarray(ids, np.int64))
        return Measures(notes=len(notes.start_N), seconds=notes.steps / self.steps_per_beat * DEFAULT_TEMPO_US / 1e6, frames=notes.steps)

    def transpositions(self, ids: Ids) -> tuple[int, int]:
        """The least and the most semitones by which all notes stay within 0 to 127; (0, 0) where there are none."""
        return transpositions(self.table, ids, self._grid.pitch_kinds)

    def augmented(self, ids: Ids, *, semitones: int = 0, stretch: float = 1.0) -> Ids:
        """The same piece transposed; a grid has no tempo, so nothing is stretched.

        Raises:
            ValueError: a note would leave 0 to 127.
        """
        del stretch
        return transposed(self.table, ids, self._grid.pitch_kinds, semitones=semitones)

    def ticks_of(self, ids: Ids, score: Score) -> NDArray[np.int64]:
        """The tick of the score at which each of its ids stands."""
        ends = self.frame_ends(ids)
        return nearest_tick(np.cumsum(ends) - ends, score.ticks_per_beat, self.steps_per_beat)

    def frame_ends(self, ids: Ids) -> NDArray[np.bool_]:
        """Which ids are the last of their step."""
        return self._grid.frame_ends(np.asarray(ids, np.int64))

    def piece(self, token_id: int) -> str:
        """One id as a person would read it. Raises IndexError out of range."""
        kind, value = self.table.event(token_id)
        return _PIECES[kind].format(pitch=pitch_name(value))

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it."""
        values = {"steps_per_beat": self.steps_per_beat, "form": self.form, "voices": self.voices, "hold": self.hold}
        return {"name": "grid", "version": checks.VERSION, **values, "cycle_beats": self.cycle_beats}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> GridTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        checks.only_keys(values, "steps_per_beat", "form", "voices", "hold", "cycle_beats")
        form, hold = checks.typed(values, "form", str), checks.typed(values, "hold", bool)
        numbers = {key: checks.typed(values, key, int) for key in ("steps_per_beat", "voices", "cycle_beats")}
        forms: dict[str, GridForm] = {known: known for known in FORMS}
        if form not in forms:
            checks.refuse(f"its form is {ascii(form)[:40]}, expected {' or '.join(FORMS)}")
        if any(not 0 <= number <= _LARGEST_NUMBER for number in numbers.values()) or (form == "chords" and numbers["voices"]):
            checks.refuse("its numbers are out of range")
        try:
            return GridTokenizer(form=forms[form], hold=hold, **numbers)
        except UsageError as error:
            checks.refuse(error.message)


_PIECES: Final = {
    BOUNDARY_KIND: BOUNDARY_PIECE,
    "hold": "hold",
    "rest": "rest",
    "pitch": "{pitch}",
    "step": "end of step",
    "onset": "on {pitch}",
    "held": "hold {pitch}",
    "sounding": "{pitch}",
}
"""How the events of both forms are shown."""
