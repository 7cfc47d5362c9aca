"""Musical constraints, counted in the steps of a tokenizer: how long a note may be, and where the tune ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import Score

NO_LIMIT: Final = 2**62
_ALMOST: Final = 1e-6
"""Steps by which rounding may have moved a length."""


@dataclass(frozen=True, kw_only=True)
class StepLimits:
    """What holds for the notes that are drawn; by default the grammar only.

    Attributes:
        pitches_P: which pitches may begin, of shape (128,).
        longest: steps of the longest note; at least 1.
        bars: whole bars after which the tune ends, or None.
        length: steps after which the tune ends, counted from the end of the prompt, or None.
        steps_per_bar: length of a bar.
        bar_line: a step at which a bar begins; neither this nor the length of a bar need be a whole number.
    """

    pitches_P: NDArray[np.bool_] = field(default_factory=lambda: np.ones(128, np.bool_))
    longest: int = NO_LIMIT
    bars: int | None = None
    length: float | None = None
    steps_per_bar: float = 1.0
    bar_line: float = 0.0

    @staticmethod
    def of(constraints: Constraints, like: Score, base: TimeBase) -> StepLimits:
        """Constraints in steps; bars and seconds are counted in the meter and the tempo at the end of a score.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        if constraints.pitches is not None and not any(0 <= pitch <= 127 for pitch in constraints.pitches):
            raise UsageError("no pitch is left to draw, expected at least one", remedy="a wider --pitch-range, or another --scale")
        for name, value in (("polyphony", constraints.max_polyphony), ("bars", constraints.bars)):
            if value is not None and value < 1:
                raise UsageError(f"{name} of {value}, expected at least 1", remedy="ask for 1 or more")
        seconds_per_beat = like.tempos.tempo_at(like.length_ticks) / 1e6
        steps_per_beat = base.per_beat(seconds_per_beat)
        lengths = (
            math.inf if constraints.max_note_beats is None else constraints.max_note_beats * steps_per_beat,
            math.inf if constraints.max_note_s is None else constraints.max_note_s * steps_per_beat / seconds_per_beat,
        )
        meter = next(meter for meter in reversed(like.meters) if meter.tick <= like.length_ticks)
        return StepLimits(
            pitches_P=np.isin(np.arange(128), sorted(range(128) if constraints.pitches is None else constraints.pitches)),
            longest=NO_LIMIT if min(lengths) == math.inf else max(1, math.floor(min(lengths) + _ALMOST)),
            bars=constraints.bars,
            length=None if constraints.seconds is None else constraints.seconds * steps_per_beat / seconds_per_beat,
            steps_per_bar=meter.bar_ticks(1) * steps_per_beat,
            bar_line=float(base.places(like, Bars(like).end_tick)),  # all changes of tempo lie before it
        )

    def end_after(self, now: int) -> int | None:
        """The step at which a tune ends whose prompt ended in step `now`, at least one step later.

        Whole bars are counted from the first bar line that is not before the end of the prompt. Of two ends that are asked for the earlier
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


NOTHING_LIMITED: Final = StepLimits()
"""What holds for a prompt: the grammar only."""


class Course:
    """How far a tune has come, in steps, and what holds for it.

    Args:
        requested: what holds from `begin` on.
    """

    def __init__(self, requested: StepLimits) -> None:
        self._requested = requested
        self.limits = NOTHING_LIMITED
        self.now = 0
        self.lenient = False
        """Whether a last bar may lead on where it is not to."""
        self.end: int | None = None

    def begin(self) -> None:
        """The prompt is over."""
        self.limits = self._requested
        self.end = self._requested.end_after(self.now)

    @property
    def room(self) -> int:
        """Steps up to the end."""
        return NO_LIMIT if self.end is None else self.end - self.now

    @property
    def finished(self) -> bool:
        """Whether the end that was asked for has been reached."""
        return self.end is not None and self.now >= self.end
