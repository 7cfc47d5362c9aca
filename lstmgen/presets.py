"""What a run gets when its user chooses nothing: a model and a recipe that fit the corpus, the device and the budget.

The figures behind the choices are in docs/LOG.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

from lstmgen.config import Config

DEFAULT_MAX_TIME_S: Final = 300.0
"""The budget when none is given."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the choice rests on.

    Attributes:
        train_tokens: tokens of the training part.
        vocab_size: number of ids.
        device: `cpu` or `cuda`.
        remaining_s: seconds of the time budget that are left after reading the corpus; None without a time budget.
    """

    train_tokens: int
    vocab_size: int
    device: str
    remaining_s: float | None


@dataclass(frozen=True, kw_only=True)
class Size:
    """A model size and the settings it trains well with."""

    hidden_size: int
    lr: float
    cpu_tokens_per_second: float
    """Rough training speed of two CPU cores, for estimating how often a corpus will be passed over; never for ending a run."""


SIZES: Final = {
    "tiny": Size(hidden_size=128, lr=8e-3, cpu_tokens_per_second=120_000),
    "small": Size(hidden_size=256, lr=6e-3, cpu_tokens_per_second=60_000),
    "medium": Size(hidden_size=384, lr=5e-3, cpu_tokens_per_second=30_000),
    "large": Size(hidden_size=640, lr=4e-3, cpu_tokens_per_second=12_000),
}


def with_default_budget(config: Config) -> Config:
    """The configuration with the default budget where none is given."""
    training = config.training
    if training.max_time_s is None and training.max_steps is None and training.epochs is None:
        return replace(config, training=replace(training, max_time_s=DEFAULT_MAX_TIME_S))
    return config


def resolve(config: Config, facts: Facts) -> Config:
    """The configuration with every open setting decided."""
    name = config.model.preset if config.model.preset != "auto" else _choose_size(facts)
    size = SIZES[name]
    hidden = config.model.hidden_size or size.hidden_size
    model = _filled(
        config.model,
        hidden_size=hidden,
        num_layers=2,
        embedding_size=hidden if config.model.tied else min(hidden, _embedding_size(facts.vocab_size)),
        dropout=0.1,
    )
    training = _filled(config.training, **_window(config, facts))
    return replace(config, model=model, optimizer=_filled(config.optimizer, lr=size.lr), training=training)


def _filled(section: Any, **choices: Any) -> Any:
    """A copy of a section with the choices put in where it has None."""
    return replace(section, **{name: value for name, value in choices.items() if getattr(section, name) is None})


def _choose_size(facts: Facts) -> str:
    return "medium"


def _embedding_size(vocab_size: int) -> int:
    """A multiple of 64 that grows with the vocabulary; 128 for an alphabet."""
    return max(128, 64 * round(4 * math.sqrt(vocab_size) / 64))


def _window(config: Config, facts: Facts) -> dict[str, int]:
    """Streams and window; a small corpus gets fewer streams, so that each still has some text to itself."""
    seq_length = config.training.seq_length or max(1, min(32, (facts.train_tokens - 1) // 2))
    batch_size = max(1, min(32, facts.train_tokens // (4 * seq_length)))
    return {"seq_length": seq_length, "batch_size": batch_size}
