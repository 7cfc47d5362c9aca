"""Doubles for `lstmgen.storage.disk`: they let a call fail, end the process in front of it, or write down what is done."""

import errno
import os
import signal
from collections.abc import Callable
from typing import Any

from lstmgen.storage import disk

ERRORS = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EMFILE", "ESTALE"))


def watch(before: Callable[[int, str, tuple[Any, ...]], None]) -> None:
    """Has a function called before every call that changes the disk, with its number from 0, its name and its arguments; for good."""
    count = iter(range(10**9))

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            before(next(count), name, arguments)
            return real(*arguments)

        return call

    for name in disk.CALLS:
        setattr(disk, name, watched(name, getattr(disk, name)))


def die_at(number: int) -> None:
    """From now on the process is killed in front of the call of that number."""

    def die(place: int, _name: str, _arguments: tuple[Any, ...]) -> None:
        if place == number:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(die)


def fail_at(number: int, code: int, *, for_ever: bool) -> None:
    """From now on the call of that number fails, or all from it on."""

    def fail(place: int, _name: str, _arguments: tuple[Any, ...]) -> None:
        if place == number or (for_ever and place > number):
            raise OSError(code, os.strerror(code))

    watch(fail)
