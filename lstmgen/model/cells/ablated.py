"""LSTM without one of its gates: what remains when the gate is always open (NIG, NFG and NOG of Greff et al. 2017).

    no input gate:    c' = f c + g          no output gate:   h' = tanh(c')
    no forget gate:   c' = c + i g          the cell of Hochreiter and Schmidhuber 1997

The cell of 1997 squashes by 4 sigmoid(a) - 2 = 2 tanh(a / 2) on the way in and 2 sigmoid(c) - 1 = tanh(c / 2) on the way out. With the
cell at half its size and the factor inside the tanh taken into the weights these are tanh and tanh, so the functions that it can compute
are the same. Its gradients are not cut at the gates here, as they were there.

Letters: B streams, I input, H hidden, G stacked gates: those that are kept, in the order i, f, g, o.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.cells.base import Cell, Gates, LayerState, Weights
from lstmgen.model.cells.derived import GATES, OPEN, from_lstm


def without(gate: str, *, only_fp32: str = "") -> Cell:
    """The record of an LSTM in which `input`, `forget` or `output` is always open."""
    kept = [name for name in GATES if name != gate]

    def equations(x_BI: Tensor, state: LayerState, w: Weights) -> tuple[Tensor, LayerState, Gates]:
        h_BH, c_BH = state
        rows_BG = F.linear(x_BI, w["input_weight"], w["bias"]) + F.linear(h_BH, w["recurrent_weight"])
        gates = {
            name: torch.tanh(row) if name == "candidate" else torch.sigmoid(row)
            for name, row in zip(kept, rows_BG.chunk(3, 1), strict=True)
        }
        gates[gate] = torch.ones_like(c_BH)
        c_BH = gates["forget"] * c_BH + gates["input"] * gates["candidate"]
        h_BH = gates["output"] * torch.tanh(c_BH)
        return h_BH, (h_BH, c_BH), {name: gates[name] for name in GATES} | {"cell": c_BH, "hidden": h_BH}

    def missing(rows: dict[str, Tensor], kind: str) -> Tensor:
        return torch.full_like(rows["candidate"], OPEN if kind == "bias" else 0.0)

    return from_lstm(kept=kept, equations=equations, missing=missing, only_fp32=only_fp32)


NO_INPUT = without("input")
NO_FORGET = without("forget", only_fp32="its cell only grows, and bf16 drops what is small beside it")
NO_OUTPUT = without("output")
