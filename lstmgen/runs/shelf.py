"""The runs in a folder: what each is and how good it became, how some differ, and taking one away. No torch."""

from __future__ import annotations

import contextlib
import dataclasses
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from lstmgen import run_files, storage
from lstmgen.checkpoint import state_file, tensor_file
from lstmgen.checkpoint.model_file import FORMAT, Description, read_description
from lstmgen.checkpoint.model_file import VERSION as MODEL_VERSION
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.choices import OBJECTIVES
from lstmgen.errors import LstmgenError, ModelFileError, UsageError
from lstmgen.media.registry import medium_of
from lstmgen.storage import FolderLock

RunState = Literal["training", "unfinished", "finished", "damaged"]
TOKENS: Final = "nats/token"


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What is known of a run without loading its weights.

    Attributes:
        name: of its folder.
        path: of its folder, or of a model file that stands alone.
        state: `training` while a process holds its lock; `unfinished` without the figures that a run ends with; `damaged` where its model
            cannot be read.
        kind: label of the medium; None where no model is there yet.
        tokenizer: its name.
        network: cell, layers and units, as in `lstm 2 x 384`.
        parameters: numbers in the model.
        model_bytes: size of the model file.
        steps: optimiser steps of the best model.
        seconds: of training.
        loss: validation loss, in the unit of `loss_unit`: the first of the medium's figures that the run has, or nats a token.
        loss_unit: such as `nats/char`.
        nats_per_token: the same in nats a token.
        changed_s: when a file of it was last written, in seconds since the epoch.
        problem: why it is damaged.
    """

    name: str
    path: str
    state: RunState
    kind: str | None = None
    tokenizer: str | None = None
    network: str | None = None
    parameters: int | None = None
    model_bytes: int | None = None
    steps: int | None = None
    seconds: float | None = None
    loss: float | None = None
    loss_unit: str | None = None
    nats_per_token: float | None = None
    changed_s: float
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Some runs side by side.

    Attributes:
        runs: what each is.
        settings: the settings of each by `section.key`; empty where they are lost.
        different: the keys in which they differ, in the order of the configuration.
    """

    runs: tuple[RunFacts, ...]
    settings: tuple[dict[str, Any], ...]
    different: tuple[str, ...]


def list_runs(folder: str | Path = run_files.RUNS) -> tuple[RunFacts, ...]:
    """Every run whose folder lies in this one, by name; none where there is no such folder.

    Raises:
        MachineError: the folder cannot be read.
    """
    return tuple(read_run(path) for path in run_folders(Path(folder)))


def run_folders(folder: Path) -> list[Path]:
    """The folders of runs in a folder, by name."""
    if not folder.is_dir():
        return []
    with storage.machine_errors("read the folder", folder):
        return sorted(path for path in folder.iterdir() if run_files.holds_run(path))


def read_run(path: Path) -> RunFacts:
    """What is known of a run by its folder, or of a model file that stands alone. Damage is told, not raised."""
    folder, model = (path, path / run_files.MODEL) if path.is_dir() else (path.parent, path)
    training = path.is_dir() and FolderLock(folder).is_held()
    changed_s = max((_changed_s(item) for item in (model, folder / run_files.LAST, folder / run_files.METRICS)), default=0.0)
    facts = RunFacts(name=path.name or path.resolve().name, path=str(path), state="unfinished", changed_s=changed_s)
    if model.exists():
        try:
            facts = _with_model(facts, read_description(model))
        except LstmgenError as error:
            facts = dataclasses.replace(facts, state="damaged", problem=error.message)
    return dataclasses.replace(facts, state="training") if training else facts


def _with_model(facts: RunFacts, description: Description) -> RunFacts:
    medium, summary, shape = medium_of(description.tokenizer), description.summary, description.architecture
    val = summary.get("val")
    figures = val if isinstance(val, dict) else {}
    nats = _number(figures.get("nats_per_token", summary.get("val_nats_per_token")))
    losses = ((_number(figures.get(figure.name)), figure.heading) for figure in medium.figures if figure.per is not None)
    loss, unit = next(((value, heading) for value, heading in losses if value is not None), (nats, TOKENS))
    steps, seconds = _number(summary.get("steps")), _number(summary.get("seconds"))
    return dataclasses.replace(
        facts,
        state="finished" if "val" in summary else "unfinished",
        kind=medium.label,
        tokenizer=description.tokenizer.name,
        network=f"{shape.get('cell')} {shape.get('num_layers')} x {shape.get('hidden_size')}",
        parameters=description.parameters,
        model_bytes=description.bytes,
        steps=None if steps is None else int(steps),
        seconds=seconds,
        loss=loss,
        loss_unit=None if loss is None else f"{unit}{_of_what(shape.get('objective'))}",
        nats_per_token=nats,
    )


def _of_what(objective: Any) -> str:
    """What a loss is of, where it is not of every token."""
    return f" in {objective}" if objective in OBJECTIVES and OBJECTIVES[objective].figures else ""


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2.0**60 else None


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def find_run(name: str, *, runs: Path = run_files.RUNS) -> Path:
    """The folder of the run that is meant, by its path or its name under `runs`, or a model file that stands alone.

    Raises:
        ModelFileError: there is none.
    """
    for path in (Path(name), runs / name) if name.strip() and "\0" not in name else ():
        if run_files.holds_run(path):
            return path
        if path.is_file() and path.suffix == Path(run_files.MODEL).suffix:
            return path
    raise ModelFileError(f"there is no run {name!r}", remedy="lstmgen runs")


def compare_runs(paths: Iterable[Path]) -> Comparison:
    """What runs have and have not in common."""
    found = tuple(paths)
    settings = tuple(_settings(path) for path in found)
    keys = dict.fromkeys(key for each in settings for key in each)
    different = tuple(key for key in keys if len({repr(each.get(key)) for each in settings if each}) > 1)
    return Comparison(runs=tuple(map(read_run, found)), settings=settings, different=different)


def _settings(path: Path) -> dict[str, Any]:
    """The settings of a run by `section.key`: as its folder keeps them, or else as its model does."""
    try:
        if path.is_dir() and (path / run_files.CONFIG).exists():
            table: Any = RunFolder(path).read_config().to_dict()
        else:
            table = read_description(path / run_files.MODEL if path.is_dir() else path).summary.get("settings")
    except LstmgenError:
        return {}
    sections = table.items() if isinstance(table, dict) else ()
    return {f"{name}.{key}": value for name, values in sections if isinstance(values, dict) for key, value in values.items()}


def check_removable(path: Path) -> None:
    """Refuses what is not the folder of a run of ours, whatever its files are called.

    Raises:
        UsageError: it is a link, or holds no model and no state that lstmgen wrote.
        InUseError: a process trains in it.
    """
    if path.is_symlink():
        raise UsageError(f"{str(path)!r} is a link, and only folders are removed", remedy=f"rm {path}")
    if not path.is_dir() or not any(_is_ours(path / name, *kind) for name, kind in _MARKED.items()):
        raise UsageError(f"{str(path)!r} holds no model and no state that lstmgen wrote, so nothing is removed", remedy="lstmgen runs")
    with FolderLock(path):
        pass


_MARKED: Final = {
    run_files.MODEL: (FORMAT, MODEL_VERSION),
    run_files.LAST: (state_file.FORMAT, state_file.VERSION),
    run_files.PREVIOUS: (state_file.FORMAT, state_file.VERSION),
}
"""Files that say inside that they are ours, and how."""


def _is_ours(path: Path, form: str, version: int) -> bool:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with tensor_file.open_file(path) as stream:
            tensor_file.read_header(stream, path, form=form, version=version)
    except (LstmgenError, OSError):
        return False
    return True


def remove_run(path: Path) -> tuple[str, ...]:
    """Takes a run away: the files that a run writes, and its folder if nothing else is in it. Links are removed and not followed.

    Returns:
        The names of what is left in the folder; none where it is gone.

    Raises:
        UsageError, InUseError: as `check_removable`.
        MachineError: something cannot be removed.
    """
    check_removable(path)
    with FolderLock(path), storage.machine_errors("remove", path):
        storage.remove_leftovers(path)
        for item in _own_files(path):
            item.unlink()
    left = tuple(sorted(item.name for item in path.iterdir() if item.name != run_files.LOCK))
    with contextlib.suppress(OSError):  # another process may have claimed the folder by now
        (path / run_files.LOCK).unlink()
        path.rmdir()
    return left


def _own_files(path: Path) -> Iterator[Path]:
    """Files, and links that bear the name of one; never a folder."""
    for item in sorted(path.iterdir()):
        if run_files.is_own(item.name) and (item.is_symlink() or not item.is_dir()):
            yield item


def size_of(path: Path) -> tuple[int, int]:
    """How many files of a run there are, and their bytes."""
    sizes = [item.lstat().st_size for item in _own_files(path)]
    return len(sizes), sum(sizes)
