"""The door through which sources are opened: regular files only, so nothing blocks for ever and nothing never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO (named pipe)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


def obstacle(mode: int) -> str:
    """Why a file of this mode cannot be read as a file, in words; empty where it can."""
    return next((f"{name}, expected a file" for is_kind, name in _KINDS if is_kind(mode)), "")


def open_regular(path: Path) -> BinaryIO:
    """A regular file, open for reading. What it is gets checked before it is opened, and again of what was opened.

    Raises:
        OSError: it is something else, or cannot be opened.
    """
    _require_regular(path.stat().st_mode)
    # Should a FIFO have taken its place since, opening it does not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _require_regular(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _require_regular(mode: int) -> None:
    if reason := obstacle(mode):
        raise OSError(errno.EINVAL, reason)
