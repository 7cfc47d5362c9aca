"""What a trainer tells whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

StopReason = Literal["time", "steps", "epochs", "patience", "signal"]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything is ready; the first step comes next."""

    model: str
    """Path of the model file that the run writes."""
    run: str
    """Path of the run folder."""
    tokenizer: str
    vocab_size: int
    parameters: int
    train_tokens: int
    val_tokens: int
    documents: int
    device: str
    precision: str
    """The arithmetic in use, and why."""
    settings: dict[str, Any]
    """The resolved configuration, nested."""
    resumed_at_step: int = 0
    notes: tuple[str, ...] = ()
    """What the user should know: normalised line ends, skipped files, shrunk batches."""


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """A number of optimiser steps were taken since the last such event."""

    step: int
    progress: float
    """Share of the budget that is used up, 0 to 1."""
    loss_nats: float
    """Smoothed training loss, nats a token."""
    lr: float
    tokens_seen: int
    tokens_per_second: float
    epoch: float
    elapsed_s: float
    remaining_s: float | None
    """Seconds to the end of the budget; None before a rate is known."""
    skipped_steps: int
    """Updates left out so far because their loss or gradient was not finite."""


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The validation part was passed over once; nothing in training changed."""

    step: int
    val_nats: float
    """Nats a token."""
    is_best: bool
    elapsed_s: float
    val_nats_per_char: float | None = None


@dataclass(frozen=True, kw_only=True)
class CheckpointDue:
    """It is time to save the trainer's state; handled by the session and never passed on."""

    step: int


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The trainer takes no more steps; handled by the session, which ends the run with `Stopped`."""

    reason: StopReason
    step: int


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A complete checkpoint is on disk."""

    step: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A piece of generated text; composed by the session, not by the trainer."""

    step: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something went wrong and was dealt with."""

    step: int
    message: str


@dataclass(frozen=True, kw_only=True)
class RolledBack:
    """Training diverged, and goes on from the last good weights at half the learning rate."""

    step: int
    good_step: int
    """The step that the weights are of."""
    lr_scale: float
    """What the learning rate is multiplied with from here on."""
    number: int
    """How often it has happened in a row, 1 for the first time."""
    of: int
    """How often it may."""

    @property
    def message(self) -> str:
        """What happened, in words."""
        return (
            f"the loss or a weight went out of bounds: back to the weights of step {self.good_step:,}, at half the learning rate "
            f"(return {self.number} of {self.of})"
        )


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """The run has ended and everything is saved."""

    reason: StopReason
    step: int
    summary: dict[str, Any] = field(default_factory=dict)
    """What `train --json` prints."""


Event = Prepared | Stepped | Evaluated | Saved | Sampled | Warned | RolledBack | Stopped
