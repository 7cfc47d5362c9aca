"""sLSTM: Beck et al. 2024, xLSTM. Gates that are exponentials, with a normaliser, and memory that is mixed within heads.

    i = exp(W x + U h + b)      f, o = sigmoid(W x + U h + b)       z = tanh(W x + U h + b)
    c' = f c + i z              n' = f n + i                    h' = o c' / n'

Exponentials overflow, so c and n are kept divided by exp(m): m' = max(log f + m, log i), and log i where n is zero, at the first token.
U is block-diagonal: a head of units sees its own outputs alone.

Letters: T window, B streams, I input, H hidden, G stacked gates: i, f, z, o in this order, N heads, D units of a head, F = 4 D.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lstmgen.model.arrays import TENSORS, Array, Arrays
from lstmgen.model.cells import gated
from lstmgen.model.cells.base import Cell, LayerState, Quantity, Shape, Weights, gate, output

_MOST_HEADS = 4


def heads(hidden_size: int) -> int:
    """Four, or as many as divide the width."""
    return next(count for count in range(_MOST_HEADS, 0, -1) if hidden_size % count == 0)


def shapes(input_size: int, hidden_size: int) -> dict[str, Shape]:
    """The recurrent matrices head by head, each with its four gates stacked."""
    count = heads(hidden_size)
    unit = hidden_size // count
    return {"input_weight": (4 * hidden_size, input_size), "recurrent_weight": (count, 4 * unit, unit), "bias": (4 * hidden_size,)}


def elementwise(
    by: Arrays, gates_BG: Array, state: tuple[Array, ...], _: Mapping[str, Array]
) -> tuple[Array, tuple[Array, ...], dict[str, Array]]:
    """One token, from the stacked gates."""
    c_BH, n_BH, m_BH = state[1:]
    log_i_BH, f_BH, z_BH, o_BH = by.parts(gates_BG, 4)
    log_f_BH = by.log_sigmoid(f_BH) + m_BH
    largest_BH = by.where(n_BH == 0, log_i_BH, by.maximum(log_f_BH, log_i_BH))
    i_BH, f_BH = by.exp(log_i_BH - largest_BH), by.exp(by.where(n_BH == 0, n_BH, log_f_BH - largest_BH))
    z_BH, o_BH = by.tanh(z_BH), by.sigmoid(o_BH)
    c_BH = f_BH * c_BH + i_BH * z_BH
    n_BH = f_BH * n_BH + i_BH
    h_BH = o_BH * c_BH / n_BH
    gates = {"input": i_BH, "forget": f_BH, "candidate": z_BH, "output": o_BH, "cell": c_BH, "normaliser": n_BH, "hidden": h_BH}
    gates["stabiliser"] = largest_BH
    return h_BH, (h_BH, c_BH, n_BH, largest_BH), gates


def _recurrent(weights: Weights) -> Tensor:
    """The block-diagonal matrix of shape (G, H) whole."""
    blocks = weights["recurrent_weight"]
    count, rows, unit = blocks.shape
    whole = blocks.new_zeros(4, count, rows // 4, count, unit)
    for head, block in enumerate(blocks):
        whole[:, head, :, head] = block.view(4, unit, unit)
    return whole.view(count * rows, count * unit)


def fused(x_TBI: Tensor, state: LayerState, weights: Weights, training: bool) -> tuple[Tensor, LayerState]:  # noqa: ARG001, FBT001 - of `Cell`
    """A whole window; the input's product at once, the heads' side by side."""
    gates_TBG = gated.hoist(x_TBI, weights)
    blocks_NDF = weights["recurrent_weight"].to(gates_TBG.dtype).transpose(1, 2)
    streams, (count, unit, _) = x_TBI.shape[1], blocks_NDF.shape
    outputs_T = []
    with torch.autocast(x_TBI.device.type, enabled=False):
        for gates_BG in gates_TBG:
            h_NBD = state[0].to(gates_BG.dtype).view(streams, count, unit).transpose(0, 1)
            mixed_BG = torch.bmm(h_NBD, blocks_NDF).view(count, streams, 4, unit).permute(1, 2, 0, 3).reshape(streams, -1)
            h_BH, state, _ = elementwise(TENSORS, (gates_BG + mixed_BG).to(state[1].dtype), state, weights)
            outputs_T.append(h_BH)
    return torch.stack(outputs_T), state


def initialise(weights: Weights) -> None:
    """Matrices as those of their kind; forget biases from 3 to 6 along a head, so that its units remember for longer and longer."""
    nn.init.xavier_uniform_(weights["input_weight"])
    for block in weights["recurrent_weight"]:
        for rows in block.chunk(4):
            nn.init.orthogonal_(rows)
    nn.init.zeros_(weights["bias"])
    size = len(weights["bias"]) // 4
    count = heads(size)
    weights["bias"][size : 2 * size] = torch.linspace(3.0, 6.0, size // count).repeat(count)


CELL = Cell(
    shapes=shapes,
    state=lambda hidden_size: ((hidden_size,),) * 4,
    equations=gated.equations(elementwise, _recurrent),
    initialise=initialise,
    fused=fused,
    hoist=gated.hoist,
    kernel=gated.kernel(elementwise, _recurrent),
    quantities={
        "input": gate("how much of the candidate is let in, beside what is kept"),
        "forget": gate("how much of the cell is kept, beside what is let in", kept=lambda f: f),
        "candidate": Quantity(about="what could be let in", bounds=(-1.0, 1.0)),
        "output": gate("how much of the cell is shown"),
        "cell": Quantity(about="the memory, times the normaliser", symbol="c", part=1),
        "normaliser": Quantity(about="what the memory is divided by", symbol="n", part=2),
        "stabiliser": Quantity(about="the exponent that cell and normaliser are divided by", symbol="m", part=3),
        "hidden": output(),
    },
)
