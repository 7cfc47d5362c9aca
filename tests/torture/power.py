"""Loss of power at every instant of a run: what was not synced is there, or not, or zeros, or torn, or in another order."""

import ast
import contextlib
import fcntl
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign import SETTINGS, TEXT, Result, ended, in_child, weights_of

import lstmgen
from lstmgen import run_files
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.storage import disk
from lstmgen.training.events import Saved

SHORT = SETTINGS | {"training.max_steps": 6, "training.eval_every": 2}
_SECTOR = 512

Names = dict[str, int]
"""Paths to files; folders have the number -1."""


@dataclass
class Machine:
    """A disk, what the system remembers of it, and what is on it for sure.

    Attributes:
        names: as programs see them.
        sure: as they are on the disk.
        pending: changes of names that have not been synced, in order.
        content: of each file, as programs see it.
        synced: as it is on the disk.
    """

    names: Names = field(default_factory=dict)
    sure: Names = field(default_factory=dict)
    pending: list[tuple[str, Callable[[Names], None]]] = field(default_factory=list)
    content: dict[int, bytearray] = field(default_factory=dict)
    synced: dict[int, bytes] = field(default_factory=dict)

    def rename(self, folder: str, change: Callable[[Names], None]) -> None:
        """A change of names in a folder."""
        change(self.names)
        self.pending.append((folder, change))

    def sync_folder(self, folder: str) -> None:
        """Its changes are sure from now on."""
        for place, change in self.pending:
            if place == folder:
                change(self.sure)
        self.pending = [entry for entry in self.pending if entry[0] != folder]


def played(log: list[tuple[Any, ...]]) -> Machine:
    """The machine after these calls."""
    machine = Machine()
    for call, *arguments in log:
        _STEPS[call](machine, *arguments)
    return machine


def _open(machine: Machine, path: str, number: int) -> None:
    machine.content.setdefault(number, bytearray())
    machine.synced.setdefault(number, b"")
    if machine.names.get(path) != number:
        machine.rename(os.path.dirname(path), lambda names: names.update({path: number}))  # noqa: PTH120


def _write(machine: Machine, number: int, offset: int, data: bytes) -> None:
    content = machine.content[number]
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _truncate(machine: Machine, number: int, size: int) -> None:
    del machine.content[number][size:]


def _sync(machine: Machine, number: int) -> None:
    machine.synced[number] = bytes(machine.content[number])


def _replace(machine: Machine, source: str, target: str) -> None:
    number = machine.names[source]
    machine.rename(os.path.dirname(target), lambda names: (names.pop(source, None), names.update({target: number}))[1])  # noqa: PTH120


def _link(machine: Machine, source: str, target: str) -> None:
    number = machine.names[source]
    machine.rename(os.path.dirname(target), lambda names: names.update({target: number}))  # noqa: PTH120


def _unlink(machine: Machine, path: str) -> None:
    machine.rename(os.path.dirname(path), lambda names: (names.pop(path, None), None)[1])  # noqa: PTH120


def _make_folder(machine: Machine, path: str) -> None:
    machine.rename(os.path.dirname(path), lambda names: names.update({path: -1}))  # noqa: PTH120


_STEPS: dict[str, Callable[..., None]] = {
    "open_file": _open,
    "write": _write,
    "truncate": _truncate,
    "sync": _sync,
    "sync_folder": lambda machine, folder: machine.sync_folder(folder),
    "replace": _replace,
    "link": _link,
    "unlink": _unlink,
    "make_folder": _make_folder,
    "saved": lambda *_: None,
}


def record(log: list[tuple[Any, ...]]) -> None:
    """From now on every call is written down, with the number of the file in the place of its descriptor."""
    real = {name: getattr(disk, name) for name in disk.CALLS}

    serial: dict[int, int] = {}  # a file that is made may get the inode of one that went

    def number(descriptor: int) -> int:
        return serial[os.fstat(descriptor).st_ino]

    def open_file(path: Path, flags: int) -> int:
        is_new = not path.exists()
        descriptor = real["open_file"](path, flags)
        if is_new:
            serial[os.fstat(descriptor).st_ino] = len(log)
        log.append(("open_file", str(path), number(descriptor)))
        return descriptor

    def write(descriptor: int, data: bytes | memoryview) -> int:
        end = os.fstat(descriptor).st_size
        offset = end if _appends(descriptor) else os.lseek(descriptor, 0, os.SEEK_CUR)
        taken = real["write"](descriptor, data)
        log.append(("write", number(descriptor), offset, bytes(data)[:taken]))
        return taken

    def truncate(descriptor: int, size: int) -> None:
        real["truncate"](descriptor, size)
        log.append(("truncate", number(descriptor), size))

    def sync(descriptor: int) -> None:
        real["sync"](descriptor)
        log.append(("sync", number(descriptor)))

    def named(name: str) -> Callable[..., None]:
        def call(*paths: Path) -> None:
            there = name != "unlink" or paths[0].exists()
            real[name](*paths)
            if there:
                log.append((name, *map(str, paths)))

        return call

    plain = {"open_file": open_file, "write": write, "truncate": truncate, "sync": sync}
    for name, call in (plain | {name: named(name) for name in ("sync_folder", "replace", "link", "unlink", "make_folder")}).items():
        setattr(disk, name, call)


def _appends(descriptor: int) -> bool:
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND)


def states(machine: Machine, chance: random.Random) -> list[tuple[str, Names, dict[int, bytes]]]:
    """What a disk may hold after the power went: names and contents, each with what was lost."""
    seen = {number: bytes(content) for number, content in machine.content.items()}
    zeros = {number: machine.synced[number] + bytes(max(0, len(content) - len(machine.synced[number]))) for number, content in seen.items()}
    torn = {
        number: content if content == machine.synced[number] else content[: len(content) // 2 // _SECTOR * _SECTOR]
        for number, content in seen.items()
    }
    some: Names = dict(machine.sure)
    for _, change in machine.pending:
        if chance.random() < 0.5:
            change(some)
    mixed = {number: chance.choice((machine.synced, seen, zeros, torn))[number] for number in seen}
    return [
        ("nothing lost", machine.names, seen),
        ("all that was not synced is lost", machine.sure, dict(machine.synced)),
        ("contents are lost and names are not", machine.names, dict(machine.synced)),
        ("names are lost and contents are not", machine.sure, seen),
        ("contents are zeros", machine.names, zeros),
        ("contents are torn", machine.names, torn),
        ("names in another order", some, seen),
        ("anything", some, mixed),
    ]


def build(place: Path, root: str, names: Names, contents: dict[int, bytes]) -> None:
    """Makes a disk real below a folder."""
    folders = {path for path, number in names.items() if number == -1}
    for path in sorted(names):
        above = os.path.dirname(path)  # noqa: PTH120
        if path.startswith(root) and (above == root or above in folders) and names[path] == -1:
            (place / os.path.relpath(path, root)).mkdir(parents=True, exist_ok=True)
    for path, number in names.items():
        target = place / os.path.relpath(path, root)
        if path.startswith(root) and number != -1 and target.parent.is_dir():
            target.write_bytes(contents[number])


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """Every call of a run, in eight states each, or so many states."""
    source, cache, root, result = folder / "story.txt", folder / "cache", folder / "disk", Result()
    source.write_text(TEXT)
    root.mkdir()
    train(folder / "calm", source, cache)
    expected, kept = weights_of(folder / "calm"), folder / "log"
    assert ended(in_child(lambda: recorded(root / "run", source, cache, kept))) == 0
    log: list[tuple[Any, ...]] = ast.literal_eval(kept.read_text())
    cases = [(end, kind) for end in range(1, len(log) + 1) for kind in range(8)]
    for end, kind in chance.sample(cases, min(size, len(cases))):
        what, names, contents = states(played(log[:end]), chance)[kind]
        trial = folder / "trial"
        trial.mkdir()
        build(trial, str(root), names, contents)
        promised = max((entry[1] for entry in log[:end] if entry[0] == "saved"), default=-1)
        wrong = complaint(trial / "run", promised, expected, cache)
        if wrong:
            result.wrong.append(f"after call {end} ({log[end - 1][0]}), {what}: {wrong}")
        shutil.rmtree(trial)
        result.cases += 1
    result.figures["states in all"] = len(cases)
    return result


def train(run: Path, source: Path, cache: Path, log: list[tuple[Any, ...]] | None = None) -> None:
    """The run; with a log, what was promised to be saved is noted in it."""
    for event in lstmgen.train([source], out=run, settings=SHORT, cache=cache):
        if log is not None and isinstance(event, Saved):
            log.append(("saved", event.step))


def recorded(run: Path, source: Path, cache: Path, kept: Path) -> None:
    """The same, with all calls written down and kept."""
    log: list[tuple[Any, ...]] = []
    record(log)
    train(run, source, cache, log)
    kept.write_text(repr(log))


def complaint(run: Path, promised: int, expected: str, cache: Path) -> str:
    """What is lost in a run after the power went."""
    if not run_files.holds_state(run):
        return "" if promised < 0 else f"step {promised} was promised, and there is no state"
    said = run.parent / "said"

    def work() -> int:
        said.write_text("")
        step = RunFolder(run).load_state()[1]["trainer"]["counters"]["step"]
        if step < promised:
            said.write_text(f"step {promised} was promised, and {step} is there")
        with contextlib.suppress(lstmgen.UsageError):  # it has ended
            for _ in lstmgen.train(resume=run, cache=cache):
                pass
        return 0

    if ended(in_child(work)):
        return "it cannot be resumed"
    return said.read_text() or ("" if weights_of(run) == expected else "it ended in other weights")
