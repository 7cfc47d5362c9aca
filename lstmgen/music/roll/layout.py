"""A score as a picture: where every rectangle, line and name of a piano roll stands. Knows nothing of file formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.drawing.shapes import Box, Label, Picture
from lstmgen.drawing.theme import DARK, LIGHT, SHADES, Theme, mixed, shades
from lstmgen.drawing.typeface import text_width
from lstmgen.errors import UsageError
from lstmgen.music.bars import Bars
from lstmgen.music.instruments import DRUM_GROUPS
from lstmgen.music.roll.header import colour_of_track, make_header
from lstmgen.music.roll.part import Part, clock, drum_groups, facts, part_of
from lstmgen.music.roll.plan import KEYBOARD_WIDTH, LANE_GAP, LANE_ROW, STRIP_HEIGHT, Plan, System, make_plan, most_beats, scale_of
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Notes, Score, printable

_BLACK_KEYS: Final = frozenset({1, 3, 6, 8, 10})
_NUMBER_SIZE: Final = 15.0
_NAME_SIZE: Final = 15.0
_LEAST_WIDTH: Final = 320
_NUMBER_ROOM: Final = 62.0
"""Between two numbers of bars."""
_LINE_ROOM: Final = 7.0
"""Between two bar lines, or two lines of beats."""
_TAIL: Final = 0.2
"""How much colour is left of a note whose key is released while the pedal is down."""
_STEPS: Final = tuple(2**power for power in range(13))

Shape = Box | Label


def lay_out(score: Score, *, title: str = "", dark: bool = False, width: int = 1600, ticks: tuple[int, int] | None = None) -> Picture:
    """The picture of a score, or of the part of it between two ticks.

    Raises:
        UsageError: the width is out of bounds.
    """
    if not _LEAST_WIDTH <= width <= limits.MAX_PICTURE_WIDTH:
        raise UsageError(
            f"a picture is {_LEAST_WIDTH} to {limits.MAX_PICTURE_WIDTH} pixels wide, found {width}", remedy="leave out --width, or 1600"
        )
    title = printable(title)
    colours = DARK if dark else LIGHT
    part = part_of(score, ticks=ticks, most_beats=most_beats(width))
    header = make_header(part, colours, title=title, width=width)
    plan = make_plan(part, width=width, header_px=header.height, label_px=_names_width(part, scale_of(width)))
    shapes: list[Shape] = list(header.shapes)
    for system in plan.systems:
        shapes += _System(part, plan, colours, system).shapes()
    said = ", ".join(facts(part))
    return Picture(
        width=width,
        height=plan.height,
        background=colours.page,
        shapes=tuple(shapes),
        title=title or "Piano roll",
        description=f"Piano roll{f' of {title}' if title else ''}: {said}",
    )


def _names_width(part: Part, scale: float) -> float:
    names = ["C-1" if part.low < 12 else "C4", *(DRUM_GROUPS[group][0] for group in part.drum_groups())]
    return max(text_width(name, _NAME_SIZE * scale) for name in names) + 10 * scale


class _System:
    """The shapes of one row of bars."""

    def __init__(self, part: Part, plan: Plan, colours: Theme, system: System) -> None:
        self._part, self._plan, self._colours = part, plan, colours
        self._lines = part.lines[system.first : system.last + 1]
        self._first_bar = part.first_bar + system.first
        self._start, self._end = int(self._lines[0]), int(self._lines[-1])
        self._top = system.top + STRIP_HEIGHT * plan.scale
        self._strip_base = system.top + (STRIP_HEIGHT - 9) * plan.scale
        self._rows_px = plan.rows * plan.row_px
        self._lanes_top = self._top + self._rows_px + (LANE_GAP * plan.scale if plan.rows and plan.lanes else 0)
        self._lanes_px = plan.lanes * LANE_ROW * plan.scale
        self._width = (self._end - self._start) * plan.tick_px
        self._tracks = {track: colour for track, colour in colour_of_track(part, colours).items() if track is not None}

    def shapes(self) -> Iterator[Shape]:
        """Everything, from the ground up."""
        if self._plan.rows:
            yield from self._rows()
            yield from self._keyboard()
        if self._plan.lanes:
            yield from self._lanes()
        yield from self._time_lines()
        yield from self._numbers()
        yield from self._tails()
        yield from self._notes()
        yield from self._hits()

    def _x(self, tick: float) -> float:
        return self._plan.left + (tick - self._start) * self._plan.tick_px

    def _y(self, pitch: float) -> float:
        """The upper edge of a pitch's row."""
        return self._top + (self._part.high - pitch) * self._plan.row_px

    def _pitches(self) -> range:
        return range(self._part.low, self._part.high + 1)

    def _rows(self) -> Iterator[Shape]:
        plan, colours = self._plan, self._colours
        yield Box(plan.left, self._top, self._width, self._rows_px, colours.panel)
        for pitch in self._pitches():
            if pitch % 12 in _BLACK_KEYS:
                yield Box(plan.left, self._y(pitch), self._width, plan.row_px, colours.black_row)
        for pitch in self._pitches():
            if pitch % 12 == 0:
                yield self._across(self._y(pitch - 1), colours.octave_line)
                size = _NAME_SIZE * plan.scale
                x = plan.left - KEYBOARD_WIDTH * plan.scale - 7 * plan.scale
                yield Label(x, self._y(pitch) + plan.row_px / 2 + 0.35 * size, pitch_name(pitch), size, colours.muted, "end")

    def _keyboard(self) -> Iterator[Shape]:
        plan, colours = self._plan, self._colours
        width, line = (KEYBOARD_WIDTH - 5) * plan.scale, max(1, round(plan.scale))
        x = plan.left - KEYBOARD_WIDTH * plan.scale
        yield Box(x - line, self._top - line, width + 2 * line, self._rows_px + 2 * line, colours.key_line, 3 * plan.scale)
        yield Box(x, self._top, width, self._rows_px, colours.white_key, 2 * plan.scale)
        for pitch in self._pitches()[1:]:
            if pitch % 12 in {0, 5}:
                yield Box(x, round(self._y(pitch - 1)) - line // 2, width, line, colours.key_line)
        for pitch in self._pitches():
            if pitch % 12 in _BLACK_KEYS:
                if plan.row_px >= 5 * plan.scale:
                    yield Box(x, round(self._y(pitch) + plan.row_px / 2) - line // 2, width, line, colours.key_line)
                yield Box(x, self._y(pitch), 0.6 * width, plan.row_px, colours.black_key, 1.5 * plan.scale)

    def _lanes(self) -> Iterator[Shape]:
        plan, colours = self._plan, self._colours
        yield Box(plan.left, self._lanes_top, self._width, self._lanes_px, colours.panel)
        row, size = LANE_ROW * plan.scale, _NAME_SIZE * plan.scale
        for place, group in enumerate(reversed(self._part.drum_groups())):
            y = self._lanes_top + place * row
            if place % 2:
                yield Box(plan.left, y, self._width, row, colours.black_row)
            yield Label(plan.left - 11 * plan.scale, y + row / 2 + 0.35 * size, DRUM_GROUPS[group][0], size, colours.muted, "end")

    def _time_lines(self) -> Iterator[Shape]:
        plan, colours = self._plan, self._colours
        for place, tick in enumerate(self._lines[:-1]):
            beats = self._part.bars.beats(int(tick), int(self._lines[place + 1]))
            if len(beats) and (int(beats[0]) - int(tick)) * plan.tick_px >= _LINE_ROOM * plan.scale:
                for beat in beats:
                    yield from self._down(self._x(int(beat)), colours.beat_line)
        step = _step(self._lines, plan.tick_px, _LINE_ROOM * plan.scale)
        for place, tick in enumerate(self._lines):
            if (self._first_bar + place) % step == 0 or place in {0, len(self._lines) - 1}:
                yield from self._down(self._x(int(tick)), colours.bar_line)

    def _numbers(self) -> Iterator[Shape]:
        plan, score = self._plan, self._part.score
        size = _NUMBER_SIZE * plan.scale
        step = _step(self._lines, plan.tick_px, _NUMBER_ROOM * plan.scale)
        here = [meter for meter in score.meters if self._start <= meter.tick < self._end]
        meters = {meter.tick: f"{meter.numerator}/{meter.denominator}" for meter in here}
        free_from = -np.inf
        in_bars = isinstance(self._part.bars, Bars)
        for place, tick in enumerate(self._lines[:-1].tolist()):
            changed = meters.get(tick) if tick > 0 and in_bars else None
            x, bar = self._x(tick), self._first_bar + place
            if bar < 0 or x < free_from or (bar % step and place and not changed):
                continue
            name = self._part.name(bar - self._part.first_bar)
            number = f"bar {name}" if in_bars and bar == max(self._first_bar, 0) else name
            yield Label(x, self._strip_base, number, size, self._colours.muted)
            free_from = x + text_width(number, size) + 8 * plan.scale
            if changed:
                yield Label(free_from, self._strip_base, changed, size, self._colours.text, bold=True)
                free_from += text_width(changed, size) + 8 * plan.scale
        if not in_bars:
            return
        at_s = self._part.seconds_at(self._start)
        yield Label(plan.left - 11 * plan.scale, self._strip_base, clock(at_s), size, self._colours.muted, "end")

    def _tails(self) -> Iterator[Shape]:
        """Faintly, what the pedal holds after the keys are released."""
        held, plan = self._here(self._part.held), self._plan
        fills = {track: mixed(colour, self._colours.panel, _TAIL) for track, colour in self._tracks.items()}
        gap = self._row_gap()
        height = plan.row_px - gap
        columns = zip(held.start_ticks.tolist(), held.end_ticks.tolist(), held.pitch.tolist(), held.track.tolist(), strict=True)
        for start, end, pitch, track in columns:
            x = self._x(max(start, self._start))
            width = max(self._x(min(end, self._end)) - x - min(1.6 * plan.scale, 0.5), 0.5)
            yield Box(x, self._y(pitch) + gap / 2, width, height, fills[track], 0.3 * height)

    def _notes(self) -> Iterator[Shape]:
        plan, notes = self._plan, self._here(self._part.notes)
        if not len(notes):
            return
        slots, shares = _sharing(notes.start_ticks, notes.pitch)
        loudest = int(self._part.notes.velocity.max())
        steps = np.rint((notes.velocity / loudest) * (SHADES - 1)).astype(int).tolist()
        fills = {track: shades(colour, self._colours.panel) for track, colour in self._tracks.items()}
        begins = np.maximum(notes.start_ticks, self._start).tolist()
        ends = np.minimum(notes.end_ticks, self._end).tolist()
        gap = self._row_gap()
        # Long notes first, so that none hides a shorter one.
        for place in np.argsort(notes.start_ticks - notes.end_ticks.astype(np.int64), kind="stable").tolist():
            x, right = self._x(begins[place]), self._x(ends[place])
            height = (plan.row_px - gap) / shares[place]
            y = self._y(int(notes.pitch[place])) + gap / 2 + slots[place] * height
            width = max(right - x - min(1.6 * plan.scale, 0.2 * (right - x)), min(1.2 * plan.scale, right - x + 1))
            radius = min(3.2 * plan.scale, height * 0.36, width * 0.36)
            yield Box(x, y, width, height, fills[int(notes.track[place])][steps[place]], radius)

    def _here(self, notes: Notes) -> Notes:
        """Those that sound in this row of bars."""
        return notes.take((notes.start_ticks < self._end) & (notes.end_ticks > self._start))

    def _row_gap(self) -> float:
        """What stays free of a row, so that neighbours do not touch."""
        return 1.0 if self._plan.row_px >= 5 else 0.18 * self._plan.row_px

    def _hits(self) -> Iterator[Shape]:
        plan, drums = self._plan, self._part.drums
        drums = drums.take((drums.start_ticks >= self._start) & (drums.start_ticks < self._end))
        if not len(drums):
            return
        row = LANE_ROW * plan.scale
        size = 0.62 * row
        beat_px = plan.tick_px * self._part.score.ticks_per_beat
        width = max(min(size, 0.22 * beat_px), 1.4 * plan.scale)
        rows = {group: place for place, group in enumerate(reversed(self._part.drum_groups()))}
        fills = shades(self._colours.drums, self._colours.panel)
        loudest = int(self._part.drums.velocity.max())
        for start, group, velocity in zip(drums.start_ticks.tolist(), drum_groups(drums).tolist(), drums.velocity.tolist(), strict=True):
            y = self._lanes_top + rows[group] * row + (row - size) / 2
            yield Box(self._x(start), y, width, size, fills[round(velocity / loudest * (SHADES - 1))], width / 2)

    def _across(self, y: float, colour: str) -> Box:
        thick = max(1, round(self._plan.scale))
        return Box(self._plan.left, round(y) - thick // 2, self._width, thick, colour)

    def _down(self, x: float, colour: str) -> Iterator[Box]:
        thick = max(1, round(self._plan.scale))
        if self._plan.rows:
            yield Box(round(x) - thick // 2, self._top, thick, self._rows_px, colour)
        if self._plan.lanes:
            yield Box(round(x) - thick // 2, self._lanes_top, thick, self._lanes_px, colour)


def _step(lines: NDArray[np.int64], tick_px: float, room: float) -> int:
    """Every how manieth bar has room for something of this width."""
    usual = float(np.median(np.diff(lines))) * tick_px
    return next((step for step in _STEPS if step * usual >= room), _STEPS[-1])


def _sharing(starts: NDArray[np.int32], pitches: NDArray[np.uint8]) -> tuple[list[int], list[int]]:
    """Notes that begin together on one pitch share its row: the slot of each, and how many there are, up to three."""
    key = starts.astype(np.int64) * 128 + pitches
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.searchsorted(ordered, ordered, side="left")
    count = np.searchsorted(ordered, ordered, side="right") - first
    slots, shares = np.empty(len(key), np.int64), np.empty(len(key), np.int64)
    shares[order] = np.minimum(count, 3)
    slots[order] = (np.arange(len(key)) - first) % 3
    return slots.tolist(), shares.tolist()
