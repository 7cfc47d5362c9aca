"""How well a network predicts tunes: nats a token, a note, a second, and on a grid a frame.

A piece is read from its boundary on with the state carried through. On a grid the surprisal of a frame is the sum over the tokens of its
step, which is the negative logarithm of the joint probability of what happens in it. Published figures for chorales leave the first frame
of a piece uncounted; both figures are given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmgen.analysis.report import TokenScore
from lstmgen.analysis.scoring import surprisals_of
from lstmgen.errors import InputError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import ScoreTokenizer
from lstmgen.model.language_model import LanguageModel
from lstmgen.music.score import Score as Music

_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, kw_only=True)
class BarScore:
    """One bar of a tune.

    Attributes:
        tune: the number of the tune, from 1.
        bar: the number of the bar, from 1.
        seconds: where it begins.
        tokens: how many stand in it.
        nats: sum of their surprisals.
    """

    tune: int
    bar: int
    seconds: float
    tokens: int
    nats: float


@dataclass(frozen=True, kw_only=True)
class TuneScore:
    """How well some tunes were predicted. A ratio to nothing is None.

    Attributes:
        tokens: how many were counted.
        nats_per_token: mean surprisal.
        perplexity: its exponential.
        notes: notes that begin.
        nats_per_note: sum of all surprisals over the notes.
        seconds: how long the tunes last.
        nats_per_second: the sum over the seconds.
        frames: steps of the grid; None for tokenizers without one.
        nats_per_frame: the sum over the frames.
        nats_per_frame_after_first: the same without the first frame of each tune.
        documents: for each tune its name, its ids, and one surprisal in nats for each.
        scores: the tunes; None where only their ids were there.
        tokenizer: what made the ids.
    """

    tokens: int
    nats_per_token: float
    perplexity: float | None
    notes: int
    nats_per_note: float | None
    seconds: float
    nats_per_second: float | None
    frames: int | None = None
    nats_per_frame: float | None = None
    nats_per_frame_after_first: float | None = None
    documents: tuple[tuple[str, Ids, NDArray[np.float64]], ...] = field(default=(), repr=False, compare=False)
    scores: tuple[Music, ...] | None = field(default=None, repr=False, compare=False)
    tokenizer: ScoreTokenizer | None = field(default=None, repr=False, compare=False)

    def to_json(self, *, per_bar: bool = False, per_token: bool = False) -> dict[str, Any]:
        """Plain values: the figures, and with `per_bar` and `per_token` the bars and the tokens under these names."""
        table: dict[str, Any] = {
            item.name: getattr(self, item.name) for item in fields(self) if item.name not in ("documents", "scores", "tokenizer")
        }
        if per_bar:
            table["per_bar"] = [asdict(row) for row in self.per_bar()]
        if per_token:
            table["per_token"] = [
                {"index": row.index, "piece": row.line, "token": row.token, "text": row.text, "nats": row.nats} for row in self.per_token()
            ]
        return table

    def per_bar(self) -> list[BarScore]:
        """One row for each bar in which a token stands. Where only ids are there, bars are those that they say: 4/4 where they say none."""
        if self.tokenizer is None:
            return []
        rows: list[BarScore] = []
        for number, (_, ids, nats) in enumerate(self.documents, 1):
            score = self.scores[number - 1] if self.scores else self.tokenizer.decode(ids)
            lines = score.bar_starts()
            bar_L = np.clip(np.searchsorted(lines, self.tokenizer.ticks_of(ids, score), side="right") - 1, 0, None)
            seconds = score.seconds_at(lines)
            tokens_of_bar, nats_of_bar = np.bincount(bar_L), np.bincount(bar_L, weights=nats)
            rows.extend(
                BarScore(
                    tune=number, bar=bar + 1, seconds=float(seconds[bar]), tokens=int(tokens_of_bar[bar]), nats=float(nats_of_bar[bar])
                )
                for bar in np.flatnonzero(tokens_of_bar).tolist()
            )
        return rows

    def per_token(self) -> list[TokenScore]:
        """One row a token; its line is the number of its tune, from 1."""
        if self.tokenizer is None:
            return []
        rows: list[TokenScore] = []
        for number, (_, ids, nats) in enumerate(self.documents, 1):
            for token, surprisal in zip(ids.tolist(), nats.tolist(), strict=True):
                rows.append(TokenScore(index=len(rows), line=number, token=token, text=self.tokenizer.piece(token), nats=surprisal))
        return rows


def score_tunes(
    network: LanguageModel,
    tokenizer: ScoreTokenizer,
    documents: Sequence[tuple[str, Ids]],
    *,
    scores: Sequence[Music] | None = None,
    window: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TuneScore:
    """How well a network predicts tunes.

    Args:
        network: the model.
        tokenizer: what made the ids.
        documents: for each tune its name and its ids, without boundaries.
        scores: the tunes, for their bars.
        window: start from an empty state every so many tokens; None carries the state through each tune.
        progress: called with the number of tokens done and of all.

    Raises:
        InputError: there is not a single token.
        UsageError: the window is not a positive whole number.
    """
    if not sum(len(ids) for _, ids in documents):
        raise InputError("there is no tune to score", remedy="name a MIDI file with notes in it")
    joined = np.concatenate([part for _, ids in documents for part in (np.array([BOUNDARY_ID]), ids)])
    starts = np.cumsum([0, *(1 + len(ids) for _, ids in documents[:-1])])
    nats = surprisals_of(network, joined, starts, window=window, progress=progress)
    scored: list[tuple[str, Ids, NDArray[np.float64]]] = []
    at = 0
    for name, ids in documents:
        scored.append((name, ids, nats[at + 1 : at + 1 + len(ids)]))
        at += 1 + len(ids)
    measures = [tokenizer.measure(ids) for _, ids in documents]
    frames = [measure.frames for measure in measures if measure.frames is not None]
    total = math.fsum(float(surprisals.sum()) for _, _, surprisals in scored)
    table = summarise_tune_totals(
        nats=total,
        tokens=sum(len(ids) for _, ids in documents),
        notes=sum(measure.notes for measure in measures),
        seconds=sum(measure.seconds for measure in measures),
        frames=sum(frames) if frames else None,
    )
    if frames:
        first = math.fsum(_first_frame(tokenizer, ids, surprisals) for _, ids, surprisals in scored)
        others = sum(frames) - len(documents)
        table["nats_per_frame_after_first"] = (total - first) / others if others > 0 else None
    return TuneScore(**table, documents=tuple(scored), scores=None if scores is None else tuple(scores), tokenizer=tokenizer)


def _first_frame(tokenizer: ScoreTokenizer, ids: Ids, surprisals: NDArray[np.float64]) -> float:
    ends = tokenizer.frame_ends(ids)
    if ends is None or not ends.any():
        return 0.0
    return float(surprisals[: int(ends.argmax()) + 1].sum())


def summarise_tune_totals(*, nats: float, tokens: int, notes: int, seconds: float, frames: int | None = None) -> dict[str, Any]:
    """The figures of tunes from their sums, as plain values.

    Args:
        nats: sum of all surprisals.
        tokens: tokens counted, at least one.
        notes: notes that begin.
        seconds: how long the tunes last.
        frames: steps of the grid; None where there is none.
    """
    per_token = nats / tokens
    table: dict[str, Any] = {
        "tokens": tokens,
        "nats_per_token": per_token,
        "perplexity": math.exp(per_token) if per_token < _LARGEST_EXPONENT else None,
        "notes": notes,
        "nats_per_note": nats / notes if notes else None,
        "seconds": seconds,
        "nats_per_second": nats / seconds if seconds else None,
    }
    return table | ({"frames": frames, "nats_per_frame": nats / frames} if frames else {})
