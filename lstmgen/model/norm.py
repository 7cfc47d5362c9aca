"""Layer normalisation (Ba, Kiros and Hinton 2016) whose gradients are the same whatever the number of threads.

torch adds up the gradients of scale and shift in one part for each CPU thread, so their last bits, and with them a run, would depend on how
many there are. Here that is done by one thread: a shared sum would cost more than it saves.

Letters: T window, B streams, H hidden.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lstmgen.model.architecture import Architecture


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
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            grad_x_TBH, grad_weight_H, grad_bias_H = torch.ops.aten.native_layer_norm_backward(
                grad_TBH.contiguous(), x_TBH, weight_H.shape, mean_TB1, scale_TB1, weight_H, bias_H, [True, True, True]
            )
        finally:
            torch.set_num_threads(threads)
        return grad_x_TBH, grad_weight_H, grad_bias_H, None


def norm_of(width: int, architecture: Architecture) -> nn.Module:
    """The normalisation of a network; nothing where it has none."""
    return LayerNorm(width) if architecture.layer_norm else nn.Identity()
