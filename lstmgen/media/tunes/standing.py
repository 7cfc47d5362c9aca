"""Where a tune stands, as far as a network that has learned for some minutes makes too little of it; see `corrections.py`."""

from __future__ import annotations

from typing import NamedTuple


class Last(NamedTuple):
    """The last note of a line that plays one note at a time.

    Attributes:
        track: the number of its track among those of its instrument.
        highest: whether no line lies higher.
        pitch: as ids say it.
    """

    track: int
    highest: bool
    pitch: int


class Standing(NamedTuple):
    """What is known before an id.

    Attributes:
        minor: of the key that was said.
        tonic: its pitch class, as ids say pitches.
        position: how far behind the beginning of the bar it stands.
        lacks: whether a line that began notes in the bar before has begun none in this one.
        lasts: the last notes of the lines of the instrument that is next, as far as they begin one note at a time, and none now.
    """

    minor: bool
    tonic: int
    position: int
    lacks: bool
    lasts: tuple[Last, ...]

    def lower(self, semitones: int) -> Standing:
        """The same where ids say pitches so much lower, modulo 128."""
        lasts = tuple(last._replace(pitch=(last.pitch - semitones) % 128) for last in self.lasts)
        return self._replace(tonic=(self.tonic - semitones) % 12, lasts=lasts)
