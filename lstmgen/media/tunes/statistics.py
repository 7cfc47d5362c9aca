"""What tunes are like, in figures by which samples are compared with what was learned. Names are those of MusPy where it has them.

A melody here is what sounds highest where something begins. Bars are compared by their melodies: onset within the bar, and pitch.
"""

from __future__ import annotations

import heapq
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.statistics import Counts, Statistic
from lstmgen.music.bars import Bars
from lstmgen.music.scales import SCALES
from lstmgen.music.score import Notes, Score
from lstmgen.music.tonality import Tonality, ends_on, pitch_classes, tonality_of

_DEGREES: Final = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
_CLASSES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_WIDEST: Final = 12
_STEPS: Final = tuple(f"{step:+d}" for step in range(-_WIDEST, _WIDEST + 1))
_MOST_AT_ONCE: Final = 8
_LENGTHS: Final = (0.1875, 0.29, 0.42, 0.6, 0.9, 1.25, 1.75, 2.5, 3.5)
"""Between the usual lengths, in beats."""
_LENGTH_NAMES: Final = ("1/8", "1/4", "1/3", "1/2", "3/4", "1", "3/2", "2", "3", "4+")
_ONSETS: Final = 32
_LAGS: Final = (1, 2, 4, 8, 16)
_GROOVE_STEPS: Final = 12
"""Of a beat, in which onsets are compared."""
_SHORT_S: Final = 0.05
_DRONE_S: Final = 10.0
_LONG: Final = 2.0
"""So many times as long as is usual in a melody is a note that is held."""
_FACTS: Final = ("start_ticks", "end_ticks", "pitch")


def _ratio(name: str, heading: str) -> Statistic:
    return Statistic(name=name, heading=heading)


_EVERY: Final = (
    Statistic(name="degree", heading="pitches, above the tonic", parts=_DEGREES),
    Statistic(name="pitch_class", heading="pitches, as written", parts=_CLASSES),
    Statistic(name="interval", heading="steps of the melody, semitones", parts=_STEPS),
    Statistic(name="length", heading="lengths of notes, beats", parts=_LENGTH_NAMES),
    Statistic(name="at_once", heading="notes at once", parts=tuple(map(str, range(1, _MOST_AT_ONCE + 1)))),
    _ratio("polyphony", "notes at once, mean"),
    _ratio("polyphony_rate", "time with two notes and more"),
    _ratio("scale_consistency", "notes in the best scale"),
    _ratio("pitch_class_entropy", "entropy of pitch classes, bits"),
    _ratio("tonic_endings", "ends on the tonic"),
    _ratio("long_endings", "ends on a long note"),
    _ratio("beats_per_minute", "beats a minute, mean"),
    _ratio("tempo_changes", "changes of tempo a tune"),
    _ratio("notes_per_second", "notes a second"),
    _ratio("short_notes", "notes under 50 ms"),
    _ratio("drones", "tunes with a note of 10 s"),
    _ratio("silent", "tunes without a note"),
)
_OF_BARS: Final = (
    Statistic(name="onset", heading="onsets in the bar, beats", parts=tuple(f"{step / 4:g}" for step in range(_ONSETS))),
    _ratio("groove_consistency", "rhythm like the bar before"),
    _ratio("empty_measure_rate", "empty bars"),
    _ratio("repeated_bars", "bars that repeat an earlier one"),
    *(_ratio(f"similarity_{lag}", f"similarity to the bar {lag} back") for lag in _LAGS),
)


def statistics(*, bars: bool) -> tuple[Statistic, ...]:
    """All of them; where there are no bars, those that need none."""
    return (*_EVERY, *_OF_BARS) if bars else _EVERY


def count(whole: Score, seen: Score | None = None) -> Counts:
    """The sums of one tune, by the names of the statistics; of a part that is seen all but how the tune ends."""
    score = seen or whole
    pitched = score.notes.take(~score.notes.drum)
    melody = _melody(pitched)
    key = tonality_of(pitched)
    sums: dict[str, Any] = {
        **_pitches(pitched, melody, key),
        **_ending(whole),
        **_times(score, pitched),
        **_at_once(score, pitched),
        **_bars(score, melody),
    }
    return {name: np.asarray(values, np.float64) for name, values in sums.items()}


def ending_of(score: Score) -> tuple[bool, bool] | None:
    """Whether it ends on the tonic of the key that it is heard in, and whether the last note of its melody is held; None without notes."""
    pitched = score.notes.take(~score.notes.drum)
    if (key := tonality_of(pitched)) is None:
        return None
    melody = _melody(pitched)
    lasts = melody.end_ticks - melody.start_ticks
    return ends_on(score, key.tonic), bool(lasts[-1] >= _LONG * np.median(lasts))


def _ending(score: Score) -> Counts:
    ending = ending_of(score)
    on_tonic, held = ending or (False, False)
    return {"tonic_endings": np.array([on_tonic, ending is not None]), "long_endings": np.array([held, ending is not None])}


def _melody(pitched: Notes) -> Notes:
    """The highest of the notes that begin together, where nothing higher sounds on."""
    order = np.lexsort((-pitched.pitch.astype(np.int64), pitched.start_ticks))
    sounding: list[tuple[int, int]] = []
    """Of what sounds, highest first, pitch below 0 and end."""
    kept: list[int] = []
    before = -1
    for note, start, end, pitch in zip(order.tolist(), *(getattr(pitched, name)[order].tolist() for name in _FACTS), strict=True):
        while sounding and sounding[0][1] <= start:
            heapq.heappop(sounding)
        if start > before and (not sounding or -sounding[0][0] < pitch):
            kept.append(note)
        before = start
        heapq.heappush(sounding, (-pitch, end))
    return pitched.take(kept)


def _pitches(pitched: Notes, melody: Notes, key: Tonality | None) -> Counts:
    heard_P = pitch_classes(pitched)
    struck_P = np.bincount(pitched.pitch % 12, minlength=12)
    share_P = struck_P / max(1, struck_P.sum())
    steps = np.clip(np.diff(melody.pitch.astype(np.int64)), -_WIDEST, _WIDEST) + _WIDEST
    in_scale = max(struck_P[[(root + step) % 12 for step in SCALES[mode]]].sum() for mode in ("major", "minor") for root in range(12))
    some = len(pitched) > 0
    return {
        "degree": np.zeros(12) if key is None else np.roll(heard_P, -key.tonic) / heard_P.sum(),
        "pitch_class": heard_P / max(1.0, heard_P.sum()),
        "interval": np.bincount(steps, minlength=2 * _WIDEST + 1).astype(np.float64),
        "scale_consistency": np.array([in_scale / max(1, len(pitched)), some]),
        "pitch_class_entropy": np.array([-(share_P[share_P > 0] * np.log2(share_P[share_P > 0])).sum(), some]),
    }


def _times(score: Score, pitched: Notes) -> Counts:
    beats = (pitched.end_ticks - pitched.start_ticks) / score.ticks_per_beat
    lasts = score.seconds_at(pitched.end_ticks) - score.seconds_at(pitched.start_ticks)
    minutes = score.duration_s / 60
    return {
        "length": np.bincount(np.searchsorted(_LENGTHS, beats), minlength=len(_LENGTH_NAMES)).astype(np.float64),
        "beats_per_minute": np.array([score.length_ticks / score.ticks_per_beat / minutes if minutes else 0.0, minutes > 0]),
        "tempo_changes": np.array([len(score.tempos.ticks) - 1, 1]),
        "notes_per_second": np.array([len(score.notes), score.duration_s]),
        "short_notes": np.array([(lasts < _SHORT_S).sum(), len(pitched)]),
        "drones": np.array([(lasts >= _DRONE_S).any(), 1]),
        "silent": np.array([not len(score.notes), 1]),
    }


def _at_once(score: Score, pitched: Notes) -> Counts:
    """For how long how many notes sound."""
    ticks = np.concatenate([pitched.start_ticks, pitched.end_ticks]).astype(np.int64)
    change = np.repeat([1, -1], len(pitched))
    order = np.argsort(ticks, kind="stable")
    sounding, lasts = change[order].cumsum(), np.diff(ticks[order], append=ticks.max(initial=0))
    held = np.bincount(np.clip(sounding, 0, _MOST_AT_ONCE), lasts, minlength=_MOST_AT_ONCE + 1)[1:]
    total = max(1.0, float(held.sum()))
    return {
        "at_once": held / total,
        "polyphony": np.array([(sounding * lasts).sum() / total, len(pitched) > 0]),
        "polyphony_rate": np.array([held[1:].sum() / max(1, score.length_ticks), score.length_ticks > 0]),
    }


def _bars(score: Score, melody: Notes) -> Counts:
    bars = Bars(score)
    lines = bars.ticks(np.arange(bars.count + 1))
    bar_N = np.clip(np.searchsorted(lines, melody.start_ticks, side="right") - 1, 0, bars.count - 1)
    beat_N = (melody.start_ticks - lines[bar_N]) / score.ticks_per_beat
    step_N = np.rint(beat_N * _GROOVE_STEPS).astype(np.int64)
    content: list[frozenset[int]] = [frozenset()] * bars.count
    rhythm: list[frozenset[int]] = [frozenset()] * bars.count
    for bar in np.unique(bar_N).tolist():
        mine = bar_N == bar
        content[bar] = frozenset((step_N[mine] * 128 + melody.pitch[mine]).tolist())
        rhythm[bar] = frozenset(step_N[mine].tolist())
    full = [bar for bar in content if bar]
    length_B = np.rint(np.diff(lines) / score.ticks_per_beat * _GROOVE_STEPS)
    grooves = [
        1 - len(rhythm[bar] ^ rhythm[bar + 1]) / length_B[bar] for bar in range(bars.count - 1) if length_B[bar] == length_B[bar + 1] > 0
    ]
    return {
        "onset": np.bincount(np.clip((beat_N * 4 + 1e-6).astype(np.int64), 0, _ONSETS - 1), minlength=_ONSETS).astype(np.float64),
        "groove_consistency": np.array([sum(grooves), len(grooves)]),
        "empty_measure_rate": np.array([_empty(score, lines), bars.count]),
        "repeated_bars": np.array([len(full) - len(set(full)), len(full)]),
        **{f"similarity_{lag}": _similarity(content, lag) for lag in _LAGS},
    }


def _empty(score: Score, lines: NDArray[np.int64]) -> int:
    """Bars in which nothing sounds."""
    sounding_B = np.zeros(len(lines))
    np.add.at(sounding_B, np.searchsorted(lines, score.notes.start_ticks, side="right") - 1, 1)
    np.add.at(sounding_B, np.clip(np.searchsorted(lines, score.notes.end_ticks, side="left"), 0, len(lines) - 1), -1)
    return int((sounding_B.cumsum()[:-1] <= 0).sum())


def _similarity(content: list[frozenset[int]], lag: int) -> NDArray[np.float64]:
    """How many notes two bars share, of the bar that has more: summed over all bars so far apart, and how many there are."""
    pairs = [(one, other) for one, other in zip(content[lag:], content, strict=False) if one or other]
    return np.array([sum(len(one & other) / max(len(one), len(other)) for one, other in pairs), len(pairs)])
