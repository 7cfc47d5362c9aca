"""Bars that come back, as any ids say it; see `repeats.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.bar import middle_of
from lstmgen.media.tunes.notes.events import VELOCITY_BINS, loudness
from lstmgen.media.tunes.notes.measures import POSITION
from lstmgen.media.tunes.notes.repeats import AGAIN, HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.returns import LOUDER, MOST_LOUDER, RETURN
from lstmgen.media.tunes.parts import FIRST_DRUMS, MOST_TRACKS
from lstmgen.media.tunes.step_notes import VELOCITIES_PER_BIN, StepNotes
from lstmgen.music.lanes import Steps


class Said(NamedTuple):
    """A repeat among ids.

    Attributes:
        place: index of its id.
        bar: in which it stands.
        source: the bar that it names.
        moved: steps from one to the other.
        until: the step before which the notes of the source begin that come back; None: all of them do.
        velocities: those that are said of them.
        is_tail: whether those come back alone that begin behind what the bar holds already.
        line: whose notes come back, by themselves; None: those of all.
        louder: by how much louder they are than there.
    """

    place: int
    bar: int
    source: int
    moved: int
    until: int | None = None
    velocities: Sequence[int] = ()
    is_tail: bool = False
    line: int | None = None
    louder: int = 0


def repeats_among(
    ids_T: Ids, number_T: Steps, start_B: Steps, length_B: Steps, table: EventTable, *, variants: bool, returns: bool, line_T: Steps
) -> list[Said]:
    """The repeats among any ids, by their bars; of each the first counts, and the first tail, and what reaches too far is none.

    Args:
        ids_T: any.
        number_T: the bar in which each stands; -1 before the first.
        start_B: the step at which each bar begins.
        length_B: its steps.
        table: the ranges of ids.
        variants: whether velocities, first halves, heads and tails are said.
        returns: whether lines come back by themselves.
        line_T: the line of a note at each.
    """
    again_T = np.append(table.are(ids_T, AGAIN) if variants else np.zeros(len(ids_T), np.bool_), False)
    place_P = np.flatnonzero(table.are(ids_T, POSITION))
    seen, found = set[tuple[int, bool, int | None]](), list[Said]()
    kinds = (REPEAT, HALF, HEAD, TAIL) if variants else (REPEAT,)
    for place in np.flatnonzero(table.are(ids_T, *kinds, *((RETURN,) if returns else ())) & (number_T >= 0)).tolist():
        kind, value = table.events[int(ids_T[place])]
        bar, is_tail, line = int(number_T[place]), kind == TAIL, int(line_T[place]) if kind == RETURN else None
        source, end, until = bar - value - 1, place + 1 + int(np.argmin(again_T[place + 1 :])), None
        more, by = table.events[int(ids_T[place + 1])] if line is not None and place + 1 < len(ids_T) else ("", 0)
        louder = VELOCITIES_PER_BIN * (by - MOST_LOUDER) if more == LOUDER else 0
        is_first = (bar, is_tail, line) not in seen
        seen.add((bar, is_tail, line))
        if source < 0 or not is_first:
            continue
        if kind == HALF:
            until = int(start_B[source]) + middle_of(int(length_B[source]))
        elif kind == HEAD:  # the first position behind it says where the bars differ; without one in its bar nothing comes back
            said = place_P[np.searchsorted(place_P, place) :][:1]
            until = int(start_B[source]) + int(table.value_of_V[ids_T[said[number_T[said] == bar]]].max(initial=0))
        velocities = () if is_tail else loudness(table.value_of_V[ids_T[place + 1 : end]]).tolist()
        found.append(Said(place, bar, source, int(start_B[bar] - start_B[source]), until, velocities, is_tail, line, louder))
    return sorted(found, key=lambda said: (said.bar, said.is_tail))


def played_out(notes: StepNotes, number_T: Steps | None, repeats: Sequence[Said]) -> StepNotes:
    """The notes that are written out, in order, and behind them those of repeated bars.

    Args:
        notes: those that are written out.
        number_T: the bar in which each id stands.
        repeats: in the order of their bars.
    """
    if number_T is None or not repeats:
        return notes
    bar_N = number_T[notes.place_N]
    holds: dict[int, tuple[Steps, Steps, Steps]] = {}
    """Of bars that repeat others the notes in order: which, by how many steps each is moved, and its velocity."""
    found = [(np.arange(len(bar_N)), np.zeros_like(bar_N), notes.velocity_N, notes.place_N)]

    def held(bar: int) -> tuple[Steps, Steps, Steps]:
        own = np.arange(*np.searchsorted(bar_N, [bar, bar + 1]))
        return holds[bar] if bar in holds else (own, np.zeros_like(own), notes.velocity_N[own])

    for said in repeats:
        which, shift, velocity = held(said.source)
        here, shift = np.ones(len(which), np.bool_), shift + said.moved
        others = [held(said.bar)] if said.is_tail or said.until is not None or said.line is not None else []
        if said.is_tail:
            here = _joined(notes, others[0][:2], (which, shift))
        elif said.until is not None:
            here = notes.start_N[which] + shift - said.moved < said.until
        elif said.line is not None:
            here = notes.line_N[which] == said.line
        which, shift, velocity = which[here], shift[here], velocity[here]
        if said.louder:
            velocity = np.clip(velocity + said.louder, loudness(0), loudness(VELOCITY_BINS - 1))
        velocity[: len(said.velocities)] = said.velocities[: len(velocity)]
        found.append((which, shift, velocity, np.full(len(which), said.place)))
        columns = [*others, (which, shift, velocity)] if said.is_tail else [(which, shift, velocity), *others]
        which, shift, velocity = (np.concatenate(parts) for parts in zip(*columns, strict=True))
        if said.line is not None:  # it plays among the others
            line = notes.line_N[which]
            order = np.lexsort((line, notes.pitch_N[which], line // MOST_TRACKS, notes.start_N[which] + shift))
            which, shift, velocity = which[order], shift[order], velocity[order]
        holds[said.bar] = which, shift, velocity
    which_N, shift_N, velocity_N, place_N = (np.concatenate(column) for column in zip(*found, strict=True))
    start_N, end_N = notes.start_N[which_N] + shift_N, notes.end_N[which_N] + shift_N
    return notes.take(which_N, start_N=start_N, end_N=end_N, velocity_N=velocity_N, place_N=place_N)


def _joined(notes: StepNotes, before: tuple[Steps, Steps], behind: tuple[Steps, Steps]) -> NDArray[np.bool_]:
    """Which notes of another bar a tail has, as `Bar.joined` does it; a bar is told by which notes and by how many steps they move."""
    start_N, end_N, line_N = (notes.start_N[behind[0]] + behind[1], notes.end_N[behind[0]] + behind[1], notes.line_N[behind[0]])
    last = (notes.start_N[before[0]] + before[1]).max(initial=-1)
    is_later_N = start_N > last
    for line in np.unique(line_N[is_later_N]).tolist():
        if line < FIRST_DRUMS:
            mine_N, theirs_N = (notes.line_N[before[0]] == line), (line_N == line)
            sounds = (notes.end_N[before[0]] + before[1])[mine_N].max(initial=0)
            sounded = end_N[theirs_N & (start_N <= last)].max(initial=0)
            is_later_N &= ~theirs_N | (sounds <= np.maximum(sounded, start_N))
    return is_later_N
