"""Musical constraints, counted in the steps of a tokenizer: how long a note may be, and where the tune ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import DEFAULT_TEMPO_US, Score

NO_LIMIT: Final = 2**62
_ALMOST: Final = 1e-6
"""Steps by which rounding may have moved a bar line or a length."""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """Tempo and meter at the end of a tune.

    Attributes:
        beats_per_bar: quarter notes of a bar.
        seconds_per_beat: length of a quarter note.
        bar_line_beats: a place at which a bar begins, in quarter notes from the beginning.
        bar_line_s: the same place in seconds; 0 at the beginning.
    """

    beats_per_bar: float = 4.0
    seconds_per_beat: float = DEFAULT_TEMPO_US / 1e6
    bar_line_beats: float = 0.0
    bar_line_s: float = 0.0

    @staticmethod
    def at_end_of(score: Score | None) -> Pulse:
        """What holds where a score ends; without a score 4/4 at 120 beats per minute from the beginning."""
        if score is None:
            return Pulse()
        meter = next(meter for meter in reversed(score.meters) if meter.tick <= score.length_ticks)
        bar_ticks = meter.bar_ticks(score.ticks_per_beat)
        # The bar line at or after the end: all changes of tempo lie before it.
        line_tick = meter.tick + round(math.ceil((score.length_ticks - meter.tick) / bar_ticks - _ALMOST) * bar_ticks)
        return Pulse(
            beats_per_bar=bar_ticks / score.ticks_per_beat,
            seconds_per_beat=score.tempos.tempo_at(score.length_ticks) / 1e6,
            bar_line_beats=line_tick / score.ticks_per_beat,
            bar_line_s=float(score.seconds_at(line_tick)),
        )


@dataclass(frozen=True, kw_only=True)
class StepLimits:
    """What holds for the notes that are drawn.

    Attributes:
        pitches_P: which pitches may begin, of shape (128,).
        max_sounding: how many notes may sound at once.
        longest: steps of the longest note; at least 1.
        bars: whole bars after which the tune ends, or None.
        length: steps after which the tune ends, counted from the end of the prompt, or None.
        steps_per_bar: length of a bar.
        bar_line: a step at which a bar begins; neither this nor the length of a bar need be a whole number.
    """

    pitches_P: NDArray[np.bool_]
    max_sounding: int
    longest: int
    bars: int | None
    length: float | None
    steps_per_bar: float
    bar_line: float

    @staticmethod
    def of(constraints: Constraints, pulse: Pulse, *, steps_per_beat: float, bar_line: float) -> StepLimits:
        """Constraints in steps, of which so many make a beat.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        if constraints.pitches is not None and not any(0 <= pitch <= 127 for pitch in constraints.pitches):
            raise UsageError("no pitch is left to draw, expected at least one", remedy="a wider --pitch-range, or another --scale")
        for name, value in (("polyphony", constraints.max_polyphony), ("bars", constraints.bars)):
            if value is not None and value < 1:
                raise UsageError(f"{name} of {value}, expected at least 1", remedy="ask for 1 or more")
        lengths = (
            math.inf if constraints.max_note_beats is None else constraints.max_note_beats * steps_per_beat,
            math.inf if constraints.max_note_s is None else constraints.max_note_s * steps_per_beat / pulse.seconds_per_beat,
        )
        pitches = range(128) if constraints.pitches is None else constraints.pitches
        pitches_P = np.isin(np.arange(128), sorted(pitches))
        pitches_P.setflags(write=False)
        return StepLimits(
            pitches_P=pitches_P,
            max_sounding=constraints.max_polyphony or NO_LIMIT,
            longest=NO_LIMIT if min(lengths) == math.inf else max(1, math.floor(min(lengths) + _ALMOST)),
            bars=constraints.bars,
            length=None if constraints.seconds is None else constraints.seconds * steps_per_beat / pulse.seconds_per_beat,
            steps_per_bar=pulse.beats_per_bar * steps_per_beat,
            bar_line=bar_line,
        )

    def end_after(self, now: int) -> int | None:
        """The step at which a tune ends whose prompt ended in step `now`, at least one step later.

        Whole bars are counted from the first bar line that is not before the end of the prompt. Of two ends that are wished for the earlier
        one holds.
        """
        ends: list[float] = []
        if self.bars is not None:
            # The end of the prompt was rounded to a step: half a step behind a bar line it ends there.
            lines = math.ceil((now - 0.5 - self.bar_line) / self.steps_per_bar)
            ends.append(self.bar_line + (lines + self.bars) * self.steps_per_bar)
        if self.length is not None:
            ends.append(now + self.length)
        return max(now + 1, math.floor(min(ends) + 0.5)) if ends else None


NOTHING_LIMITED: Final = StepLimits.of(Constraints(), Pulse(), steps_per_beat=1.0, bar_line=0.0)
"""What holds for a prompt: the grammar only."""


def check_allowed(allowed_V: NDArray[np.bool_], token_id: int) -> None:
    """Refuses an id that may not come next.

    Raises:
        ValueError: it may not, or there is no such id.
    """
    if not 0 <= token_id < len(allowed_V) or not allowed_V[token_id]:
        raise ValueError(f"id {token_id} may not come here")
