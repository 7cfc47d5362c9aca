"""Where a stream of text is read as if it began there.

Every sample begins with the boundary in an empty state, and a text of one document begins so once a pass: too rarely to be learned. So a
head that stands behind the end of a paragraph at the beginning of a window may begin afresh there: with an empty state, and the boundary as
its first input in the place of the line end. What is to be predicted stays the same.

Letters: V ids, B heads.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, IdSequence

LOOKED_AT: Final = 2
"""Ids before a place that decide."""
_SURVEYED_IDS: Final = 2**20
_LEAST_PARAGRAPHS: Final = 1 / 5000
"""Of all places, behind an empty line: where there are fewer, each line of the text is taken for a paragraph."""
_MOST_FRESH: Final = 0.01
"""Of all windows: an empty state is worth less than the one that was carried."""


class Openings:
    """Paragraphs that a head may begin with.

    Args:
        ids: of the text.
        line_ends_V: which ids end a line.
    """

    def __init__(self, ids: IdSequence, line_ends_V: NDArray[np.bool_]) -> None:
        self._line_ends_V = line_ends_V
        surveyed = np.asarray(ids[:_SURVEYED_IDS])
        self._behind = LOOKED_AT
        share = self._share(surveyed)
        if share < _LEAST_PARAGRAPHS:
            self._behind = 1
            share = self._share(surveyed)
        self._turns = max(1, round(share / _MOST_FRESH))

    def _share(self, ids: NDArray[np.integer]) -> float:
        if len(ids) <= LOOKED_AT:
            return 0.0
        return float(self._opens(np.lib.stride_tricks.sliding_window_view(ids, LOOKED_AT + 1)).mean())

    def _opens(self, ids_B3: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether a paragraph begins with the last of each three ids: behind an empty line, or behind the end of any."""
        ends_B3, first_B = self._line_ends_V[ids_B3], ids_B3[:, LOOKED_AT]
        return ends_B3[:, LOOKED_AT - self._behind : LOOKED_AT].all(1) & ~ends_B3[:, LOOKED_AT] & (first_B != BOUNDARY_ID)

    def fresh(self, ids_B3: NDArray[np.integer], window: int) -> NDArray[np.bool_]:
        """Which heads begin afresh.

        Args:
            ids_B3: the id before a window, its first one, and the one that is predicted there.
            window: its number. Where paragraphs are many each head takes its turn.
        """
        return self._opens(ids_B3) & ((window + np.arange(len(ids_B3))) % self._turns == 0)
