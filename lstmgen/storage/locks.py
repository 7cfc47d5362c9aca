"""Locks on folders, held by the kernel, so that a killed process leaves none behind."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from lstmgen import run_files
from lstmgen.errors import InUseError
from lstmgen.opening import open_own
from lstmgen.storage import disk
from lstmgen.storage.files import machine_errors

_SIGNING_S: Final = 0.02
"""Pause before a lock that is taken and not signed is asked for again."""
_ASKED: Final = 10


class FolderLock:
    """A lock on a folder that the kernel releases when its holder dies, even by kill -9.

    Use it as a context manager, or call `acquire` and `release`. The lock file stays in the folder when the lock is released; `remove`
    takes it away.

    Args:
        folder: an existing folder.
        name: the file in it that carries the lock and the holder's process id.
    """

    def __init__(self, folder: Path, *, name: str = run_files.LOCK) -> None:
        self._folder = folder
        self._path = folder / name
        self._descriptor: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether this object holds it."""
        return self._descriptor is not None

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

    def acquire(self) -> None:
        """Take the lock, without waiting.

        Raises:
            InUseError: another holder has it; the message names its process id.
            MachineError: the lock file cannot be written, or the file system has no locks.
        """
        if self._descriptor is not None:
            raise RuntimeError("this lock is held already")
        with machine_errors("lock", self._folder):
            while self._descriptor is None:
                descriptor = open_own(self._path, os.O_RDWR | os.O_CREAT, opener=disk.open_file)
                try:
                    self._claim(descriptor)
                    if self._is_named(descriptor):
                        self._descriptor = descriptor
                finally:
                    if self._descriptor is None:
                        os.close(descriptor)

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with contextlib.suppress(OSError):
            _sign(descriptor, b"")
        os.close(descriptor)  # closing the only descriptor of an open file releases its lock

    def remove(self) -> None:
        """Take the lock file away and give the lock back. Who opened the file meanwhile finds that it has no name any more."""
        if os.name == "nt":
            self.release()
        with contextlib.suppress(OSError):
            disk.unlink(self._path)
        self.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.release()

    def _claim(self, descriptor: int) -> None:
        """Lock and sign the file, or raise InUseError with what the holder signed."""
        holder = b""
        for _ in range(_ASKED):
            if _try_lock(descriptor):
                _sign(descriptor, f"{os.getpid()}\n".encode())
                return
            os.lseek(descriptor, 0, os.SEEK_SET)
            holder = os.read(descriptor, 32).strip()
            if holder:
                break
            time.sleep(_SIGNING_S)  # it has just been taken and is not signed yet, or somebody looks whether it is taken
        who = f"process {int(holder)}" if holder.isdigit() else "another process"
        raise InUseError(f"the folder {str(self._folder)!r} is in use by {who}", remedy="wait until it ends, or choose another folder")

    def _is_named(self, descriptor: int) -> bool:
        """Whether the file that was locked is still the one of that name, and not one that its holder took away."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.lstat())
        except FileNotFoundError:
            return False


def _sign(descriptor: int, holder: bytes) -> None:
    """Write who holds a lock; not into a file of two names, for the other one may be anything that the user has."""
    if os.fstat(descriptor).st_nlink < 2:
        disk.truncate(descriptor, 0)
        if holder:
            disk.write(descriptor, holder)


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
