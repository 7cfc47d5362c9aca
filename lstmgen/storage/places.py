"""Where downloads and token files are kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from lstmgen.errors import MachineError


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
