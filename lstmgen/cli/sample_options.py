"""The options of `lstmgen sample`."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from lstmgen.cli.options import OUTPUT, oov_option
from lstmgen.generation.sampling import Sampling

DEFAULT_LENGTH: Final = 500
TURN_LENGTH: Final = 200
"""Tokens of a turn with `--interactive`."""
NOVEL_TRIES: Final = 10
NOVEL_STRIDE: Final = 1_000_000
"""How far apart the numbers are of the samples that are drawn instead of one that copied too much."""
_PROMPT: Final = "prompt"
_CHOICE: Final = "how the next token is chosen"
_END: Final = "length and number"
_DEFAULTS: Final = Sampling()


def _filter(flags: str, metavar: str, text: str, default: float) -> Any:
    return typer.Option(*flags.split(), metavar=metavar, help=f"{text} [{default:g}]", rich_help_panel=_CHOICE)


Prompt = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--prompt",
        metavar="TEXT",
        help='Begin with this text; - reads standard input. Of music notes, such as "C4 E4 G4:2".',
        rich_help_panel=_PROMPT,
    ),
]
PromptFile = Annotated[
    str | None,
    typer.Option("-f", "--prompt-file", metavar="FILE", help="Begin with this file's text; - is standard input.", rich_help_panel=_PROMPT),
]
Echo = Annotated[bool, typer.Option("--echo/--no-echo", help="Print the prompt before the text. [echo]", rich_help_panel=_PROMPT)]
Escapes = Annotated[
    bool,
    typer.Option(
        "-e", "--escapes", help=r"Read \n, \t, \\, \xHH and \uHHHH in -p and --stop as what they stand for.", rich_help_panel=_PROMPT
    ),
]
Length = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--length",
        "--max-tokens",
        metavar="N",
        min=-1,
        rich_help_panel=_END,
        help=f"Tokens to generate; 0 only echoes, -1 goes on until stopped. [{DEFAULT_LENGTH}, {TURN_LENGTH} a turn]",
    ),
]
Stop = Annotated[
    list[str] | None, typer.Option("--stop", metavar="TEXT", help="End before this text; may be repeated.", rich_help_panel=_END)
]
IgnoreEnd = Annotated[bool, typer.Option("--ignore-end", help="Go on where the model would end its document.", rich_help_panel=_END)]
NumSamples = Annotated[int, typer.Option("--num-samples", metavar="N", min=1, help="How many texts. [1]", rich_help_panel=_END)]
Seed = Annotated[
    int | None,
    typer.Option(
        "-s",
        "--seed",
        metavar="N",
        min=0,
        help="The same seed gives the same text; random where not given, and told.",
        rich_help_panel=_END,
    ),
]
Temperature = Annotated[
    str | None,
    typer.Option(
        "-t", "--temperature", "--temp", metavar="T", rich_help_panel=_CHOICE,
        help=f"Below 1 safer, above 1 wilder, 0 always the likeliest; 1.2:0.6 is a ramp, 1.0,0.5,0.2 a cycle. [{_DEFAULTS.temperature}]",
    ),
]  # fmt: skip
TopK = Annotated[int | None, _filter("--top-k", "K", "Only the K likeliest; 0 is all.", _DEFAULTS.top_k)]
TopP = Annotated[float | None, _filter("--top-p", "P", "Only the likeliest that make up this share of probability.", _DEFAULTS.top_p)]
MinP = Annotated[float | None, _filter("--min-p", "P", "Only what is at least this share as likely as the likeliest.", _DEFAULTS.min_p)]
TypicalP = Annotated[float | None, _filter("--typical-p", "P", "Only the most typical that make up this share.", _DEFAULTS.typical_p)]
Penalty = Annotated[
    float | None, _filter("--repetition-penalty --repeat-penalty", "X", "Above 1 avoids what was just said.", _DEFAULTS.repetition_penalty)
]
RepeatLastN = Annotated[int | None, _filter("--repeat-last-n", "N", "Tokens that the penalty looks back on.", _DEFAULTS.repeat_last_n)]
OutFile = Annotated[
    str | None,
    typer.Option(
        "-o", "--out", metavar="FILE", help="Write there; several samples go to FILE-1, FILE-2 and so on.", rich_help_panel=OUTPUT
    ),
]
Stream = Annotated[
    bool, typer.Option("--stream/--no-stream", help="Write text as it is drawn, or all at the end. [stream]", rich_help_panel=OUTPUT)
]
Novel = Annotated[
    float | None,
    typer.Option(
        "--novel", metavar="SHARE", min=0.0, max=1.0, rich_help_panel=_END,
        help=f"Draw again, {NOVEL_TRIES} times at most, what has more than this share in runs of 8 words or notes from the training data.",
    ),
]  # fmt: skip
Interactive = Annotated[bool, typer.Option("--interactive", help="Take turns with the model on one growing text.", rich_help_panel=_PROMPT)]
Oov = Annotated[str | None, oov_option(_PROMPT)]
