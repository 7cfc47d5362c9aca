"""One trial: a fresh network of one layer learns a task, and is tested on what it has not seen.

No normalisation and no residual path, so that it is the cell that is measured; everything in fp32.

Letters: T tokens, B sequences, V symbols.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from lstmgen.lab.task import Batch, Task
from lstmgen.model.language_model import Architecture, LanguageModel

_REPORTS = 20
_EMBEDDING = 16
_WARMUP_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How a trial stands.

    Attributes:
        cell: the cell.
        seed: of everything that is drawn.
        step: steps taken.
        steps: of all.
        loss_nats: smoothed loss.
        figure: what the test gave; None before the end.
        parameters: numbers that the network learns.
        state_norm: mean norm of the last part of the state after the test, the cell of an LSTM.
        seconds: time taken so far, the test included.
    """

    cell: str
    seed: int
    step: int
    steps: int
    loss_nats: float
    parameters: int
    seconds: float
    figure: float | None = None
    state_norm: float = 0.0


def trial(task: Task, cell: str, *, seed: int, steps: int | None = None) -> Iterator[Trial]:
    """Learns and tests; the last event has the figure.

    Args:
        task: what is learned.
        cell: with which cell.
        seed: of the weights and the sequences.
        steps: how long; None: as long as the task says.
    """
    began_s, steps = time.monotonic(), steps or task.steps
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = LanguageModel(
        Architecture(
            vocab_size=task.symbols,
            embedding_size=_EMBEDDING,
            hidden_size=task.hidden_size,
            num_layers=1,
            cell=cell,
            layer_norm=False,
            residual=False,
        )
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=task.lr, weight_decay=0.0, fused=True)
    told: dict[str, Any] = {"cell": cell, "seed": seed, "steps": steps, "parameters": network.architecture.num_parameters}
    loss_nats, state = float("nan"), network.zero_state(task.batch_size)
    for step, window in zip(range(steps), _windows(task, random), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = task.lr * _rate(step / steps)
        logits_TBV, after = network(torch.from_numpy(window.inputs_TB), state)
        loss = F.cross_entropy(logits_TBV.flatten(0, 1), torch.from_numpy(window.targets_TB).flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        state = after.detach() if task.window else network.zero_state(task.batch_size)
        loss_nats = loss.item() if step == 0 else 0.95 * loss_nats + 0.05 * loss.item()
        if step % max(1, steps // _REPORTS) == 0:
            yield Trial(**told, step=step, loss_nats=loss_nats, seconds=time.monotonic() - began_s)
    figure, norm = _tested(task, network, np.random.default_rng([seed, 1]))
    seconds = time.monotonic() - began_s
    yield Trial(**told, step=steps, loss_nats=loss_nats, seconds=seconds, figure=figure, state_norm=norm)


def _rate(progress: float) -> float:
    """A short rise, and a fall to zero."""
    return min(1.0, (progress + 1e-3) / _WARMUP_SHARE) * (1 - progress)


def _windows(task: Task, random: np.random.Generator) -> Iterator[Batch]:
    """Batches without end; of streams their windows, one after the other."""
    while True:
        batch = task.train(random, task.batch_size)
        length = task.window or len(batch.inputs_TB)
        for first in range(0, len(batch.inputs_TB) - length + 1, length):
            part = slice(first, first + length)
            yield Batch(batch.inputs_TB[part], batch.targets_TB[part], batch.scored_TB[part])


def _tested(task: Task, network: LanguageModel, random: np.random.Generator) -> tuple[float, float]:
    """The figure, and the mean norm of the last part of the state."""
    batch = task.test(random, task.test_size)
    network.eval()
    with torch.inference_mode():
        logits_TBV, after = network(torch.from_numpy(batch.inputs_TB), network.zero_state(batch.inputs_TB.shape[1]))
        right_TB = logits_TBV.argmax(2).numpy() == batch.targets_TB
        norm = after.layers[0][-1].flatten(1).norm(dim=1).mean().item()
    return task.figure(right_TB, batch.scored_TB), norm
