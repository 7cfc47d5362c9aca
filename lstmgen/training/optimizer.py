"""The optimiser, and its learning rate as a pure function of progress.

AdamW (Loshchilov and Hutter 2019) with decay on matrices only. Progress is the used share of the budget, be it time, steps or epochs, so
the rate reaches zero when the budget ends, whichever that is.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from lstmgen.choices import Schedule
from lstmgen.config import OptimizerConfig

WARMUP_SHARE = 0.05
"""Part of the budget in which the rate rises, unless a number of steps is given."""


def learning_rate(progress: float, step: int, *, peak: float, schedule: Schedule, warmup_steps: int | None) -> float:
    """The rate for the step that comes after `step` steps.

    Args:
        progress: used share of the budget, 0 to 1.
        step: optimiser steps taken.
        peak: largest rate.
        schedule: how it falls after the warm-up.
        warmup_steps: steps of linear rise; None: the first twentieth of the budget.
    """
    if warmup_steps is None:
        rise, fall = progress / WARMUP_SHARE, (progress - WARMUP_SHARE) / (1 - WARMUP_SHARE)
        rise = max(rise, 1e-3)
    else:
        rise, fall = (step + 1) / (warmup_steps + 1), progress
    fall = min(max(fall, 0.0), 1.0)
    falling = {"linear": 1 - fall, "cosine": 0.5 + 0.5 * math.cos(math.pi * fall), "constant": 1.0}[schedule]
    return peak * min(rise, 1.0) * falling


def build_optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW over the trainable parameters, matrices with decay and vectors without."""
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trainable if parameter.dim() > 1], "weight_decay": config.weight_decay or 0.0},
        {"params": [parameter for parameter in trainable if parameter.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr or 0.0, betas=(config.beta1, config.beta2), fused=True)


def optimizer_tensors(optimizer: torch.optim.AdamW) -> dict[str, torch.Tensor]:
    """The moments and step counts by name, for saving."""
    return {f"{number}.{name}": tensor for number, moments in optimizer.state_dict()["state"].items() for name, tensor in moments.items()}


def restore_optimizer(optimizer: torch.optim.AdamW, tensors: dict[str, torch.Tensor]) -> None:
    """Puts back what `optimizer_tensors` gave."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, moment = name.partition(".")
        state.setdefault(int(number), {})[moment] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
