"""From a prompt to a tune: drawn under the grammar and the wishes, and put behind the prompt's own notes, which are not touched.

prompt ─► ids ─► context, cursor ─► drawing ─► ids ─► new notes ─┐
   └───────────────── notes, tempo map, meters, tracks ──────────┴─► tune
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from lstmgen.errors import InputError
from lstmgen.generation.draw import Context, Drawing, begin
from lstmgen.generation.sampling import Sampling
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Cursor, ScoreTokenizer
from lstmgen.model.decoder import Decoder
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import Meter, Notes, Pedals, Score

TuneEnded = Literal["length", "bars", "seconds", "end-of-document"]

_TOKENS_PER_BAR: Final = 2_000
_TOKENS_PER_S: Final = 1_000
"""More than any model needs; so that a tune that is to end after bars or seconds ends in any case."""


@dataclass(frozen=True, kw_only=True)
class Tune:
    """One composed tune.

    Attributes:
        index: its number among the samples of this seed, from 0.
        seed: what its random numbers were made from, together with the index.
        score: the prompt, where it is wanted, and what follows it.
        notes: notes of the score.
        drawn_notes: those that were drawn.
        seconds: how long it is.
        bars: the same in bars.
        tokens: how many were drawn.
        nats_per_token: their mean surprisal under the model itself, at temperature 1 and without masks; None without tokens.
        ended: why it ended.
        warnings: what the user should know about it.
    """

    index: int
    seed: int
    score: Score
    notes: int
    drawn_notes: int
    seconds: float
    bars: float
    tokens: int
    nats_per_token: float | None
    ended: TuneEnded
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """A prompt that the model has read.

    Attributes:
        score: as it was given; None without a prompt.
        ids: what the model read of it.
        context: where it left the model.
    """

    score: Score | None
    ids: Ids
    context: Context


def read_prompt(decoder: Decoder, tokenizer: ScoreTokenizer, prompt: Score | None, *, tidied: Score | None) -> Beginning:
    """Reads a prompt.

    Args:
        decoder: the model.
        tokenizer: the model's.
        prompt: what is to be continued, or None.
        tidied: the same as it would be learned.
    """
    ids = np.zeros(0, np.int64) if tidied is None else tokenizer.encode(tidied)
    return Beginning(score=prompt, ids=ids, context=begin(decoder, ids))


def wishes_of(prompt: Score | None, wishes: Constraints) -> Constraints:
    """The wishes, and with a prompt its tempo, its meter and its instruments where nothing else is wished for."""
    if prompt is None:
        return wishes
    pitched = ~prompt.notes.drum
    programs = wishes.programs
    if programs is None:
        programs = frozenset(prompt.notes.program[pitched].tolist()) if len(prompt.notes) else None
        wishes = replace(wishes, drums=wishes.drums and (programs is None or bool(prompt.notes.drum.any())))
    return replace(wishes, programs=programs, keep_tempo=True, keep_meter=True)


def compose(
    decoder: Decoder,
    tokenizer: ScoreTokenizer,
    beginning: Beginning,
    *,
    wishes: Constraints,
    sampling: Sampling,
    length: int | None,
    generator: np.random.Generator,
    index: int,
    seed: int,
    echo: bool = True,
) -> Tune:
    """Draws one tune.

    Args:
        decoder: the model.
        tokenizer: the model's.
        beginning: what it continues.
        wishes: what it must keep to, and after how many bars or seconds it ends.
        sampling: how tokens are chosen.
        length: most tokens; None where bars or seconds end it, or the model itself.
        generator: the tune's own random numbers.
        index: as in `Tune`.
        seed: as in `Tune`.
        echo: whether the tune begins with the prompt.

    Raises:
        UsageError: nothing at all could be drawn.
        InputError: the prompt is none that this model could have learned.
    """
    prompt, wishes = beginning.score, wishes_of(beginning.score, wishes)
    cursor = _cursor_after(tokenizer, beginning, wishes)
    most = _cap(wishes) if length is None else length
    drawing = Drawing(decoder, beginning.context, sampling=sampling, length=most, generator=generator, cursor=cursor)
    nats, tokens, ended = 0.0, 0, "length"
    for drawn in drawing:
        if drawn.token == BOUNDARY_ID:
            ended = "end-of-document"
            break
        nats, tokens = nats + drawn.nats, tokens + 1
    if cursor.finished:
        ended = "bars" if wishes.bars is not None else "seconds"
    new = tokenizer.decode(np.concatenate([beginning.ids, drawing.ids]), like=prompt, since=len(beginning.ids))
    score, drawn_notes = _joined(prompt, new, _end_tick(prompt, new, wishes) if cursor.finished else None)
    if prompt is not None and not echo:
        score = after(score, _next_bar(prompt))
    return Tune(
        index=index,
        seed=seed,
        score=score,
        notes=len(score.notes),
        drawn_notes=drawn_notes,
        seconds=score.duration_s,
        bars=bars_of(score),
        tokens=tokens,
        nats_per_token=nats / tokens if tokens else None,
        ended=ended,
        warnings=_warnings(drawn_notes, cursor.finished, wishes, tokens),
    )


def _cursor_after(tokenizer: ScoreTokenizer, beginning: Beginning, wishes: Constraints) -> Cursor:
    """A cursor that has read the prompt."""
    cursor = tokenizer.cursor(wishes, like=beginning.score)
    try:
        for token in beginning.ids.tolist():
            cursor.push(token)
    except ValueError as error:
        raise InputError(f"the prompt cannot be read as {tokenizer.name}: {error}", remedy="give another prompt") from error
    cursor.begin()
    return cursor


def _cap(wishes: Constraints) -> int | None:
    if wishes.bars is not None:
        return _TOKENS_PER_BAR * wishes.bars
    return None if wishes.seconds is None else _TOKENS_PER_S * max(1, int(wishes.seconds))


def _warnings(drawn_notes: int, finished: bool, wishes: Constraints, tokens: int) -> tuple[str, ...]:  # noqa: FBT001 - read in place
    warnings: list[str] = []
    if not drawn_notes:
        warnings.append("not a single note was drawn: a higher temperature, or fewer restrictions, may help")
    if not finished and (wishes.bars is not None or wishes.seconds is not None):
        warnings.append(f"it was ended after {tokens:,} tokens, before the length that was wished for")
    return tuple(warnings)


def _next_bar(prompt: Score) -> int:
    """The first bar line at or after the end of a prompt."""
    bars = Bars(prompt)
    return bars.tick(bars.count)


def _end_tick(prompt: Score | None, new: Score, wishes: Constraints) -> int:
    """Where a tune ends that has reached the length that was wished for, exactly."""
    ends: list[int] = []
    if wishes.bars is not None:
        begin_tick = 0 if prompt is None else _next_bar(prompt)
        meter = (new if prompt is None else prompt).meters[-1]
        if prompt is None and len(new.meters) > 1:
            bars = Bars(new)
            ends.append(bars.tick(min(wishes.bars, bars.count)))
        else:
            ends.append(begin_tick + round(wishes.bars * meter.bar_ticks(new.ticks_per_beat)))
    if wishes.seconds is not None:
        begin_s = 0.0 if prompt is None else float(new.seconds_at(prompt.length_ticks))
        ends.append(int(new.ticks_at(begin_s + wishes.seconds)))
    return min(ends)


def _joined(prompt: Score | None, new: Score, end_tick: int | None) -> tuple[Score, int]:
    """The prompt's own notes and the new ones, ended at a tick, and how many are new."""
    notes = new.notes
    if end_tick is not None:
        notes = notes.take(notes.start_ticks < end_tick)
        notes = notes.changed(end_ticks=np.minimum(notes.end_ticks, end_tick))
    drawn_notes = len(notes)
    if prompt is not None:
        notes = Notes.joined([prompt.notes, notes])
    length = new.length_ticks if end_tick is None else end_tick
    pedals = Pedals.of() if prompt is None else prompt.pedals
    return replace(new, notes=notes, pedals=pedals, length_ticks=0).changed(length_ticks=length), drawn_notes


def after(score: Score, tick: int) -> Score:
    """What begins at a tick or later, moved to the beginning, in the tempo and the meter that hold there."""
    notes = score.notes.take(score.notes.start_ticks >= tick)
    meter = next(meter for meter in reversed(score.meters) if meter.tick <= tick)
    changes = zip(score.tempos.ticks.tolist(), score.tempos.us_per_beat.tolist(), strict=True)
    return Score.of(
        notes.changed(start_ticks=notes.start_ticks - tick, end_ticks=notes.end_ticks - tick),
        ticks_per_beat=score.ticks_per_beat,
        tempos=[(0, score.tempos.tempo_at(tick)), *((at - tick, tempo) for at, tempo in changes if at > tick)],
        meters=[
            replace(meter, tick=0),
            *(Meter(each.tick - tick, each.numerator, each.denominator) for each in score.meters if each.tick > tick),
        ],
        keys=score.keys[-1:] and (replace(score.keys[-1], tick=0),),
        tracks=score.tracks,
        length_ticks=max(0, score.length_ticks - tick),
    )


def bars_of(score: Score) -> float:
    """Length in bars, the last one counted by its part."""
    bars = Bars(score)
    last = bars.index(score.length_ticks)
    begin, end = bars.tick(last), bars.tick(last + 1)
    return last + ((score.length_ticks - begin) / (end - begin) if end > begin else 0.0)
