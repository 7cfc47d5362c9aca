"""Options that several commands share, and reading what they name."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast, get_args

import lstmgen
from lstmgen import api, choices, config, run_files
from lstmgen.cli.complete import models, paths
from lstmgen.cli.failures import advice_on
from lstmgen.cli.interrupts import leaving_at_once
from lstmgen.cli.output import Streams
from lstmgen.errors import InputError, UsageError
from lstmgen.options import Option
from lstmgen.wording import counted

STANDARD_INPUT: Final = "-"
MACHINE: Final = "machine"
OUTPUT: Final = "output"

_RUNTIME: Final = config.RuntimeConfig()
_SEED_BELOW: Final = 2**31
_ESCAPE: Final = re.compile(r"\\(?:([nrt\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}

MODEL: Final = Option(
    name="model",
    unit="MODEL",
    required=True,
    help=f"A run folder, a model file, or the name of a run under {run_files.RUNS}/.",
    complete=models,
)
JSON: Final = Option(name="json", flags="--json", type=bool, help="JSON on standard output, for scripts.", panel=OUTPUT)
TENSORBOARD: Final = Option(
    name="tensorboard",
    flags="--tensorboard",
    type=Path,
    unit="FOLDER",
    help="Write event files for TensorBoard into FOLDER/RUN (extra: tensorboard).",
    panel=OUTPUT,
    complete=paths,
)
DEVICE: Final = Option(
    name="device", flags="--device", choices=get_args(choices.Device), default=_RUNTIME.device, help="Where it runs.", panel=MACHINE
)
PRECISION: Final = Option(
    name="precision",
    flags="--precision",
    choices=get_args(choices.SamplingPrecision),
    default=_RUNTIME.precision,
    help="What weights are multiplied in; auto is fp32; bf16 and int8 draw faster and are a little less exact.",
    panel=MACHINE,
)
_LEARNING: Final = "learning from what is read"
_RULE: Final = api.LearningRule()
_SHARPNESS: Final = api.RecallRule(share=api.AUTO_SHARE).sharpness
ADAPT: Final = (
    Option(name="adapt", flags="--adapt", type=bool, help="Let a copy of the model go on learning from what it reads.", panel=_LEARNING),
    *(
        Option(name=f"adapt_{name}", flags=f"--adapt-{name}", type=kind, unit=unit, help=f"{text} [{usual:g}]", panel=_LEARNING)
        for name, kind, unit, usual, text in (
            ("rate", float, "X", _RULE.rate, "By how much a weight moves for a gradient of its usual size."),
            ("decay", float, "X", _RULE.decay, "Share by which a weight returns to what was trained, each segment."),
            ("segment", int, "N", _RULE.segment, "Tokens that are predicted before they are learned."),
            ("replay", int, "N", _RULE.replay, "Earlier stretches that are learned again beside each; 4 for performances."),
            ("own", float, "X", _RULE.own, "Share by which usual gradients become those of what is read, each segment."),
        )
    ),
)
"""What `rule_of` reads."""


def _share(text: str) -> float | str:
    """What `--recall` takes; raises UsageError."""
    try:
        return text if text == api.AUTO_SHARE else float(text)
    except ValueError:
        raise UsageError(f"expected {api.AUTO_SHARE} or a number, found {text!r}", remedy=f"--recall {api.AUTO_SHARE}") from None


RECALL: Final = (
    Option(
        name="recall",
        flags="--recall",
        type=_share,
        unit="SHARE",
        low=0,
        high=0.99,
        help="Share of a cache, which knows what followed at like places before: 0.1 for tunes, 0.2 for performances and texts; "
        "auto: each model in each key, and each cache, has a share that is learned from what was read.",
        panel=_LEARNING,
    ),
    Option(
        name="recall_sharpness",
        flags="--recall-sharpness",
        type=float,
        unit="X",
        help=f"How much more those places count that are most alike; 50 for performances. [{_SHARPNESS:g}]",
        panel=_LEARNING,
    ),
)
"""What `recall_of` reads."""
SPLIT: Final = Option(
    name="split", flags="--split", choices=get_args(choices.Part), help="With --measure: the part of the model's sources. [val]"
)
THREADS: Final = Option(
    name="threads",
    flags="--threads",
    type=int,
    unit="N",
    low=1,
    high=1024,
    help="CPU threads; one for each core where not given.",
    panel=MACHINE,
)


def cache() -> Path:
    """Where corpora and token files are kept."""
    return api.cache_folder(os.environ)


def load_model(spec: str, *, device: str, threads: int | None, precision: str = "auto", **which: Any) -> api.TrainedModel:
    """The model that a command works with. Imports torch, so mistakes in the arguments should have been found before.

    Args:
        spec: a run, or a model file.
        device: where it runs.
        threads: CPU threads.
        precision: of the weights.
        which: `objectives`, where the command can do with others than the usual one.

    Raises:
        ModelFileError: there is no such model, or it is damaged.
        UsageError: the command is not for such a model.
        MachineError: the device or the precision is not to be had here.
    """
    with leaving_at_once():
        load = lstmgen.load
    how: dict[str, Any] = {"device": cast("choices.Device", device), "precision": cast("choices.SamplingPrecision", precision)}
    return load(spec, threads=threads, **how, **which)


def rule_of(values: Mapping[str, Any]) -> api.LearningRule | None:
    """How a copy of the model learns; None: it does not. Raises UsageError: a number is out of bounds, or says nothing without --adapt."""
    numbers = {name: values[f"adapt_{name}"] for name in _RULE.to_json() if values[f"adapt_{name}"] is not None}
    if numbers and not values["adapt"]:
        raise UsageError(f"--adapt-{next(iter(numbers))} says how the model learns, and it does not", remedy="add --adapt")
    return api.LearningRule(**numbers) if values["adapt"] else None


def recall_of(values: Mapping[str, Any]) -> api.RecallRule | None:
    """The rule of a cache; None: there is none. Raises UsageError: a number is out of bounds, or says nothing without --recall."""
    share, sharpness = values["recall"], values["recall_sharpness"]
    if share is None:
        if sharpness is not None:
            raise UsageError("--recall-sharpness says how a cache votes, and there is none", remedy="add --recall auto")
        return None
    return api.RecallRule(share=share, sharpness=_SHARPNESS if sharpness is None else sharpness)


def draw_seed() -> int:
    """A seed from the system's randomness, short enough to be typed again."""
    return secrets.randbelow(_SEED_BELOW)


def as_typed(text: str) -> str:
    """An argument as the UTF-8 text that was typed, whatever the locale made of its bytes."""
    return os.fsencode(text).decode("utf-8", "surrogateescape")


def unescape(text: str) -> str:
    r"""A text as it was typed, with `\n`, `\t`, `\r`, `\\`, `\x41`, `\u0041` and `\U0001f600` turned into what they stand for."""
    return _ESCAPE.sub(_meant, as_typed(text))


def _meant(match: re.Match[str]) -> str:
    simple, *digits = match.groups()
    if simple:
        return _SIMPLE[simple]
    code = int(next(group for group in digits if group), 16)
    return chr(code) if code < 0x110000 else match.group()


def read_input(name: str, streams: Streams, *, what: str, most: int, typed: bool = False) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Args:
        name: of the file.
        streams: hold standard input.
        what: what is read, for messages.
        most: bytes that it may have.
        typed: whether a person may type it.

    Raises:
        InputError: it cannot be read, or is too long.
    """
    place = "standard input" if name == STANDARD_INPUT else name
    try:
        if name != STANDARD_INPUT:
            with Path(name).open("rb") as file:
                content = file.read(most + 1)
        elif streams.in_is_terminal and not typed:
            raise InputError(f"{what} cannot be typed here", remedy="redirect a file into it: < FILE")
        else:
            tell_typing(streams, what)
            content = streams.stdin.read(most + 1)
    except OSError as error:
        raise InputError(f"{what} cannot be read from {place}: {error.strerror or error}", remedy=advice_on(error, reading=True)) from error
    if len(content) > most:
        raise InputError(f"{what} in {place} is longer than {counted(most, 'byte')}", remedy="give a part of it")
    return content


def typed_to_the_end(streams: Streams, what: str) -> Streams:
    """The streams; where a person types at standard input, it is read now, to its end, so that nothing is drawn over what is typed."""
    if not streams.in_is_terminal:
        return streams
    tell_typing(streams, what)
    return dataclasses.replace(streams, stdin=io.BytesIO(streams.stdin.read()))


def tell_typing(streams: Streams, what: str) -> None:
    """Where standard input is a terminal, that it is waited for, and how to end what is typed."""
    if streams.in_is_terminal:
        streams.say(f"waiting for {what} from the terminal: type or paste it, and end it with Ctrl-D on a line of its own")


def is_folder(out: str) -> bool:
    """Whether an output is a folder to write into."""
    return out.endswith(("/", "\\")) or Path(out).is_dir()


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both are there, and are one file."""
    try:
        return one.samefile(other)
    except OSError:
        return False
