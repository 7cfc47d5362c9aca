"""Every way to fail, as one `error:` line, one `try:` line and an exit code."""

from __future__ import annotations

import difflib
import errno
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from lstmgen.cli.output import Streams, Styled
from lstmgen.errors import LstmgenError

_MACHINE_ERRNOS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EFBIG}
)
_REFUSED: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)

_NO_MEMORY: Final = ("DefaultCPUAllocator", "can't allocate memory", "std::bad_alloc", "out of memory")

EXIT_USAGE: Final = 2
EXIT_REFUSED: Final = 3
EXIT_MACHINE: Final = 4
EXIT_INTERRUPT: Final = 130
EXIT_TERMINATED: Final = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived; unwinds like Ctrl-C and exits with 143."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What the user is told, and what the shell is told."""

    exit_code: int
    message: str = ""
    remedy: str = ""


def report(failure: Failure, streams: Streams) -> int:
    """Say what failed on standard error, whatever `-q` says; returns the exit code."""
    if failure.message:
        streams.insist(Styled("red", "error:"), failure.message)
    if failure.remedy:
        streams.insist(Styled("green", "try:"), failure.remedy)
    return failure.exit_code


def explain(error: BaseException, *, path: str = "lstmgen") -> Failure:
    """The failure that an exception means.

    Args:
        error: what was raised.
        path: the command that was typed, as far as it is known.
    """
    if isinstance(error, LstmgenError):
        return Failure(exit_code=error.exit_code, message=error.message, remedy=error.remedy or f"{path} --help")
    if isinstance(error, typer.TyperException):
        return _usage(error, path)
    if isinstance(error, KeyboardInterrupt):
        return Failure(exit_code=EXIT_TERMINATED if isinstance(error, Terminated) else EXIT_INTERRUPT)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or _is_out_of_memory(error):
        return Failure(
            exit_code=EXIT_MACHINE,
            message=f"the machine has not enough memory: {str(error).splitlines()[-1] if str(error) else 'an allocation failed'}",
            remedy="a smaller model or batch: --preset small, --hidden-size, --batch-size",
        )
    if isinstance(error, OSError):
        return _system(error)
    return Failure(
        exit_code=1,
        message=f"unexpected {type(error).__name__}: {error}",
        remedy="the same command with --debug shows where it happened; please report it",
    )


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether it is what torch's allocators say."""
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def _system(error: OSError) -> Failure:
    place = f"{error.filename}: " if error.filename is not None else ""
    message = f"{place}{error.strerror or error}"
    if error.errno in _MACHINE_ERRNOS:
        return Failure(exit_code=EXIT_MACHINE, message=message, remedy="make room on the disk or write elsewhere, then run it again")
    if isinstance(error, _REFUSED):
        return Failure(exit_code=EXIT_REFUSED, message=message, remedy=advice_on(error))
    return Failure(exit_code=EXIT_MACHINE, message=message, remedy="the same command with --debug shows where it happened")


def advice_on(error: OSError, *, reading: bool = False) -> str:
    """What to type about a file that is not there, or that the system does not let anyone read or write."""
    if isinstance(error, IsADirectoryError):
        return "name a file, not a folder"
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else Path()
    there = next((parent for parent in path.parents if parent.is_dir()), path)
    if isinstance(error, PermissionError):
        return f"look at the permissions: ls -ld {shlex.quote(str(path if path.exists() else there))}"
    if isinstance(error, FileNotFoundError) and there != path.parent and not reading:
        return f"make the folder first: mkdir -p {shlex.quote(str(path.parent))}"
    return f"look for the name: ls {shlex.quote(str(there))}"


def _usage(error: typer.TyperException, path: str) -> Failure:
    """A mistake in the command line, found by typer; read by its attributes, for its classes are private."""
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else path
    parameter: Any = getattr(error, "param", None)
    option = getattr(error, "option_name", None)
    help_line = f"{path} --help"
    if hasattr(error, "possibilities"):
        return _unknown(str(option), _option_names(context), message=f"{path} has no option {option}", otherwise=help_line)
    if hasattr(error, "param_type"):
        return Failure(exit_code=EXIT_USAGE, message=f"{path} needs {_display(parameter)}", remedy=help_line)
    if parameter is not None:
        found = error.message.split(", unable")[0].replace("Input should be", "expected").rstrip(".")
        return Failure(exit_code=EXIT_USAGE, message=f"{_display(parameter)}: {found}", remedy=help_line)
    return Failure(exit_code=error.exit_code, message=error.format_message().rstrip("."), remedy=help_line)


def _unknown(word: str, known: Sequence[str], *, message: str, otherwise: str) -> Failure:
    match = nearest(word, known)
    return Failure(exit_code=EXIT_USAGE, message=message, remedy=f"{match} (all of them: {otherwise})" if match else otherwise)


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that a mistyped one most likely meant."""
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return matches[0] if matches else None


def _option_names(context: Any) -> list[str]:
    if context is None:
        return []
    return [
        name
        for parameter in context.command.get_params(context)
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    ]


def _display(parameter: Any) -> str:
    """An option by its first long name, an argument by what its place is called."""
    long_names = [name for name in parameter.opts if name.startswith("--")]
    return long_names[0] if long_names else str(parameter.metavar or parameter.name)
