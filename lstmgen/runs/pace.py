"""How fast a network trains here, by some steps of one that is thrown away."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Final

import torch

from lstmgen.config import OptimizerConfig
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.loss import backward
from lstmgen.training.optimizer import build_optimizer

TIMED_STEPS: Final = 5


def seconds_of_steps(architecture: Architecture, arithmetic: Arithmetic, *, batch_size: int, seq_length: int) -> list[float]:
    """The seconds of some steps, ascending; the first one, which prepares much, is not counted."""
    timed = timed_steps(architecture, arithmetic, batch_size=batch_size, seq_length=seq_length)
    _, *seconds = itertools.islice(timed, 1 + TIMED_STEPS)
    return sorted(seconds)


def timed_steps(architecture: Architecture, arithmetic: Arithmetic, *, batch_size: int, seq_length: int) -> Iterator[float]:
    """The seconds that steps take, forward, backward and update, of a network that is thrown away; one whenever it is asked."""
    with torch.random.fork_rng():
        network = LanguageModel(architecture).to(arithmetic.device)
        ids_TB = torch.randint(architecture.vocab_size, (seq_length + 1, batch_size), device=arithmetic.device)
    network.train()
    optimizer, scaler = build_optimizer(network, OptimizerConfig()), torch.amp.GradScaler(arithmetic.device.type, enabled=False)
    while True:
        began_s = time.monotonic()
        optimizer.zero_grad()
        state = network.zero_state(batch_size)
        with torch.random.fork_rng():
            loss, _ = backward(network, ids_TB[:-1], ids_TB[1:], state, arithmetic=arithmetic.context, scaler=scaler)
        optimizer.step()
        loss.item()
        yield time.monotonic() - began_s
