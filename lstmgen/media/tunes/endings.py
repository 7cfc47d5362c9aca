"""How often the tunes of a corpus end on the tonic, and on a note that is held; what is drawn is to end so as often.

A network that has learned for some minutes knows how a tune closes less well than how it goes on: of chorales 36 in 100 samples ended on
the tonic of the key that they were heard in, of those that it had learned from 57. So how a tune is to end is chosen when its last bar
begins, as tunes that are about as long have it, and a last bar that ends otherwise is drawn again.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.statistics import ABOUT, FEWEST_PEERS
from lstmgen.media.tunes.statistics import ending_of
from lstmgen.music.bars import full_bars
from lstmgen.music.score import Score

_MOST: Final = 512
"""Tunes, or up to twice as many, that are looked at."""
_WAYS: Final = ((True, True), (True, False), (False, True), (False, False))
"""On the tonic and held."""

Endings = tuple[tuple[int, tuple[int, ...]], ...]
"""For each number of full bars, ascending, how many tunes end in each of the ways, in their order; empty: nothing is known of it."""


def endings_of(scores: Sequence[Score]) -> Endings:
    """How many of some scores end in each way; of many, evenly spread ones are looked at."""
    some = scores[:: max(1, len(scores) // _MOST)]
    found = Counter((full_bars(score), ending) for score in some if (ending := ending_of(score)) is not None)
    return tuple((bars, tuple(found[bars, way] for way in _WAYS)) for bars in sorted({bars for bars, _ in found}))


def to_json(endings: Endings) -> dict[str, list[int]]:
    """By the number of bars."""
    return {str(bars): list(counts) for bars, counts in endings}


def from_json(values: Any) -> Endings:
    """What `to_json` gave. Raises ModelFileError."""
    if type(values) is not dict or len(values) > 2 * _MOST or not all(key.isdecimal() and len(key) < 8 for key in values):
        checks.refuse("how its tunes end is not by numbers of bars")
    for counts in values.values():
        if type(counts) is not list or len(counts) != len(_WAYS) or any(type(each) is not int for each in counts):
            checks.refuse(f"how its tunes end is no list of {len(_WAYS)} numbers for each length")
        if min(counts) < 0 or not 0 < sum(counts) <= 2 * _MOST:
            checks.refuse("how many of its tunes end in which way is out of range")
    return tuple(sorted((int(bars), tuple(counts)) for bars, counts in values.items()))


def chosen_ending(endings: Endings, bars: int, drawn: Ids) -> tuple[bool, bool]:
    """How a tune is to end: each way as often as among tunes that are about as long, and always the same behind the same ids.

    Args:
        endings: of a corpus; some.
        bars: how many the tune is to have.
        drawn: the ids of the tune so far.
    """
    near = [counts for length, counts in endings if bars / ABOUT <= length <= bars * ABOUT]
    counts = np.sum(near, axis=0) if np.sum(near) >= FEWEST_PEERS else np.sum([counts for _, counts in endings], axis=0)
    share = zlib.crc32(drawn.astype("<i8").tobytes()) / 2**32
    return _WAYS[int(np.searchsorted(np.cumsum(counts), share * counts.sum(), side="right"))]
