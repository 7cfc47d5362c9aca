"""What a tokenizer of scores promises: scores <-> ids, and which ids may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.base import Clock, Tokenizer
from lstmgen.media.writing import Cursor
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import Notes, Score


@dataclass(frozen=True, kw_only=True)
class Measures:
    """How much music some ids stand for.

    Attributes:
        notes: notes that begin.
        seconds: time that passes, at the tempo that the ids say or imply.
        frames: steps of a grid; None where there is none.
    """

    notes: int
    seconds: float
    frames: int | None = None


class NoteStream(Protocol):
    """Turns ids into notes one at a time; gives each note as soon as its end is known, in ticks, never half a note."""

    def push(self, token_id: int, /) -> Notes:
        """The notes that this id completes; usually none or one. Raises IndexError where there is no such id."""
        ...

    def finish(self) -> Notes:
        """The notes that end because no id follows."""
        ...


class ScoreTokenizer(Tokenizer, Protocol):
    """Scores to ids and back."""

    @property
    def clock(self) -> Clock | None:
        """The cycle in which the ids stand; None where they name their place in time themselves, or there is none."""
        ...

    def encode(self, score: Score) -> Ids:
        """The ids of a score, without any boundary. Absolute times are quantised, never differences."""
        ...

    def decode(self, ids: Ids | list[int], *, like: Score | None = None, since: int = 0) -> Score:
        """The score of these ids: every note ends after it starts, whatever the ids.

        `encode(decode(ids)) == ids` for ids that a cursor allows, but for what was only announced, such as an instrument that never plays.

        Args:
            ids: boundaries decode to nothing.
            like: where the ids do not say it, ticks per beat, tempo map, meters, keys, and the tracks with their programs are taken from
                this score (of which the ids are a continuation).
            since: leave out the notes that begin with an id before this index; times are as in the whole.
        """
        ...

    def decoder(self, *, like: Score | None = None, prompt: Ids = ...) -> NoteStream:
        """A fresh decoder for the ids of one piece, as a cursor allows them; each takes a constant time.

        All the notes that it gives, in order, are those of `decode(prompt and ids, like=like, since=len(prompt))`.

        Args:
            like: as in `decode`.
            prompt: ids that the pushed ones follow; notes that begin there are not given, but their time, tempo, instrument and loudness
                hold.
        """
        ...

    def cursor(self, constraints: Constraints, *, like: Score | None = None) -> Cursor:
        """A fresh cursor at the beginning of a piece.

        Args:
            constraints: what holds after the prompt.
            like: the score that the prompt's ids stand for. Where the ids do not say them, the meter and the tempo at its end are those in
                which bars and seconds are counted; without it that is 4/4 at 120 beats per minute.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        ...

    def measure(self, ids: Ids) -> Measures:
        """How much music these ids of one piece stand for."""
        ...

    def transpositions(self, ids: Ids) -> tuple[int, int]:
        """The least and the most semitones (at most 0 and at least 0) by which all pitched notes stay within 0 to 127."""
        ...

    def augmented(self, ids: Ids, *, semitones: int = 0, stretch: float = 1.0) -> Ids:
        """The ids of the same piece, transposed (drums stay) and played slower by a factor.

        Works on the ids alone. Where time is in beats the tempo changes by whole bins; where it is in seconds absolute times are stretched
        and quantised anew; where there is no tempo at all (`grid`) nothing is stretched.
        """
        ...

    def ticks_of(self, ids: Ids, score: Score) -> NDArray[np.int64]:
        """The tick of a score at which each of the ids stands that `encode` gave for it; what lets time pass stands before or after."""
        ...

    def frame_ends(self, ids: Ids) -> NDArray[np.bool_] | None:
        """For `grid`: which ids are the last of their step; None for tokenizers without steps."""
        ...
