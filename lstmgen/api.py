"""The interface: everything that the command line is written on, and that a script may use.

    load, train                     models, and the runs that make them
    Request, Sampling, Constraints  what to generate
    describe, gather                what a model, a run, a corpus or a source is, and what is in it
    corpora ...                     texts and tunes by name
    read_midi, draw_roll ...        tunes as files, pictures and sound

A name is loaded when it is first used (PEP 562), so that importing this module loads neither torch nor numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lstmgen.analysis.evaluation import Evaluation as Evaluation
    from lstmgen.analysis.evaluation import combined as combined
    from lstmgen.analysis.novelty import Novelty as Novelty
    from lstmgen.checkpoint.model_file import find_model as find_model
    from lstmgen.checkpoint.model_file import read_description as read_description
    from lstmgen.corpus import catalog as catalog
    from lstmgen.generation.generate import Sample as Sample
    from lstmgen.generation.generate import Stream as Stream
    from lstmgen.generation.request import Request as Request
    from lstmgen.generation.sampling import Sampling as Sampling
    from lstmgen.generation.sampling import parse_temperature as parse_temperature
    from lstmgen.generation.turns import Turns as Turns
    from lstmgen.media.base import Access as Access
    from lstmgen.media.registry import medium_of as medium_of
    from lstmgen.music.constraints import Constraints as Constraints
    from lstmgen.music.midi.reader import read_midi as read_midi
    from lstmgen.music.rendering import render_bytes as render_bytes
    from lstmgen.music.rendering import render_file as render_file
    from lstmgen.music.roll import draw_terminal as draw_terminal
    from lstmgen.runs.describe import describe as describe
    from lstmgen.runs.model import TrainedModel as TrainedModel
    from lstmgen.runs.model import load as load
    from lstmgen.runs.session import Training as Training
    from lstmgen.runs.session import train as train
    from lstmgen.runs.sources import gather as gather
    from lstmgen.storage import cache_folder as cache_folder
    from lstmgen.storage import make_folder as make_folder
    from lstmgen.training.events import Event as Event

_HOMES: Final = {
    "lstmgen.analysis.evaluation": ("Evaluation", "combined"),
    "lstmgen.analysis.novelty": ("Novelty",),
    "lstmgen.checkpoint.model_file": ("find_model", "read_description"),
    "lstmgen.corpus": ("catalog",),
    "lstmgen.generation.generate": ("Sample", "Stream"),
    "lstmgen.generation.request": ("Request",),
    "lstmgen.generation.sampling": ("Sampling", "parse_temperature"),
    "lstmgen.generation.turns": ("Turns",),
    "lstmgen.media.base": ("Access",),
    "lstmgen.media.registry": ("medium_of",),
    "lstmgen.music.constraints": ("Constraints",),
    "lstmgen.music.midi.reader": ("read_midi",),
    "lstmgen.music.rendering": ("render_bytes", "render_file"),
    "lstmgen.music.roll": ("draw_terminal",),
    "lstmgen.runs.describe": ("describe",),
    "lstmgen.runs.model": ("TrainedModel", "load"),
    "lstmgen.runs.session": ("Training", "train"),
    "lstmgen.runs.sources": ("gather",),
    "lstmgen.storage": ("cache_folder", "make_folder"),
    "lstmgen.training.events": ("Event",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Fetch a public name from the module that defines it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME_OF[name]
    value = importlib.import_module(f"{home}.{name}") if name == "catalog" else getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted({*globals(), *_HOME_OF})
