"""What the grammar of notes allows at every place of a piece.

In beats the grammar is asked, which knows which bars may come back. What it says is kept by the shape of a piece: a piece that comes again
in another key is known already, for the grammar depends on how pitches lie to one another alone, as long as none is at an end of the range.

In seconds, where a piece is another one at every speed, it is computed for all places at once.

Letters: T ids, N notes, P pitches, A lines that are named, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.legal import Remembered, Rows, packed, unpacked
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.legal import by_grammar
from lstmgen.media.tunes.notes.common_key import turned
from lstmgen.media.tunes.notes.events import (
    DRUM,
    DURATION,
    KEY,
    MOST_TRANSPOSED,
    PITCHES,
    PROGRAM,
    TRACK,
    TRANSPOSED,
    VELOCITY,
    lines_said,
)
from lstmgen.media.tunes.parts import FIRST_DRUMS, MOST_TRACKS
from lstmgen.media.tunes.shifts import LONGEST_SHIFT, SHIFT
from lstmgen.music.lanes import Steps

_HIGHEST: Final = 127


@final
class LegalInBeats:
    """A `media.legal.Legal` of pieces in beats, whose pitches are told as they sound.

    Args:
        grammar: makes a grammar of sounding pitches at the beginning of a piece.
        table: the ranges of ids.
        guides: whether a piece says its key, and by how much it was transposed.
    """

    def __init__(self, grammar: Callable[[], Grammar], table: EventTable, *, guides: bool) -> None:
        self._table, self._guides = table, guides
        self._of_shape = Remembered(lambda ids_T: by_grammar(grammar(), table, ids_T))

    def __call__(self, ids_T: Ids, *, above: int = 0) -> Rows:
        """The rows of the ids of one piece.

        Args:
            ids_T: its pitches as they sound.
            above: semitones by which the pitches that the rows are of are written lower than they sound.
        """
        table, moved = self._table, self._moved(ids_T)
        pitched_T, shape_T = table.are(ids_T, *PITCHES), ids_T.copy()
        shape_T[pitched_T] -= moved
        for kind, value in ((TRANSPOSED, MOST_TRANSPOSED), (KEY, 0)) if self._guides else ():
            shape_T[table.are(ids_T, kind)] = table.first(kind) + value
        rows = self._of_shape(shape_T)
        if not moved and not above:
            return rows.copy()
        every_V = np.arange(table.vocab_size)
        sounding_V = turned(every_V, table, above)
        value_V = table.value_of_V[sounding_V]
        from_V = np.where(table.are(every_V, *PITCHES), sounding_V - value_V + np.clip(value_V - moved, 0, _HIGHEST), sounding_V)
        return packed(unpacked(rows, table.vocab_size)[:, from_V])

    def _moved(self, ids_T: Ids) -> int:
        """By how many semitones a piece lies higher than its shape, whose range is in the middle; 0 where drums play pitches."""
        if _misplaced(ids_T, self._table):
            return 0
        pitches = self._table.value_of_V[ids_T[self._table.are(ids_T, *PITCHES)]]
        low, high = int(pitches.min(initial=_HIGHEST)), int(pitches.max(initial=0))
        return low - (_HIGHEST - high + low) // 2 if 0 < low <= high < _HIGHEST else 0


def rows_in_seconds(ids_T: Ids, table: EventTable, lengths_D: Steps, *, begun: Callable[[Ids], Rows]) -> Rows | None:
    """The rows of the ids of one piece in seconds; None: they are none that a tokenizer writes.

    Args:
        ids_T: without boundaries.
        table: the ranges of ids.
        lengths_D: steps of each duration.
        begun: gives the rows of ids by the grammar itself, for the names of the instruments that a piece begins with.
    """
    count, value_T = len(ids_T), table.value_of_V[ids_T]
    names = int(np.argmin(np.append(table.are(ids_T, PROGRAM, TRACK), False)))
    line_A = np.array(sorted(lines_said(ids_T[:names], table)[1]), np.int64)
    now_T = np.append(0, np.cumsum(np.where(table.are(ids_T, SHIFT), value_T + 1, 0)))
    sounding = _sounding(ids_T, table, lengths_D, line_A, now_T) if len(line_A) else None
    if sounding is None or table.are(ids_T[names:], TRACK).any():
        return None
    sounding_TAP, latest_T = sounding
    before = {kind: np.append(False, table.are(ids_T, kind)) for kind in (PROGRAM, VELOCITY, SHIFT)}
    after_pitch_T = np.append(False, table.are(ids_T, *PITCHES))
    instrument_T = np.append(-1, table.last(ids_T, PROGRAM, before=-1))
    bin_T = np.append(-1, table.last(ids_T, VELOCITY, before=-1))
    between_T = ~(before[PROGRAM] | before[VELOCITY] | after_pitch_T)

    allowed_TV = np.zeros((count + 1, table.vocab_size), np.bool_)
    own_T = np.zeros(count + 1, np.bool_)
    legal_TAP = ~sounding_TAP & (np.arange(_HIGHEST + 1) >= _lowest(ids_T, table, line_A)[:, :, None])
    for instrument in dict.fromkeys((line_A // MOST_TRACKS).tolist()):
        lines = np.flatnonzero(line_A // MOST_TRACKS == instrument)
        any_T, plays_T = legal_TAP[:, lines].any(axis=(1, 2)), instrument_T == instrument
        own_T |= any_T & plays_T
        allowed_TV[:, table.first(PROGRAM) + instrument] = any_T & ~plays_T & between_T
        may_T = plays_T & ~after_pitch_T & ((bin_T >= 0) | before[VELOCITY])
        for line in lines.tolist():
            kind = DRUM if line_A[line] >= FIRST_DRUMS else PITCHES[line_A[line] % MOST_TRACKS]
            allowed_TV[:, table.span(kind)] |= legal_TAP[:, line] & may_T[:, None]
    said = np.flatnonzero(bin_T >= 0)
    allowed_TV[:, table.span(VELOCITY)] = (own_T & ~before[VELOCITY] & ~after_pitch_T)[:, None]
    allowed_TV[said, table.first(VELOCITY) + bin_T[said]] = False
    allowed_TV[:, table.span(DURATION)] = after_pitch_T[:, None]
    short_T = np.append(False, table.are(ids_T, SHIFT) & (value_T + 1 < LONGEST_SHIFT))
    allowed_TV[:, table.span(SHIFT)] = (between_T & ~short_T)[:, None]
    allowed_TV[:, BOUNDARY_ID] = between_T & (latest_T <= now_T)
    later = slice(names + 1, None)
    if not allowed_TV[later].any(axis=1).all() or sounding_TAP[later].all(axis=(1, 2)).any():
        return None
    return np.concatenate([begun(ids_T[:names]), packed(allowed_TV[later])])


def _sounding(ids_T: Ids, table: EventTable, lengths_D: Steps, line_A: Steps, now_T: Steps) -> tuple[NDArray[np.bool_], Steps] | None:
    """Which pitches of the lines sound at each place, of shape (T + 1, A, P), and when the last of the notes so far ends.

    None: somebody plays who is not named, a pitch has no duration or sounds already, or a drum is played as a pitch.
    """
    count, (line_T, _) = len(ids_T), lines_said(ids_T, table)
    pitch_T, drum_T, timed_T = table.are(ids_T, *PITCHES), table.are(ids_T, DRUM), table.are(ids_T, DURATION)
    place_N = np.flatnonzero(pitch_T | drum_T)
    placed = not _misplaced(ids_T, table) and np.isin(line_T[place_N], line_A).all()
    if not placed or not np.array_equal(np.append(False, pitch_T)[:count], timed_T):
        return None
    place_N = place_N[drum_T[place_N] | (place_N + 1 < count)]  # of the very last pitch the duration may be yet to come
    drum_N = drum_T[place_N]
    steps_N = np.where(drum_N, 1, lengths_D[table.value_of_V[ids_T[np.minimum(place_N + 1, count - 1)]] * ~drum_N])
    end_N, begins_N = now_T[place_N] + steps_N, place_N + np.where(drum_N, 1, 2)
    key_N = np.searchsorted(line_A, line_T[place_N]), table.value_of_V[ids_T[place_N]]
    change_TAP = np.zeros((count + 2, len(line_A), 128), np.int8)
    change_TAP[begins_N, *key_N] += 1
    change_TAP[np.searchsorted(now_T, end_N), *key_N] -= 1
    np.cumsum(change_TAP, axis=0, out=change_TAP)
    latest_T = np.zeros(count + 2, np.int64)
    latest_T[begins_N] = end_N
    return None if (change_TAP > 1).any() else (change_TAP[:-1] > 0, np.maximum.accumulate(latest_T)[:-1])


def _misplaced(ids_T: Ids, table: EventTable) -> bool:
    """Whether drums play pitches, or somebody else drums."""
    (line_T, _), drum_T = lines_said(ids_T, table), table.are(ids_T, DRUM)
    return bool((table.are(ids_T, *PITCHES, DRUM) & (drum_T != (line_T >= FIRST_DRUMS))).any())


def _lowest(ids_T: Ids, table: EventTable, line_A: Steps) -> Steps:
    """At each place the lowest pitch of each line that is written behind what began at the same moment, of shape (T + 1, A)."""
    line_T, _ = lines_said(ids_T, table)
    note_T = table.are(ids_T, *PITCHES, DRUM)
    place_T = np.append(-1, np.maximum.accumulate(np.where(note_T | table.are(ids_T, SHIFT), np.arange(len(ids_T)), -1)))
    last_T1 = np.where((place_T >= 0) & note_T[place_T], line_T[place_T], -1)[:, None]
    own_TA = np.where(line_A <= last_T1, 1, 0) + table.value_of_V[ids_T[place_T]][:, None]
    instrument_A, instrument_T1 = line_A // MOST_TRACKS, last_T1 // MOST_TRACKS
    return np.where(instrument_T1 > instrument_A, _HIGHEST + 1, np.where((instrument_T1 == instrument_A) & (last_T1 >= 0), own_TA, 0))
