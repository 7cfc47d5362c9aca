"""Tunes with a hole: some bars, of some tracks or of all, or all voices but some."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

import numpy as np

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.holes import Hole, TuneFilling, TuneGap
from lstmgen.media.tunes.material import tidied
from lstmgen.media.tunes.track_choice import TrackChoice, entries_of, named_by, names_of, unknown_track
from lstmgen.media.tunes.writer import facts_of
from lstmgen.media.writing import Outcome
from lstmgen.music.bars import Bars, first_number
from lstmgen.music.keys import key_of, signature
from lstmgen.music.listening import warnings_of
from lstmgen.music.score import Score
from lstmgen.music.tidy import with_whole_upbeat
from lstmgen.wording import counted

_BARS: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


@final
class GappedTune:
    """See `media.gaps.Gapped`.

    Args:
        tokenizer: the model's.
        score: as it is in its file.
        options: `bars` and `tracks`; or `keep`.
        data: how the model's sources were read.

    Raises:
        UsageError: there are no such bars or tracks, or this model cannot fill them.
        InputError: the tune is longer than any real one.
    """

    count: int = 1
    notes: tuple[str, ...] = ()

    def __init__(self, tokenizer: EventTokenizer, score: Score, options: Mapping[str, Any], data: DataConfig) -> None:
        self._score = score = with_whole_upbeat(score)
        read = tidied(TrackChoice.of(data).prompt(score), data.pedal)
        if not len(read.notes):
            raise UsageError("there is not a single note in the tune", remedy="give another one")
        self._kept = list[str]()
        self._first = first_number(score)
        self._bars = (self._first, self._first + Bars(read).count - 1)
        if "bars" in options:
            self._bars = _bars(str(options["bars"]), *self._bars)
        elif not options:
            raise UsageError("there is no gap: every bar of every track would be written anew", remedy="--bars 5-8, or --tracks 2")
        hole = self._harmony(read, options) if "keep" in options else self._hole(read, options)
        self._gap: TuneGap = tokenizer.gap(hole)
        self._hole_of = hole

    def _hole(self, score: Score, options: Mapping[str, Any]) -> Hole:
        bars, (first, last) = Bars(score), (number + 1 - self._first for number in self._bars)
        tracks = _tracks(options["tracks"], score, flag="--tracks") if "tracks" in options else frozenset(range(len(score.tracks)))
        end = bars.tick(last) if last < bars.count else max(bars.end_tick, score.length_ticks)
        return Hole(score=_in_key(score, score), begin_tick=bars.tick(first - 1), end_tick=end, tracks=tracks)

    def _harmony(self, score: Score, options: Mapping[str, Any]) -> Hole:
        """All tracks but those that are kept, and new ones where there are none."""
        kept = _tracks(options["keep"], score, flag="--keep") if options["keep"] else frozenset([_highest(score)])
        self._kept = sorted({_named(score, track) for track in kept})
        tracks = frozenset(range(len(score.tracks))) - kept
        hole = Hole(score=score, begin_tick=0, end_tick=Bars(score).end_tick, tracks=tracks, others=True)
        # What the other voices were is not to be told by the key that all of them suggest.
        return replace(hole, score=_in_key(score, hole.kept))

    def gap(self, filled: Sequence[Any]) -> TuneGap:
        """The only one."""
        del filled
        return self._gap

    def outcome(self, filled: Sequence[TuneFilling]) -> Outcome:
        """The whole tune."""
        hole, decoded = self._hole_of, filled[0].decoded()
        score, drawn = hole.filled(self._score, decoded), hole.new(decoded)
        first, last = self._bars
        told: dict[str, Any] = {"kept": self._kept} if self._kept else {}
        told |= {"first_bar": first, "last_bar": last, "tracks": sorted({_named(score, track) for track in set(drawn.track.tolist())})}
        facts = facts_of(score, drawn_notes=len(drawn)) | {"gaps": [told | {"notes": len(drawn)}]}
        return Outcome(item=score, facts=facts, warnings=tuple(warnings_of(score)))


def _in_key(score: Score, like: Score) -> Score:
    """A tune that says its key, so that this does not depend on what is written; where it says none, that of another."""
    return score if score.keys else score.changed(keys=(signature(key_of(like)),))


def _bars(text: str, least: int, most: int) -> tuple[int, int]:
    match = _BARS.fullmatch(text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not match or not least <= first <= last <= most:
        there = f"{counted(most, 'bar')} of the tune{'' if least else ', and 0 for the upbeat'}"
        raise UsageError(f"--bars {text}: expected FIRST-LAST within the {there}", remedy=f"--bars 1-{most}")
    return first, last


def _tracks(text: str, score: Score, *, flag: str) -> frozenset[int]:
    """The tracks that some entries mean. Raises UsageError: one means none."""
    found = set[int]()
    for entry in entries_of(str(text), flag=flag):
        notes_N = named_by(entry, score)
        if not notes_N.any():
            raise unknown_track(entry, [score], flag=flag)
        found |= set(score.notes.track[notes_N].tolist())
    return frozenset(found)


def _highest(score: Score) -> int:
    """The track whose notes are highest, drums apart."""
    notes = score.notes.take(~score.notes.drum) if not score.notes.drum.all() else score.notes
    tracks = np.unique(notes.track)
    return int(tracks[np.argmax([notes.pitch[notes.track == track].mean() for track in tracks])])


def _named(score: Score, track: int) -> str:
    """Number and name of a track."""
    own = score.changed(notes=score.notes.take(score.notes.track == track))
    return f"track {track + 1} ({next(iter(names_of([own])), '')})"
