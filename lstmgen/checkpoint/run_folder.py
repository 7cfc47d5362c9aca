"""A run on disk: the best model, what resuming needs, the metrics and the settings, in the files that `lstmgen.run_files` names.

Every file is replaced whole (`lstmgen.storage`), so at every instant, and after any crash, there is a good one. Nothing inside names the
folder itself: it can be moved, copied and renamed. Files that a run does not write are never touched.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lstmgen import limits, run_files, storage
from lstmgen.checkpoint import metrics, state_file, tensor_file
from lstmgen.checkpoint.model_file import find_model
from lstmgen.config import Config, from_toml
from lstmgen.errors import CorpusError, LstmgenError, MachineError, ModelFileError, UsageError
from lstmgen.opening import NotRegularError, open_regular, require_regular
from lstmgen.storage import FolderLock, disk

if TYPE_CHECKING:
    from torch import Tensor


class RunFolder:
    """One run folder; made by `create` or `open`.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path, *, is_new: bool = False, made_parent: bool = False) -> None:
        self.path = path
        self._is_new = is_new
        self._made_parent = made_parent
        self._earlier: frozenset[str] | None = None
        self._lock = FolderLock(path, name=run_files.LOCK)

    @staticmethod
    def create(path: str | Path | None = None, *, name: str = "run", overwrite: bool = False, runs: Path = run_files.RUNS) -> RunFolder:
        """A folder for a new run, claimed on disk so that no other process gets the same one, and locked; `lock` gives it back.

        Args:
            path: the folder; None takes a free name under `runs`.
            name: what to derive that name from; numbered when taken.
            overwrite: take `path` even if it is not empty; `begin` then replaces the files of the earlier run, all others stay.
            runs: the folder of all runs.

        Raises:
            UsageError: the folder is not empty.
            InUseError: another process is training in it.
            ModelFileError: links or other things stand in the places of files that would be replaced.
            MachineError: it cannot be written.
        """
        if path is None:
            return RunFolder._claim(runs, _clean_name(name))
        folder = Path(path)
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{str(folder)!r} is a file, expected a folder for the run", remedy="choose another folder with -o")
        run = RunFolder(folder, is_new=not folder.exists())
        storage.make_folder(folder)
        run._refuse_if_read_only()
        was_locked_before = (folder / run_files.LOCK).exists()
        if overwrite:
            run._refuse_what_no_run_makes()
        run._take()  # before the first look, so that who comes second learns who came first
        try:
            storage.remove_leftovers(folder)
            if not overwrite:
                run._refuse_if_occupied()
            run._earlier = frozenset(item.name for item in run._own_files())
        except BaseException:
            run._lock.release() if was_locked_before else run._lock.remove()
            raise
        return run

    @staticmethod
    def _claim(runs: Path, name: str) -> RunFolder:
        """Makes the first free folder of `name`, `name-2`, `name-3`; making it is the claim."""
        made_runs = not runs.exists()
        storage.make_folder(runs)
        number = 1
        while True:
            folder = runs / (name if number == 1 else f"{name}-{number}")
            with storage.machine_errors("create the folder", folder), contextlib.suppress(FileExistsError):
                disk.make_folder(folder)
                disk.sync_folder(runs)
                run = RunFolder(folder, is_new=True, made_parent=made_runs)
                run._take()
                run._earlier = frozenset()
                return run
            number += 1

    @staticmethod
    def open(path: str | Path, *, runs: Path = run_files.RUNS) -> RunFolder:
        """The folder of an existing run, by its path or its name under `runs`.

        Raises:
            ModelFileError: there is no run, only its model is left, or links or other things stand in the places of its files.
            MachineError: its folder cannot be written.
        """
        for folder in (Path(path), runs / path):
            run = RunFolder(folder)
            if run_files.holds_state(folder):
                run._refuse_if_read_only()
                run._refuse_what_no_run_makes()
                return run
        model = find_model(str(path), runs=runs)
        raise ModelFileError(
            f"{str(model)!r} is a model without the state of its run, so the run cannot be resumed",
            remedy=f"start a new run from these weights: lstmgen train SOURCE --init-from {model}",
        )

    @contextlib.contextmanager
    def lock(self) -> Generator[None, None, None]:
        """Holds the folder, which `create` has locked already and `open` has not; InUseError while another process does."""
        if not self._lock.is_ours:
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def begin(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any], *, keep: frozenset[str] = frozenset()) -> None:
        """Writes the first state of a run, and only then removes what an earlier one left: at every instant there is one of them.

        Args:
            tensors: as `save_state` takes them.
            meta: as `save_state` takes it.
            keep: names of files of the new run that are there already.

        Raises:
            DivergedError: as `save_state`.
            MachineError: a file cannot be written or removed.
        """
        self.clear()
        storage.atomic_write(self.path / run_files.LAST, state_file.pack(tensors, meta), follow=False)
        self._earlier = None
        self._remove({item.name for item in self._own_files()} - keep - {run_files.LAST})

    def clear(self) -> None:
        """Removes what killed writers left."""
        storage.remove_leftovers(self.path)
        self._remove([run_files.SPARE])

    def discard(self) -> None:
        """Takes back a run that could not begin: its files go, and the folder too if `create` made it and nothing else is in it.

        Does nothing once the run has begun, or when it was opened.
        """
        if self._earlier is None:
            return
        self.clear()
        self._remove({item.name for item in self._own_files()} - self._earlier)
        self._remove_folder()

    def _remove_folder(self) -> None:
        """Takes away a folder that was made for this run, if nothing is in it but the lock."""
        if self._is_new:
            with contextlib.suppress(OSError):
                if [item.name for item in self.path.iterdir()] == [run_files.LOCK]:
                    self._lock.remove()
                disk.remove_folder(self.path)
                if self._made_parent:
                    disk.remove_folder(self.path.parent)

    def _take(self) -> None:
        """Locks the folder. One that was made for this run goes again where the machine has no locks, or refuses. Raises as `create`."""
        try:
            self._lock.acquire()
        except MachineError:
            self._remove_folder()
            raise

    @property
    def model_path(self) -> Path:
        """The best model's file; it may not exist yet."""
        return self.path / run_files.MODEL

    @property
    def metrics_path(self) -> Path:
        """The file of metrics; it may not exist yet."""
        return self.path / run_files.METRICS

    def append_metrics(self, values: Mapping[str, Any]) -> None:
        """Adds one line to the metrics; numbers that are not finite become null.

        Raises:
            MachineError: it cannot be written.
        """
        line = json.dumps(state_file.without_special_numbers(dict(values), lambda _: None), ensure_ascii=True, allow_nan=False)
        storage.append_line(self.metrics_path, line.encode())

    @property
    def metrics_bytes(self) -> int:
        """Size of the metrics; 0 where there are none."""
        with contextlib.suppress(OSError):
            return self.metrics_path.stat().st_size
        return 0

    def truncate_metrics(self, step: int, size: int | None = None) -> None:
        """Drops what was added after a state was saved, and any line that a crash left torn.

        Args:
            step: of the state; lines of later steps go.
            size: of the metrics when the state was saved: lines of its own step that came later go too. States of older versions do not
                say it.

        Raises:
            MachineError: it cannot be written.
        """
        if not self.metrics_path.exists():
            return

        def write(target: BinaryIO) -> None:
            with open_regular(self.metrics_path, follow=False) as stream:
                for line, row in metrics.rows(stream, math.inf if size is None else size):
                    if not (isinstance(row.get("step"), int) and row["step"] > step):
                        target.write(line if line.endswith(b"\n") else line + b"\n")

        storage.atomic_write(self.metrics_path, write, follow=False)

    def save_state(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
        """Saves what resuming needs. The one before is kept, and stays the newest until the new one is complete.

        Args:
            tensors: any number types; finite.
            meta: JSON values; numbers that are not finite are allowed.

        Raises:
            DivergedError: a tensor holds a number that is not finite.
            MachineError: the disk is full, or the like. What was saved before is untouched.
        """
        storage.atomic_write(
            self.path / run_files.LAST, state_file.pack(tensors, meta), previous=self.path / run_files.PREVIOUS, follow=False
        )

    def load_state(self, *, warn: Callable[[str], None] | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What `save_state` was last given.

        A newest one that is damaged, or that the disk cannot read any more, is moved aside, and the one before is taken.

        Args:
            warn: called with a sentence when that happens.

        Raises:
            ModelFileError: there is no good state.
            MachineError: the machine does not let it be read now.
        """
        failure: LstmgenError | None = None
        for name in (run_files.LAST, run_files.PREVIOUS):
            path = self.path / name
            if not path.exists():
                continue
            try:
                state = state_file.read(path)
            except (ModelFileError, MachineError) as error:
                if isinstance(error, MachineError) and not _is_lost(error):
                    raise
                failure = failure or error
                continue
            if failure is not None:
                _move_aside(self.path / run_files.LAST)
                if warn is not None:
                    warn(f"{failure.message}; the checkpoint before it is used, the damaged one is kept as {run_files.DAMAGED}")
            return state
        if failure is not None:
            raise failure
        raise ModelFileError(f"{str(self.path)!r} holds no state to resume from", remedy="name a folder that lstmgen train wrote")

    def write_config(self, config: Config) -> None:
        """Saves the resolved settings. Raises MachineError."""
        storage.atomic_write(self.path / run_files.CONFIG, config.to_toml().encode("utf-8", "surrogateescape"), follow=False)

    def write_sources(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Saves what was read and what was not, one JSON object a file. Raises MachineError."""
        lines = "".join(json.dumps(dict(row), ensure_ascii=True) + "\n" for row in rows)
        storage.atomic_write(self.path / run_files.SOURCES, lines.encode(), follow=False)

    def kept_input(self, name: object) -> Path:
        """The file that keeps what the run read from standard input.

        Args:
            name: of the file, as the run recorded it. Runs of older versions recorded none and kept one file.

        Raises:
            CorpusError: it is not there.
        """
        found = sorted(item.name for item in self._items() if run_files.is_kept_input(item.name) and name in (None, item.name))
        if not found:
            raise CorpusError(f"{self.path} does not hold what was read from standard input", remedy="start a new run")
        tensor_file.open_file(self.path / found[0], at_most=sys.maxsize, what="what was read from standard input").close()
        return self.path / found[0]

    def read_config(self) -> Config:
        """The settings that were saved.

        Raises:
            ModelFileError: they are missing or damaged.
        """
        path = self.path / run_files.CONFIG
        with tensor_file.open_file(path, at_most=limits.MAX_CONFIG_BYTES, what="the settings of a run") as stream:
            text = stream.read().decode("utf-8", "surrogateescape")
        remedy = "correct it by hand, or start a new run"
        try:
            config = from_toml(text, name=str(path))
        except UsageError as error:
            raise ModelFileError(f"{str(path)!r} is damaged: {error.message}", remedy=remedy) from error
        if not config.data.sources:
            raise ModelFileError(f"{str(path)!r} is damaged: it names no sources", remedy=remedy)
        return config

    def _items(self) -> list[Path]:
        """All that is in the folder. Raises MachineError."""
        with storage.machine_errors("list the folder", self.path):
            return list(self.path.iterdir())

    def _own_files(self) -> list[Path]:
        return [item for item in self._items() if run_files.is_own(item.name)]

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            storage.remove(self.path / name)

    def _refuse_if_read_only(self) -> None:
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise MachineError(
                f"the folder {str(self.path)!r} cannot be written", remedy="choose another folder, or change its permissions"
            )

    def _refuse_what_no_run_makes(self) -> None:
        """Raises ModelFileError where something stands in the place of a file of the run that is no file, such as a link to elsewhere."""
        for item in [*self._own_files(), self.path / run_files.LOCK]:
            with contextlib.suppress(FileNotFoundError):
                try:
                    require_regular(item, follow=False)
                except NotRegularError as error:
                    raise ModelFileError(
                        f"{str(item)!r} is {error.strerror}", remedy="move it away, and put a copy of the file in its place"
                    ) from error

    def _refuse_if_occupied(self) -> None:
        """Raises UsageError when there is anything in the folder but a lock, and what a run kept of its input that never began."""
        shown, elsewhere = repr(str(self.path)), "choose another folder with -o, or replace it with --overwrite"
        if run_files.holds_state(self.path):
            remedy = f"resume it: lstmgen train --resume {self.path}; or {elsewhere}"
            raise UsageError(f"the folder {shown} holds a run already", remedy=remedy)
        if any(not run_files.is_kept_input(item.name) for item in self._own_files()):
            raise UsageError(f"the folder {shown} holds a model already", remedy=elsewhere)
        if any(item.name != run_files.LOCK and not run_files.is_own(item.name) for item in self._items()):
            raise UsageError(f"the folder {shown} is not empty", remedy="choose an empty or a new folder with -o")


def _clean_name(name: str) -> str:
    """A folder name that needs no quoting in a shell: letters and digits of any script with their marks, and `_`, `.` and `-`."""
    letters = (c if c in "_." or unicodedata.category(c)[0] in "LMN" else "-" for c in unicodedata.normalize("NFC", name))
    return re.sub("-+", "-", "".join(letters)).strip("-.").encode()[: limits.MAX_RUN_NAME_BYTES].decode(errors="ignore") or "run"


def _is_lost(error: MachineError) -> bool:
    """Whether a part of a file cannot be read any more; all else that a machine refuses may pass."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EIO


def _move_aside(damaged: Path) -> None:
    """So that the next save does not put the damaged state in the place of the good one."""
    with storage.machine_errors("rename", damaged):
        disk.replace(damaged, damaged.with_name(run_files.DAMAGED))
