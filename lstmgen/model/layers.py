"""The recurrences of `cells.py` on torch's fused kernels: oneDNN on the CPU, cuDNN on CUDA.

Every layer is a one-layer module of torch's own. Stacking is left to `language_model.py`, because cuDNN's persistent kernels and
everything between the layers (normalisation, residual sums, dropout) want them apart.

Letters: T window, B streams, I input, H hidden, G stacked gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn

from lstmgen.model.cells import Gates, Weights, step

if TYPE_CHECKING:
    from torch import Tensor

_MODULES: Final = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
_GATES: Final = {"lstm": 4, "gru": 3, "rnn": 1}
STATE_PARTS: Final = {"lstm": 2, "gru": 1, "rnn": 1}
"""Tensors that each cell carries."""


class RecurrentLayer(nn.Module):
    """One recurrent layer over a whole window.

    Args:
        cell: `lstm`, `gru` or `rnn`.
        input_size: I.
        hidden_size: H.
    """

    def __init__(self, cell: str, *, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size
        self.fused = _MODULES[cell](input_size, hidden_size)
        self._initialise()

    def _initialise(self) -> None:
        """Recurrent matrices orthogonal gate by gate, input matrices by Glorot's rule, forget bias 1.

        The two bias vectors of an LSTM act as one, so the second is fixed at zero and left out of training.
        """
        weights, size = self.weights, self.hidden_size
        for gate in range(_GATES[self.cell]):
            rows = slice(gate * size, (gate + 1) * size)
            nn.init.orthogonal_(weights.recurrent_GH.data[rows])
            nn.init.xavier_uniform_(weights.input_GI.data[rows])
        nn.init.zeros_(weights.input_bias_G)
        nn.init.zeros_(weights.recurrent_bias_G)
        if self.cell != "gru":
            weights.recurrent_bias_G.requires_grad_(False)
        if self.cell == "lstm":
            nn.init.ones_(weights.input_bias_G.data[size : 2 * size])

    @property
    def weights(self) -> Weights:
        """The parameters, as the equations name them."""
        fused = self.fused
        return Weights(fused.weight_ih_l0, fused.weight_hh_l0, fused.bias_ih_l0, fused.bias_hh_l0)

    def forward(self, x_TBI: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs of shape (T, B, H), and the state after the last token."""
        parts_1BH = tuple(part_BH.unsqueeze(0) for part_BH in state)
        y_TBH, after = self.fused(x_TBI, parts_1BH if self.cell == "lstm" else parts_1BH[0])
        after = after if self.cell == "lstm" else (after,)
        return y_TBH, tuple(part_1BH.squeeze(0) for part_1BH in after)

    def trace(self, x_TBI: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...], list[Gates]]:
        """The same by the equations, with every token's gates; slow."""
        weights, gates_T = self.weights, []
        for x_BI in x_TBI:
            gates, state = step(self.cell, x_BI, state, weights)
            gates_T.append(gates)
        return torch.stack([gates.hidden for gates in gates_T]), state, gates_T
