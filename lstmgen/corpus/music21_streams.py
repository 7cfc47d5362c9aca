"""From the objects that music21 makes of a score to a `Score` of our own; music21 itself is not needed for that.

Every section is taken once, as it is written; of first and second endings the last remains, so that bars stay whole. Ties become one note,
chord symbols and grace notes have no length and are left out. An upbeat becomes the end of a whole first bar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from lstmgen.music.score import Key, Meter, Notes, Score, Track

_TICKS_PER_BEAT: Final = 480
_MAX_NAME_CHARS: Final = 100
_MAX_DENOMINATOR: Final = 64
_Bars = list[tuple[Any, Fraction]]
"""Measures with the beat at which each begins."""


def score_of(parts: Sequence[Any], brackets: Iterable[Any], *, program: int, names: Sequence[str]) -> Score:
    """A score of some parts of a music21 stream; without notes where they hold none.

    Args:
        parts: streams of measures, or of notes without measures.
        brackets: the repeat brackets of the whole stream: objects with `getSpannedElements()`.
        program: General MIDI program of every part.
        names: of the tracks, one for each part.
    """
    left_out = _first_endings(parts, list(brackets))
    tempos: dict[int, int] = {}
    meters: dict[int, Meter] = {}
    keys: dict[int, Key] = {}
    notes: list[Notes] = []
    end = 0
    for track, part in enumerate(parts):
        rows: list[list[int]] = []
        held: dict[int, int] = {}
        bars = _bars(part, left_out)
        for element, beat in _elements(bars):
            # an upbeat bar has been filled up, so that what stands at its head holds from the beginning
            tick = _ticks(beat) if beat > bars[0][1] else 0
            kinds = element.classes
            if "TimeSignature" in kinds:
                _add_meter(meters, element, tick)
            elif "KeySignature" in kinds:
                _add_key(keys, element, tick)
            elif "MetronomeMark" in kinds:
                _add_tempo(tempos, element, tick)
            elif "Harmony" not in kinds and ("Note" in kinds or "Chord" in kinds):
                _add_notes(rows, held, element, beat)
            elif "Rest" in kinds:
                end = max(end, _ticks(beat + _exact(element.quarterLength)))
        if rows:
            start, stop, pitch = zip(*rows, strict=True)
            notes.append(Notes.of(start, stop, pitch, track=track, program=program, velocity=80))
    return Score.of(
        Notes.joined(notes),
        ticks_per_beat=_TICKS_PER_BEAT,
        tempos=tempos.items(),
        meters=_changes(meters),
        keys=_changes(keys),
        tracks=[Track(_one_line(name)) for name in names],
        length_ticks=end,
    )


def _changes(found: dict[int, Any]) -> list[Any]:
    """In order, without those that say what holds already."""
    ordered = [found[tick] for tick in sorted(found)]
    before = [None, *ordered]
    return [one for one, last in zip(ordered, before, strict=False) if last is None or replace(last, tick=one.tick) != one]


def _exact(number: Any) -> Fraction:
    return Fraction(number).limit_denominator(_TICKS_PER_BEAT * 7)


def _ticks(beats: Fraction) -> int:
    return round(beats * _TICKS_PER_BEAT)


def _one_line(name: str) -> str:
    return " ".join(name.split())[:_MAX_NAME_CHARS]


def _elements(bars: _Bars) -> Iterator[tuple[Any, Fraction]]:
    """Everything in a part with its beat."""
    for holder, start in bars:
        for element in holder.flatten():
            yield element, start + _exact(element.offset)


def _bars(part: Any, left_out: set[int]) -> _Bars:
    measures = [(measure, _exact(measure.offset)) for measure in part.getElementsByClass("Measure")]
    if not measures:
        return [(part, Fraction(0))]
    ends = [*(offset for _, offset in measures[1:]), measures[-1][1] + _exact(measures[-1][0].highestTime)]
    now = _missing_before(measures[0][0], ends[0] - measures[0][1]) if len(measures) > 1 else Fraction(0)
    found: _Bars = []
    for place, ((measure, offset), end) in enumerate(zip(measures, ends, strict=True)):
        if place not in left_out:
            found.append((measure, now))
            now += max(end - offset, Fraction(0))
    return found


def _missing_before(measure: Any, length: Fraction) -> Fraction:
    """How much of a bar an upbeat leaves out."""
    meter = next((element for element in measure.flatten() if "TimeSignature" in element.classes), None)
    if meter is None:
        return Fraction(0)
    bar = Fraction(4 * int(meter.numerator), int(meter.denominator))
    return bar - length if 0 < length < bar else Fraction(0)


def _first_endings(parts: Sequence[Any], brackets: Sequence[Any]) -> set[int]:
    """The numbers of the measures of every ending that another one follows at once."""
    places = {id(measure): place for part in parts for place, measure in enumerate(part.getElementsByClass("Measure"))}
    spans: set[tuple[int, ...]] = set()
    for bracket in brackets:
        inside = sorted({places[id(measure)] for measure in bracket.getSpannedElements() if id(measure) in places})
        if inside:
            spans.add(tuple(range(inside[0], inside[-1] + 1)))
    begins = {span[0] for span in spans}
    return {place for span in spans if span[-1] + 1 in begins for place in span}


def _add_notes(rows: list[list[int]], held: dict[int, int], element: Any, beat: Fraction) -> None:
    """Append (start, end, pitch); a note that is tied to the one before makes that one longer.

    `held` has, for each pitch, the row of the note that a tie leaves open.
    """
    start, end = _ticks(beat), _ticks(beat + _exact(element.quarterLength))
    if end <= start:
        return
    for note in element.notes if "Chord" in element.classes else (element,):
        pitch = int(note.pitch.midi)
        if not 0 <= pitch <= 127:
            continue
        tie = note.tie.type if note.tie is not None else ""
        row = held.pop(pitch, None)
        if row is not None and tie in {"stop", "continue"} and rows[row][1] == start:
            rows[row][1] = end
        else:
            row = len(rows)
            rows.append([start, end, pitch])
        if tie in {"start", "continue"}:
            held[pitch] = row


def _add_meter(meters: dict[int, Meter], element: Any, tick: int) -> None:
    numerator, denominator = int(element.numerator), int(element.denominator)
    if 1 <= numerator <= 255 and 1 <= denominator <= _MAX_DENOMINATOR and denominator & (denominator - 1) == 0:
        meters.setdefault(tick, Meter(tick, numerator, denominator))


def _add_key(keys: dict[int, Key], element: Any, tick: int) -> None:
    if element.sharps is not None and abs(int(element.sharps)) <= 7:
        keys.setdefault(tick, Key(tick, int(element.sharps), getattr(element, "mode", None) == "minor"))


def _add_tempo(tempos: dict[int, int], element: Any, tick: int) -> None:
    beats_per_minute = element.getQuarterBPM() if element.number is not None else None
    if beats_per_minute and 4 <= beats_per_minute <= 1_000:
        tempos.setdefault(tick, round(60e6 / beats_per_minute))
