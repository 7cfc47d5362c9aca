"""New notes behind a prompt's own, which are not touched.

prompt's notes, tempo map, meters, tracks ─┐
decoded notes ─────────────────────────────┴─► tune, ended at a tick
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.score import Meter, Notes, Score


def with_prompt(constraints: Constraints, prompt: Score | None) -> Constraints:
    """The constraints, and with a prompt its tempo, its meter and its instruments where nothing else is asked for."""
    if prompt is None:
        return constraints
    pitched = ~prompt.notes.drum
    programs = constraints.programs
    if programs is None:
        programs = frozenset(prompt.notes.program[pitched].tolist()) if len(prompt.notes) else None
        constraints = replace(constraints, drums=constraints.drums and (programs is None or bool(prompt.notes.drum.any())))
    return replace(constraints, programs=programs, keep_tempo=True, keep_meter=True)


def next_bar(prompt: Score) -> int:
    """The first bar line at or after the end of a prompt, in ticks."""
    bars = Bars(prompt)
    return bars.tick(bars.count)


def end_tick(prompt: Score | None, new: Score, constraints: Constraints) -> int:
    """Where a tune ends that has reached the length that was asked for, exactly."""
    ends: list[int] = []
    if constraints.bars is not None:
        begin_tick = 0 if prompt is None else next_bar(prompt)
        meter = (new if prompt is None else prompt).meters[-1]
        if prompt is None and len(new.meters) > 1:
            bars = Bars(new)
            ends.append(bars.tick(min(constraints.bars, bars.count)))
        else:
            ends.append(begin_tick + round(constraints.bars * meter.bar_ticks(new.ticks_per_beat)))
    if constraints.seconds is not None:
        begin_s = 0.0 if prompt is None else float(new.seconds_at(prompt.length_ticks))
        ends.append(int(new.ticks_at(begin_s + constraints.seconds)))
    return min(ends)


def ended_at(end: int, new: Score) -> Score:
    """New notes that end at a tick, and what sounds there with them."""
    notes = new.notes.take(new.notes.start_ticks < end)
    notes = notes.changed(end_ticks=np.minimum(notes.end_ticks, end))
    return replace(new, notes=notes, length_ticks=0).changed(length_ticks=end)


def behind(prompt: Score, new: Score) -> Score:
    """The prompt's own notes and pedals, and the new notes."""
    return new.changed(notes=Notes.joined([prompt.notes, new.notes]), pedals=prompt.pedals)


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
