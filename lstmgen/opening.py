"""The door through which files are read: regular files only, so nothing blocks for ever and nothing never ends.

What a user names may be a link. What lies in a run folder may not: the folder may be a stranger's, and a link in it could point anywhere.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Final

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a FIFO (named pipe)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)
# Should a FIFO have taken the place of a file since it was looked at, opening it does not wait for a writer.
_CAREFUL: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)


class NotRegularError(OSError):
    """What is there is no regular file; `strerror` says what it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EINVAL, reason)


def obstacle(mode: int) -> str:
    """Why a file of this mode cannot be read as a file, in words; empty where it can."""
    return next((f"{name}, expected a file" for is_kind, name in _KINDS if is_kind(mode)), "")


def _open(path: Path, flags: int) -> int:
    return os.open(path, flags)


def open_regular(path: Path, *, follow: bool = True) -> BufferedReader:
    """A regular file, open for reading. What it is gets checked before it is opened, and again of what was opened.

    Args:
        path: of the file.
        follow: whether a symbolic link may stand in its place; links to folders on the way to it are always followed.

    Raises:
        NotRegularError: it is something else.
        OSError: it cannot be opened.
    """
    require_regular(path, follow=follow)
    return os.fdopen(_opened(path, os.O_RDONLY | (0 if follow else _NO_FOLLOW), _open), "rb")


def open_own(path: Path, flags: int, *, opener: Callable[[Path, int], int] = _open) -> int:
    """A descriptor of a regular file that no link stands for. Raises as `open_regular`.

    Args:
        path: of the file.
        flags: as `os.open`; with `os.O_CREAT` a file that is missing is created.
        opener: what opens it.
    """
    return _opened(path, flags | _NO_FOLLOW, opener)


def require_regular(path: Path, *, follow: bool = True) -> None:
    """Raises NotRegularError: something else is there; OSError: nothing is."""
    _refuse((path.stat() if follow else path.lstat()).st_mode)


def _opened(path: Path, flags: int, opener: Callable[[Path, int], int]) -> int:
    try:
        descriptor = opener(path, flags | _CAREFUL)
    except OSError as error:
        if error.errno == errno.ELOOP and flags & _NO_FOLLOW:
            _refuse(stat.S_IFLNK)
        raise
    try:
        _refuse(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse(mode: int) -> None:
    if reason := obstacle(mode):
        raise NotRegularError(reason)
