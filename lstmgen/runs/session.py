"""`lstmgen.train`: from sources to a trained model in a run folder, as a stream of events.

This is where training, checkpoints and generation are put together. The command line renders the events and does nothing else.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from lstmgen import storage
from lstmgen.analysis.evaluation import summarise
from lstmgen.checkpoint.model_file import find_model, load_model, save_model
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.choices import OBJECTIVES
from lstmgen.config import Config
from lstmgen.corpus import locate
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import CorpusError, DivergedError, LostProcessError, MachineError, UsageError
from lstmgen.media.base import MakeExecutor, Progress
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.runs import preparation
from lstmgen.runs.correcting import corrections_of
from lstmgen.runs.keeping import Keeper
from lstmgen.runs.plan import Plan, plan_run
from lstmgen.runs.rate_test import RateTest, rate_test
from lstmgen.runs.recorded import CORRECTIONS
from lstmgen.runs.run import Order, Run
from lstmgen.runs.samples import Sampler
from lstmgen.training.budget import Clock
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.events import CheckpointDue, Evaluated, Event, Finished, Prepared, Stepped, Stopped, Warned

_LEAST_VALIDATION_TOKENS = 16_384
_FINAL_VALIDATION_S = 3.0
_FINAL_VALIDATION_SHARE = 0.02
"""Seconds that the final pass over the validation part may take, or of a long run this share of its time; a larger part is read in evenly
spread pieces."""


def train(
    sources: str | Path | Sequence[str | Path] = (),
    *,
    out: str | Path | None = None,
    config: Config | None = None,
    settings: Mapping[str, Any] | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    overwrite: bool = False,
    stdin: BinaryIO | None = None,
    pause_after: int | None = None,
    cache: Path | None = None,
    executor: MakeExecutor | None = None,
    progress: Progress | None = None,
    started_at: float | None = None,
    sample_columns: Callable[[], int] = lambda: 76,
    group: Group = ALONE,
) -> Training:
    """A training run; iterate over it to make it happen.

    Args:
        sources: files, folders, globs, `-`, or names of corpora; one, or several.
        out: the run folder; by default `checkpoints/<name of the first source>`, numbered when taken.
        config: settings to start from.
        settings: `section.key` settings laid over `config`; `lstmgen.config.known_keys()` lists them.
        resume: a run folder to continue exactly where it stood; takes no sources.
        init_from: a model whose weights and tokenizer the new run starts from.
        overwrite: replace a run that is in the folder.
        stdin: what the source `-` reads.
        pause_after: end this sitting after so many steps, with a complete checkpoint; the schedule stays as it is.
        cache: where token files are kept; by default the user's cache folder.
        executor: makes what helps to read many files, such as `functools.partial(ProcessPoolExecutor, 4)`; by default nothing does.
        progress: called while sources are read.
        started_at: the `time.monotonic()` at which the budget's clock started; by default now.
        sample_columns: tells how wide a sample that is drawn while training may be shown.
        group: the processes that train, which this one leads; the others are in `assist`.

    Raises:
        UsageError: the arguments contradict each other.
    """
    if resume is not None and (sources or init_from or out):
        raise UsageError("--resume takes no sources, no --out and no --init-from", remedy=f"lstmgen train --resume {resume}")
    changes = dict(settings or {})
    if isinstance(sources, (str, Path)):
        sources = (sources,)
    if sources:
        changes["data.sources"] = tuple(str(source) for source in sources)
    order = Order(
        config=(config or Config()).replace(changes),
        changes=changes,
        init_from=find_model(str(init_from)) if init_from is not None else None,
        stdin=stdin,
        cache=cache or storage.cache_folder({}),
        clock=Clock(started_at=started_at),
        executor=executor,
        progress=progress,
        sample_columns=sample_columns,
        group=group,
    )
    return Training(order, out=out, resume=resume, overwrite=overwrite, pause_after=pause_after)


class Training:
    """A run as an iterable of events; made by `train`.

    Attributes:
        summary: what `train --json` prints; empty until the run has ended.
    """

    def __init__(
        self, order: Order, *, out: str | Path | None, resume: str | Path | None, overwrite: bool, pause_after: int | None
    ) -> None:
        self.summary: dict[str, Any] = {}
        self._order = order
        self._out = out
        self._resume = resume
        self._overwrite = overwrite
        self._pause_after = pause_after
        self._stop_requested = False
        self._run: Run | None = None

    def plan(self) -> Plan:
        """What the run would be, without training and without a run folder.

        Raises:
            UsageError: it is one that is resumed, which is what it was.
            LstmgenError: as iterating would, before the first step.
        """
        if self._resume is not None:
            raise UsageError("a resumed run keeps its plan", remedy=f"lstmgen info {self._resume}")
        return plan_run(self._order)

    def rate_test(self, *, progress: Callable[[int, int], None] | None = None) -> RateTest:
        """The learning rate range test of the run, without a run folder.

        Args:
            progress: called with the number of steps done and of all.

        Raises:
            UsageError: it is one that is resumed, whose rate goes on as it was.
            LstmgenError: as iterating would, before the first step.
        """
        if self._resume is not None:
            raise UsageError("a resumed run keeps its learning rate", remedy=f"lstmgen info {self._resume}")
        return rate_test(self._order, progress=progress)

    def stop(self) -> None:
        """Ends the run after the step that is under way, with a complete checkpoint; safe to call from a signal handler."""
        self._stop_requested = True
        if self._run is not None:
            self._run.trainer.request_stop()

    def __iter__(self) -> Iterator[Event]:
        """Prepares, trains, saves; yields what happens.

        Raises:
            LstmgenError: as its subclasses say.
        """
        resuming = self._resume is not None
        if resuming:
            folder = RunFolder.open(find_model(str(self._resume)).parent if Path(str(self._resume)).is_file() else Path(str(self._resume)))
        else:
            folder = RunFolder.create(self._out, name=_default_name(self._order.config), overwrite=self._overwrite)
        with folder.lock():
            try:
                run = (preparation.resume if resuming else preparation.start)(self._order, folder)
            except BaseException:
                folder.discard()
                raise
            self._run = run
            if self._stop_requested:
                run.trainer.request_stop()
            yield self._prepared(run)
            yield from self._train(run)

    def _train(self, run: Run) -> Iterator[Event]:
        if self._pause_after is not None:
            run.trainer.pause_at = run.trainer.counters.step + self._pause_after
        speed, keeper, sampler = _Speed(), Keeper(run), Sampler(run, columns=self._order.sample_columns)
        with contextlib.suppress(MachineError):
            keeper.index()
        try:
            for event in run.trainer.run():
                match event:
                    case CheckpointDue():
                        yield from keeper.checkpoint()
                    case Finished():
                        yield from self._finish(run, event, keeper, speed)
                    case Evaluated():
                        yield from self._evaluated(run, event, keeper)
                    case Stepped():
                        speed.note(event)
                        yield from keeper.note_now_and_then(event)
                        yield from sampler.due(event)
                    case _:
                        yield from keeper.note(event)
        except DivergedError as error:
            yield from self._after_divergence(run, error, keeper)
        except CorpusError:  # the token files were spoiled between two steps: nothing of the run is lost
            yield from keeper.last_checkpoint()
            raise
        except LostProcessError as error:
            yield from keeper.last_checkpoint()
            error.message = f"{error.message}; everything up to step {run.trainer.counters.step:,} is saved"
            error.remedy = f"start the processes again with: lstmgen train --resume {run.folder.path}"
            raise

    def _evaluated(self, run: Run, event: Evaluated, keeper: Keeper) -> Iterator[Event]:
        """Keeps the best model, and adds the loss a character."""
        val = run.files.val
        chars = val.measures.get("chars", 0) if val is not None else 0
        per_char = event.val_nats * _counted(val, run) / chars if val is not None and chars else None
        if event.is_best:
            for warning in keeper.best({"val_nats_per_token": event.val_nats, "val_nats_per_char": per_char}):
                yield from keeper.note(warning)
        yield from keeper.note(Evaluated(**{**asdict(event), "val_nats_per_char": per_char}))

    def _after_divergence(self, run: Run, error: DivergedError, keeper: Keeper) -> Iterator[Event]:
        """Keeps the good weights, which the trainer has put back, and says what is there.

        Raises:
            DivergedError: always.
        """
        counters, folder = run.trainer.counters, run.folder
        yield from keeper.note(Warned(step=counters.step, message=error.message))
        if not folder.model_path.exists():
            yield from keeper.insist(lambda: keeper.write_model({}))
        yield from keeper.last_checkpoint()
        kept = counters.best_step or counters.good_step
        raise DivergedError(
            f"{error.message}; the model of step {kept:,} is kept in {folder.path}",
            remedy=f"{error.remedy}; or resume from good weights at a lower rate: lstmgen train --resume {folder.path}",
        ) from error

    def _finish(self, run: Run, event: Finished, keeper: Keeper, speed: _Speed) -> Iterator[Event]:
        yield from keeper.last_checkpoint()
        if run.trainer.validation is None or not run.folder.model_path.exists():
            yield from keeper.insist(lambda: keeper.write_model({}))
        found: list[dict[str, Any]] = []
        yield from keeper.insist(lambda: found.append(self._final_validation(run, event, tokens_per_second=speed.average)))
        with contextlib.suppress(MachineError):
            keeper.write_lines()
        counters = run.trainer.counters
        self.summary = {
            "model": str(run.folder.model_path),
            "tokenizer": run.tokenizer.name,
            "vocab_size": run.tokenizer.vocab_size,
            "parameters": run.network.architecture.num_parameters,
            "steps": counters.step,
            "best_step": counters.best_step or counters.step,
            "tokens_seen": counters.tokens,
            "seconds": round(run.trainer.clock.elapsed_s, 2),
            "tokens_per_second": round(speed.average, 1),
            "device": run.arithmetic.device.type,
            "precision": run.arithmetic.precision,
            "kernels": run.trainer.learner.path,
            "seed": run.config.training.seed,
            "stopped": event.reason,
            "objective": run.config.training.objective,
            "opening": _opening(run),
            **found[-1],
        }
        yield Stopped(reason=event.reason, step=counters.step, summary=self.summary)

    def _final_validation(self, run: Run, event: Finished, *, tokens_per_second: float) -> dict[str, Any]:
        """What `score` says of the best model on the validation part, and on how much of that; by it is known that the run has ended."""
        best, val, figures = load_model(run.folder.model_path), run.files.val, dict[str, Any]()
        if val is not None and run.trainer.validation is not None:
            # Reading forward in fp32 takes about half of what a training step takes for as many tokens, and a fifth is run-in.
            seconds = max(_FINAL_VALIDATION_S, _FINAL_VALIDATION_SHARE * run.trainer.clock.elapsed_s)
            seconds = _FINAL_VALIDATION_S / 4 if event.reason == "signal" else seconds
            limit = max(_LEAST_VALIDATION_TOKENS, int(1.5 * seconds * tokens_per_second))
            exact = Arithmetic(run.arithmetic.device, "fp32", "")
            nats, tokens = run.trainer.validation(best.network.to(exact.device), arithmetic=exact.context, max_tokens=limit)
            if not math.isfinite(nats):
                raise DivergedError(
                    f"the loss of the model on the validation part is {nats}",
                    remedy=f"train with a lower rate, for example --lr {(run.config.optimizer.lr or 0) / 10:.2g}",
                )
            share = tokens / _counted(val, run)
            figures["val"] = _summary_of(val, run, nats=nats, tokens=tokens, share=share)
            if not OBJECTIVES[run.config.training.objective].both_ways:  # which count some of the tokens that they read
                figures["val_share"] = round(share, 4)
        summary = best.summary | {preparation.ENDED_AT: event.step} | figures
        reads_on = not OBJECTIVES[run.config.training.objective].both_ways
        if reads_on and (corrections := corrections_of(best.network, run.medium, best.tokenizer, run.files)) is not None:
            summary[CORRECTIONS] = corrections
        save_model(run.folder.model_path, best.network.tensors(), best.network.architecture, best.tokenizer, summary)
        return {"val": None} | figures

    def _prepared(self, run: Run) -> Prepared:
        arithmetic = run.arithmetic
        kernels = f"; {run.trainer.learner.path}" if arithmetic.device.type == "cuda" else ""
        return Prepared(
            model=str(run.folder.model_path),
            run=str(run.folder.path),
            tokenizer=run.tokenizer.name,
            vocab_size=run.tokenizer.vocab_size,
            parameters=run.network.architecture.num_parameters,
            train_tokens=len(run.files.train.ids),
            val_tokens=len(run.files.val.ids) if run.files.val is not None else 0,
            documents=run.material.count,
            device=arithmetic.device.type,
            precision=f"{arithmetic.precision} ({arithmetic.reason}{kernels})",
            settings=run.config.to_dict(),
            resumed_at_step=run.trainer.counters.step,
            notes=run.notes,
        )


def _counted(val: TokenFile, run: Run) -> int:
    """Tokens of a token file that are predicted: all but what a model is told and the boundaries, unless ends count."""
    told_V = run.medium.told(run.tokenizer)
    told = 0 if told_V is None else int(told_V[val.ids[:]].sum())
    return max(1, len(val.ids) - (0 if run.manner.ends else len(val.starts)) - told)


def _summary_of(val: TokenFile, run: Run, *, nats: float, tokens: int, share: float) -> dict[str, Any]:
    """The figures of the share of a token file that was read, as `score` gives them."""
    medium = run.medium
    amounts = {unit: amount * share for unit, amount in val.measures.items()}
    whole = {unit: round(amount) if isinstance(val.measures[unit], int) else amount for unit, amount in amounts.items()}
    return summarise(medium, nats=nats, tokens=tokens, amounts={unit: (amount, nats) for unit, amount in whole.items()})


def _opening(run: Run) -> str:
    """What may be typed as a prompt; nothing where the sources have gone away meanwhile."""
    with contextlib.suppress(CorpusError):
        return next(run.material.files(), {}).get("opening", "")
    return ""


def _default_name(config: Config) -> str:
    """The name of the first source, without its ending."""
    first = config.data.sources[0] if config.data.sources else "run"
    if locate.is_input(first):
        return "stdin" if first == locate.STANDARD_INPUT else "pipe"
    return Path(first.rstrip("/*?")).stem or "run"


class _Speed:
    """Average tokens a second of this sitting, from the first report to the last."""

    def __init__(self) -> None:
        self._first: Stepped | None = None
        self.average = 0.0

    def note(self, event: Stepped) -> None:
        """Takes one more report into account."""
        self._first = self._first or event
        seconds = event.elapsed_s - self._first.elapsed_s
        self.average = (event.tokens_seen - self._first.tokens_seen) / seconds if seconds > 0 else event.tokens_per_second
