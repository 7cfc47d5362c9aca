"""The `notes` tokenizer, the default for MIDI: each note with its length, so that no note can hang.

Time in beats, for scores: bars, positions in them, time signatures and tempi. Time in seconds, for performances: hundredths of a second.
A piece names its instruments first; from there on they are written where they change, and so is loudness. What the ids are stands in
`events.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final, final, get_args

import numpy as np

from lstmgen.choices import TimeBase
from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media.correcting import Expect
from lstmgen.media.tunes import endings, slot_names
from lstmgen.media.tunes.endings import Endings
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.holes import Hole, TuneGap
from lstmgen.media.tunes.notes.beats import BeatWork
from lstmgen.media.tunes.notes.common_key import semitones_above
from lstmgen.media.tunes.notes.corrections import Corrections
from lstmgen.media.tunes.notes.events import (
    KEY,
    MOST_TRANSPOSED,
    TRANSPOSED,
)
from lstmgen.media.tunes.notes.fitting import fitted
from lstmgen.media.tunes.notes.gap import NotesGap
from lstmgen.media.tunes.notes.notation import NotesNotation
from lstmgen.media.tunes.notes.remaining import LEFT
from lstmgen.media.tunes.notes.seconds import SecondWork
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.media.tunes.slot_names import Names
from lstmgen.media.tunes.spans import SpanGap
from lstmgen.media.tunes.time_bases import Beats
from lstmgen.music.keys import moved
from lstmgen.music.score import Score
from lstmgen.wording import counted

STEPS_PER_BEAT: Final = (12, 24)
_NEAR_KEYS: Final = 6
"""Semitones by which a tune may lie higher or lower than those that a model has learned."""
_AS_WRITTEN: Final = 0.5
"""Share of the readings that show a tune as it was written, in new runs: what reads it in other keys more often draws in none."""
_SEATS_AS_WRITTEN: Final = 0.75
"""The same of tunes for different instruments (docs/LOG.md, section 64)."""
_ENOUGH: Final = 225_000
"""Tokens from which on presets choose dropout and decay. Fewer are learned best with little dropout, and 112,000 with a decay of 3, 60,000
with one of 6 to 12 (docs/LOG.md, section 63): it grows as the cube of 1 / tokens."""
_ENOUGH_DECAY: Final = 0.3
_MOST_DECAY: Final = 8.0
_USUAL_PASSES: Final = 20
_MORE_PASSES: Final = 0.4
"""Where parts come back by themselves tokens are so few that how often they are read counts too: the most decay is 8 for 20 passes, and
for 180 one of 20 (docs/LOG.md, section 65), so it grows as this power of them."""
_LITTLE_DROPOUT: Final = 0.05
_FITS: Final = 0.98
"""Share of the onsets and ends that must lie on a grid for it to be taken."""
_NEAR: Final = 0.1
"""How far from a step, in steps, counts as on it; of times that mean nothing a fifth would be."""


@final
@dataclass(frozen=True)
class NotesTokenizer(EventTokenizer):
    """Notes in beats or in seconds.

    Attributes:
        time_base: `beats` or `seconds`.
        steps_per_beat: 12 or 24, in beats; both hold triplets exactly.
        repeats: in beats, whether a bar that comes back is one event.
        variants: with repeats, whether a bar comes back with other velocities too, and a first half with another end.
        tails: with variants, whether a tail comes back behind another beginning.
        guides: in beats, whether a piece begins with its key and by how much it was transposed, and each bar says how many remain.
        common_key: with guides, whether pitches are written as if every tonic were C.
        tracks: how many tracks of one program stay apart, 1 to 16; those beyond are one with the last.
        grammar: whether a model gives what the grammar forbids no probability.
        names: what the corpus calls the tracks; samples do too.
        length_first: with guides, whether how many bars there are is said before all else, so that what is drawn for a length that was
            asked for, the key first, is as pieces of that length have it; not in older models.
        heads: with variants, whether what comes back of the beginning of a bar may be longer than its first half, but not of other
            velocities; not in older models.
        full_bars: with guides, whether an upbeat is none of the bars that are counted, so that whether a tune has one is drawn as the
            corpus has it; not in older models.
        ending_key: with guides, whether the key of a tune that has no signature is found by how it ends too; not in older models.
        lone: in beats, a bit for each number of a track that plays one note at a time, so that what is drawn does too; not in older models.
        together: whether all tracks do that, and rest only all at once.
        endings: with guides, how many tunes of the corpus end in which way, so that what is drawn does as often; not in older models.
        seats: in beats, whether notes say which part plays, counted by how high they are, in place of which instrument.
        returns: with seats and variants, whether a part comes back by itself.

    Raises:
        UsageError: the time base, the steps or the tracks are none of these, repeats or guides are asked for where there are no bars,
            variants without repeats, tails without variants, returns without both or without seats, or a common key where none is said.
    """

    name: ClassVar = "notes"
    later: ClassVar = (
        "repeats",
        "guides",
        "common_key",
        "tracks",
        "variants",
        "grammar",
        "names",
        "tails",
        "length_first",
        "heads",
        "full_bars",
        "ending_key",
        "lone",
        "together",
        "endings",
        "seats",
        "returns",
    )

    time_base: TimeBase = "beats"
    steps_per_beat: int = 24
    repeats: bool = False
    guides: bool = False
    tracks: int = 1
    common_key: bool = False
    variants: bool = False
    grammar: bool = False
    names: Names = ()
    tails: bool = False
    length_first: bool = False
    heads: bool = False
    full_bars: bool = False
    ending_key: bool = False
    lone: int = 0
    together: bool = False
    endings: Endings = ()
    seats: bool = False
    returns: bool = False

    def __post_init__(self) -> None:
        if self.time_base not in get_args(TimeBase):
            raise UsageError(f"the time base is {ascii(self.time_base)[:40]}, expected beats or seconds", remedy="--time-base beats")
        if self.steps_per_beat not in STEPS_PER_BEAT:
            raise UsageError(
                f"{counted(self.steps_per_beat, 'step')} to the beat, expected 12 or 24 for notes", remedy="--steps-per-beat 24"
            )
        if self.lone >> MOST_TRACKS:
            raise UsageError(
                f"{self.lone:b} for the tracks that play one note at a time, expected {MOST_TRACKS} bits", remedy="leave it out"
            )
        if not 1 <= self.tracks <= MOST_TRACKS:
            raise UsageError(f"{counted(self.tracks, 'track')} of a program, expected 1 to {MOST_TRACKS}", remedy="leave it out")
        if self.common_key and not self.guides:
            raise UsageError("--common-key needs the key to be said, which --guides does", remedy="leave --common-key out, or add --guides")
        if self.variants and not self.repeats:
            raise UsageError("--variants are repeats that vary, and there are none", remedy="leave --variants out, or add --repeats")
        if (self.tails or self.heads) and not self.variants:
            name = "tails" if self.tails else "heads"
            raise UsageError(f"--{name} are variants of bars, and there are none", remedy=f"leave --{name} out, or add --variants")
        if self.returns and not (self.variants and self.seats):
            missing = "variants" if self.seats else "seats"
            raise UsageError(f"--returns needs --{missing}, and there are none", remedy=f"leave --returns out, or add --{missing}")
        for name in ("repeats", "guides", "seats"):
            if getattr(self, name) and self.time_base != "beats":
                remedy = f"leave --{name} out, or choose --time-base beats"
                raise UsageError(f"--{name} needs bars, and notes in seconds have none", remedy=remedy)

    @cached_property
    def notation(self) -> NotesNotation:
        """What its ids mean."""
        in_beats = self.time_base == "beats"
        time = SecondWork()
        if in_beats:
            ways = {
                name: getattr(self, name)
                for name in ("repeats", "guides", "variants", "tails", "length_first", "heads", "full_bars", "lone", "together", "returns")
            }
            time = BeatWork(self.steps_per_beat, **ways)
        others = {name: getattr(self, name) for name in ("common_key", "ending_key", "names", "seats")}
        return NotesNotation(time, self.tracks, **others)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it."""
        lists = {"names": slot_names.to_json(self.names), "endings": endings.to_json(self.endings)}
        return super().to_json() | {name: value for name, value in lists.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> NotesTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        others = {name: value for name, value in values.items() if name not in {"names", "endings"}}
        names, ends = slot_names.from_json(values.get("names", {})), endings.from_json(values.get("endings", {}))
        return replace(super().from_json(others), names=names, endings=ends)

    @property
    def stretches(self) -> bool:
        """Not where the tempo is written and a sample is to have that of the corpus: at other speeds the notes would be the same."""
        return not self.guides

    @property
    def transposes(self) -> bool:
        """Not where all keys are written alike."""
        return not self.common_key

    @property
    def told_kinds(self) -> tuple[str, ...]:
        """What is drawn stands as it was written, and its bars are counted."""
        return (TRANSPOSED, LEFT) if self.guides else ()

    def settings(self, *, tokens: int | None, passes: float) -> Mapping[str, Any]:
        """In a common key most readings as written, and for few tokens much decay in place of dropout."""
        usual = super().settings(tokens=tokens, passes=passes)
        if not self.common_key:
            return usual
        usual = {**usual, "data.as_written": _SEATS_AS_WRITTEN if self.seats else _AS_WRITTEN}
        if tokens is None or tokens >= _ENOUGH:
            return usual
        often = max(1.0, passes / _USUAL_PASSES) ** _MORE_PASSES if self.returns else 1.0
        decay = min(_MOST_DECAY * often, _ENOUGH_DECAY * (_ENOUGH / tokens) ** 3)
        return {**usual, "model.dropout": _LITTLE_DROPOUT, "optimizer.weight_decay": float(f"{decay:.2g}")}

    def encode_prompt(self, score: Score, *, bars: int) -> Ids:
        """The ids of a score that so many bars are to follow."""
        return self.notation.write_before(score, bars)

    def corrections(self, parts: Sequence[Iterable[Ids]], expect: Expect) -> Corrections | None:
        """Of pitches, of what comes back and of rests, where parts come back by themselves."""
        return fitted(parts, expect, self.table, self.cursor) if self.returns else None

    def keys_for(self, key: int | None) -> Ids:
        """Of a common key all of its mode that lie near it: each stands for the same notes, and the corpus may have no tune in this one."""
        if key is None or not self.common_key:
            return super().keys_for(key)
        others = [other for other in range(key // 12 * 12, key // 12 * 12 + 12) if other != key]
        near = [other for other in others if abs(semitones_above(other) - semitones_above(key)) <= _NEAR_KEYS]
        return self.table.first(KEY) + np.array([key, *near])

    def gap(self, hole: Hole) -> TuneGap:
        """A part of a tune that is to be written anew."""
        time = self.notation.time
        return NotesGap(self, time, hole) if isinstance(time, BeatWork) else SpanGap(self, hole)

    def sounding(self, ids_T: Ids) -> Ids:
        """The ids of a piece with its pitches as they sound."""
        return self.notation.sounding(ids_T)

    def written(self, ids_T: Ids) -> Ids:
        """The ids of a piece from those with its pitches as they sound."""
        return self.notation.written(ids_T)

    def marked(self, ids_T: Ids, semitones: int) -> Ids:
        """The ids of a piece that has been transposed: by how much, and into which key."""
        if not self.guides or not semitones:
            return ids_T
        values_T, by_T, key_T = self.table.value_of_V[ids_T], self.table.are(ids_T, TRANSPOSED), self.table.are(ids_T, KEY)
        ids_T[by_T] = self.table.first(TRANSPOSED) + np.clip(values_T[by_T] + semitones, 0, 2 * MOST_TRANSPOSED)
        ids_T[key_T] = self.table.first(KEY) + np.array([moved(key, semitones) for key in values_T[key_T].tolist()], np.int64)
        return ids_T


def best_options(scores: Sequence[Score]) -> dict[str, Any]:
    """What fits the scores: beats where most onsets lie on a grid, else seconds; and the coarsest grid on which nearly all times lie."""
    on_grid = {steps: _share_on_grid(scores, Beats(steps)) for steps in STEPS_PER_BEAT}
    if max(on_grid.values()) < (1 + 2 * _NEAR) / 2:
        return {"time_base": "seconds", "steps_per_beat": STEPS_PER_BEAT[-1]}
    fitting = [steps for steps in STEPS_PER_BEAT if on_grid[steps] >= _FITS]
    return {"time_base": "beats", "steps_per_beat": fitting[0] if fitting else STEPS_PER_BEAT[-1]}


def _share_on_grid(scores: Sequence[Score], base: Beats) -> float:
    """Share of all onsets that lie near a step."""
    near = count = 0
    for score in scores:
        places = base.places(score, score.notes.start_ticks)
        near += int((np.abs(places - np.rint(places)) <= _NEAR).sum())
        count += len(places)
    return near / max(1, count)
