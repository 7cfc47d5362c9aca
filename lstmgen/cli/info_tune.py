"""`lstmgen info` of MIDI files: what a tune or a collection of tunes holds, and what each tokenizer would lose of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lstmgen.cli.processes import reading_pool
from lstmgen.cli.table import aligned, figure
from lstmgen.cli.wording import command, duration

if TYPE_CHECKING:
    from lstmgen.media.tunes.collection import Collection
    from lstmgen.music.score import Notes, Score

_LOSS_COLUMNS: Final = (
    ("notes lost", "lost", ",d"),
    ("onset error, ms: median", "onset_error_ms_p50", ".1f"),
    ("95 %", "onset_error_ms_p95", ".1f"),
    ("length error, ms: median", "duration_error_ms_p50", ".1f"),
    ("95 %", "duration_error_ms_p95", ".1f"),
)
_MANY: Final = 8


def is_music(thing: str) -> bool:
    """Whether a file, folder, glob or corpus holds MIDI; what is not there at all is none."""
    from lstmgen.errors import LstmgenError
    from lstmgen.media.tunes.collection import kind_of
    from lstmgen.storage import cache_folder

    try:
        return kind_of([thing], cache=cache_folder(os.environ)) == "music"
    except LstmgenError:
        return False


def describe_music(thing: str) -> dict[str, Any]:
    """What the tunes of a source hold.

    Raises:
        CorpusError: a source cannot be used.
    """
    from lstmgen.media.tunes.collection import gather_scores
    from lstmgen.music.bars import Bars
    from lstmgen.storage import cache_folder

    collection = gather_scores([thing], cache=cache_folder(os.environ), executor=reading_pool())
    scores = [piece.score for piece in collection.pieces]
    facts = {
        "kind": "music",
        "name": thing,
        "tunes": len(scores),
        "notes": collection.notes,
        "seconds": round(collection.duration_s, 2),
        "tempos_bpm": _common(60e6 / tempo for score in scores for tempo in score.tempos.us_per_beat.tolist()),
        "meters": _common(f"{meter.numerator}/{meter.denominator}" for score in scores for meter in score.meters),
        "findings": [f"{piece.name}: {finding.reason}" for piece in collection.pieces for finding in piece.findings],
        "skipped": [f"{name}: {reason}" for name, reason in collection.skipped],
        "round_trip": _round_trip(collection),
        "sha256": collection.sha256,
    }
    if len(scores) == 1:
        facts |= {"bars": Bars(scores[0]).count, "pedal_events": len(scores[0].pedals), "tracks": _tracks(scores[0])}
    return facts


def _common(values: Iterable[Any]) -> list[Any]:
    """The values, the most frequent first, at most a few; numbers rounded."""
    counts: dict[Any, int] = {}
    for value in values:
        key = round(value, 1) if isinstance(value, float) else value
        counts[key] = counts.get(key, 0) + 1
    return sorted(counts, key=lambda key: -counts[key])[:_MANY]


def _tracks(score: Score) -> list[dict[str, Any]]:
    from lstmgen.music.instruments import program_name
    from lstmgen.music.scales import pitch_name

    rows: list[dict[str, Any]] = []
    for number, track in enumerate(score.tracks):
        notes = score.notes.take(score.notes.track == number)
        if not len(notes):
            continue
        drum = bool(notes.drum[0])
        span = "" if drum else f"{pitch_name(int(notes.pitch.min()))} to {pitch_name(int(notes.pitch.max()))}"
        instruments = "drums" if drum else ", ".join(program_name(int(program)) for program in np.unique(notes.program)[:3])
        rows.append(
            {
                "track": number + 1,
                "name": track.name,
                "instrument": instruments,
                "notes": len(notes),
                "pitches": span,
                "at_once": _at_once(notes),
            }
        )
    return rows


def _at_once(notes: Notes) -> int:
    """The most notes that sound together."""
    times = np.concatenate([notes.end_ticks, notes.start_ticks])
    change = np.repeat([-1, 1], len(notes))
    return int(change[np.argsort(times, kind="stable")].cumsum().max())


def _round_trip(collection: Collection) -> dict[str, dict[str, Any]]:
    """What each tokenizer, fitted to these tunes, loses of them."""
    from dataclasses import asdict

    from lstmgen.media.tokenizers import SCORE_NAMES, build_for_scores
    from lstmgen.media.tunes.roundtrip import corpus_loss
    from lstmgen.media.tunes.tunes import tidied

    scores = [tidied(piece.score, "extend") for piece in collection.pieces]
    return {name: asdict(corpus_loss(scores, build_for_scores(name, scores))) for name in SCORE_NAMES}


def music_lines(facts: dict[str, Any]) -> list[str]:
    """The description as lines for people."""
    rows = [
        ("name", facts["name"]),
        ("tunes", f"{facts['tunes']:,}, {facts['notes']:,} notes, {duration(facts['seconds'])}"),
        ("tempo", f"{', '.join(f'{tempo:g}' for tempo in facts['tempos_bpm'])} beats a minute"),
        ("meter", ", ".join(facts["meters"])),
    ]
    if "bars" in facts:
        rows.append(("bars", f"{facts['bars']:,}"))
    rows += [(name, text) for name in ("findings", "skipped") for text in facts[name][:10]]
    lines = [f"{name:<15}{text}" for name, text in rows]
    if facts.get("tracks"):
        heading = ["track", "notes", "at once", "pitches", "instrument and name"]
        table = [
            [str(row["track"]), f"{row['notes']:,}", str(row["at_once"]), row["pitches"], f"{row['instrument']}  {row['name']}".strip()]
            for row in facts["tracks"]
        ]
        lines += ["", *aligned([heading, *table], left_last=True)]
    losses = [["through", *(heading for heading, _, _ in _LOSS_COLUMNS)]]
    losses += [[name, *(figure(loss[key], form) for _, key, form in _LOSS_COLUMNS)] for name, loss in facts["round_trip"].items()]
    return [*lines, "", *aligned(losses), "", f"{'use':<15}{command('train', facts['name'])}"]
