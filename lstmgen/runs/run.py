"""What was asked of a run, and a run that is ready to take steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import torch

from lstmgen import run_files
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.config import Config
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.media.base import Access, MakeExecutor, Material, Medium, Progress, Tokenizer
from lstmgen.media.legal import legal_at
from lstmgen.media.manner import Manner
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import LanguageModel
from lstmgen.runs.sources import Gathered, record_of_input
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.objectives import objective_of
from lstmgen.training.openings import Openings
from lstmgen.training.pieces import PieceStreams
from lstmgen.training.rearranged import Rearranged
from lstmgen.training.streams import Reader, Streams
from lstmgen.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class Order:
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
    sample_columns: Callable[[], int] = lambda: 76
    group: Group = ALONE
    """The processes that train; this one leads."""

    def access(self, folder: RunFolder, kept: Mapping[str, Path]) -> Access:
        """How the sources of a run in this folder are read."""
        return Access(folder=folder.path, cache=self.cache, kept=kept, executor=self.executor, progress=self.progress)


@dataclass(kw_only=True)
class Run:
    """A run that is ready to take steps."""

    folder: RunFolder
    config: Config
    kept: Mapping[str, Path]
    """The files that keep what was read from standard input and pipes."""
    gathered: Gathered
    tokenizer: Tokenizer
    files: TokenFiles
    arithmetic: Arithmetic
    network: LanguageModel
    """The network in training."""
    order: InitVar[Order]
    trainer: Trainer = field(init=False)

    def __post_init__(self, order: Order) -> None:
        training, files, manner = self.config.training, self.files, self.manner
        val = files.val if files.val is not None and len(files.val.ids) > 1 else None
        starts = val.starts if val is not None and manner.apart else None
        measure, of_item = objective_of(training.objective).measure, self.medium.legal(self.tokenizer)
        legal = None if val is None else legal_at(of_item, val.ids, val.starts)
        self.trainer = Trainer(
            self.network,
            reader=self._reader(order.group),
            validation=None if val is None else measure(val.ids, starts, self.medium.told(self.tokenizer), ends=manner.ends, legal=legal),
            config=self.config,
            budget=Budget(
                max_time_s=training.max_time_s,
                max_steps=training.max_steps,
                max_tokens=None if training.epochs is None else max(1, round(training.epochs * len(files.train.ids))),
            ),
            arithmetic=self.arithmetic,
            clock=order.clock,
            group=order.group,
        )

    def _reader(self, group: Group) -> Reader:
        """What is learned from, and beside it rearranged copies where those are wanted."""
        training = self.config.training
        on_host = training.infill or group.size > 1  # where a window is changed, or sent to others
        reader = self._plain_reader(torch.device("cpu") if on_host else self.arithmetic.device)
        if not training.infill:
            return reader
        told_V, vocab_size = self.medium.told(self.tokenizer), self.tokenizer.vocab_size
        return Rearranged(reader, share=training.infill, vocab_size=vocab_size, seed=training.seed, told_V=told_V)

    def _plain_reader(self, device: torch.device) -> Reader:
        """One stream, or items apart, each in another form every time."""
        training, train = self.config.training, self.files.train
        window = {"batch_size": training.batch_size or 1, "seq_length": training.seq_length or 1}
        if not self.manner.apart:
            line_ends_V = self.medium.line_ends(self.tokenizer) if training.openings else None
            openings = None if line_ends_V is None else Openings(train.ids, line_ends_V)
            return Streams(train.ids, openings=openings, device=device, **window)
        augment, told_V = self.medium.augmentation(self.tokenizer, self.config.data), self.medium.told(self.tokenizer)
        return PieceStreams(
            train.ids,
            train.starts,
            seed=training.seed,
            augment=augment,
            told_V=told_V,
            levelled=self.manner.levelled,
            legal=self.medium.legal(self.tokenizer),
            **window,
        )

    @property
    def medium(self) -> Medium:
        """Of the sources."""
        return self.gathered.medium

    @property
    def manner(self) -> Manner:
        """How its items are learned."""
        return self.medium.manner(self.config.data)

    @property
    def material(self) -> Material:
        """What was read."""
        return self.gathered.material

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the sources."""
        without = () if self.files.val is not None else ("no validation part: the last model is kept, not the best",)
        size, streams = self.trainer.group.size, self.trainer.reader.batch_size
        divided = () if size == 1 else (f"{size} processes, each with {streams // size} of {streams} streams",)
        return (*self.gathered.notes, *self.material.notes, *self.material.losses(self.tokenizer), *without, *divided)

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """What `RunFolder.save_state` takes: everything that the next step depends on, complete in itself."""
        tensors, values = self.trainer.state()
        return tensors, {
            "trainer": values,
            "architecture": self.network.architecture.to_json(),
            "tokenizer": self.tokenizer.to_json(),
            "sources_sha256": self.material.sha256,
            "metrics_bytes": self.folder.metrics_bytes,
            "settings": self.config.to_dict(),
            "processes": self.trainer.group.size,
            **self.input_record,
        }

    def begin(self, *, keep_model: bool = False) -> None:
        """Puts the first state of the run into its folder, in the place of whatever an earlier run left there.

        Raises:
            MachineError: the disk does not take it; the earlier run is then as it was, or replaced by this one.
        """
        tensors, meta = self.state()
        kept = [path.name for path in self.kept.values()]
        self.folder.begin(tensors, meta, keep=frozenset([*kept, run_files.MODEL] if keep_model else kept))
        self.folder.write_config(self.config)
        self.folder.write_sources(self.material.files())

    @property
    def input_record(self) -> dict[str, Any]:
        """What is recorded so that what was read from standard input and pipes is found again; nothing where nothing was."""
        return record_of_input(self.kept)
