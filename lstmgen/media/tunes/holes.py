"""What of a tune is to be written anew: the notes of some tracks that begin in some bars. What else there is is kept as it is.

Letters: N notes.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.gaps import Filling, Gap
from lstmgen.media.legal import Rows, with_what_stands
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.legal import by_grammar
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED
from lstmgen.music.constraints import FREE
from lstmgen.music.score import Notes, Pedal, Pedals, Score
from lstmgen.music.tidy import pedal_ends


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Hole:
    """Notes that are to be written anew.

    Attributes:
        score: the tune, as the model reads tunes.
        begin_tick: where the hole begins.
        end_tick: where it ends.
        tracks: whose notes they are.
        others: whether there may be notes of tracks that the tune does not have.
    """

    score: Score
    begin_tick: int
    end_tick: int
    tracks: frozenset[int]
    others: bool = False

    def holds(self, notes: Notes) -> NDArray[np.bool_]:
        """Which notes are to be written anew, of shape (N,)."""
        inside_N = (notes.start_ticks >= self.begin_tick) & (notes.start_ticks < self.end_tick)
        return inside_N & self.free(notes.track)

    def free(self, track_N: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which tracks are written anew."""
        return np.isin(track_N, sorted(self.tracks)) | (self.others & (track_N >= len(self.score.tracks)))

    @cached_property
    def names_new(self) -> bool:
        """Whether all that is written is of tracks that the tune does not have."""
        return self.others and not self.free(self.score.notes.track).any()

    @cached_property
    def kept(self) -> Score:
        """The tune without these notes, as long as it was."""
        return self.without(self.score)

    def without(self, score: Score) -> Score:
        """A tune without the notes that are to be written anew, as long as it was."""
        return replace(score, notes=score.notes.take(~self.holds(score.notes)))

    @cached_property
    def whole(self) -> bool:
        """Whether nothing that begins there is kept."""
        notes = self.kept.notes
        return not self.others and not ((notes.start_ticks >= self.begin_tick) & (notes.start_ticks < self.end_tick)).any()

    def new(self, decoded: Score) -> Notes:
        """The notes that were written anew, among those of a decoded tune; they end where the hole does."""
        notes = decoded.notes.take(self.holds(decoded.notes))
        return notes.changed(end_ticks=np.minimum(notes.end_ticks, self.end_tick))

    def filled(self, score: Score, decoded: Score) -> Score:
        """A tune with the notes that were written anew in place of those that stood there."""
        kept = self._held(self.without(score))
        notes = Notes.joined([kept.notes, self.new(decoded)])
        return kept.changed(notes=notes, tracks=decoded.tracks, pedals=self._pedals(score.pedals))

    def _held(self, score: Score) -> Score:
        """A tune in which the notes that a pedal holds into the hole last as long by themselves, for there it is up."""
        notes, end_N = score.notes, pedal_ends(score)
        held_N = self.free(notes.track) & (notes.start_ticks < self.begin_tick) & (end_N > self.begin_tick)
        return score.changed(notes=notes.changed(end_ticks=np.where(held_N, end_N, notes.end_ticks)).in_order()) if held_N.any() else score

    def _pedals(self, pedals: Pedals) -> Pedals:
        """Pedals that are up in the hole where tracks are written anew: what they did is in the notes.

        One that is down behind the hole goes down a tick later, so that it holds nothing that ends with the hole.
        """
        begin, end = self.begin_tick, self.end_tick + 1
        moves = [move for move in pedals if move.track not in self.tracks or not begin <= move.tick <= end]
        for track in sorted(self.tracks):
            own = pedals.of_track(track)
            for tick, down in ((begin, False), (end, True)):
                if len(own) and (before := own.down[own.ticks <= tick]).any() and before[-1]:
                    moves.append(Pedal(tick, track, down))
        return Pedals.of(*zip(*moves, strict=True)) if moves else Pedals.of()


class TuneFilling(Filling, Protocol):
    """A hole while it is filled."""

    def decoded(self) -> Score:
        """A tune that has what was written, where it belongs."""
        ...


class TuneGap(Gap, Protocol):
    """A hole as ids.

    Attributes:
        hole: what it is in the tune.
    """

    hole: Hole

    def filling(self) -> TuneFilling:
        """Nothing is written yet."""
        ...


class KeepingGrammar(Grammar, Protocol):
    """A grammar of a tune with a hole: what is kept there comes at its time.

    Attributes:
        stage: how much lies behind, so that ways are compared where they have passed as much of what is kept.
        over: whether the hole lies behind, and no event is to say so.
        shared: what never changes, and need not be copied with it.
    """

    @property
    def stage(self) -> int:
        """See above."""
        ...

    @property
    def over(self) -> bool:
        """See above."""
        ...

    @property
    def shared(self) -> tuple[object, ...]:
        """See above."""
        ...


class EventGap(TuneGap, Protocol):
    """A hole that is filled event by event.

    Attributes:
        tokenizer: of the ids.
        table: of its events.
    """

    tokenizer: Any
    table: EventTable

    def behind(self, filling: EventFilling) -> Ids:
        """What follows in the tune once it is filled in this way."""
        ...

    def decoded(self, filling: EventFilling) -> Score:
        """A tune that has what was written, where it belongs."""
        ...


def free_grammar(tokenizer: Any, ids: Ids) -> Grammar | None:
    """The grammar of a tokenizer behind these ids, where a model gives what it forbids no probability; else None."""
    if not tokenizer.grammar:
        return None
    grammar: Grammar = tokenizer.notation.grammar(FREE, NOTHING_LIMITED)
    for place, token in enumerate(ids.tolist()):
        kind, value = tokenizer.table.events[token]
        grammar.push(kind, value, place)
    return grammar


def _never_changing(tokenizer: Any) -> tuple[object, ...]:
    """What free grammars share."""
    return FREE, NOTHING_LIMITED, *vars(tokenizer.notation).values()


@final
class EventFilling:
    """See `TuneFilling`.

    Args:
        gap: what is filled.
        grammar: of the tune, behind what is read before the hole.
        inner: the part of it that knows of the hole.
        free: the grammar of the tokenizer, behind the same ids, where a model gives what it forbids no probability.
    """

    def __init__(self, gap: EventGap, grammar: Grammar, inner: Any, free: Grammar | None) -> None:
        self.ids: list[int] = []
        self.ended = False
        self.inner: Any = inner
        self._gap, self._grammar, self._free = gap, grammar, free
        self._behind: Ids | None = None

    @property
    def stage(self) -> int:
        """How much that is kept lies behind."""
        return self.inner.stage

    @property
    def complete(self) -> bool:
        """Where what follows the hole, or the end, has been told."""
        return self.ended

    def allowed(self) -> NDArray[np.bool_]:
        """Which events may come next."""
        mask_V = np.zeros(self._gap.table.vocab_size, np.bool_)
        self._grammar.allow(mask_V)
        return mask_V

    def legal(self) -> NDArray[np.bool_] | None:
        """What the grammar of the tokenizer allows."""
        if self._free is None:
            return None
        mask_V = np.zeros(self._gap.table.vocab_size, np.bool_)
        self._free.allow(mask_V)
        return mask_V

    def push(self, token_id: int) -> None:
        """One more event."""
        self.ids.append(token_id)
        if token_id != BOUNDARY_ID:
            for grammar in (self._grammar, self._free):
                if grammar is not None:
                    grammar.push(*self._gap.table.events[token_id], len(self._gap.before) + len(self.ids) - 1)
        self.ended = token_id == BOUNDARY_ID or self.inner.over

    def fork(self) -> Self:
        """Another one, with a grammar of its own; what never changes is shared."""
        shared = (self._gap, self._gap.table, *self.inner.shared, *_never_changing(self._gap.tokenizer))
        parts = copy.deepcopy((self._grammar, self.inner, self._free), {id(each): each for each in shared})
        other = type(self)(self._gap, *parts)
        other.ids, other.ended = [*self.ids], self.ended
        return other

    def behind(self, most: int) -> Ids:
        """What follows."""
        if self._behind is None:
            self._behind = self._gap.behind(self)
        return self._behind[:most]

    def legal_behind(self, most: int) -> Rows | None:
        """What the grammar of the tokenizer allows behind what was written."""
        if self._free is None:
            return None
        free = copy.deepcopy(self._free, {id(each): each for each in _never_changing(self._gap.tokenizer)})
        ids = self.behind(most)
        return with_what_stands(by_grammar(free, self._gap.table, ids), ids)[:-1]

    def shown(self) -> str:
        """Its events."""
        return ", ".join(map(self._gap.tokenizer.piece, self.ids))

    def decoded(self) -> Score:
        """A tune that has what was written."""
        return self._gap.decoded(self)
