"""`lstmgen sample`: text from a model, or a tune."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from lstmgen import api, limits
from lstmgen.cli.command import Command
from lstmgen.cli.media import chosen, options_of, presentation_of, tokenizer_of_model
from lstmgen.cli.options import STANDARD_INPUT, as_typed, draw_seed, load_model, read_input, rule_of, unescape
from lstmgen.cli.output import Streams
from lstmgen.cli.sample_options import COMMON, FILTERS, TURN_LENGTH
from lstmgen.cli.samples import Target, Writer
from lstmgen.cli.wording import command
from lstmgen.errors import InputError, UsageError

_EXAMPLES: Final = (
    'lstmgen sample checkpoints/story -p "Once upon a time"',
    "lstmgen sample RUN -n 2000 -t 0.6 -s 7 > chapter.txt   # the same text for the same seed",
    "lstmgen sample RUN -p 'ROMEO:\\n' -e --stop '\\n\\n'       # up to the first empty line",
    "lstmgen sample RUN -f beginning.txt -t 1.2:0.6         # wild at first, calm at the end",
    "lstmgen sample RUN -f chapter.txt --adapt              # learns from the chapter first",
    "lstmgen sample RUN --num-samples 3 --json | jq -r .text",
    "lstmgen sample NAMES --num-samples 20                  # --documents line: twenty lines",
    "lstmgen sample RUN --prompts begins.txt --json         # one for each line, in order",
    "lstmgen sample RUN --interactive                       # take turns with the model",
    "lstmgen sample TUNES --bars 16 -o tune.mid --png --wav # music: a tune, its picture, its sound",
    "lstmgen sample TUNES -f begun.mid --bars 8 -o done.mid # continue a tune, in its tempo",
    "lstmgen sample TUNES --scale 'C minor' --num-samples 8 -o out/",
)


def sample(streams: Streams, **values: Any) -> int:
    """Generate text from a model, or compose tunes with a model of music.

    Standard output carries the prompt and the text, byte for byte, and nothing else; several samples are set apart by one empty line, those
    of a model of documents as its sources are.
    The filters work in the order constraints, penalty, temperature, top-k, top-p, min-p, typical.
    """
    given = [flag for flag, name in (("-p", "prompt"), ("-f", "prompt_file"), ("--prompts", "prompts")) if values[name] is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} give a prompt, expected one of them", remedy="leave one of them out")
    filters = {option.name: value for option in FILTERS if (value := values[option.name]) is not None}
    api.Sampling(**filters)  # a mistake is told before any model is read
    tokenizer = tokenizer_of_model(values["model"])
    medium = api.medium_of(tokenizer)
    sampling = api.Sampling.of(filters, medium.usual(tokenizer))
    presentation = presentation_of(medium.label)
    own = chosen("sample", medium.label, values)
    interactive = own.get("interactive", False)
    _check(values, interactive=interactive)
    meant = unescape if own.get("escapes") else as_typed
    options = {name: value for name, value in own.items() if name not in {option.name for option in presentation.options}}
    if "stop" in options:
        options["stop"] = tuple(map(meant, options["stop"]))
    medium.check_options(options)
    encoding = own.get("encoding", "utf-8")
    prompts = (
        None if values["prompts"] is None else _prompts(streams, values["prompts"], encoding=encoding, escapes=bool(own.get("escapes")))
    )
    target = Target.of(values, own, medium=medium, presentation=presentation, prompts=None if prompts is None else len(prompts))
    request = api.Request(
        prompts=prompts,
        prompt=_prompt(streams, values, medium=medium, as_text=presentation.as_text, meant=meant, encoding=encoding),
        seed=draw_seed() if values["seed"] is None else values["seed"],
        sampling=sampling,
        adapt=rule_of(values),
        options=options,
        **{name: values[name] for name in ("length", "num_samples", "echo", "novel", "clamp")},
    )
    model = load_model(values["model"], **{name: values[name] for name in ("device", "precision", "threads")})
    if interactive:
        from lstmgen.cli.interactive import converse

        if model.manner.ends and model.manner.between == "\n":
            raise UsageError(
                "--interactive is one growing text of many lines, and this model has learned documents of one line each",
                remedy=command("sample", values["model"], "-p", "How it begins"),
            )
        if request.adapt is not None:
            model = model.adapted(request.prompt, request.adapt, oov=options.get("oov", "error"))
        return converse(streams, model, replace(request, length=TURN_LENGTH if request.length is None else request.length))
    Writer(streams, request, target).write(model)
    return 0


COMMAND: Final = Command(name="sample", run=sample, examples=_EXAMPLES, options=lambda: (*COMMON, *options_of("sample")))


def _check(values: Mapping[str, Any], *, interactive: bool) -> None:
    """Refuse what does not go together."""
    if values["adapt"] and all(values[name] is None for name in ("prompt", "prompt_file", "prompts")):
        raise UsageError(
            "--adapt learns from a prompt, and there is none", remedy=command("sample", values["model"], "--adapt", "-f", "FILE")
        )
    several = values["num_samples"] > 1 or values["prompts"] is not None
    if interactive and (values["json"] or values["out"] is not None or several):
        raise UsageError(
            "--interactive is one text on a terminal: --json, -o, --num-samples and --prompts do not go with it",
            remedy="/save FILE writes the text",
        )


def _prompts(streams: Streams, file: str, *, encoding: str, escapes: bool) -> tuple[str, ...]:
    """The prompts of a file, in order. Raises InputError: it cannot be read, or holds none."""
    content = read_input(file, streams, what="the prompts", most=4 * limits.MAX_PROMPT_CHARS, typed=True)
    name = "standard input" if file == STANDARD_INPUT else file
    text = api.decode_text(content, what=f"what {name} holds", encoding=encoding)
    return api.parse_prompts(text, name=name, meant=unescape if escapes else str)


def _prompt(
    streams: Streams, values: Mapping[str, Any], *, medium: api.Medium, as_text: bool, meant: Callable[[str], str], encoding: str
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
        if as_text and isinstance(prompt, bytes):
            prompt = api.decode_text(prompt, what="the text", encoding=encoding)
        medium.parse(prompt)
    except InputError as error:
        place = {None: "-p", STANDARD_INPUT: "standard input"}.get(file, file)
        raise InputError(f"the prompt in {place}: {error.message}", remedy=error.remedy) from error
    return prompt
