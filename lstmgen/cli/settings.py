"""The options of `train` that stand for a setting of `lstmgen.config`: one table, from which the command line is made.

Types, bounds and defaults are read from the configuration and stand nowhere else. An option that is not given is not passed on.
"""

from __future__ import annotations

import inspect
import tomllib
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lstmgen import config
from lstmgen.cli.command import presented
from lstmgen.cli.wording import duration, parse_duration
from lstmgen.errors import InputError, UsageError

BUDGET: Final = "budget (the first that is reached ends the run)"
MAX_TIME_KEY: Final = "training.max_time_s"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One option."""

    key: str
    """`section.key` of the configuration."""
    flags: tuple[str, ...]
    help: str
    panel: str
    """The heading that it stands under in the help."""

    @property
    def name(self) -> str:
        """The name of the parameter that carries it."""
        return self.key.replace(".", "__")

    @property
    def is_duration(self) -> bool:
        """Whether the value is a time, which may be typed as `90s` or `10m`: its name ends in the unit."""
        return self.key.endswith("_s")


_TABLE: Final = {
    BUDGET: (
        (
            MAX_TIME_KEY,
            "--max-time",
            "Time for the whole command, such as 90s, 10m or 1h30m; 5m where no budget is given, less for a short text.",
        ),
        ("training.epochs", "--epochs", "Passes over the training part."),
        ("training.max_steps", "--max-steps", "Optimiser steps."),
        ("training.patience", "--patience", "Evaluations without a better loss before it ends; 0 is never."),
    ),
    "model": (
        ("model.preset", "--preset", "Sets the sizes, the batch and the rate; auto fits them to corpus, device and budget."),
        ("model.cell", "--cell", "Kind of recurrent layer."),
        ("model.hidden_size", "--hidden-size --rnn-size", "Units in each layer."),
        ("model.num_layers", "--num-layers", "Layers."),
        ("model.embedding_size", "--embedding-size", "Numbers in the vector of each token; fitted to the vocabulary where not given."),
        ("model.dropout", "--dropout", "Share of activations dropped while training."),
        ("model.tied", "--tied/--no-tied", "One matrix for reading and for predicting tokens."),
    ),
    "tokenizer": (
        ("tokenizer.name", "--tokenizer", "How text or music becomes tokens: char for text, notes for MIDI where not given."),
        ("tokenizer.vocab_size", "--vocab-size", "Tokens that word, bpe and unigram may use; fitted to the corpus where not given."),
        ("tokenizer.source_model", "--tokenizer-from", "Take over the tokenizer of this model."),
    ),
    "music (MIDI sources)": (
        ("data.augment", "--augment/--no-augment", "Show each tune in another key and at another speed every time it is read."),
        ("data.pedal", "--pedal", "Let notes sound on while the sustain pedal is down, or drop the pedal."),
        ("tokenizer.time_base", "--time-base", "notes: time in beats for scores, in seconds for performances; by content where not given."),
        ("tokenizer.steps_per_beat", "--steps-per-beat", "notes in beats, grid: steps to a quarter note; by content where not given."),
        (
            "tokenizer.grid_form",
            "--grid-form",
            "grid: one token for each voice of a step, or the notes of a step in ascending order; voices where not given.",
        ),
        ("tokenizer.voices", "--voices", "grid of voices: how many; by content where not given."),
        ("tokenizer.hold", "--hold/--no-hold", "grid: tell notes that go on from those that are struck again; yes where not given."),
    ),
    "optimiser": (
        ("optimizer.lr", "--lr --learning-rate", "Peak learning rate."),
        ("optimizer.lr_schedule", "--lr-schedule", "How the rate falls to zero over the budget."),
        ("optimizer.warmup_steps", "--warmup-steps", "Steps in which the rate rises; a twentieth of the budget where not given."),
        ("optimizer.weight_decay", "--weight-decay", "Decoupled weight decay."),
        ("optimizer.grad_clip", "--grad-clip", "Largest norm of the gradient; 0 switches clipping off."),
        ("training.batch_size", "--batch-size", "Streams read side by side."),
        ("training.seq_length", "--seq-length --bptt", "Tokens that the gradient flows back through."),
        ("training.seed", "--seed", "Seed of everything that is drawn."),
    ),
    "data": (
        ("data.val", "--val", "Validate on this source, and train on all of the others."),
        ("data.val_frac", "--val-frac", "Share at the end of every document that is held out for validation."),
        ("data.errors", "--errors", "What to do with bytes that are not UTF-8."),
        ("data.keep_newlines", "--keep-newlines/--no-keep-newlines", "Keep CRLF line ends instead of turning them into LF."),
    ),
    "machine": (
        ("runtime.device", "--device", "Where it runs."),
        ("runtime.precision", "--precision", "Arithmetic; auto takes bf16 where the machine is built for it."),
        ("runtime.threads", "--threads", "CPU threads; one for each core where not given."),
    ),
    "while it trains": (
        ("training.eval_every", "--eval-every", "Steps between evaluations; spread over the budget where not given."),
        ("training.save_every_s", "--save-every", "Time between checkpoints."),
        ("training.sample_every_s", "--sample-every", "Time between samples on the screen; 0 for none, eight in all where not given."),
    ),
}
_UNITS: Final = {"data.val": "SOURCE", "tokenizer.source_model": "MODEL"}

SETTINGS: Final = tuple(
    Setting(key=key, flags=tuple(flags.split()), help=text, panel=panel) for panel, rows in _TABLE.items() for key, flags, text in rows
)


def takes_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command one option for every setting; what was given arrives in its parameter `given`, by `section.key`."""
    hints = typing.get_type_hints(function, include_extras=True)
    own = [item.replace(annotation=hints[item.name]) for item in inspect.signature(function).parameters.values() if item.name != "given"]
    parameters = [*own, *(_parameter(setting) for setting in SETTINGS)]

    def call(streams: Any, **values: Any) -> Any:
        given = {setting.key: values.pop(setting.name) for setting in SETTINGS}
        return function(streams, given={key: value for key, value in given.items() if value is not None}, **values)

    return presented(call, function, parameters)


def _parameter(setting: Setting) -> inspect.Parameter:
    kind, unit = _kind_of(setting)
    option = typer.Option(
        *setting.flags,
        help=setting.help + _default_of(setting),
        metavar=unit,
        rich_help_panel=setting.panel,
        autocompletion=_choices(setting),
        parser=parse_duration if setting.is_duration else None,
    )
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind | None, option], default=None)


def _kind_of(setting: Setting) -> tuple[type, str | None]:
    """What typer reads it as, and what the help calls it. Choices are read as text: the configuration checks them."""
    facts = config.facts_of(setting.key)
    if facts.choices:
        return str, "|".join(facts.choices)
    if facts.type is bool:
        return bool, None
    if setting.is_duration:
        return float, "TIME"
    return facts.type, _UNITS.get(setting.key) or {int: "N", float: "X", str: "TEXT"}[facts.type]


def _choices(setting: Setting) -> Callable[[], list[str]] | None:
    choices = config.facts_of(setting.key).choices
    return (lambda: list(choices)) if choices else None


def _default_of(setting: Setting) -> str:
    value = config.facts_of(setting.key).default
    if value is None or isinstance(value, bool):
        return ""
    return f" [{duration(value) if setting.is_duration else value}]"


def check(given: Mapping[str, Any]) -> None:
    """Refuse option values that the configuration refuses, named as they were typed.

    Raises:
        UsageError: naming every such option.
    """
    flags = {setting.key: setting.flags[0].partition("/")[0] for setting in SETTINGS}
    try:
        config.Config().replace(dict(given))
    except UsageError as error:
        message = error.message
        for key, flag in flags.items():
            message = message.replace(f"{key}:", f"{flag}:")
        raise UsageError(message, remedy="lstmgen train --help") from None


def read_file(path: Path) -> dict[str, Any]:
    """The settings of a TOML file as `section.key`, checked.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is not TOML, or holds mistakes, all of which are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"the settings in {path} cannot be read: {reason}", remedy="-c FILE.toml, for example the config.toml of a run"
        ) from error
    config.from_toml(text, name=str(path))
    table = tomllib.loads(text)
    return {f"{section}.{key}": value for section, values in table.items() for key, value in values.items()}


def combine(given: Mapping[str, Any], assignments: Sequence[str], file: Path | None) -> dict[str, Any]:
    """What the user chose, by `section.key`: an option before `--set`, `--set` before the file.

    Raises:
        UsageError: an option or assignment is wrong.
        InputError: the file cannot be read.
    """
    check(given)
    settings = read_file(file) if file is not None else {}
    assigned = dict(config.parse_assignment(text) for text in assignments)
    config.Config().replace(assigned)
    return {**settings, **assigned, **given}
