"""What was asked of a run, checked and completed: by its sources, by the model that it starts from, by what it was where it is resumed."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lstmgen.checkpoint.model_file import Model
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.choices import OBJECTIVES, WITHOUT
from lstmgen.config import Config, ModelConfig, facts_of
from lstmgen.errors import UsageError
from lstmgen.media.base import Medium
from lstmgen.media.declared import media_options
from lstmgen.media.registry import medium_of
from lstmgen.model.language_model import Architecture
from lstmgen.runs.recorded import recorded_data
from lstmgen.setting_values import NONE

_LEARNED_AS: Final = ("data.documents", "data.separator")
"""What a new run takes over from the model that it starts from."""
_BUDGET: Final = ("training.max_time_s", "training.max_steps", "training.epochs")
CHANGEABLE_ON_RESUME: Final = frozenset(
    {
        *_BUDGET,
        "training.patience",
        "training.eval_every",
        "training.save_every_s",
        "training.sample_every_s",
        "runtime.device",
        "runtime.precision",
        "runtime.backward_pass",
        "runtime.threads",
    }
)
"""Settings that a resumed run may be given anew; anything else would make it another run."""


def refuse_others(changes: Mapping[str, Any], medium: Medium) -> None:
    """Raises UsageError where a setting was changed that only another medium has, and that would have no effect."""
    declared = media_options("train")
    own = {option.name for option in declared.pop(medium.label)}
    for label, options in declared.items():
        for option in options:
            if option.name not in own and changes.get(option.name) not in (None, facts_of(option.name).default):
                raise UsageError(f"{option.flag} is for {label}, and the sources hold {medium.label}", remedy="leave it out")


def learned_as(config: Config, base: Model, changes: Mapping[str, Any]) -> Config:
    """The configuration with the documents of the model that it starts from, unless others were asked for."""
    if any(key in changes for key in _LEARNED_AS):
        return config
    data = recorded_data(base.summary, medium_of(base.tokenizer))
    return config.replace({key: getattr(data, key.partition(".")[2]) for key in _LEARNED_AS})


def with_ablation(config: Config) -> Config:
    """The configuration with the cell that an LSTM without the named gate is.

    Raises:
        UsageError: another cell was asked for.
    """
    model = config.model
    if model.without is None:
        return config
    cell = WITHOUT[model.without]
    if model.cell not in (ModelConfig().cell, cell):
        raise UsageError(f"--without {model.without} is for the cell lstm, not for {model.cell}", remedy="leave one of the two out")
    return config.replace({"model.cell": cell})


def check_objective(config: Config, processes: int) -> None:
    """Raises UsageError where a network would be taught to fill gaps in two ways at once, or by several processes."""
    training = config.training
    if processes > 1 and (training.infill or OBJECTIVES[training.objective].both_ways):
        flag = "--infill" if training.infill else f"--objective {training.objective}"
        raise UsageError(f"{flag} is learned by one process, and there are {processes}", remedy="start it without torchrun")
    if training.infill and OBJECTIVES[training.objective].both_ways:
        raise UsageError(
            f"--infill is for models that read from left to right, and --objective {training.objective} reads both ways",
            remedy="leave one of the two out",
        )


def with_needs_of_objective(config: Config, base: Model | None) -> Config:
    """The configuration with the tokenizer that the objective needs.

    Raises:
        UsageError: something else was asked for that it cannot be learned with, the model to start from among it.
    """
    name, learned = config.training.objective, None if base is None else base.network.architecture.objective
    objective = OBJECTIVES[name]
    if config.training.infill or objective.both_ways:
        config = _without_grammar(config)
    if config.training.infill or objective.both_ways or objective.labels:
        config = _without_matches(config)
    if learned is not None and OBJECTIVES[learned].labels != objective.labels:
        raise UsageError(
            f"the model to start from {OBJECTIVES[learned].about}, and --objective {name} gives other answers",
            remedy=f"--objective {learned}, or leave --init-from out",
        )
    if not objective.tokenizer:
        return config
    if config.tokenizer.name not in {None, objective.tokenizer} or config.tokenizer.source_model is not None:
        raise UsageError(
            f"--objective {name} has a tokenizer of its own, {objective.tokenizer}", remedy="leave --tokenizer and --tokenizer-from out"
        )
    if config.model.tied:
        raise UsageError(f"--tied is for models that predict tokens, and --objective {name} gives labels", remedy="leave --tied out")
    return config.replace({"tokenizer.name": objective.tokenizer})


def _without_grammar(config: Config) -> Config:
    """The configuration for tokens in another order than that of the grammar. Raises UsageError: the grammar was asked for."""
    if config.tokenizer.grammar:
        raise UsageError("--grammar is for models that read from left to right and nothing else", remedy="leave --grammar out")
    return config.replace({"tokenizer.grammar": False})


def _without_matches(config: Config) -> Config:
    """The configuration for what is not read from left to right alone. Raises UsageError: to be told what followed was asked for."""
    if config.model.matches not in {None, NONE}:
        raise UsageError("--matches is for models that read from left to right and nothing else", remedy="leave --matches out")
    return config.replace({"model.matches": NONE})


def with_architecture_of(config: Config, architecture: Architecture) -> Config:
    """The configuration with the shape of the model that it starts from.

    Raises:
        UsageError: another shape was asked for.
    """
    names = ("cell", "hidden_size", "num_layers", "embedding_size", "layer_norm", "residual", "tied")
    shape = {name: getattr(architecture, name) for name in names}
    asked = {name: getattr(config.model, name) for name in ("hidden_size", "num_layers", "embedding_size")}
    # What it is told of what followed is a part around the layers, like sentinels: it may come and go.
    shape["matches"] = config.model.matches or architecture.matches or NONE
    shape["match_slots"] = config.model.match_slots or architecture.match_slots or None
    asked["cell"] = None if config.model.cell == ModelConfig().cell else config.model.cell
    wrong = [f"{name} {value}, the model has {shape[name]}" for name, value in asked.items() if value not in (None, shape[name])]
    if wrong:
        raise UsageError(f"--init-from keeps the model's shape, but these were asked for: {'; '.join(wrong)}", remedy="leave them out")
    return config.replace({f"model.{name}": value for name, value in shape.items()})


def with_absolute_sources(config: Config) -> Config:
    """Sources by absolute path, so that the run resumes from any folder."""

    def absolute(source: str) -> str:
        is_path = source != "-" and (Path(source).exists() or glob.has_magic(source))
        return str(Path(source).absolute()) if is_path else source

    data = config.data
    return replace(config, data=replace(data, sources=tuple(map(absolute, data.sources)), val=absolute(data.val) if data.val else None))


def changed_for_resume(folder: RunFolder, config: Config, changes: dict[str, Any]) -> Config:
    """The configuration of a run that is resumed. Raises UsageError: something is changed that would make it another run."""
    plain = config.to_dict()
    others = sorted(key for key, value in changes.items() if key not in CHANGEABLE_ON_RESUME and _lookup(plain, key) != value)
    if others:
        raise UsageError(
            f"a resumed run keeps its settings, but these were given: {', '.join(others)}",
            remedy=f"leave them out, or start a new run from these weights with --init-from {folder.path}",
        )
    # A budget that is given anew takes the place of the old one as a whole; else a part that is used up would end the run at once.
    fresh = dict.fromkeys(_BUDGET) if any(key in changes for key in _BUDGET) else {}
    return config.replace(fresh | {key: value for key, value in changes.items() if key in CHANGEABLE_ON_RESUME})


def refuse_rest(streams: int, processes: int, *, resumed: bool = False) -> None:
    """Refuses a number of processes among which the streams of a window cannot be divided. Raises UsageError: naming sizes that fit."""
    if streams % processes == 0:
        return
    less, more = streams // processes * processes, -(-streams // processes) * processes
    sizes = " or ".join(f"--batch-size {size}" for size in dict.fromkeys((less or more, more)))
    fewer = max(size for size in range(1, processes) if streams % size == 0)
    raise UsageError(
        f"a batch of {streams} streams cannot be divided among {processes} processes",
        remedy=f"{'' if resumed else f'{sizes}; or '}torchrun --nproc-per-node {fewer}",
    )


def _lookup(table: dict[str, dict[str, Any]], dotted: str) -> Any:
    section, _, key = dotted.partition(".")
    return table.get(section, {}).get(key)
