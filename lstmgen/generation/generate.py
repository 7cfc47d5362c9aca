"""From a prompt to text, in pieces as it is drawn.

    prompt ─► ids ─► context ─► drawing ─► ids ─► stream decoder ─► stop scanner ─► pieces of text

The prompt is never altered; the text is what comes after it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from lstmgen import limits
from lstmgen.choices import OovPolicy
from lstmgen.errors import InputError
from lstmgen.generation.draw import Drawing
from lstmgen.generation.stops import StopScanner
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Tokenizer
from lstmgen.media.tokenizers import printable

Ended = Literal["length", "stop", "end-of-document", "interrupted"]
_MAX_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One generated text.

    Attributes:
        index: its number among the samples of this seed, from 0.
        seed: what its random numbers were made from, together with the index.
        prompt: what it continues.
        text: the continuation, without the prompt.
        tokens: how many were drawn, those of a stop text included.
        nats_per_token: their mean surprisal under the model itself, at temperature 1 and without filters; None without tokens.
        ended: why it ended; `interrupted` when whoever read it stopped reading.
        notes: what was done to the prompt before the model read it.
    """

    index: int
    seed: int
    prompt: str
    text: str
    tokens: int
    nats_per_token: float | None
    ended: Ended
    notes: tuple[str, ...] = ()


class SampleStream:
    """A sample while it is drawn: an iterator over pieces of its text, which joined are the whole text.

    Args:
        tokenizer: turns ids into text.
        drawing: where the ids come from.
        index: as in `Sample`.
        seed: as in `Sample`.
        prompt: as in `Sample`.
        stop: texts before the first of which the sample ends.
        notes: as in `Sample`.
        keep_half: emit U+FFFD for a character of which only the first bytes were drawn, rather than nothing.
        on_end: called once when the sample ends, or its reader leaves it.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        drawing: Drawing,
        *,
        index: int,
        seed: int,
        prompt: str = "",
        stop: Sequence[str] = (),
        notes: tuple[str, ...] = (),
        keep_half: bool = True,
        on_end: Callable[[SampleStream], None] | None = None,
    ) -> None:
        self.drawing = drawing
        self._tokenizer = tokenizer
        self._index, self._seed, self._prompt, self._notes = index, seed, prompt, notes
        self._scanner = StopScanner(stop)
        self._keep_half = keep_half
        self._on_end = on_end
        self._text = io.StringIO()
        self._tokens, self._nats = 0, 0.0
        self._ended: Ended = "interrupted"
        self._pieces = self._run()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        """The next piece of text; never empty."""
        return next(self._pieces)

    def close(self) -> None:
        """Ends the sample where it stands."""
        self._pieces.close()

    @property
    def text(self) -> str:
        """What was emitted so far."""
        return self._text.getvalue()

    @property
    def result(self) -> Sample:
        """The sample as far as it was drawn."""
        return Sample(
            index=self._index,
            seed=self._seed,
            prompt=self._prompt,
            text=self.text,
            tokens=self._tokens,
            nats_per_token=self._nats / self._tokens if self._tokens else None,
            ended=self._ended,
            notes=self._notes,
        )

    def _run(self) -> Generator[str, None, None]:
        try:
            for piece in self._decoded():
                if piece:
                    self._text.write(piece)
                    yield piece
        finally:
            if self._on_end is not None:
                self._on_end(self)

    def _decoded(self) -> Iterator[str]:
        """The loop: draw, decode, look for a stop text. Pieces may be empty."""
        decoder, scanner, ended = self._tokenizer.decoder(), self._scanner, "length"
        for drawn in self.drawing:
            if drawn.token == BOUNDARY_ID:
                ended = "end-of-document"
                break
            self._tokens += 1
            self._nats += drawn.nats
            shown = scanner.push(decoder.push(drawn.token))
            if scanner.found:
                self._ended = "stop"
                yield shown
                return
            yield shown
        shown = scanner.push(decoder.finish()) if self._keep_half else ""
        self._ended = "stop" if scanner.found else ended
        yield shown + scanner.finish()


def encode_given(tokenizer: Tokenizer, text: str, *, oov: OovPolicy, what: str) -> tuple[Ids, tuple[str, ...]]:
    """The ids of a text that a user gave, and notes on the symbols that the model has never seen.

    Args:
        tokenizer: the model's.
        text: what was given.
        oov: what to do with unseen symbols.
        what: what the text is, as in "the prompt".

    Raises:
        UnseenSymbolError: there are unseen symbols and the policy is `error`.
        InputError: the text is too long.
    """
    if len(text) > limits.MAX_PROMPT_CHARS:
        raise InputError(f"{what} has {len(text):,} characters, at most {limits.MAX_PROMPT_CHARS:,} are read", remedy="give a shorter text")
    ids = tokenizer.encode(text, oov=oov)
    unseen = () if oov == "error" or tokenizer.covers_everything else tokenizer.unseen(text)
    if not unseen:
        return ids, ()
    shown = ", ".join(f"'{printable(symbol)}'" for symbol in unseen[:_MAX_SHOWN])
    more = f" and {len(unseen) - _MAX_SHOWN} more" if len(unseen) > _MAX_SHOWN else ""
    done = "left out" if oov == "skip" else "replaced by one that it knows"
    return ids, (f"symbols of {what} that the model has never seen were {done}: {shown}{more}",)
