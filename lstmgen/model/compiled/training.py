"""An LSTM layer over a window of training, compiled: `training_loops.py` between tensors and gradients.

oneDNN multiplies at every token what it has to, and between its products numbers go through memory. Here gates, cells, outputs and the
gradients of gates are computed while the sums of a product are in registers. Each thread takes some of the streams through the whole
window, so that nobody waits at a token, and the gradient of the weights is one product a window. Inputs, outputs, cells and gradients that
leave the layer are in fp32; under autocast the factors of products and the gates that the backward pass needs are rounded to bf16.

Letters: T window, B streams, I input, H hidden, G stacked gates, Z input and hidden side by side.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from array import array
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor
from torch.autograd.function import once_differentiable

from lstmgen.model.cells.base import LayerState, Weights
from lstmgen.model.compiled import crew
from lstmgen.model.compiled.kinds import KINDS, ROWS, Kind, kind_for
from lstmgen.model.fp32 import over_rows

NAME: Final = "compiled layers"
PRECISIONS: Final = ("bf16", "fp32")
_LEAST_HIDDEN: Final = 128
"""Smaller layers are faster too, but a run that has them may well be over before numba is loaded."""
_PANEL: Final = 32
"""A multiple of each kind's."""
_GAP_BYTES: Final = 64
"""Between two rows, without which rows of 4,096 bytes would fall into the same places of a core's cache."""
_DTYPES: Final = {"bf16": torch.bfloat16, "fp32": torch.float32}


def problem(precision: str) -> str:
    """Why there are no compiled layers here that multiply in this precision; empty where there are."""
    if importlib.util.find_spec("numba") is None:
        return "numba is not installed: pip install 'lstmgen[fast]'"
    if kind_for(precision) is not None:
        return ""
    return f"the processor has no {' or '.join(kind.named for kind in KINDS if kind.precision == precision)}"


def pays(input_size: int, hidden_size: int, streams: int) -> bool:
    """Whether a layer has a shape that the loops know, and is large enough. By shape alone; nothing is timed."""
    return hidden_size >= _LEAST_HIDDEN and streams >= ROWS and not input_size % _PANEL and not hidden_size % _PANEL


def run(x_TBI: Tensor, state: LayerState, weights: Weights) -> tuple[Tensor, LayerState]:
    """A window.

    Args:
        x_TBI: on the CPU; I and H are multiples of 32.
        state: h and c.
        weights: of an LSTM.
    """
    nowhere_TB = torch.zeros(x_TBI.shape[:2], dtype=torch.int64)
    return _padded(weights["bias"][None], nowhere_TB, x_TBI, state, weights["input_weight"], weights["recurrent_weight"])


def run_rows(rows_VI: Tensor, ids_TB: Tensor, state: LayerState, weights: Weights) -> tuple[Tensor, LayerState]:
    """A window whose inputs are rows of a table: what each row gives its gates is computed once, and not at every token that has it.

    Args:
        rows_VI: on the CPU; H is a multiple of 32.
        ids_TB: the numbers of the rows.
        state: h and c.
        weights: of an LSTM.
    """
    with torch.autocast("cpu", enabled=False):
        table_VG = F.linear(rows_VI, weights["input_weight"], weights["bias"])
    nothing_TBI = table_VG.new_empty(*ids_TB.shape, 0)
    return _padded(table_VG, ids_TB, nothing_TBI, state, weights["input_weight"][:, :0], weights["recurrent_weight"])


def _padded(table_VG: Tensor, ids_TB: Tensor, x_TBI: Tensor, state: LayerState, *matrices: Tensor) -> tuple[Tensor, LayerState]:
    """A window with streams of zeros besides, where their number is not a multiple of `ROWS`."""
    streams = ids_TB.shape[1]
    given = [each.float() for each in (x_TBI, *state)]
    if streams % ROWS:
        ids_TB = F.pad(ids_TB, (0, -streams % ROWS))
        given = [F.pad(each, (0, 0, 0, -streams % ROWS)) for each in given]
    y_TBH, *after = _Window.apply(_kind(), ids_TB, table_VG, *given, *matrices)
    return y_TBH[:, :streams], tuple([part_BH[:streams] for part_BH in after])


def _kind() -> Kind:
    """The kind in which products are made now."""
    precision = "bf16" if torch.is_autocast_enabled("cpu") else "fp32"
    kind = kind_for(precision)
    if kind is None:
        raise ImportError(problem(precision))
    return kind


@functools.cache
def _loops(kind: Kind) -> Any:
    loops = importlib.import_module("lstmgen.model.compiled.training_loops")
    if problem := loops.problem(kind):
        raise ImportError(problem)
    return loops


def _share(kind: Kind, loop: str, count: int, step: int, *given: Tensor | int) -> None:
    """Runs a loop over `count` things, `step` of them at a time, on as many threads as torch has; tensors go as addresses."""
    blocks = count // step
    parts = min(torch.get_num_threads(), blocks)
    numbers = [each.data_ptr() if isinstance(each, Tensor) else each for each in given]
    job = array("q", [0, parts, blocks, step, len(numbers), *numbers, *[0] * parts])
    crew.run(_loops(kind).runnable(kind, loop), job, parts, given)


class _Window(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kind: Kind, ids_TB: Tensor, *given: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        table_VG, x_TBI, h_BH, c_BH, input_GI, recurrent_GH = (each.float().contiguous() for each in given)
        (window, streams, inputs), size, lanes, gap = x_TBI.shape, h_BH.shape[1], kind.lanes, _GAP_BYTES // kind.size
        new = functools.partial(x_TBI.new_empty, dtype=_DTYPES[kind.precision])
        panels, z_TBZ = new(4 * size * (inputs + size)), new(window + 1, streams, inputs + size + gap)
        z_TBZ[0, :, inputs : inputs + size] = h_BH
        gates_TBG = new(window, streams, 4 * size + gap)
        c_TBH, y_TBH = x_TBI.new_empty(window + 1, streams, size), x_TBI.new_empty(window, streams, size)
        c_TBH[0] = c_BH
        table_VG, ids_TB = table_VG.view(-1, 4, size // lanes, lanes).transpose(1, 2).contiguous(), ids_TB.contiguous()
        _share(kind, "pack_forward", size // lanes, 1, inputs, size, input_GI, recurrent_GH, panels)
        shape = streams, window, inputs, size
        z_row, gates_row = (kind.size * rows.shape[2] for rows in (z_TBZ, gates_TBG))
        _share(kind, "forward", streams, ROWS, *shape, x_TBI, z_TBZ, z_row, panels, table_VG, ids_TB, c_TBH, gates_TBG, gates_row, y_TBH)
        ctx.kind, ctx.rows = kind, len(table_VG)
        ctx.save_for_backward(ids_TB, z_TBZ, gates_TBG, c_TBH, input_GI, recurrent_GH)
        return y_TBH, y_TBH[-1].clone(), c_TBH[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        kind, (dy_TBH, dh_BH, dc_BH) = ctx.kind, given
        ids_TB, z_TBZ, gates_TBG, c_TBH, input_GI, recurrent_GH = ctx.saved_tensors
        (window, streams, _), inputs, size = gates_TBG.shape, input_GI.shape[1], dc_BH.shape[1]
        dy_TBH, dh_BH, dc_BH = dy_TBH.contiguous(), torch.cat([dh_BH, torch.zeros_like(dh_BH)]), dc_BH.clone()
        panels, dz_TBG = z_TBZ.new_empty(4 * size * (inputs + size)), torch.empty_like(gates_TBG)
        sums = c_TBH.new_zeros(streams // ROWS, 4 * size)
        dx_TBI = c_TBH.new_empty(window, streams, inputs) if ctx.needs_input_grad[3] and inputs else None
        first_BH = torch.empty_like(dc_BH) if ctx.needs_input_grad[4] else None
        into = [0 if each is None else each for each in (dx_TBI, first_BH)]
        _share(kind, "pack_backward", (inputs + size) // kind.panel, 1, inputs, size, input_GI, recurrent_GH, panels)
        shape, row = (streams, window, inputs, size), kind.size * gates_TBG.shape[2]
        _share(kind, "backward", streams, ROWS, *shape, dz_TBG, row, panels, dy_TBH, dh_BH, dc_BH, c_TBH, gates_TBG, row, sums, *into)
        of_weights_GZ = over_rows(dz_TBG.flatten(0, 1), z_TBZ[:-1].flatten(0, 1), (4 * size, inputs + size))
        of_input, of_hidden = (_as_stacked(part_GK, size, kind) for part_GK in of_weights_GZ.split([inputs, size], dim=-1))
        table_GV = sums.sum(0)[:, None]
        if ctx.rows > 1:
            table_VG = sums.new_zeros(ctx.rows, 4 * size)
            _share(kind, "gather", 4 * size // kind.lanes, 1, window * streams, ids_TB, dz_TBG, row, table_VG, 16 * size)
            table_GV = table_VG.t()
        return None, None, _as_stacked(table_GV, size, kind).t(), dx_TBI, first_BH, dc_BH, of_input, of_hidden


def _as_stacked(blocked_GK: Tensor, size: int, kind: Kind) -> Tensor:
    """Rows in the order in which the gates of blocks of units lie, in that of stacked gates and in fp32, copied once."""
    stacked_GK = blocked_GK.new_empty(blocked_GK.shape, dtype=torch.float32)
    stacked_GK.unflatten(0, (4, size // kind.lanes, kind.lanes)).copy_(
        blocked_GK.unflatten(0, (size // kind.lanes, 4, kind.lanes)).transpose(0, 1)
    )
    return stacked_GK
