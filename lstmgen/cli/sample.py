"""`lstmgen sample`: text from a model, or a tune."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from lstmgen import api, limits
from lstmgen.cli.command import Command
from lstmgen.cli.interactive import converse
from lstmgen.cli.media import Presentation, chosen, options_of, presentation_of, tokenizer_of_model
from lstmgen.cli.options import STANDARD_INPUT, as_typed, draw_seed, load_model, read_input, unescape
from lstmgen.cli.output import Streams
from lstmgen.cli.sample_options import COMMON, FILTERS, TURN_LENGTH
from lstmgen.cli.samples import Target, Writer
from lstmgen.errors import InputError, UsageError

_EXAMPLES: Final = (
    'lstmgen sample checkpoints/story -p "Once upon a time"',
    "lstmgen sample RUN -n 2000 -t 0.6 -s 7 > chapter.txt   # the same text for the same seed",
    "lstmgen sample RUN -p 'ROMEO:\\n' -e --stop '\\n\\n'       # up to the first empty line",
    "lstmgen sample RUN -f beginning.txt -t 1.2:0.6         # wild at first, calm at the end",
    "lstmgen sample RUN --num-samples 3 --json | jq -r .text",
    "lstmgen sample RUN --interactive                       # take turns with the model",
    "lstmgen sample TUNES --bars 16 -o tune.mid --png --wav # music: a tune, its picture, its sound",
    "lstmgen sample TUNES -f begun.mid --bars 8 -o done.mid # continue a tune, in its tempo",
    "lstmgen sample TUNES --scale 'C minor' --num-samples 8 -o out/",
)


def sample(streams: Streams, **values: Any) -> int:
    """Generate text from a model, or compose tunes with a model of music.

    Standard output carries the prompt and the text, byte for byte, and nothing else; several samples are set apart by one empty line.
    The filters work in the order constraints, penalty, temperature, top-k, top-p, min-p, typical.
    """
    if values["prompt"] is not None and values["prompt_file"] is not None:
        raise UsageError("-p and -f both give a prompt, expected one of them", remedy="leave one of them out")
    filters = {option.name: values[option.name] for option in FILTERS}
    sampling = api.Sampling(**{name: value for name, value in filters.items() if value is not None})
    tokenizer = tokenizer_of_model(values["model"])
    medium = api.medium_of(tokenizer)
    if filters["temperature"] is None:
        sampling = replace(sampling, temperature=medium.temperature(tokenizer))
    presentation = presentation_of(medium.label)
    own = chosen("sample", medium.label, values)
    interactive = own.get("interactive", False)
    _check(values, own, presentation=presentation, interactive=interactive)
    target = Target.of(values, own, medium=medium, presentation=presentation)
    meant = unescape if own.get("escapes") else as_typed
    options = {name: value for name, value in own.items() if name not in {option.name for option in presentation.options}}
    if "stop" in options:
        options["stop"] = tuple(map(meant, options["stop"]))
    medium.check_options(options)
    request = api.Request(
        prompt=_prompt(streams, values, medium=medium, as_text=presentation.as_text, meant=meant),
        seed=draw_seed() if values["seed"] is None else values["seed"],
        sampling=sampling,
        options=options,
        **{name: values[name] for name in ("length", "num_samples", "echo", "novel")},
    )
    model = load_model(values["model"], **{name: values[name] for name in ("device", "precision", "threads")})
    if interactive:
        return converse(streams, model, replace(request, length=TURN_LENGTH if request.length is None else request.length))
    Writer(streams, request, target).write(model)
    return 0


COMMAND: Final = Command(name="sample", run=sample, examples=_EXAMPLES, options=lambda: (*COMMON, *options_of("sample")))


def _check(values: Mapping[str, Any], own: Mapping[str, Any], *, presentation: Presentation, interactive: bool) -> None:
    """Refuse what does not go together."""
    several = values["num_samples"] > 1
    if interactive and (values["json"] or values["out"] is not None or several):
        raise UsageError(
            "--interactive is one text on a terminal: --json, -o and --num-samples do not go with it", remedy="/save FILE writes the text"
        )
    if presentation.as_text and values["length"] == -1 and not own.get("stop") and not interactive and (values["json"] or several):
        raise UsageError(
            "-n -1 without --stop may never end, so nothing could follow it", remedy="give a length, such as -n 2000, or --stop TEXT"
        )


def _prompt(
    streams: Streams, values: Mapping[str, Any], *, medium: api.Medium, as_text: bool, meant: Callable[[str], str]
) -> str | bytes | None:
    """What the samples continue: what was typed, or the content of a file; it can be read.

    Raises:
        InputError: it cannot.
        UsageError: it is nothing that the medium knows.
    """
    file = STANDARD_INPUT if values["prompt"] == STANDARD_INPUT else values["prompt_file"]
    if file is not None:
        most = limits.MAX_PROMPT_BYTES if as_text else limits.MAX_MIDI_BYTES
        prompt = read_input(file, streams, what="the prompt", most=most, typed=as_text)
    elif values["prompt"] is not None:
        prompt = meant(values["prompt"])
    else:
        return None
    try:
        medium.parse(prompt)
    except InputError as error:
        place = {None: "-p", STANDARD_INPUT: "standard input"}.get(file, file)
        raise InputError(f"the prompt in {place}: {error.message}", remedy=error.remedy) from error
    return prompt
