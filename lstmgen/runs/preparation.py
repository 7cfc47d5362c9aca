"""Everything that happens before the first training step.

    sources ─► corpus ─► tokenizer ─► token files ─► settings ─► network ─► trainer

for a new run (`start`), and the same way again for a run that goes on (`go_on`), which takes its settings, tokenizer and state from the
run folder and makes sure that the sources are still what they were.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import torch

from lstmgen import storage
from lstmgen.checkpoint.model_file import Model, find_model, load_model, read_description
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.config import Config
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.errors import CorpusError, MachineError, ModelFileError, UsageError
from lstmgen.media import tokenizers
from lstmgen.media.base import AnyTokenizer
from lstmgen.media.sources import Material, Source, keep_input, reads_input
from lstmgen.media.text.texts import Progress
from lstmgen.media.tunes.midi_files import MakeExecutor
from lstmgen.media.tunes.tunes import Tunes
from lstmgen.model.arithmetic import Arithmetic, choose_arithmetic, choose_device, set_threads
from lstmgen.model.language_model import Architecture, LanguageModel, grow_vocabulary
from lstmgen.runs import presets
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.pieces import Augmentation, PieceStreams
from lstmgen.training.streams import Reader, Streams
from lstmgen.training.trainer import Trainer
from lstmgen.training.validation import Validation

_SLOW_TO_BUILD = frozenset({"word", "bpe", "unigram"})
_TOKENIZER_CACHE_VERSION = 1

_BUDGET = ("training.max_time_s", "training.max_steps", "training.epochs")
CHANGEABLE_ON_RESUME = frozenset(
    {
        *_BUDGET,
        "training.patience",
        "training.eval_every",
        "training.save_every_s",
        "training.sample_every_s",
        "runtime.device",
        "runtime.precision",
        "runtime.threads",
    }
)
"""Settings that a resumed run may be given anew; anything else would make it another run."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the caller of `lstmgen.train` asked for."""

    config: Config
    changes: dict[str, Any] = field(default_factory=dict)
    """The `section.key` settings that were given explicitly."""
    init_from: Path | None = None
    stdin: BinaryIO | None = None
    cache: Path
    clock: Clock
    executor: MakeExecutor | None = None
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that is ready to take steps."""

    folder: RunFolder
    config: Config
    kept: Path | None
    """The file that keeps what was read from standard input."""
    material: Material
    tokenizer: AnyTokenizer
    files: TokenFiles
    arithmetic: Arithmetic
    trainer: Trainer
    warnings: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the sources."""
        without = () if self.files.val is not None else ("no validation part: the last model is kept, not the best",)
        notes = (*self.warnings, *self.material.notes)
        if isinstance(self.material, Tunes) and tokenizers.of_scores(self.tokenizer):
            notes = (*notes, self.material.loss_through(self.tokenizer))
        return (*notes, *without)

    @property
    def input_record(self) -> dict[str, str]:
        """What is recorded so that what was read from standard input is found again; nothing where it was not read."""
        return {"standard_input": self.kept.name} if self.kept else {}

    @property
    def network(self) -> LanguageModel:
        """The network in training."""
        return self.trainer.network


def start(request: Request, folder: RunFolder) -> Run:
    """Prepares a new run in an empty run folder.

    Raises:
        LstmgenError: a source, a setting or the machine is not as it must be.
    """
    config = presets.with_default_budget(request.config)
    choose_device(config.runtime.device)
    base = load_model(request.init_from) if request.init_from else None
    kept = keep_input((*config.data.sources, config.data.val), request.stdin, folder.path)
    source = Source(folder=folder.path, cache=request.cache, kept=kept, executor=request.executor, progress=request.progress)
    material = source.gather(config, base=base.tokenizer if base else None)
    tokenizer = _choose_tokenizer(config, material, base, request.cache)
    files = source.token_files(material, tokenizer, config)
    config = _absolute_sources(_resolve(config, files, tokenizer, base, request))
    torch.manual_seed(config.training.seed)
    architecture = _architecture(config, tokenizer)
    arithmetic = _arithmetic(config, architecture)
    network = (grow_vocabulary(base.network, tokenizer.vocab_size) if base else LanguageModel(architecture)).to(arithmetic.device)
    if base:
        network.architecture = architecture
    config = config.replace({"runtime.precision": arithmetic.precision})
    folder.begin(kept=kept)
    folder.write_config(config)
    folder.write_sources(material.files())
    trainer = _trainer(config, files, tokenizer, arithmetic=arithmetic, network=network, clock=request.clock)
    return Run(
        folder=folder,
        config=config,
        kept=kept,
        material=material,
        tokenizer=tokenizer,
        files=files,
        arithmetic=arithmetic,
        trainer=trainer,
    )


def go_on(request: Request, folder: RunFolder) -> Run:
    """Prepares a run to continue exactly where it stood.

    Raises:
        LstmgenError: the sources have changed, a setting may not be changed any more, or the folder is damaged.
    """
    warnings: list[str] = []
    tensors, values = folder.load_state(warn=warnings.append)
    config = _changed_for_resume(folder, request.changes)
    tokenizer = tokenizers.from_json(values["tokenizer"])
    kept = folder.kept_input(values.get("standard_input")) if reads_input(config.data) else None
    source = Source(folder=folder.path, cache=request.cache, kept=kept, executor=request.executor, progress=request.progress)
    material = source.gather(config, base=tokenizer)
    if material.sha256 != values["sources_sha256"]:
        raise CorpusError(
            f"the sources have changed: the run began with hash {values['sources_sha256'][:12]}, it is {material.sha256[:12]} now",
            remedy=f"start a new run from these weights: lstmgen train SOURCE --init-from {folder.path}",
        )
    files = source.token_files(material, tokenizer, config)
    architecture = Architecture.from_json(values["architecture"])
    arithmetic = _arithmetic(config, architecture)
    network = LanguageModel(architecture).to(arithmetic.device)
    trainer = _trainer(config, files, tokenizer, arithmetic=arithmetic, network=network, clock=request.clock)
    trainer.restore(tensors, values["trainer"])
    if trainer.progress() >= 1:
        raise UsageError(
            f"the run in {folder.path} has used up its budget at step {trainer.counters.step:,}",
            remedy=f"give it more: lstmgen train --resume {folder.path} --max-steps {2 * trainer.counters.step}",
        )
    folder.truncate_metrics(trainer.counters.step)
    folder.write_config(config)
    return Run(
        folder=folder,
        config=config,
        kept=kept,
        material=material,
        tokenizer=tokenizer,
        files=files,
        arithmetic=arithmetic,
        trainer=trainer,
        warnings=tuple(warnings),
    )


def _choose_tokenizer(config: Config, material: Material, base: Model | None, cache: Path) -> AnyTokenizer:
    """The tokenizer of the model to start from, of another model, or a new one built from the training part."""
    wanted, val_frac = config.tokenizer, config.data.val_frac
    if base is not None:
        return base.tokenizer if isinstance(material, Tunes) else _extended(base.tokenizer, material.character_counts())
    if wanted.source_model is not None:
        taken = read_description(find_model(wanted.source_model)).tokenizer
        if tokenizers.of_scores(taken) != isinstance(material, Tunes):
            raise UsageError(
                f"the {taken.name} tokenizer of {wanted.source_model} does not fit to these sources",
                remedy="leave --tokenizer-from out",
            )
        return taken
    if isinstance(material, Tunes):
        return material.tokenizer(wanted)
    texts, name = material, wanted.name or "char"

    def build() -> AnyTokenizer:
        return tokenizers.build(
            name, lambda: texts.training_part(val_frac), vocab_size=wanted.vocab_size, alphabet=texts.character_counts()
        )

    if name not in _SLOW_TO_BUILD:
        return build()
    hashes = [texts.corpus.sha256, texts.val.sha256 if texts.val else None]
    return _remembered(cache, [name, wanted.vocab_size, val_frac, *hashes], build)


def _remembered(cache: Path, what: list[Any], build: Callable[[], AnyTokenizer]) -> AnyTokenizer:
    """The tokenizer that was built from the same text in the same way before, or a new one, kept for the next time."""
    path = cache / "tokenizers" / f"{hashlib.sha256(json.dumps([_TOKENIZER_CACHE_VERSION, *what]).encode()).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError, ModelFileError):
        return tokenizers.from_json(json.loads(path.read_bytes()))
    tokenizer = build()
    with contextlib.suppress(OSError, MachineError):
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.atomic_write(path, json.dumps(tokenizer.to_json()).encode())
    return tokenizer


def _extended(tokenizer: AnyTokenizer, counts: dict[str, int]) -> AnyTokenizer:
    """The same tokenizer, with ids added for symbols that it has never seen, where it is one that needs them."""
    if not tokenizers.of_scores(tokenizer) and tokenizer.covers_everything:
        return tokenizer
    extend = getattr(tokenizer, "extended", None)
    if extend is None:
        raise ModelFileError(f"the model's {tokenizer.name} tokenizer cannot take new symbols")
    return extend(sorted(counts))


def _resolve(config: Config, files: TokenFiles, tokenizer: AnyTokenizer, base: Model | None, request: Request) -> Config:
    if base is not None:
        config = _with_architecture_of(config, base.network.architecture)
    max_time_s = config.training.max_time_s
    facts = presets.Facts(
        train_tokens=len(files.train.ids),
        vocab_size=tokenizer.vocab_size,
        device=choose_device(config.runtime.device).type,
        remaining_s=None if max_time_s is None else max(1.0, max_time_s - request.clock.elapsed_s),
        budget_is_default=not presets.has_budget(request.config),
        of_music=tokenizers.of_scores(tokenizer),
    )
    resolved = presets.resolve(config, facts)
    return resolved.replace({"tokenizer.name": tokenizer.name})


def _with_architecture_of(config: Config, architecture: Architecture) -> Config:
    """The configuration with the shape of the model that it starts from.

    Raises:
        UsageError: another shape was asked for.
    """
    names = ("cell", "hidden_size", "num_layers", "embedding_size", "layer_norm", "residual", "tied")
    shape = {name: getattr(architecture, name) for name in names}
    asked = {name: getattr(config.model, name) for name in ("hidden_size", "num_layers", "embedding_size")}
    wrong = [f"{name} {value}, the model has {shape[name]}" for name, value in asked.items() if value not in (None, shape[name])]
    if wrong:
        raise UsageError(f"--init-from keeps the model's shape, but these were asked for: {'; '.join(wrong)}", remedy="leave them out")
    return config.replace({f"model.{name}": value for name, value in shape.items()})


def _architecture(config: Config, tokenizer: AnyTokenizer) -> Architecture:
    model = config.model
    if model.tied and model.embedding_size != model.hidden_size:
        raise UsageError(
            f"--tied needs equal widths, but the embedding has {model.embedding_size} and the layers have {model.hidden_size}",
            remedy="leave --embedding-size out",
        )
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
        **_clock(tokenizer),
    )


def _clock(tokenizer: AnyTokenizer) -> dict[str, int]:
    """The cycle that the tokens of a grid imply."""
    clock = tokenizer.clock if tokenizers.of_scores(tokenizer) else None
    return {} if clock is None else {"clock_period": clock.period, "clock_low": clock.low, "clock_high": clock.high}


def _arithmetic(config: Config, architecture: Architecture) -> Arithmetic:
    set_threads(config.runtime.threads)
    return choose_arithmetic(
        config.runtime.precision,
        choose_device(config.runtime.device),
        architecture=architecture,
        batch_size=config.training.batch_size or 1,
        seq_length=config.training.seq_length or 1,
    )


def _absolute_sources(config: Config) -> Config:
    """Sources by absolute path, so that the run resumes from any folder."""

    def absolute(source: str) -> str:
        is_path = source != "-" and (Path(source).exists() or glob.has_magic(source))
        return str(Path(source).absolute()) if is_path else source

    data = config.data
    return replace(config, data=replace(data, sources=tuple(map(absolute, data.sources)), val=absolute(data.val) if data.val else None))


def _changed_for_resume(folder: RunFolder, changes: dict[str, Any]) -> Config:
    config = folder.read_config()
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


def _lookup(table: dict[str, dict[str, Any]], dotted: str) -> Any:
    section, _, key = dotted.partition(".")
    return table.get(section, {}).get(key)


def _trainer(
    config: Config, files: TokenFiles, tokenizer: AnyTokenizer, *, arithmetic: Arithmetic, network: LanguageModel, clock: Clock
) -> Trainer:
    training = config.training
    tokens = None if training.epochs is None else max(1, round(training.epochs * len(files.train.ids)))
    val = files.val if files.val is not None and len(files.val.ids) > 1 else None
    apart = tokenizers.of_scores(tokenizer)
    return Trainer(
        network,
        reader=_reader(config, files, tokenizer),
        validation=Validation(val.ids, val.starts if apart else None) if val is not None else None,
        config=config,
        budget=Budget(max_time_s=training.max_time_s, max_steps=training.max_steps, max_tokens=tokens),
        arithmetic=arithmetic,
        clock=clock,
    )


def _reader(config: Config, files: TokenFiles, tokenizer: AnyTokenizer) -> Reader:
    """Text is read as one stream; pieces apart, each in another form every time."""
    data, training, train = config.data, config.training, files.train
    window = {"batch_size": training.batch_size or 1, "seq_length": training.seq_length or 1}
    if not tokenizers.of_scores(tokenizer):
        return Streams(train.ids, **window)
    augment = Augmentation(tokenizer=tokenizer, semitones=data.max_transpose, stretch=data.max_stretch) if data.augment else None
    return PieceStreams(train.ids, train.starts, seed=training.seed, augment=augment, **window)
