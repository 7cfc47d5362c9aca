"""The only file that writes what must survive a crash.

A file is written beside its target under a temporary name, synced to the disk, renamed over the target, and then the folder is synced:
whoever opens the target, at any instant and after any crash, finds the complete old file or the complete new one. Locks are held by
the kernel, so a killed process leaves none behind.

The environment is never read here; `cache_folder` takes it as an argument.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from lstmgen import limits, run_files
from lstmgen.errors import InUseError, MachineError
from lstmgen.opening import open_own, open_regular

_TEMPORARY: Final = re.compile(r"\.lstmgen-(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]+)-[0-9a-f]{16}\.tmp")

_ELSEWHERE: Final = "choose another folder, or change its permissions"
_REASONS: Final[Mapping[int, tuple[str, str]]] = {
    errno.ENOSPC: ("the disk is full", "free some space, or choose a folder on another disk"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, or choose a folder on another disk"),
    errno.EFBIG: ("the file would be larger than is allowed here", "raise the limit (ulimit -f), or choose a folder on another disk"),
    errno.EROFS: ("the file system is read-only", "choose a folder that can be written"),
    errno.EACCES: ("permission denied", _ELSEWHERE),
    errno.EPERM: ("permission denied", _ELSEWHERE),
    errno.ENOENT: ("no such file or folder", "create the folder first, or choose another path"),
    errno.ENOTDIR: ("a part of the path is a file and not a folder", "choose another path"),
    errno.EEXIST: ("a file of that name is in the way", "move it away, or choose another path"),
    errno.EISDIR: ("it is a folder", "name a file, not a folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name"),
    errno.EMFILE: ("too many files are open", "close some, or raise the limit (ulimit -n)"),
    errno.ENFILE: ("too many files are open on this machine", "close some programs"),
    errno.EIO: ("the disk reported an error", "check the disk, or choose a folder on another one"),
    errno.ESTALE: ("the network folder has gone away", "mount it again, or choose a folder on a local disk"),
    errno.ENOLCK: ("this file system has no locks", "choose a folder on a local disk"),
    errno.EOPNOTSUPP: ("this file system does not support it", "choose a folder on a local disk"),
}
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""What file systems answer that cannot sync a folder."""


@contextlib.contextmanager
def machine_errors(doing: str, path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Whatever the operating system refuses inside becomes a MachineError in words, with what to do.

    Args:
        doing: a verb, as in "cannot write PATH".
        path: the file or folder.
    """
    try:
        yield
    except OSError as error:
        fallback = (error.strerror or str(error) or type(error).__name__, "choose another path, or a folder on another disk")
        reason, remedy = _REASONS.get(error.errno or 0, fallback)
        raise MachineError(f"cannot {doing} {os.fspath(path)!r}: {reason}", remedy=remedy) from error


def make_folder(path: Path) -> Path:
    """Create a folder and its parents where they are missing, and return it.

    Raises:
        MachineError: it cannot be created, or a file is in the way.
    """
    with machine_errors("create the folder", path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def atomic_write(path: Path, write: Callable[[BinaryIO], None] | bytes, *, follow: bool = True) -> None:
    """Replace a file, or create it, completely or not at all.

    Args:
        path: the target; its folder must exist.
        write: the content, or a function that writes it to a seekable binary file. An OSError that it raises counts as a failure to
            write; one with another cause (a source that cannot be read) must be turned into another class by the function itself.
        follow: where `path` is a symbolic link, replace the file that it points to, as a user means it; False puts the file in the place
            of the link, as it must be in a folder that may be a stranger's.

    Raises:
        MachineError: the disk is full or read-only, permissions are missing, or the target is a folder. The old file is untouched.
    """
    target = Path(os.path.realpath(path)) if follow else path
    with machine_errors("write", path):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        with _temporary_file(target.parent) as (stream, temporary):
            _fill(stream, write)
            temporary.replace(target)
        _sync_folder(target.parent)


def store_by_content(folder: Path, chunks: Iterable[bytes], *, prefix: str, suffix: str) -> Path:
    """Write chunks to a file of `folder` whose name carries the sha256 of its content, and return its path.

    The same content gets the same name, so two processes that store at the same time cannot spoil each other's file.

    Raises:
        MachineError: as `atomic_write`.
    """
    digest = hashlib.sha256()

    def write(stream: BinaryIO) -> None:
        for chunk in chunks:
            digest.update(chunk)
            stream.write(chunk)

    with machine_errors("write into", folder):
        with _temporary_file(folder) as (stream, temporary):
            _fill(stream, write)
            target = folder / f"{prefix}{digest.hexdigest()[:16]}{suffix}"
            temporary.replace(target)
        _sync_folder(folder)
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
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    with machine_errors("append to", path), os.fdopen(open_own(path, flags), "a+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        if size:
            stream.seek(size - 1)
            line = (b"" if stream.read(1) == b"\n" else b"\n") + line
        try:
            _write_all(stream, line + b"\n")
        except OSError:
            stream.truncate(size)
            raise


def remove_leftovers(folder: Path) -> tuple[Path, ...]:
    """Delete the temporary files that crashed writers left in a folder, and return their paths.

    Only files of this module's own name pattern are touched, and only those whose writer ran on this machine and is dead, or that are
    older than `limits.LEFTOVER_AGE_S`. What cannot be listed or deleted stays.
    """
    try:
        candidates = [item for item in folder.iterdir() if _TEMPORARY.fullmatch(item.name)]
    except OSError:
        return ()
    removed: list[Path] = []
    for item in candidates:
        with contextlib.suppress(OSError):
            if _abandoned(item):
                item.unlink()
                removed.append(item)
    return tuple(sorted(removed))


def sha256_of(path: Path) -> str:
    """The sha256 of a file as 64 hexadecimal digits, in bounded memory.

    Raises:
        MachineError: it cannot be read.
    """
    with machine_errors("read", path), open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class FolderLock:
    """A lock on a folder that the kernel releases when its holder dies, even by kill -9.

    Use it as a context manager, or call `acquire` and `release`. The lock file stays in the folder when the lock is released: deleting
    it would let two processes hold "the" lock on two files of one name.

    Args:
        folder: an existing folder.
        name: the file in it that carries the lock and the holder's process id.
    """

    def __init__(self, folder: Path, *, name: str = run_files.LOCK) -> None:
        self._folder = folder
        self._path = folder / name
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, without waiting.

        Raises:
            InUseError: another holder has it; the message names its process id.
            MachineError: the lock file cannot be written, or the file system has no locks.
        """
        if self._descriptor is not None:
            raise RuntimeError("this lock is held already")
        with machine_errors("lock", self._folder):
            descriptor = open_own(self._path, os.O_RDWR | os.O_CREAT)
            try:
                self._claim(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor

    def is_held(self) -> bool:
        """Whether another holder has it; where nobody does, it is taken and given back within the call. Makes no file."""
        try:
            descriptor = open_own(self._path, os.O_RDWR)
        except OSError:
            return False
        try:
            return not _try_lock(descriptor)
        except OSError:
            return False
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with contextlib.suppress(OSError):
            _sign(descriptor, b"")
        os.close(descriptor)  # closing the only descriptor of an open file releases its lock

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.release()

    def _claim(self, descriptor: int) -> None:
        """Lock and sign the file, or raise InUseError with what the holder signed."""
        if _try_lock(descriptor):
            _sign(descriptor, f"{os.getpid()}\n".encode())
            return
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = os.read(descriptor, 32).strip()
        who = f"process {int(holder)}" if holder.isdigit() else "another process"
        raise InUseError(f"the folder {str(self._folder)!r} is in use by {who}", remedy="wait until it ends, or choose another folder")


def _sign(descriptor: int, holder: bytes) -> None:
    """Write who holds a lock; not into a file of two names, for the other one may be anything that the user has."""
    if os.fstat(descriptor).st_nlink < 2:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder)


def cache_folder(environ: Mapping[str, str], *, system: str = sys.platform) -> Path:
    r"""Where downloads and token files are kept; the folder need not exist yet.

    `$LSTMGEN_HOME/cache` where that is set; on Windows `%LOCALAPPDATA%\lstmgen\cache`; elsewhere `$XDG_CACHE_HOME/lstmgen`, and
    without it `~/Library/Caches/lstmgen` on macOS and `~/.cache/lstmgen` on the rest (XDG Base Directory Specification 0.8, which also
    says that a relative value is to be ignored).

    Args:
        environ: the environment variables, usually `os.environ`.
        system: as `sys.platform`.

    Raises:
        MachineError: no variable is set and the user has no home folder.
    """
    own = environ.get("LSTMGEN_HOME")
    if own:
        return Path(own).absolute() / "cache"
    variable, name = ("LOCALAPPDATA", "lstmgen/cache") if system == "win32" else ("XDG_CACHE_HOME", "lstmgen")
    value = environ.get(variable, "")
    if Path(value).is_absolute():
        return Path(value, name)
    defaults = {"win32": "AppData/Local/lstmgen/cache", "darwin": "Library/Caches/lstmgen"}
    return _home(environ, system) / defaults.get(system, ".cache/lstmgen")


def _home(environ: Mapping[str, str], system: str) -> Path:
    value = environ.get("USERPROFILE" if system == "win32" else "HOME", "")
    if Path(value).is_absolute():
        return Path(value)
    try:
        return Path.home()
    except RuntimeError as error:
        raise MachineError("this user has no home folder to keep a cache in", remedy="set LSTMGEN_HOME to a folder") from error


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Generator[tuple[BinaryIO, Path], None, None]:
    """A new file of `folder`, open for writing, that is gone at the end unless it was renamed."""
    path = folder / f".lstmgen-{_host()}-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream, path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _fill(stream: BinaryIO, write: Callable[[BinaryIO], None] | bytes) -> None:
    """Write, push down to the disk, and close: Windows cannot rename a file that is open."""
    if isinstance(write, bytes):
        stream.write(write)
    else:
        write(stream)
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()


def _write_all(stream: BinaryIO, content: bytes) -> None:
    """An unbuffered file may take less than it is given."""
    view = memoryview(content)
    while view:
        view = view[stream.write(view) :]


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. Windows does so by itself and cannot open folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


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


if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE: Final = 2**30
    """Far behind the process id, which others must be able to read: locks are mandatory on Windows."""

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EDEADLK}:
                return False
            raise
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
