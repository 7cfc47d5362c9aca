"""The interface: everything that the command line is written on, and that a script may use.

    load, train                     models, and the runs that make them
    Request, Sampling, Constraints  what to generate
    describe, gather                what a model, a run, a corpus or a source is, and what is in it
    list_runs, compare_runs ...     the runs in a folder, and how their losses went
    corpora, get_corpus ...         texts and tunes by name
    read_midi, render_file ...      tunes as files, pictures and sound
    Prepared, Stepped ...           what a training run tells
    join_processes, assist          several processes that train one model

A name is loaded when it is first used (PEP 562), so that importing this module loads neither torch nor numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lstmgen.analysis.evaluation import Evaluation as Evaluation
    from lstmgen.analysis.evaluation import Row as Row
    from lstmgen.analysis.evaluation import combined as combined
    from lstmgen.analysis.gradient import CLOSED_FORMS as CLOSED_FORMS
    from lstmgen.analysis.gradient import Kept as Kept
    from lstmgen.analysis.gradient import gradient_kept as gradient_kept
    from lstmgen.analysis.gradient import save_gradient_picture as save_gradient_picture
    from lstmgen.analysis.likeness import Likeness as Likeness
    from lstmgen.analysis.novelty import Novelty as Novelty
    from lstmgen.analysis.probing import Find as Find
    from lstmgen.analysis.trace import Channel as Channel
    from lstmgen.analysis.trace import Trace as Trace
    from lstmgen.checkpoint.model_file import find_model as find_model
    from lstmgen.checkpoint.model_file import read_description as read_description
    from lstmgen.checkpoint.turns import keep_text as keep_text
    from lstmgen.generation.generate import Sample as Sample
    from lstmgen.generation.generate import Stream as Stream
    from lstmgen.generation.infilling import InfillRequest as InfillRequest
    from lstmgen.generation.prediction import Candidate as Candidate
    from lstmgen.generation.prediction import Prediction as Prediction
    from lstmgen.generation.prompts import parse_prompts as parse_prompts
    from lstmgen.generation.request import NOVEL_TRIES as NOVEL_TRIES
    from lstmgen.generation.request import Request as Request
    from lstmgen.generation.sampling import Sampling as Sampling
    from lstmgen.generation.sampling import parse_temperature as parse_temperature
    from lstmgen.generation.turns import Turns as Turns
    from lstmgen.lab.cells import CellRow as CellRow
    from lstmgen.lab.cells import cell_table as cell_table
    from lstmgen.lab.learn import Trial as Trial
    from lstmgen.media.base import Access as Access
    from lstmgen.media.base import Medium as Medium
    from lstmgen.media.base import RowStyle as RowStyle
    from lstmgen.media.declared import media_options as media_options
    from lstmgen.media.features import Feature as Feature
    from lstmgen.media.manner import Manner as Manner
    from lstmgen.media.registry import medium_of as medium_of
    from lstmgen.media.text.decoding import decode_text as decode_text
    from lstmgen.media.text.exact import ExactText as ExactText
    from lstmgen.model.learning_rule import LearningRule as LearningRule
    from lstmgen.model.recall_rule import AUTO_SHARE as AUTO_SHARE
    from lstmgen.model.recall_rule import RecallRule as RecallRule
    from lstmgen.music.bars import Bars as Bars
    from lstmgen.music.bars import first_number as first_number
    from lstmgen.music.constraints import Constraints as Constraints
    from lstmgen.music.midi.reader import read_midi as read_midi
    from lstmgen.music.rendering import render_bytes as render_bytes
    from lstmgen.music.rendering import render_file as render_file
    from lstmgen.music.roll import draw_terminal as draw_terminal
    from lstmgen.music.score import Score as Score
    from lstmgen.runs.curves import draw_runs as draw_runs
    from lstmgen.runs.curves import save_curves as save_curves
    from lstmgen.runs.describe import describe as describe
    from lstmgen.runs.event_files import EventFiles as EventFiles
    from lstmgen.runs.event_files import export_run as export_run
    from lstmgen.runs.event_files import require_tensorboard as require_tensorboard
    from lstmgen.runs.gap_test import GapFigures as GapFigures
    from lstmgen.runs.history import History as History
    from lstmgen.runs.history import read_history as read_history
    from lstmgen.runs.inspection import Inspection as Inspection
    from lstmgen.runs.inspection import gradients as gradients
    from lstmgen.runs.inspection import held_out as held_out
    from lstmgen.runs.inspection import ids_to_read as ids_to_read
    from lstmgen.runs.inspection import inspect as inspect
    from lstmgen.runs.inspection import inspect_all as inspect_all
    from lstmgen.runs.inspection import loss_by_context as loss_by_context
    from lstmgen.runs.loading import load as load
    from lstmgen.runs.model import TrainedModel as TrainedModel
    from lstmgen.runs.plan import Plan as Plan
    from lstmgen.runs.rate_test import RateTest as RateTest
    from lstmgen.runs.restoring import TagFigures as TagFigures
    from lstmgen.runs.restoring import measure_tags as measure_tags
    from lstmgen.runs.restoring import restored as restored
    from lstmgen.runs.session import Training as Training
    from lstmgen.runs.session import train as train
    from lstmgen.runs.shelf import Comparison as Comparison
    from lstmgen.runs.shelf import RunFacts as RunFacts
    from lstmgen.runs.shelf import check_removable as check_removable
    from lstmgen.runs.shelf import compare_runs as compare_runs
    from lstmgen.runs.shelf import find_run as find_run
    from lstmgen.runs.shelf import list_runs as list_runs
    from lstmgen.runs.shelf import remove_run as remove_run
    from lstmgen.runs.sources import gather as gather
    from lstmgen.runs.sources import keep_input as keep_input
    from lstmgen.runs.typing_text import typed as typed
    from lstmgen.runs.typing_text import typed_part as typed_part
    from lstmgen.storage import atomic_write as atomic_write
    from lstmgen.storage import cache_folder as cache_folder
    from lstmgen.storage import make_folder as make_folder
    from lstmgen.storage import written_aside as written_aside
    from lstmgen.training.distributed import ALONE as ALONE
    from lstmgen.training.events import Evaluated as Evaluated
    from lstmgen.training.events import Event as Event
    from lstmgen.training.events import Prepared as Prepared
    from lstmgen.training.events import RolledBack as RolledBack
    from lstmgen.training.events import Sampled as Sampled
    from lstmgen.training.events import Saved as Saved
    from lstmgen.training.events import Stepped as Stepped
    from lstmgen.training.events import Stopped as Stopped
    from lstmgen.training.events import Warned as Warned
    from lstmgen.training.helper import assist as assist

_HOMES: Final = {
    "analysis.evaluation": "Evaluation, Row, combined",
    "analysis.likeness": "Likeness",
    "analysis.novelty": "Novelty",
    "bench.tasks": "Comparison as BenchComparison, compare as bench, peak_bytes, torch_version",
    "checkpoint.model_file": "find_model, read_description",
    "checkpoint.turns": "keep_text",
    "choices": "HORIZON",
    "corpus.catalog": "Entry as Corpus, entries as corpora, find as find_corpus, get as get_corpus, how_to_get as how_to_get_corpus,"
    " is_available as corpus_is_here, names as corpus_names, path_of as corpus_files",
    "corpus.music21_corpus": "stamp_of as conversion_of",
    "generation.generate": "Sample, Stream",
    "generation.infilling": "InfillRequest",
    "generation.prediction": "Candidate, Prediction",
    "generation.prompts": "parse_prompts",
    "generation.request": "NOVEL_TRIES, Request",
    "generation.sampling": "Sampling, parse_temperature",
    "generation.turns": "Turns",
    "analysis.gradient": "CLOSED_FORMS, Kept, distance as gradient_distance, gradient_kept, save_gradient_picture,"
    " untrained as untrained_gradient",
    "analysis.probing": "Find",
    "analysis.trace": "Channel, Trace",
    "lab.cells": "CellRow, cell_table",
    "lab.learn": "Trial, trial as lab_trial",
    "lab.task": "Task as LabTask, task_of as lab_task",
    "media.features": "Feature",
    "media.base": "Access, Medium, RowStyle",
    "media.declared": "media_options",
    "media.manner": "Manner",
    "media.registry": "medium_of",
    "media.text.decoding": "decode_text",
    "media.text.exact": "ExactText",
    "model.learning_rule": "LearningRule",
    "model.recall_rule": "AUTO_SHARE, RecallRule",
    "model.arithmetic": "choose_device, set_threads",
    "music.bars": "Bars, first_number",
    "music.constraints": "Constraints",
    "music.midi.reader": "read_midi",
    "music.rendering": "check_kind as check_rendering, kind_of as rendering_of, render_bytes, render_file",
    "music.roll": "draw_terminal",
    "music.score": "Score",
    "runs.curves": "draw_runs, save_curves",
    "runs.describe": "describe",
    "runs.event_files": "EventFiles, export_run, require_tensorboard",
    "runs.gap_test": "GapFigures, measured as measure_gaps",
    "runs.history": "History, read_history",
    "runs.inspection": "Inspection, gradients, held_out, ids_to_read, inspect, inspect_all, loss_by_context",
    "runs.loading": "load",
    "runs.model": "TrainedModel",
    "runs.plan": "Plan",
    "runs.rate_test": "RateTest",
    "runs.restoring": "TagFigures, measure_tags, restored",
    "runs.session": "Training, train",
    "runs.shelf": "Comparison, RunFacts, check_removable, compare_runs, find_run, list_runs, remove_run, size_of as size_of_run",
    "runs.sources": "gather, keep_input",
    "runs.typing_text": "typed, typed_part",
    "storage": "atomic_write, cache_folder, make_folder, written_aside",
    "training.distributed": "ALONE, Group as ProcessGroup, join as join_processes, place_of as place_of_process",
    "training.helper": "assist",
    "training.events": "Evaluated, Event, Prepared, RolledBack, Sampled, Saved, Stepped, Stopped, Warned",
}
"""The public names by the module that defines them; `a as b` offers a under another name."""


def _home_of() -> dict[str, tuple[str, str]]:
    """For each public name its module and its name there."""
    homes: dict[str, tuple[str, str]] = {}
    for home, names in _HOMES.items():
        for name in names.split(","):
            there, _, here = name.strip().partition(" as ")
            homes[here or there] = f"lstmgen.{home}", there
    return homes


_HOME_OF: Final = _home_of()


def __getattr__(name: str) -> Any:
    """Fetch a public name from the module that defines it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, there = _HOME_OF[name]
    value = globals()[name] = getattr(importlib.import_module(home), there)
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted({*globals(), *_HOME_OF})
