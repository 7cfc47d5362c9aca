"""The options of `train` that stand for a setting of `lstmgen.config`: one table, from which the command line is made.

Types, bounds and defaults are read from the configuration and stand nowhere else. An option that is not given is not passed on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lstmgen import config
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


def _option(panel: str, key: str, flags: str, text: str) -> Option:
    """The option that stands for a setting and carries its name. The configuration checks what it may be, and all of them at once."""
    facts = config.facts_of(key)
    words, type_, unit = facts.choices, facts.type, _UNITS.get(key) or {int: "N", float: "X", str: "TEXT", bool: ""}[facts.type]
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
        unit="|".join(words) or unit,
        complete=(lambda incomplete: [word for word in words if word.startswith(incomplete)]) if words else None,
    )


SETTINGS: Final = tuple(_option(panel, *row) for panel, rows in _TABLE.items() for row in rows)


def check(given: Mapping[str, Any]) -> None:
    """Refuse option values that the configuration refuses, named as they were typed.

    Raises:
        UsageError: naming every such option.
    """
    try:
        config.Config().replace(dict(given))
    except UsageError as error:
        flags = {option.name: option.flag for option in SETTINGS}
        mistakes = [replace(mistake, key=flags.get(mistake.key, mistake.key)) for mistake in error.mistakes]
        raise UsageError(mistakes=mistakes, remedy="lstmgen train --help") from None


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
