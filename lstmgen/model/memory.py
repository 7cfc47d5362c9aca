"""How much memory there is, and how much a model takes while it is trained: asked before any of it is taken.

Letters: T window, B streams, H hidden, V vocabulary.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from lstmgen.errors import MachineError
from lstmgen.model.architecture import Architecture
from lstmgen.wording import counted

_TRAINING_BYTES: Final = 4 + 4 + 8 + 4
"""Of each parameter: itself, its gradient, its moments, and the good one to which a divergence goes back."""
_ACTIVATIONS: Final = 24
"""Numbers that a layer keeps for each unit and token from the forward pass to the backward pass."""
_LOGITS: Final = 3
"""Logits, their logarithms, their gradients."""
MOST_LOGITS: Final = 2**21
"""That training holds at a time."""
_LOADING_COPIES: Final = 3
"""Of a model: the file, its tensors, the network."""
_UNLIMITED: Final = 2**60
_SHARE: Final = 0.9
"""Of what is available, what a suggested size may take."""


def available_bytes(root: Path = Path("/")) -> int | None:
    """Memory that this process may still take: of the machine, of its control group, and under `ulimit -v`; None where nobody says.

    Args:
        root: where `proc` and `sys` are.
    """
    return min(_limits(root), default=None)


def training_bytes(architecture: Architecture, *, batch_size: int, seq_length: int) -> int:
    """About what training takes beside what Python and torch take. Saving takes nothing more: it goes piece by piece."""
    layers, vocab_size = architecture.num_layers * architecture.hidden_size, architecture.vocab_size
    tokens = batch_size * seq_length
    logits = min(tokens * vocab_size, max(MOST_LOGITS, vocab_size))
    return _TRAINING_BYTES * architecture.num_parameters + 4 * (_ACTIVATIONS * layers * tokens + _LOGITS * logits)


def refuse_training(architecture: Architecture, *, batch_size: int, seq_length: int, available: int | None = None) -> None:
    """Refuses a model that cannot be trained in the memory that there is.

    Args:
        architecture: of the model.
        batch_size: B.
        seq_length: T.
        available: bytes; None: what this process may take.

    Raises:
        MachineError: naming what it needs, what there is, and what would fit.
    """
    available = available_bytes() if available is None else available
    window = {"batch_size": batch_size, "seq_length": seq_length}
    needed = training_bytes(architecture, **window)
    if available is None or needed <= available:
        return
    fitting = _largest(architecture, int(_SHARE * available), **window)
    remedy = f"--hidden-size {fitting} fits" if fitting else "a smaller model and window: --hidden-size, --batch-size, --seq-length"
    raise MachineError(
        f"to train a model of {counted(architecture.num_parameters, 'parameter')} takes about {_size(needed)} of memory, "
        f"and {_size(available)} are available",
        remedy=remedy,
    )


def refuse_loading(path: Path, file_bytes: int, *, copies: int = _LOADING_COPIES, available: int | None = None) -> None:
    """Refuses a file that cannot be loaded in the memory that there is.

    Args:
        path: for the message.
        file_bytes: its size.
        copies: how often what it holds is in memory; by default as often as that of a model is.
        available: bytes; None: what this process may take.

    Raises:
        MachineError: naming what it needs and what there is.
    """
    available = available_bytes() if available is None else available
    needed = copies * file_bytes
    if available is not None and needed > available:
        message = f"to load {str(path)!r} takes about {_size(needed)} of memory, and {_size(available)} are available"
        raise MachineError(message, remedy="close other programs, or use a machine with more memory")


def _largest(architecture: Architecture, limit: int, *, batch_size: int, seq_length: int) -> int:
    """The largest width of the layers that fits, in steps that matrix units like; 0 where none does."""
    low, high = 0, architecture.hidden_size
    while high - low > 1:
        middle = (low + high) // 2
        embedding_size = middle if architecture.tied else min(architecture.embedding_size, middle)
        smaller = replace(architecture, hidden_size=middle, embedding_size=embedding_size)
        if training_bytes(smaller, batch_size=batch_size, seq_length=seq_length) <= limit:
            low = middle
        else:
            high = middle
    return low // 64 * 64 or low // 8 * 8 or low


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def _limits(root: Path) -> Iterator[int]:
    """Every bound that there is."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
        yield 1024 * int(lines["MemAvailable"].split()[0])
    yield from _control_groups(root)
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        with contextlib.suppress(OSError, ValueError, IndexError):
            if limit != resource.RLIM_INFINITY:
                pages = int((root / "proc/self/statm").read_text().split()[0])
                yield max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))


def _control_groups(root: Path) -> Iterator[int]:
    """What the control groups of this process leave it: Linux, version 2 and 1."""
    try:
        rows = [line.split(":", 2) for line in (root / "proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in (row for row in rows if len(row) == 3):
        if controllers == "":
            base, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base, names = root / "sys/fs/cgroup/memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = base / path.lstrip("/")
        for folder in [group, *(parent for parent in group.parents if parent.is_relative_to(base))]:
            with contextlib.suppress(OSError, ValueError):
                limit, used = int((folder / names[0]).read_text()), int((folder / names[1]).read_text())
                if limit < _UNLIMITED:
                    yield max(0, limit - used + _statistic(folder / "memory.stat", names[2]))


def _statistic(path: Path, name: str) -> int:
    """Bytes of files that the system remembers and would give up first."""
    with contextlib.suppress(OSError, ValueError):
        return {words[0]: int(words[1]) for words in map(str.split, path.read_text().splitlines()) if len(words) == 2}.get(name, 0)
    return 0
