"""A hole in notes in beats as ids: what is read before it, ways to fill it, and what follows once it is filled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.holes import EventFilling, Hole, free_grammar
from lstmgen.media.tunes.notes.beats import BAR, BeatWork
from lstmgen.media.tunes.notes.events import CAST, PROGRAM, as_parts
from lstmgen.media.tunes.notes.holes import BarsGrammar, BarsWithHole, lines_of_hole, read_kept
from lstmgen.media.tunes.notes.remaining import LENGTH
from lstmgen.media.tunes.notes.seats import Cast, Naming
from lstmgen.media.tunes.time_bases import nearest
from lstmgen.music.score import Score


@final
class NotesGap:
    """See `media.gaps.Gap`.

    Args:
        tokenizer: of notes in beats.
        time: of its notation.
        hole: what is written anew.

    Raises:
        UsageError: a line is both kept and written anew, or the bars of the tune are none that the model knows.
        InputError: the tune is longer than any real one.
    """

    usual: int = 32
    short: bool = False

    def __init__(self, tokenizer: Any, time: BeatWork, hole: Hole) -> None:
        self.tokenizer, self.hole, self.table, self._time = tokenizer, hole, tokenizer.table, time
        ids, table = tokenizer.encode(hole.score), tokenizer.table
        bars = np.flatnonzero(table.are(ids, BAR))
        first, last = self._bars(tokenizer.notation.steps_of(ids)[bars], bars)
        self._last = last
        names = np.flatnonzero(table.are(ids, CAST if tokenizer.seats else PROGRAM))
        self.before = ids[: names[0] if hole.names_new and len(names) else bars[first]]
        plain = replace(tokenizer, repeats=False, variants=False, tails=False, heads=False, returns=False)
        lines, kept_lines = lines_of_hole(hole, tokenizer.tracks)
        cast = Cast.of(ids, table)
        if tokenizer.seats and not hole.names_new:
            lines, kept_lines = lines and cast.parts_of(lines), cast.parts_of(kept_lines)
        told = as_parts(_told_as(plain, tokenizer, plain.sounding(plain.encode(hole.score))), table)
        kept, meters = read_kept(told, table, first=first, last=last)
        if tokenizer.seats and hole.names_new:  # which parts they are is known when the others are named
            kept = [replace(each, line=cast.line_of(each.line)) for each in kept]
        lengths = table.value_of_V[ids[table.are(ids, LENGTH)]] if time.guides else []
        self.bars = BarsWithHole(
            first=first,
            last=last,
            end=int(nearest(time.base.places(hole.score, hole.end_tick))),
            kept=[each for each in kept if each.tempo is not None or (each.line in kept_lines and not hole.whole)],
            meters=meters,
            ends=last + 1 == len(bars),
            whole=hole.whole,
            length=int(lengths[0]) if len(lengths) else 0,
            begins_late=len(lengths) > 0 and len(bars) == lengths[0] + 2,
            latest=max((each.position for each in kept if each.bar == last and each.tempo is None), default=0),
            lines=lines,
            kept_lines=kept_lines,
        )
        self._lines = list(cast.lines.values())
        """Who plays the parts, where ids tell of parts."""
        self._true = _told_as(plain, tokenizer, plain.encode(hole.score)) if not hole.whole else ids

    def _bars(self, start_B: NDArray[np.int64], bars: NDArray[np.int64]) -> tuple[int, int]:
        """The first and the last bar of the hole, as the model counts bars."""
        begin, end = (int(step) for step in nearest(self._time.base.places(self.hole.score, [self.hole.begin_tick, self.hole.end_tick])))
        first, behind = int(np.searchsorted(start_B, begin)), int(np.searchsorted(start_B, end))
        there = first < len(bars) and start_B[first] == begin and (behind == len(bars) or start_B[behind] == end)
        if not there or behind <= first:
            raise UsageError(
                "the bars of this tune are none that the model knows: they are too long, or not of whole steps", remedy="another model"
            )
        return first, behind - 1

    def filling(self) -> EventFilling:
        """Nothing is written yet."""
        names_beside = self.hole.names_new and self.tokenizer.seats
        inner = BarsGrammar(self.table, self._time, self.bars, unnamed=names_beside)
        naming = Naming(kept=self._lines, done=inner.seat) if names_beside else None
        grammar = self.tokenizer.notation.around(inner, naming=naming)
        for place, token in enumerate(self.before.tolist()):
            kind, value = self.table.events[token]
            grammar.push(kind, value, place)
        return EventFilling(self, grammar, inner, free_grammar(self.tokenizer, self.before))

    def true(self) -> Ids | None:
        """What stands there, up to the bar behind it or the end."""
        if self.hole.names_new:
            return None
        bars = np.flatnonzero(self.table.are(self._true, BAR))
        first, last = self.bars.first, self.bars.last
        if last + 1 < len(bars):
            return self._true[bars[first] : bars[last + 1] + 1]
        return np.append(self._true[bars[first] :], BOUNDARY_ID)

    def decoded(self, filling: EventFilling) -> Score:
        """The tune up to here, with what was written."""
        ids = np.concatenate([self.before, np.array(filling.ids, np.int64)])
        return self.tokenizer.decode(ids, like=self.hole.kept if self.hole.names_new else self.hole.score)

    def behind(self, filling: EventFilling) -> Ids:
        """What follows, as it is written once the hole is filled in this way."""
        before = Cast.of(np.concatenate([self.before, np.array(filling.ids, np.int64)]), self.table)
        filled = self.hole.filled(self.hole.score, self.decoded(filling))
        ids = self.tokenizer.notation.write_before(filled, 0, lines=list(before.lines.values()))
        bars = np.flatnonzero(self.table.are(ids, BAR))
        return ids[bars[self._last + 1] + 1 :] if self._last + 1 < len(bars) else ids[:0]


def _told_as(tokenizer: Any, other: Any, ids_T: Ids) -> Ids:
    """The ids of one tokenizer as those by which another tells the same events."""
    return np.array([other.table.first(kind) + value for kind, value in tokenizer.table.events])[ids_T]
