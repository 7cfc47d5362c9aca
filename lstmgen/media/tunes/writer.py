"""A tune while it is written: a cursor says which events may follow, and each event may complete notes.

id ─► cursor ─► note stream ─► notes          afterwards: all ids ─► score ─► behind the prompt's own notes
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import InputError
from lstmgen.ids import Ids
from lstmgen.media.tunes.continuation import after, bars_of, behind, end_tick, ended_at
from lstmgen.media.tunes.endings import chosen_ending
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.notes.corrections import Corrections
from lstmgen.media.tunes.notes.events import DURATION
from lstmgen.media.tunes.notes.measures import POSITION
from lstmgen.media.tunes.notes.remaining import LENGTH
from lstmgen.media.tunes.shifts import SHIFT
from lstmgen.media.tunes.statistics import ending_of
from lstmgen.media.writing import Outcome, Tempered, Weighed
from lstmgen.music.bars import Bars, first_number
from lstmgen.music.constraints import Constraints
from lstmgen.music.listening import warnings_of
from lstmgen.music.moments import keeps_bars
from lstmgen.music.score import Notes, Score, TempoMap
from lstmgen.music.thinning import thinned
from lstmgen.music.tonality import key_name
from lstmgen.wording import counted

RHYTHM: Final = (POSITION, DURATION, SHIFT)
_TOKENS_PER_BAR: Final = 2_000
_TOKENS_PER_S: Final = 1_000
"""More than any model needs; so that a tune that is to end after bars or seconds ends in any case."""
_FREE_TRIES: Final = 2
"""How often a last bar is drawn as the model would have it; half of those that lead on at first do not at the second time."""
_ENDING_TRIES: Final = 6
"""How often a last bar is drawn until it ends as it is to; one more is taken as it is."""
_SHORTEST_PER_BEAT: Final = 8
"""What is left of a note that a higher one cuts off is left out where it is shorter than a thirty-second."""


@final
@dataclass(frozen=True, kw_only=True)
class TunePlan:
    """What every tune of a request keeps to; see `media.base.Plan`.

    Attributes:
        tokenizer: the model's.
        prompt: what is continued, as it was given.
        ids: what the model reads of it.
        constraints: what the new notes keep to, and after how many bars or seconds a tune ends.
        given_length: most tokens, where that was said.
        echo: whether a tune begins with the prompt.
        tempo_us: the tempo in which all of it is played, in microseconds a beat; None: as it was drawn.
        closing: share of the temperature in the last bar.
        pitch_temperature: share of the temperature at which one of several pitches is chosen.
        rhythm_temperature: the same of positions, durations and times that pass.
        corrections: what the model expects otherwise than tunes are; None: nothing is put right.

    Raises:
        UsageError: nothing at all could be drawn.
        InputError: the prompt is none that this model could have learned.
    """

    tokenizer: EventTokenizer
    prompt: Score | None
    ids: Ids
    constraints: Constraints
    given_length: int | None
    echo: bool
    tempo_us: int | None = None
    closing: float = 1.0
    pitch_temperature: float = 1.0
    rhythm_temperature: float = 1.0
    corrections: Corrections | None = None

    def __post_init__(self) -> None:
        self.writer()

    @property
    def length(self) -> int | None:
        """Most tokens: as given, or more than bars or seconds can need."""
        if self.given_length is not None:
            return self.given_length
        if self.constraints.bars is not None:
            return _TOKENS_PER_BAR * self.constraints.bars
        return None if self.constraints.seconds is None else _TOKENS_PER_S * max(1, int(self.constraints.seconds))

    @property
    def ends(self) -> bool:
        """A model of tunes ends its tunes."""
        return True

    @cached_property
    def tempered(self) -> tuple[Tempered, ...]:
        """Pitches, and what tells rhythm, where one of several is chosen at a temperature of its own."""
        table, shares = self.tokenizer.table, {}
        shares[self.tokenizer.notation.pitch_kinds] = self.pitch_temperature
        shares[tuple(kind for kind in RHYTHM if kind in table.kinds)] = self.rhythm_temperature
        every = np.arange(table.vocab_size)
        return tuple(Tempered(np.flatnonzero(table.are(every, *kinds)), share) for kinds, share in shares.items() if kinds and share != 1)

    def writer(self) -> TuneWriter:
        """A fresh tune, whose cursor has read the prompt."""
        return TuneWriter(self)


@final
class TuneWriter:
    """One tune while it is written; see `media.base.Writer`. Its pieces are `Notes`, those that an event completes."""

    def __init__(self, plan: TunePlan) -> None:
        self._plan = plan
        self._keys = plan.tokenizer.keys_for(plan.constraints.key)
        self._any_key_V: NDArray[np.bool_] | None = None
        self._drawn: list[int] = []
        self._tries, self._mark = 0, 0
        self._held: list[Notes] = []
        """Pieces of a last bar that may be drawn again."""
        self._ending: tuple[bool, bool] | None = None
        """How the tune is to end; None: in any way, or its last bar has not begun."""
        self._begin()

    def _begin(self) -> None:
        """Reads the prompt, and what was drawn behind it."""
        plan, again = self._plan, self._tries > 1
        self._cursor = plan.tokenizer.cursor(plan.constraints, like=plan.prompt)
        try:
            for token in plan.ids.tolist():
                self._cursor.take(token) if again else self._cursor.push(token)
        except ValueError as error:
            raise InputError(f"the prompt cannot be read as {plan.tokenizer.name}: {error}", remedy="give another prompt") from error
        self._cursor.begin()
        if self._tries <= _FREE_TRIES:
            self._cursor.be_lenient()
        self._notes = plan.tokenizer.decoder(like=plan.prompt, prompt=plan.ids)
        for token in self._drawn:
            self._cursor.take(token)
            self._notes.take(token)

    @property
    def ended(self) -> str | None:
        """`bars` or `seconds` when the length that was asked for has been reached."""
        if not self._cursor.finished:
            return None
        return "bars" if self._plan.constraints.bars is not None else "seconds"

    @property
    def at_boundary(self) -> str:
        """Where bars are asked for a tune ends behind the last of them, and nowhere else."""
        return "end-of-document" if self._plan.constraints.bars is None else "bars"

    @property
    def heat(self) -> float:
        """In the last bar of a tune that knows which one that is, it closes as music does; what comes back there is chosen as anywhere."""
        return self._plan.closing if self._cursor.closing and self._cursor.settled else 1.0

    @property
    def tempered(self) -> tuple[Tempered, ...]:
        """Pitches, and what tells rhythm, where one of several is chosen at a temperature of its own."""
        return self._plan.tempered

    @property
    def weighed(self) -> Sequence[Weighed]:
        """What the model expects otherwise than tunes are."""
        if (corrections := self._plan.corrections) is None or (standing := self._cursor.standing) is None:
            return ()
        return corrections.at(standing)

    @property
    def steady(self) -> bool:
        """A tune has a grammar."""
        return False

    @property
    def tries(self) -> int:
        """How often the last bar was begun, where it may be drawn again: it is not to lead on to the place of an upbeat.

        One that does is drawn again, as the model would have it, and where that leads on again without what does. So most last bars are
        such as a tune closes with, and few are cut off. One that ends otherwise than it is to, see `endings.py`, is drawn again too.
        """
        return self._tries

    def allowed(self) -> NDArray[np.bool_]:
        """Which events may come next; where the key does, any that a model may be told for the one that was asked for."""
        allowed_V = self._cursor.allowed()
        if not len(self._keys) or not allowed_V[self._keys[0]]:
            return allowed_V
        if self._any_key_V is None:
            self._any_key_V = allowed_V.copy()
            self._any_key_V[self._keys] = True
        return self._any_key_V

    def push(self, token_id: int) -> Notes:
        """The notes that this event completes."""
        token_id = int(self._keys[0]) if token_id in self._keys else token_id
        if self._cursor.leads_on(token_id):
            self._begin_again()
            return Notes.empty()
        self._cursor.push(token_id)
        self._drawn.append(token_id)
        piece = self._notes.push(token_id) if self._plan.constraints.max_polyphony is None else Notes.empty()
        if 0 < self._tries <= (_FREE_TRIES if self._ending is None else _ENDING_TRIES):
            self._held.append(piece)
            return Notes.empty()
        if not self._tries and self._cursor.closing and (self._cursor.restrained or self._plan.tokenizer.endings):
            self._tries, self._mark = 1, len(self._drawn)
            if self._plan.tokenizer.endings:
                self._ending = chosen_ending(self._plan.tokenizer.endings, self._bars, np.array(self._drawn, np.int64))
        return piece

    @property
    def _bars(self) -> int:
        """How many the tune has, as it says."""
        table, ids = self._plan.tokenizer.table, np.concatenate([self._plan.ids, np.array(self._drawn, np.int64)])
        said = table.value_of_V[ids[table.are(ids, LENGTH)]]
        return int(said[0]) + 1 if len(said) else 0

    def _begin_again(self) -> None:
        """The last bar is forgotten."""
        self._tries += 1
        del self._drawn[self._mark :], self._held[:]
        self._begin()

    def may_end(self) -> bool:
        """Whether the tune ends as it is to; where it does not its last bar is drawn again, some times."""
        if self._ending is None or self._tries > _ENDING_TRIES:
            return True
        prompt, new = self._plan.prompt, self._new()
        if ending_of(new if prompt is None else behind(prompt, new)) in {self._ending, None}:
            return True
        self._begin_again()
        return False

    def finish(self, *, cut: bool = False) -> Notes:
        """The notes that still sound, ended where the tune ends; all of them where which ones stay is known at last."""
        del cut
        return Notes.joined([*self._held, self._notes.finish()]) if self._plan.constraints.max_polyphony is None else self._new().notes

    def _new(self) -> Score:
        """What was drawn behind the prompt, ended exactly where that was asked for, and with no more notes at once than that."""
        plan = self._plan
        ids = np.concatenate([plan.ids, np.array(self._drawn, np.int64)])
        new = plan.tokenizer.decode(ids, like=plan.prompt, since=len(plan.ids))
        new = ended_at(end_tick(plan.prompt, new, plan.constraints), new) if self._cursor.finished else new
        most = plan.constraints.max_polyphony
        if most is None:
            return new
        beside = Notes.empty() if plan.prompt is None else plan.prompt.notes
        shortest = new.ticks_per_beat // _SHORTEST_PER_BEAT
        return new.changed(notes=thinned(new.notes, most, keep=plan.constraints.keep, shortest_ticks=shortest, beside=beside))

    def outcome(self) -> Outcome:
        """The prompt, where it is wanted, and what was drawn behind it, ended exactly where that was asked for."""
        plan = self._plan
        new = self._new()
        score = new if plan.prompt is None else behind(plan.prompt, new)
        if plan.prompt is not None and not plan.echo:
            score = after(score, Bars(plan.prompt).end_tick)
        score = score if plan.tempo_us is None else score.changed(tempos=TempoMap.of([(0, plan.tempo_us)]))
        score = replace(score, loops=plan.constraints.loop)
        # Who is not told how many bars are left gives as many as were asked for, an upbeat or not.
        facts = facts_of(score, drawn_notes=len(new.notes), upbeat=not plan.tokenizer.told_kinds)
        return Outcome(item=score, facts=facts, warnings=(*self._warnings(len(new.notes)), *warnings_of(score)))

    def _warnings(self, drawn_notes: int) -> Iterator[str]:
        constraints = self._plan.constraints
        if not drawn_notes:
            yield "not a single note was drawn: a higher temperature, or fewer restrictions, may help"
        if not self._cursor.complete and (constraints.bars is not None or constraints.seconds is not None):
            yield f"it was ended after {counted(len(self._drawn), 'token')}, before the length that was asked for"


def facts_of(score: Score, *, drawn_notes: int, upbeat: bool = False) -> dict[str, Any]:
    """What a sample tells of a tune in which so many notes were drawn, and whose upbeat is one of its bars, or none."""
    return {
        "score": score,
        "notes": len(score.notes),
        "drawn_notes": drawn_notes,
        "seconds": score.duration_s,
        "bars": bars_of(score) - (0 if upbeat else 1 - first_number(score)),
        "in_bars": keeps_bars(score),
        "key": key_name(score),
    }
