"""Ways in which LSTM layers train over a window on a CPU, other than torch's.

Each is a module with a name for people, the precisions in which it multiplies, the reason why it cannot be had here in one of them, where
there is such a reason, the shapes of layers for which it pays, and the function that runs a window. `choices.BackwardPass` has their names.

Letters: T window, B streams, I input.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Final

import torch
from torch import Tensor

from lstmgen.choices import BackwardPass
from lstmgen.model.cells import lstm_gradient
from lstmgen.model.cells.base import LayerState, Weights
from lstmgen.model.compiled import training

_TOKENS_PER_ROW: Final = 4
"""From which a table of inputs is worth making."""
WAYS: Final[Mapping[BackwardPass, ModuleType]] = {"compiled": training, "own": lstm_gradient}
"""The better ones first."""
_PRECISIONS: Final = {torch.float32: "fp32"}
_WANTED: ContextVar[BackwardPass] = ContextVar("way to train", default="torch")


@contextlib.contextmanager
def wanted(name: BackwardPass) -> Iterator[None]:
    """Layers for which it pays train in this way inside."""
    before = _WANTED.set(name)
    try:
        yield
    finally:
        _WANTED.reset(before)


def way_for(x_TBI: Tensor, weights: Weights) -> Callable[[Tensor, LayerState, Weights], tuple[Tensor, LayerState]] | None:
    """What is to run a window; None: torch."""
    way, (_, streams, inputs) = _way(weights), x_TBI.shape
    if way is None or not torch.is_grad_enabled() or not way.pays(inputs, weights["recurrent_weight"].shape[1], streams):
        return None
    return way.run


def _way(weights: Weights) -> ModuleType | None:
    """The way that is wanted, where it multiplies in the precision of now."""
    way = WAYS.get(_WANTED.get())
    precision = "bf16" if torch.is_autocast_enabled("cpu") else _PRECISIONS.get(weights["recurrent_weight"].dtype)
    return way if way is not None and precision in way.PRECISIONS else None


def way_by_rows(
    rows: int, ids_TB: Tensor, weights: Weights
) -> Callable[[Tensor, Tensor, LayerState, Weights], tuple[Tensor, LayerState]] | None:
    """What is to run a window whose inputs are rows of a table; None: whatever runs others."""
    hidden_size = weights["recurrent_weight"].shape[1]
    is_wanted = _way(weights) is training and torch.is_grad_enabled() and rows * _TOKENS_PER_ROW <= ids_TB.numel()
    return training.run_rows if is_wanted and training.pays(hidden_size, hidden_size, ids_TB.shape[1]) else None
