"""Options that several commands share, and reading the text that they name."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast, get_args

import typer

import lstmgen
from lstmgen import choices, config, limits
from lstmgen.cli.complete import models
from lstmgen.cli.output import Streams
from lstmgen.errors import InputError, UsageError

if TYPE_CHECKING:
    from lstmgen.runs.trained import TrainedModel

OOV_POLICIES: Final = get_args(choices.OovPolicy)
MACHINE: Final = "machine"
OUTPUT: Final = "output"

_RUNTIME: Final = config.RuntimeConfig()
_SEED_BELOW: Final = 2**31
_ESCAPE: Final = re.compile(r"\\(?:([nrt\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}

Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A run folder, a model file, or the name of a run under checkpoints/.", autocompletion=models),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for scripts.", rich_help_panel=OUTPUT)]
Device = Annotated[
    str, typer.Option("--device", metavar="auto|cpu|cuda", help=f"Where it runs. [{_RUNTIME.device}]", rich_help_panel=MACHINE)
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="N", min=1, max=1024, help="CPU threads; one for each core where not given.", rich_help_panel=MACHINE
    ),
]
Precision = Annotated[
    str, typer.Option("--precision", metavar="auto|fp32|bf16|fp16", help=f"Arithmetic. [{_RUNTIME.precision}]", rich_help_panel=MACHINE)
]


def oov_option(panel: str) -> Any:
    """`--oov`, under a heading of the help."""
    return typer.Option(
        "--oov",
        metavar="|".join(OOV_POLICIES),
        help="What to do with symbols that the model has never seen. [error]",
        rich_help_panel=panel,
    )


def check_choice(flag: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse a word that is not among those allowed.

    Raises:
        UsageError: it is not.
    """
    if value is not None and value not in allowed:
        raise UsageError(f"{flag}: expected one of {', '.join(allowed)}, found {value!r}", remedy=f"{flag} {allowed[0]}")


def given(**values: Any) -> dict[str, Any]:
    """The arguments that are not None: what was not given is not passed on."""
    return {name: value for name, value in values.items() if value is not None}


def load_model(spec: str, *, device: str, threads: int | None, precision: str = "auto") -> TrainedModel:
    """The model that a command works with. Imports torch, so mistakes in the arguments should have been found before.

    Raises:
        UsageError: there is no such kind of device or precision.
        ModelFileError: there is no such model, or it is damaged.
        MachineError: the device or the precision is not to be had here.
    """
    check_choice("--device", device, get_args(choices.Device))
    check_choice("--precision", precision, get_args(choices.Precision))
    return lstmgen.load(spec, device=cast("choices.Device", device), precision=cast("choices.Precision", precision), threads=threads)


def draw_seed() -> int:
    """A seed from the system's randomness, short enough to be typed again."""
    return secrets.randbelow(_SEED_BELOW)


def as_typed(text: str) -> str:
    """An argument as the UTF-8 text that was typed, whatever the locale made of its bytes."""
    return os.fsencode(text).decode("utf-8", "surrogateescape")


def unescape(text: str) -> str:
    r"""The text with `\n`, `\t`, `\r`, `\\`, `\x41`, `\u0041` and `\U0001f600` turned into what they stand for; all else stays."""
    return _ESCAPE.sub(_meant, text)


def _meant(match: re.Match[str]) -> str:
    simple, *digits = match.groups()
    if simple:
        return _SIMPLE[simple]
    code = int(next(group for group in digits if group), 16)
    return chr(code) if code < 0x110000 else match.group()


def read_text(name: str, streams: Streams, *, what: str) -> str:
    """The text of a file, or of standard input for `-`, unchanged but for a byte order mark.

    Raises:
        InputError: it cannot be read, is too long, or is not UTF-8.
    """
    place = "standard input" if name == "-" else name
    try:
        if name == "-":
            if streams.in_is_terminal:
                streams.say(f"reading {what} from the terminal; end it with Ctrl-D")
            data = streams.stdin.read(4 * limits.MAX_PROMPT_CHARS + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(4 * limits.MAX_PROMPT_CHARS + 1)
    except OSError as error:
        raise InputError(f"{what} cannot be read from {place}: {error.strerror}", remedy="check the name: ls -l") from error
    if len(data) > 4 * limits.MAX_PROMPT_CHARS:
        raise InputError(f"{what} in {place} is longer than {4 * limits.MAX_PROMPT_CHARS:,} bytes", remedy="give a part of it")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{what} in {place} is not UTF-8: byte 0x{data[error.start]:02X} at offset {error.start:,}, line {line:,}",
            remedy="convert it: iconv -f LATIN1 -t UTF-8 FILE",
        ) from error
