"""Everything that happens before the first training step.

    sources ─► material ─► tokenizer ─► token files ─► settings ─► network ─► trainer

for a new run (`start`), and the same way again for a run that is resumed (`resume`), which takes its settings, tokenizer and state from the
run folder and makes sure that the sources are still what they were.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from lstmgen import limits, storage, strict_json
from lstmgen.checkpoint.model_file import Model, find_model, load_model, read_description
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.choices import OBJECTIVES
from lstmgen.config import Config, from_dict
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.errors import CorpusError, MachineError, ModelFileError, UsageError
from lstmgen.media.base import Access, Medium, Tokenizer
from lstmgen.media.registry import medium_of, tokenizer_from_json
from lstmgen.model.arithmetic import Arithmetic, choose_arithmetic, choose_device, set_threads, threads_for
from lstmgen.model.language_model import Architecture, LanguageModel, grown
from lstmgen.model.matches import SLOTS
from lstmgen.model.memory import refuse_training
from lstmgen.opening import open_regular
from lstmgen.runs import presets, resuming
from lstmgen.runs.asked import (
    changed_for_resume,
    check_objective,
    learned_as,
    refuse_others,
    refuse_rest,
    with_ablation,
    with_absolute_sources,
    with_architecture_of,
    with_needs_of_objective,
)
from lstmgen.runs.pace import seconds_of_steps
from lstmgen.runs.run import Order, Run
from lstmgen.runs.sources import Gathered, gather, gather_again, keep_input, recorded_input, token_files
from lstmgen.setting_values import NONE
from lstmgen.strict_json import StrictJsonError
from lstmgen.training.rearranged import columns, suffix_tokens
from lstmgen.wording import counted

_TOKENIZER_CACHE_VERSION = 2

ENDED_AT = "ended_at_step"
"""What a model file says of the run that wrote it, once that has ended."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What a new run will be, before there is a network.

    Attributes:
        config: every setting decided.
        kept: the files that keep what was read from standard input and pipes.
        base: the model that it starts from.
    """

    config: Config
    kept: Mapping[str, Path]
    gathered: Gathered
    tokenizer: Tokenizer
    files: TokenFiles
    architecture: Architecture
    base: Model | None


def sketch(order: Order, folder: RunFolder) -> Outline:
    """Reads the sources of a new run and decides all of its settings; writes into the folder only what standard input holds.

    Raises:
        LstmgenError: as `start`.
    """
    config = with_ablation(presets.with_default_budget(order.config))
    check_objective(config, order.group.size)
    choose_device(config.runtime.device)
    base = load_model(order.init_from) if order.init_from else None
    config = with_needs_of_objective(config if base is None else learned_as(config, base, order.changes), base)
    access = order.access(folder, keep_input(config.data, order.stdin, folder.path))
    # Older runs, which say nothing of silent ends, have learned them and go on with them; new ones do not, and say so.
    data = config.filled({"data.silent_ends": False}).data
    gathered = gather(data, access, medium=medium_of(base.tokenizer) if base else None, tokenizer=config.tokenizer.name)
    refuse_others(order.changes, gathered.medium)
    tokenizer = _choose_tokenizer(config, gathered, base, access)
    files = token_files(gathered.material, tokenizer, access)
    config = with_absolute_sources(_resolve(config, gathered.medium, tokenizer, files=files, base=base, order=order))
    architecture = _architecture(config, gathered.medium, tokenizer)
    return Outline(
        config=config, kept=access.kept, gathered=gathered, tokenizer=tokenizer, files=files, architecture=architecture, base=base
    )


def start(order: Order, folder: RunFolder) -> Run:
    """Prepares a new run in an empty run folder.

    Raises:
        LstmgenError: a source, a setting or the machine is not as it must be.
    """
    run = prepare(order, folder)
    run.begin()
    return run


def prepare(order: Order, folder: RunFolder) -> Run:
    """A new run that nothing has been written of yet. Raises as `start`."""
    outline = sketch(order, folder)
    config, tokenizer, architecture, base = outline.config, outline.tokenizer, outline.architecture, outline.base
    torch.manual_seed(config.training.seed)
    refuse_rest(config.training.batch_size or 1, order.group.size)
    arithmetic = arithmetic_of(config, architecture)
    with threads_for(1, torch.device("cpu")):  # orthogonal matrices come out otherwise of two
        network = (grown(base.network, architecture) if base else LanguageModel(architecture)).to(arithmetic.device)
    return Run(
        folder=folder,
        gathered=outline.gathered,
        kept=outline.kept,
        config=with_arithmetic(config, arithmetic),
        tokenizer=tokenizer,
        files=outline.files,
        arithmetic=arithmetic,
        network=network,
        order=order,
    )


def resume(order: Order, folder: RunFolder) -> Run:
    """Prepares a run to continue exactly where it stood.

    Raises:
        LstmgenError: the sources have changed, a setting may not be changed any more, or the folder is damaged.
    """
    folder.clear()
    warnings: list[str] = []
    found = resuming.read(folder, warn=warnings.append)
    values, tokenizer, architecture = found.values, found.tokenizer, found.architecture
    config = changed_for_resume(folder, _settings(folder, values), order.changes)
    # Its numbers stay those of the backward pass that it began with, and there was but one before the setting.
    config = config.replace({"runtime.backward_pass": config.runtime.backward_pass or "torch"})
    check_objective(config, order.group.size)
    refuse_rest(config.training.batch_size or 1, order.group.size, resumed=True)
    access = order.access(folder, recorded_input(config.data, values, folder))
    gathered = gather_again(config.data, access, medium=medium_of(tokenizer), run=folder.path)
    if gathered.material.sha256 != values["sources_sha256"]:
        raise CorpusError(
            f"the sources have changed: the run began with hash {values['sources_sha256'][:12]}, it is {gathered.material.sha256[:12]} now",
            remedy=f"start a new run from these weights: lstmgen train SOURCE --init-from {folder.path}",
        )
    files = token_files(gathered.material, tokenizer, access)
    arithmetic = arithmetic_of(config, architecture)
    network = LanguageModel(architecture).to(arithmetic.device)
    warnings += _differences(config, arithmetic, had=values.get("processes", 1), has=order.group.size)
    gathered = replace(gathered, notes=tuple(warnings))
    run = Run(
        folder=folder,
        gathered=gathered,
        kept=access.kept,
        config=config,
        tokenizer=tokenizer,
        files=files,
        arithmetic=arithmetic,
        network=network,
        order=order,
    )
    trainer = run.trainer
    trainer.restore(found.tensors, values["trainer"])
    if trainer.progress() >= 1 and _has_ended(run):
        raise UsageError(
            f"the run in {folder.path} has used up its budget at step {trainer.counters.step:,}",
            remedy=f"give it more: lstmgen train --resume {folder.path} --max-steps {2 * trainer.counters.step}",
        )
    folder.truncate_metrics(trainer.counters.step, values.get("metrics_bytes"))
    if trainer.counters.step:
        folder.write_config(config)
    else:
        run.begin(keep_model=_summary(folder).get("settings") == values.get("settings"))
    return run


def _differences(config: Config, arithmetic: Arithmetic, *, had: int, has: int) -> Iterator[str]:
    """Why the figures of a resumed run agree closely with those of a run that was never stopped, and not bit for bit."""
    before, now = config.runtime.backward_pass, arithmetic.backward
    if before != now:
        yield f"the layers of the run were {before}, now they are {now}: figures agree closely, and not bit for bit"
    if had != has:
        yield (
            f"{counted(had, 'process', 'processes')} before, {has} now: windows, dropout and schedule are the same, but sums are added in"
            " another order, so figures agree closely, and not bit for bit"
        )


def _settings(folder: RunFolder, values: dict[str, Any]) -> Config:
    """The settings of a run; before its first step those in its folder may still be of a run that it replaces."""
    if values["trainer"]["counters"]["step"] == 0 and "settings" in values:
        return from_dict(values["settings"])
    return folder.read_config()


def _has_ended(run: Run) -> bool:
    """Whether nothing is left to do for a run whose budget is used up. Runs of older versions do not say so, but hold what came last."""
    summary, step = _summary(run.folder), run.trainer.counters.step
    if ENDED_AT in summary:
        return summary[ENDED_AT] == step
    return "val" in summary or (run.trainer.validation is None and summary.get("steps") == step)


def _summary(folder: RunFolder) -> dict[str, Any]:
    """What the model in a folder says of its training; nothing where there is none that can be read."""
    with contextlib.suppress(ModelFileError, MachineError):
        return read_description(folder.model_path).summary
    return {}


def _choose_tokenizer(config: Config, gathered: Gathered, base: Model | None, access: Access) -> Tokenizer:
    """The tokenizer of the model to start from, of another model, or a new one built from the training part."""
    wanted, medium, material = config.tokenizer, gathered.medium, gathered.material
    if base is not None:
        return medium.extended(base.tokenizer, material)
    if wanted.source_model is not None:
        taken = read_description(find_model(wanted.source_model)).tokenizer
        if medium_of(taken) is not medium:
            raise UsageError(
                f"the {taken.name} tokenizer of {wanted.source_model} does not fit to these sources",
                remedy="leave --tokenizer-from out",
            )
        return taken
    if wanted.name not in medium.slow_tokenizers:
        return medium.build(wanted, material)
    what = [asdict(wanted), config.data.val_frac, material.sha256]
    learning = access.stage(f"learning the {wanted.name} tokenizer")

    def build() -> Tokenizer:
        if learning is not None:
            learning(0, 0)
        return medium.build(wanted, material)

    return _remembered(access.cache, what, build)


def _remembered(cache: Path, what: list[Any], build: Callable[[], Tokenizer]) -> Tokenizer:
    """The tokenizer that was built from the same material in the same way before, or a new one, kept for the next time."""
    path = cache / "tokenizers" / f"{hashlib.sha256(json.dumps([_TOKENIZER_CACHE_VERSION, *what]).encode()).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, StrictJsonError, ModelFileError), open_regular(path) as stream:
        return tokenizer_from_json(strict_json.loads(stream.read(limits.MAX_DOCUMENT_BYTES)))
    tokenizer = build()
    with contextlib.suppress(OSError, MachineError):
        storage.make_folder(path.parent)
        storage.atomic_write(path, json.dumps(tokenizer.to_json()).encode())
    return tokenizer


def _resolve(config: Config, medium: Medium, tokenizer: Tokenizer, *, files: TokenFiles, base: Model | None, order: Order) -> Config:
    if base is not None:
        config = with_architecture_of(config, base.network.architecture)
    max_time_s = config.training.max_time_s
    facts = presets.Facts(
        train_tokens=len(files.train.ids),
        vocab_size=tokenizer.vocab_size,
        device=choose_device(config.runtime.device).type,
        remaining_s=None if max_time_s is None else max(1.0, max_time_s - order.clock.elapsed_s),
        budget_is_default=not presets.has_budget(order.config),
        manner=medium.manner(config.data),
        items=len(files.train.starts),
        worth=1.0 if medium.augmentation(tokenizer, config.data) is None else medium.worth,
    )
    if order.group.size == 1 and presets.depends_on_speed(config, facts):
        yardstick = presets.yardstick(presets.resolve(config, facts))
        facts = replace(facts, speed=presets.speed_of(_tokens_per_second(yardstick, medium, tokenizer)))
    tokens = facts.train_tokens if base is None else None
    usual = medium.settings(tokenizer, tokens=tokens, passes=presets.expected_passes(config, facts))
    return presets.resolve(config.filled(usual), facts).replace({"tokenizer.name": tokenizer.name})


def _tokens_per_second(config: Config, medium: Medium, tokenizer: Tokenizer) -> float:
    """How fast a run with these settings would train here, by the fastest of some steps: others may want the machine just now."""
    architecture, window = _architecture(config, medium, tokenizer), window_of(config)
    return window["batch_size"] * window["seq_length"] / seconds_of_steps(architecture, arithmetic_of(config, architecture), **window)[0]


def _architecture(config: Config, medium: Medium, tokenizer: Tokenizer) -> Architecture:
    model = config.model
    if model.tied and model.embedding_size != model.hidden_size:
        raise UsageError(
            f"--tied needs equal widths, but the embedding has {model.embedding_size} and the layers have {model.hidden_size}",
            remedy="leave --embedding-size out",
        )
    if OBJECTIVES[config.training.objective].labels and medium.manner(config.data).apart:
        raise UsageError(
            f"--objective {config.training.objective} reads its sources as one stream, and they are divided into documents",
            remedy="leave --documents and --separator out",
        )
    clock = medium.clock(tokenizer)
    if clock is not None and config.training.infill:
        raise UsageError(
            f"--infill reads tokens in another order, and the {tokenizer.name} tokenizer counts on theirs",
            remedy="leave --infill out: every model fills gaps, taught or not",
        )
    if medium.legal(tokenizer) is not None and (config.training.infill or OBJECTIVES[config.training.objective].both_ways):
        raise UsageError(
            "the tokenizer that is taken over is of a model with a grammar, which reads from left to right and nothing else",
            remedy="leave it out, or train without --infill and --objective",
        )
    told: dict[str, Any] = {} if model.matches in {None, NONE} else {"matches": model.matches, "match_slots": model.match_slots or SLOTS}
    if clock is not None:
        told |= {"clock_period": clock.period, "clock_low": clock.low, "clock_high": clock.high}
    return Architecture(
        vocab_size=tokenizer.vocab_size,
        embedding_size=model.embedding_size or 1,
        hidden_size=model.hidden_size or 1,
        num_layers=model.num_layers or 1,
        cell=model.cell,
        dropout=model.dropout or 0.0,
        layer_norm=model.layer_norm,
        residual=model.residual,
        tied=model.tied,
        suffix_tokens=suffix_tokens(config.training.seq_length or 1) if config.training.infill else 0,
        objective=config.training.objective,
        **told,
    )


def window_of(config: Config) -> dict[str, int]:
    """How much is read in a step, rearranged copies included, as `batch_size` and `seq_length`."""
    streams = math.ceil(columns(config.training.batch_size or 1, config.training.infill))
    return {"batch_size": streams, "seq_length": config.training.seq_length or 1}


def with_arithmetic(config: Config, arithmetic: Arithmetic) -> Config:
    """The settings of a new run that computes so, and goes on so when it is resumed."""
    return config.replace({"runtime.precision": arithmetic.precision, "runtime.backward_pass": arithmetic.backward})


def arithmetic_of(config: Config, architecture: Architecture) -> Arithmetic:
    """The arithmetic that the settings and the machine lead to. Raises MachineError: the device or the precision is not to be had."""
    set_threads(config.runtime.threads)
    device = choose_device(config.runtime.device)
    window = window_of(config)
    if device.type == "cpu":
        refuse_training(architecture, **window)
    runtime = config.runtime
    return choose_arithmetic(runtime.precision, device, architecture=architecture, backward=runtime.backward_pass, **window)
