"""What the tracks of a corpus are called: of each program and number of its track one name, which samples give their tracks too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from lstmgen.media import checks
from lstmgen.media.tunes.parts import INSTRUMENTS, MOST_TRACKS, lines_of
from lstmgen.music.score import Score, printable

_LONGEST: Final = 40
_USUAL: Final = 0.5
"""Share of the tracks that have to be called so: where files name tracks by their titles none of them is usual."""

Names = tuple[tuple[int, tuple[str, ...]], ...]
"""Of each instrument, ascending, what its tracks are called in order; empty where they are called in no usual way."""


def usual_names(scores: Iterable[Score], tracks: int) -> Names:
    """What most tracks of each line are called, where most are called alike.

    Args:
        scores: the corpus.
        tracks: how many tracks of one program are told apart.
    """
    called: dict[int, Counter[str]] = {}
    for score in scores:
        pairs = np.unique(lines_of(score, tracks) << 16 | score.notes.track)
        for line, track in zip((pairs >> 16).tolist(), (pairs & 0xFFFF).tolist(), strict=True):
            called.setdefault(line, Counter())[printable(score.tracks[track].name)[:_LONGEST].strip()] += 1
    found: dict[int, list[str]] = {}
    for line, names in sorted(called.items()):
        (name, count), (instrument, number) = names.most_common(1)[0], divmod(line, MOST_TRACKS)
        if name and count >= _USUAL * names.total():
            own = found.setdefault(instrument, [])
            own += [""] * (number - len(own)) + [name]
    return tuple((instrument, tuple(own)) for instrument, own in found.items())


def name_of(line: int, names: Names) -> str:
    """What a line is called; empty where that is not known."""
    instrument, number = divmod(line, MOST_TRACKS)
    own = dict(names).get(instrument, ())
    return own[number] if number < len(own) else ""


def to_json(names: Names) -> dict[str, list[str]]:
    """By the number of each instrument."""
    return {str(instrument): list(own) for instrument, own in names}


def from_json(values: Any) -> Names:
    """The names that `to_json` gave. Raises ModelFileError."""
    if type(values) is not dict or not set(values) <= {str(instrument) for instrument in range(INSTRUMENTS)}:
        checks.refuse("the names of its tracks are not by instrument")
    found: dict[int, tuple[str, ...]] = {}
    for instrument, own in values.items():
        if type(own) is not list or not 1 <= len(own) <= MOST_TRACKS:
            checks.refuse(f"the names of the tracks of instrument {instrument} are no list of 1 to {MOST_TRACKS}")
        if any(type(name) is not str or len(name) > _LONGEST or name != printable(name) for name in own):
            checks.refuse(f"a name of a track of instrument {instrument} is no printable text of {_LONGEST} characters")
        found[int(instrument)] = tuple(own)
    return tuple(sorted(found.items()))
