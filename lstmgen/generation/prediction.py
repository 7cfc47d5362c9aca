"""What comes next: the most probable characters, words or events, with probabilities that do not depend on how a tokenizer cuts a text.

A text is read up to the word in which it ends, without the space before that word. The rest is spelled again by the model in every way that
its tokens allow: the probability of a word is the sum over all of its spellings, divided by that of what was typed of it. Where ids are
single characters there is one spelling, and the sum is the product of their probabilities.

The search follows the most probable beginnings in lanes of the decoder. What it does not follow is kept with the text that was spelled so
far, for only candidates that begin with that could gain by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.generation.draw import Context, begin
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.writing import Spelled
from lstmgen.model.decoder import Decoder

LANES: Final = 64
"""Beginnings that are followed side by side."""
_MAX_BYTES: Final = 48
"""Of a word, beside what was typed; a longer one is cut there."""
_LEAST: Final = 1e-7
"""A beginning that is less probable, given what was typed, is not followed."""
_ENOUGH: Final = 1e-3
"""The search ends where no more than this is left to follow."""


@dataclass(frozen=True)
class Candidate:
    """What may come next.

    Attributes:
        text: a character, a whole word with what was typed of it, or an event as a person reads it; empty: the end of the document.
        adds: what it adds to what was typed.
        probability: of it.
    """

    text: str
    adds: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The most probable candidates.

    Attributes:
        candidates: what may come next, the most probable first.
        unfollowed: by so much at most their probabilities are wrong.
        unlisted: no other candidate is more probable than this.
    """

    candidates: tuple[Candidate, ...]
    unfollowed: float
    unlisted: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"candidates": [vars(each) for each in self.candidates], "unfollowed": self.unfollowed, "unlisted": self.unlisted}


Outcome = Callable[[bytes, bool], "bytes | None"]
"""What was spelled, and whether the document ends there -> the candidate that it makes; None: it makes none. Raises `_UnfinishedError`."""


class _UnfinishedError(Exception):
    """More has to be spelled before it is known what it makes."""


def predict_events(decoder: Decoder, ids: Ids, *, allowed_V: NDArray[np.bool_] | None, piece: Callable[[int], str], top: int) -> Prediction:
    """The ids that may come next.

    Args:
        decoder: the model.
        ids: what was written, without the boundary before it.
        allowed_V: which ids may come next; None: all.
        piece: an id as a person reads it.
        top: how many candidates.
    """
    p_V = _probabilities(begin(decoder, ids).logits_V[None])[0]
    if allowed_V is not None:
        p_V = np.where(allowed_V, p_V, 0.0)
        p_V /= p_V.sum()
    order = np.argsort(-p_V, kind="stable")
    listed = [int(token) for token in order[:top] if p_V[token] > 0]
    unlisted = float(p_V[order[top]]) if len(order) > top else 0.0
    return Prediction(tuple(Candidate(piece(token), piece(token), float(p_V[token])) for token in listed), 0.0, unlisted)


def predict(
    decoder: Decoder,
    medium: Medium,
    tokenizer: Tokenizer,
    prompt: Any,
    options: Mapping[str, Any],
    *,
    words: bool,
    top: int,
    data: DataConfig,
) -> Prediction:
    """What comes next behind a prompt, in the units of its medium; `options` are those of its samples.

    Raises:
        UnseenSymbolError: the prompt holds unseen symbols and is not to be altered.
        InputError: the prompt cannot be read.
        UsageError: there are no words, or the number of candidates is not positive.
    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise UsageError(f"{top!r} candidates, expected a whole number, 1 or more", remedy="--top 5")
    medium.check_options(options)
    parsed = medium.parse_prompt(tokenizer, prompt, options, data)
    spelled = medium.spelled(tokenizer, parsed)
    if spelled is not None:
        return predict_text(decoder, spelled, words=words, top=top)
    if words:
        raise UsageError(f"{medium.label} has no words, only events", remedy="leave --words out")
    plan = medium.plan(tokenizer, parsed, options, length=None, echo=False, data=data)
    return predict_events(decoder, parsed.ids, allowed_V=plan.writer().allowed(), piece=tokenizer.piece, top=top)


def predict_text(
    decoder: Decoder,
    spelled: Spelled,
    *,
    words: bool,
    top: int,
    context: Context | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Prediction:
    """The next characters, or words, behind a text.

    Args:
        decoder: the model.
        spelled: the text, and what the ids spell.
        words: whether words are meant.
        top: how many candidates.
        context: where the text's base leaves the model; None: that is read.
        stop: asked before each step; once it says yes, what was found so far is all.
    """
    typed, word = spelled.typed, spelled.typed[spelled.word :]
    outcome = word_of(spelled) if words else _character_of(typed)
    search = Search(decoder, spelled, outcome, context)
    search.run(stop)
    total, known = search.total or math.inf, len(word) if words else 0
    ranked = sorted(search.found.items(), key=lambda item: (-item[1], item[0]))
    shown = [(content, mass / total, content[known:]) for content, mass in ranked[:top]]
    candidates = [Candidate(content.decode("utf-8", "replace"), adds.decode("utf-8", "replace"), p) for content, p, adds in shown]
    before = typed[: spelled.word] if words else typed
    gains = [search.missed(before + content) for content, *_ in shown]
    others = [mass + search.missed(before + content) for content, mass in ranked[top:]]
    others += [search.missed(content) for content in search.lost]
    return Prediction(tuple(candidates), min(1.0, max(gains, default=0.0) / total), min(1.0, max(others, default=0.0) / total))


class Search:
    """The beginnings that are followed, and what they came to.

    Args:
        decoder: the model.
        spelled: the text.
        outcome: which candidate something spelled makes.
        context: where the text's base leaves the model; None: that is read.

    Attributes:
        found: for each candidate the sum of the probabilities of its spellings.
        total: of all spellings of what was typed.
        lost: for what was spelled so far, the probability of what was not followed behind it.
    """

    def __init__(self, decoder: Decoder, spelled: Spelled, outcome: Outcome, context: Context | None = None) -> None:
        self._decoder, self._spelled, self._outcome, self._context = decoder, spelled, outcome, context
        self.found: dict[bytes, float] = {}
        self.lost: dict[bytes, float] = {}
        self.total = 0.0 if spelled.typed else 1.0

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Follows beginnings until next to nothing is left, or until `stop` says so."""
        context = self._context or begin(self._decoder, self._spelled.base)
        beginnings, logits_BV, state = [(b"", 1.0)], context.logits_V[None], context.state
        while beginnings and not stop():
            grown = [
                (p, content, row, token)
                for row, ((content, mass), p_V) in enumerate(zip(beginnings, _probabilities(logits_BV), strict=True))
                for p, content, token in self._grown(content, mass, p_V)
            ]
            grown.sort(key=lambda item: (-item[0], item[1]))
            kept = grown[:LANES]
            ended = not kept or (self.total > 0 and sum(p for p, *_ in kept) < _ENOUGH * self.total)
            for p, content, *_ in grown if ended else grown[LANES:]:
                self._lose(content, p)
            if ended:
                return
            rows = torch.tensor([row for _, _, row, _ in kept], dtype=torch.int64)
            logits_BV, state = self._decoder.step([token for *_, token in kept], state.select(rows))
            beginnings = [(content, p) for p, content, *_ in kept]

    def _grown(self, content: bytes, mass: float, p_V: NDArray[np.float64]) -> list[tuple[float, bytes, int]]:
        """A beginning with each token behind it that leaves it one; what becomes a candidate is counted."""
        typed, grown = self._spelled.typed, list[tuple[float, bytes, int]]()
        if len(content) < len(typed):
            likely = np.flatnonzero(self._spelled.fits(typed[len(content) :]))
        else:
            likely = np.flatnonzero(p_V * mass >= _LEAST * self.total)
        followed = 0.0
        for token in likely.tolist():
            p = mass * float(p_V[token])
            spelled = content + self._spelled.entries[token]
            followed += p
            if len(content) < len(typed) <= len(spelled):
                self.total += p
            if len(spelled) < len(typed):
                grown.append((p, spelled, token))
                continue
            try:
                candidate = self._outcome(spelled, token == BOUNDARY_ID)
            except _UnfinishedError:
                grown.append((p, spelled, token))
            else:
                if candidate is not None:
                    self.found[candidate] = self.found.get(candidate, 0.0) + p
        if len(content) >= len(typed):
            self._lose(content, max(0.0, mass - followed))
        return grown

    def _lose(self, content: bytes, mass: float) -> None:
        self.lost[content] = self.lost.get(content, 0.0) + mass

    def missed(self, content: bytes) -> float:
        """The probability of what was not followed and could have spelled this."""
        return sum(self.lost.get(content[:size], 0.0) for size in range(len(content) + 1))


def word_of(spelled: Spelled) -> Outcome:
    """The last word of what was spelled, once its end is known."""
    most = len(spelled.typed) + _MAX_BYTES

    def outcome(content: bytes, ended: bool) -> bytes | None:  # noqa: FBT001 - of `Outcome`
        word = content[spelled.word :]
        end = spelled.word_end(word)
        if end is None and not ended and len(content) < most:
            raise _UnfinishedError
        return word[:end] or None

    return outcome


def _character_of(typed: bytes) -> Outcome:
    def outcome(content: bytes, ended: bool) -> bytes | None:  # noqa: FBT001 - of `Outcome`
        beyond = content[len(typed) :]
        if ended:
            return beyond
        for size in range(1, min(4, len(beyond)) + 1):
            try:
                beyond[:size].decode()
            except UnicodeDecodeError as error:
                if error.reason != "unexpected end of data":
                    return beyond[:1]  # a byte that is no part of a character
            else:
                return beyond[:size]
        raise _UnfinishedError

    return outcome


def _probabilities(logits_BV: torch.Tensor) -> NDArray[np.float64]:
    with torch.inference_mode():
        return logits_BV.to("cpu", torch.float64).softmax(1).numpy()
