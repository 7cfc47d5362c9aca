"""Files that are replaced whole, or appended to.

A file is written beside its target under a temporary name, synced to the disk, read back, renamed over the target, and then the folder is
synced: whoever opens the target, at any instant and after any crash, finds the complete old file or the complete new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import platform
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from lstmgen import limits
from lstmgen.opening import open_own, open_regular
from lstmgen.storage import disk
from lstmgen.storage.refusals import machine_errors

_TEMPORARY: Final = re.compile(r"\.lstmgen-(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]+)-[0-9a-f]{16}\.tmp")
_DESCRIPTORS: Final = re.compile(r"/proc/([0-9]+|self|thread-self)(/task/[0-9]+)?/fd|/dev/fd")
"""Folders whose files are what a process has open already."""
_MAX_LINKS: Final = 40
_READ_BACK_BYTES: Final = 2**20
_cleared: Final[set[Path]] = set()
"""Folders in which this process has looked for what crashed writers left."""


def make_folder(path: Path) -> Path:
    """Create a folder and its parents where they are missing, durably, and return it.

    Raises:
        MachineError: it cannot be created, or a file is in the way.
    """
    with machine_errors("create the folder", path):
        for folder in reversed([place for place in (path, *path.parents) if not place.exists()]):
            with contextlib.suppress(FileExistsError):
                disk.make_folder(folder)
            disk.sync_folder(folder.parent)
        if not path.is_dir():
            raise FileExistsError(errno.EEXIST, "a file is in the way")
    return path


def atomic_write(
    path: Path,
    write: Callable[[BinaryIO], None] | bytes | Iterable[bytes | memoryview],
    *,
    previous: Path | None = None,
    follow: bool = True,
    is_new: bool = False,
) -> None:
    """Replace a file, or create it, completely or not at all.

    Args:
        path: the target; its folder must exist.
        write: the content, whole or as pieces that can be asked for again, which is read back from the disk before it takes the place
            of the old one; or a function that writes it to a seekable binary file. An OSError that it raises counts as a failure to
            write; one with another cause (a source that cannot be read) must be turned into another class by the function itself.
        previous: the name, in the same folder, that the old file gets; what had it before goes.
        follow: as a user means it: where `path` is a symbolic link, the file that it points to is replaced and the link stays; a device,
            a pipe and what is open already, such as /dev/stdout, are written to. False puts the file in the place of whatever is there,
            as it must be in a folder that may be a stranger's.
        is_new: nothing is replaced: that something of this name is there already is an error.

    Raises:
        MachineError: the disk is full or read-only, permissions are missing, or the target is a folder. The old file is untouched.
    """
    pieces = (write,) if isinstance(write, bytes) else None if callable(write) else write
    with written_aside(path, previous=previous, follow=follow, is_new=is_new, expected=pieces) as stream:
        if callable(write):
            write(stream)
        for piece in pieces or ():
            stream.write(piece)


@contextlib.contextmanager
def written_aside(
    path: Path,
    *,
    complete: tuple[type[BaseException], ...] = (),
    previous: Path | None = None,
    expected: Iterable[bytes | memoryview] | None = None,
    follow: bool = True,
    is_new: bool = False,
) -> Generator[BinaryIO, None, None]:
    """A binary file that takes the place of `path` when the context ends, as `atomic_write` says; after an exception the old one stays.

    Args:
        path: the target; its folder must exist.
        complete: exceptions after which what was written so far is the whole file nevertheless.
        previous: the name, in the same folder, that the old file gets.
        expected: what the disk has to give back, in pieces; by default it is not asked.
        follow: as `atomic_write`.
        is_new: as `atomic_write`.

    Raises:
        MachineError: as `atomic_write`.
    """
    with machine_errors("write", path):
        if is_new and os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists")
        if follow and _is_channel(path):
            with _file(disk.open_file(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOCTTY", 0)), "ab") as stream:
                yield stream
                return
        target = Path(os.path.realpath(path)) if follow else path
        if not target.is_symlink():  # one that is not followed is replaced, whatever it points to
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "is a folder")
            if target.is_file() and not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, "is read-only")
        with _temporary_file(target.parent) as (stream, temporary):
            interrupted: BaseException | None = None
            try:
                yield stream
            except complete as error:
                interrupted = error
            _finish(stream)
            if expected is not None:
                _read_back(temporary, expected)
            _keep_mode(target, temporary)
            if is_new:
                _put_where_nothing_is(temporary, target)
            else:
                _put_in_place(temporary, target, previous)
        disk.sync_folder(target.parent)
        if interrupted is not None:
            raise interrupted


def replace_folder(source: Path, target: Path) -> None:
    """Give a folder whose files are complete the name of another, which goes; whoever looks in between finds none of that name.

    Raises:
        MachineError: it cannot be renamed.
    """
    with machine_errors("write", target):
        if target.exists():
            shutil.rmtree(target)
        disk.replace(source, target)
        disk.sync_folder(target.parent)


def store_by_content(folder: Path, chunks: Iterable[bytes], *, prefix: str, suffix: str) -> Path:
    """Write chunks to a file of `folder` whose name carries the sha256 of its content, and return its path.

    The same content gets the same name, so two processes that store at the same time cannot spoil each other's file.

    Raises:
        MachineError: as `atomic_write`.
    """
    digest = hashlib.sha256()
    with machine_errors("write into", folder):
        with _temporary_file(folder) as (stream, temporary):
            for chunk in chunks:
                digest.update(chunk)
                stream.write(chunk)
            _finish(stream)
            target = folder / f"{prefix}{digest.hexdigest()[:16]}{suffix}"
            disk.replace(temporary, target)
        disk.sync_folder(folder)
    return target


def append_line(path: Path, line: bytes) -> None:
    """Append one line to a file, creating it where it is missing; the line end is added where it is missing.

    A last line that a crash left unfinished is ended first, so that the new line stands alone. A write that fails half-way is taken
    back. The line survives the death of this process; it is not synced to the disk, which would cost milliseconds a line.

    Raises:
        MachineError: the disk is full or read-only, or permissions are missing.
        ValueError: the line holds a line end before its last byte.
    """
    line = line.removesuffix(b"\n")
    if b"\n" in line:
        raise ValueError("append_line takes one line")
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    with machine_errors("append to", path), _file(open_own(path, flags, opener=disk.open_file), "rb+") as stream:
        size = stream.seek(0, os.SEEK_END)
        if size:
            stream.seek(size - 1)
            line = (b"" if stream.read(1) == b"\n" else b"\n") + line
        try:
            _write_all(stream, line + b"\n")
        except OSError:
            stream.truncate(size)
            raise


def remove(path: Path) -> None:
    """Take a file away; one that is not there is no error.

    Raises:
        MachineError: it cannot be removed.
    """
    with machine_errors("remove", path):
        disk.unlink(path)


def remove_leftovers(folder: Path) -> tuple[Path, ...]:
    """Delete the temporary files that crashed writers left in a folder, and return their paths.

    Only files of this module's own name pattern are touched, and only those whose writer ran on this machine and is dead, or that are
    older than `limits.LEFTOVER_AGE_S`. What cannot be listed or deleted stays. Writing into a folder does it once in a process.
    """
    _cleared.add(folder)
    try:
        candidates = [item for item in folder.iterdir() if _TEMPORARY.fullmatch(item.name)]
    except OSError:
        return ()
    removed: list[Path] = []
    for item in candidates:
        with contextlib.suppress(OSError):
            if _abandoned(item):
                disk.unlink(item)
                removed.append(item)
    return tuple(sorted(removed))


def sha256_of(path: Path) -> str:
    """The sha256 of a file as 64 hexadecimal digits, in bounded memory.

    Raises:
        MachineError: it cannot be read.
    """
    with machine_errors("read", path), open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Generator[tuple[BinaryIO, Path], None, None]:
    """A new file of `folder`, open for writing, that is gone at the end unless it was renamed."""
    if folder not in _cleared:
        remove_leftovers(folder)
    path = folder / f".lstmgen-{_host()}-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    descriptor = disk.open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        with cast("BinaryIO", io.BufferedRandom(disk.File(descriptor, "rb+"))) as stream:
            yield stream, path
    finally:
        with contextlib.suppress(OSError):
            if path.exists():
                disk.unlink(path)


def _file(descriptor: int, mode: str) -> BinaryIO:
    """An unbuffered file."""
    return cast("BinaryIO", disk.File(descriptor, mode))


def _finish(stream: BinaryIO) -> None:
    """Push down to the disk, and close: Windows cannot rename a file that is open."""
    stream.flush()
    disk.sync(stream.fileno())
    stream.close()


def _read_back(path: Path, expected: Iterable[bytes | memoryview]) -> None:
    """Raises OSError where the disk gives something else than it was given.

    What the system remembers of the file is dropped first where that can be asked for, so that the disk itself answers.
    """
    with path.open("rb") as stream:
        if hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        same = all(
            stream.read(len(part)) == bytes(part)
            for piece in expected
            for begin in range(0, len(piece), _READ_BACK_BYTES)
            for part in (piece[begin : begin + _READ_BACK_BYTES],)
        )
        same = same and not stream.read(1)
    if not same:
        raise OSError("the disk gave back something else than was written")


def _keep_mode(old: Path, new: Path) -> None:
    """A file that is replaced keeps who may read and write it; nothing of what a link points to, and nobody runs it as somebody else."""
    with contextlib.suppress(OSError):
        mode = old.lstat().st_mode
        if stat.S_ISREG(mode):
            new.chmod(mode & 0o777)


def _put_in_place(new: Path, target: Path, previous: Path | None) -> None:
    """The rename. At every instant of it the target is there, old or new; the old file gets its other name when the new one is in place."""
    if previous is None or not target.exists():
        disk.replace(new, target)
        return
    spare = previous.with_name(f".{previous.name}.new")
    disk.unlink(spare)
    try:
        disk.link(target, spare)
    except OSError:
        atomic_write(spare, _Content(target), follow=False)  # a file system without hard links: a copy does the same, only slower
    disk.replace(new, target)
    disk.replace(spare, previous)


@dataclass(frozen=True)
class _Content:
    """The bytes of a file, in pieces, as often as they are asked for."""

    path: Path

    def __iter__(self) -> Iterator[bytes]:
        with open_regular(self.path, follow=False) as stream:
            while piece := stream.read(_READ_BACK_BYTES):
                yield piece


def _put_where_nothing_is(new: Path, target: Path) -> None:
    """Raises FileExistsError where something has come in between."""
    try:
        disk.link(new, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: what came since the first look is not seen
        disk.replace(new, target)


def _is_channel(path: Path) -> bool:
    """Whether a name stands for a device, a pipe, or something that a process has open already."""
    place = path
    for _ in range(_MAX_LINKS):
        folder = os.path.realpath(place.parent)
        if _DESCRIPTORS.fullmatch(folder):
            return True
        place = Path(folder, place.name)
        if not place.is_symlink():
            break
        place = place.parent / place.readlink()
    return path.exists() and not (path.is_file() or path.is_dir())


def _write_all(stream: BinaryIO, content: bytes) -> None:
    """An unbuffered file may take less than it is given."""
    view = memoryview(content)
    while view:
        view = view[stream.write(view) :]


def _host() -> str:
    """Eight digits that tell machines apart which share a network folder."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _abandoned(path: Path) -> bool:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return False
    if time.time() - status.st_mtime > limits.LEFTOVER_AGE_S:
        return True
    match = _TEMPORARY.fullmatch(path.name)
    return match is not None and match["host"] == _host() and not _alive(int(match["pid"]))


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 means Ctrl-C there; age alone decides
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
