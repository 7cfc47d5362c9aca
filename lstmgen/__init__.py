"""Train recurrent language models on your own text, and generate from them.

    import lstmgen

    for event in lstmgen.train(["story.txt"], settings={"training.max_time_s": 60.0}):
        ...
    model = lstmgen.load("checkpoints/story")
    print(model.generate("Once ", length=200, seed=1)[0].text)

Importing the package loads no torch; the names below are fetched on first use (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstmgen.generation.sampling import Sampling as Sampling
    from lstmgen.runs.session import train as train
    from lstmgen.runs.trained import load as load

__version__ = "0.1.0"

_HOME_OF = {
    "Sampling": "lstmgen.generation.sampling",
    "load": "lstmgen.runs.trained",
    "train": "lstmgen.runs.session",
}

__all__ = ["Sampling", "__version__", "load", "train"]


def __getattr__(name: str) -> Any:
    """Fetch a public name from the module that defines it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted({*globals(), *__all__})
