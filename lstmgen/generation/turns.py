"""One growing text on which a user and a model take turns, with undo."""

from __future__ import annotations

from collections.abc import Sequence

from lstmgen.choices import OovPolicy
from lstmgen.generation.draw import Context, Drawing, as_length, as_stops, begin, generator_of, read_on
from lstmgen.generation.generate import SampleStream, encode_given
from lstmgen.generation.sampling import Sampling
from lstmgen.media.base import Tokenizer
from lstmgen.model.decoder import Decoder


class Turns:
    """A text and the model's state after it, which always belong together.

    Whatever ends a turn of the model (its length, a stop text, an interruption), the state is the one after exactly the text that was
    emitted. Undoing and asking again gives another continuation: every turn has random numbers of its own, made from the seed and the
    turn's number.

    Args:
        decoder: the model.
        tokenizer: its tokenizer.
        seed: what all random numbers are made from.
    """

    def __init__(self, decoder: Decoder, tokenizer: Tokenizer, *, seed: int) -> None:
        self.seed = seed
        self._decoder = decoder
        self._tokenizer = tokenizer
        self._text, self._context = "", begin(decoder)
        self._past: list[tuple[str, Context]] = []
        self._open: SampleStream | None = None
        self._turns = 0

    @property
    def text(self) -> str:
        """Everything so far."""
        return self._text + (self._open.text if self._open is not None else "")

    def append(self, text: str, *, oov: OovPolicy = "error") -> tuple[str, ...]:
        """Adds what the user wrote; returns notes on symbols that the model has never seen.

        Raises:
            UnseenSymbolError: there are some and the policy is `error`; nothing was added.
            InputError: the text is too long.
        """
        self._settle()
        if not text:
            return ()
        ids, notes = encode_given(self._tokenizer, text, oov=oov, what="the text")
        self._remember()
        self._context = read_on(self._decoder, self._context, ids)
        self._text += text
        return notes

    def generate(
        self, length: int | None = 200, *, sampling: Sampling | None = None, stop: str | Sequence[str] = (), ignore_end: bool = False
    ) -> SampleStream:
        """Lets the model go on: pieces of text, which are part of `text` as they are emitted.

        Args:
            length: most tokens to draw; None or -1 for no end.
            sampling: how tokens are chosen.
            stop: end before the first of these texts.
            ignore_end: go on where the model would end its document.

        Raises:
            UsageError: an argument is out of bounds.
        """
        self._settle()
        drawing = Drawing(
            self._decoder,
            self._context,
            sampling=sampling or Sampling(),
            length=as_length(length),
            generator=generator_of(self.seed, self._turns),
            ignore_end=ignore_end,
        )
        stream = SampleStream(
            self._tokenizer, drawing, index=self._turns, seed=self.seed, stop=as_stops(stop), keep_half=False, on_end=self._take_over
        )
        self._remember()
        self._open = stream
        self._turns += 1
        return stream

    def undo(self) -> bool:
        """Takes back the last turn, whoever's it was; false when there is none."""
        self._settle()
        if not self._past:
            return False
        self._text, self._context = self._past.pop()
        return True

    def keep(self) -> None:
        """Makes everything so far the beginning, which `undo` does not take back."""
        self._settle()
        self._past.clear()

    def _remember(self) -> None:
        self._past.append((self._text, self._context))

    def _settle(self) -> None:
        """Ends a turn of the model that is still open."""
        stream = self._open
        if stream is not None:
            stream.close()
            self._take_over(stream)  # a stream that was never begun does not tell its end

    def _take_over(self, stream: SampleStream) -> None:
        """Makes what the model wrote part of the text."""
        if stream is not self._open:
            return
        self._open = None
        if self._tokenizer.decode(stream.drawing.ids) == stream.text:
            self._context = stream.drawing.context
        else:
            # Something drawn was not emitted: a stop text, or half a character. The model shall know the text as it stands.
            ids = self._tokenizer.encode(stream.text, oov="replace")
            self._context = read_on(self._decoder, self._context, ids)
        self._text += stream.text
