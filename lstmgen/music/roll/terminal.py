"""A piano roll of half blocks: two semitones to a line of text, a column for a fraction of a beat.

What does not fit the width continues below, in as many rows of bars as it takes. A column is as fine as the notes ask for while the whole
stays short enough to scroll through, and coarser where it would not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.errors import UsageError
from lstmgen.music.bars import Bars
from lstmgen.music.instruments import DRUM_GROUPS
from lstmgen.music.roll.part import Part, clock, drum_groups, facts, part_of, shared_out, voices
from lstmgen.music.scales import pitch_name
from lstmgen.music.score import Notes, Score, printable
from lstmgen.wording import cells

_COLUMN_BEATS: Final = (0.125, 0.25, 0.5, 1.0, 2.0)
"""How much of a quarter note a column may show, the finest first."""
_LONG_LINES: Final = 260
"""A roll may have so many lines before its columns are made coarser than its notes ask for."""
_ENOUGH: Final = 0.95
"""Share of the onsets that must fall on columns."""
_LEAST_WIDTH: Final = 24
_LEGEND_LINES: Final = 2
_LINE_ROOM: Final = 6
"""Columns between two bar lines."""

_COLOURS: Final = ((33, 67), (208, 137), (36, 66), (169, 132), (178, 143), (99, 97), (74, 109), (131, 95))
"""Of the 256 colours of terminals, those of the tracks, loud and soft; readable on dark and on light ground."""
_SOFT: Final = 0.6
"""A note below this share of the loudest is drawn softly."""
_GREY: Final = "38;5;244"
_GRID: Final = "38;5;240"
_BOLD: Final = "1"
_ACCENT: Final = 1.15
"""A drum this much louder than usual is a capital X."""

Cell = tuple[str, str]
"""A character and its style, which may be empty."""


def draw_terminal(
    score: Score, *, width: int, height: int | None = None, colour: bool, title: str = "", ticks: tuple[int, int] | None = None
) -> str:
    """A piano roll as lines of text, without a line end after the last.

    Names from the file are escaped. Without `colour` there are no escape sequences at all.

    Args:
        score: what is drawn.
        width: columns of the terminal, 24 or more.
        height: lines that there may be; what does not fit is left out, and the head says what is shown.
        colour: whether tracks are told apart by colour, in 256 colours.
        title: the first line.
        ticks: draw only what lies between these two ticks.

    Raises:
        UsageError: the terminal is too narrow.
    """
    if width < _LEAST_WIDTH:
        raise UsageError(f"a piano roll needs {_LEAST_WIDTH} columns, found {width}", remedy="make the window wider, or give --width 80")
    part = part_of(score, ticks=ticks)
    room = None if height is None else height - len(_head(part, width, title))
    scale = _scale(part, width, room)
    last = scale.bounds[-1][1]
    if last + 1 < len(part.lines):
        part = part_of(score, ticks=(part.start_tick, int(part.lines[last])))
        scale = replace(scale, bounds=_with_columns(part, scale.names, scale.columns, scale.column_ticks).bounds)
    lines = [*_head(part, width, title), *(line for bounds in scale.bounds for line in _System(part, scale, bounds).lines())]
    return "\n".join(_written(line, colour=colour) for line in lines[:-1])


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Sizes in characters.

    Attributes:
        names: width of the names at the left.
        columns: width of the roll.
        column_ticks: how much of the piece a column shows.
        bounds: of every row of bars, the indices in `Part.lines` of its first bar line and its last.
        length: lines of all rows together.
    """

    names: int
    columns: int
    column_ticks: float
    bounds: tuple[tuple[int, int], ...]
    length: int


def _scale(part: Part, width: int, height: int | None) -> _Scale:
    """The sizes with which a roll is comfortable to read."""
    names = max([5, *(len(DRUM_GROUPS[group][0]) for group in part.drum_groups())])
    columns = width - names - 2
    longest = float(np.diff(part.lines).max()) / columns
    sizes = [beats * part.score.ticks_per_beat for beats in _COLUMN_BEATS]
    sizes = [size for size in sizes if size >= longest] or [longest]
    scales = [_with_columns(part, names, columns, size) for size in sizes]
    limit = _LONG_LINES if height is None else height
    fitting = [scale for scale in scales if scale.length <= limit] or scales[-1:]
    fine = [scale for scale in fitting if _resolved(part, scale.column_ticks) >= _ENOUGH] or [_not_finer(fitting, part)]
    wide = [scale for scale in fitting if len(scale.bounds) == 1] or fine[-1:]
    best = min(fine[-1], wide[0], key=lambda scale: scale.column_ticks)
    most = max(1, (limits.MAX_ROLL_LINES if height is None else height) // _system_lines(part))
    return replace(best, bounds=best.bounds[:most])


def _not_finer(scales: list[_Scale], part: Part) -> _Scale:
    """The finest of these that does not show less than a quarter of a beat in a column: what is played freely fits no columns at all."""
    return next((scale for scale in scales if scale.column_ticks >= 0.25 * part.score.ticks_per_beat), scales[-1])


def _with_columns(part: Part, names: int, columns: int, column_ticks: float) -> _Scale:
    bounds = shared_out(part.lines, columns * column_ticks * (1 + 1e-9))
    length = len(bounds) * _system_lines(part)
    return _Scale(names=names, columns=columns, column_ticks=column_ticks, bounds=tuple(bounds), length=length)


def _system_lines(part: Part) -> int:
    """Lines of one row of bars, with the one above that names the bars and an empty one below."""
    return _pitch_lines(part) + len(part.drum_groups()) + 2


def _pitch_lines(part: Part) -> int:
    return (part.high - part.low) // 2 + 1 if len(part.notes) or not len(part.drums) else 0


def _resolved(part: Part, column_ticks: float) -> float:
    """The share of the onsets that begin where a column begins, or nearly."""
    starts = np.concatenate([part.notes.start_ticks, part.drums.start_ticks]).astype(np.float64) - part.lines[0]
    off = np.abs(starts / column_ticks - np.rint(starts / column_ticks))
    return float((off < 0.1).mean()) if len(starts) else 1.0


def _head(part: Part, width: int, title: str) -> list[list[Cell]]:
    """Title, facts, legend, and an empty line."""
    lines = [[(clipped(printable(title), width), _BOLD)]] if title else []
    lines.append([(clipped(" \u00b7 ".join(facts(part)), width), _GREY)])
    return [*lines, *_legend(part, width), []]


def _legend(part: Part, width: int) -> list[list[Cell]]:
    """Marks and names of the tracks, in at most two lines."""
    entries, styles = voices(part), _track_styles(part)
    lines: list[list[Cell]] = [[]]
    room = width
    for place, voice in enumerate(entries):
        name = clipped(voice.name, max(8, width // 3))
        needed, last_row = cells(name) + 4, len(lines) == _LEGEND_LINES
        if room < width and needed + (12 if last_row and place + 1 < len(entries) else 0) > room:
            if last_row:
                lines[-1].append((f"and {len(entries) - place} more", _GREY))
                break
            lines.append([])
            room = width
        lines[-1] += [("\u2588" if voice.track is not None else "x", styles[voice.track][0]), (f" {name}  ", "")]
        room -= needed
    return [line for line in lines if line]


def _track_styles(part: Part) -> dict[int | None, tuple[str, str]]:
    """The numbers of the colour of every track, loud and soft; of the drums under None."""
    tracks = [voice.track for voice in voices(part) if voice.track is not None]
    styles: dict[int | None, tuple[str, str]] = {}
    for place, track in enumerate(tracks):
        loud, soft = _COLOURS[place % len(_COLOURS)]
        styles[track] = (f"38;5;{loud}", f"38;5;{soft}")
    return styles | {None: (_GREY, _GREY)}


class _System:
    """One row of bars."""

    def __init__(self, part: Part, scale: _Scale, bounds: tuple[int, int]) -> None:
        self._part, self._scale = part, scale
        self._lines = part.lines[bounds[0] : bounds[1] + 1]
        self._first_bar = part.first_bar + bounds[0]
        self._start, self._end = int(self._lines[0]), int(self._lines[-1])
        self._columns = max(1, min(scale.columns, math.ceil((self._end - self._start) / scale.column_ticks - 1e-9)))
        self._styles = _track_styles(part)
        self._bars = self._bar_columns()

    def lines(self) -> list[list[Cell]]:
        """The numbers of the bars, two pitches to a line, the drums, and an empty line."""
        lines = [self._numbers()]
        if _pitch_lines(self._part):
            lines += self._pitches()
        return [*lines, *self._drums(), []]

    def _column(self, tick: float) -> int:
        return math.floor((tick - self._start) / self._scale.column_ticks + 1e-6)

    def _bar_columns(self) -> set[int]:
        """Where bar lines stand: of short bars only every second, fourth, ..."""
        usual = float(np.median(np.diff(self._lines))) / self._scale.column_ticks
        step = 1
        while step * usual < _LINE_ROOM and step < len(self._lines):
            step *= 2
        return {
            self._column(tick) for place, tick in enumerate(self._lines[:-1].tolist()) if (self._first_bar + place) % step == 0 or not place
        }

    def _numbers(self) -> list[Cell]:
        in_bars = isinstance(self._part.bars, Bars)
        began = clock(self._part.seconds_at(self._start)) if in_bars else ""
        text = began.rjust(self._scale.names) + " "
        for place, tick in enumerate(self._lines[:-1].tolist()):
            at, bar = self._scale.names + 1 + self._column(tick), self._first_bar + place
            name = self._part.name(bar - self._part.first_bar)
            number = f"bar {name}" if in_bars and bar == max(self._first_bar, 0) else name
            if bar >= 0 and (len(text) < at or not place) and at + len(number) <= self._scale.names + 1 + self._scale.columns:
                text = text.ljust(at) + number
        return [(text, _GREY)]

    def _pitches(self) -> list[list[Cell]]:
        part = self._part
        # One row for each pitch from the top down, and one below where their number is odd; -1 is silence.
        rows = 2 * _pitch_lines(part)
        tracks_RC = np.full((rows, self._columns), -1, np.int64)
        soft_RC = np.zeros((rows, self._columns), np.bool_)
        for start, stop, row, track, soft in self._blocks(part.notes.take(self._sounding())):
            tracks_RC[row, start:stop] = track
            soft_RC[row, start:stop] = soft
        lines: list[list[Cell]] = []
        for upper in range(0, rows, 2):
            octave = next((pitch for pitch in (part.high - upper, part.high - upper - 1) if pitch % 12 == 0 and pitch >= part.low), None)
            name = "" if octave is None else pitch_name(octave)
            line: list[Cell] = [(name.rjust(self._scale.names) + " ", _GREY)]
            for column in range(self._columns):
                pair = tracks_RC[upper : upper + 2, column]
                if pair.max() < 0:
                    line.append(("\u2502" if column in self._bars else " ", _GRID))
                else:
                    line.append(self._block(pair, soft_RC[upper : upper + 2, column]))
            lines.append([*line, ("\u2502", _GRID)])
        return lines

    def _sounding(self) -> NDArray[np.bool_]:
        return (self._part.notes.start_ticks < self._end) & (self._part.notes.end_ticks > self._start)

    def _blocks(self, notes: Notes) -> list[tuple[int, int, int, int, bool]]:
        """Of every note: first column, column after the last, row, track, whether it is soft; long notes first."""
        threshold = _SOFT * int(self._part.notes.velocity.max()) if len(self._part.notes) else 0
        blocks: list[tuple[int, int, int, int, bool]] = []
        columns = (notes.start_ticks, notes.end_ticks, notes.pitch, notes.track, notes.velocity)
        for start, end, pitch, track, velocity in zip(*(column.tolist() for column in columns), strict=True):
            first = self._column(max(start, self._start))
            stop = max(first + 1, round((min(end, self._end) - self._start) / self._scale.column_ticks))
            blocks.append((first, stop, self._part.high - pitch, track, velocity < threshold))
        begins = {(first, row) for first, _, row, _, _ in blocks}
        # Where a pitch is struck again at once, a gap shows that it is.
        shown = [(first, stop - ((stop, row) in begins and stop > first + 1), row, track, soft) for first, stop, row, track, soft in blocks]
        return sorted(shown, key=lambda block: block[0] - block[1])

    def _block(self, tracks: NDArray[np.int64], soft: NDArray[np.bool_]) -> Cell:
        upper, lower = (None if track < 0 else self._styles[int(track)][int(quiet)] for track, quiet in zip(tracks, soft, strict=True))
        if upper is not None and lower is not None:
            return ("\u2588", upper) if upper == lower else ("\u2580", f"{upper};4{lower[1:]}")
        return ("\u2580", upper) if upper is not None else ("\u2584", lower or "")

    def _drums(self) -> list[list[Cell]]:
        part = self._part
        chosen = part.drums.take((part.drums.start_ticks >= self._start) & (part.drums.start_ticks < self._end))
        usual = float(np.median(part.drums.velocity)) if len(part.drums) else 0.0
        rows = {group: ["\u2502" if column in self._bars else " " for column in range(self._columns)] for group in part.drum_groups()}
        for start, group, velocity in zip(chosen.start_ticks.tolist(), drum_groups(chosen).tolist(), chosen.velocity.tolist(), strict=True):
            column = self._column(start)
            if rows[group][column] != "X":
                rows[group][column] = "X" if velocity > _ACCENT * usual else "x"
        return [
            [
                (DRUM_GROUPS[group][0].rjust(self._scale.names) + " ", _GREY),
                *((mark, "" if mark in "xX" else _GRID) for mark in marks),
                ("\u2502", _GRID),
            ]
            for group, marks in reversed(rows.items())
        ]


def _written(line: list[Cell], *, colour: bool) -> str:
    """The cells of a line as text, without blanks at its end."""
    if not colour:
        return "".join(text for text, _ in line).rstrip()
    while line and not line[-1][0].strip():
        line = line[:-1]
    line = [*line[:-1], *((text.rstrip(), style) for text, style in line[-1:])]
    parts: list[str] = []
    for style, run in groupby(line, key=lambda cell: cell[1]):
        text = "".join(cell[0] for cell in run)
        parts.append(f"\x1b[{style}m{text}\x1b[0m" if style and text.strip() else text)
    return "".join(parts)


def clipped(text: str, width: int) -> str:
    """As much of a text as fits, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "\u2026"
