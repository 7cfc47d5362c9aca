"""`lstmgen infill`: a text or a tune with a gap, filled so that what follows fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from lstmgen import api, choices, limits
from lstmgen.cli import gap_measure
from lstmgen.cli.command import Command
from lstmgen.cli.complete import paths
from lstmgen.cli.media import RENDERINGS, chosen, medium_of_model, options_of, presentation_of, tokenizer_of_model
from lstmgen.cli.options import (
    DEVICE,
    JSON,
    MODEL,
    OUTPUT,
    PRECISION,
    SPLIT,
    STANDARD_INPUT,
    THREADS,
    as_typed,
    draw_seed,
    load_model,
    read_input,
)
from lstmgen.cli.output import Streams, encode
from lstmgen.cli.sample_options import FILTERS
from lstmgen.cli.samples import Target, Writer
from lstmgen.errors import InputError, UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "echo 'What light through ___ window breaks?' | lstmgen infill RUN -",
    "lstmgen infill RUN draft.txt --gap '[...]' --length 20:80 -o done.txt",
    "lstmgen infill RUN draft.txt --at 1200:1260        # write these characters anew",
    "lstmgen infill RUN draft.txt --best --json | jq .gaps",
    "lstmgen infill TUNES tune.mid --bars 5-8 -o new.mid",
    "lstmgen infill TUNES tune.mid --bars 5-8 --tracks 2 -o new.mid",
    "lstmgen infill RUN --measure 1000 --length 5      # what the text behind a gap is worth",
)
_CHOICE: Final = "how it is filled"
_MACHINE: Final = ("device", "precision", "threads")
_FILTERS: Final = ("temperature", "top_k", "top_p", "min_p")

_BEHIND: Final = (
    Option(
        name="candidates",
        flags="--candidates",
        type=int,
        unit="N",
        low=1,
        high=100_000,
        help="Ways to fill it that are followed side by side. [128 of text; of music 64 on a grid, else 32]",
        panel=_CHOICE,
    ),
    Option(
        name="horizon",
        flags="--horizon",
        type=int,
        unit="N",
        low=0,
        high=100_000,
        default=api.HORIZON,
        help="Tokens behind the gap by which a way to fill it is weighed.",
        panel=_CHOICE,
    ),
    Option(
        name="best",
        flags="--best",
        type=bool,
        help="Take the most probable way, a token on average, in place of one drawn by its weight.",
        panel=_CHOICE,
    ),
    Option(
        name="method",
        flags="--method",
        choices=get_args(choices.InfillMethod),
        default="auto",
        help="How the model fills gaps; auto: as it can best.",
        panel=_CHOICE,
    ),
    *(replace(option, panel=_CHOICE) for option in FILTERS if option.name in _FILTERS),
    Option(name="num_samples", flags="--num-samples", type=int, unit="N", low=1, default=1, help="How often.", panel=_CHOICE),
    Option(
        name="seed",
        flags="-s --seed",
        type=int,
        unit="N",
        low=0,
        help="The same seed fills it in the same way; random and printed where not given.",
        panel=_CHOICE,
    ),
    Option(
        name="out",
        flags="-o --out",
        unit="FILE",
        help="Write there; several samples go to FILE-1, FILE-2 and so on, or into FOLDER/. Music: .mid, .png, .wav and others.",
        panel=OUTPUT,
        complete=paths,
    ),
    JSON,
    gap_measure.MEASURE,
    replace(SPLIT, panel=gap_measure.MEASURE.panel),
    DEVICE,
    PRECISION,
    THREADS,
)
_FILE: Final = Option(name="file", unit="FILE", help="A text or a MIDI file; - is standard input.", complete=paths)
_ENCODING: Final = Option(
    name="encoding", flags="--encoding", unit="NAME", default="utf-8", help="What a text is encoded in, such as cp1252.", panel="text"
)


def infill(streams: Streams, **values: Any) -> int:
    """Fill a gap in a text or a tune so that what follows fits.

    The model writes many ways to fill the gap side by side and weighs each by how well it then predicts what follows. One of them is
    drawn by its weight. What stands around the gap stays as it is, to the last byte; several gaps are filled in their order, each as
    what stands before it by then suggests.
    """
    return fill(streams, "infill", values, {})


def harmonize(streams: Streams, **values: Any) -> int:
    """Write the other voices to a melody.

    The tracks that are kept stay as they are; all others are written anew, and new ones where the model knows more voices. The model
    writes many ways side by side, note by note, and each pays for every note of the melody that it did not expect: so the voices look
    ahead. One way is drawn by its weight.
    """
    medium = medium_of_model(values["model"])
    if medium.label not in {label for label, options in api.media_options("harmonize").items() if options}:
        raise UsageError(f"harmonize writes voices of music, and this model has learned {medium.label}", remedy="lstmgen infill MODEL FILE")
    return fill(streams, "harmonize", values, {"keep": ""})


def fill(streams: Streams, command: str, values: dict[str, Any], given: Mapping[str, Any]) -> int:
    """Fill the gaps of a file and write it.

    Args:
        streams: take the result.
        command: whose options they are.
        values: of all options.
        given: options of the medium that the command itself gives.
    """
    filters = {name: values[name] for name in _FILTERS if values[name] is not None}
    api.Sampling(**filters)  # a mistake is told before any model is read
    tokenizer = tokenizer_of_model(values["model"])
    medium = api.medium_of(tokenizer)
    sampling = api.Sampling.of(filters, medium.usual(tokenizer))
    presentation = presentation_of(medium.label)
    options = dict(given) | chosen(command, medium.label, values)
    if values["measure"] is not None:
        if values["file"] is not None or values["out"] is not None:
            raise UsageError("--measure cuts gaps into the held-out part: FILE and -o do not go with it", remedy="leave them out")
        gap_measure.report(streams, _model(values), values, options)
        return 0
    if values["split"] is not None:
        raise UsageError("--split says what --measure cuts gaps into", remedy="leave it out, or add --measure 100")
    if values["file"] is None:
        raise UsageError(f"{command} needs a FILE", remedy=f"lstmgen {command} {values['model']} FILE")
    item, to_bytes = _item(streams, values, medium=medium, as_text=presentation.as_text)
    if "gap" in options:
        options["gap"] = as_typed(options["gap"])
    target = Target.of(
        values | {"prompt_file": values["file"], "prompts": None, "stream": True},
        {},
        medium=medium,
        presentation=replace(presentation, endings=presentation.endings and (*presentation.endings, *(f".{kind}" for kind in RENDERINGS))),
    )
    request = api.InfillRequest(
        item=item,
        seed=draw_seed() if values["seed"] is None else values["seed"],
        sampling=sampling,
        options=options,
        **{name: values[name] for name in ("num_samples", "candidates", "horizon", "best", "method")},
    )
    Writer(streams, request, target, to_bytes=to_bytes).write(_model(values))
    return 0


def _model(values: Mapping[str, Any]) -> api.TrainedModel:
    """The model, whether it predicts what comes next or fills gaps only."""
    return load_model(values["model"], objectives=("next", "gaps"), **{name: values[name] for name in _MACHINE})


def _item(streams: Streams, values: Mapping[str, Any], *, medium: api.Medium, as_text: bool) -> tuple[Any, Callable[[str], bytes]]:
    """What the file holds, and how it is written back.

    Raises:
        InputError: it cannot be read, or is nothing that the medium knows.
    """
    name = "standard input" if values["file"] == STANDARD_INPUT else values["file"]
    content = read_input(
        values["file"],
        streams,
        what=f"the {medium.label}",
        most=limits.MAX_PROMPT_BYTES if as_text else limits.MAX_MIDI_BYTES,
        typed=as_text,
    )
    if not as_text:
        try:
            return medium.parse(content), encode
        except InputError as error:
            raise InputError(f"{name}: {error.message}", remedy=error.remedy) from error
    exact = api.ExactText.of(content, encoding=values["encoding"], name=name)
    return exact.text, exact.to_bytes


COMMAND: Final = Command(
    name="infill", run=infill, examples=_EXAMPLES, options=lambda: (MODEL, _FILE, *options_of("infill"), _ENCODING, *_BEHIND)
)
HARMONIZE: Final = Command(
    name="harmonize",
    run=harmonize,
    examples=(
        "lstmgen harmonize CHORALES melody.mid -o four-voices.mid",
        "lstmgen harmonize CHORALES chorale.mid --keep 4 -o other.mid  # a new chorale over the same bass",
        "lstmgen harmonize CHORALES melody.mid --num-samples 4 -o out/",
        "lstmgen harmonize CHORALES --measure 10                       # what it is worth to look ahead",
    ),
    options=lambda: (MODEL, replace(_FILE, help="A MIDI file; - is standard input."), *options_of("harmonize"), *_BEHIND),
)
