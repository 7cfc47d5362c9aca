"""How much of the gradient reaches a token k steps back: the vanishing gradient (Hochreiter 1991; Bengio et al. 1994), measured.

One term of loss stands at the last token. Its gradient with respect to what a layer carried k steps before, such as the output h and the
cell c, apart and together, is taken by the equations in float64, and given as a share of that at the last step, all of it together.

Letters: T tokens, B streams, L layers, K distances.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen import storage
from lstmgen.drawing import to_bytes
from lstmgen.drawing.plot import Axis, Series, plot
from lstmgen.model.cells import cell_of
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.wording import counted

LAGS: Final = (1, 2, 5, 10, 20, 50, 100)
_WIDTH, _SYMBOLS, _STREAMS = 128, 64, 8


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is left of the gradient in one layer.

    Attributes:
        layer: its number, from the input on.
        part: `h`, `c` or another letter of the cell's, or `all` for everything that is carried.
        lags: distances K.
        median: the share that is left at each distance, of the middle stream.
        low: of the stream at the tenth part from below.
        high: of the stream at the tenth part from above.
    """

    layer: int
    part: str
    lags: tuple[int, ...]
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def gradient_kept(network: LanguageModel, ids_TB: Tensor, *, lags: Sequence[int] = LAGS) -> list[Kept]:
    """The measurement on a network and ids of shape (T + 1, B); the last row is what has to be foretold.

    Args:
        network: the model; a copy of it in float64 is measured, without dropout.
        ids_TB: what it reads.
        lags: distances; those beyond the ids are left out.
    """
    exact = LanguageModel(network.architecture).double()
    exact.load_state_dict(network.state_dict())
    exact.eval()
    last = len(ids_TB) - 2
    lags = tuple(lag for lag in lags if lag <= last)
    logits_TBV, _, gates_LT = exact.trace(ids_TB[:-1], exact.zero_state(ids_TB.shape[1]))
    loss = F.cross_entropy(logits_TBV[-1], ids_TB[-1], reduction="sum")
    found: list[Kept] = []
    cell = cell_of(network.architecture.cell)
    for layer, gates_T in enumerate(gates_LT):
        carried = {quantity.part: name for name in gates_T[0] if (quantity := cell.quantity(name)).part is not None}
        parts = [carried[part] for part in sorted(carried)]
        places = [gates_T[last - lag][name] for lag in (0, *lags) for name in parts]
        gradients = torch.autograd.grad(loss, places, retain_graph=True, allow_unused=True)
        norms = [torch.zeros(ids_TB.shape[1]).double() if grad is None else grad.flatten(1).norm(dim=1) for grad in gradients]
        norms_KPB = torch.stack(norms).view(len(lags) + 1, len(parts), -1)
        whole_KB = norms_KPB.norm(dim=1)
        found.append(_kept(layer, "all", lags, whole_KB[1:] / whole_KB[0]))
        found.extend(_kept(layer, cell.quantity(name).symbol, lags, norms_KPB[1:, place] / whole_KB[0]) for place, name in enumerate(parts))
    return found


def _kept(layer: int, part: str, lags: tuple[int, ...], share_KB: Tensor) -> Kept:
    low, median, high = (tuple(share_KB.quantile(level, dim=1).tolist()) for level in (0.1, 0.5, 0.9))
    return Kept(layer=layer, part=part, lags=lags, median=median, low=low, high=high)


def untrained(cell: str, *, seed: int = 0, forget_bias: float | None = None, lags: Sequence[int] = LAGS) -> Kept:
    """Of a fresh layer of 128 units on random symbols, all that is carried together.

    Args:
        cell: which.
        seed: of the weights and the symbols.
        forget_bias: of an LSTM; None: as it begins here, with 1.
        lags: distances.
    """
    torch.manual_seed(seed)
    network = LanguageModel(
        Architecture(
            vocab_size=_SYMBOLS, embedding_size=_WIDTH, hidden_size=_WIDTH, num_layers=1, cell=cell, layer_norm=False, residual=False
        )
    )
    if forget_bias is not None:
        with torch.no_grad():
            network.layers[0].get_parameter("bias").chunk(4)[1].fill_(forget_bias)
    return gradient_kept(network, torch.randint(_SYMBOLS, (max(lags) + 2, _STREAMS)), lags=lags)[0]


def fresh(architecture: Architecture, *, seed: int = 0) -> LanguageModel:
    """A network of this shape that has learned nothing: the control of whatever is measured in one that has."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LanguageModel(architecture).eval()


def distance(kept: Kept, share: float) -> float | None:
    """After how many steps no more than this share is left; between two lags by a straight line in the logarithm. None: not within them."""
    before = (0, 1.0)
    for lag, left in zip(kept.lags, kept.median, strict=True):
        if left <= share:
            high, low = math.log(before[1]), math.log(max(left, sys.float_info.min))
            return before[0] + (lag - before[0]) * (high - math.log(share)) / (high - low) if high > low else float(lag)
        before = (lag, left)
    return None


CLOSED_FORMS: Final = (
    ("sigmoid(1)^k, a cell alone", 1 / (1 + math.exp(-1))),
    ("said of a plain RNN", 0.4 ** (1 / 10)),
)
"""Factors a step: of a cell that only its forget bias of 1 acts on, and of what introductions to the LSTM say: 60 % lost in ten steps."""


def gradient_picture(rows: Sequence[tuple[str, Kept]], kind: str, *, dark: bool = False, width: int = 1200) -> bytes:
    """The share that is left by the distance, both in powers of ten, as the content of an SVG or PNG file.

    Args:
        rows: names and what was measured.
        kind: of the file.
        dark: light on dark.
        width: in pixels.
    """
    series = [Series(name=name, thin=[], thick=list(zip(kept.lags, kept.median, strict=True))) for name, kept in rows]
    lags = rows[0][1].lags
    series += [Series(name=name, thin=[(lag, factor**lag) for lag in lags], thick=[]) for name, factor in CLOSED_FORMS]
    picture = plot(
        series,
        x=Axis(label="steps back", log=True),
        y=Axis(label="share of the gradient that is left", log=True),
        key="thick: measured, thin: closed form, and what is said",
        title="The gradient that reaches back",
        description="; ".join(f"{name}: {kept.median[-1]:.1e} after {counted(lags[-1], 'step')}" for name, kept in rows),
        dark=dark,
        width=width,
    )
    return to_bytes(picture, kind)


def save_gradient_picture(rows: Sequence[tuple[str, Kept]], path: Path) -> None:
    """Writes it to a file whose ending says the kind. Raises MachineError."""
    storage.atomic_write(path, gradient_picture(rows, path.suffix.lower().removeprefix(".")))
