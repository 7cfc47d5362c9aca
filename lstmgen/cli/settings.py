"""The options of `train` that stand for a setting of `lstmgen.config`: one table, and those that media declare.

Types, bounds and defaults are read from the configuration and stand nowhere else. An option that is not given is not passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lstmgen import config, limits, strict_toml
from lstmgen.cli.complete import corpora_and_files, models
from lstmgen.cli.media import options_of
from lstmgen.cli.options import unescape
from lstmgen.cli.wording import duration, parse_duration
from lstmgen.errors import InputError, UsageError
from lstmgen.options import Option

BUDGET: Final = "budget (the first that is reached ends the run)"
MAX_TIME_KEY: Final = "training.max_time_s"

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
        ("model.preset", "--preset", "Sets the sizes, the batch and the rate; auto fits them to corpus, machine and budget."),
        ("model.cell", "--cell", "Kind of recurrent layer; docs/cells.md compares them."),
        ("model.without", "--without", "Gate that is always open, to see what it is worth."),
        ("model.hidden_size", "--hidden-size --rnn-size", "Units in each layer."),
        ("model.num_layers", "--num-layers", "Layers."),
        ("model.embedding_size", "--embedding-size", "Numbers in the vector of each token; fitted to the vocabulary where not given."),
        ("model.dropout", "--dropout", "Share of activations dropped while training."),
        ("model.tied", "--tied/--no-tied", "One matrix for reading and for predicting tokens."),
        ("model.matches", "--matches", "Tell it what followed the last 3 and 6 tokens before, as 3,6; or none."),
    ),
    "what it learns": (
        (
            "training.objective",
            "--objective",
            "The next token, tokens of gaps, or case and punctuation; docs/both_directions.md.",
        ),
        (
            "training.infill",
            "--infill",
            "Share of windows that are read as prefix, suffix and middle, which teaches to fill gaps.",
        ),
    ),
    "tokenizer": (
        ("tokenizer.name", "--tokenizer", "How text or music becomes tokens: char for text, notes for MIDI where not given."),
        ("tokenizer.source_model", "--tokenizer-from", "Take over the tokenizer of this model."),
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
        (
            "data.val_frac",
            "--val-frac",
            "Share that is held out for validation: of a text its end, of tunes and of documents every so many.",
        ),
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
_READERS: Final[dict[str, Callable[[str], Any]]] = {"data.separator": unescape}
"""What reads the values of options that are more than the plain value of their setting."""
_UNITS: Final = {"data.encoding": "NAME", "data.val": "SOURCE", "tokenizer.source_model": "MODEL"}
_TYPES: Final = {int: "whole number", float: "number", str: "text", bool: "true or false", tuple: "list of texts"}
_NONE: Final[dict[Any, str]] = {None: "", (): ""}
_COMPLETIONS: Final = {"data.val": corpora_and_files, "tokenizer.source_model": models}


def _option(panel: str, key: str, flags: str, text: str) -> Option:
    """The option that stands for a setting and carries its name. The configuration checks what it may be, and all of them at once."""
    facts = config.facts_of(key)
    words, type_ = facts.choices, _READERS.get(key, facts.type)
    unit = _UNITS.get(key) or {int: "N", float: "X", str: "TEXT", bool: ""}[facts.type]
    shown = facts.default
    if key.endswith("_s"):  # a time, which may be typed as `90s` or `10m`
        type_, unit, shown = parse_duration, "TIME", facts.default and duration(facts.default)
    text += "" if shown is None or isinstance(shown, bool) else f" [{shown}]"
    return Option(
        name=key,
        flags=flags,
        help=text,
        panel=panel,
        type=type_,
        low=facts.bounds.low,
        high=facts.bounds.high,
        above=facts.bounds.above,
        unit="|".join(words) or unit,
        complete=(lambda incomplete: [word for word in words if word.startswith(incomplete)]) if words else _COMPLETIONS.get(key),
    )


def settings_options() -> tuple[Option, ...]:
    """Every option that stands for a setting: of all runs, and those of each medium."""
    own = [_option(panel, *row) for panel, rows in _TABLE.items() for row in rows]
    return (*own, *(_option(option.panel, option.name, option.flags, option.help) for option in options_of("train")))


def check(given: Mapping[str, Any]) -> None:
    """Refuse option values that the configuration refuses, named as they were typed.

    Raises:
        UsageError: naming every such option.
    """
    try:
        config.Config().replace(dict(given))
    except UsageError as error:
        flags = {option.name: option.flag for option in settings_options()}
        mistakes = [replace(mistake, key=flags.get(mistake.key, mistake.key)) for mistake in error.mistakes]
        raise UsageError(mistakes=mistakes, remedy="lstmgen train --help") from None


def read_file(path: Path) -> dict[str, Any]:
    """The settings of a TOML file as `section.key`, checked.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is not TOML, or holds mistakes, all of which are named.
    """
    try:
        with path.open("rb") as file:
            text = file.read(limits.MAX_CONFIG_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"the settings in {path} cannot be read: {reason}", remedy="-c FILE.toml, for example the config.toml of a run"
        ) from error
    config.from_toml(text, name=str(path))
    table = strict_toml.loads(text)
    return {f"{section}.{key}": value for section, values in table.items() for key, value in values.items()}


def combine(
    given: Mapping[str, Any], assignments: Sequence[str], file: Path | None, *, usual: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """What the user chose, by `section.key`: an option before `--set`, `--set` before the file, the file before what is usual.

    Raises:
        UsageError: an option or assignment is wrong.
        InputError: the file cannot be read.
    """
    check({**usual, **given})
    settings = read_file(file) if file is not None else {}
    assigned = dict(config.parse_assignment(text) for text in assignments)
    config.Config().replace(assigned)
    return {**usual, **settings, **assigned, **given}


def settings_table() -> list[str]:
    """Every setting that `--set` takes: type, bounds or words, default, and the option that stands for it."""
    flags = {option.name: option.flag for option in settings_options()}
    rows = [["setting", "type", "default", "option", "what it may be"]]
    for key in config.known_keys():
        facts = config.facts_of(key)
        limits = str(facts.bounds) if facts.type in {int, float} else "|".join(facts.choices)
        default = str(facts.default).lower() if isinstance(facts.default, bool) else str(facts.default)
        rows.append([key, _TYPES[facts.type], _NONE.get(facts.default, default), flags.get(key, ""), limits])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
