"""How large everything in a piano roll is: how many systems (rows of bars), how wide a beat, how high a semitone.

The number of bars to a system is the one with the least discomfort, a sum of what is unpleasant about a page: notes too close together or
too far apart, a page too high, a last system nearly empty, bars grouped by five.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from lstmgen import limits
from lstmgen.music.roll.part import Part, shared_out

DESIGN_WIDTH: Final = 1600
"""All sizes are given for a picture of this width and scaled with it."""
_LEAST_SCALE: Final = 0.5

MARGIN: Final = 56.0
KEYBOARD_WIDTH: Final = 30.0
STRIP_HEIGHT: Final = 26.0
"""Above a system, with the numbers of the bars."""
SYSTEM_GAP: Final = 30.0
LANE_GAP: Final = 10.0
LANE_ROW: Final = 19.0
_ROW_HEIGHTS: Final = (3.6, 13.0)
_WHOLE_PX: Final = 4.0
"""Rows at least this high are a whole number of pixels, for sharp edges."""
_GOAL_HEIGHT: Final = 1100.0
_PITCHES_HEIGHT: Final = 700.0
"""What all rows of pitches together would take on a page with one system; a page with more may be higher."""
_ONSET_PX: Final = 20.0
"""Between two onsets, where there is room."""
_BEAT_PX: Final = (30.0, 110.0)
LEAST_BEAT_PX: Final = 3.0
MOST_SYSTEMS: Final = 24


@dataclass(frozen=True)
class System:
    """One row of bars: indices in `Part.lines` of its first bar line and its last, and where it begins on the page."""

    first: int
    last: int
    top: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Sizes in pixels.

    Attributes:
        scale: pixels of one unit of design.
        width: of the page.
        height: of the page.
        left: where the panels begin, right of the keyboard.
        tick_px: width of a tick.
        row_px: height of a semitone.
        rows: how many semitones.
        lanes: how many rows of drums.
        systems: from top to bottom.
    """

    scale: float
    width: int
    height: int
    left: float
    tick_px: float
    row_px: float
    rows: int
    lanes: int
    systems: tuple[System, ...]


def scale_of(width: int) -> float:
    """Pixels of one unit of design in a picture of this width."""
    return max(width / DESIGN_WIDTH, _LEAST_SCALE)


def most_beats(width: int) -> float:
    """How many quarter notes the largest picture can hold."""
    return MOST_SYSTEMS * (width - 2 * MARGIN * scale_of(width)) / (LEAST_BEAT_PX * scale_of(width))


def make_plan(part: Part, *, width: int, header_px: float, label_px: float) -> Plan:
    """The most comfortable page.

    Args:
        part: what is drawn.
        width: of the page in pixels.
        header_px: height of what stands above the first system.
        label_px: width of the names left of the keyboard.
    """
    scale = scale_of(width)
    left = float(math.ceil(MARGIN * scale + label_px + (KEYBOARD_WIDTH if _has_keys(part) else 0.0) * scale))
    inner = max(width - left - MARGIN * scale, 100.0)
    bars = len(part.lines) - 1 - (part.first_bar < 0 and len(part.lines) > 2)
    plans = [_planned(part, count, width=width, left=left, inner=inner, header_px=header_px) for count in _candidates(bars)]
    fitting = [plan for plan in plans if plan.height <= limits.MAX_PICTURE_ASPECT * width] or plans[-1:]
    return min(fitting, key=lambda plan: _discomfort(part, plan, inner, header_px))


def _has_keys(part: Part) -> bool:
    return bool(len(part.notes)) or not len(part.drums)


def _candidates(bars: int) -> list[int]:
    """Numbers of bars to a system that are worth a try."""
    least = math.ceil(bars / MOST_SYSTEMS)
    counts = [count for count in range(1, 33) if least <= count <= bars]
    counts += [count for count in (least, *range(36, 128, 4), *(2**power for power in range(7, 13))) if least <= count <= bars]
    return sorted({*counts, bars})


def _planned(part: Part, count: int, *, width: int, left: float, inner: float, header_px: float) -> Plan:
    scale = scale_of(width)
    upbeat = int(part.first_bar < 0 and len(part.lines) > 2)  # it stands before a whole row, so that all rows begin alike
    lengths = np.diff(part.lines[upbeat:])
    # Where most bars are shorter than a tick, their usual length is 0 and the average has to do.
    rows_of = shared_out(part.lines[upbeat:], count * max(float(np.median(lengths)), float(lengths.mean())) * 1.001)
    bounds = [(first + upbeat if first else 0, last + upbeat) for first, last in rows_of]
    longest = max(int(part.lines[last] - part.lines[first]) for first, last in bounds)
    rows = part.high - part.low + 1 if _has_keys(part) else 0
    lanes = len(part.drum_groups())
    lane_px = lanes * LANE_ROW * scale + (LANE_GAP * scale if lanes and rows else 0)
    low, high = (size * scale for size in _ROW_HEIGHTS)
    row_px = min(max(_PITCHES_HEIGHT * scale * (0.85 + 0.15 * len(bounds)) / (len(bounds) * max(rows, 1)), low), high)
    row_px = math.floor(row_px) if row_px >= _WHOLE_PX else row_px
    system_px = STRIP_HEIGHT * scale + rows * row_px + lane_px
    tops = [math.ceil(header_px) + place * math.ceil(system_px + SYSTEM_GAP * scale) for place in range(len(bounds))]
    return Plan(
        scale=scale,
        width=width,
        height=math.ceil(tops[-1] + system_px + MARGIN * scale),
        left=left,
        tick_px=inner / longest,
        row_px=row_px,
        rows=rows,
        lanes=lanes,
        systems=tuple(System(first, last, top) for (first, last), top in zip(bounds, tops, strict=True)),
    )


def _discomfort(part: Part, plan: Plan, inner: float, header_px: float) -> float:
    beat_px = plan.tick_px * part.score.ticks_per_beat
    wanted = min(max(_ONSET_PX * part.onsets_per_beat, _BEAT_PX[0]), _BEAT_PX[1]) * plan.scale
    too_high = max(0.0, math.log((plan.height - header_px) / (_GOAL_HEIGHT * plan.scale - header_px)))
    last = plan.systems[-1]
    empty = 1 - float(part.lines[last.last] - part.lines[last.first]) * plan.tick_px / inner
    bars = plan.systems[0].last - plan.systems[0].first - (part.first_bar < 0)
    odd = 0.0 if bars % 4 == 0 or len(plan.systems) == 1 else 0.06 if bars % 2 == 0 else 0.12
    return 0.6 * math.log(beat_px / wanted) ** 2 + 1.4 * too_high + 0.6 * too_high**2 + 0.35 * empty + odd
