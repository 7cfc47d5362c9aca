"""The `grid` tokenizer: a score as equal steps, in one of two forms, `voices` and `chords`.

Ids say which pitches sound in which step and nothing else: no tempo, no loudness, no instrument, and no drums. Rests before and after
the notes are kept. How the ids of each form look stand in `voices.py` and `chords.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, final, get_args

from lstmgen import limits
from lstmgen.choices import GridForm
from lstmgen.errors import UsageError
from lstmgen.media.base import Clock
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.grid.chords import ChordGrid
from lstmgen.media.tunes.grid.gap import VoiceGap
from lstmgen.media.tunes.grid.options import DEFAULT_CYCLE_BEATS, DEFAULT_STEPS_PER_BEAT, DEFAULT_VOICES
from lstmgen.media.tunes.grid.voices import VoiceGrid
from lstmgen.media.tunes.holes import Hole, TuneGap
from lstmgen.media.tunes.spans import SpanGap
from lstmgen.media.tunes.time_bases import Beats
from lstmgen.setting_values import LARGEST_ORDER
from lstmgen.wording import counted

FORMS: Final[tuple[GridForm, ...]] = get_args(GridForm)


@final
@dataclass(frozen=True)
class GridTokenizer(EventTokenizer):
    """The boundary, then the ids of the form.

    Args:
        steps_per_beat: steps of a quarter note, 1 to 48; 4 are sixteenths, 12 also hold triplets.
        form: `voices`, an id for each voice in each step; or `chords`, the pitches of each step, ascending, and a mark that ends it.
        voices: how many voices, 1 to 16; of `chords`, which has none, always 0.
        hold: whether held notes and repeated ones are told apart.
        cycle_beats: beats after which bars begin alike, 1 to 16: 4 in 4/4, 3 in 3/4 and 6/8, 7 in 7/8. What the ids are does not depend
            on it, only the clock does.
        grammar: whether a model gives what the grammar forbids no probability.

    Raises:
        UsageError: a value is out of range.
    """

    name: ClassVar = "grid"
    later: ClassVar = ("grammar",)

    steps_per_beat: int = DEFAULT_STEPS_PER_BEAT
    form: GridForm = "voices"
    voices: int = DEFAULT_VOICES
    hold: bool = True
    cycle_beats: int = DEFAULT_CYCLE_BEATS
    grammar: bool = False

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise UsageError(f"there is no grid form {ascii(self.form)[:40]}, expected {' or '.join(FORMS)}", remedy="--grid-form voices")
        if not 1 <= self.steps_per_beat <= limits.MAX_STEPS_PER_BEAT:
            raise UsageError(
                f"{counted(self.steps_per_beat, 'step')} to the beat, expected 1 to {limits.MAX_STEPS_PER_BEAT}",
                remedy="--steps-per-beat 4, or 12 for music with triplets",
            )
        if self.form == "chords":
            object.__setattr__(self, "voices", 0)  # the way of a frozen dataclass to have one form of each value
        elif not 1 <= self.voices <= limits.MAX_GRID_VOICES:
            raise UsageError(f"{counted(self.voices, 'voice')}, expected 1 to {limits.MAX_GRID_VOICES}", remedy="--voices 4")
        if not 1 <= self.cycle_beats <= limits.MAX_CYCLE_BEATS:
            raise UsageError(
                f"a cycle of {counted(self.cycle_beats, 'beat')}, expected 1 to {limits.MAX_CYCLE_BEATS}", remedy="leave it out"
            )

    @property
    def matches(self) -> str:
        """By two steps of all voices and by four, as far as so many are looked back on; of chords by three and six tokens."""
        orders = sorted({min(steps * self.voices, LARGEST_ORDER) for steps in (2, 4)}) if self.voices else (3, 6)
        return ",".join(map(str, orders))

    @cached_property
    def notation(self) -> VoiceGrid | ChordGrid:
        """What its ids mean: 131 ids for voices, 258 for chords; without hold 130 for either."""
        base = Beats(self.steps_per_beat)
        return VoiceGrid(base, voices=self.voices, hold=self.hold) if self.form == "voices" else ChordGrid(base, hold=self.hold)

    def gap(self, hole: Hole) -> TuneGap:
        """A part of a tune that is to be written anew."""
        return VoiceGap(self, self.notation, hole) if isinstance(self.notation, VoiceGrid) else SpanGap(self, hole)

    @property
    def clock(self) -> Clock:
        """The step of the cycle, and of voices the voice."""
        return self.notation.clock(self.steps_per_beat * self.cycle_beats)
