"""The options of `lstmgen sample` that every model has."""

from __future__ import annotations

from typing import Final

from lstmgen.api import NOVEL_TRIES, Sampling, parse_temperature
from lstmgen.choices import USUAL_TEMPERATURE
from lstmgen.cli.complete import paths
from lstmgen.cli.options import ADAPT, DEVICE, JSON, MODEL, OUTPUT, PRECISION, THREADS
from lstmgen.options import Option

TURN_LENGTH: Final = 200
"""Tokens of a turn with `--interactive`."""
_PROMPT: Final = "prompt"
_CHOICE: Final = "how the next token is chosen"
_END: Final = "length and number"

_DEFAULTS: Final = vars(Sampling()) | {"temperature": None, "min_p": None}
"""The temperature where none is given is the medium's, and what stands beside it too."""

FILTERS: Final = tuple(
    Option(name=name, flags=flags, type=kind, unit=unit, help=text, panel=_CHOICE, default=_DEFAULTS[name])
    for name, flags, kind, unit, text in (
        (
            "temperature",
            "-t --temperature --temp",
            parse_temperature,
            "T",
            f"Below 1 safer, 0 most probable; 1.2:0.6 a ramp, 1.0,0.5,0.2 a cycle. [{USUAL_TEMPERATURE}; notes 1, 0.9 without grammar]",
        ),
        ("top_k", "--top-k", int, "K", "Only the K most probable tokens; 0 is all."),
        ("top_p", "--top-p", float, "P", "Only the most probable tokens that add up to this probability."),
        (
            "min_p",
            "--min-p",
            float,
            "P",
            "Only tokens at least this fraction as probable as the most probable. [0; notes in beats without -t 0.02]",
        ),
        ("typical_p", "--typical-p", float, "P", "Only the most typical that make up this share."),
        ("repetition_penalty", "--repetition-penalty --repeat-penalty", float, "X", "Above 1 makes recent tokens less probable."),
        ("repeat_last_n", "--repeat-last-n", int, "N", "Tokens that the penalty looks back on."),
    )
)
"""By the names that they have in `Sampling`."""

COMMON: Final = (
    MODEL,
    Option(
        name="prompt",
        flags="-p --prompt",
        unit="TEXT",
        help='Begin with this text; - reads standard input. Of music notes, such as "C4 E4 G4:2".',
        panel=_PROMPT,
    ),
    Option(
        name="prompt_file",
        flags="-f --prompt-file",
        unit="FILE",
        help="Begin with this file's text; - is standard input.",
        panel=_PROMPT,
        complete=paths,
    ),
    Option(
        name="prompts",
        flags="--prompts",
        unit="FILE",
        help='Begin with each of the prompts in this file: one a line, or JSON lines such as {"prompt": "Once"}; - is standard input.',
        panel=_PROMPT,
        complete=paths,
    ),
    Option(name="echo", flags="--echo/--no-echo", type=bool, default=True, help="Print the prompt before the text. [echo]", panel=_PROMPT),
    Option(
        name="length",
        flags="-n --length --max-tokens",
        type=int,
        unit="N",
        low=-1,
        help=f"Tokens to generate; 0 only echoes the prompt, -1 continues until stopped. [500 of text, a document, {TURN_LENGTH} a turn]",
        panel=_END,
    ),
    Option(
        name="num_samples",
        flags="--num-samples",
        type=int,
        unit="N",
        low=1,
        default=1,
        help="How many texts, or how many for each prompt.",
        panel=_END,
    ),
    Option(
        name="seed",
        flags="-s --seed",
        type=int,
        unit="N",
        low=0,
        help="The same seed gives the same text; random and printed where not given.",
        panel=_END,
    ),
    Option(
        name="novel",
        flags="--novel",
        type=float,
        unit="SHARE",
        low=0.0,
        high=1.0,
        help=f"Draw again, {NOVEL_TRIES} times at most, what has more than this share in runs of 8 words or notes from the training data.",
        panel=_END,
    ),
    *FILTERS,
    *ADAPT,
    Option(
        name="clamp",
        flags="--clamp",
        unit="LAYER:UNIT=VALUE",
        repeated=True,
        help="Hold the memory of a unit at a value while drawing, such as one that inspect --find names; may be repeated.",
        panel=_CHOICE,
    ),
    Option(
        name="out",
        flags="-o --out",
        unit="FILE",
        help="Write there; several samples go to FILE-1, FILE-2 and so on, or into FOLDER/.",
        panel=OUTPUT,
        complete=paths,
    ),
    JSON,
    Option(
        name="stream",
        flags="--stream/--no-stream",
        type=bool,
        default=True,
        help="Write text as it is drawn, or all at the end. [stream]",
        panel=OUTPUT,
    ),
    DEVICE,
    PRECISION,
    THREADS,
)
