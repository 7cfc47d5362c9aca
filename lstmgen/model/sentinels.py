"""The order in which a network reads what surrounds a gap: the suffix first, from right to left (after Bavarian et al. 2022).

    what stands before ... | SUFFIX | suffix, its last token first | MIDDLE | the end of what stands before, once more, then the gap

What stands before is read as always, so the state behind it is that of plain reading. Then the network is told what the gap ends in; the
token that stands next to the gap comes last, where it is remembered best. So that it need not find back to the place where it was, it reads
the last tokens before the gap again, as if they were in the gap, and goes on. How likely it is that the gap is over is a number of its own
beside the logits.

The two sentinels have ids behind those of the tokenizer. They are inputs only: the network has a vector for each and no row of its head, so
neither can be drawn or take a share of any probability.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids

READ_AGAIN: Final = 6
"""Tokens that lead to the gap: enough to find back, and few, because what was told before them has to be remembered over them."""


def announced(suffix: Ids, vocab_size: int) -> Ids:
    """A suffix as it is read before a middle, between its sentinels."""
    return np.concatenate([[vocab_size], suffix[::-1], [vocab_size + 1]])


def around(before: Ids, behind: Ids, *, vocab_size: int, most: int) -> tuple[Ids, Ids]:
    """What is read before a gap: in plain order, and then with what the gap ends in.

    Args:
        before: the ids before the gap, the boundary of the item included.
        behind: those behind it up to the end of the item, without its boundary.
        vocab_size: of the tokenizer.
        most: tokens of a suffix that the network reads.
    """
    suffix = np.append(behind[:most], BOUNDARY_ID)[:most]
    return before[:-READ_AGAIN], np.concatenate([announced(suffix, vocab_size), before[-READ_AGAIN:]])
