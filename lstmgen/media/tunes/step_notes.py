"""Notes in the steps of a time base: what every score tokenizer writes as ids, and what it reads from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import InputError
from lstmgen.media.tunes.time_bases import TimeBase, nearest
from lstmgen.music.lanes import NEVER, Steps
from lstmgen.music.score import Score
from lstmgen.wording import counted

VELOCITIES_PER_BIN: Final = 4
UNSAID: Final = 0
"""The velocity of a note whose ids do not say it."""
_COLUMNS: Final = ("start_N", "end_N", "pitch_N", "line_N", "velocity_N", "place_N")

Row = tuple[int, int, int, int, int, int]
"""One note: start, end, pitch, line, velocity and place, as in the columns of `StepNotes`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StepNotes:
    """Notes in steps, as columns of equal length, and what else ids tell.

    Attributes:
        start_N: the step in which each begins.
        end_N: the first step in which it does not sound any more.
        pitch_N: 0 to 127.
        line_N: of a score the track; of ids the voice, or the line as `parts.py` counts them, and 0 where there is none.
        velocity_N: 1 to 127, or `UNSAID`.
        place_N: of ids the index of the id with which each note begins; of a score its index among the notes of that.
        steps: length of the piece, or earlier than its last note ends.
        tempos: changes of tempo: index of the id, step, microseconds per beat.
        meters: changes of meter: index of the id, step, numerator and denominator.
        named: the lines that ids name, in their order.
        key: the key that ids name, as `lstmgen.music.keys` counts them; None: none.
    """

    start_N: Steps
    end_N: Steps
    pitch_N: Steps
    line_N: Steps
    velocity_N: Steps
    place_N: Steps
    steps: int
    tempos: Sequence[tuple[int, int, int]] = ()
    meters: Sequence[tuple[int, int, tuple[int, int]]] = ()
    named: Iterable[int] = ()
    key: int | None = None

    @staticmethod
    def of(score: Score, base: TimeBase, *, most_steps: int, most_filled: int = NEVER, drums: bool = False) -> StepNotes:
        """Notes of a score, those of drums where they are wanted, each at least one step long, in their order.

        Raises:
            InputError: the piece, or all its notes together, are longer than those of any real one.
        """
        place_N = np.flatnonzero(drums | ~score.notes.drum)
        notes, count = score.notes.take(place_N), len(place_N)
        steps = nearest(base.places(score, np.concatenate([notes.start_ticks, notes.end_ticks, [score.length_ticks]])))
        start_N, length = steps[:count], int(steps[-1])
        end_N = np.maximum(steps[count:-1], start_N + 1)
        filled = int((end_N - start_N).sum())
        if length > most_steps or filled > most_filled:
            raise InputError(
                f"the piece is {length / base.per_unit:,.0f} {base.unit} long, "
                f"{counted(length, 'step')} of which its notes fill {filled:,}, "
                f"expected at most {most_steps:,}" + (f" and {most_filled:,}" if most_filled < NEVER else ""),
                remedy="leave the piece out",
            )
        return StepNotes(
            start_N=start_N,
            end_N=end_N,
            pitch_N=notes.pitch.astype(np.int64),
            line_N=notes.track.astype(np.int64),
            velocity_N=notes.velocity.astype(np.int64),
            place_N=place_N,
            steps=length,
        )

    @staticmethod
    def of_rows(rows: Iterable[Row]) -> StepNotes:
        """Notes one by one."""
        columns = np.array(list(rows), np.int64).reshape(-1, len(_COLUMNS)).T
        return StepNotes(**dict(zip(_COLUMNS, columns, strict=True)), steps=0)

    @staticmethod
    def joined(parts: Sequence[StepNotes]) -> StepNotes:
        """The notes of all parts; what else there is, is that of the first."""
        return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS})

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_], **columns: Steps) -> StepNotes:
        """Some of the notes, with other columns where they are given."""
        return replace(self, **{name: getattr(self, name)[which] for name in _COLUMNS} | columns)

    def stretched(self, factor: float) -> StepNotes:
        """The same notes played slower by a factor: absolute times are stretched and rounded anew."""
        start_N = nearest(self.start_N * factor)
        end_N = np.maximum(nearest(self.end_N * factor), start_N + 1)
        return replace(self, start_N=start_N, end_N=end_N, steps=int(nearest(self.steps * factor)))

    @property
    def lines(self) -> Steps:
        """The lines that play or are named, ascending."""
        return np.union1d(self.line_N, np.array(list(self.named), np.int64))

    @property
    def length(self) -> int:
        """Where the piece ends and all its notes have ended."""
        return max(self.steps, int(self.end_N.max(initial=0)))
