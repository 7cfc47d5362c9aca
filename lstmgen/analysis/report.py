"""Surprisals as people and scripts read them: totals, one row a line, one row a token. Plain numbers, no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import InputError
from lstmgen.ids import Ids
from lstmgen.media.base import Tokenizer

_LARGEST_EXPONENT: Final = 700.0
_RAW_BYTE: Final = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, kw_only=True)
class LineScore:
    """One line of the text.

    Attributes:
        line: its number, from 1, counted on from document to document.
        text: the line without its line feed.
        chars: characters, the line feed included.
        nats: sum of the surprisals of the tokens that begin in it.
        nats_per_char: their ratio.
    """

    line: int
    text: str
    chars: int
    nats: float
    nats_per_char: float


@dataclass(frozen=True, kw_only=True)
class TokenScore:
    """One token of the text.

    Attributes:
        index: its place, from 0.
        line: the line that it begins in, from 1.
        token: its id.
        text: the token as a person would read it.
        nats: its surprisal.
    """

    index: int
    line: int
    token: int
    text: str
    nats: float


@dataclass(frozen=True)
class Detail:
    """What the tables are made of.

    Attributes:
        tokenizer: what made the ids.
        documents: for each document its ids without the boundary, and one surprisal in nats for each.
    """

    tokenizer: Tokenizer
    documents: tuple[tuple[Ids, NDArray[np.float64]], ...]


@dataclass(frozen=True, kw_only=True)
class Score:
    """How well a text was predicted. A ratio to nothing is None, and so is a perplexity too large for a number.

    Attributes:
        tokens: how many were counted.
        nats_per_token: mean surprisal.
        perplexity: its exponential.
        chars: characters of the text.
        nats_per_char: sum of the surprisals over the characters.
        bits_per_char: the same in bits.
        bytes: UTF-8 bytes of the text.
        bits_per_byte: comparable across tokenizers.
        notes: what was done to the text before it was scored.
        detail: what the tables are made of; None where only the sums were kept.
    """

    tokens: int
    nats_per_token: float
    perplexity: float | None
    chars: int
    nats_per_char: float | None
    bits_per_char: float | None
    bytes: int
    bits_per_byte: float | None
    notes: tuple[str, ...] = ()
    detail: Detail | None = field(default=None, repr=False, compare=False)

    def to_json(self, *, per_line: bool = False, per_token: bool = False) -> dict[str, Any]:
        """Plain values: the figures, and the tables that are asked for under `lines` and `per_token`."""
        table: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in ("notes", "detail")}
        if self.notes:
            table["notes"] = list(self.notes)
        if per_line:
            table["lines"] = [asdict(row) for row in self.lines()]
        if per_token:
            table["per_token"] = [asdict(row) for row in self.per_token()]
        return table

    def per_token(self) -> Iterator[TokenScore]:
        """One row a token. A token belongs to the line in which its first character stands."""
        if self.detail is None:
            return
        tokenizer, index, first_line = self.detail.tokenizer, 0, 1
        for ids, surprisals in self.detail.documents:
            decoder, line = tokenizer.decoder(), first_line
            for token, nats in zip(ids.tolist(), surprisals.tolist(), strict=True):
                yield TokenScore(index=index, line=line, token=token, text=tokenizer.piece(token), nats=nats)
                line += decoder.push(token).count("\n")
                index += 1
            first_line += len(_lines(tokenizer.decode(ids)))

    def lines(self) -> Iterator[LineScore]:
        """One row a line; their nats sum to those of all tokens. A line ends at a line feed or with its document."""
        if self.detail is None:
            return
        texts = [line for ids, _ in self.detail.documents for line in _lines(self.detail.tokenizer.decode(ids))]
        nats = [0.0] * len(texts)
        for row in self.per_token():
            # Bytes that begin a character after the last line feed, and never end it, belong to the last line.
            nats[min(row.line, len(texts)) - 1] += row.nats
        for number, (text, sum_) in enumerate(zip(texts, nats, strict=True), 1):
            yield LineScore(line=number, text=text.rstrip("\n"), chars=len(text), nats=sum_, nats_per_char=sum_ / max(1, len(text)))


def _lines(text: str) -> list[str]:
    """The lines of a text, each with its line feed; at least one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text) or [""]


def summarise_totals(*, nats: float, tokens: int, chars: int, bytes_: int) -> dict[str, Any]:
    """The figures of a text from its sums, as plain values.

    Args:
        nats: sum of all surprisals.
        tokens: tokens counted, at least one.
        chars: characters of the text.
        bytes_: UTF-8 bytes of the text.

    Returns:
        `tokens`, `nats_per_token`, `perplexity`, `chars`, `nats_per_char`, `bits_per_char`, `bytes` and `bits_per_byte`.
    """
    per_token, bits = nats / tokens, nats / math.log(2)
    return {
        "tokens": tokens,
        "nats_per_token": per_token,
        "perplexity": math.exp(per_token) if per_token < _LARGEST_EXPONENT else None,
        "chars": chars,
        "nats_per_char": nats / chars if chars else None,
        "bits_per_char": bits / chars if chars else None,
        "bytes": bytes_,
        "bits_per_byte": bits / bytes_ if bytes_ else None,
    }


def combine(scores: Iterable[Score]) -> Score:
    """The figures of several texts together, without tables.

    Raises:
        InputError: there is none.
    """
    scores = tuple(scores)
    if not scores:
        raise InputError("there is no text to score", remedy="name at least one file")
    totals = summarise_totals(
        nats=math.fsum(score.nats_per_token * score.tokens for score in scores),
        tokens=sum(score.tokens for score in scores),
        chars=sum(score.chars for score in scores),
        bytes_=sum(score.bytes for score in scores),
    )
    return Score(**totals, notes=tuple(note for score in scores for note in score.notes))


def utf8_bytes(text: str) -> int:
    """Bytes of a text in UTF-8; a surrogate that stands for one raw byte (PEP 383) counts as one, any other as three."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass")) - 2 * len(_RAW_BYTE.findall(text))
