"""Numbers that compiled layers multiply, and the tiles on which they do: which of them a processor has.

A tile has as many sums as registers hold: of 32 registers of 512 bits half, of sixteen of 256 bits half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch

from lstmgen.choices import Precision

ROWS: Final = 8
"""Streams that are taken at a time: a multiple of each tile's."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Numbers, and the tiles for them.

    Attributes:
        precision: the numbers.
        feature: of the processor, which it needs: as torch calls it, and the compiler but for the underscores.
        named: the feature, for people.
        size: bytes of a number; a word of 32 bits holds one or two.
        lanes: sums of a vector, and units of a block.
        gates: whose sums are added up together, of a unit's four.
        forward_rows: streams of a tile forward.
        backward_rows: streams of a tile backward, where it has two vectors.
    """

    precision: Precision
    feature: str
    named: str
    size: int
    lanes: int
    gates: int
    forward_rows: int
    backward_rows: int

    @property
    def panel(self) -> int:
        """Inputs whose gradients are added up together; widths are multiples of it."""
        return 2 * self.lanes


KINDS: Final = (
    Kind(precision="bf16", feature="avx512_bf16", named="AVX-512 BF16", size=2, lanes=16, gates=4, forward_rows=4, backward_rows=8),
    Kind(precision="fp32", feature="avx512_f", named="AVX-512", size=4, lanes=16, gates=2, forward_rows=8, backward_rows=8),
    Kind(precision="fp32", feature="avx2", named="AVX2", size=4, lanes=8, gates=2, forward_rows=4, backward_rows=4),
)
"""The faster ones of a precision first."""


def kind_for(precision: str) -> Kind | None:
    """The kind in which this processor multiplies numbers of a precision; None: in none."""
    features = getattr(torch.cpu, "get_capabilities", dict)()
    return next((kind for kind in KINDS if kind.precision == precision and features.get(kind.feature)), None)
