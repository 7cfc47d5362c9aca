"""Each cell written as its equations, one token at a time, every gate visible.

The slow twins of `layers.py`: slow, readable, and equal to it. Tests hold the two together, `inspect` looks at the gates.

Letters: B streams, I input, H hidden, G stacked gates. Weights are stacked as torch stacks them, so the same tensors fit both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """The parameters of one recurrent layer.

    Attributes:
        input_GI: from the layer's input to the stacked gates.
        recurrent_GH: from the layer's own last output to the stacked gates.
        input_bias_G: added with the input.
        recurrent_bias_G: added with the recurrence; it is apart because the GRU's reset gate acts on it.
    """

    input_GI: Tensor
    recurrent_GH: Tensor
    input_bias_G: Tensor
    recurrent_bias_G: Tensor


@dataclass(frozen=True)
class LstmGates:
    """Everything an LSTM computes for one token; each of shape (B, H).

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
    """

    input: Tensor
    forget: Tensor
    candidate: Tensor
    output: Tensor
    cell: Tensor
    hidden: Tensor


def lstm_step(x_BI: Tensor, h_BH: Tensor, c_BH: Tensor, w: Weights) -> LstmGates:
    """One token through an LSTM: `c' = f c + i g`, `h' = o tanh(c')`."""
    stacked_BG = F.linear(x_BI, w.input_GI, w.input_bias_G) + F.linear(h_BH, w.recurrent_GH, w.recurrent_bias_G)
    i_BH, f_BH, g_BH, o_BH = stacked_BG.chunk(4, dim=1)
    i_BH = torch.sigmoid(i_BH)
    f_BH = torch.sigmoid(f_BH)
    g_BH = torch.tanh(g_BH)
    o_BH = torch.sigmoid(o_BH)
    c_BH = f_BH * c_BH + i_BH * g_BH
    h_BH = o_BH * torch.tanh(c_BH)
    return LstmGates(input=i_BH, forget=f_BH, candidate=g_BH, output=o_BH, cell=c_BH, hidden=h_BH)


@dataclass(frozen=True)
class GruGates:
    """Everything a GRU computes for one token; each of shape (B, H). Cho et al. 2014, in the variant that cuDNN computes."""

    reset: Tensor
    update: Tensor
    candidate: Tensor
    hidden: Tensor


def gru_step(x_BI: Tensor, h_BH: Tensor, w: Weights) -> GruGates:
    """One token through a GRU: `h' = (1 - z) n + z h`, the reset gate inside the candidate."""
    from_input_BG = F.linear(x_BI, w.input_GI, w.input_bias_G)
    from_state_BG = F.linear(h_BH, w.recurrent_GH, w.recurrent_bias_G)
    xr_BH, xz_BH, xn_BH = from_input_BG.chunk(3, dim=1)
    hr_BH, hz_BH, hn_BH = from_state_BG.chunk(3, dim=1)
    r_BH = torch.sigmoid(xr_BH + hr_BH)
    z_BH = torch.sigmoid(xz_BH + hz_BH)
    n_BH = torch.tanh(xn_BH + r_BH * hn_BH)
    h_BH = (1 - z_BH) * n_BH + z_BH * h_BH
    return GruGates(reset=r_BH, update=z_BH, candidate=n_BH, hidden=h_BH)


@dataclass(frozen=True)
class RnnGates:
    """What a plain RNN computes for one token, of shape (B, H). Elman 1990."""

    hidden: Tensor


def rnn_step(x_BI: Tensor, h_BH: Tensor, w: Weights) -> RnnGates:
    """One token through a plain RNN: `h' = tanh(W x + U h + b)`."""
    return RnnGates(torch.tanh(F.linear(x_BI, w.input_GI, w.input_bias_G) + F.linear(h_BH, w.recurrent_GH, w.recurrent_bias_G)))


Gates = LstmGates | GruGates | RnnGates


def step(cell: str, x_BI: Tensor, state: tuple[Tensor, ...], w: Weights) -> tuple[Gates, tuple[Tensor, ...]]:
    """One token through the named cell; returns its gates and the state that follows.

    Raises:
        KeyError: no cell has this name.
    """
    if cell == "lstm":
        h_BH, c_BH = state
        gates = lstm_step(x_BI, h_BH, c_BH, w)
        return gates, (gates.hidden, gates.cell)
    gates = {"gru": gru_step, "rnn": rnn_step}[cell](x_BI, state[0], w)
    return gates, (gates.hidden,)
