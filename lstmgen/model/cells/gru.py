"""GRU: Cho et al. 2014, in the variant that cuDNN computes, with the reset gate inside the candidate.

    r, z = sigmoid(W x + a + U h + b)       n = tanh(W x + a + r (U h + b))
    h' = (1 - z) n + z h

Letters: T window, B streams, I input, H hidden, G stacked gates: r, z, n in this order.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.architecture import stacked_shapes
from lstmgen.model.arrays import Array, arrays_for
from lstmgen.model.cells import stacked
from lstmgen.model.cells.base import Cell, Gates, LayerState, Quantity, Shape, Weights, gate, output
from lstmgen.model.products import Products


def shapes(input_size: int, hidden_size: int) -> dict[str, Shape]:
    """Two biases, for the reset gate acts on the second one."""
    matrices = {name: shape for name, shape in stacked_shapes(3)(input_size, hidden_size).items() if len(shape) > 1}
    return matrices | {"input_bias": (3 * hidden_size,), "recurrent_bias": (3 * hidden_size,)}


def equations(x_BI: Tensor, state: LayerState, w: Weights) -> tuple[Tensor, LayerState, Gates]:
    """One token."""
    (h_BH,) = state
    xr_BH, xz_BH, xn_BH = F.linear(x_BI, w["input_weight"], w["input_bias"]).chunk(3, dim=1)
    hr_BH, hz_BH, hn_BH = F.linear(h_BH, w["recurrent_weight"], w["recurrent_bias"]).chunk(3, dim=1)
    r_BH = torch.sigmoid(xr_BH + hr_BH)
    z_BH = torch.sigmoid(xz_BH + hz_BH)
    n_BH = torch.tanh(xn_BH + r_BH * hn_BH)
    h_BH = (1 - z_BH) * n_BH + z_BH * h_BH
    return h_BH, (h_BH,), {"reset": r_BH, "update": z_BH, "candidate": n_BH, "hidden": h_BH}


def fused(x_TBI: Tensor, state: LayerState, weights: Weights, training: bool) -> tuple[Tensor, LayerState]:  # noqa: FBT001 - of `Cell`
    """A whole window."""
    return stacked.run(torch.gru, x_TBI, state, weights, training=training)


def _halved(stacked_G: Tensor) -> Tensor:
    """A copy with r and z by half: sigmoid(2 a) = (tanh(a) + 1) / 2."""
    r, z, n = stacked_G.chunk(3)
    return torch.cat([0.5 * r, 0.5 * z, n])


def hoist(x_BI: Tensor, weights: Weights) -> Tensor:
    """The input's part, as the kernel takes it."""
    return F.linear(x_BI, _halved(weights["input_weight"]), _halved(weights["input_bias"]))


class Kernel:
    """The equations; see `base.Kernel`."""

    def __init__(self, weights: Weights, products: Products, hoisted: bool) -> None:  # noqa: FBT001 - of `Cell`
        self._by = arrays_for(weights["input_bias"])
        self._input = None if hoisted else products.of(_halved(weights["input_weight"]))
        self._recurrent = products.of(_halved(weights["recurrent_weight"]))
        self._input_bias_G, self._recurrent_bias_G = (self._by.view(_halved(weights[name])) for name in ("input_bias", "recurrent_bias"))
        self._size = weights["recurrent_weight"].shape[1]

    def __call__(self, x_BI: Array, state: tuple[Array, ...]) -> tuple[Array, tuple[Array, ...]]:
        """One token for every lane."""
        by, size, (h_BH,) = self._by, self._size, state
        from_input_BG = x_BI if self._input is None else by.add(self._input_bias_G, self._input(x_BI))
        from_state_BG = self._recurrent(h_BH)
        by.add(self._recurrent_bias_G, from_state_BG, out=from_state_BG)
        sigmoids_BS = by.add(from_input_BG[:, : 2 * size], from_state_BG[:, : 2 * size])
        by.tanh(sigmoids_BS, out=sigmoids_BS)
        by.multiply(by.add(sigmoids_BS, 1.0, out=sigmoids_BS), 0.5, out=sigmoids_BS)
        n_BH = by.multiply(sigmoids_BS[:, :size], from_state_BG[:, 2 * size :])
        by.tanh(by.add(from_input_BG[:, 2 * size :], n_BH, out=n_BH), out=n_BH)
        h_BH = by.subtract(h_BH, n_BH)
        by.add(n_BH, by.multiply(sigmoids_BS[:, size:], h_BH, out=h_BH), out=h_BH)
        return h_BH, (h_BH,)


CELL = Cell(
    shapes=shapes,
    state=lambda hidden_size: ((hidden_size,),),
    equations=equations,
    initialise=stacked.draw_initial,
    fused=fused,
    hoist=hoist,
    kernel=Kernel,
    quantities={
        "reset": gate("how much of the last output the candidate sees"),
        "update": gate("how much of the last output is kept", kept=lambda z: z),
        "candidate": Quantity(about="what would take its place", bounds=(-1.0, 1.0)),
        "hidden": output(),
    },
    former=stacked.FORMER | {"input_bias": ("bias_ih_l0",), "recurrent_bias": ("bias_hh_l0",)},
)
