"""Time of what is played freely: it has no bars, so seconds take their place, counted from 0.

Whether a piece keeps to bars is heard, not read: recordings are written in 4/4 at 120 beats a minute like anything else.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.score import Score

_STEPS_PER_BEAT: Final = 24
_NEAR: Final = 0.1
"""Of a step; of onsets that have nothing to do with the beat a fifth lies so near."""
_LEAST_SHARE: Final = 0.6
_LEAST_NOTES: Final = 16
_LONG_S: Final = 120.0


def keeps_bars(score: Score) -> bool:
    """Whether most notes begin on a beat or a simple part of one; of a few notes it is taken to be so."""
    if len(score.notes) < _LEAST_NOTES:
        return True
    place_N = score.notes.start_ticks * (_STEPS_PER_BEAT / score.ticks_per_beat)
    return float((np.abs(place_N - np.rint(place_N)) <= _NEAR).mean()) >= _LEAST_SHARE


@final
class Moments:
    """Equal stretches of time in the place of bars; see `lstmgen.music.bars.Bars`.

    Args:
        score: whose time it is.

    Attributes:
        seconds: length of a stretch: one second, of long pieces five.
        count: how many the piece has.
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self.seconds = 1 if score.duration_s <= _LONG_S else 5
        self.count = self.index(max(0, score.length_ticks - 1)) + 1

    def ticks(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ticks at which stretches begin."""
        return self._score.ticks_at(indices * float(self.seconds))

    def tick(self, index: int) -> int:
        """The tick at which a stretch begins."""
        return int(self.ticks(np.array([index]))[0])

    def index(self, tick: int) -> int:
        """The stretch in which a tick lies."""
        index = int(float(self._score.seconds_at(tick)) / self.seconds)
        return index + 1 if self.tick(index + 1) <= tick else index

    def lines(self, first: int, *, stop_tick: int, most: int) -> NDArray[np.int64]:
        """The ticks of a stretch and of those after it, up to the first at or after a tick, no more than `most` but at least two."""
        count = min(most, self.index(max(0, stop_tick - 1)) + 2 - first)
        return self.ticks(np.arange(first, first + max(count, 2)))

    def beats(self, start_tick: int, end_tick: int) -> NDArray[np.int64]:
        """None."""
        del start_tick, end_tick
        return np.zeros(0, np.int64)
