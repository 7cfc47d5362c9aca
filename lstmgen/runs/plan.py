"""What a training run would be: what it reads, which network it gets, how long it takes and how large it is. Nothing is trained or kept."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.model.memory import training_bytes
from lstmgen.runs import presets
from lstmgen.runs.pace import TIMED_STEPS, seconds_of_steps
from lstmgen.runs.preparation import arithmetic_of, sketch, window_of, with_arithmetic
from lstmgen.runs.run import Order

_NUMBER_BYTES: Final = 4
_COPIES_ON_DISK: Final = 9
"""Of the weights: the model, and two states of weights, good weights and two moments each."""
_PROGRAM_BYTES: Final = 400_000_000
"""What Python and torch take before a network is made."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run would be.

    Attributes:
        medium: label of the medium.
        sources: what was read and what was not, one object a file, with the reasons.
        notes: what the user should know about the sources.
        documents: how many were read.
        tokenizer: its name.
        vocab_size: number of ids.
        train_tokens: tokens to learn from.
        val_tokens: tokens to validate on.
        preset: the size whose values the network has; None where they were chosen one by one.
        settings: every setting decided, nested.
        parameters: numbers in the model.
        device: where it would run.
        precision: the arithmetic, and why.
        seconds_per_step: of the middle one of some steps that were taken with a network that was thrown away.
        steps: how many steps the budget allows, by that speed where it is one of time.
        passes: how often each token would be read.
        seconds: how long the run would take, the time for reading the sources included.
        model_bytes: size of the model file.
        run_bytes: size of the run folder, without what is kept of standard input.
        memory_bytes: what the process would take at most; a rough guess.
    """

    medium: str
    sources: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    documents: int
    tokenizer: str
    vocab_size: int
    train_tokens: int
    val_tokens: int
    preset: str | None
    settings: dict[str, Any]
    parameters: int
    device: str
    precision: str
    seconds_per_step: float
    steps: int
    passes: float
    seconds: float
    model_bytes: int
    run_bytes: int
    memory_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def plan_run(order: Order) -> Plan:
    """Reads the sources and decides the settings as a run would. Token files are kept in the cache, where a run finds them.

    Raises:
        LstmgenError: as a run would, before its first step.
    """
    with tempfile.TemporaryDirectory(prefix="lstmgen-") as folder:
        outline = sketch(order, RunFolder(Path(folder)))
        config, architecture = outline.config, outline.architecture
        arithmetic = arithmetic_of(config, architecture)
        read_s = order.clock.elapsed_s
        step_s = seconds_of_steps(architecture, arithmetic, **window_of(config))[TIMED_STEPS // 2]
        training, train = config.training, outline.files.train
        batch, length = training.batch_size or 1, training.seq_length or 1
        window = batch * length
        limits = [
            None if training.max_time_s is None else max(1.0, (training.max_time_s - read_s) / step_s),
            training.max_steps,
            None if training.epochs is None else training.epochs * len(train.ids) / window,
        ]
        steps = math.ceil(min(limit for limit in limits if limit is not None))
        parameters = architecture.num_parameters
        tokenizer_bytes = len(json.dumps(outline.tokenizer.to_json()))
        gathered, val = outline.gathered, outline.files.val
        return Plan(
            medium=gathered.medium.label,
            sources=tuple(dict(row) for row in gathered.material.files()),
            notes=(*gathered.notes, *gathered.material.notes, *gathered.material.losses(outline.tokenizer)),
            documents=gathered.material.count,
            tokenizer=outline.tokenizer.name,
            vocab_size=outline.tokenizer.vocab_size,
            train_tokens=len(train.ids),
            val_tokens=0 if val is None else len(val.ids),
            preset=_preset(config.to_dict()),
            settings=with_arithmetic(config, arithmetic).to_dict(),
            parameters=parameters,
            device=arithmetic.device.type,
            precision=f"{arithmetic.precision} ({arithmetic.reason})",
            seconds_per_step=step_s,
            steps=steps,
            passes=steps * window / len(train.ids),
            seconds=read_s + steps * step_s,
            model_bytes=_NUMBER_BYTES * parameters + tokenizer_bytes,
            run_bytes=_NUMBER_BYTES * _COPIES_ON_DISK * parameters + 3 * tokenizer_bytes,
            memory_bytes=_PROGRAM_BYTES + training_bytes(architecture, **window_of(config)),
        )


def _preset(settings: Mapping[str, Any]) -> str | None:
    return next((name for name, size in presets.SIZES.items() if size.hidden_size == settings["model"]["hidden_size"]), None)
