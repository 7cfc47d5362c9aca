"""What all score tokenizers do alike. What differs between them, the meaning of their ids, is their `Notation`.

score ─► notes in steps ─► Notation.write ─► ids ─► Notation.read ─► notes in steps ─► played by a band ─► score
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from typing import Any, ClassVar, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.base import Clock
from lstmgen.media.correcting import Expect
from lstmgen.media.legal import Rows
from lstmgen.media.text.byte_table import BOUNDARY_PIECE, check_ids
from lstmgen.media.tunes.endings import Endings
from lstmgen.media.tunes.events import BOUNDARY_KIND, EventTable, Measures
from lstmgen.media.tunes.grammar import Grammar, GrammarCursor, GrammarStream
from lstmgen.media.tunes.holes import Hole, TuneGap
from lstmgen.media.tunes.legal import MOST_AT_ONCE, by_grammar
from lstmgen.media.tunes.notes.corrections import Corrections
from lstmgen.media.tunes.parts import LAST_TICK, Band, blank, played
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED, StepLimits
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.media.tunes.time_bases import TimeBase
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.keys import signature
from lstmgen.music.score import Meter, Score
from lstmgen.setting_values import NONE

_LARGEST_NUMBER: Final = 2**16
"""Of the JSON; whatever is above it need not even be shown."""
_PATIENCE: Final = {"beats": 4, "seconds": 1}
"""How long the first note of a tune may keep one waiting."""
_NO_IDS: Final = np.zeros(0, np.int64)


class Notation(Protocol):
    """What the ids of a tokenizer mean.

    Attributes:
        table: the ranges of ids.
        base: what time is counted in.
        pitch_kinds: the kinds of events that say a pitch, of 128 values each; drums apart.
        starts: the kinds of events that begin a note.
        waits: the kinds of events with which time passes.
        says_instruments: whether ids say who plays, and what drums do.
        whole_bars: whether nothing less than a bar can be written anew.
        words: how the events of each kind read, by their value.
        write: the ids of a score. Raises InputError where it is longer than any real one.
        read: the notes of any ids; what is not legal is ignored.
        measure: how much music ids stand for.
        steps_of: the step at which each id stands; what lets time pass stands before or after.
        stretched: the ids of the same piece played slower by a factor.
        grammar: what may come next, from the beginning of a piece, given constraints and the limits that they are.
        legal: what the free grammar allows before each id of a piece, and behind the last, for all of them at once; None: it must be asked.
        band: who plays notes that continue a score, given the lines that are named, of which more may come.
    """

    table: EventTable
    base: TimeBase
    pitch_kinds: tuple[str, ...]
    starts: tuple[str, ...]
    waits: tuple[str, ...]
    says_instruments: bool
    whole_bars: bool
    write: Callable[[Score], Ids]
    read: Callable[[Ids], StepNotes]
    measure: Callable[[Ids], Measures]
    steps_of: Callable[[Ids], NDArray[np.int64]]
    stretched: Callable[[Ids, float], Ids]
    grammar: Callable[[Constraints, StepLimits], Grammar]
    legal: Callable[[Ids], Rows | None]
    band: Callable[[Score, Iterable[int]], Band]

    @property
    def words(self) -> Mapping[str, Callable[[int], str]]:
        """See above."""
        ...


class EventTokenizer(Protocol):
    """Scores to ids and back. Each tokenizer is a frozen dataclass of options with a name and a notation."""

    name: ClassVar[str]
    """As `--tokenizer` takes it."""
    later: ClassVar[tuple[str, ...]] = ()
    """Options that older model files do not have; they stand in the JSON only where they are not as they were then."""
    grammar: bool
    """Whether a model gives what the grammar forbids no probability."""
    endings: Endings = ()
    """How many tunes of the corpus end in which way, where bars say how many are left; else nothing."""
    forbidden_share: ClassVar[float] = 0.5
    """Of the loss, that goes over all ids where the grammar forbids some: who has to know what is forbidden keeps in mind what sounds."""
    loudness: ClassVar[str | None] = None
    """The kind of event that says how hard keys are struck, where a piece may be learned louder and softer than it is."""

    @cached_property
    def notation(self) -> Notation:
        """What its ids mean."""
        ...

    @property
    def table(self) -> EventTable:
        """The ranges of ids."""
        return self.notation.table

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        return self.table.vocab_size

    def legal(self, ids: Ids) -> Rows:
        """Which ids the grammar allows before each of the ids of one piece and behind the last, as bits."""
        ids_T = np.asarray(ids, np.int64)
        rows = self.notation.legal(ids_T) if len(ids_T) * self.vocab_size <= MOST_AT_ONCE else None
        return by_grammar(self.notation.grammar(FREE, NOTHING_LIMITED), self.table, ids_T) if rows is None else rows

    @property
    def stretches(self) -> bool:
        """Whether other speeds of a piece are worth learning from."""
        return True

    @property
    def transposes(self) -> bool:
        """Whether a piece in another key is news to who knows it in one."""
        return True

    def settings(self, *, tokens: int | None, passes: float) -> Mapping[str, Any]:
        """What new runs are given where nothing is chosen; see `media.base.Medium`."""
        del tokens, passes
        usual = {"data.silent_ends": False, "model.matches": self.matches}
        return usual | ({"optimizer.forbidden_share": self.forbidden_share} if self.grammar else {})

    @property
    def matches(self) -> str:
        """By how many of the last tokens new networks are told what followed."""
        return NONE

    @property
    def told_kinds(self) -> tuple[str, ...]:
        """The kinds of events of which a cursor always allows just one, or that nothing but a request decides."""
        return ()

    @property
    def clock(self) -> Clock | None:
        """The cycle in which the ids stand; None where they say how time passes."""
        return None

    def encode(self, score: Score) -> Ids:
        """The ids of a score, without any boundary. Absolute times are quantised, never differences.

        Raises:
            InputError: the piece is longer than any real one.
        """
        return self.notation.write(score)

    def encode_prompt(self, score: Score, *, bars: int) -> Ids:
        """The ids of a score that so many bars are to follow."""
        del bars
        return self.encode(score)

    def decode(self, ids: Ids | list[int], *, like: Score | None = None, since: int = 0) -> Score:
        """The score of any ids; what is not legal is ignored, and every note ends after it starts.

        `encode(decode(ids)) == ids` for ids that a cursor allows, but for what was only announced, such as an instrument that never plays,
        and where parts are told for their order (`notes/seats.py`) and for what could have come back by itself (`notes/returns.py`).
        Where the ticks of `like` are coarser than the steps, notes that the ticks cannot tell apart overlap.

        Args:
            ids: boundaries decode to nothing.
            like: where the ids do not say it, ticks per beat, tempo map, meters, keys, and the tracks with their programs are taken from
                this score (of which the ids are a continuation).
            since: leave out the notes that begin with an id before this index; times are as in the whole.

        Raises:
            IndexError: an id is out of range.
        """
        ids_T, like, base = np.asarray(ids, np.int64), like or blank(), self.notation.base
        check_ids(ids_T, self.vocab_size)
        notes = self.notation.read(ids_T)
        band = self.notation.band(like, notes.named)
        new = played(notes.take(notes.place_N >= since), like, base, band)
        tempos = [(int(base.ticks(like, step)), tempo_us) for place, step, tempo_us in notes.tempos if place >= since]
        meters = [Meter(int(base.ticks(like, step)), *signature) for place, step, signature in notes.meters if place >= since]
        score = Score.of(
            new,
            ticks_per_beat=like.ticks_per_beat,
            tempos=[*like.tempos, *tempos],
            meters=[*like.meters, *meters],
            keys=like.keys if like.keys or since or notes.key is None else (signature(notes.key),),
            tracks=tuple(band.tracks),
            length_ticks=min(int(base.ticks(like, notes.steps)), LAST_TICK),
        )
        return score if tempos else score.changed(tempos=like.tempos)

    def decoder(self, *, like: Score | None = None, prompt: Ids = _NO_IDS) -> GrammarStream:
        """A fresh decoder for the ids of one piece, as a cursor allows them; each takes a constant time.

        All the notes that it gives, in order, are those of `decode(prompt and ids, like=like, since=len(prompt))`.

        Args:
            like: as in `decode`.
            prompt: ids that the pushed ones follow; notes that begin there are not given, but their time, tempo, instrument and loudness
                hold.
        """
        like, base = like or blank(), self.notation.base
        grammar = self.notation.grammar(FREE, NOTHING_LIMITED)
        band = self.notation.band(like, grammar.named)
        return GrammarStream(grammar, self.table, np.asarray(prompt, np.int64), lambda notes: played(notes, like, base, band))

    def cursor(self, constraints: Constraints = FREE, *, like: Score | None = None) -> GrammarCursor:
        """A fresh cursor at the beginning of a piece; what the ids do not know, such as instruments, is not constrained.

        Args:
            constraints: what holds after the prompt.
            like: the score that the prompt's ids stand for. Where the ids do not say them, the meter and the tempo at its end are those in
                which bars and seconds are counted; without it that is 4/4 at 120 beats per minute.

        Raises:
            UsageError: nothing at all could be drawn.
        """
        notation = self.notation
        limits = StepLimits.of(constraints, like or blank(), notation.base)
        return GrammarCursor(
            lambda: notation.grammar(constraints, limits),
            self.table,
            starts=notation.starts,
            waits=notation.waits,
            patience=_PATIENCE[notation.base.unit] * notation.base.per_unit,
        )

    def corrections(self, parts: Sequence[Iterable[Ids]], expect: Expect) -> Corrections | None:
        """What a network expects otherwise than tunes are; None: nothing is put right. Arguments as of `media.correcting`."""
        del parts, expect

    def keys_for(self, key: int | None) -> Ids:
        """The id of a key that is asked for, and those of others that a model may be told instead; none where the notes depend on it."""
        del key
        return _NO_IDS

    def gap(self, hole: Hole) -> TuneGap:
        """A part of a tune that is to be written anew. Raises UsageError: it is too short, or what is kept in it cannot be told apart."""
        ...

    def measure(self, ids: Ids) -> Measures:
        """How much music these ids of one piece stand for; in steps of a grid at 120 beats per minute."""
        return self.notation.measure(np.asarray(ids, np.int64))

    def transpositions(self, ids: Ids) -> tuple[int, int]:
        """The least and the most semitones by which all pitched notes stay within 0 to 127; (0, 0) where there are none."""
        return self._transpositions(self.sounding(ids))

    def _transpositions(self, sounding_T: Ids) -> tuple[int, int]:
        pitches = self.table.value_of_V[sounding_T][self.table.are(sounding_T, *self.notation.pitch_kinds)]
        return (-int(pitches.min()), 127 - int(pitches.max())) if pitches.size else (0, 0)

    def louder_by(self, ids: Ids) -> tuple[int, int]:
        """The least and the most bins of velocity by which all keys can be struck harder; (0, 0) where no id tells of it."""
        if self.loudness is None:
            return 0, 0
        span, said = self.table.span(self.loudness), ids[self.table.are(ids, self.loudness)]
        return (span.start - int(said.min()), span.stop - 1 - int(said.max())) if said.size else (0, 0)

    def augmented(self, ids: Ids, *, semitones: int = 0, stretch: float = 1.0, louder: int = 0) -> Ids:
        """The ids of the same piece, transposed (drums stay), played slower by a factor, and louder by bins of velocity.

        Works on the ids alone. Where time is in beats the tempo changes by whole bins; where it is in seconds absolute times are stretched
        and quantised anew; where there is no tempo at all (`grid`) nothing is stretched.

        Raises:
            ValueError: a note or a velocity would leave 0 to 127, or the factor is not above 0.
        """
        if not stretch > 0:
            raise ValueError(f"a stretch by {stretch}, expected a factor above 0")
        ids_T = np.array(self.sounding(np.asarray(ids, np.int64)))
        if louder:
            softest, loudest = self.louder_by(ids_T)
            if self.loudness is None or not softest <= louder <= loudest:
                raise ValueError(f"louder by {louder} bins, expected {softest} to {loudest}")
            ids_T[self.table.are(ids_T, self.loudness)] += louder
        pitched_T = self.table.are(ids_T, *self.notation.pitch_kinds)
        least, most = self._transpositions(ids_T)
        if semitones and pitched_T.any() and not least <= semitones <= most:
            raise ValueError(f"a transposition by {semitones}, expected {least} to {most}")
        ids_T[pitched_T] += semitones  # each kind of pitch is a range of 128 ids
        ids_T = self.written(self.marked(ids_T, semitones))
        return ids_T if stretch == 1 else self.notation.stretched(ids_T, stretch)

    def in_other_keys(self, ids: Ids, count: int) -> Iterator[Ids]:
        """The piece in so many other keys, from the nearest on; fewer where a note would leave 0 to 127, or the form would be longer."""
        least, most = self.transpositions(ids)
        for semitones in [way for distance in range(1, 7) for way in (distance, -distance)][:count]:
            if least <= semitones <= most and len(form := self.augmented(ids, semitones=semitones)) == len(ids):
                yield form

    def sounding(self, ids_T: Ids) -> Ids:
        """The ids of a piece with its pitches as they sound."""
        return ids_T

    def written(self, ids_T: Ids) -> Ids:
        """The ids of a piece from those with its pitches as they sound."""
        return ids_T

    def marked(self, ids_T: Ids, semitones: int) -> Ids:
        """The ids of a piece that has been transposed, saying so where they can."""
        del semitones
        return ids_T

    def ticks_of(self, ids: Ids, score: Score) -> NDArray[np.int64]:
        """The tick of a score at which each of the ids stands that `encode` gave for it; what lets time pass stands before or after."""
        return self.notation.base.ticks(score, self.notation.steps_of(np.asarray(ids, np.int64)))

    def piece(self, token_id: int) -> str:
        """One id as a person would read it. Raises IndexError out of range."""
        kind, value = self.table.event(token_id)
        return BOUNDARY_PIECE if kind == BOUNDARY_KIND else self.notation.words[kind](value)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it."""
        options = asdict(self)  # pyright: ignore[reportArgumentType] - a dataclass
        said = {name: value for name, value in options.items() if name not in self.later or value != getattr(type(self), name)}
        return {"name": self.name, "version": checks.VERSION, **said}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        defaults = {item.name: item.default for item in fields(cls)}  # pyright: ignore[reportArgumentType] - a dataclass
        values = {name: defaults[name] for name in cls.later} | dict(values)
        checks.only_keys(values, *defaults)
        options = {name: checks.typed(values, name, type(default)) for name, default in defaults.items()}
        if any(type(value) is int and not 0 <= value <= _LARGEST_NUMBER for value in options.values()):
            checks.refuse("its numbers are out of range")
        try:
            found = cls(**options)
        except UsageError as error:
            checks.refuse(error.message)
        if asdict(found) != options:  # pyright: ignore[reportArgumentType] - a dataclass
            checks.refuse("its options contradict one another")
        return found
