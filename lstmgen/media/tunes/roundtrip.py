"""What a tune loses on its way through the ids of a tokenizer and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.music.score import Notes, Score


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The differences between scores and what their ids decode to. Errors are None where there is nothing to compare.

    Attributes:
        scores: how many were compared.
        of: how many there are.
        notes: notes of those that were compared.
        kept: those that come back.
        lost: those that do not.
        onset_error_ms_p50: half of the kept notes begin no further from where they were than this.
        onset_error_ms_p95: nineteen of twenty do.
        duration_error_ms_p50: the same of their lengths; drums, whose length means little, are left out.
        duration_error_ms_p95: as above.
    """

    scores: int
    of: int
    notes: int
    kept: int
    lost: int
    onset_error_ms_p50: float | None
    onset_error_ms_p95: float | None
    duration_error_ms_p50: float | None
    duration_error_ms_p95: float | None


def corpus_loss(scores: Sequence[Score], tokenizer: EventTokenizer, *, max_notes: int = 20_000) -> Loss:
    """What scores lose together; of many, evenly spread ones are taken.

    Args:
        scores: as they would be learned.
        tokenizer: what encodes and decodes them.
        max_notes: about so many notes are compared.
    """
    total = sum(len(score.notes) for score in scores)
    stride = max(1, -(-total // max_notes))
    notes = 0
    onsets: list[NDArray[np.float64]] = []
    lengths: list[NDArray[np.float64]] = []
    for score in scores[::stride]:
        there, back = _paired(score.notes, tokenizer.decode(tokenizer.encode(score), like=score).notes)
        notes += len(score.notes)
        starts, ends = (score.seconds_at(there.start_ticks), score.seconds_at(there.end_ticks))
        starts_back, ends_back = (score.seconds_at(back.start_ticks), score.seconds_at(back.end_ticks))
        onsets.append(np.abs(starts_back - starts))
        lengths.append(np.abs((ends_back - starts_back) - (ends - starts))[~there.drum])
    kept = sum(map(len, onsets))
    errors_s = {"onset": np.concatenate([np.zeros(0), *onsets]), "duration": np.concatenate([np.zeros(0), *lengths])}
    errors_ms = {
        f"{name}_error_ms_p{percent}": float(1e3 * np.percentile(errors, percent)) if len(errors) else None
        for name, errors in errors_s.items()
        for percent in (50, 95)
    }
    return Loss(scores=len(scores[::stride]), of=len(scores), notes=notes, kept=kept, lost=notes - kept, **errors_ms)


def _paired(there: Notes, back: Notes) -> tuple[Notes, Notes]:
    """The notes that have a partner, and their partners: of each pitch in order, and where some are lost by nearness."""
    mine, theirs = (notes.pitch.astype(np.int64) + 128 * notes.drum for notes in (there, back))
    left, right = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for key in np.intersect1d(mine, theirs).tolist():
        places, partners = np.flatnonzero(mine == key), np.flatnonzero(theirs == key)
        if len(places) > len(partners):
            places = places[_nearest(there.start_ticks[places], back.start_ticks[partners])]
        left.append(places)
        right.append(partners[: len(places)])
    return there.take(np.concatenate(left)), back.take(np.concatenate(right))


def _nearest(wanted: NDArray[np.int32], found: NDArray[np.int32]) -> NDArray[np.int64]:
    """For every onset that was found, in order, the nearest of those wanted that is not taken by one before it."""
    chosen: list[int] = []
    first = 0
    for number, onset in enumerate(found.tolist()):
        last = len(wanted) - (len(found) - number)  # so many must be left for those that come
        place = int(np.searchsorted(wanted[first : last + 1], onset)) + first
        near = [candidate for candidate in (place - 1, place) if first <= candidate <= last] or [min(max(place, first), last)]
        best = min(near, key=lambda candidate: abs(int(wanted[candidate]) - onset))
        chosen.append(best)
        first = best + 1
    return np.array(chosen, np.int64)
