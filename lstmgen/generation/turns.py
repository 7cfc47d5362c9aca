"""One growing text on which a user and a model take turns, with undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

from lstmgen.config import DataConfig
from lstmgen.generation.clamps import holding
from lstmgen.generation.draw import read_on
from lstmgen.generation.generate import Job, Stream
from lstmgen.generation.prediction import Candidate, predict_text
from lstmgen.generation.request import Request
from lstmgen.media.base import Medium
from lstmgen.model.decoder import Decoder

_NO_TEXT: Final = "\ufffd"


class Turns:
    """A text and the model's state after it, which always belong together.

    Whatever ends a turn of the model (its length, a stop text, an interruption), the state is the one after exactly the text that was
    emitted. Undoing and asking again gives another continuation: every turn has random numbers of its own, made from the seed and the
    turn's number.

    Args:
        decoder: the model.
        medium: whose pieces are texts.
        tokenizer: of the model.
        seed: what all random numbers are made from; None draws one.
    """

    def __init__(self, decoder: Decoder, medium: Medium, tokenizer: Any, *, seed: int | None) -> None:
        self._tokenizer = tokenizer
        (self._job,) = Job.of(decoder, medium, tokenizer, Request(seed=seed), data=DataConfig())
        self._text = ""
        self._past: list[tuple[str, Job]] = []
        self._open: Stream | None = None
        self._turns = 0

    @property
    def seed(self) -> int:
        """What all random numbers are made from."""
        return self._job.seed

    @property
    def text(self) -> str:
        """Everything so far."""
        return self._text + (self._open.result.item if self._open is not None else "")

    def append(self, text: str, *, oov: str = "error") -> tuple[str, ...]:
        """Adds what the user wrote; returns notes on symbols that the model has never seen.

        Raises:
            UnseenSymbolError: there are some and the policy is `error`; nothing was added.
            InputError: the text is too long.
        """
        self._settle()
        if not text:
            return ()
        prompt = self._job.medium.parse_prompt(self._tokenizer, text, {"oov": oov}, DataConfig())
        self._remember()
        self._read(prompt.ids)
        self._text += text
        return prompt.notes

    def suggest(self, text: str, *, top: int, oov: str = "error", stop: Callable[[], bool] = lambda: False) -> tuple[Candidate, ...]:
        """The words that the last one of a text may become, or that may follow it, if that text were added; nothing is added.

        Args:
            text: what is being written.
            top: how many words.
            oov: what to do with symbols that the model has never seen.
            stop: asked before each step; once it says yes, there are none.

        Raises:
            UnseenSymbolError, InputError: as `append`.
        """
        self._settle()
        job = self._job
        prompt = job.medium.parse_prompt(self._tokenizer, text, {"oov": oov}, DataConfig())
        spelled = job.medium.spelled(self._tokenizer, prompt)
        if spelled is None:
            return ()
        context = read_on(job.decoder, job.context, spelled.base)
        found = predict_text(cast("Decoder", job.decoder), spelled, words=True, top=2 * top + 1, context=context, stop=stop)
        # What was typed may be a word already, and bytes may be no text.
        return () if stop() else tuple(each for each in found.candidates if each.adds and _NO_TEXT not in each.adds)[:top]

    def generate(self, request: Request) -> Stream:
        """Lets the model continue: pieces of text, which are part of `text` as they are emitted.

        Args:
            request: how to sample; its prompt and its seed do not count.

        Raises:
            UsageError: an option is out of bounds.
        """
        self._settle()
        medium, prompt = self._job.medium, self._job.prompt
        medium.check_options(request.options)
        plan = medium.plan(self._tokenizer, prompt, request.options, length=request.length, echo=False, data=DataConfig())
        stream = Stream(
            replace(self._job, decoder=holding(self._job.decoder, request.clamp), request=request, plan=plan),
            self._turns,
            cut=True,
            on_end=self._take_over,
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
        self._text, self._job = self._past.pop()
        return True

    def keep(self) -> None:
        """Makes everything so far the beginning, which `undo` does not take back."""
        self._settle()
        self._past.clear()

    def _remember(self) -> None:
        self._past.append((self._text, self._job))

    def _read(self, ids: Any) -> None:
        self._job = replace(self._job, read=read_on(self._job.decoder, self._job.context, ids))

    def _settle(self) -> None:
        """Ends a turn of the model that is still open."""
        stream = self._open
        if stream is not None:
            stream.close()
            self._take_over(stream)  # a stream that was never begun does not tell its end

    def _take_over(self, stream: Stream) -> None:
        """Makes what the model wrote part of the text: exactly that, without a stop text or half a character that was drawn."""
        if stream is not self._open:
            return
        self._open = None
        written, drawn = stream.result.item, stream.lane.ids
        ids = drawn if self._tokenizer.decode(drawn) == written else self._tokenizer.encode(written, oov="replace")
        self._read(ids)
        self._text += written
