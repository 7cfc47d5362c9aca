"""How good the model is on what it does not learn from.

Text is one long stream. The validation part is cut into lanes that are read side by side. A lane starts `RUN_IN` tokens before its first
counted token, so that by then its state is what it would be had the text been read in one go: the figure agrees with the exact one of
`score`, and takes a second instead of many. Nothing in training changes: no generator is drawn from, no weight and no state is touched.

Pieces that have nothing to do with one another are read side by side instead, each from an empty state.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, IdSequence
from lstmgen.model import reading
from lstmgen.model.language_model import LanguageModel


@dataclass(frozen=True)
class Validation:
    """The held-out part, and how it is read.

    Attributes:
        ids: at least two token ids.
        starts: where each piece begins, for pieces that are read apart; None for text, which is read as one stream.
        told_V: which ids are only ever inputs and are not counted; None: all are.
        ends: whether the end of a piece that is read apart counts like any other token.
    """

    ids: IdSequence
    starts: NDArray[np.integer] | None = None
    told_V: NDArray[np.bool_] | None = None
    ends: bool = False

    @property
    def positions(self) -> int:
        """Tokens that could be counted, boundaries included."""
        return len(self.ids) - 1

    def __call__(
        self, network: LanguageModel, *, arithmetic: Callable[[], AbstractContextManager], max_tokens: int | None = None
    ) -> tuple[float, int]:
        """Sum of surprisals in nats, and the number of tokens counted.

        Args:
            network: the model; its training mode is put back afterwards.
            arithmetic: gives the context in which the network runs.
            max_tokens: count about this many at most, in stretches of text or in pieces that are spread evenly over the ids.
        """
        if self.starts is None:
            spans, run_in = reading.lanes(self.positions, max_tokens=max_tokens), reading.RUN_IN
        else:
            spans, run_in = reading.spread(reading.documents(self.starts, len(self.ids), ends=self.ends), max_tokens), 0
        ids: IdSequence = self.ids
        if self.ends:  # the last document gets its boundary, in the type that the others have
            held = self.ids[:]
            ids = np.append(held, held.dtype.type(BOUNDARY_ID))
        nats, counted = 0.0, 0
        for places, surprisals in reading.surprisals(network, ids, spans, run_in=run_in, arithmetic=arithmetic):
            # Boundaries in one stream are read and not counted.
            inside = (ids[places] != BOUNDARY_ID) | self.ends
            if self.told_V is not None:
                inside &= ~self.told_V[ids[places]]
            nats, counted = nats + float(surprisals[inside].sum()), counted + int(inside.sum())
        return nats, counted
