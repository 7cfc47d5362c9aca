"""What tunes hold, and what each tokenizer would lose of them, for people who look before they train."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from lstmgen.media.tunes import tokenizers
from lstmgen.media.tunes.material import TuneMaterial
from lstmgen.media.tunes.roundtrip import corpus_loss
from lstmgen.media.tunes.track_choice import common_names
from lstmgen.music.bars import full_bars
from lstmgen.music.instruments import program_name
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Notes, Score

_MANY: Final = 8


def survey(material: TuneMaterial) -> dict[str, Any]:
    """Counts, tempi and meters, what was noticed, and of a single tune its tracks, as plain values."""
    collection = material.collection
    scores = [piece.score for piece in collection.pieces]
    tidied = [piece.score for piece in material.pieces]
    fitted = {name: tokenizers.build(name, tidied) for name in tokenizers.NAMES}
    facts = {
        "tunes": len(scores),
        "notes": collection.notes,
        "seconds": round(collection.duration_s, 2),
        "tempos_bpm": _common(round(60e6 / tempo, 1) for score in scores for tempo in score.tempos.us_per_beat.tolist()),
        "meters": _common(f"{meter.numerator}/{meter.denominator}" for score in scores for meter in score.meters),
        "track_names": common_names(scores),
        "findings": [f"{piece.name}: {finding.reason}" for piece in collection.pieces for finding in piece.findings],
        "skipped": [f"{name}: {reason}" for name, reason in collection.skipped],
        "round_trip": {name: asdict(corpus_loss(tidied, tokenizer)) for name, tokenizer in fitted.items()},
        "sha256": collection.sha256,
    }
    if len(scores) == 1:
        facts |= {"bars": full_bars(scores[0]), "pedal_events": _pedal_events(scores[0]), "tracks": _tracks(scores[0])}
    return facts


def _common(values: Iterable[Any]) -> list[Any]:
    """The values, the most frequent first, at most a few."""
    return [value for value, _ in Counter(values).most_common(_MANY)]


def _pedal_events(score: Score) -> int:
    """How often a pedal goes down or up; what holds for several tracks at once is counted once."""
    return len(np.unique(2 * score.pedals.ticks.astype(np.int64) + score.pedals.down))


def _tracks(score: Score) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, track in enumerate(score.tracks):
        notes = score.notes.take(score.notes.track == number)
        if not len(notes):
            continue
        drum = bool(notes.drum[0])
        row = {
            "track": number + 1,
            "name": track.name,
            "instrument": "drums" if drum else ", ".join(program_name(int(program)) for program in np.unique(notes.program)[:3]),
            "notes": len(notes),
            "pitches": "" if drum else f"{pitch_name(int(notes.pitch.min()))} to {pitch_name(int(notes.pitch.max()))}",
            "at_once": _at_once(notes),
        }
        rows.append(row)
    return rows


def _at_once(notes: Notes) -> int:
    """The most notes that sound together."""
    times = np.concatenate([notes.end_ticks, notes.start_ticks])
    change = np.repeat([-1, 1], len(notes))
    return int(change[np.argsort(times, kind="stable")].cumsum().max())
