"""What a tune loses on its way through the ids of a tokenizer and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.tunes.base import ScoreTokenizer
from lstmgen.music.score import Notes, Score


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The differences between scores and what their ids decode to. Errors are None where there is nothing to compare.

    Attributes:
        notes: notes of the scores.
        kept: those that come back.
        lost: those that do not.
        onset_error_ms_p50: half of the kept notes begin no further from where they were than this.
        onset_error_ms_p95: nineteen of twenty do.
        duration_error_ms_p50: the same of their lengths; drums, whose length means little, are left out.
        duration_error_ms_p95: as above.
    """

    notes: int
    kept: int
    lost: int
    onset_error_ms_p50: float | None
    onset_error_ms_p95: float | None
    duration_error_ms_p50: float | None
    duration_error_ms_p95: float | None


def loss(score: Score, tokenizer: ScoreTokenizer) -> Loss:
    """What one score loses."""
    return corpus_loss([score], tokenizer)


def corpus_loss(scores: Sequence[Score], tokenizer: ScoreTokenizer, *, max_notes: int = 20_000) -> Loss:
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
    onset, length = _percentiles(onsets), _percentiles(lengths)
    return Loss(
        notes=notes,
        kept=kept,
        lost=notes - kept,
        onset_error_ms_p50=onset[0],
        onset_error_ms_p95=onset[1],
        duration_error_ms_p50=length[0],
        duration_error_ms_p95=length[1],
    )


def _paired(there: Notes, back: Notes) -> tuple[Notes, Notes]:
    """The notes that have a partner, and their partners: of each pitch in order, and where some are lost by nearness."""
    there, back = _by_pitch(there), _by_pitch(back)
    mine, theirs = _key(there), _key(back)
    left: list[int] = []
    right: list[int] = []
    for key in np.intersect1d(mine, theirs).tolist():
        ours = slice(*np.searchsorted(mine, [key, key + 1]).tolist())
        others = slice(*np.searchsorted(theirs, [key, key + 1]).tolist())
        places, partners = np.arange(ours.start, ours.stop), np.arange(others.start, others.stop)
        if len(places) > len(partners):
            places = places[_nearest(there.start_ticks[ours], back.start_ticks[others])]
            partners = partners[: len(places)]
        left += places.tolist()
        right += partners[: len(places)].tolist()
    return there.take(np.array(left, np.int64)), back.take(np.array(right, np.int64))


def _by_pitch(notes: Notes) -> Notes:
    return notes.take(np.lexsort((notes.start_ticks, _key(notes))))


def _key(notes: Notes) -> NDArray[np.int64]:
    return notes.pitch.astype(np.int64) + 128 * notes.drum


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


def _percentiles(errors_s: list[NDArray[np.float64]]) -> tuple[float | None, float | None]:
    """Median and 95th percentile in milliseconds."""
    joined = np.concatenate(errors_s) if errors_s else np.zeros(0)
    if not len(joined):
        return None, None
    return float(1e3 * np.percentile(joined, 50)), float(1e3 * np.percentile(joined, 95))
