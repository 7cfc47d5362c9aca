"""Voices: tracks that play one note at a time, and those of a corpus that rest only all at once. What is drawn of them does the same.

What was learned stays as it is: a network gives a second note of a voice, or a rest of one alone, little, but over a whole tune little is
enough to be heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.beat_clock import BeatClock
from lstmgen.media.tunes.notes.events import DRUM, PITCHES, PROGRAM, VELOCITY
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.parts import FIRST_DRUMS, MOST_TRACKS
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.music.lanes import Steps

_EXCEPTIONS: Final = 0.001
"""Share of its notes that may begin while another sounds in a track that is said to play one at a time, and of the time in which some of
the tracks may rest where it is said that all do at once."""


def voices_of(pieces: Iterable[StepNotes]) -> tuple[int, bool]:
    """A bit for each number of a track that plays one note at a time, and whether all tracks do and rest only all at once.

    Args:
        pieces: the notes of a corpus, each with its line.
    """
    notes_S, overlaps_S = np.zeros(MOST_TRACKS, np.int64), np.zeros(MOST_TRACKS, np.int64)
    apart = heard = 0
    most = 0
    for notes in pieces:
        pitched = notes.take(notes.line_N < FIRST_DRUMS)
        order = np.lexsort((pitched.start_N, pitched.line_N))
        line_N, start_N, end_N = (each[order] for each in (pitched.line_N, pitched.start_N, pitched.end_N))
        overlap_N = (line_N[1:] == line_N[:-1]) & (end_N[:-1] > start_N[1:])
        notes_S += np.bincount(line_N % MOST_TRACKS, minlength=MOST_TRACKS)
        overlaps_S += np.bincount(line_N[1:][overlap_N] % MOST_TRACKS, minlength=MOST_TRACKS)
        lines, lasts_K = len(np.unique(line_N)), _lasts(start_N, end_N)
        most = max(most, lines)
        heard += int(lasts_K[1:].sum())
        apart += int(lasts_K[1:lines].sum() + lasts_K[lines + 1 :].sum())
    lone_S = (notes_S > 0) & (overlaps_S <= _EXCEPTIONS * notes_S)
    together = most > 1 and not (notes_S > 0)[~lone_S].any() and apart <= _EXCEPTIONS * heard
    return sum(1 << number for number in np.flatnonzero(lone_S).tolist()), bool(together)


def _lasts(start_N: Steps, end_N: Steps) -> NDArray[np.int64]:
    """For how many steps none, one, two ... of some notes sound at once, between the first and the last of them."""
    moments, change = np.concatenate([start_N, end_N]), np.repeat([1, -1], len(start_N))
    order = np.argsort(moments, kind="stable")
    sounding = change[order].cumsum()
    return np.bincount(sounding[:-1], np.diff(moments[order]), minlength=2).astype(np.int64) if len(order) else np.zeros(2, np.int64)


def keep_together(
    mask_V: NDArray[np.bool_], line_A: Steps, ends_LP: NDArray[np.int64], *, instrument: int, clock: BeatClock, table: EventTable
) -> None:
    """While some voices rest and others sound, no time goes on; as long as all sound, no farther than to the first that ends.

    Args:
        mask_V: what may come; stays as it is where nothing would be left of it.
        line_A: the lines that play, ascending; those below the drums are the voices.
        ends_LP: where the last note of each pitch of each line ends.
        instrument: that of the next note, where no other is named.
        clock: where the tune stands.
        table: the ranges of ids.
    """
    line_A = line_A[line_A < FIRST_DRUMS]
    ends_A, now = ends_LP[line_A].max(axis=1), clock.course.now
    if not len(ends_A) or (first := int(ends_A.min())) == ends_A.max():
        return
    kept_V, waits = mask_V.copy(), clock.placed and first <= now
    if waits:  # those whose turn would be over are next
        next_instrument = int(line_A[np.argmax(ends_A <= now)]) // MOST_TRACKS
        kept_V[table.span(PROGRAM)][next_instrument + 1 :] = False
        if instrument > next_instrument:
            for kind in (VELOCITY, *PITCHES, DRUM):
                kept_V[table.span(kind)] = False
    kept_V[BOUNDARY_ID] = False
    kept_V[table.first(BAR)] &= first >= clock.length
    kept_V[table.span(POSITION)][0 if waits else max(first, now) + 1 - clock.bar_start :] = False
    if kept_V.any():
        mask_V[:] = kept_V
