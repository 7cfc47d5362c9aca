"""Reading from right to left, and what joins it with reading from left to right (Schuster and Paliwal 1997; Berglund et al. 2015 for gaps).

    ahead_t   everything up to token t, read by the layers of `language_model.py`
    back_t    everything from the end of the item to token t, read by layers of the same kind in the other direction
    joined    = norm(ahead + gate * back + W gelu(A ahead + B back + left))

In a gap the first direction reads on: ahead_t holds what stands before the gap, and the gap's own earlier tokens. The other direction
stands still at the gap's right edge. `left` and `gate` are rows of tables, by how many tokens are missing up to there; 0: nobody knows, and
so the end of the gap is predicted too.

Letters: T window, B streams, I input, H hidden, N places.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor, nn

from lstmgen.model.architecture import MOST_LEFT, Architecture
from lstmgen.model.cells import cell_of
from lstmgen.model.layers import RecurrentLayer, run_layers
from lstmgen.model.norm import norm_of

UNKNOWN: Final = 0
"""How many tokens are missing, where nobody knows."""
_UNKNOWN_GATE: Final = 0.3


class Backward(nn.Module):
    """The layers that read from right to left."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self._residual = architecture.residual
        cell, size = cell_of(architecture.cell), architecture.hidden_size
        self._shapes = cell.state(size)
        self.layers = nn.ModuleList(RecurrentLayer(cell, input_size=width, hidden_size=size) for width in architecture.widths)
        self.norms = nn.ModuleList(norm_of(width, architecture) for width in architecture.widths)
        self.norm = norm_of(size, architecture)

    def forward(self, x_TBI: Tensor, length_B: Tensor, drop: Callable[[Tensor], Tensor]) -> Tensor:
        """For each place what was read from the end of its stream to there, of shape (T, B, H).

        Args:
            x_TBI: the vectors of the tokens.
            length_B: tokens of each stream; what is behind them is not read before them.
            drop: dropout.
        """
        states = [tuple(x_TBI.new_zeros(x_TBI.shape[1], *shape) for shape in self._shapes) for _ in self.layers]
        turned_TBI = turned(x_TBI, length_B)
        y_TBH, _ = run_layers(self.layers, self.norms, drop(turned_TBI), states, residual=self._residual, drop=drop)
        return turned(self.norm(y_TBH), length_B)


class Join(nn.Module):
    """What both directions say of a place, in one vector."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        size = architecture.hidden_size
        self.ahead = nn.Linear(size, size)
        self.back = nn.Linear(size, size, bias=False)
        self.left = nn.Embedding(MOST_LEFT + 1, size)
        self.gate = nn.Embedding(MOST_LEFT + 1, size)
        self.out = nn.Linear(size, size)
        self.norm = norm_of(size, architecture)
        nn.init.zeros_(self.left.weight)
        with torch.no_grad():  # what stands behind the gap says most of its last token, and each direction begins as a judge of its own
            self.gate.weight.copy_(1 / torch.arange(MOST_LEFT + 1).clamp(min=1)[:, None].expand(-1, size))
            self.gate.weight[UNKNOWN] = _UNKNOWN_GATE

    def forward(self, ahead_NH: Tensor, back_NH: Tensor, left_N: Tensor) -> Tensor:
        """What a head makes logits of, of the shape of `ahead_NH`."""
        left_N = left_N.clamp(max=MOST_LEFT)
        inner_NH = F.gelu(self.ahead(ahead_NH) + self.back(back_NH) + self.left(left_N))
        return self.norm(ahead_NH + self.gate(left_N) * back_NH + self.out(inner_NH))


def turned(x_TBI: Tensor, length_B: Tensor) -> Tensor:
    """Each stream from its last token to its first, what is behind it left where it is."""
    place_T1 = torch.arange(x_TBI.shape[0], device=x_TBI.device)[:, None]
    from_TB = torch.where(place_T1 < length_B, length_B - 1 - place_T1, place_T1)
    return x_TBI.gather(0, from_TB[..., None].expand_as(x_TBI))
