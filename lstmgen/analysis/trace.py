"""What a network computes while it reads: every gate and state of every layer at every token, and the surprisals beside them.

It is read by the equations of the cell, which name everything that they compute; so any cell can be looked at, whatever its state.

Letters: T tokens, U numbers of one quantity in one layer, which are the units H unless a state is larger.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor

from lstmgen import limits
from lstmgen.errors import InputError, UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.legal import Legal
from lstmgen.model.cells import Cell, cell_of
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.legal import forbid
from lstmgen.model.reading import inference
from lstmgen.model.state import State
from lstmgen.wording import counted

_CHUNK: Final = 256
_SHUT, _OPEN = 0.1, 0.9
"""Below and above which a gate counts as shut and as open (Karpathy, Johnson and Fei-Fei 2015)."""

Place = tuple[int, str]
"""A layer, from 0 on, and the name of a quantity."""
Series = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Trace:
    """Items that were read one after the other.

    Attributes:
        cell: whose equations.
        ids: of the items, of shape (T,).
        nats_T: the surprisal of each of them.
        values: what was computed when each of them was read, of shape (T, U), by layer and quantity.
    """

    cell: Cell
    ids: Ids
    nats_T: NDArray[np.float64]
    values: dict[Place, Series]

    def within(self, place: Place) -> tuple[Series, tuple[float, float]]:
        """A quantity between two bounds: as it is, or where it has none as its tanh."""
        bounds = self.cell.quantity(place[1]).bounds
        return (np.tanh(self.values[place]), (-1.0, 1.0)) if bounds is None else (self.values[place], bounds)

    def saturation(self) -> dict[Place, tuple[float, float]]:
        """Of every gate, the share of time and units in which it is shut, below 0.1, and open, above 0.9."""
        gates = [place for place in self.values if self.cell.quantity(place[1]).bounds == (0.0, 1.0)]
        return {place: (float((self.values[place] < _SHUT).mean()), float((self.values[place] > _OPEN).mean())) for place in gates}

    def memory_lengths(self) -> dict[int, NDArray[np.float64]]:
        """By layer for each unit the tokens that it remembers: 1 / (1 - what it keeps of its memory from token to token, on average)."""
        lengths: dict[int, NDArray[np.float64]] = {}
        for (layer, name), series_TU in self.values.items():
            if (kept := self.cell.quantity(name).kept) is not None:
                share_U = kept(torch.from_numpy(series_TU).double()).mean(0).numpy()
                lengths[layer] = 1 / np.maximum(1 - share_U, np.finfo(np.float64).eps)
        return lengths


def read_trace(
    network: LanguageModel,
    *items: Ids,
    only: Collection[str] | None = None,
    legal: Legal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """Reads items one after the other, each from its boundary and an empty state on.

    Args:
        network: the model.
        items: ids, without their boundaries.
        only: the quantities that are kept; None: all.
        legal: which ids may come where in an item; None: all of them.
        progress: called with the number of tokens done and of all.

    Raises:
        InputError: there is nothing to read, or more than can be held.
    """
    total, done = sum(map(len, items)), 0
    if not total:
        raise InputError("there is nothing to look at", remedy="give a text, or leave it out to see what the model writes itself")
    parts: dict[Place, list[Series]] = {}
    nats: list[NDArray[np.float64]] = []
    for ids in items:
        inputs, state = np.concatenate([[BOUNDARY_ID], ids]), network.zero_state(1)
        rows = None if legal is None else torch.from_numpy(legal(ids))
        for begin in range(0, len(inputs), _CHUNK):
            here = None if rows is None else rows[begin : min(begin + _CHUNK, len(ids))]
            nats_T, values, state = _read(network, inputs[begin : begin + _CHUNK + 1], state, only, here)
            nats.append(nats_T)
            for place, series_TU in values.items():
                parts.setdefault(place, []).append(series_TU if begin else series_TU[1:])
            numbers = sum(pieces[0].shape[1] for pieces in parts.values())
            if numbers * total > limits.MAX_TRACE_NUMBERS:
                raise InputError(
                    f"{counted(total, 'token')} with {numbers:,} numbers each: more than is held at a time",
                    remedy=f"--first {limits.MAX_TRACE_NUMBERS // numbers - 1}",
                )
            if progress is not None:
                progress(min(done + begin + _CHUNK, done + len(ids)), total)
        done += len(ids)
    return Trace(
        cell=cell_of(network.architecture.cell),
        ids=np.concatenate(items),
        nats_T=np.concatenate(nats),
        values={place: np.concatenate(pieces) for place, pieces in parts.items()},
    )


def _read(
    network: LanguageModel, inputs: Ids, state: State, only: Collection[str] | None, legal_TK: Tensor | None
) -> tuple[NDArray[np.float64], dict[Place, Series], State]:
    """A stretch and the token after it: surprisals, what was computed at each token of the stretch, and the state behind it."""
    window_T1 = torch.from_numpy(inputs.astype(np.int64)).to(network.device).unsqueeze(1)
    with inference(network):
        logits_TBV, state, gates_LT = network.trace(window_T1[:_CHUNK], state)
        expected = window_T1[1:].flatten()
        legal_TK = None if legal_TK is None else legal_TK.to(network.device)
        logits_TV = forbid(logits_TBV[: len(expected), 0].float(), legal_TK)
        nats_T = F.cross_entropy(logits_TV, expected, reduction="none").double().cpu().numpy()
        values = {
            (layer, name): torch.stack([gates[name].flatten() for gates in gates_T]).float().cpu().numpy()
            for layer, gates_T in enumerate(gates_LT)
            for name in gates_T[0]
            if only is None or name in only
        }
    return nats_T, values, state


@dataclass(frozen=True)
class Channel:
    """What can be shown of a trace as one number a token: the surprisal, a quantity of one unit, or its mean over a layer.

    Attributes:
        place: the layer and the quantity; None: the surprisal.
        unit: from 0 on; None: the mean of all.
    """

    place: Place | None = None
    unit: int | None = None

    @staticmethod
    def parse(text: str) -> Channel:
        """`surprisal`, `2:forget` or `2:cell:37`; layers and units are counted from 1.

        Raises:
            UsageError: it is none of these.
        """
        if text == SURPRISAL:
            return Channel()
        layer, _, rest = text.partition(":")
        name, _, unit = rest.partition(":")
        numbers = [layer, unit] if unit or rest.endswith(":") else [layer]
        if not name or not all(number.isdecimal() and int(number[:9]) > 0 for number in numbers):
            raise UsageError(f"{text!r} is no part of a network", remedy=_SHOWABLE)
        return Channel((int(layer[:9]) - 1, name), int(unit[:9]) - 1 if unit else None)

    def of(self, trace: Trace) -> tuple[NDArray[np.floating], tuple[float, float]]:
        """Its number at each token, of shape (T,), and the bounds between which these lie.

        Raises:
            UsageError: the network has no such layer, quantity or unit.
        """
        if self.place is None:
            return trace.nats_T, (0.0, max(1.0, float(np.quantile(trace.nats_T, 0.98))))
        if self.place not in trace.values:
            names = list(dict.fromkeys(name for _, name in trace.values))
            layers = 1 + max(layer for layer, _ in trace.values)
            raise UsageError(
                f"the network has no {self}: there are layers 1 to {layers}, each with {', '.join(names)}", remedy=f"--show 1:{names[-1]}"
            )
        series_TU, bounds = trace.within(self.place)
        if self.unit is None:
            return series_TU.mean(1), bounds
        if self.unit >= series_TU.shape[1]:
            raise UsageError(
                f"the network has no {self}: there are units 1 to {series_TU.shape[1]}",
                remedy=f"--show {self.place[0] + 1}:{self.place[1]}:1",
            )
        return series_TU[:, self.unit], bounds

    def __str__(self) -> str:
        """As it is typed."""
        if self.place is None:
            return SURPRISAL
        layer, name = self.place
        return f"{layer + 1}:{name}" + ("" if self.unit is None else f":{self.unit + 1}")


SURPRISAL: Final = "surprisal"
_SHOWABLE: Final = "surprisal, LAYER:QUANTITY such as 2:forget, or LAYER:QUANTITY:UNIT such as 2:cell:37"
