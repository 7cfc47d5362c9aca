"""Tunes with a hole: some bars or seconds, of some tracks or of all, or all voices but some."""

from __future__ import annotations

import math
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
from lstmgen.media.tunes.time_bases import nearest
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
_MOMENT: Final = r"(?:(\d{1,6}):)?(\d{1,9}(?:\.\d{1,9})?)"
_SECONDS: Final = re.compile(rf"{_MOMENT}s?-{_MOMENT}s?")


@final
class GappedTune:
    """See `media.gaps.Gapped`.

    Args:
        tokenizer: the model's.
        score: as it is in its file.
        options: `bars` or `seconds`, and `tracks`; or `keep`.
        data: how the model's sources were read.

    Raises:
        UsageError: there are no such bars, seconds or tracks, or this model cannot fill them.
        InputError: the tune is longer than any real one.
    """

    count: int = 1
    notes: tuple[str, ...] = ()

    def __init__(self, tokenizer: EventTokenizer, score: Score, options: Mapping[str, Any], data: DataConfig) -> None:
        self._score = score = with_whole_upbeat(score)
        read = tidied(TrackChoice.of(data).prompt(score), data.pedal)
        if not len(read.notes):
            raise UsageError("there is not a single note in the tune", remedy="give another one")
        self._notation = tokenizer.notation
        self._kept = list[str]()
        self._first = first_number(score)
        self._place: dict[str, Any] = {"first_bar": self._first, "last_bar": self._first + Bars(read).count - 1}
        if not options:
            raise UsageError("there is no gap: all would be written anew", remedy="--bars 5-8, --seconds 12-15, or --tracks 2")
        hole = self._harmony(read, options) if "keep" in options else self._hole(read, options)
        self._gap: TuneGap = tokenizer.gap(hole)

    def _hole(self, score: Score, options: Mapping[str, Any]) -> Hole:
        if "bars" in options and "seconds" in options:
            raise UsageError("--bars and --seconds both say where the gap is", remedy="leave one of them out")
        begin, end = self._in_seconds(score, str(options["seconds"])) if "seconds" in options else self._in_bars(score, options.get("bars"))
        tracks = self._writable(score)
        if "tracks" in options:
            tracks &= _tracks(options["tracks"], score, flag="--tracks")
        if not tracks:
            raise UsageError("there is nothing to write anew: this model knows no drums", remedy="other tracks, or a model of notes")
        return Hole(score=_in_key(score, score), begin_tick=begin, end_tick=end, tracks=tracks)

    def _in_bars(self, score: Score, text: str | None) -> tuple[int, int]:
        """From where to where some bars reach, in ticks; the last one to the end of the tune."""
        bars = Bars(score)
        if text is not None:
            self._place = dict(zip(self._place, _bars(str(text), *self._place.values()), strict=True))
        first, behind = self._place["first_bar"] - self._first, self._place["last_bar"] + 1 - self._first
        return bars.tick(first), bars.tick(behind) if behind < bars.count else max(bars.end_tick, score.length_ticks)

    def _in_seconds(self, score: Score, text: str) -> tuple[int, int]:
        """From where to where some seconds reach, in ticks of whole steps."""
        begin_s, end_s = _seconds(text, score.duration_s)
        ticks = score.ticks_at([begin_s, end_s])
        if self._notation.whole_bars:
            bars = Bars(score)
            first, last = (bars.index(int(tick)) + self._first for tick in (ticks[0], max(ticks[0], ticks[1] - 1)))
            raise UsageError(
                "a model of notes in beats writes whole bars anew, not --seconds", remedy=f"--bars {first}-{last}, which hold these seconds"
            )
        base = self._notation.base
        begin, end = base.ticks(score, nearest(base.places(score, ticks))).tolist()
        self._place = {"begin_s": begin_s, "end_s": end_s}
        return begin, end if end < score.length_ticks else max(end, score.length_ticks)

    def _writable(self, score: Score) -> frozenset[int]:
        """The tracks that the model can write: those that it reads, and of drums those of a model that knows them. The others stay."""
        notes = score.notes
        return frozenset(notes.track[self._notation.says_instruments | ~notes.drum].tolist())

    def _harmony(self, score: Score, options: Mapping[str, Any]) -> Hole:
        """All tracks but those that are kept, and new ones where there are none."""
        kept = _tracks(options["keep"], score, flag="--keep") if options["keep"] else frozenset([_highest(score)])
        self._kept = sorted({_named(score, track) for track in kept})
        tracks = self._writable(score) - kept
        hole = Hole(score=score, begin_tick=0, end_tick=Bars(score).end_tick, tracks=tracks, others=True)
        # What the other voices were is not to be told by the key that all of them suggest.
        return replace(hole, score=_in_key(score, hole.kept))

    def gap(self, filled: Sequence[Any]) -> TuneGap:
        """The only one."""
        del filled
        return self._gap

    def outcome(self, filled: Sequence[TuneFilling]) -> Outcome:
        """The whole tune."""
        hole, decoded = self._gap.hole, filled[0].decoded()
        score, drawn = hole.filled(self._score, decoded), hole.new(decoded)
        told: dict[str, Any] = {"kept": self._kept} if self._kept else {}
        told |= self._place | {"tracks": sorted({_named(score, track) for track in set(drawn.track.tolist())})}
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


def _seconds(text: str, length_s: float) -> tuple[float, float]:
    match, most = _SECONDS.fullmatch(text.strip()), math.ceil(length_s)
    begin, end = (60 * int(minutes or 0) + float(s) for minutes, s in (match.groups()[:2], match.groups()[2:])) if match else (0.0, 0.0)
    if not match or not begin < min(end, length_s) or end > most:
        raise UsageError(f"--seconds {text}: expected FIRST-LAST within the {length_s:.1f} s of the tune", remedy=f"--seconds 0-{most}")
    return begin, end


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
