"""The loss of a window and its gradients, in little memory however large the vocabulary is.

Logits of all tokens of a window are many where the vocabulary is large: 32 x 32 tokens of 50,000 ids take 205 MB, three times over. They
are made for some tokens at a time; the gradients of what comes before them are added up and passed on once.

Letters: T window, B streams, N tokens of a part, H hidden, V vocabulary.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.language_model import LanguageModel
from lstmgen.model.memory import MOST_LOGITS
from lstmgen.model.state import State
from lstmgen.training.objectives import objective_of
from lstmgen.training.streams import IGNORED


def backward(
    network: LanguageModel,
    inputs_TB: Tensor,
    targets_TB: Tensor,
    carried: State,
    *,
    arithmetic: Callable[[], AbstractContextManager],
    scaler: torch.amp.GradScaler,
    copies: int = 0,
    counted: int | None = None,
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
        most_logits: of so many at a time at most, but of one token at least.

    Returns:
        The loss in nats a token, and the state behind the window.
    """
    with arithmetic():
        asked = objective_of(network.architecture.objective).asked(network, inputs_TB, targets_TB, carried, copies)
    targets_N, hidden_NH = asked.targets.flatten(), asked.hidden.flatten(0, -2)
    over: Tensor | int = (targets_N != IGNORED).sum() if counted is None else counted

    def loss_of(hidden_NH: Tensor, targets_N: Tensor, ends_N: Tensor | None, *, whole: bool) -> Tensor:
        with arithmetic():
            logits_NV = network.head(hidden_NH)
        logits_NV = _exact(logits_NV)
        if whole and counted is None:
            loss = F.cross_entropy(logits_NV, targets_N, ignore_index=IGNORED)
        else:
            loss = F.cross_entropy(logits_NV, targets_N, ignore_index=IGNORED, reduction="sum") / over
        return loss if ends_N is None else loss + _of_ends(network, hidden_NH, ends_N, arithmetic) / over

    size = max(1, most_logits // network.architecture.vocab_size)
    ends_N = None if asked.ends is None else asked.ends.flatten()
    if size >= len(targets_N):
        loss = loss_of(hidden_NH, targets_N, ends_N, whole=True)
        scaler.scale(loss).backward()
        return loss.detach(), asked.after
    loss = torch.zeros((), device=hidden_NH.device)
    parts = [part_NH.detach().requires_grad_() for part_NH in hidden_NH.split(size)]
    ends: Iterable[Tensor | None] = itertools.repeat(None, len(parts)) if ends_N is None else ends_N.split(size)
    for part_NH, part_targets_N, part_ends_N in zip(parts, targets_N.split(size), ends, strict=True):
        part = loss_of(part_NH, part_targets_N, part_ends_N, whole=False)
        scaler.scale(part).backward()
        loss += part.detach()
    hidden_NH.backward(torch.cat([part_NH.grad for part_NH in parts if part_NH.grad is not None]))
    return loss, asked.after


def _of_ends(network: LanguageModel, hidden_NH: Tensor, ends_N: Tensor, arithmetic: Callable[[], AbstractContextManager]) -> Tensor:
    """The surprisal of whether a gap ends at each place, summed."""
    asked_N = ends_N != IGNORED
    with arithmetic():
        logits_N = network.end_logits(hidden_NH[asked_N])
    logits_N = _exact(logits_N)
    return F.binary_cross_entropy_with_logits(logits_N, ends_N[asked_N].to(logits_N.dtype), reduction="sum")


def _exact(logits_NV: Tensor) -> Tensor:
    """At least single precision."""
    return logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32))
