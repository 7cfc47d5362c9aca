"""A decoder without torch, for networks whose compiled loops were proven on this machine: what a short sample waits for is not loaded.

What loops do not do, a decoder with torch does; it is made when that is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.model.compiled.step import CompiledStep
from lstmgen.model.state import State
from lstmgen.model.summing import MOST_LANES, MOST_STEPPED

if TYPE_CHECKING:
    from lstmgen.model.cells.base import Cell
    from lstmgen.model.decoder import Decoder


@final
class CompiledDecoder:
    """The twin of `decoder.Decoder` that draws samples; numbers are arrays in place of tensors, and the same bit for bit.

    Args:
        step: the loops.
        usual: makes the decoder with torch.

    Attributes:
        compiled: the loops.
    """

    def __init__(self, step: CompiledStep, usual: Callable[[], Decoder]) -> None:
        self.compiled: CompiledStep | None = step
        self._step, self._usual = step, usual

    def start(self, lanes: int = 1) -> State:
        """The state of lanes before their first token."""
        return self._step.start(lanes)

    def step(self, ids_B: Sequence[int] | NDArray[np.integer], state: State) -> tuple[NDArray[np.float32], State]:
        """As `Decoder.step`, for ids of the vocabulary."""
        return self._step(list(ids_B), state)

    def read(self, ids: Sequence[int], state: State) -> tuple[NDArray[np.float32], State]:
        """As `Decoder.read`, which reads what is longer."""
        if len(ids) <= MOST_STEPPED:
            return self._step.read(ids, state)
        logits_V, after = self._usual().read(ids, state.in_tensors())
        return logits_V.numpy(), after.in_arrays()

    @property
    def block_lanes(self) -> int:
        """As `Decoder.block_lanes`."""
        return MOST_LANES

    @property
    def path(self) -> str:
        """How it steps, for people."""
        return "fp32 products; lanes side by side; compiled loops, without torch"

    @property
    def cell(self) -> Cell:
        """As of the usual decoder."""
        return self._usual().cell

    @property
    def state_sizes(self) -> list[list[int]]:
        """As of the usual decoder."""
        return self._usual().state_sizes

    def holding(self, held: Sequence[Any]) -> Decoder:
        """The usual decoder, which sets some numbers of the state before every step."""
        return self._usual().holding(held)


if TYPE_CHECKING:
    AnyDecoder = Decoder | CompiledDecoder
