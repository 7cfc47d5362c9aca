"""Which tracks of tunes are learned from: by name, by number, or by what plays them."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.config import DataConfig
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.tunes.collection import Collection
from lstmgen.music.instruments import parse_instruments, program_name
from lstmgen.music.score import Notes, Score, printable
from lstmgen.wording import counted

ALL: Final = "all"
"""The word for every track."""
_SHOWN: Final = 12
_NAME_CHARS: Final = 40


@dataclass(frozen=True)
class TrackChoice:
    """What of a tune is learned from.

    Attributes:
        entries: names of tracks, numbers of tracks from 1 on, or instruments; none: every track.
        drums: whether drums are.
    """

    entries: tuple[str, ...] = ()
    drums: bool = True

    @staticmethod
    def of(data: DataConfig) -> TrackChoice:
        """What the settings choose; entries stand between commas, or between semicolons where names hold commas."""
        entries = () if data.tracks is None else entries_of(data.tracks, flag="--tracks")
        return TrackChoice(() if ALL in entries else entries, data.drums)

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.entries) or not self.drums

    def notes(self, score: Score) -> Notes:
        """The notes that are chosen."""
        notes = score.notes
        chosen_N = np.full(len(notes), not self.entries)
        for entry in self.entries:
            chosen_N |= named_by(entry, score)
        return notes.take(chosen_N & (self.drums | ~notes.drum))

    def score(self, score: Score) -> Score:
        """A tune of these notes alone, which ends with the last of them; its tracks keep their numbers."""
        notes = self.notes(score)
        return score if len(notes) == len(score.notes) else replace(score, notes=notes, length_ticks=0).changed()

    def prompt(self, score: Score) -> Score:
        """What a model that has learned these reads of a tune that it is to continue: all of it where they are not in it."""
        numbers = [int(entry) for entry in self.entries if entry.isdecimal()]
        if not self or max(numbers, default=0) > len(score.tracks):
            return score
        chosen = self.score(score)
        return chosen if len(chosen.notes) else score


def entries_of(text: str, *, flag: str) -> tuple[str, ...]:
    """The tracks that are named, between commas, or between semicolons where names hold commas. Raises UsageError: there is none."""
    entries = tuple(_plain(entry) for entry in text.split(";" if ";" in text else ",") if entry.strip())
    if not entries:
        raise UsageError(f"no track is named by {flag}", remedy=f"{flag} melody,bass, or {flag} 1,2")
    return entries


def named_by(entry: str, score: Score) -> NDArray[np.bool_]:
    """Which notes an entry means: those of the track of that number, or of that name, or else what the instrument plays.

    A name that is the whole entry goes before names in which it is a word.
    """
    notes = score.notes
    if entry.isdecimal():
        return notes.track == int(entry) - 1
    names = [_plain(track.name) for track in score.tracks]
    words = re.compile(rf"(?<!\w){re.escape(entry)}(?!\w)")
    for found in ([name == entry for name in names], [words.search(name) is not None for name in names]):
        if (chosen_N := np.isin(notes.track, np.flatnonzero(found))).any():
            return chosen_N
    with contextlib.suppress(UsageError):
        programs, drums = parse_instruments(entry)
        return np.where(notes.drum, drums, np.isin(notes.program, sorted(programs)))
    return np.zeros(len(notes), np.bool_)


def with_tracks(collection: Collection, choice: TrackChoice) -> Collection:
    """A collection of what is chosen; a tune without any of it is skipped, and what is left out is counted.

    Raises:
        UsageError: an entry means nothing in any tune.
        CorpusError: nothing is left.
    """
    if not choice:
        return collection
    scores = [piece.score for piece in collection.pieces]
    for entry in choice.entries:
        if not any(named_by(entry, score).any() for score in scores):
            raise unknown_track(entry, scores)
    pieces = tuple(replace(piece, score=choice.score(piece.score)) for piece in collection.pieces)
    kept = tuple(piece for piece in pieces if len(piece.score.notes))
    reason = "none of its tracks is chosen" if choice.entries else "nothing but drums"
    skipped = tuple((piece.name, reason) for piece in pieces if not len(piece.score.notes))
    if not kept:
        raise CorpusError(
            f"nothing is left to learn from: {reason}, in all of {counted(len(pieces), 'tune')}", remedy="leave --no-drums out"
        )
    left = replace(collection, pieces=kept, skipped=(*collection.skipped, *skipped))
    return replace(left, left_out=_left_out(collection, left))


def _left_out(before: Collection, after: Collection) -> str:
    """How many notes are not learned from, and of which tracks."""
    there = Counter(names_of(piece.score for piece in before.pieces))
    there.subtract(names_of(piece.score for piece in after.pieces))
    names = [f"{name} {count:,}" for name, count in there.most_common(_SHOWN) if count > 0]
    gone = sum(count > 0 for count in there.values())
    more = f" and {gone - len(names):,} more" if gone > len(names) else ""
    return f"left out: {before.notes - after.notes:,} of {counted(before.notes, 'note')}, tracks {', '.join(names)}{more}"


def names_of(scores: Iterable[Score]) -> Iterator[str]:
    """How each track that sounds is called, in every score: by its name, or else by what plays it."""
    for score in scores:
        tracks, first = np.unique(score.notes.track, return_index=True)
        for track, place in zip(tracks.tolist(), first.tolist(), strict=True):
            instrument = program_name(int(score.notes.program[place]), drum=bool(score.notes.drum[place]))
            yield printable(score.tracks[track].name)[:_NAME_CHARS] or instrument


def common_names(scores: Iterable[Score]) -> dict[str, int]:
    """The most frequent names of tracks, and in how many tunes or tracks of them each is found."""
    return dict(Counter(names_of(scores)).most_common(_SHOWN))


def unknown_track(entry: str, scores: list[Score], *, flag: str = "--tracks") -> UsageError:
    """What is said of an entry that means nothing in any of these tunes."""
    found = Counter(names_of(scores))
    names = ", ".join(f"{name} ({count:,})" for name, count in found.most_common(_SHOWN))
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    close = difflib.get_close_matches(entry[:_NAME_CHARS], {_plain(name): name for name in found}, n=1)
    what = f"no tune has a track {entry}" if entry.isdecimal() else f"no track is called or played by {printable(entry)[:_NAME_CHARS]!r}"
    remedy = f"{flag} {close[0]}" if close else "one of these, or a number; see lstmgen info FILE"
    return UsageError(f"{what}; there are {names}{more}", remedy=remedy)


def _plain(text: str) -> str:
    """A name as it is compared: without case, and with single blanks."""
    return " ".join(text.casefold().split())
