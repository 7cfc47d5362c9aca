"""Options as plain data: what a command or a medium declares, and the command line turns into flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option.

    Attributes:
        name: of its value, as in Python.
        flags: as they are typed, the main one first: `-n --length`, `--echo/--no-echo`.
        help: one line.
        type: `str`, `int`, `float` or `bool`.
        unit: what the help calls the value.
        low: its least value.
        high: its largest value.
        default: the value where it is not given.
        repeated: whether it may be given several times.
        choices: the words that it may have.
        panel: the heading that it stands under in the help.
    """

    name: str
    flags: str
    help: str
    type: type = str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    default: Any = None
    repeated: bool = False
    choices: tuple[str, ...] = ()
    panel: str = ""
