"""Layer normalisation (Ba, Kiros and Hinton 2016) whose gradients are the same whatever the number of threads.

torch adds up the gradients of scale and shift in one part for each CPU thread, so their last bits, and with them a run, would depend on how
many there are. Here their rows are added one after the other.

Letters: T window, B streams, H hidden.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class LayerNorm(nn.LayerNorm):
    """`torch.nn.LayerNorm` over the last dimension, trained alike by any number of threads."""

    def forward(self, x_TBH: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The same shape."""
        if x_TBH.device.type != "cpu" or not torch.is_grad_enabled() or self.weight.dtype != torch.float32:
            return super().forward(x_TBH)
        return _Normalise.apply(x_TBH.to(torch.float32), self.weight, self.bias, self.eps)  # pyright: ignore[reportReturnType]


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_TBH: Tensor, weight_H: Tensor, bias_H: Tensor, eps: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        y_TBH, mean_TB1, scale_TB1 = torch.native_layer_norm(x_TBH, weight_H.shape, weight_H, bias_H, eps)
        ctx.save_for_backward(x_TBH, mean_TB1, scale_TB1, weight_H, bias_H)
        return y_TBH

    @staticmethod
    def backward(ctx: Any, grad_TBH: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x_TBH, mean_TB1, scale_TB1, weight_H, bias_H = ctx.saved_tensors
        grad_TBH = grad_TBH.contiguous()
        grad_x_TBH, _, _ = torch.ops.aten.native_layer_norm_backward(
            grad_TBH, x_TBH, weight_H.shape, mean_TB1, scale_TB1, weight_H, bias_H, [True, False, False]
        )
        scaled_TBH = x_TBH.sub(mean_TB1).mul_(scale_TB1).mul_(grad_TBH)
        return grad_x_TBH, _row_by_row(scaled_TBH), _row_by_row(grad_TBH), None


def _row_by_row(values_TBH: Tensor) -> Tensor:
    return torch.from_numpy(np.add.reduce(values_TBH.flatten(0, -2).numpy(), axis=0))
