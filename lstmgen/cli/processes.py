"""Processes that help reading large collections of MIDI files."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_MOST: Final = 16
"""More than this read faster than one process can take in what they read."""


def reading_pool() -> Callable[[], Executor] | None:
    """What makes an executor with a process for each core; None where there is one only."""
    return _pool if (os.cpu_count() or 1) > 1 else None


def _pool() -> Executor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Forking is unsafe beside torch's threads. Spawning imports the main module again, which is ours and does nothing then.
    return ProcessPoolExecutor(min(os.cpu_count() or 1, _MOST), mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Runs first in each process: Ctrl-C is for the parent alone, and with the parent the process ends, however that died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
