"""Train recurrent language models on your own text or MIDI files, and generate from them.

    import lstmgen

    for event in lstmgen.train("story.txt", settings={"training.max_time_s": 60.0}):
        ...
    model = lstmgen.load("checkpoints/story")
    print(model.generate("Once ", length=200, seed=1)[0].text)

    tunes = lstmgen.load("checkpoints/my-tunes")
    tunes.generate("C4 E4 G4", bars=8, seed=1)[0].save("tune.mid")

Importing the package loads no torch; the names below are fetched on first use (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lstmgen.errors import (
    CorpusError,
    DivergedError,
    InputError,
    InUseError,
    LstmgenError,
    MachineError,
    MissingExtraError,
    ModelFileError,
    UnseenSymbolError,
    UsageError,
)
from lstmgen.version import __version__

if TYPE_CHECKING:
    from lstmgen.api import Constraints as Constraints
    from lstmgen.api import LearningRule as LearningRule
    from lstmgen.api import RecallRule as RecallRule
    from lstmgen.api import Request as Request
    from lstmgen.api import Sampling as Sampling
    from lstmgen.api import load as load
    from lstmgen.api import train as train

_FETCHED: Final = ("Constraints", "LearningRule", "RecallRule", "Request", "Sampling", "load", "train")

__all__ = [
    "Constraints",
    "CorpusError",
    "DivergedError",
    "InUseError",
    "InputError",
    "LearningRule",
    "LstmgenError",
    "MachineError",
    "MissingExtraError",
    "ModelFileError",
    "RecallRule",
    "Request",
    "Sampling",
    "UnseenSymbolError",
    "UsageError",
    "__version__",
    "load",
    "train",
]


def __getattr__(name: str) -> Any:
    """Fetch a public name from `lstmgen.api`."""
    if name not in _FETCHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lstmgen import api

    value = getattr(api, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted({*globals(), *__all__})
