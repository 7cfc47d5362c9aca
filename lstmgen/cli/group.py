"""Commands under torchrun, which starts the same command several times: one process leads and speaks, the others help and are silent."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lstmgen import api
from lstmgen.cli.failures import Failure, explain, report
from lstmgen.cli.interrupts import deaf, leaving_at_once
from lstmgen.cli.output import Streams
from lstmgen.errors import LostProcessError, UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

ECHO_S: Final = 5.0
"""What a terminal sends to all processes, torchrun sends to them once more."""
_LINGER_S: Final = 5.0
_DIVIDED: Final = "train"
"""The command whose work can be divided."""


def helps() -> bool:
    """Whether this process helps another one. Raises UsageError: the variables of torchrun make no sense."""
    return api.place_of_process(os.environ)[0] > 0


def check_command(argv: Sequence[str]) -> None:
    """Refuses what several processes would only do several times. Raises UsageError."""
    if api.place_of_process(os.environ)[1] > 1 and argv[:1] != [_DIVIDED]:
        raise UsageError(
            f"torchrun has started several processes, and only {_DIVIDED} divides its work among them",
            remedy=" ".join(["lstmgen", *argv[:1], "...", "without torchrun"]),
        )


def lingering(exit_code: int) -> int:
    """The exit code of a process that helps and has failed; waits until the one that leads has had its word.

    torchrun ends all processes when the first one fails, and that one is to be the one that says why.
    """
    if exit_code:
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(_LINGER_S)
    return exit_code


class _Nowhere(io.BytesIO):
    """Takes everything and keeps nothing."""

    def write(self, data: Buffer, /) -> int:
        """Drop it."""
        return memoryview(data).nbytes


def silenced(streams: Streams) -> Streams:
    """Streams of a process that helps: what it would say, the one that leads says too."""
    return replace(streams, stdout=_Nowhere(), stderr=_Nowhere(), animated=False, err_is_terminal=False, out_is_terminal=False)


def joined() -> api.ProcessGroup:
    """The group of this process, once all of it are there. Raises as `api.join_processes`."""
    with leaving_at_once():
        return api.join_processes(os.environ)


def assist(*, debug: bool) -> int:
    """Help the process that leads until it ends; returns the exit code that it gives.

    Signals are for the one that leads: without this process it could not finish its step.
    """
    group = joined()
    try:
        with deaf():
            exit_code = api.assist(group)
        group.end(exit_code)
    except Exception as error:
        failure = explain(error)
        if not isinstance(error, LostProcessError):
            failure = replace(failure, message=f"process {group.rank} of {group.size}: {failure.message}")
        elif group.rank > 1:  # the next one says it
            failure = Failure(exit_code=failure.exit_code)
        if debug:
            raise
        return report(failure, Streams.of_process(os.environ))
    return exit_code


@contextlib.contextmanager
def leading(group: api.ProcessGroup) -> Generator[None, None, None]:
    """A context behind which the processes that help end too."""
    try:
        yield
    except BaseException as error:
        group.end(explain(error).exit_code)
        raise
    group.end(0)
