"""Every failure that a user can cause or meet, each with its exit code.

    LstmgenError                 1  unexpected
    ├── UsageError               2  the command or call itself is wrong
    │   └── MissingExtraError    2  an optional package is not installed
    ├── InputError               3  what came in was refused
    │   ├── CorpusError          3  a training or scoring source
    │   ├── ModelFileError       3  a model file or run folder
    │   └── UnseenSymbolError    3  text that the model's tokenizer cannot express
    ├── MachineError             4  memory, disk, device
    │   └── LostProcessError     4  a process that trains with this one has gone
    ├── DivergedError            5  training produced no finite numbers any more
    └── InUseError               6  another process holds the folder

A message says what was found and what was expected; `remedy` says what to do. The command line prints them as one `error:` line
and one `try:` line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class LstmgenError(Exception):
    """Base of all errors that lstmgen raises on purpose.

    Args:
        message: what was found and what was expected, one sentence without a full stop.
        remedy: what the user can do about it, ideally a command to type; empty when nothing helps.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def about(self, what: str) -> None:
        """Says in its message of what it is."""
        self.message = f"{what}: {self.message}"
        self.args = (self.message,)


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with what was given.

    Attributes:
        key: what it was given for, such as `section.key` of the configuration, or the flag of an option.
        message: what was found and what was expected.
    """

    key: str
    message: str

    def __str__(self) -> str:
        """Both, as they stand in an error message."""
        return f"{self.key}: {self.message}"


class UsageError(LstmgenError):
    """The command line or the call is wrong: unknown option, value out of range, options that exclude each other.

    Args:
        mistakes: everything that is wrong, where it is known one by one.
    """

    exit_code = 2

    def __init__(self, message: str = "", *, remedy: str = "", mistakes: Iterable[Mistake] = ()) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(message or "; ".join(map(str, self.mistakes)), remedy=remedy)


class MissingExtraError(UsageError):
    """A package of an optional extra is needed and not installed."""


class InputError(LstmgenError):
    """Something from outside was refused."""

    exit_code = 3


class CorpusError(InputError):
    """A text source is missing, unreadable, empty, binary or wrongly encoded."""


class ModelFileError(InputError):
    """A model file or run folder is missing, damaged, hostile, or of a version that this program does not read."""


class UnseenSymbolError(InputError):
    """A text holds symbols for which the tokenizer has no id.

    Args:
        symbols: the symbols, in order of first appearance.
    """

    def __init__(self, message: str, *, symbols: tuple[str, ...], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.symbols = symbols


class MachineError(LstmgenError):
    """The machine refused: out of memory, disk full, no such device."""

    exit_code = 4


class LostProcessError(MachineError):
    """A process that trains with this one has ended, or does not answer."""


class DivergedError(LstmgenError):
    """Training diverged and could not be brought back."""

    exit_code = 5


class InUseError(LstmgenError):
    """Another process is using the run folder."""

    exit_code = 6
