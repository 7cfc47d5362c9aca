"""The order in which a network reads what surrounds a gap: prefix, suffix, middle (Bavarian et al. 2022).

    prefix ... | SUFFIX | suffix ... | MIDDLE | middle ... | boundary

The prefix is read as always, so the state behind it is that of plain reading. What may follow `MIDDLE` are the tokens of the gap; the
boundary (id 0), which ends whatever is written, ends the gap. The two sentinels have ids of their own, behind those of the tokenizer. They
are inputs only: the network has a vector for each and no row of its head, so neither can be drawn or take a share of any probability.
"""

from __future__ import annotations

import numpy as np

from lstmgen.ids import BOUNDARY_ID, Ids


def between(suffix: Ids, vocab_size: int) -> Ids:
    """What is read between a prefix and a middle: the suffix between its sentinels, which stand behind the ids of the tokenizer."""
    return np.concatenate([[vocab_size], suffix, [vocab_size + 1]])


def suffix_behind(ids: Ids, most: int) -> Ids:
    """Of what stands behind a gap, up to the end of the item, as much as a network reads; the end is a boundary."""
    return np.append(ids[:most], BOUNDARY_ID)[:most]
