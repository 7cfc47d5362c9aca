"""One step of training: a window forward, backward and into the weights, by as many processes as there are.

Every process has the whole network and the states of all streams, and runs the network on its own share of the streams. One sum over all
processes makes the gradients, the loss and the states complete everywhere, so each takes the same step, and each could go on alone.

Letters: T window, B streams.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from lstmgen.config import OptimizerConfig
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import Lanes, LanguageModel
from lstmgen.model.state import State
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.loss import backward
from lstmgen.training.optimizer import build_optimizer, optimizer_tensors, restore_optimizer
from lstmgen.training.streams import Window


class Learner:
    """A network in training, and what changes with it.

    Attributes:
        network: on its device; trained in place.
        optimizer: of its parameters.
        scaler: of the loss, where numbers are of half precision.
        carried: the states of all B streams.

    Args:
        network: as above.
        config: of the optimiser.
        arithmetic: device and precision.
        batch_size: B, a multiple of the number of processes.
        group: the processes.
    """

    def __init__(
        self, network: LanguageModel, config: OptimizerConfig, *, arithmetic: Arithmetic, batch_size: int, group: Group = ALONE
    ) -> None:
        self.network, self.config, self.arithmetic, self.batch_size, self.group = network, config, arithmetic, batch_size, group
        self.share = group.share(batch_size)
        network.lanes = Lanes(first=self.share.start, of=batch_size) if group.size > 1 else None
        self.scaler = torch.amp.GradScaler(arithmetic.device.type, enabled=arithmetic.precision == "fp16")
        self.reset()

    def reset(self) -> None:
        """Forgets the moments and the states, not the weights."""
        self.optimizer = build_optimizer(self.network, self.config)
        self.carried = self.network.zero_state(self.batch_size)

    def step(self, window: Window, *, rate: float, seed: int) -> tuple[float, bool]:
        """Takes a step.

        Args:
            window: of all streams.
            rate: of learning.
            seed: what dropout is drawn from.

        Returns:
            The loss in nats a token of the whole window, and whether it and the gradients were finite; where not, nothing was learned.

        Raises:
            LostProcessError: another process has gone; nothing has changed.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(seed)
        device, share = self.arithmetic.device, self.share
        carried = self.carried.select(share) if self.group.size > 1 else self.carried
        if window.fresh_B is not None:
            carried = carried.zero_where(window.fresh_B[share].to(device))
        copies = 0 if window.copied_E is None else len(window.copied_E)
        if window.copied_E is not None:  # of one process
            carried, share = State.joined([carried, carried.select(window.copied_E.to(device))]), slice(None)
        inputs_TB, targets_TB = (ids_TB[:, share].to(device, non_blocking=True) for ids_TB in (window.inputs_TB, window.targets_TB))
        self.optimizer.zero_grad()
        loss, after = backward(
            self.network,
            inputs_TB,
            targets_TB,
            carried,
            arithmetic=self.arithmetic.context,
            scaler=self.scaler,
            copies=copies,
            counted=window.counted if self.group.size > 1 else None,
        )
        loss, after = self._of_all(loss, after.detach())
        self.scaler.unscale_(self.optimizer)  # pyright: ignore[reportArgumentType] - it needs the groups alone
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.grad_clip or math.inf)
        loss_nats, finite = loss.item(), bool(torch.isfinite(loss) & torch.isfinite(norm))
        if finite:
            self.scaler.step(self.optimizer)  # pyright: ignore[reportArgumentType]
            self.carried = after.to(self.network.head.weight.dtype).select(slice(self.batch_size))
        else:
            self.carried = self.network.zero_state(self.batch_size)
        self.scaler.update()
        self.optimizer.zero_grad()  # what is done between two steps needs their memory and not them
        return loss_nats, finite

    def _of_all(self, loss: Tensor, after: State) -> tuple[Tensor, State]:
        """Sums gradients, in the parameters, and the loss over all processes, and puts the states of all streams together."""
        if self.group.size == 1:
            return loss, after
        trained = [parameter for parameter in self.network.parameters() if parameter.grad is not None]
        states = {name: part.new_zeros(self.batch_size, *part.shape[1:]) for name, part in after.tensors().items()}
        for name, part in after.tensors().items():
            states[name][self.share] = part
        gradients = [parameter.grad for parameter in trained if parameter.grad is not None]
        parts = [*gradients, loss, *states.values()]
        number_type = self.network.head.weight.dtype  # whole numbers, of clocks, are exact in it too
        total = torch.cat([part.flatten().to(number_type) for part in parts])
        self.group.add(total)
        sums = [flat.view_as(part) for flat, part in zip(total.split([part.numel() for part in parts]), parts, strict=True)]
        for parameter, gradient in zip(trained, sums, strict=False):
            parameter.grad = gradient
        together = zip(states.items(), sums[len(trained) + 1 :], strict=True)
        return sums[len(trained)], State.from_tensors({name: flat.to(part.dtype) for (name, part), flat in together})

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights, moments and states by name, those in use and no copies; and the state of the scaler."""
        tensors = {f"network.{name}": tensor for name, tensor in self.network.tensors().items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer_tensors(self.optimizer).items()}
        return tensors | {f"carried.{name}": tensor for name, tensor in self.carried.tensors().items()}, self.scaler.state_dict()

    def restore(self, tensors: dict[str, Tensor], scaler: dict[str, Any]) -> None:
        """Puts back what `state` gave; whether it fits has been looked at."""
        self.load(self.network.architecture.renamed(under(tensors, "network.")))
        restore_optimizer(self.optimizer, under(tensors, "optimizer."))
        self.carried = State.from_tensors(under(tensors, "carried.")).to(self.arithmetic.device)
        if scaler:
            self.scaler.load_state_dict(scaler)

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Puts weights into the network."""
        self.network.load_state_dict(tensors, strict=not self.network.architecture.tied)


def under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
