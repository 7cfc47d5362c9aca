"""The files of a run folder, and where runs are looked for: every name, once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

RUNS: Final = Path("checkpoints")
"""The folder, from where the program is started, whose runs are known by name."""

MODEL: Final = "model.safetensors"
"""The best model so far; all that it takes to share it."""
LAST: Final = "last.safetensors"
"""Everything that the next step depends on, complete in itself."""
PREVIOUS: Final = "last.previous.safetensors"
"""The state before, should the newest be damaged."""
SPARE: Final = f".{PREVIOUS}.new"
"""What the state before is called until it takes its name."""
DAMAGED: Final = "last.damaged.safetensors"
"""A state that could not be read."""
METRICS: Final = "metrics.jsonl"
"""One JSON object a line."""
CONFIG: Final = "config.toml"
"""The resolved settings."""
SOURCES: Final = "sources.jsonl"
"""What was read and what was not, one JSON object a file."""
NOVELTY: Final = "novelty.index"
"""The index of `analysis/novelty.py`."""
TURNS: Final = "turns.txt"
"""A text that a user and the model wrote in turns and did not save; more are numbered. They are the user's: no run removes them."""
LOCK: Final = ".lock"
"""Held by the kernel while a process trains here."""
INPUT_PREFIX: Final = "standard-input-"
"""How the file begins that keeps what was read from standard input; 16 hexadecimal digits and an ending follow."""

_OWN: Final = frozenset({MODEL, LAST, PREVIOUS, SPARE, DAMAGED, METRICS, CONFIG, SOURCES, NOVELTY})
_KEPT_INPUT: Final = re.compile(re.escape(INPUT_PREFIX) + r"[0-9a-f]{16}\.(txt|mid)")


def is_own(name: str) -> bool:
    """Whether a run writes a file of this name; the lock, which outlives it, is none."""
    return name in _OWN or is_kept_input(name)


def is_kept_input(name: str) -> bool:
    """Whether a file of this name keeps what a run has read from standard input."""
    return _KEPT_INPUT.fullmatch(name) is not None


def holds_state(folder: Path) -> bool:
    """Whether a run in this folder can be resumed."""
    return any((folder / name).is_file() for name in (LAST, PREVIOUS))


def holds_run(folder: Path) -> bool:
    """Whether a folder is that of a run, finished or not."""
    return (folder / MODEL).is_file() or holds_state(folder)


def holds_runs(folder: Path) -> bool:
    """Whether a folder holds folders of runs and nothing else."""
    try:
        items = [item for item in folder.iterdir() if not item.name.startswith(".")] if folder.is_dir() else []
    except OSError:
        return False
    return bool(items) and all(holds_run(item) for item in items)
