"""What a network expects of tunes otherwise than they are, put right when samples are drawn.

    p(id)  is proportional to  p of the network (id) x exp(weights of what is true of the id)

    degrees   on which degree a pitch stands, in major and in minor
    steps     how many steps of the staff it lies from the last pitch of its line, for the highest line and for others
    back      how far back lies what a part plays once more
    rests     time goes on although a line that played in the bar before has not begun in this one; at the beginning of the bar, and later

A network that has learned some dozens of tunes for some minutes expects all of these nearly as they are of the tunes that it has learned,
and otherwise of tunes that it has not: melodies leap, notes leave the scale, the bar before comes back too often, melodies fall silent.
What it draws are tunes that it has not learned. So once it is trained weights are fitted: such that it expects of some tunes, half of them
held out, each of these as often as it stands there. Among all distributions that do, this one is the nearest to the network's (minimum
discrimination information: Kullback 1959; of language models: Della Pietra et al. 1992, Rosenfeld 1996). They are found by iterative
scaling (Darroch and Ratcliff 1972).

Pitches of a track, and distances, share the probability that they have together; how often one of them comes is left to the network.

Letters: N places, P pitches, D distances, I ids of a kind, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.correcting import Expect
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import GrammarCursor
from lstmgen.media.tunes.notes.events import PITCHES
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.returns import RETURN
from lstmgen.media.tunes.standing import Standing
from lstmgen.media.writing import Weighed
from lstmgen.schema import SchemaError, list_of, number, table

Numbers = NDArray[np.float64]

_WIDEST: Final = 15
"""Steps of the staff, two octaves up or down and what lies farther."""
_FARTHEST: Final = 16
"""Bars that are told apart; what comes back from farther counts as if from there."""
_MOST: Final = 3.0
"""Nats that a weight may have."""
_UNSEEN: Final = 1.0
"""Is added to what was expected and to what was there, so that what was hardly seen is left as it is."""
_ROUNDS: Final = 40
_STRIDE: Final = 0.5
"""Of what a round would change, for of one pitch both the degree and the step are put right."""
_LETTER_C: Final = np.array([0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6])
"""The step of the staff on which each pitch class above the tonic stands: of major and minor each degree has its own."""
_NO_STEP: Final = 2 * _WIDEST + 1
"""Where no last pitch is known."""
_SHAPES: Final = {"degrees": (2, 12), "steps": (2, 2 * _WIDEST + 1), "back": (_FARTHEST,), "rests": (2,)}


@final
@dataclass(frozen=True)
class Corrections:
    """Weights in nats, 0 where the network is left as it is.

    Attributes:
        table: the ranges of ids.
        degrees: by minor or not, and degree in semitones above the tonic, of shape (2, 12).
        steps: by highest line or not, and steps of the staff from two octaves down to two up, of shape (2, 31).
        back: by distance in bars from 1 on, of shape (16,).
        rests: at the beginning of a bar, and later, of shape (2,).
    """

    table: EventTable
    degrees: Numbers = field(default_factory=lambda: np.zeros(_SHAPES["degrees"]))
    steps: Numbers = field(default_factory=lambda: np.zeros(_SHAPES["steps"]))
    back: Numbers = field(default_factory=lambda: np.zeros(_SHAPES["back"]))
    rests: Numbers = field(default_factory=lambda: np.zeros(_SHAPES["rests"]))

    def to_json(self) -> dict[str, Any]:
        """The weights, to a thousandth of a nat."""
        return {name: np.round(getattr(self, name), 3).tolist() for name in _SHAPES}

    @staticmethod
    def from_json(values: Any, table: EventTable) -> Corrections:
        """What `to_json` gave. Raises ModelFileError."""
        try:
            _SCHEMA(values, "the corrections")
        except SchemaError as error:
            checks.refuse(str(error))
        return Corrections(table, **{name: np.array(values[name], np.float64) for name in _SHAPES})

    def times(self, share: float) -> Corrections:
        """The same with a share of every weight."""
        return Corrections(self.table, **{name: share * getattr(self, name) for name in _SHAPES})

    def at(self, standing: Standing) -> list[Weighed]:
        """What is put right where a tune stands."""
        found = [self._of_pitches(standing, track) for track in self._pitches]
        found += [self._distances] if len(self._distances.ids) else []
        if standing.lacks:
            found.append(self._of_time(standing.position))
        return found

    def _of_pitches(self, standing: Standing, track: int) -> Weighed:
        """The pitches of a track."""
        features = features_of(standing, track)
        key = track, features.minor, features.highest, features.tonic, features.last
        if key not in self._known:
            by_P = self.degrees[int(features.minor), features.degree_P]
            by_P = by_P if features.last is None else by_P + self.steps[int(features.highest), features.step_P]
            self._known[key] = Weighed(self._pitches[track], by_P)
        return self._known[key]

    def _of_time(self, position: int) -> Weighed:
        """The ids with which time goes on from a position in the bar."""
        if position not in self._known:
            ids = np.flatnonzero(_later(position, self.table))
            self._known[position] = Weighed(ids, np.full(len(ids), self.rests[int(position > 0)]), together=False)
        return self._known[position]

    @cached_property
    def _known(self) -> dict[Hashable, Weighed]:
        """What was asked for before."""
        return {}

    @cached_property
    def _pitches(self) -> dict[int, Ids]:
        """The ids of the pitches of each track that is told apart."""
        kinds = ((track, kind) for track, kind in enumerate(PITCHES) if kind in self.table.kinds)
        return {track: _ids_of(self.table, kind) for track, kind in kinds if len(_ids_of(self.table, kind))}

    @cached_property
    def _distances(self) -> Weighed:
        ids = _ids_of(self.table, RETURN)
        return Weighed(ids, self.back[np.minimum(np.arange(len(ids)), _FARTHEST - 1)])


_SCHEMA: Final = table(
    {
        name: list_of(list_of(number(-_MOST, _MOST), exactly=shape[-1]), exactly=shape[0])
        if len(shape) > 1
        else list_of(number(-_MOST, _MOST), exactly=shape[0])
        for name, shape in _SHAPES.items()
    }
)


_PITCH_P: Final = np.arange(128)
_DEGREE_TP: Final = (_PITCH_P - np.arange(12)[:, None]) % 12
_STAFF_TP: Final = (_PITCH_P - np.arange(12)[:, None]) // 12 * 7 + _LETTER_C[_DEGREE_TP]
"""By pitch class of the tonic the degree of each pitch, and the step of a staff on which it stands."""
_STEPLESS_P: Final = np.full(128, _NO_STEP)


class Features(NamedTuple):
    """What is true of the pitches of a track at a place.

    Attributes:
        minor: of the key.
        tonic: its pitch class.
        highest: whether the line is the highest.
        last: the last pitch of the line; None where that is not known.
    """

    minor: bool
    tonic: int
    highest: bool
    last: int | None

    @property
    def degree_P(self) -> NDArray[np.int64]:
        """Semitones above the tonic."""
        return _DEGREE_TP[self.tonic]

    @property
    def step_P(self) -> NDArray[np.int64]:
        """Steps of the staff from the last pitch of the line, 15 for none; 31 where that is not known."""
        staff_P = _STAFF_TP[self.tonic]
        return _STEPLESS_P if self.last is None else np.clip(staff_P - staff_P[self.last], -_WIDEST, _WIDEST) + _WIDEST


def features_of(standing: Standing, track: int) -> Features:
    """What is true of the pitches of a track of the instrument where a tune stands."""
    last = next((last for last in standing.lasts if last.track == track), None)
    return Features(standing.minor, standing.tonic, last is not None and last.highest, None if last is None else last.pitch)


def _ids_of(table: EventTable, kind: str) -> Ids:
    return np.arange(table.span(kind).start, table.span(kind).stop) if kind in table.kinds else np.zeros(0, np.int64)


def _later(position: int, table: EventTable) -> NDArray[np.bool_]:
    """The ids with which time goes on from a position in the bar, of shape (V,)."""
    later_V = np.zeros(table.vocab_size, np.bool_)
    later_V[table.span(BAR)] = True
    later_V[table.span(POSITION)][position + 1 :] = True
    return later_V


def put_right(values: Any, table: EventTable, *, share: float | None) -> Corrections | None:
    """What is put right when a tune is drawn; None: nothing.

    Args:
        values: what `to_json` gave of the model; None: nothing is known of it.
        table: the ranges of ids.
        share: of all weights; None: 1.

    Raises:
        UsageError: a share is asked for of what is not known.
        ModelFileError: the values are damaged.
    """
    if values is None and share:
        raise UsageError("nothing was found that this model expects otherwise than tunes are", remedy="leave --correction out")
    return None if values is None or share == 0 else Corrections.from_json(values, table).times(1.0 if share is None else share)


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
                if standing.lacks and (later_V := _later(standing.position, table) & allowed_V).any():
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
    degrees, steps = np.zeros(_SHAPES["degrees"]), np.zeros((2, _NO_STEP + 1))
    degree_NP, step_NP = minor_N[:, None] * 12 + degree_NP, highest_N[:, None] * (_NO_STEP + 1) + step_NP
    is_N = np.arange(len(pitch_N)), pitch_N
    for _ in range(_ROUNDS):
        for weights, of_NP in ((degrees, degree_NP), (steps, step_NP)):
            expected_NP = probability_NP * np.exp(degrees.ravel()[degree_NP] + steps.ravel()[step_NP])
            _move(weights, _counted(of_NP[is_N], weight_N, weights), _counted(of_NP, _shared(expected_NP, weight_N), weights))
            steps[:, _NO_STEP] = 0
    return degrees, steps[:, :_NO_STEP]


def _of_distances(seen: Sequence[_Seen]) -> Numbers:
    probability_ND, distance_N = map(np.array, zip(*(each for found in seen for each in found.backs), strict=True))
    weight_N, back = _weights(seen, "backs"), np.zeros(_SHAPES["back"])
    of_D = np.minimum(np.arange(probability_ND.shape[1]), _FARTHEST - 1)
    for _ in range(_ROUNDS):
        expected_D = _shared(probability_ND * np.exp(back[of_D]), weight_N).sum(axis=0)
        _move(back, _counted(of_D[distance_N], weight_N, back), _counted(of_D, expected_D, back))
    return back


def _of_rests(seen: Sequence[_Seen]) -> Numbers:
    later_N, goes_on_N, went_on_N = map(np.array, zip(*(each for found in seen for each in found.rests), strict=True))
    weight_N, rests = _weights(seen, "rests"), np.zeros(_SHAPES["rests"])
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
    np.clip(weights, -_MOST, _MOST, out=weights)
