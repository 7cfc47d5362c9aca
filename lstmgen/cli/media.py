"""How the command line treats models and samples of each medium: what media declare, and what it adds for those that it knows by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from lstmgen import api, choices
from lstmgen.cli.wording import command
from lstmgen.errors import UsageError
from lstmgen.options import Option, given
from lstmgen.wording import counted

PICTURES: Final = get_args(choices.Picture)
SOUNDS: Final = get_args(choices.Sound)
RENDERINGS: Final = (*PICTURES, *SOUNDS)
"""What may be put beside a tune, each by an option of its name."""
_BESIDE: Final = {**dict.fromkeys(PICTURES, "its piano roll"), **dict.fromkeys(SOUNDS, "its sound")}


def _plain(sample: api.Sample) -> dict[str, Any]:
    """What a sample tells of itself, as far as it can stand in JSON."""
    return {name: value for name, value in sample.facts.items() if isinstance(value, (str, int, float, list, tuple))}


def _tune(sample: api.Sample) -> dict[str, Any]:
    return {"notes": sample.notes, "seconds": round(sample.seconds, 3), "bars": sample.bars}


def _tune_line(sample: api.Sample) -> str:
    velocities = sample.score.notes.velocity
    loudest = int(velocities.max()) if len(velocities) else 0
    bars = f", {counted(sample.bars, 'bar')}" if sample.in_bars else ""
    return f"{counted(sample.notes, 'note')}{bars}, {sample.seconds:.1f} s, loudest velocity {loudest}"


def _tune_title(name: str, sample: api.Sample) -> str:
    number = f", no. {sample.index + 1}" if sample.index else ""
    return ", ".join([name, *([f"in {sample.key}"] if sample.key else []), f"seed {sample.seed}"]) + number


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """How samples of a medium are asked for and shown.

    Attributes:
        as_text: they are written as they are drawn, behind their prompt; others when they are complete, in files of their own.
        options: of `sample`, which the command line sees to itself.
        endings: that the name of a file may have; empty: any.
        usual: what may be typed behind `lstmgen sample RUN`, where there is no opening to begin with.
        empty: what is said of a sample that its model ended at once.
        facts: what JSON tells of a sample.
        title: what stands above a picture, from the name of the run.
        line: the same in words.
    """

    as_text: bool = False
    options: tuple[Option, ...] = ()
    endings: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    empty: str = ""
    facts: Callable[[api.Sample], dict[str, Any]] = _plain
    title: Callable[[str, api.Sample], str] = lambda name, sample: f"{name}, seed {sample.seed}"
    line: Callable[[api.Sample], str] = lambda sample: counted(sample.tokens, "token")


_PRESENTATIONS: Final = {
    "text": Presentation(
        as_text=True,
        options=(
            Option(
                name="escapes",
                flags="-e --escapes",
                type=bool,
                help=r"Read \n, \t, \\, \xHH and \uHHHH in -p, --prompts and --stop as what they stand for.",
            ),
            Option(
                name="encoding",
                flags="--encoding",
                unit="NAME",
                help="What -f and --prompts are encoded in, such as cp1252. [utf-8]",
            ),
            Option(
                name="interactive",
                flags="--interactive",
                type=bool,
                help="Take turns with the model on one growing text; it suggests words as you type, and Tab takes the first.",
            ),
        ),
        empty="the model ended its document at once; --ignore-end continues there, a prompt (-p) or another seed (-s) begins otherwise",
    ),
    "music": Presentation(
        options=tuple(
            Option(name=kind, flags=f"--{kind}", type=bool, help=f"Beside the MIDI file: {what}, as {kind.upper()}.")
            for kind, what in _BESIDE.items()
        ),
        endings=(".mid", ".midi"),
        usual=("-o", "tune.mid", "--png", "--wav"),
        facts=_tune,
        title=_tune_title,
        line=_tune_line,
    ),
}
"""By the label of the medium; any other is treated in the plainest way."""


def presentation_of(label: str) -> Presentation:
    """How samples of a medium are treated."""
    return _PRESENTATIONS.get(label, Presentation())


def label_of(tokenizer: str) -> str:
    """The label of the medium whose tokenizers one of this name is among; empty where there is none."""
    return next((choices.label_of(name) for name, entry in choices.MEDIA.items() if tokenizer in entry.tokenizers), "")


def first_sample(label: str, place: str, opening: str, objective: Any = None) -> str:
    """The command for a first sample of a model; it runs as it stands, unless the model works on something that the user has.

    Args:
        label: of the model's medium.
        place: the run folder or the model file.
        opening: the first words that the model was trained on, as far as they are known.
        objective: what it was trained for.
    """
    if objective in choices.OBJECTIVES and (use := choices.OBJECTIVES[objective].use) != "sample":
        return command(use, place, "FILE")
    presentation = presentation_of(label)
    return command("sample", place, *(("-p", opening) if presentation.as_text and opening else presentation.usual))


def options_of(command: str) -> tuple[Option, ...]:
    """The options of a command that are for some media only. What is not given is not passed on, so they have no default."""
    found: dict[str, Option] = {}
    for label, options in _by_label(command).items():
        for option in options:
            shown = option.help if option.default is None else f"{option.help} [{option.default}]"
            found.setdefault(option.name, replace(option, panel=label, help=shown, default=None))
    return tuple(found.values())


def _by_label(command: str) -> dict[str, tuple[Option, ...]]:
    found = api.media_options(command)
    return {label: (*(presentation_of(label).options if command == "sample" else ()), *options) for label, options in found.items()}


def chosen(command: str, label: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of the options of a medium, by name.

    Raises:
        UsageError: an option of another medium was given.
    """
    own = {option.name: option for option in _by_label(command).get(label, ())}
    for other, options in _by_label(command).items():
        for name in given((option for option in options if option.name not in own), values):
            flag = next(option.flag for option in options if option.name == name)
            raise UsageError(f"{flag} is for {other}, and this model has learned {label}", remedy="leave it out")
    return given(own.values(), values)


def tokenizer_of_model(model: str) -> Any:
    """The tokenizer of a model; without torch.

    Raises:
        ModelFileError: there is no such model, or it is damaged.
    """
    return api.read_description(api.find_model(model)).tokenizer


def medium_of_model(model: str) -> api.Medium:
    """Of which medium a model is; without torch. Raises ModelFileError."""
    return api.medium_of(tokenizer_of_model(model))
