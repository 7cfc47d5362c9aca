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
        most_logits: of so many at a time at most, but of one token at least.

    Returns:
        The loss in nats a token, and the state behind the window.
    """
    with arithmetic():
        asked = objective_of(network.architecture.objective).asked(network, inputs_TB, targets_TB, carried, copies)
    targets_N, hidden_NH, after = asked.targets.flatten(), asked.hidden.flatten(0, -2), asked.after
    ends_N = None if asked.ends is None else asked.ends.flatten()
    counted = (targets_N != IGNORED).sum()
    size = max(1, most_logits // network.architecture.vocab_size)
    if size >= len(targets_N):
        with arithmetic():
            logits_NV = network.head(hidden_NH)
        loss = F.cross_entropy(logits_NV.float(), targets_N, ignore_index=IGNORED)
        if ends_N is not None:
            loss = loss + _of_ends(network, hidden_NH, ends_N, arithmetic) / counted
        scaler.scale(loss).backward()
        return loss.detach(), after
    loss = torch.zeros((), device=hidden_NH.device)
    parts = [part_NH.detach().requires_grad_() for part_NH in hidden_NH.split(size)]
    for place, (part_NH, part_targets_N) in enumerate(zip(parts, targets_N.split(size), strict=True)):
        with arithmetic():
            logits_NV = network.head(part_NH)
        part = F.cross_entropy(logits_NV.float(), part_targets_N, ignore_index=IGNORED, reduction="sum") / counted
        if ends_N is not None:
            part = part + _of_ends(network, part_NH, ends_N.split(size)[place], arithmetic) / counted
        scaler.scale(part).backward()
        loss += part.detach()
    hidden_NH.backward(torch.cat([part_NH.grad for part_NH in parts if part_NH.grad is not None]))
    return loss, after


def _of_ends(network: LanguageModel, hidden_NH: Tensor, ends_N: Tensor, arithmetic: Callable[[], AbstractContextManager]) -> Tensor:
    """The surprisal of whether a gap ends at each place, summed."""
    asked_N = ends_N != IGNORED
    with arithmetic():
        logits_N = network.end_logits(hidden_NH[asked_N])
    return F.binary_cross_entropy_with_logits(logits_N.float(), ends_N[asked_N].float(), reduction="sum")
