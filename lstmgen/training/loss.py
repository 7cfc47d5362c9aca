"""The loss of a window and its gradients, in little memory however large the vocabulary is.

Logits of all tokens of a window are many where the vocabulary is large: 32 x 32 tokens of 50,000 ids take 205 MB, three times over. They
are made for some tokens at a time, and their gradients in the place of their logarithms.

Letters: T window, B streams, N tokens of a part, H hidden, V vocabulary.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.language_model import LanguageModel
from lstmgen.model.legal import forbid
from lstmgen.model.memory import MOST_LOGITS
from lstmgen.model.state import State
from lstmgen.training.objectives import objective_of
from lstmgen.training.streams import IGNORED

FORBIDDEN_SHARE: Final = 0.5
"""Of the loss, that is surprisal among all ids where a grammar forbids some; 0: what is forbidden is not learned at all."""


def backward(
    network: LanguageModel,
    inputs_TB: Tensor,
    targets_TB: Tensor,
    carried: State,
    *,
    arithmetic: Callable[[], AbstractContextManager],
    scaler: torch.amp.GradScaler,
    copies: int = 0,
    counted: int | Tensor | None = None,
    legal_TBK: Tensor | None = None,
    most_logits: int = MOST_LOGITS,
) -> tuple[Tensor, State]:
    """Adds the gradients of the mean loss of a window to those of the parameters.

    Args:
        network: in training mode.
        inputs_TB: ids.
        targets_TB: the ids that follow, or `IGNORED`.
        carried: the state before the window.
        arithmetic: gives the context in which the network runs.
        scaler: scales the loss.
        copies: columns that are rearranged copies, the last ones.
        counted: targets that the mean is over, where other processes have some of them; then gradients and loss are this one's parts of it.
        legal_TBK: bits of which ids may come, where what comes next is predicted; None: all of them.
        most_logits: of so many at a time at most, but of one token at least.

    Returns:
        The loss in nats a token, and the state behind the window.
    """
    with arithmetic():
        asked = objective_of(network.architecture.objective).asked(network, inputs_TB, targets_TB, carried, copies)
    targets_N, hidden_NH = asked.targets.flatten(), asked.hidden.flatten(0, -2)
    legal_NK = None if legal_TBK is None else legal_TBK.flatten(0, 1)
    size = max(1, most_logits // network.architecture.vocab_size)
    over = (targets_N != IGNORED).sum() if counted is None else counted
    if size >= len(targets_N):
        with arithmetic():
            logits_NV = network.head(hidden_NH)
        how = {"ignore_index": IGNORED, "reduction": "mean" if counted is None else "sum"}
        first, *others = (share * F.cross_entropy(each_NV, targets_N, **how) for share, each_NV in _weighed(_exact(logits_NV), legal_NK))
        loss = sum(others, start=first)
        loss = loss if counted is None else loss / counted
    else:
        with arithmetic():
            nats: Tensor = _Nats.apply(  # pyright: ignore[reportAssignmentType]
                hidden_NH, network.head.weight, network.head.bias, targets_N, legal_NK, size
            )
        loss = nats / over
    if asked.ends is not None:
        ends_N = asked.ends.flatten()
        with arithmetic():
            logits_N = network.end_logits(hidden_NH)
        logits_N, are_asked_N = _exact(logits_N), ends_N != IGNORED
        # All of them, with a weight: to pick those that count, the host would have to know how many there are.
        nats_N = F.binary_cross_entropy_with_logits(logits_N, ends_N.clamp(min=0).to(logits_N.dtype), reduction="none")
        loss = loss + torch.where(are_asked_N, nats_N, 0.0).sum() / over
    scaler.scale(loss).backward()
    return loss.detach(), asked.after


class _Nats(torch.autograd.Function):
    """The surprisal of all targets, summed. Its gradients are made with it, for so many tokens at a time, in the place of the logits."""

    @staticmethod
    def forward(  # noqa: PLR0917 - torch passes them by place
        ctx: Any, hidden_NH: Tensor, weight_VH: Tensor, bias_V: Tensor, targets_N: Tensor, legal_NK: Tensor | None, size: int
    ) -> Tensor:
        nats, of_hidden_NH = _exact(hidden_NH.new_zeros(())), torch.empty_like(hidden_NH)
        of_weight_VH, of_bias_V = torch.zeros_like(weight_VH), torch.zeros_like(bias_V)
        legal = itertools.repeat(None) if legal_NK is None else legal_NK.split(size)
        parts = zip(hidden_NH.split(size), targets_N.split(size), of_hidden_NH.split(size), legal, strict=False)
        for part_NH, part_targets_N, into_NH, part_NK in parts:
            logits_NV = F.linear(part_NH, weight_VH, bias_V)
            number_type = logits_NV.dtype
            counts_N1, places_N1 = (part_targets_N != IGNORED)[:, None], part_targets_N.clamp(min=0)[:, None]
            parts_NV: list[Tensor] = []
            for share, each_NV in _weighed(_exact(logits_NV), part_NK):
                log_p_NV = F.log_softmax(each_NV, 1)
                nats -= share * torch.where(counts_N1, log_p_NV.gather(1, places_N1), 0.0).sum()
                parts_NV.append(log_p_NV.exp_() if share == 1 else log_p_NV.exp_().mul_(share))
            del logits_NV
            slopes_NV = parts_NV[0] if len(parts_NV) == 1 else parts_NV[0].add_(parts_NV[1])
            slopes_NV.scatter_add_(1, places_N1, -torch.ones_like(slopes_NV[:, :1])).mul_(counts_N1)
            of_bias_V += slopes_NV.sum(0)
            slopes_NV = slopes_NV.to(number_type)
            into_NH.copy_(slopes_NV @ weight_VH)
            if number_type == of_weight_VH.dtype == part_NH.dtype:
                of_weight_VH.addmm_(slopes_NV.t(), part_NH)
            else:
                of_weight_VH += slopes_NV.t() @ part_NH
        ctx.gradients = of_hidden_NH, of_weight_VH, of_bias_V
        return nats

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        wanted, ctx.gradients = zip(ctx.gradients, ctx.needs_input_grad, strict=False), None  # whose they are alone need not copy them
        return *(gradient.mul_(slope) if is_wanted else None for gradient, is_wanted in wanted), None, None, None


def _weighed(logits_NV: Tensor, legal_NK: Tensor | None) -> list[tuple[float, Tensor]]:
    """The logits of which the loss is made, each with its share of it.

    With a grammar, half is the surprisal among all ids: a model that has to know what is forbidden keeps in mind what follows from it.
    """
    if legal_NK is None:
        return [(1.0, logits_NV)]
    return [(FORBIDDEN_SHARE, logits_NV), (1 - FORBIDDEN_SHARE, forbid(logits_NV, legal_NK))]


def _exact(logits_NV: Tensor) -> Tensor:
    """At least single precision."""
    return logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32))
