"""What a decoder's numbers depend on, whoever computes them: how sums are cut, and what is kept in how many bits. No torch.

Letters: I inputs of a product.
"""

from __future__ import annotations

from typing import Final

MIN_SHARED: Final = 2**25
"""Multiplications from which a product is worth several threads. Below, waiting for one another costs more than the work, and many times
more where other programs use the same cores."""
LONGEST: Final = {"fp32": 512, "bf16": 1024}
"""Products that oneDNN adds in turn, by the precision of the weights."""
STEPS: Final = 127
"""Steps of an int8 weight, or input, on either side of zero."""
LEAST_SCALE: Final = 1e-30
"""The least scale, so that zeros stay zeros."""
MAX_TABLE_NUMBERS: Final = 2**23
"""Largest table of what the first layer makes of every token: 32 MiB in fp32. Where there are more, the head takes most of the time."""
LEAST_HEAD: Final = 2**16
"""Numbers of the head from which fewer bits make it faster: below it takes less time as it is than its input takes to be converted."""
NORM_EPS: Final = 1e-5
"""What layer normalisation adds to the variance."""
MOST_LANES: Final = 2**16
"""That compiled loops draw at a time."""
MOST_STEPPED: Final = 256
"""Tokens of a prompt that are read one by one, as what is drawn is; longer ones are read by the network's fused kernels."""


def part_of(inputs: int, precision: str) -> int:
    """How many products are added in turn: a longer row is cut into equal parts, whose sums are added."""
    return -(-inputs // -(-inputs // LONGEST[precision]))
