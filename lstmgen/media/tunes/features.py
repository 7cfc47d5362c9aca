"""Features of a tune at each of its tokens: where it stands in its bar, and what sounds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.features import Feature
from lstmgen.media.matching import matches
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.music.bars import Bars
from lstmgen.music.score import Score

FEATURES: Final = (
    Feature(name="bar", about="how far into the bar, from 0 to 1", yes_or_no=False),
    Feature(name="beat", about="on a beat"),
    Feature(name="last-beat", about="in the last beat of the bar"),
    Feature(name="pitch", about="the last pitch", yes_or_no=False),
    Feature(name="sounding", about="how many notes sound", yes_or_no=False),
)


def readable(tokenizer: EventTokenizer, ids: Ids) -> list[str]:
    """The words of each event."""
    return [f"{tokenizer.piece(token)} " for token in ids.tolist()]


def follow(tokenizer: EventTokenizer, ids: Ids, item: Score, feature: str) -> tuple[Feature, NDArray[np.float64]]:
    """See `media.features`."""
    known = next((each for each in FEATURES if each.name == feature), None)
    if known is None:
        words = list(map(tokenizer.piece, ids.tolist()))
        found, inside = matches(feature, " ".join(words), FEATURES)
        ends_T = np.cumsum([len(word) + 1 for word in words])
        return found, inside[ends_T - 2]
    ticks_T = tokenizer.ticks_of(ids, item)
    return known, _VALUES[feature](tokenizer, ids, item, ticks_T)


def _bars(ticks_T: NDArray[np.int64], bars: Bars) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The bar of each tick, and where that begins and ends."""
    lines = bars.ticks(np.arange(bars.count + 2))
    bar_T = np.clip(np.searchsorted(lines, ticks_T, side="right") - 1, 0, len(lines) - 2)
    return bar_T, lines[bar_T], lines[bar_T + 1]


def _phase(_: EventTokenizer, __: Ids, item: Score, ticks_T: NDArray[np.int64]) -> NDArray[np.float64]:
    _bar_T, begins_T, ends_T = _bars(ticks_T, Bars(item))
    return (ticks_T - begins_T) / np.maximum(ends_T - begins_T, 1)


def _beats(item: Score, ticks_T: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which ticks are on a beat, and which lie in the last beat of their bar."""
    bars = Bars(item)
    _, begins_T, ends_T = _bars(ticks_T, bars)
    on_T, last_T = np.zeros(len(ticks_T), np.bool_), np.zeros(len(ticks_T), np.bool_)
    for begin, end in {*zip(begins_T.tolist(), ends_T.tolist(), strict=True)}:
        here = begins_T == begin
        beats = np.concatenate([[begin], bars.beats(begin, end)])
        on_T[here] = np.isin(ticks_T[here], beats)
        last_T[here] = ticks_T[here] >= beats[-1]
    return on_T, last_T


def _on_beat(_: EventTokenizer, __: Ids, item: Score, ticks_T: NDArray[np.int64]) -> NDArray[np.float64]:
    return _beats(item, ticks_T)[0].astype(np.float64)


def _last_beat(_: EventTokenizer, __: Ids, item: Score, ticks_T: NDArray[np.int64]) -> NDArray[np.float64]:
    return _beats(item, ticks_T)[1].astype(np.float64)


def _pitch(tokenizer: EventTokenizer, ids: Ids, _: Score, __: NDArray[np.int64]) -> NDArray[np.float64]:
    table = tokenizer.table
    said_T = table.are(ids, *tokenizer.notation.pitch_kinds)
    place_T = np.maximum.accumulate(np.where(said_T, np.arange(len(ids)), -1))
    return np.where(place_T >= 0, table.value_of_V[ids][place_T], np.nan)


def _sounding(_: EventTokenizer, __: Ids, item: Score, ticks_T: NDArray[np.int64]) -> NDArray[np.float64]:
    starts, ends = np.sort(item.notes.start_ticks), np.sort(item.notes.end_ticks)
    return (np.searchsorted(starts, ticks_T, side="right") - np.searchsorted(ends, ticks_T, side="right")).astype(np.float64)


_VALUES: Final = {"bar": _phase, "beat": _on_beat, "last-beat": _last_beat, "pitch": _pitch, "sounding": _sounding}
