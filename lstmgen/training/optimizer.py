"""The optimiser, and its learning rate as a pure function of progress.

AdamW (Loshchilov and Hutter 2019) with decay on matrices only. Progress is the used share of the budget, be it time, steps or epochs, so
the rate reaches zero when the budget ends, whichever that is.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from lstmgen.choices import Schedule
from lstmgen.config import OptimizerConfig

WARMUP_SHARE = 0.05
"""Part of the budget in which the rate rises, unless a number of steps is given."""
_EPSILON: Final = 1e-8


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


class AdamW:
    """What `torch.optim.AdamW(..., fused=True)` does, bit for bit.

    That class loads torch's compiler when it is first used, which takes 76 MB and more than a second at every start; its kernel does not.

    Args:
        groups: parameters with a learning rate `lr` and a `weight_decay`.
        betas: how much of the first and the second moment is kept from step to step.

    Attributes:
        param_groups: the groups, as those who scale gradients expect them.
        moments: `step`, `exp_avg` and `exp_avg_sq` of every parameter that has had a gradient.
    """

    def __init__(self, groups: list[dict[str, Any]], *, betas: tuple[float, float]) -> None:
        self.param_groups = groups
        self.moments: dict[Tensor, dict[str, Tensor]] = {}
        self._betas = betas

    @property
    def parameters(self) -> list[Tensor]:
        """Of all groups, in order."""
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def zero_grad(self) -> None:
        """Gives up all gradients, and their memory."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, *, rate: Tensor | None = None, skipped: Tensor | None = None) -> None:
        """Changes every parameter that has a gradient.

        Args:
            rate: of learning, on the device of the parameters; None: that of the groups.
            skipped: true where nothing is to change after all. Nobody waits for either number.
        """
        kept_back = None if skipped is None else skipped.to(torch.float32)
        for group in self.param_groups:
            learning = [parameter for parameter in group["params"] if parameter.grad is not None]
            moments = [self.moments.get(parameter) or self._first_moments(parameter) for parameter in learning]
            steps, means, squares = ([moment[name] for moment in moments] for name in ("step", "exp_avg", "exp_avg_sq"))
            adamw(
                learning,
                [parameter.grad for parameter in learning],
                means,
                squares,
                [],
                steps,
                fused=True,
                amsgrad=False,
                beta1=self._betas[0],
                beta2=self._betas[1],
                found_inf=kept_back,
                lr=group["lr"] if rate is None else rate,
                weight_decay=group["weight_decay"],
                eps=_EPSILON,
                maximize=False,
            )

    def _first_moments(self, parameter: Tensor) -> dict[str, Tensor]:
        zeros = {"step": torch.zeros((), device=parameter.device)}
        zeros |= {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
        return self.moments.setdefault(parameter, zeros)


def build_optimizer(network: nn.Module, config: OptimizerConfig) -> AdamW:
    """AdamW over the trainable parameters, matrices with decay and vectors without."""
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in trainable if parameter.dim() > 1], "weight_decay": config.weight_decay or 0.0},
        {"params": [parameter for parameter in trainable if parameter.dim() <= 1], "weight_decay": 0.0},
    ]
    return AdamW([group | {"lr": config.lr or 0.0} for group in groups], betas=(config.beta1, config.beta2))


def optimizer_tensors(optimizer: AdamW) -> dict[str, Tensor]:
    """The moments and step counts by name, for saving."""
    held = {number: optimizer.moments.get(parameter, {}) for number, parameter in enumerate(optimizer.parameters)}
    return {f"{number}.{name}": tensor for number, moments in held.items() for name, tensor in moments.items()}


def restore_optimizer(optimizer: AdamW, tensors: dict[str, Tensor]) -> None:
    """Puts back what `optimizer_tensors` gave."""
    parameters = optimizer.parameters
    optimizer.moments = {}
    for name, tensor in tensors.items():
        number, _, moment = name.partition(".")
        parameter = parameters[int(number)]
        optimizer.moments.setdefault(parameter, {})[moment] = tensor.to(parameter.device)
