"""What a run gets when its user chooses nothing: a model and a recipe that fit the corpus, the device and the budget.

The figures behind the choices are in docs/LOG.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

from lstmgen.choices import OBJECTIVES
from lstmgen.config import Config
from lstmgen.media.manner import Manner

DEFAULT_MAX_TIME_S: Final = 300.0
"""The budget when none is given."""
_SEQ_LENGTH: Final = 32
_BATCH_SIZE: Final = {"cpu": 32, "cuda": 64}
_APART_SEQ_LENGTH: Final = 128
_APART_BATCH_SIZE: Final = {"cpu": 16, "cuda": 64}
"""Of items that are read apart: each begins at the start of a window; a long one wastes little, and lets the gradient flow far. Of text
that is read both ways too, because what is behind a window is not seen in it."""
_LEVELLED_SEQ_LENGTH: Final = 64
_LEVELLED_TOKENS: Final = 1024
_MOST_LEVELLED: Final = 256
"""Of short items that are read side by side: about so many tokens a window, which is as long as the items are, up to that length."""
_STREAM: Final = Manner(apart=False)
_HUGE_VOCABULARY: Final = 2**14
"""The largest that a tokenizer takes by itself, but for `char`, which takes every character."""
_MOST_VOCABULARY_NUMBERS: Final = 2**23
"""Of a larger one in embedding and head together, which is 82 wide for 50,000 ids: they take most of the memory and of a step."""
_LEAST_WIDTH: Final = 64
_CUDA_SPEEDUP: Final = 20.0
"""Rough, of any size; only for choosing one."""
_ENOUGH_DOCUMENTS: Final = 100
"""To learn from these alone how a document begins."""
_YARDSTICK: Final = "small"
_WORTH_ASKING_S: Final = 20.0
"""Of the budget: to time a few steps takes less than a second."""
_RATED_STEPS: Final = 3000
_MOST_OF_RATE: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the choice rests on.

    Attributes:
        train_tokens: tokens of the training part.
        vocab_size: number of ids.
        device: `cpu` or `cuda`.
        remaining_s: seconds of the time budget that are left after reading the corpus; None without a time budget.
        budget_is_default: whether the user gave no budget at all.
        manner: how items are learned; see `media.base.Manner`.
        items: how many there are in the training part.
        worth: what augmentation is worth; see `media.base.Medium`.
        speed: of this machine in training, where `Size.tokens_per_second` is 1.
    """

    train_tokens: int
    vocab_size: int
    device: str
    remaining_s: float | None
    budget_is_default: bool = False
    manner: Manner = _STREAM
    items: int = 1
    worth: float = 1.0
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """A model size, what it trains well with, and its rough speed."""

    hidden_size: int
    lr: float
    """The highest rate of a run of `_RATED_STEPS`; see `_rate`."""
    weight_decay: float
    tokens_per_second: dict[str, float]
    """On two CPU cores, and on a large GPU (H100); for estimating passes over the corpus, never for ending a run."""
    least_s: float = 0.0
    """Of the budget, on a CPU: less is too little to teach it well."""
    least_passes: float = 0.0
    """Over the corpus: what is read less often teaches a narrower one more in the same time."""
    enough_s: float = 0.0
    """With so long a budget it is taken however seldom the corpus is read."""


SIZES: Final = {
    "tiny": Size(hidden_size=128, lr=5.5e-3, weight_decay=0.3, tokens_per_second={"cpu": 110_000, "cuda": 2_000_000}),
    "small": Size(hidden_size=256, lr=5e-3, weight_decay=0.3, tokens_per_second={"cpu": 55_000, "cuda": 1_200_000}),
    "medium": Size(
        hidden_size=384,
        lr=5e-3,
        weight_decay=0.3,
        tokens_per_second={"cpu": 30_000, "cuda": 1_100_000},
        least_s=20,
        least_passes=2.5,
        enough_s=1200,
    ),
    "large": Size(
        hidden_size=512,
        lr=5.5e-3,
        weight_decay=0.5,
        tokens_per_second={"cpu": 18_000, "cuda": 1_100_000},
        least_s=480,
        least_passes=5,
        enough_s=3600,
    ),
}


def has_budget(config: Config) -> bool:
    """Whether the user said when to end."""
    training = config.training
    return not (training.max_time_s is None and training.max_steps is None and training.epochs is None)


def with_default_budget(config: Config) -> Config:
    """The configuration with the default budget where none is given."""
    if has_budget(config):
        return config
    return replace(config, training=replace(config.training, max_time_s=DEFAULT_MAX_TIME_S))


def resolve(config: Config, facts: Facts) -> Config:
    """The configuration with every open setting decided."""
    worth, size = facts.train_tokens * facts.worth, _size(config, facts)
    hidden = config.model.hidden_size or size.hidden_size
    if config.model.hidden_size is None and config.model.preset == "auto" and facts.vocab_size > _HUGE_VOCABULARY:
        hidden = min(hidden, max(_LEAST_WIDTH, _MOST_VOCABULARY_NUMBERS // (2 * facts.vocab_size) // 2 * 2))
    config = replace(config, training=_filled(config.training, openings=_wants_openings(config, facts), **_window(config, facts)))
    if facts.budget_is_default:
        config = replace(config, training=_filled(config.training, epochs=round(_enough_passes(worth) * worth / facts.train_tokens, 1)))
    model = _filled(
        config.model,
        hidden_size=hidden,
        num_layers=2,
        embedding_size=hidden if config.model.tied else min(hidden, _embedding_size(facts.vocab_size)),
        dropout=_dropout(_expected_passes(config, facts, size) * facts.train_tokens / worth, worth),
    )
    optimizer = _filled(config.optimizer, lr=_rate(size, _expected_steps(config, facts, size)), weight_decay=size.weight_decay)
    return replace(config, model=model, optimizer=optimizer)


def depends_on_speed(config: Config, facts: Facts) -> bool:
    """Whether anything is chosen by how much can be learned in the time that there is, and that is long enough to ask."""
    undecided = None in (config.model.hidden_size, config.model.dropout, config.optimizer.lr)
    return undecided and facts.device == "cpu" and (facts.remaining_s or 0) >= _WORTH_ASKING_S


def yardstick(config: Config) -> Config:
    """A run like one with every setting decided, of the network whose speed tells that of the machine."""
    width = SIZES[_YARDSTICK].hidden_size
    embedding = width if config.model.tied else min(width, config.model.embedding_size or width)
    return config.replace({"model.hidden_size": width, "model.num_layers": 2, "model.embedding_size": embedding})


def speed_of(tokens_per_second: float) -> float:
    """`Facts.speed` of a machine that trains the yardstick so fast; in steps of the root of two, so that it is mostly the same."""
    return 2 ** (round(2 * math.log2(tokens_per_second / SIZES[_YARDSTICK].tokens_per_second["cpu"])) / 2)


def expected_passes(config: Config, facts: Facts) -> float:
    """How often each token of the training part will be read, about."""
    return _expected_passes(replace(config, training=_filled(config.training, **_window(config, facts))), facts, _size(config, facts))


def _size(config: Config, facts: Facts) -> Size:
    return SIZES[config.model.preset if config.model.preset != "auto" else _choose_size(facts, facts.train_tokens * facts.worth)]


def _filled(section: Any, **choices: Any) -> Any:
    """A copy of a section with the choices put in where it has None."""
    return replace(section, **{name: value for name, value in choices.items() if getattr(section, name) is None})


def _wants_openings(config: Config, facts: Facts) -> bool:
    """Whether too few documents show a network that is to write texts how they begin."""
    writes = config.training.objective == next(iter(OBJECTIVES))
    return writes and not facts.manner.apart and facts.items < _ENOUGH_DOCUMENTS


def _choose_size(facts: Facts, worth: float) -> str:
    """The largest model that the budget can teach well, and that the corpus can fill."""
    given_s = facts.remaining_s if facts.remaining_s is not None else DEFAULT_MAX_TIME_S
    seconds = given_s * facts.speed * (_CUDA_SPEEDUP if facts.device == "cuda" else 1)
    by_corpus = "tiny" if worth < 15_000 else "small" if worth < 80_000 else "large"

    def fits(size: Size) -> bool:
        passes = given_s * facts.speed * size.tokens_per_second[facts.device] / worth
        return seconds >= size.least_s and (passes >= size.least_passes or seconds >= size.enough_s)

    names = list(SIZES)
    return next(name for name in reversed(names[: names.index(by_corpus) + 1]) if fits(SIZES[name]))


def _enough_passes(train_tokens: float) -> float:
    """Passes after which a corpus has little left to teach: 12 for a short text, slowly more for longer ones.

    With the rate falling to zero there, a short text ends at a better model than with all the time of the default budget.
    """
    return round(12 * max(1.0, train_tokens / 100_000) ** 0.2, 1)


def _expected_passes(config: Config, facts: Facts, size: Size) -> float:
    """How often each token will be read; the smallest number that one of the budgets gives."""
    training = config.training
    speed = facts.speed * size.tokens_per_second[facts.device]
    passes = [
        None if facts.remaining_s is None else facts.remaining_s * speed / facts.train_tokens,
        None
        if training.max_steps is None
        else training.max_steps * (training.batch_size or 1) * (training.seq_length or 1) / facts.train_tokens,
        training.epochs,
    ]
    return min((number for number in passes if number is not None), default=1.0)


def _expected_steps(config: Config, facts: Facts, size: Size) -> float:
    """How many there will be, as far as that can be told."""
    window = (config.training.batch_size or 1) * (config.training.seq_length or 1)
    return max(1.0, _expected_passes(config, facts, size) * facts.train_tokens / window)


def _rate(size: Size, steps: float) -> float:
    """Larger where there are few steps, no smaller where there are many.

    256 units learn best from 50 KB with 6e-3 to 9e-3 in 500 steps; 20 MB in 21,600 steps and 1 MB in 12,100 with no less than 5e-3.
    """
    return float(f"{size.lr * min(_MOST_OF_RATE, max(1.0, (_RATED_STEPS / steps) ** 0.25)):.2g}")


def _dropout(passes: float, train_tokens: float) -> float:
    """Little for a long text that is read a few times; more with every doubling of the passes and every halving of the text."""
    again, short = math.log2(max(passes, 1.0) / 6), math.log2(1_000_000 / train_tokens)
    return round(min(0.6, max(0.05, 0.05 + 0.06 * again + 0.04 * short)), 2)


def _embedding_size(vocab_size: int) -> int:
    """A multiple of 64 that grows with the vocabulary; 128 for an alphabet."""
    return max(128, 64 * round(4 * math.sqrt(vocab_size) / 64))


def _window(config: Config, facts: Facts) -> dict[str, int]:
    """Streams and window; a small corpus gets fewer streams, so that each still has some text to itself."""
    if facts.manner.levelled:
        seq_length = config.training.seq_length or _LEVELLED_SEQ_LENGTH
        usual = min(seq_length, max(1, facts.train_tokens // facts.items))
        wanted = _LEVELLED_TOKENS * (2 if facts.device == "cuda" else 1) // usual
        return {"seq_length": seq_length, "batch_size": max(1, min(_MOST_LEVELLED, wanted, facts.items))}
    if facts.manner.apart or OBJECTIVES[config.training.objective].both_ways:
        seq_length = config.training.seq_length or _APART_SEQ_LENGTH
        return {"seq_length": seq_length, "batch_size": max(1, min(_APART_BATCH_SIZE[facts.device], facts.train_tokens // seq_length))}
    seq_length = config.training.seq_length or max(1, min(_SEQ_LENGTH, (facts.train_tokens - 1) // 2))
    batch_size = max(1, min(_BATCH_SIZE[facts.device], facts.train_tokens // (4 * seq_length)))
    return {"seq_length": seq_length, "batch_size": batch_size}
