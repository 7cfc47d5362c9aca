"""How well a network predicts the items of a medium: surprisals in nats, and the figures, rows and tokens made of them.

The surprisal of a token is -log p(token | everything before it). Without a window the state runs from each item's boundary through the
whole of it. With a window of N the item is cut after every N inputs, and each part starts from an empty state; its N inputs predict the N
tokens after them, so every token is counted once. That is what a model with a context of N sees (nanoGPT's way of evaluating). A boundary
is an input and is not counted, except behind an item whose end counts (`Encoded.ids`). Sums are in float64.

Several networks, or one that reads several forms of an item, predict together: the probability of a token is the mean of theirs. What
they say of the items is a figure of all of them, not of a model.

Networks that go on learning (`model/adaptation.py`) predict the same tokens otherwise, together and in as many forms. Their figures are
an evaluation of their own, which stands beside the first and never in its place.

A cache (`model/recall.py`) has a share of all of these probabilities: of each network in each form one, and the mean of them counts. Where
that share is learned, it begins anew with each item, and what a model is told teaches nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.analysis.caches import Shares, Votes, as_learned, votes
from lstmgen.errors import InputError, UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Amount, Medium, Tokenizer
from lstmgen.media.legal import MOST_BYTES, legal_at
from lstmgen.media.writing import Encoded
from lstmgen.model.adaptation import Learner
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.reading import Forward, documents, surprisals, together
from lstmgen.model.recall import mixed
from lstmgen.model.recall_rule import AUTO_SHARE, RecallRule

_LARGEST_EXPONENT: Final = 700.0

Found = Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]
"""Places, and the surprisals that belong there; of shape (F, T) where forms are apart."""


@dataclass(frozen=True, eq=False)
class Evaluated:
    """One item that was read.

    Attributes:
        encoded: the item and its ids.
        nats_T: one surprisal for each id; 0 for what a model is told.
        told_T: which ids a model is told, which do not count; None: none of them.
        adapted_T: the surprisals under a network that goes on learning; None: none was asked.
        shares: what the caches have behind the last token, if that is learned: beside the networks, then beside those that go on learning.
    """

    encoded: Encoded
    nats_T: NDArray[np.float64]
    told_T: NDArray[np.bool_] | None = None
    adapted_T: NDArray[np.float64] | None = None
    shares: tuple[float, ...] = ()

    @property
    def counted(self) -> NDArray[np.bool_] | slice:
        """Which ids count."""
        return slice(None) if self.told_T is None else ~self.told_T

    def part(self, encoded: Encoded, begin: int, shares: tuple[float, ...] = ()) -> Evaluated:
        """An item that was read as a part of this one, from this place on, and the shares of its caches."""
        where = slice(begin, begin + len(encoded.ids))
        told_T = None if self.told_T is None else self.told_T[where]
        return Evaluated(encoded, self.nats_T[where], told_T, None if self.adapted_T is None else self.adapted_T[where], shares)


@dataclass(frozen=True)
class Row:
    """One line, bar, or token.

    Attributes:
        facts: which one it is, by name.
        nats: sum of the surprisals of the tokens in it.
        tokens: how many stand in it.
        surprise: what rows are compared by: nats, or nats by what the row holds.
        adapted_nats: the sum under a network that goes on learning, where one was asked.
    """

    facts: dict[str, Any]
    nats: float
    tokens: int
    surprise: float
    adapted_nats: float | None = None

    @property
    def sums(self) -> dict[str, float]:
        """The sums of surprisals that there are, by name."""
        return {"nats": self.nats} | ({} if self.adapted_nats is None else {"adapted_nats": self.adapted_nats})


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well some items were predicted. Every figure is an attribute; a ratio to nothing is None.

    Attributes:
        medium: of the items.
        tokenizer: what made the ids.
        items: what was read.
        rule: by which a network went on learning that predicted them too; None: none did.
        averaged: how many predictions of each token were averaged.
        recall: by which rule what followed at like places counts too; None: it does not.
    """

    medium: Medium = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    items: tuple[Evaluated, ...] = field(repr=False)
    rule: LearningRule | None = field(default=None, repr=False)
    averaged: int = field(default=1, repr=False)
    recall: RecallRule | None = field(default=None, repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was done to the items before they were read."""
        return tuple(note for item in self.items for note in item.encoded.notes)

    @cached_property
    def adapted(self) -> Evaluation | None:
        """How well a network that goes on learning predicted the same items; None: none was asked."""
        learned = ((item, item.adapted_T) for item in self.items if item.adapted_T is not None)
        items = [replace(item, nats_T=nats_T, adapted_T=None, shares=item.shares[1:]) for item, nats_T in learned]
        return Evaluation(self.medium, self.tokenizer, tuple(items), averaged=self.averaged, recall=self.recall) if items else None

    @property
    def recalled_share(self) -> float | None:
        """What caches have of a probability behind an item, where it is learned: the mean of all items; None: it is not."""
        shares = [item.shares[0] for item in self.items if item.shares]
        return math.fsum(shares) / len(shares) if shares else None

    @property
    def tokens(self) -> int:
        """How many tokens were counted."""
        return sum(len(item.nats_T[item.counted]) for item in self.items)

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Every figure by name; None for those that do not apply."""
        sums: dict[str, list[Any]] = {}
        for item in self.items:
            for unit, amount in self._measured(item).items():
                share = sums.setdefault(unit, [0, 0.0])
                share[0] += amount.amount
                share[1] += float(item.nats_T[amount.skipped :].sum())
        nats = math.fsum(float(item.nats_T.sum()) for item in self.items)
        totals = {unit: (amount, counted) for unit, (amount, counted) in sums.items()}
        found = summarise(self.medium, nats=nats, tokens=self.tokens, amounts=totals)
        return found | {figure.name: None for figure in self.medium.figures if figure.name not in found}

    def _measured(self, item: Evaluated) -> dict[str, Amount]:
        return self.medium.measure(self.tokenizer, item.encoded.ids, item.encoded.item)

    def __getattr__(self, name: str) -> Any:
        """A figure by its name."""
        if not name.startswith("_") and name in (figures := self.figures):
            return figures[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.6g}" for name, value in self.figures.items() if value is not None)
        return f"Evaluation({shown})"

    def rows(self) -> Iterator[Row]:
        """One row for each line or bar; their nats sum to those of all tokens."""
        for item, row_T, facts_R in self._placed():
            nats_R = np.bincount(row_T, weights=item.nats_T, minlength=len(facts_R)).tolist()
            tokens_R = np.bincount(row_T[item.counted], minlength=len(facts_R)).tolist()
            adapted_R = [None] * len(facts_R)
            if item.adapted_T is not None:
                adapted_R = np.bincount(row_T, weights=item.adapted_T, minlength=len(facts_R)).tolist()
            for facts, nats, tokens, adapted in zip(facts_R, nats_R, tokens_R, adapted_R, strict=True):
                per = self.medium.rows.per
                yield Row(facts, nats, tokens, nats if per is None else nats / max(1, facts[per]), adapted)

    def token_rows(self) -> Iterator[Row]:
        """One row for each token."""
        index, (key, _, source) = 0, self.medium.rows.token_place
        for item, row_T, facts_R in self._placed():
            adapted_T = [None] * len(row_T) if item.adapted_T is None else item.adapted_T.tolist()
            tokens = zip(item.encoded.ids.tolist(), row_T.tolist(), item.nats_T.tolist(), adapted_T, strict=True)
            for token, row, nats, adapted in tokens:
                facts = {"index": index, key: facts_R[row][source], "token": token, "text": self.tokenizer.piece(token)}
                yield Row(facts, nats, 1, nats, adapted)
                index += 1

    def _placed(self) -> Iterator[tuple[Evaluated, NDArray[np.int64], list[dict[str, Any]]]]:
        first = 0
        for number, item in enumerate(self.items, 1):
            row_T, facts_R = self.medium.places(self.tokenizer, item.encoded.ids, item.encoded.item, number=number, first=first)
            yield item, row_T, facts_R
            first += len(facts_R)

    def to_json(self, *, rows: bool = False, per_token: bool = False) -> dict[str, Any]:
        """Plain values: the figures, and the lists that are asked for."""
        style = self.medium.rows
        table: dict[str, Any] = dict(self.figures)
        if self.warnings:
            table.setdefault("notes", list(self.warnings))  # of tunes they are an amount
        if self.averaged > 1:
            table["averaged"] = self.averaged
        if self.recall is not None:
            table["recall"] = self.recall.to_json()
        if self.recalled_share is not None:
            table["recalled_share"] = self.recalled_share
        if self.adapted is not None and self.rule is not None:
            own = {figure.name for figure in self.medium.figures if figure.per is None}
            table["adapted"] = self.rule.to_json() | {name: value for name, value in self.adapted.figures.items() if name not in own}
            if self.adapted.recalled_share is not None:
                table["adapted"]["recalled_share"] = self.adapted.recalled_share
        if rows:
            per = {} if style.per is None else {f"nats_per_{style.per.removesuffix('s')}": None}
            table[style.key] = [row.facts | {"tokens": row.tokens} | row.sums | dict.fromkeys(per, row.surprise) for row in self.rows()]
        if per_token:
            table["per_token"] = [row.facts | row.sums for row in self.token_rows()]
        return table


def evaluate(
    network: LanguageModel,
    medium: Medium,
    tokenizer: Tokenizer,
    items: Sequence[Encoded],
    *,
    window: int | None = None,
    forward: Forward | None = None,
    beside: Sequence[tuple[LanguageModel, Forward | None]] = (),
    learners: Sequence[Learner] = (),
    carried: bool = False,
    recall: RecallRule | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """How well a network predicts some items, each read from its boundary on.

    Args:
        network: the model.
        medium: of the items.
        tokenizer: what made the ids.
        items: what is read.
        window: start from an empty state every so many tokens; None carries the state through each item.
        forward: what reads in the network's place, such as a decoder's `window`.
        beside: other networks that know the same ids, each with what reads in its place; they predict together with the first.
        learners: copies of these networks that predict the items too, in this order, and learn from each segment as they go.
        carried: whether what a learner has learned from an item it keeps for the next; otherwise each item finds it as it was.
        recall: by which rule what followed at like places of an item counts too; None: it does not.
        progress: called with the number of tokens done and of all.

    Raises:
        InputError: there is not a single token.
        UsageError: the window is not a positive whole number, or there is a cache beside it.
        DivergedError: a learner's weights have become useless.
    """
    _check(items, medium, window)
    if recall is not None and window is not None:
        raise UsageError("a cache looks back farther than a window", remedy="leave --window or --recall out")
    forms, starts, of_item = _laid_out(items), np.cumsum([0, *(1 + len(item.ids) for item in items[:-1])]), medium.legal(tokenizer)
    ids, readers = forms[0], ((network, forward), *beside)
    spans, told_V = documents(starts, len(ids), window=window), medium.told(tokenizer)
    told = None if told_V is None else told_V[ids]
    total = (len(ids) - len(items)) * (len(forms) * len(readers) + len(learners) + (recall is not None))
    collected = _Collector(len(ids), told, progress, total)
    legal = [legal_at(of_item, form, starts, most_bytes=MOST_BYTES // len(forms)) for form in forms]
    in_forms = [(form, rows, *reader) for form, rows in zip(forms, legal, strict=True) for reader in readers]
    each = [nats for form, rows, reader, how in in_forms for nats in collected(surprisals(reader, form, spans, forward=how, legal=rows))]
    anew = () if carried else frozenset(starts.tolist())
    apart = recall is not None and recall.share == AUTO_SHARE
    how = {"legal": legal, "anew": anew, "apart": apart}
    counts = len(forms) if apart else 1
    learning = [nats for learner in learners for nats in collected(learner.surprisals(forms, spans, **how), forms=counts)]
    caches = None if recall is None else votes([reader for reader, _ in readers], forms, legal, starts, recall)
    (nats, *adapted), shares = _with_caches(each, learning, caches, recall, collected)
    whole = Evaluated(Encoded(item=None, ids=ids), nats, told, adapted[0] if adapted else None)
    read = tuple(whole.part(item, start + 1, shares.get(start + 1, ())) for item, start in zip(items, starts.tolist(), strict=True))
    return Evaluation(medium, tokenizer, read, learners[0].rule if learners else None, len(each), recall)


@dataclass
class _Collector:
    """Puts surprisals where they belong and tells how far all of it is; those of what a model is told are 0."""

    length: int
    told: NDArray[np.bool_] | None
    progress: Callable[[int, int], None] | None
    total: int
    done: int = 0

    def __call__(self, found: Found, *, forms: int = 1) -> list[NDArray[np.float64]]:
        """Of each form, which are apart where there are several."""
        nats_FN = np.zeros((forms, self.length))
        for places, surprisal in found:
            nats_FN[:, places] = surprisal
            self.passed(len(places))
        if self.told is not None:
            nats_FN[:, self.told] = 0.0
        return [*nats_FN]

    def passed(self, tokens: int) -> None:
        """So many more were read."""
        self.done += tokens
        if self.progress is not None:
            self.progress(self.done, self.total)


def _with_caches(
    static: list[NDArray[np.float64]],
    learning: list[NDArray[np.float64]],
    found: Votes | None,
    rule: RecallRule | None,
    collected: _Collector,
) -> tuple[list[NDArray[np.float64]], Shares]:
    """The surprisals under all networks, then under all that go on learning, each with what caches say; and the shares of these."""
    groups = [group for group in (static, learning) if group]
    if rule is None or found is None:
        return list(map(together, groups)), {}
    if rule.share == AUTO_SHARE:
        return as_learned(groups, found, told_N=collected.told, passed=collected.passed)
    (cache_N,) = collected((places, together([*recalled_KT])) for places, recalled_KT in found)
    return [mixed(together(group), cache_N, rule) for group in groups], {}


def _check(items: Sequence[Encoded], medium: Medium, window: int | None) -> None:
    if window is not None and (not isinstance(window, int) or isinstance(window, bool) or window < 1):
        raise UsageError(f"the window is {window!r}, expected a whole number of tokens, 1 or more", remedy="for example --window 256")
    if not sum(len(item.ids) for item in items):
        raise InputError(f"there is nothing to score: the {medium.label} is empty", remedy="give a longer one")


def _laid_out(items: Sequence[Encoded]) -> list[Ids]:
    """All items behind one another, each behind a boundary, in every form; an item that has fewer forms stands there in its own again."""
    forms = range(1 + max(len(item.forms) for item in items))
    each = [(item.ids, *item.forms, *itertools.repeat(item.ids, forms[-1] - len(item.forms))) for item in items]
    return [np.concatenate([part for item in each for part in (np.array([BOUNDARY_ID]), item[form])]) for form in forms]


def combined(evaluations: Iterable[Evaluation]) -> Evaluation:
    """The figures of several evaluations together. Raises InputError: there is none."""
    every = tuple(evaluations)
    if not every:
        raise InputError("there is nothing to score", remedy="name at least one file")
    return replace(every[0], items=tuple(item for each in every for item in each.items))


def summarise(medium: Medium, *, nats: float, tokens: int, amounts: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """The figures from sums, as plain values; those whose unit is not there are left out.

    Args:
        medium: says which figures there are.
        nats: sum of all surprisals.
        tokens: tokens counted, at least one.
        amounts: by unit, how much there is, and the surprisal that counts towards it.
    """
    per_token = nats / tokens
    table: dict[str, Any] = {
        "tokens": tokens,
        "nats_per_token": per_token,
        "perplexity": math.exp(per_token) if per_token < _LARGEST_EXPONENT else None,
    }
    for figure in medium.figures:
        if figure.unit in amounts:
            amount, counted = amounts[figure.unit]
            table[figure.name] = amount if figure.per is None else figure.per * counted / amount if amount > 0 else None
    return table
