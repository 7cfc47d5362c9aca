"""Losses as the event files that TensorBoard shows; written by torch with the package tensorboard, which is optional."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from lstmgen import run_files, storage
from lstmgen.errors import MissingExtraError
from lstmgen.runs.history import read_history
from lstmgen.training.events import Evaluated, Event, Stepped

_TRAINING: Final = "loss/training"
_VALIDATION: Final = "loss/validation"


def require_tensorboard() -> None:
    """Raises MissingExtraError where the package is not installed; quick, so that it can be asked before any work begins."""
    if importlib.util.find_spec("tensorboard") is None:
        raise MissingExtraError(
            "event files need the package tensorboard, which is not installed", remedy="pip install 'lstmgen[tensorboard]'"
        )


class EventFiles:
    """A folder of event files, to be used as a context manager.

    Args:
        folder: made where it is missing; TensorBoard calls the curves by its name.
        first_step: of a resumed run; what an earlier sitting wrote of this step and of later ones is not shown.

    Raises:
        MissingExtraError: the package is not installed, or cannot be imported.
        MachineError: the folder cannot be made.
    """

    def __init__(self, folder: Path, *, first_step: int = 0) -> None:
        require_tensorboard()
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtraError(
                f"the package tensorboard is installed, but cannot be imported: {error}", remedy="pip install 'lstmgen[tensorboard]'"
            ) from error
        storage.make_folder(folder)
        with storage.machine_errors("write into", folder):
            self._writer: Any = SummaryWriter(str(folder), purge_step=first_step or None)

    def take(self, event: Event) -> None:
        """Write what an event of a training run tells in numbers. Raises MachineError."""
        if isinstance(event, Stepped):
            self.add(_TRAINING, event.loss_nats, event.step)
            self.add("learning rate", event.lr, event.step)
            self.add("tokens a second", event.tokens_per_second, event.step)
        elif isinstance(event, Evaluated):
            self.add(_VALIDATION, event.val_nats, event.step)

    def add(self, tag: str, value: float, step: int, *, at_s: float | None = None) -> None:
        """Write one number, at a time in seconds since the epoch, by default now. Raises MachineError."""
        with storage.machine_errors("write into", self._writer.log_dir):
            self._writer.add_scalar(tag, value, step, walltime=at_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._writer.close()


def export_run(path: Path, folder: Path) -> Path:
    """The losses of a run as event files in a folder of its name below `folder`, which is returned.

    The metrics tell seconds of training and no dates, so the last loss is dated by the metrics file.

    Raises:
        MissingExtraError, MachineError: as `EventFiles`.
    """
    history, target = read_history(path), folder / (path.name or path.resolve().name)
    last_s = max((point.elapsed_s for point in (*history.training, *history.validation)), default=0.0)
    began_s = (path / run_files.METRICS).stat().st_mtime - last_s if last_s else 0.0
    with EventFiles(target) as files:
        for tag, points in ((_TRAINING, history.training), (_VALIDATION, history.validation)):
            for point in points:
                files.add(tag, point.nats, point.step, at_s=began_s + point.elapsed_s)
    return target
