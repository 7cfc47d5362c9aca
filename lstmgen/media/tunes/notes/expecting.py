"""Where a tune of notes stands, for what a network expects of it; see `lstmgen.media.tunes.standing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.notes.bar import BarNote
from lstmgen.media.tunes.notes.returning import Returning
from lstmgen.media.tunes.parts import FIRST_DRUMS, MOST_TRACKS
from lstmgen.media.tunes.standing import Last, Standing

_BARS_BACK: Final = 8
"""In which the last note of a line is looked for, beside the one that is written."""
_NOTHING: Final[tuple[int, BarNote]] = (-1, (0, 0, 0, 0, 0))


class Expecting(Returning):
    """A grammar of notes that tells where the tune stands."""

    _minor: bool | None = None
    """Of the key that was said."""
    _tonic: int
    _named_L: NDArray[np.bool_]

    @property
    def standing(self) -> Standing | None:
        """What is known before the next id; None where bars are not remembered, or no key was said."""
        if self._beats is None or self._minor is None:
            return None
        before, own = self._bars.at(1), self._bars.written
        begun = {note[1] for note in own} | self._returned
        lacks = before is not None and any(note[1] not in begun for note in before.notes)
        return Standing(self._minor, self._tonic, self.position, lacks, tuple(self._lasts()))

    def _lasts(self) -> Iterator[Last]:
        """The last notes of the lines of the instrument that may play, as far as each began by itself and before now."""
        first, highest = self._instrument * MOST_TRACKS, int(self._named_L[:FIRST_DRUMS].nonzero()[0].max(initial=-1))
        for line in range(first, first + MOST_TRACKS) if first < FIRST_DRUMS else ():
            if line in self._playing:
                notes = self._backwards(line)
                (back, last), (back_before, before) = next(notes, _NOTHING), next(notes, _NOTHING)
                is_chord = back == back_before and last[0] == before[0]
                if back >= 0 and not is_chord and (back > 0 or last[0] < self.position):
                    yield Last(line - first, line == highest, last[2])

    def _backwards(self, line: int) -> Iterator[tuple[int, BarNote]]:
        """The notes of a line from the last one on, each with how far back its bar lies."""
        for back in range(_BARS_BACK + 1):
            bar = None if back == 0 else self._bars.at(back)
            notes = self._bars.written if back == 0 else () if bar is None else bar.notes
            for note in reversed(notes):
                if note[1] == line:
                    yield back, note
