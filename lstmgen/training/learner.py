"""One step of training: a window forward, backward and into the weights, by as many processes as there are.

Every process has the whole network and the states of all streams, and runs the network on its own share of the streams. One sum over all
processes makes the gradients, the loss and the states complete everywhere, so each takes the same step, and each could go on alone.

Letters: T window, B streams.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from lstmgen.config import OptimizerConfig
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.captured import Captured
from lstmgen.model.cells import lstm_ways
from lstmgen.model.language_model import Lanes, LanguageModel
from lstmgen.model.state import State
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.loss import backward
from lstmgen.training.optimizer import build_optimizer, optimizer_tensors, restore_optimizer
from lstmgen.training.streams import Window

_RATE, _TOLD = "rate", "told"
_CLIPPING_MARGIN: Final = 1e-5
"""More than torch adds to a norm by which it divides."""
_Told = tuple[Tensor, torch.cuda.Event | None]
"""What a step came to, as numbers, and what they have to be waited for with."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a step came to.

    Attributes:
        loss_nats: of the whole window, a token.
        finite: whether it and the gradients were; where not, nothing was learned.
        sound: whether all weights and states are finite after it.
    """

    loss_nats: float
    finite: bool
    sound: bool


class Learner:
    """A network in training, and what changes with it.

    Attributes:
        network: on its device; trained in place.
        optimizer: of its parameters.
        scaler: of the loss, where numbers are of half precision.
        carried: the states of all B streams.
        launched: the steps, the oldest first, of which nobody has asked the outcome.

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
        self.launched: deque[_Told] = deque()
        self.scaler = torch.amp.GradScaler(arithmetic.device.type, enabled=arithmetic.precision == "fp16")
        self.reset()

    def reset(self) -> None:
        """Forgets the moments and the states, not the weights."""
        self.optimizer = build_optimizer(self.network, self.config)
        self.carried = self.network.zero_state(self.batch_size)
        self._captured = self._capturing()

    def _capturing(self) -> Captured:
        """The step, to be recorded anew: a graph writes to the moments that were there when it was recorded."""
        problem = "several processes learn together" if self.group.size > 1 else ""
        return Captured(self._learned, self.arithmetic.device, problem=problem, failed=self._forget_half_a_step)

    def _forget_half_a_step(self) -> None:
        """A step that could not be recorded has left the scaler in the middle of it."""
        self.optimizer.zero_grad()
        if self.scaler.is_enabled():
            self.scaler.update(self.scaler.get_scale())

    @property
    def path(self) -> str:
        """How steps run, for people."""
        if self.arithmetic.device.type == "cpu":
            way = lstm_ways.WAYS.get(self.arithmetic.backward)
            return "torch's layers" if way is None else way.NAME
        return self._captured.path

    @property
    def lag(self) -> int:
        """Steps that may be under way while the next one is launched: what a GPU is not given before it is ready, it waits for."""
        return 1 if self.arithmetic.device.type == "cuda" and self.group.size == 1 else 0

    def launch(self, window: Window, *, rate: float, seed: int) -> None:
        """Begins a step, which a CPU ends too; where the loss or a gradient is not finite, nothing is learned and the states are empty.

        Args:
            window: of all streams.
            rate: of learning.
            seed: what dropout is drawn from.

        Raises:
            LostProcessError: another process has gone; nothing has changed.
        """
        # On a CPU only its own generator is drawn from; to seed those of all devices takes a hundred times as long.
        (torch.default_generator.manual_seed if self.arithmetic.device.type == "cpu" else torch.manual_seed)(seed)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        learned = dict(self._captured(self._given(window)))
        self.launched.append(_told(learned.pop(_TOLD)))
        self.carried = State.from_tensors(learned)

    def outcome(self) -> Outcome:
        """Of the oldest step in `launched`, which then is there no more; waits for its end."""
        told_3, ended = self.launched.popleft()
        if ended is not None:
            ended.synchronize()
        loss_nats, finite, sound = told_3.tolist()
        return Outcome(loss_nats=loss_nats, finite=bool(finite), sound=bool(sound))

    def _given(self, window: Window) -> dict[str, Tensor]:
        """What a step is made of, as tensors by name."""
        alone, device = self.group.size == 1, self.arithmetic.device
        share = slice(None) if alone else self.share  # of one process there may be copies behind the columns of the heads
        carried = self.carried if alone else self.carried.select(share)
        given = {"inputs": window.inputs_TB[:, share], "targets": window.targets_TB[:, share], **carried.tensors()}
        given[_RATE] = torch.tensor(self.optimizer.param_groups[0]["lr"], dtype=torch.float64 if device.type == "cpu" else torch.float32)
        if window.fresh_B is not None:
            given["fresh"] = window.fresh_B[share]
        if window.legal_TBK is not None:
            given["legal"] = window.legal_TBK[:, share]
        if window.copied_E is not None:
            given["copied"] = window.copied_E
        if not alone:
            given["counted"] = torch.tensor(window.counted)
        return given

    def _learned(self, given: dict[str, Tensor]) -> dict[str, Tensor]:
        """A step from tensors to tensors: the states of all streams after it, and what `Outcome` tells.

        Nothing in it waits for a number, so that a GPU works on while the host is busy.
        """
        given = dict(given)
        inputs_TB, targets_TB, rate = (given.pop(name) for name in ("inputs", "targets", _RATE))
        fresh_B, copied_E, counted, legal_TBK = (given.pop(name, None) for name in ("fresh", "copied", "counted", "legal"))
        carried = State.from_tensors(given)
        if fresh_B is not None:
            carried = carried.zero_where(fresh_B)
        if copied_E is not None:
            carried = State.joined([carried, carried.select(copied_E)])
        self.optimizer.zero_grad()
        loss, after = backward(
            self.network,
            inputs_TB,
            targets_TB,
            carried,
            arithmetic=self.arithmetic.context,
            scaler=self.scaler,
            copies=0 if copied_E is None else len(copied_E),
            counted=counted,
            legal_TBK=legal_TBK,
            forbidden_share=self.config.forbidden_share or 0.0,
        )
        loss, after = self._of_all(loss, after.detach())
        self.scaler.unscale_(self.optimizer)  # pyright: ignore[reportArgumentType] - it needs the groups alone
        norm = self._clipped()
        finite = torch.isfinite(loss) & torch.isfinite(norm)
        self.optimizer.step(rate=rate, skipped=~finite)
        self.scaler.update()
        self.optimizer.zero_grad()  # what is done between two steps needs their memory and not them
        after = after.to(self.network.head.weight.dtype).select(slice(self.batch_size)).zero_where((~finite).expand(self.batch_size))
        return after.tensors() | {_TOLD: torch.stack([loss.double(), finite.double(), self._is_sound(after).double()])}

    def _clipped(self) -> Tensor:
        """The norm of all gradients before they are made no longer than the settings allow."""
        parameters, longest = list(self.network.parameters()), self.config.grad_clip or math.inf
        norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
        # Where the norm is known, gradients that are short enough need not be multiplied by one.
        if norm.device.type != "cpu" or not norm + _CLIPPING_MARGIN <= longest:
            torch.nn.utils.clip_grads_with_norm_(parameters, longest, norm)
        return norm

    def _is_sound(self, carried: State) -> Tensor:
        """Whether all weights and states are finite. A number of a rare symbol's row that is not would go unseen otherwise."""
        numbers = [*map(Tensor.detach, self.network.parameters()), *carried.tensors().values()]
        return torch.isfinite(torch.nn.utils.get_total_norm([each for each in numbers if each.is_floating_point()]))

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
        """Puts back what `state` gave; whether it fits has been looked at. What was launched before is of no interest any more."""
        self.launched.clear()
        self.load(self.network.architecture.renamed(under(tensors, "network.")))
        restore_optimizer(self.optimizer, under(tensors, "optimizer."))
        self._captured = self._capturing()
        self.carried = State.from_tensors(under(tensors, "carried.")).to(self.arithmetic.device)
        if scaler:
            self.scaler.load_state_dict(scaler)

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Puts weights into the network."""
        self.network.load_state_dict(tensors, strict=not self.network.architecture.tied)


def _told(numbers_3: Tensor) -> _Told:
    """On their way to the host: the next step writes to the same place."""
    if not numbers_3.is_cuda:
        return numbers_3, None
    copy_3, ended = torch.empty_like(numbers_3, device="cpu", pin_memory=True), torch.cuda.Event()
    copy_3.copy_(numbers_3, non_blocking=True)
    ended.record()
    return copy_3, ended


def under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
