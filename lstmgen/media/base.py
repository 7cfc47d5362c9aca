"""What a tokenizer promises: text or scores <-> ids, in numpy, never torch.

Ids are those of `lstmgen.ids`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import OovPolicy
from lstmgen.ids import Ids
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import Notes, Score


class StreamDecoder(Protocol):
    """Turns ids into text one at a time; never emits half a character.

    `"".join(push(i) for i in ids) + finish() == tokenizer.decode(ids)` for every sequence of ids.
    """

    def push(self, token_id: int, /) -> str:
        """The text that this id completes; empty while a character is still open."""
        ...

    def finish(self) -> str:
        """What is still held back, with U+FFFD in place of an incomplete character."""
        ...


class Vocabulary(Protocol):
    """What every tokenizer has, whatever its ids stand for."""

    @property
    def name(self) -> str:
        """`char`, `notes`, ..., as `--tokenizer` takes it."""
        ...

    @property
    def vocab_size(self) -> int:
        """Number of ids, the boundary included."""
        ...

    def piece(self, token_id: int) -> str:
        """One id as a person would read it, for tables; not necessarily decodable. Raises IndexError out of range."""
        ...

    def to_json(self) -> dict[str, Any]:
        """All that `lstmgen.media.tokenizers.from_json` needs to rebuild it; `{"name": ..., "version": 1, ...}`."""
        ...


class Tokenizer(Vocabulary, Protocol):
    """Text to ids and back."""

    @property
    def lossless(self) -> bool:
        """Whether `decode(encode(x)) == x` for every x that encodes without an error.

        Byte escapes (U+DC80 to U+DCFF, bytes that are not UTF-8) come back as they were where the corpus held such; elsewhere a
        tokenizer that ends in bytes encodes them as their bytes and decodes them to U+FFFD.
        """
        ...

    @property
    def covers_everything(self) -> bool:
        """Whether every text that a file can hold encodes without an unseen symbol."""
        ...

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """The ids of a text, without any boundary.

        Raises:
            UnseenSymbolError: the text holds a symbol without an id and `oov` is `error`.
        """
        ...

    def unseen(self, text: str) -> tuple[str, ...]:
        """The distinct symbols of a text that have no id, in order of first appearance."""
        ...

    def decode(self, ids: Ids | list[int]) -> str:
        """The text of these ids; boundaries decode to nothing."""
        ...

    def decoder(self) -> StreamDecoder:
        """A fresh decoder for one stream of ids."""
        ...

    def safe_cut(self, text: str) -> int:
        """The largest n such that encoding `text[:n]` and `text[n:]` apart gives the ids of the whole, whatever follows `text`.

        Lets a corpus be encoded chunk by chunk. 0 when no such place is known.
        """
        ...


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


@dataclass(frozen=True)
class Clock:
    """A cycle that the ids imply without naming it, such as the voice and the step of the bar on a grid.

    Attributes:
        period: its length.
        low: the first id that counts.
        high: the last id that counts.
    """

    period: int
    low: int
    high: int


class Cursor(Protocol):
    """Where a tune stands while it is written, and what may come next. Changes as it is pushed.

    The life of a cursor: `push` every id of the prompt, `begin`, then again and again `allowed` and `push`.
    """

    @property
    def finished(self) -> bool:
        """Whether the end that was wished for (`Constraints.bars`, `Constraints.seconds`) has been reached."""
        ...

    def begin(self) -> None:
        """The prompt is over: from here on constraints hold, and bars and seconds are counted."""
        ...

    def allowed(self) -> NDArray[np.bool_]:
        """Which ids may come next, of shape (V,); a fresh or read-only array that is never all False.

        By the grammar always, and after `begin` by the constraints. The boundary (id 0) is allowed where the tune may end by grammar and
        no length is wished for that has not been reached.
        """
        ...

    def push(self, token_id: int) -> None:
        """One more id. After `begin` it must be allowed; of a prompt whatever its tokenizer's `encode` gives.

        Raises:
            ValueError: the grammar does not allow it.
        """
        ...


class NoteStream(Protocol):
    """Turns ids into notes one at a time; gives each note as soon as its end is known, in ticks, never half a note."""

    def push(self, token_id: int, /) -> Notes:
        """The notes that this id completes; usually none or one. Raises IndexError where there is no such id."""
        ...

    def finish(self) -> Notes:
        """The notes that end because no id follows."""
        ...


class ScoreTokenizer(Vocabulary, Protocol):
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
            prompt: ids that the pushed ones follow; notes that begin there are not given, but time, tempo, instrument and loudness go on.
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


AnyTokenizer = Tokenizer | ScoreTokenizer
"""What a model may come with; `lstmgen.media.tokenizers.of_scores` tells them apart."""
