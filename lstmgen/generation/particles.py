"""Ways to fill a gap side by side, each with its weight: how probable it is with all that is kept around it.

    a gap ─► one way ─► all its children ─► the weightiest, and some of the others ─► ... ─► complete ways ─► weighed by what follows

Every way is a lane of the decoder. They are followed in one of two manners:

distinct    A step makes all children of all ways, by every id that may come next, and keeps some of them: those above a threshold with
            their weight, of the others a stratified sample with the weight of the threshold. No two ways are the same, and where there is
            room for all of them the result is exact. This is the discrete particle filter of Fearnhead and Clifford (2003, "On-line
            inference for hidden Markov models via particle filters"), the best for short gaps.
copies      Every way draws one child, and where few ways have all the weight they are copied by it (Gordon, Salmond and Smith 1993). Where
            long stretches tell nothing, ways that began apart stay apart, which is better for music by measurement.

The sum of the weights estimates without bias the probability of everything that is kept, given what stands before the gap.

What is kept is weighed in two ways: within a gap a way pays for every kept id that it passes, and where it is complete for what follows.

Letters: K ways, V vocabulary, T tokens, N things to choose from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.errors import InputError
from lstmgen.generation import filters
from lstmgen.generation.draw import Context, usable
from lstmgen.generation.filters import Filter, Moment
from lstmgen.ids import Ids
from lstmgen.media.gaps import Filling, Gap
from lstmgen.media.legal import ANYTHING
from lstmgen.model.decoder import Decoder
from lstmgen.model.legal import forbid
from lstmgen.model.state import State

_ROOM: Final = 2
"""So many times the number of ways may be complete before what follows is read."""
LEAST: Final = 32
_FIRST_BLOCK: Final = 2
_LONGEST_BLOCK: Final = 8
"""Tokens that are read between two choices of what follows."""

_COLUMNS: Final = ("log_weight_K", "nats_K", "drawn_K", "behind_K", "true_K")

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways to fill a gap, side by side.

    Attributes:
        fillings: what was written.
        log_weight_K: how probable each is with what is kept so far, and for how many others it stands.
        nats_K: the surprisal of each under the model itself.
        drawn_K: the surprisal of each where it is known, before every id, which ones may come: what is kept costs nothing.
        behind_K: log p of what follows, as far as it was read.
        true_K: which one is the filling that was there.
        logits_KV: of the next token.
        state: after the last one.
    """

    fillings: list[Filling]
    log_weight_K: Numbers
    nats_K: Numbers
    drawn_K: Numbers
    behind_K: Numbers
    true_K: NDArray[np.bool_]
    logits_KV: Tensor
    state: State

    @staticmethod
    def of(gap: Gap, context: Context, *, truth: bool) -> Ways:
        """Nothing is written yet."""
        zero = np.zeros(1)
        return Ways([gap.filling()], zero, zero, zero, zero, np.array([truth]), context.logits_V[None], context.state)

    @staticmethod
    def joined(parts: Sequence[Ways]) -> Ways:
        """All of them."""
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("log_weight_K", "nats_K", "drawn_K", "behind_K", "true_K")
        }
        return Ways(
            fillings=[filling for part in parts for filling in part.fillings],
            logits_KV=torch.cat([part.logits_KV for part in parts]),
            state=State.joined([part.state for part in parts]),
            **columns,
        )

    def take(self, rows: NDArray[np.integer], log_weight_K: Numbers | None = None) -> Ways:
        """Some of them, each once, perhaps with other weights."""
        at = torch.from_numpy(np.asarray(rows, np.int64))
        return Ways(
            [self.fillings[row] for row in rows.tolist()],
            self.log_weight_K[rows] if log_weight_K is None else log_weight_K,
            self.nats_K[rows],
            self.drawn_K[rows],
            self.behind_K[rows],
            self.true_K[rows],
            self.logits_KV[at],
            self.state.select(at),
        )

    def fewer(self, count: int, generator: np.random.Generator) -> Ways:
        """At most so many, which stand for all."""
        if len(self) <= count:
            return self
        true = np.flatnonzero(self.true_K)
        return self.take(*chosen(self.log_weight_K, count, generator, keep=int(true[0]) if len(true) else None))

    def repeated(self, rows: NDArray[np.integer]) -> Ways:
        """Some of them, ascending, each as often as it is named."""
        last = np.append(np.diff(rows) > 0, True)[: len(rows)]  # the last one takes the place of the way itself
        found = self.take(rows)
        fillings = [filling if own else filling.fork() for filling, own in zip(found.fillings, last.tolist(), strict=True)]
        return replace(found, fillings=fillings)

    def where(self, asked: Callable[[Filling], bool]) -> Ways:
        """Those of which something is so."""
        return self.take(np.flatnonzero([asked(filling) for filling in self.fillings]))

    def apart(self) -> Ways:
        """The same, which nobody writes on in."""
        return replace(self, fillings=[filling if filling.ended else filling.fork() for filling in self.fillings])

    def __len__(self) -> int:
        return len(self.fillings)

    @property
    def log_total(self) -> float:
        """Log of the sum of the weights: of the probability of what is kept so far."""
        return log_sum(self.log_weight_K)


def log_sum(log_weight_N: Numbers) -> float:
    """Log of the sum of weights; minus infinity of none."""
    peak = log_weight_N.max(initial=-math.inf)
    return peak if peak == -math.inf else peak + math.log(float(np.exp(log_weight_N - peak).sum()))


def chosen(
    log_weight_N: Numbers, count: int, generator: np.random.Generator, *, keep: int | None = None
) -> tuple[NDArray[np.int64], Numbers]:
    """At most so many of some things, ascending, and their log weights, so that the expected weight of each is its own.

    Those above a threshold keep their weight. Of the others each is taken with a probability that is its weight over the threshold, and
    then weighs as much as that.

    Args:
        log_weight_N: what each weighs; minus infinity is never taken.
        count: at least 1.
        generator: one number is drawn where not all can stay.
        keep: one that is taken in any case; then weights are what they are given that.
    """
    live = np.flatnonzero(log_weight_N > -math.inf)
    if len(live) <= count:
        return live, log_weight_N[live]
    peak = float(log_weight_N[live].max())
    weights = np.exp(log_weight_N[live] - peak)
    order = np.argsort(-weights, kind="stable")
    descending, places = weights[order], np.arange(count)
    left = np.cumsum(descending[::-1])[::-1]
    above = int(np.argmax(descending[:count] * (count - places) <= left[:count]))
    threshold = left[above] / (count - above)
    small = np.sort(order[above:])
    reached = np.cumsum(weights[small]) / threshold
    offset = generator.random()
    own = np.flatnonzero(live[small] == keep) if keep is not None else small[:0]
    if len(own):  # the offset, given that the thing is taken
        place = int(own[0])
        before = reached[place - 1] if place else 0.0
        offset = (before + (reached[place] - before) * offset) % 1.0
    points = np.arange(count - above) + offset
    taken = small[np.minimum(np.searchsorted(reached, points, side="right"), len(small) - 1)]
    taken = np.union1d(taken, small[own[0]]) if len(own) else np.unique(taken)
    rows = np.concatenate([order[:above], taken])
    log_weights = np.concatenate([log_weight_N[live[order[:above]]], np.full(len(taken), peak + math.log(threshold))])
    ascending = np.argsort(rows, kind="stable")
    return live[rows[ascending]], log_weights[ascending]


@dataclass(frozen=True, kw_only=True)
class Search:
    """How ways are followed.

    Attributes:
        decoder: the model.
        wanted: what the probabilities of ids that are drawn go through.
        count: ways side by side.
        generator: decides which ways stand for those that are not followed.
        told_V: which ids a model is told; their probability means nothing.
        least: ways that are left when all that follows has been read.
        distinct: whether no two ways are the same.
    """

    decoder: Decoder
    wanted: Sequence[Filter]
    count: int
    generator: np.random.Generator
    told_V: NDArray[np.bool_] | None = None
    least: int = LEAST
    distinct: bool = True

    def written(self, start: Ways, *, truth: Ids | None = None) -> Ways:
        """All ways to fill a gap to its end, as far as they can be followed.

        Args:
            start: nothing is written.
            truth: the filling that was there, which is followed in any case.

        Raises:
            InputError: what is kept has no probability.
        """
        active, done = start if self.distinct else self._copies(start), list[Ways]()
        while len(active):
            active = self._through_stage(active, done, truth)
        if not done:
            raise InputError("what is kept around the gap cannot be read by this model", remedy="another gap, or another model")
        return Ways.joined(done)

    def _through_stage(self, active: Ways, done: list[Ways], truth: Ids | None) -> Ways:
        """Every way up to where all have come equally far again; those that are complete are put with the others that are."""
        stage, waiting, over = active.fillings[0].stage, list[Ways](), [-math.inf]
        while len(active):
            complete = active.where(lambda filling: filling.complete)
            if len(complete):
                done.append(complete.apart())
            over.append(active.where(lambda filling: filling.ended).log_total)
            going = active.where(lambda filling: not filling.ended)
            waiting.append(going.where(lambda filling: filling.stage > stage))
            active = going.where(lambda filling: filling.stage == stage)
            if len(active) and self.distinct:
                total = log_sum(np.array([active.log_total, *over, *(ways.log_total for ways in waiting)]))
                active = self._grown(active, truth, max(1, round(self.count * math.exp(active.log_total - total))))
            elif len(active):
                active = self._drawn(active, truth)
        reached = Ways.joined(waiting)
        return reached.fewer(self.count, self.generator) if self.distinct else self._renewed(reached)

    def _copies(self, start: Ways) -> Ways:
        """As many copies of the only way as are followed."""
        copies = start.repeated(np.zeros(self.count, np.int64))
        first = start.true_K[0] & (np.arange(self.count) == 0)
        return replace(copies, log_weight_K=copies.log_weight_K - math.log(self.count), true_K=first)

    def _grown(self, ways: Ways, truth: Ids | None, count: int) -> Ways:
        """All children of some ways, so many of them at most."""
        log_p_KV, log_drawn_KV, log_allowed_K = self._chances(ways)
        log_child_KV = (ways.log_weight_K + log_allowed_K)[:, None] + log_drawn_KV
        vocabulary, true = log_p_KV.shape[1], np.flatnonzero(ways.true_K)
        keep = int(true[0] * vocabulary + truth[len(ways.fillings[true[0]].ids)]) if truth is not None and len(true) else None
        children, log_weights = chosen(log_child_KV.reshape(-1), count, self.generator, keep=keep)
        rows, tokens = np.divmod(children, vocabulary)
        parents = replace(ways.repeated(rows), log_weight_K=log_weights, true_K=children == (-1 if keep is None else keep))
        return self._pushed(parents, tokens, log_p_KV[rows, tokens], log_allowed_K[rows])

    def _drawn(self, ways: Ways, truth: Ids | None) -> Ways:
        """One child of each way."""
        log_p_KV, log_drawn_KV, log_allowed_K = self._chances(ways)
        reached_KV = np.exp(log_drawn_KV).cumsum(axis=1)
        points_K1 = self.generator.random(len(ways))[:, None] * reached_KV[:, -1:]
        tokens = np.minimum((reached_KV <= points_K1).sum(axis=1), (reached_KV < reached_KV[:, -1:]).sum(axis=1))
        if truth is not None:
            for row in np.flatnonzero(ways.true_K).tolist():
                tokens[row] = truth[len(ways.fillings[row].ids)]
        ways = replace(ways, log_weight_K=ways.log_weight_K + log_allowed_K)
        return self._pushed(ways, tokens, log_p_KV[np.arange(len(ways)), tokens], log_allowed_K)

    def _renewed(self, ways: Ways) -> Ways:
        """Where few ways have all the weight, as many copies of each as its weight is worth; what was there stays."""
        share_K = np.exp(ways.log_weight_K - ways.log_total)
        if not len(ways) or 1 / (share_K**2).sum() >= len(ways) / 2:
            return ways
        reached_K, true = np.cumsum(share_K), np.flatnonzero(ways.true_K)
        if len(true):  # given one of them the others are independent (Andrieu, Doucet and Holenstein 2010)
            points = np.sort(self.generator.random(len(ways) - 1))
        else:
            points = (np.arange(len(ways)) + self.generator.random()) / len(ways)
        rows = np.minimum(np.searchsorted(reached_K, points * reached_K[-1], side="right"), len(ways) - 1)
        copies = ways.repeated(np.sort(np.concatenate([true[:1], rows])))
        first = np.arange(len(copies)) == np.flatnonzero(copies.true_K)[:1].sum() if len(true) else np.zeros(len(copies), np.bool_)
        return replace(copies, log_weight_K=np.full(len(copies), ways.log_total - math.log(len(copies))), true_K=first)

    def _chances(self, ways: Ways) -> tuple[Numbers, Numbers, Numbers]:
        """Of each way's next id: log p under the model, log p of drawing it, and log p of its being one that may come."""
        moments = [Moment(len(filling.ids), None, (), filling.allowed()) for filling in ways.fillings]
        raw_KV = _legal(usable(ways.logits_KV), ways.fillings, moments)
        log_p_KV = filters.log_softmax(raw_KV)
        log_drawn_KV = filters.log_softmax(filters.apply(self.wanted, raw_KV, moments))
        return log_p_KV, log_drawn_KV, self._log_allowed(log_p_KV, moments)

    def _pushed(self, ways: Ways, tokens: NDArray[np.int64], log_p_K: Numbers, log_allowed_K: Numbers) -> Ways:
        """The ways with one more id each."""
        for filling, token in zip(ways.fillings, tokens.tolist(), strict=True):
            filling.push(token)
        logits_KV, state = self.decoder.step(tokens.tolist(), ways.state)
        told = np.zeros(len(tokens), np.bool_) if self.told_V is None else self.told_V[tokens]
        return replace(
            ways,
            nats_K=ways.nats_K - np.where(told, 0.0, log_p_K),
            drawn_K=ways.drawn_K + np.where(told, 0.0, log_allowed_K - log_p_K),
            logits_KV=logits_KV,
            state=state,
        )

    def _log_allowed(self, log_p_KV: Numbers, moments: Sequence[Moment]) -> Numbers:
        """How probable it was that the next id of each way is one that may come; it is known where it is one that a model is told."""
        found = np.zeros(len(moments))
        for row, moment in enumerate(moments):
            if moment.allowed_V is not None and not (self.told_V is not None and self.told_V[moment.allowed_V].all()):
                found[row] = log_sum(log_p_KV[row, moment.allowed_V])
        return found

    def weighed(self, ways: Ways, *, horizon: int) -> Ways:
        """Complete ways, weighed by so many tokens of what follows; fewer and fewer ways stand for all, as it becomes clear which fit."""
        ways = ways.fewer(_ROOM * self.count, self.generator)
        at, size = 0, _FIRST_BLOCK
        while at < horizon and any(len(filling.behind(horizon)) > at for filling in ways.fillings):
            ways = self._read(ways, at, min(size, horizon - at)).fewer(max(self.least, len(ways) // 2), self.generator)
            at, size = at + size, min(2 * size, _LONGEST_BLOCK)
        return ways

    def _read(self, ways: Ways, at: int, size: int) -> Ways:
        """The same, which have read a stretch of what follows."""
        behind = [filling.behind(at + size)[at:] for filling in ways.fillings]
        size = max(map(len, behind))
        ids_KT = np.zeros((len(ways), size), np.int64)
        for row, ids in enumerate(behind):
            ids_KT[row, : len(ids)] = ids
        there_KT = np.arange(size) < np.array([[len(ids)] for ids in behind])
        if self.told_V is not None:
            there_KT &= ~self.told_V[ids_KT]
        ids_TK = torch.from_numpy(ids_KT.T.copy())
        logits_TKV, state = self.decoder.read_lanes(ids_TK, ways.state)
        with torch.inference_mode():
            predicting_TKV = torch.cat([ways.logits_KV[None], logits_TKV[:-1]]).to("cpu", torch.float64)
            predicting_TKV = forbid(predicting_TKV, _legal_behind(ways.fillings, at, size))
            log_p_KT = predicting_TKV.log_softmax(2).gather(2, ids_TK[:, :, None].cpu())[:, :, 0].T.numpy()
        log_p_K = np.where(there_KT, log_p_KT, 0.0).sum(1)
        return replace(
            ways, log_weight_K=ways.log_weight_K + log_p_K, behind_K=ways.behind_K + log_p_K, logits_KV=logits_TKV[-1], state=state
        )


def _legal(raw_KV: Numbers, fillings: Sequence[Filling], moments: Sequence[Moment]) -> Numbers:
    """The logits of what the grammar allows next, or the gap: a model that was trained with a grammar knows nothing of the others."""
    for row, (filling, moment) in enumerate(zip(fillings, moments, strict=True)):
        legal_V = filling.legal()
        if legal_V is not None:
            may_V = legal_V if moment.allowed_V is None else legal_V | moment.allowed_V
            raw_KV[row] = np.where(may_V, raw_KV[row], -math.inf)
    return raw_KV


def _legal_behind(fillings: Sequence[Filling], at: int, size: int) -> Tensor | None:
    """The bits of which ids may come in a stretch of what follows, of shape (T, K, bytes)."""
    rows = [filling.legal_behind(at + size) for filling in fillings]
    if rows[0] is None:
        return None
    bits = np.full((size, len(rows), rows[0].shape[1]), ANYTHING, np.uint8)
    for way, own in enumerate(rows):
        if own is not None:
            bits[: max(0, len(own) - at), way] = own[at:]
    return torch.from_numpy(bits)
