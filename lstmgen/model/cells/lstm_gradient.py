"""The LSTM over a window with a backward pass of our own.

oneDNN's backward pass in bf16 adds to the fp32 gradient of all weights of a layer at every token. Where that gradient is larger than a
core's cache and the streams are few, this takes longer than all products. Here the forward pass keeps what the backward pass multiplies
with, one product a token takes the gradient back, and the gradient of the weights is one product a window. That costs some twenty calls of
torch a token, so it pays on processors whose products are slow enough:

    dc += dh o (1 - tanh(c)^2)                                          `shown`
    dz of i, f, g = dc (g i (1 - i), c_before f (1 - f), i (1 - g^2))   `slopes`
    dz of o = dh tanh(c) o (1 - o)                                      `slopes`, the last quarter
    dc of the token before = dc f                                       `kept`

tanh(x) is taken as 2 sigmoid(2 x) - 1, for torch's tanh takes seven times as long as its sigmoid. The rows of g are doubled for that,
which is exact, and so are their gradients at the end.

Letters: T window, B streams, I input, H hidden, G stacked gates, Z input and hidden side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor
from torch.autograd.function import once_differentiable

from lstmgen.model.cells.base import LayerState, Weights

NAME: Final = "own backward pass where layers are wide"
PRECISIONS: Final = ("bf16",)
_LEAST_BYTES: Final = 11_000_000
_BYTES_PER_STREAM: Final = 130_000
"""Of the fp32 gradient of a layer's weights, from which this pays: measured with 8 to 128 streams, where a core has a cache of 1 MB. One
busy core is faster from 4,500,000 on; two free ones are slower up to there, for oneDNN's pass shares its work better."""


def pays(input_size: int, hidden_size: int, streams: int) -> bool:
    """Whether a layer is wide enough, and the streams few enough, for this to be faster than oneDNN. By shape alone; nothing is timed."""
    gradient_bytes = 4 * 4 * hidden_size * (input_size + hidden_size)
    return gradient_bytes >= max(_LEAST_BYTES, _BYTES_PER_STREAM * streams)


def problem(precision: str) -> str:  # noqa: ARG001 - of every way
    """Why it cannot be had here: it can be everywhere."""
    return ""


def run(x_TBI: Tensor, state: LayerState, weights: Weights, dtype: torch.dtype = torch.bfloat16) -> tuple[Tensor, LayerState]:
    """A window.

    Args:
        x_TBI: on the CPU.
        state: h and c.
        weights: of an LSTM.
        dtype: of the products, of what they take and give, and of the outputs; the cell is carried in that of the weights.
    """
    y_TBH, *after = _Window.apply(dtype, x_TBI, *state, weights["input_weight"], weights["recurrent_weight"], weights["bias"])
    return y_TBH, tuple(after)


def _product(weight_GI: Tensor, bias_G: Tensor | None = None) -> Callable[..., Tensor]:
    """(x_BI, a term or None) -> x W^T + bias + term, with weights packed beforehand where they are in bf16."""
    if weight_GI.dtype != torch.bfloat16:
        return lambda x_BI, term_BG=0: F.linear(x_BI, weight_GI, bias_G) + term_BG
    packed: Any = torch.ops.mkldnn._reorder_linear_weight(weight_GI.contiguous(), None)  # noqa: SLF001 - torch's name
    linear: Any = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 - torch's name

    def product(x_BI: Tensor, term_BG: Tensor | None = None) -> Tensor:
        if term_BG is None:
            return linear.default(x_BI, packed, bias_G, "none", [], "")
        return linear.binary(x_BI, term_BG, packed, bias_G, "add")

    return product


class _Window(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, dtype: torch.dtype, *given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x_TBI, h_BH, c_BH, input_GI, recurrent_GH, bias_G = given
        (window, streams, inputs), size = x_TBI.shape, h_BH.shape[1]
        weight_GZ = torch.cat([input_GI.to(dtype), recurrent_GH.to(dtype)], dim=1)
        bias_G = bias_G.to(dtype, copy=True)
        for rows in (weight_GZ, bias_G):
            rows[2 * size : 3 * size].mul_(2)
        product = _product(weight_GZ, bias_G)
        z_TBZ = x_TBI.new_empty(window + 1, streams, inputs + size, dtype=dtype)  # of one token more: its hidden part is the last output
        z_TBZ[:-1, :, :inputs] = x_TBI
        z_TBZ[0, :, inputs:] = h_BH
        y_TBH = z_TBZ[1:, :, inputs:]
        slopes_TBG = x_TBI.new_empty(window, streams, 4 * size, dtype=dtype)
        shown_TBH, kept_TBH = input_GI.new_empty(2, window, streams, size)
        # Buffers for one token: the gates, what their slopes are multiplied with, the product of the two; the cell lies among the second.
        gates_BG, slope_BG, *factors = input_GI.new_empty(4, streams, 4 * size)
        i_BH, f_BH, s_BH, o_BH = gates_BG.split(size, dim=1)
        sides = [factors_BG.split(size, dim=1) for factors_BG in factors]
        double_BH, last_BH, minus_one = input_GI.new_empty(streams, size), torch.empty_like(c_BH), input_GI.new_full((streams, size), -1)
        sides[0][1].copy_(c_BH)
        tokens = zip(z_TBZ, y_TBH, slopes_TBG, shown_TBH, kept_TBH, strict=False)
        for t, (z_BZ, y_BH, slopes_BG, shown_BH, kept_BH) in enumerate(tokens):
            factors_BG, (g_BH, before_BH, twice_i_BH, shape_BH) = factors[t % 2], sides[t % 2]
            after_BH = sides[1 - t % 2][1]
            gates_BG.copy_(product(z_BZ)).sigmoid_()
            torch.add(minus_one, s_BH, alpha=2, out=g_BH)
            torch.mul(f_BH, before_BH, out=after_BH).addcmul_(i_BH, g_BH)
            torch.add(after_BH, after_BH, out=double_BH).sigmoid_()
            torch.add(minus_one, double_BH, alpha=2, out=shape_BH)
            y_BH.copy_(torch.mul(o_BH, shape_BH, out=last_BH))
            torch.add(i_BH, i_BH, out=twice_i_BH)
            slopes_BG.copy_(torch.ops.aten.sigmoid_backward.grad_input(factors_BG, gates_BG, grad_input=slope_BG))
            torch.ops.aten.tanh_backward.grad_input(o_BH, shape_BH, grad_input=shown_BH)
            kept_BH.copy_(f_BH)
        ctx.save_for_backward(z_TBZ, weight_GZ, slopes_TBG, shown_TBH, kept_TBH)
        return y_TBH, last_BH, sides[window % 2][1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        dy_TBH, dh_BH, dc_BH = given
        z_TBZ, weight_GZ, slopes_TBG, shown_TBH, kept_TBH = ctx.saved_tensors
        (window, streams, size), dtype = shown_TBH.shape, z_TBZ.dtype
        inputs = z_TBZ.shape[2] - size
        product = _product(weight_GZ[:, inputs:].t())
        dz_TBG = torch.empty_like(slopes_TBG)
        slopes_TB4H, dz_TB4H = (part_TBG.view(window, streams, 4, size) for part_TBG in (slopes_TBG, dz_TBG))
        dc_BH = dc_BH.clone()
        wide_BH, narrow_B1H = torch.empty_like(dc_BH), dc_BH.new_empty(streams, 1, size, dtype=dtype)
        dy_TBH = dy_TBH.contiguous()
        back_BH = dh_BH.to(dtype)
        for t in reversed(range(window)):
            back_BH = dy_TBH[t] + back_BH if t == window - 1 else product(dz_TBG[t + 1], dy_TBH[t])
            dc_BH.addcmul_(wide_BH.copy_(back_BH), shown_TBH[t])
            narrow_B1H.copy_(dc_BH.unsqueeze(1))
            torch.mul(back_BH, slopes_TB4H[t, :, 3], out=dz_TB4H[t, :, 3])
            torch.mul(narrow_B1H, slopes_TB4H[t, :, :3], out=dz_TB4H[t, :, :3])
            dc_BH.mul_(kept_TBH[t])
        dz_NG, z_NZ = dz_TBG.flatten(0, 1), z_TBZ[:-1].flatten(0, 1)
        dx_TBI = (dz_NG @ weight_GZ[:, :inputs]).view(window, streams, inputs) if ctx.needs_input_grad[1] else None
        of_weights = [part.to(dc_BH.dtype) for part in (dz_NG.t() @ z_NZ).split([inputs, size], dim=1)]
        of_weights.append(dz_NG.sum(0).to(dc_BH.dtype))
        for rows in of_weights:
            rows[2 * size : 3 * size].mul_(2)
        return None, dx_TBI, product(dz_TBG[0]).to(dc_BH.dtype), dc_BH, *of_weights
