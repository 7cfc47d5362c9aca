"""What the two ways have in common in which the `notes` tokenizer writes time: bars and positions (`beats.py`), shifts (`seconds.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstmgen.music.lanes import Steps


@dataclass(frozen=True, kw_only=True)
class Times:
    """Where ids stand.

    Attributes:
        step_T: step of each id; -1 where there is no time yet.
        steps: length of the piece.
        tempos: as in `StepNotes`.
        meters: as in `StepNotes`.
    """

    step_T: Steps
    steps: int
    tempos: Sequence[tuple[int, int, int]] = ()
    meters: Sequence[tuple[int, int, tuple[int, int]]] = ()


def strides(unit: int, *plan: tuple[int, int]) -> Steps:
    """Steps of every duration: up to so many units in strides of so many steps, and on."""
    reached = [0, *(until * unit for until, _ in plan)]
    return np.concatenate(
        [np.arange(begin + stride, end + 1, stride) for begin, end, (_, stride) in zip(reached[:-1], reached[1:], plan, strict=True)]
    )
