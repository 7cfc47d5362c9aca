"""Every call that changes a file which must survive a crash.

A test that puts functions of its own in their place can record what is written, make any call fail, or end the process in front of it
(`docs/reliability.md`).
"""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Final

CALLS: Final = ("open_file", "write", "truncate", "sync", "sync_folder", "replace", "link", "unlink", "make_folder", "remove_folder")
"""What a test may replace in this module."""

_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""What file systems answer that cannot sync a folder."""


def open_file(path: Path, flags: int) -> int:
    """A descriptor of a file, which is created where the flags say so."""
    return os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)


def write(descriptor: int, data: bytes | memoryview) -> int:
    """The number of bytes that were taken, perhaps fewer than were given."""
    return os.write(descriptor, data)


def truncate(descriptor: int, size: int) -> None:
    """Cut a file off."""
    os.ftruncate(descriptor, size)


def sync(descriptor: int) -> None:
    """Wait until the content of a file is on the disk."""
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk. Windows does so by itself and cannot open folders."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # a folder that can be written and not read cannot be synced
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Give a file the name of another, which it replaces."""
    source.replace(target)


def link(source: Path, target: Path) -> None:
    """Give a file a second name."""
    target.hardlink_to(source)


def unlink(path: Path) -> None:
    """Take a name away; one that is not there is no error."""
    path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make one folder, whose parent is there."""
    path.mkdir()


def remove_folder(path: Path) -> None:
    """Remove an empty folder."""
    path.rmdir()


class File(io.FileIO):
    """An open file whose bytes go through `write`; not buffered."""

    def write(self, data: bytes | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The number of bytes that were taken."""
        return write(self.fileno(), data)

    def truncate(self, size: int | None = None, /) -> int:
        """Cut the file off, where it stands or at a size; returns the size."""
        size = self.tell() if size is None else size
        truncate(self.fileno(), size)
        return size
