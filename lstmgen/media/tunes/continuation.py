"""New notes behind a prompt's own, which are not touched.

prompt's notes, tempo map, meters, tracks ─┐
decoded notes ─────────────────────────────┴─► tune, ended at a tick
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.excerpt import excerpt
from lstmgen.music.score import Notes, Score


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


def end_tick(prompt: Score | None, new: Score, constraints: Constraints) -> int:
    """Where a tune ends that has reached the length that was asked for, exactly."""
    ends: list[int] = []
    if constraints.bars is not None:
        bars = Bars(new if prompt is None else prompt)
        ends.append(bars.tick(constraints.bars if prompt is None else bars.count + constraints.bars))
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
    """What begins at a tick or later, moved to the beginning, in the tempo, the meter and the key that hold there."""
    later = score.changed(notes=score.notes.take(score.notes.start_ticks >= tick))
    return excerpt(later, tick, max(score.length_ticks, tick + 1)).changed(length_ticks=max(0, score.length_ticks - tick))


def bars_of(score: Score) -> float:
    """Length in bars, the last one counted by its part."""
    bars = Bars(score)
    last = bars.index(score.length_ticks)
    begin, end = bars.tick(last), bars.tick(last + 1)
    return last + ((score.length_ticks - begin) / (end - begin) if end > begin else 0.0)
