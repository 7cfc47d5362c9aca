"""A hole in notes in beats as ids: what is read before it, ways to fill it, and what follows once it is filled."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.grammar import Grammar
from lstmgen.media.tunes.holes import Hole
from lstmgen.media.tunes.notes.beats import BAR, BeatWork
from lstmgen.media.tunes.notes.common_key import CommonKeyGrammar
from lstmgen.media.tunes.notes.events import PROGRAM
from lstmgen.media.tunes.notes.holes import BarsWithHole, HoleGrammar, read_kept
from lstmgen.media.tunes.notes.remaining import LENGTH
from lstmgen.media.tunes.parts import lines_of
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
        self._last, self.naming = last, hole.others and not self._has_others()
        names = np.flatnonzero(table.are(ids, PROGRAM))
        self.before = ids[: names[0] if self.naming and len(names) else bars[first]]
        plain = replace(tokenizer, repeats=False, variants=False)
        told, (lines, kept_lines) = _told_as(plain, tokenizer, plain.sounding(plain.encode(hole.score))), self._lines()
        kept, meters = read_kept(told, table, first=first, last=last)
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
            lines=lines,
            kept_lines=kept_lines,
        )
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

    def _has_others(self) -> bool:
        return bool(self.hole.free(self.hole.score.notes.track).any())

    def _lines(self) -> tuple[frozenset[int] | None, frozenset[int]]:
        """The lines that are written, None where the model names them, and those that are kept."""
        hole = self.hole
        line_N, free_N = lines_of(hole.score, self.tokenizer.tracks), hole.free(hole.score.notes.track)
        written, kept = frozenset(line_N[free_N].tolist()), frozenset(line_N[~free_N].tolist())
        if not hole.whole and written & kept:
            raise UsageError(
                "this model cannot tell the tracks apart that are kept and written anew: one instrument plays both",
                remedy="write whole bars anew, or train with --apart",
            )
        return None if self.naming else written | kept if hole.whole else written, kept

    def grammar(self) -> tuple[Grammar, HoleGrammar]:
        """What may come next where the hole begins, and the part of it that knows of the hole."""
        inner = HoleGrammar(self.table, self._time, self.bars)
        grammar = CommonKeyGrammar(inner, self.table) if self.tokenizer.common_key else inner
        for place, token in enumerate(self.before.tolist()):
            kind, value = self.table.events[token]
            grammar.push(kind, value, place)
        return grammar, inner

    def filling(self) -> NotesFilling:
        """Nothing is written yet."""
        return NotesFilling(self, *self.grammar())

    def true(self) -> Ids | None:
        """What stands there, up to the bar behind it or the end."""
        if self.naming:
            return None
        bars = np.flatnonzero(self.table.are(self._true, BAR))
        first, last = self.bars.first, self.bars.last
        if last + 1 < len(bars):
            return self._true[bars[first] : bars[last + 1] + 1]
        return np.append(self._true[bars[first] :], BOUNDARY_ID)

    def behind(self, score: Score) -> Ids:
        """What follows in a tune that is filled."""
        ids = self.tokenizer.encode(score)
        bars = np.flatnonzero(self.table.are(ids, BAR))
        return ids[bars[self._last + 1] + 1 :] if self._last + 1 < len(bars) else ids[:0]


@final
class NotesFilling:
    """See `media.gaps.Filling`."""

    def __init__(self, gap: NotesGap, grammar: Grammar, inner: HoleGrammar) -> None:
        self.ids: list[int] = []
        self._gap, self._grammar, self._inner = gap, grammar, inner
        self.ended = False
        self._behind: Ids | None = None

    @property
    def stage(self) -> int:
        """How many bars and notes that are kept lie behind."""
        return self._inner.stage

    @property
    def complete(self) -> bool:
        """Where the bar behind the hole, or the end, has been told."""
        return self.ended

    def allowed(self) -> NDArray[np.bool_]:
        """Which events may come next."""
        mask_V = np.zeros(self._gap.table.vocab_size, np.bool_)
        self._grammar.allow(mask_V)
        return mask_V

    def push(self, token_id: int) -> None:
        """One more event."""
        self.ids.append(token_id)
        if token_id != BOUNDARY_ID:
            kind, value = self._gap.table.events[token_id]
            self._grammar.push(kind, value, 0)
        self.ended = token_id == BOUNDARY_ID or self._inner.bar > self._gap.bars.last

    def fork(self) -> Self:
        """Another one, with a grammar of its own; what never changes is shared."""
        gap = self._gap
        shared = (gap, gap.table, gap.bars, *self._inner.shared)
        grammar, inner = copy.deepcopy((self._grammar, self._inner), {id(each): each for each in shared})
        other = type(self)(gap, grammar, inner)
        other.ids, other.ended = [*self.ids], self.ended
        return other

    def behind(self, most: int) -> Ids:
        """What follows, as it is written once the hole is filled in this way."""
        if self._behind is None:
            self._behind = self._gap.behind(self._gap.hole.filled(self._gap.hole.score, self.decoded()))
        return self._behind[:most]

    def shown(self) -> str:
        """Its events."""
        return ", ".join(map(self._gap.tokenizer.piece, self.ids))

    def decoded(self) -> Score:
        """The tune up to here, with what was written."""
        gap = self._gap
        ids = np.concatenate([gap.before, np.array(self.ids, np.int64)])
        return gap.tokenizer.decode(ids, like=gap.hole.kept if gap.naming else gap.hole.score)


def _told_as(tokenizer: Any, other: Any, ids_T: Ids) -> Ids:
    """The ids of one tokenizer as those by which another tells the same events."""
    return np.array([other.table.first(kind) + value for kind, value in tokenizer.table.events])[ids_T]
