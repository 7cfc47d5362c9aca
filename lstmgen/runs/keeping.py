"""What a run keeps on disk: the best model, its state, its metrics.

Where the disk refuses, training goes on and it is tried again, later each time. Only at the end, when the disk has refused several times in
a row, is that an error.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from lstmgen import run_files
from lstmgen.analysis.novelty import NoveltyIndex
from lstmgen.checkpoint.model_file import save_model
from lstmgen.errors import CorpusError, MachineError
from lstmgen.runs.run import Run
from lstmgen.training.events import Event, Saved, Stepped, Warned
from lstmgen.version import JSON_SCHEMA

_METRICS_EVERY_S: Final = 2.0
_FIRST_DELAY_S: Final = 1.0
_LAST_DELAYS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before what has to be written at the end is tried again."""
_MOST_LINES: Final = 100_000
"""Lines of metrics that wait for a disk that takes them."""


class Keeper:
    """Writes what a run keeps.

    Args:
        run: the run under way.
        wait: how the pauses are made.
    """

    def __init__(self, run: Run, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._run = run
        self._wait = wait
        self._delay_s = _FIRST_DELAY_S
        self._saved_step = run.trainer.counters.step
        self._best_on_disk = _best_of(run)
        self._model: Callable[[], None] | None = None
        self._lines: deque[Mapping[str, Any]] = deque(maxlen=_MOST_LINES)
        self._metrics_fail = False
        self._next_line_at = 0.0

    def best(self, summary: Mapping[str, Any]) -> Iterator[Warned]:
        """Writes the network as it is into the model file, or keeps it in memory until the disk takes it."""
        try:
            self.write_model(summary)
        except MachineError as error:
            weights = {name: tensor.detach().clone() for name, tensor in self._run.network.tensors().items()}
            self._model = partial(self._save_model, weights, self._facts() | dict(summary))
            yield self._put_off(error)

    def write_model(self, summary: Mapping[str, Any]) -> None:
        """Writes the network as it is into the model file. Raises MachineError."""
        self._save_model(self._run.network.tensors(), self._facts() | dict(summary))

    def checkpoint(self) -> Iterator[Event]:
        """Writes the state, and whatever the disk has not taken before."""
        try:
            self._write_all()
        except MachineError as error:
            yield self._put_off(error)
        else:
            self._delay_s = _FIRST_DELAY_S
            yield Saved(step=self._saved_step, path=str(self._run.folder.path))

    def last_checkpoint(self) -> Iterator[Event]:
        """The same at the end of a run.

        Raises:
            MachineError: the disk does not take it; the message says what is saved and how to resume.
        """
        yield from self.insist(self._write_all)
        yield Saved(step=self._saved_step, path=str(self._run.folder.path))

    def insist(self, write: Callable[[], None]) -> Iterator[Event]:
        """Does what has to be done before a run can end, several times where the disk refuses.

        Raises:
            MachineError: the disk does not take it; the message says what is saved and how to resume.
        """
        folder = self._run.folder.path
        for delay_s in _LAST_DELAYS_S:
            error = _attempt(write)
            if error is None:
                return
            yield from self.note(self._warning(error, delay_s))
            self._wait(delay_s)
        try:
            write()
        except MachineError as error:
            message = f"{error.message}; the run is saved up to step {self._saved_step:,}"
            raise MachineError(message, remedy=f"{error.remedy}; then lstmgen train --resume {folder}") from error

    def note(self, event: Event) -> Iterator[Event]:
        """Adds an event to the metrics, where it can be added, and passes it on; then a warning, the first time that it cannot."""
        self._lines.append({"schema": JSON_SCHEMA, "event": type(event).__name__.lower(), **asdict(event)})
        yield event
        try:
            self.write_lines()
        except MachineError as error:
            if not self._metrics_fail:
                self._metrics_fail = True
                message = f"{error.message}; training goes on, and the lines are written when that is possible"
                yield Warned(step=self._run.trainer.counters.step, message=message)
        else:
            self._metrics_fail = False

    def note_now_and_then(self, event: Stepped) -> Iterator[Event]:
        """The same of a report, unless one was just added."""
        if time.monotonic() >= self._next_line_at:
            self._next_line_at = time.monotonic() + _METRICS_EVERY_S
            yield from self.note(event)
        else:
            yield event

    def write_lines(self) -> None:
        """Writes the lines of metrics that wait. Raises MachineError."""
        while self._lines:
            self._run.folder.append_metrics(self._lines[0])
            self._lines.popleft()

    def index(self) -> None:
        """Writes the index of what is learned from, where it is missing and the sources are still there. Raises MachineError."""
        path = self._run.folder.path / run_files.NOVELTY
        if path.is_file():
            return
        with contextlib.suppress(CorpusError):  # nothing that a run needs: it is trained from token files
            NoveltyIndex.of(self._run.medium.symbol_name, self._run.material.symbols()).save(path)

    def _write_all(self) -> None:
        """Raises MachineError when a part was refused; the others are written all the same."""
        refused = [error for error in map(_attempt, (self._write_waiting_model, self._write_state, self.index)) if error is not None]
        if refused:
            raise refused[0]

    def _write_waiting_model(self) -> None:
        if self._model is not None:
            self._model()

    def _write_state(self) -> None:
        tensors, meta = self._run.state()
        # Who resumes shall not believe that a better model is on the disk than there is.
        meta["trainer"]["counters"] |= _best_of(self._run) if self._model is None else self._best_on_disk
        self._run.folder.save_state(tensors, meta)
        self._saved_step = meta["trainer"]["counters"]["step"]

    def _save_model(self, tensors: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
        run = self._run
        save_model(run.folder.model_path, tensors, run.network.architecture, run.tokenizer, summary)
        self._model, self._best_on_disk = None, _best_of(run)

    def _facts(self) -> dict[str, Any]:
        run, counters = self._run, self._run.trainer.counters
        return {
            "steps": counters.step,
            "tokens_seen": counters.tokens,
            "seconds": round(run.trainer.clock.elapsed_s, 2),
            "train_tokens": len(run.files.train.ids),
            "sources": list(run.material.names[:20]),
            "files": len(run.material.names),
            "documents": run.material.count,
            "corpus_sha256": run.material.corpus_sha256,
            "settings": run.config.to_dict(),
            **run.input_record,
        }

    def _put_off(self, error: MachineError) -> Warned:
        """Later, and later still if that fails too, but not later than a checkpoint would come anyway."""
        delay_s = min(self._delay_s, max(_FIRST_DELAY_S, self._run.config.training.save_every_s))
        self._run.trainer.save_at, self._delay_s = time.monotonic() + delay_s, 2 * delay_s
        return self._warning(error, delay_s)

    def _warning(self, error: MachineError, delay_s: float) -> Warned:
        return Warned(step=self._run.trainer.counters.step, message=f"{error.message}; nothing is lost, next try in {delay_s:g} s")


def _best_of(run: Run) -> dict[str, Any]:
    counters = run.trainer.counters
    return {name: getattr(counters, name) for name in ("best_nats", "best_step", "evaluations_since_best")}


def _attempt(write: Callable[[], None]) -> MachineError | None:
    try:
        write()
    except MachineError as error:
        return error
    return None
