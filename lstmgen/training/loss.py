"""The loss of a window and its gradients, in little memory however large the vocabulary is.

Logits of all tokens of a window are many where the vocabulary is large: 32 x 32 tokens of 50,000 ids take 205 MB, three times over. They
are made for some tokens at a time; the gradients of what comes before them are added up and passed on once.

Letters: T window, B streams, N tokens of a part, H hidden, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor

from lstmgen.model.language_model import LanguageModel
from lstmgen.model.memory import MOST_LOGITS
from lstmgen.model.state import State
from lstmgen.training.streams import IGNORED


def backward(
    network: LanguageModel,
    inputs_TB: Tensor,
    targets_TB: Tensor,
    carried: State,
    *,
    arithmetic: Callable[[], AbstractContextManager],
    scaler: torch.amp.GradScaler,
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
        counted: targets that the mean is over, where other processes have some of them; then gradients and loss are this one's parts of it.
        most_logits: of so many at a time at most, but of one token at least.

    Returns:
        The loss in nats a token, and the state behind the window.
    """
    with arithmetic():
        hidden_TBH, after = network.hidden(inputs_TB, carried)
    targets_N, hidden_NH = targets_TB.flatten(), hidden_TBH.flatten(0, 1)
    size = max(1, most_logits // network.architecture.vocab_size)
    if size >= len(targets_N):
        with arithmetic():
            logits_NV = network.head(hidden_NH)
        logits_NV = _exact(logits_NV)
        if counted is None:
            loss = F.cross_entropy(logits_NV, targets_N, ignore_index=IGNORED)
        else:
            loss = F.cross_entropy(logits_NV, targets_N, ignore_index=IGNORED, reduction="sum") / counted
        scaler.scale(loss).backward()
        return loss.detach(), after
    loss, over = torch.zeros((), device=hidden_NH.device), (targets_N != IGNORED).sum() if counted is None else counted
    parts = [part_NH.detach().requires_grad_() for part_NH in hidden_NH.split(size)]
    for part_NH, part_targets_N in zip(parts, targets_N.split(size), strict=True):
        with arithmetic():
            logits_NV = network.head(part_NH)
        part = F.cross_entropy(_exact(logits_NV), part_targets_N, ignore_index=IGNORED, reduction="sum") / over
        scaler.scale(part).backward()
        loss += part.detach()
    hidden_NH.backward(torch.cat([part_NH.grad for part_NH in parts if part_NH.grad is not None]))
    return loss, after


def _exact(logits_NV: Tensor) -> Tensor:
    """At least single precision."""
    return logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32))
