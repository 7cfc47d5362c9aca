"""A trace as one page that needs nothing else: the text coloured by any gate or unit, a map of units by time, a list of units.

Every series is quantised to sixteen levels, which is what an eye tells apart, and deflated. What does not fit is left out from the end of
this order: the mean of every gate and state of a layer; of units that follow a feature everything; of the others their memory, those that
change most first.

Letters: T tokens, U units.
"""

from __future__ import annotations

import base64
import importlib.resources
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.analysis.trace import SURPRISAL, Channel, Trace

ROOM_BYTES: Final = 900_000
"""For all series together; what is beside them stays below 100 kB for 5,000 characters."""
_LEVELS: Final = 15
_TEMPLATE: Final = "page.html"


@dataclass(frozen=True)
class Follower:
    """A unit with what it follows: its layer, quantity and unit, from 0 on, and words."""

    layer: int
    quantity: str
    unit: int
    follows: str


def page(
    trace: Trace, tokens: Sequence[str], rows: Sequence[int], *, title: str, shown: Channel, followers: Sequence[Follower] = ()
) -> bytes:
    """The page in UTF-8.

    Args:
        trace: what was read.
        tokens: what each adds to the item.
        rows: the line or bar of each.
        title: at the head.
        shown: what is shown first.
        followers: units that are listed with what they follow, the best first.

    Raises:
        UsageError: the network has nothing of the kind that is to be shown.
    """
    shown.of(trace)
    places = list(trace.values)
    wanted = dict.fromkeys([Channel(), *map(Channel, places), shown, *_channels_of(trace, followers), *_by_change(trace)])
    series, told = _fitting(trace, wanted), {f"{follower.layer + 1}:{follower.quantity}:{follower.unit + 1}": "" for follower in followers}
    for follower in followers:
        key = f"{follower.layer + 1}:{follower.quantity}:{follower.unit + 1}"
        told[key] += (", " if told[key] else "") + follower.follows
    others = [key for key in series if key.count(":") == 2 and key not in told and _is_memory(trace, key)]
    values: dict[str, Any] = {
        "title": title,
        "tokens": list(tokens),
        "rows": list(rows),
        "nats": [round(nats, 2) for nats in trace.nats_T.tolist()],
        "channels": [SURPRISAL, *(str(Channel(place)) for place in places)],
        "bounds": {SURPRISAL: list(Channel().of(trace)[1])} | {str(Channel(place)): list(_bounds(trace, place)) for place in places},
        "about": {SURPRISAL: "nats"} | {str(Channel(place)): trace.cell.quantity(place[1]).about for place in places},
        "units": [{"key": key, "follows": follows} for key, follows in told.items() if key in series]
        + [{"key": key, "follows": ""} for key in others],
        "shown": {"name": str(Channel(shown.place)), "unit": None if shown.unit is None else shown.unit + 1},
        "series": series,
    }
    template = importlib.resources.files("lstmgen.analysis").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return template.replace("DATA", _script_safe(values), 1).encode("utf-8", "replace")


def _script_safe(values: Mapping[str, Any]) -> str:
    """JSON that no text in it can end the script of: neither a tag nor a comment begins in it, and half surrogates are written out."""
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")


def _bounds(trace: Trace, place: tuple[int, str]) -> tuple[float, float]:
    return trace.cell.quantity(place[1]).bounds or (-1.0, 1.0)


def _memory(trace: Trace) -> str:
    """The quantity that a unit remembers with."""
    names = dict.fromkeys(name for _, name in trace.values)
    return next((name for name in names if trace.cell.quantity(name).part == trace.cell.memory), next(iter(names)))


def _is_memory(trace: Trace, key: str) -> bool:
    return key.split(":")[1] == _memory(trace)


def _channels_of(trace: Trace, followers: Iterable[Follower]) -> Iterator[Channel]:
    """Everything of the units that follow something."""
    for follower in followers:
        yield Channel((follower.layer, follower.quantity), follower.unit)
    for follower in followers:
        for layer, name in trace.values:
            if layer == follower.layer and follower.unit < trace.values[layer, name].shape[1]:
                yield Channel((layer, name), follower.unit)


def _by_change(trace: Trace) -> list[Channel]:
    """The memory of every unit, those that change most first."""
    name = _memory(trace)
    changes = [
        (-change, layer, unit)
        for layer, other in trace.values
        if other == name
        for unit, change in enumerate(np.tanh(trace.values[layer, name]).std(0).tolist())
    ]
    return [Channel((layer, name), unit) for _, layer, unit in sorted(changes)]


def _fitting(trace: Trace, wanted: Iterable[Channel]) -> dict[str, str]:
    """As many series as there is room for, each packed, by the name of its channel."""
    found: dict[str, str] = {}
    room = ROOM_BYTES
    for channel in wanted:
        packed = _packed(*channel.of(trace))
        room -= len(packed) + len(str(channel)) + 6
        if room < 0:
            break
        found[str(channel)] = packed
    return found


def _packed(values_T: NDArray[np.floating], bounds: tuple[float, float]) -> str:
    """A series in sixteen levels, deflated, as base 64."""
    low, high = bounds
    levels_T = np.rint((np.clip(values_T, low, high) - low) / (high - low) * _LEVELS).astype(np.uint8)
    return base64.b64encode(zlib.compress(levels_T.tobytes(), 9)).decode()
