"""The weights of corrections, fitted: with them a network expects of some tunes what stands there. See `corrections.py`.

Among all distributions that expect each feature as often as it is there, the one that is found is the nearest to the network's (minimum
discrimination information: Kullback 1959; of language models: Della Pietra et al. 1992, Rosenfeld 1996). It is found by iterative scaling
(Darroch and Ratcliff 1972). Weights of more than three nats are cut off, so that nothing is ruled out by what a few tunes lack.

Letters: N places, P pitches, D distances, I ids of a kind, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.correcting import Expect
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import GrammarCursor
from lstmgen.media.tunes.notes.corrections import FARTHEST, MOST, NO_STEP, SHAPES, Corrections, Features, Numbers, features_of, later
from lstmgen.media.tunes.notes.events import PITCHES
from lstmgen.media.tunes.notes.returns import RETURN

_UNSEEN: Final = 1.0
"""Is added to what was expected and to what was there, so that what was hardly seen is left as it is."""
_ROUNDS: Final = 40
_STRIDE: Final = 0.5
"""Of what a round would change, for of one pitch both the degree and the step are put right."""


def fitted(parts: Sequence[Iterable[Ids]], expect: Expect, table: EventTable, cursor: Callable[[], GrammarCursor]) -> Corrections | None:
    """The corrections of a network, or None where it has read nothing that could be put right.

    Args:
        parts: pieces that were held out, and some of those that were learned; all that has been read of each counts as much together as of
            the first.
        expect: the network.
        table: the ranges of ids.
        cursor: makes a cursor at the beginning of a piece.
    """
    seen = [_Seen(table) for _ in parts]
    for part, found in zip(parts, seen, strict=True):
        for ids in part:
            found.read(ids, expect(ids), cursor())
    seen = [found for found in seen if found.tokens]
    for found in seen:
        found.weight = seen[0].tokens / found.tokens
    return _scaled(seen, table) if seen else None


class _Seen:
    """What a network expects at the places of some pieces, and what stands there."""

    def __init__(self, table: EventTable) -> None:
        self._table = table
        self.tokens, self.weight = 0, 1.0
        self.pitches: list[tuple[Features, Numbers, int]] = []
        """Of each pitch what is true of all, the probability of each, and which one it is."""
        self.backs: list[tuple[Numbers, int]] = []
        """The same of distances."""
        self.rests: list[tuple[int, float, bool]] = []
        """Where a line lacks whether that is later in the bar, the probability that time goes on, and whether it does."""

    def read(self, ids: Ids, logits_TV: NDArray[np.floating], cursor: GrammarCursor) -> None:
        """One more piece."""
        table = self._table
        for token, logits_V in zip(ids.tolist(), logits_TV, strict=True):
            (kind, value), standing = table.events[token], cursor.standing
            if standing is not None and (kind in PITCHES or kind == RETURN or standing.lacks):
                allowed_V = cursor.allowed()
                if kind in PITCHES:
                    probability_P = _softmax(logits_V[table.span(kind)], allowed_V[table.span(kind)])
                    self.pitches.append((features_of(standing, PITCHES.index(kind)), probability_P, value))
                elif kind == RETURN:
                    self.backs.append((_softmax(logits_V[table.span(kind)], allowed_V[table.span(kind)]), value))
                if standing.lacks and (later_V := later(standing.position, table) & allowed_V).any():
                    goes_on = float(_softmax(logits_V, allowed_V)[later_V].sum())
                    self.rests.append((int(standing.position > 0), goes_on, bool(later_V[token])))
            cursor.take(token)
        self.tokens += len(ids)


def _softmax(logits_I: NDArray[np.floating], allowed_I: NDArray[np.bool_]) -> Numbers:
    """The probabilities of what may come."""
    logits_I = np.where(allowed_I, logits_I.astype(np.float64), -np.inf)
    weight_I = np.exp(logits_I - logits_I.max()) if allowed_I.any() else np.zeros(len(logits_I))
    return weight_I / max(weight_I.sum(), 1e-300)


def _scaled(seen: Sequence[_Seen], table: EventTable) -> Corrections:
    """The weights with which what is expected is what is there."""
    weights: dict[str, Numbers] = {}
    if any(found.pitches for found in seen):
        weights["degrees"], weights["steps"] = _of_pitches(seen)
    if any(found.backs for found in seen):
        weights["back"] = _of_distances(seen)
    if any(found.rests for found in seen):
        weights["rests"] = _of_rests(seen)
    return Corrections(table, **weights)


def _of_pitches(seen: Sequence[_Seen]) -> tuple[Numbers, Numbers]:
    features, probabilities, pitches = zip(*(each for found in seen for each in found.pitches), strict=True)
    minor_N, highest_N, degree_NP, step_NP = (
        np.array([getattr(each, name) for each in features]) for name in ("minor", "highest", "degree_P", "step_P")
    )
    probability_NP, pitch_N, weight_N = np.array(probabilities), np.array(pitches), _weights(seen, "pitches")
    degrees, steps = np.zeros(SHAPES["degrees"]), np.zeros((2, NO_STEP + 1))
    degree_NP, step_NP = minor_N[:, None] * 12 + degree_NP, highest_N[:, None] * (NO_STEP + 1) + step_NP
    is_N = np.arange(len(pitch_N)), pitch_N
    for _ in range(_ROUNDS):
        for weights, of_NP in ((degrees, degree_NP), (steps, step_NP)):
            expected_NP = probability_NP * np.exp(degrees.ravel()[degree_NP] + steps.ravel()[step_NP])
            _move(weights, _counted(of_NP[is_N], weight_N, weights), _counted(of_NP, _shared(expected_NP, weight_N), weights))
            steps[:, NO_STEP] = 0
    return degrees, steps[:, :NO_STEP]


def _of_distances(seen: Sequence[_Seen]) -> Numbers:
    probability_ND, distance_N = map(np.array, zip(*(each for found in seen for each in found.backs), strict=True))
    weight_N, back = _weights(seen, "backs"), np.zeros(SHAPES["back"])
    of_D = np.minimum(np.arange(probability_ND.shape[1]), FARTHEST - 1)
    for _ in range(_ROUNDS):
        expected_D = _shared(probability_ND * np.exp(back[of_D]), weight_N).sum(axis=0)
        _move(back, _counted(of_D[distance_N], weight_N, back), _counted(of_D, expected_D, back))
    return back


def _of_rests(seen: Sequence[_Seen]) -> Numbers:
    later_N, goes_on_N, went_on_N = map(np.array, zip(*(each for found in seen for each in found.rests), strict=True))
    weight_N, rests = _weights(seen, "rests"), np.zeros(SHAPES["rests"])
    there, all_places = (_counted(later_N, amounts, rests) for amounts in (weight_N * went_on_N, weight_N))
    for _ in range(_ROUNDS):
        expected_N = goes_on_N * np.exp(rests[later_N])
        expected = _counted(later_N, weight_N * expected_N / (expected_N + 1 - goes_on_N), rests)
        # Of the two that there are one becomes more probable and the other less.
        _move(rests, there, expected)
        _move(rests, all_places - expected, all_places - there)
    return rests


def _weights(seen: Sequence[_Seen], places: str) -> Numbers:
    """How much each of the places of a kind counts."""
    return np.repeat([found.weight for found in seen], [len(getattr(found, places)) for found in seen])


def _shared(weight_NI: Numbers, weight_N: Numbers) -> Numbers:
    """What is expected of each id of a kind at each place."""
    return weight_NI * (weight_N / weight_NI.sum(axis=1).clip(1e-300))[:, None]


def _counted(which: NDArray[np.int64], amounts: Numbers, weights: Numbers) -> Numbers:
    """The amounts added up for each of the weights that they belong to."""
    return np.bincount(which.ravel(), amounts.ravel(), minlength=weights.size).astype(np.float64).reshape(weights.shape)


def _move(weights: Numbers, there: Numbers, expected: Numbers) -> None:
    """One round of scaling, in place."""
    weights += _STRIDE * np.log((there + _UNSEEN) / (expected + _UNSEEN))
    np.clip(weights, -MOST, MOST, out=weights)
