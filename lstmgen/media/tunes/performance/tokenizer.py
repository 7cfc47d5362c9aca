"""The `performance` tokenizer: the 388 events of Performance RNN, in hundredths of a second, so that figures compare.

No tempo, no meter, no instruments and no drums: all pitched tracks become one. What the ids are stands in `performance_events.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.errors import InputError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.text.byte_table import BOUNDARY_PIECE, check_ids
from lstmgen.media.tunes.base import Measures
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.parts import DEFAULT_TICKS_PER_BEAT, assembled, nearest_part, parts_of, with_new_tracks
from lstmgen.media.tunes.performance.cursor import PerformanceCursor
from lstmgen.media.tunes.performance.events import (
    OFF,
    ON,
    RANGES,
    SHIFT,
    STEPS_PER_S,
    VELOCITIES_PER_BIN,
    VELOCITY,
    Played,
    ids_of,
    notes_of,
    stretched,
)
from lstmgen.media.tunes.step_limits import Pulse, StepLimits
from lstmgen.media.tunes.transposing import transposed, transpositions
from lstmgen.music.constraints import Constraints
from lstmgen.music.lanes import Steps
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Score, TempoMap

_PITCH_KINDS: Final = (ON, OFF)


@final
@dataclass(frozen=True)
class PerformanceTokenizer:
    """The boundary, then the 388 events."""

    @cached_property
    def table(self) -> EventTable:
        """The ranges of ids."""
        return EventTable(RANGES)

    @property
    def name(self) -> str:
        """`performance`."""
        return "performance"

    @property
    def vocab_size(self) -> int:
        """389."""
        return self.table.vocab_size

    @property
    def clock(self) -> None:
        """None: the ids say how time passes."""

    def encode(self, score: Score) -> Ids:
        """The ids of the pitched notes of a score, each at least a hundredth of a second long, and of the silence up to its end.

        Raises:
            InputError: the piece is longer than any real one.
        """
        notes = score.notes.take(~score.notes.drum)
        steps = _nearest_step(score, score.length_ticks)
        if steps.item() > limits.MAX_PERFORMANCE_S * STEPS_PER_S:
            raise InputError(
                f"the piece is {steps.item() / STEPS_PER_S:.0f} seconds long, expected at most {limits.MAX_PERFORMANCE_S}",
                remedy="leave the piece out",
            )
        start_N = _nearest_step(score, notes.start_ticks)
        played = Played(
            start_N=start_N,
            end_N=np.maximum(_nearest_step(score, notes.end_ticks), start_N + 1),
            pitch_N=notes.pitch.astype(np.int64),
            bin_N=(notes.velocity.astype(np.int64) - 1) // VELOCITIES_PER_BIN,
            place_N=np.zeros_like(start_N),
            steps=steps.item(),
        )
        return ids_of(played, self.table)

    def decode(self, ids: Ids | list[int], *, like: Score | None = None, since: int = 0) -> Score:
        """The score of any ids; what is not legal is ignored, and a velocity is the middle of its bin.

        The notes go to one track; beside `like` each goes to the track whose notes lie nearest to its pitch. Where the ticks of `like` are
        coarser than a hundredth of a second, notes that the ticks cannot tell apart overlap.

        Raises:
            IndexError: an id is out of range.
        """
        array = np.asarray(ids, dtype=np.int64)
        check_ids(array, self.vocab_size)
        played = notes_of(array, self.table)
        known = parts_of(like) if like is not None else []
        parts, tracks = with_new_tracks(like, known or [None], [""] * max(1, len(known)))
        wanted = played.place_N >= since
        start_N, end_N, length = (_ticks(like, steps) for steps in (played.start_N[wanted], played.end_N[wanted], np.array([played.steps])))
        return assembled(
            like,
            ticks=(start_N, end_N),
            pitch_N=played.pitch_N[wanted],
            velocity_N=_velocity(played.bin_N[wanted]),
            part_N=nearest_part(parts, played.pitch_N[wanted]),
            parts=parts,
            tracks=tracks,
            length_ticks=int(length[0]),
        )

    def cursor(self, constraints: Constraints, *, like: Score | None = None) -> PerformanceCursor:
        """A cursor at the beginning of a piece.

        Beats and bars are counted in the meter and tempo that hold at the end of `like`, which the prompt's ids stand for; without it in
        4/4 at 120 beats per minute. The ids know neither instruments nor tempo: `programs`, `drums`, `keep_tempo` and `keep_meter` have
        nothing to mask.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        pulse = Pulse.at_end_of(like)
        wished = StepLimits.of(
            constraints, pulse, steps_per_beat=STEPS_PER_S * pulse.seconds_per_beat, bar_line=STEPS_PER_S * pulse.bar_line_s
        )
        return PerformanceCursor(self.table, wished)

    def ticks_of(self, ids: Ids, score: Score) -> NDArray[np.int64]:
        """The tick of the score at which each of its ids stands."""
        return _ticks(score, np.cumsum(np.where(self.table.kind_of_V[ids] == self.table.index(SHIFT), self.table.value_of_V[ids] + 1, 0)))

    def measure(self, ids: Ids) -> Measures:
        """Notes and seconds."""
        kind, value = self.table.kind_of_V[ids], self.table.value_of_V[ids]
        steps = int(np.sum(value + 1, where=kind == self.table.index(SHIFT)))
        return Measures(notes=int(np.sum(kind == self.table.index(ON))), seconds=steps / STEPS_PER_S)

    def transpositions(self, ids: Ids) -> tuple[int, int]:
        """The least and the most semitones by which all notes stay within 0 to 127; (0, 0) where there are none."""
        return transpositions(self.table, ids, _PITCH_KINDS)

    def augmented(self, ids: Ids, *, semitones: int = 0, stretch: float = 1.0) -> Ids:
        """The same piece transposed, and played slower by a factor: absolute times are stretched and rounded anew.

        Raises:
            ValueError: a note would leave 0 to 127, or the factor is not above 0.
        """
        if not stretch > 0:
            raise ValueError(f"a stretch by {stretch}, expected a factor above 0")
        array = transposed(self.table, ids, _PITCH_KINDS, semitones=semitones)
        if stretch == 1:
            return array
        return ids_of(stretched(notes_of(array, self.table), stretch), self.table)

    def frame_ends(self, ids: Ids) -> None:
        """None: there are no steps that belong together."""
        del ids

    def piece(self, token_id: int) -> str:
        """One id as a person would read it. Raises IndexError out of range."""
        kind, value = self.table.event(token_id)
        if kind in _PITCH_KINDS:
            return f"{kind} {pitch_name(value)}"
        if kind == SHIFT:
            return f"shift {(value + 1) / STEPS_PER_S:.2f} s"
        return f"velocity {_velocity(value)}" if kind == VELOCITY else BOUNDARY_PIECE

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it: there is only one."""
        return {"name": "performance", "version": checks.VERSION}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> PerformanceTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        checks.only_keys(values)
        return PerformanceTokenizer()


def _velocity(value: Any) -> Any:
    """The middle of a velocity bin, the lower of its two, for a number or an array of them."""
    return value * VELOCITIES_PER_BIN + VELOCITIES_PER_BIN // 2


def _nearest_step(score: Score, ticks: Any) -> Steps:
    return np.floor(score.seconds_at(ticks) * STEPS_PER_S + 0.5).astype(np.int64)


def _ticks(like: Score | None, steps: Steps) -> Steps:
    tempos, ticks_per_beat = (TempoMap.of(), DEFAULT_TICKS_PER_BEAT) if like is None else (like.tempos, like.ticks_per_beat)
    return tempos.ticks_at(steps / STEPS_PER_S, ticks_per_beat=ticks_per_beat)
