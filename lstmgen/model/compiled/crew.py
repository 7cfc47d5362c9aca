"""Threads that take parts of a job: those on which torch computes.

OpenMP's threads stay awake for some milliseconds behind each of torch's operators. Threads of any other kind would want the same cores
meanwhile, and a step of training has dozens of operators; so compiled loops run on OpenMP's, which are awake when they are wanted.
Where torch has no OpenMP of GNU's form, threads of Python do it.
"""

from __future__ import annotations

import ctypes
import functools
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import torch

LOOP: Final = ctypes.CFUNCTYPE(None, ctypes.c_int64)
"""A function of the address of a job that takes parts of it until none is left; several threads run it at once."""


def run(loop: Any, job: array[int], threads: int, held: object) -> None:
    """Runs a job to its end.

    Args:
        loop: a `LOOP`.
        job: words.
        threads: how many at most.
        held: what lies at the addresses among the words; a thread of Python holds it, as whoever waits for that may be interrupted.
    """
    team = openmp()
    if threads > 1 and team is not None:
        team(loop, job.buffer_info()[0], threads, 0)
        return
    others = [_helpers().submit(_take, loop, job, held) for _ in range(threads - 1)]
    _take(loop, job, held)
    for other in others:
        other.result()


def _take(loop: Any, job: array[int], _held: object) -> None:
    loop(job.buffer_info()[0])


@functools.cache
def openmp() -> Any:
    """`GOMP_parallel` of the library that torch itself has loaded, whoever made that; None where there is none."""
    names = [path for path in (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*") if path.suffix in {".so", ".dylib"}]
    for name in names:
        try:
            found = ctypes.CDLL(str(name)).GOMP_parallel  # a library's names include those of the libraries that it needs
        except (OSError, AttributeError):
            continue
        found.restype, found.argtypes = None, [LOOP, ctypes.c_int64, ctypes.c_uint, ctypes.c_uint]
        return found
    return None


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1024, thread_name_prefix="layers")  # it starts those that it needs
