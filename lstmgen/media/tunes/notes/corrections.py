"""What a network expects of tunes otherwise than they are, put right when samples are drawn.

    p(id)  is proportional to  p of the network (id) x exp(weights of what is true of the id)

    degrees   on which degree a pitch stands, in major and in minor
    steps     how many steps of the staff it lies from the last pitch of its line, for the highest line and for others
    back      how far back lies what a part plays once more
    rests     time goes on although a line that played in the bar before has not begun in this one; at the beginning of the bar, and later

A network that has learned some dozens of tunes for some minutes expects all of these nearly as they are of the tunes that it has learned,
and otherwise of tunes that it has not: melodies leap, notes leave the scale, the bar before comes back too often, melodies fall silent.
What it draws are tunes that it has not learned. So once it is trained weights are fitted (`fitting.py`): such that it expects of some
tunes, half of them held out, each of these as often as it stands there.

Pitches of a track, and distances, share the probability that they have together; how often one of them comes is left to the network.

Letters: P pitches, T tonics, I ids of a kind, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import PITCHES
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.returns import RETURN
from lstmgen.media.tunes.standing import Standing
from lstmgen.media.writing import Weighed
from lstmgen.schema import SchemaError, list_of, number, table

Numbers = NDArray[np.float64]

_WIDEST: Final = 15
"""Steps of the staff that are told apart: two octaves, and one more for what lies farther."""
FARTHEST: Final = 16
"""Bars that are told apart; what comes back from farther counts as if from there."""
MOST: Final = 3.0
"""Nats that a weight may have."""
_LETTER_C: Final = np.array([0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6])
"""The step of the staff on which each pitch class above the tonic stands: of major and minor each degree has its own."""
NO_STEP: Final = 2 * _WIDEST + 1
"""Where no last pitch is known."""
SHAPES: Final = {"degrees": (2, 12), "steps": (2, 2 * _WIDEST + 1), "back": (FARTHEST,), "rests": (2,)}


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
    degrees: Numbers = field(default_factory=lambda: np.zeros(SHAPES["degrees"]))
    steps: Numbers = field(default_factory=lambda: np.zeros(SHAPES["steps"]))
    back: Numbers = field(default_factory=lambda: np.zeros(SHAPES["back"]))
    rests: Numbers = field(default_factory=lambda: np.zeros(SHAPES["rests"]))

    def to_json(self) -> dict[str, Any]:
        """The weights, to a thousandth of a nat."""
        return {name: np.round(getattr(self, name), 3).tolist() for name in SHAPES}

    @staticmethod
    def from_json(values: Any, table: EventTable) -> Corrections:
        """What `to_json` gave. Raises ModelFileError."""
        try:
            _SCHEMA(values, "the corrections")
        except SchemaError as error:
            checks.refuse(str(error))
        return Corrections(table, **{name: np.array(values[name], np.float64) for name in SHAPES})

    def times(self, share: float) -> Corrections:
        """The same with a share of every weight."""
        return Corrections(self.table, **{name: share * getattr(self, name) for name in SHAPES})

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
            ids = np.flatnonzero(later(position, self.table))
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
        return Weighed(ids, self.back[np.minimum(np.arange(len(ids)), FARTHEST - 1)])


_SCHEMA: Final = table(
    {
        name: list_of(list_of(number(-MOST, MOST), exactly=shape[-1]), exactly=shape[0])
        if len(shape) > 1
        else list_of(number(-MOST, MOST), exactly=shape[0])
        for name, shape in SHAPES.items()
    }
)


_PITCH_P: Final = np.arange(128)
_DEGREE_TP: Final = (_PITCH_P - np.arange(12)[:, None]) % 12
_STAFF_TP: Final = (_PITCH_P - np.arange(12)[:, None]) // 12 * 7 + _LETTER_C[_DEGREE_TP]
"""By pitch class of the tonic the degree of each pitch, and the step of a staff on which it stands."""
_STEPLESS_P: Final = np.full(128, NO_STEP)


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


def later(position: int, table: EventTable) -> NDArray[np.bool_]:
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
