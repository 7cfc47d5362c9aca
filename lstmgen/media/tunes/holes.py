"""What of a tune is to be written anew: the notes of some tracks that begin in some bars. What else there is is kept as it is.

Letters: N notes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.media.gaps import Filling, Gap
from lstmgen.music.score import Notes, Pedal, Pedals, Score


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
        kept = self.without(score)
        notes = Notes.joined([kept.notes, self.new(decoded)])
        return kept.changed(notes=notes, tracks=decoded.tracks, pedals=self._pedals(score.pedals))

    def _pedals(self, pedals: Pedals) -> Pedals:
        """Pedals that are up in the hole where tracks are written anew: what they did is in the notes."""
        begin, end = self.begin_tick, self.end_tick
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
    """A hole as ids."""

    def filling(self) -> TuneFilling:
        """Nothing is written yet."""
        ...
