"""What the operating system refuses, in words."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Generator, Mapping
from typing import Final

from lstmgen.errors import MachineError

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
