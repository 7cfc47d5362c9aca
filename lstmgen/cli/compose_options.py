"""The options of `lstmgen sample` that are for models of music, and what they mean together."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from lstmgen.cli.command import presented
from lstmgen.errors import UsageError
from lstmgen.music.constraints import Constraints

_MUSIC: Final = "music"
_SEEN: Final = "music: beside the MIDI file"


def _option(flag: str, metavar: str | None, text: str, *, panel: str = _MUSIC, **more: Any) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=panel, **more)


OPTIONS: Final[dict[str, Any]] = {
    "bars": Annotated[int | None, _option("--bars", "N", "End exactly after N bars; 16 where no length is given.", min=1)],
    "seconds": Annotated[float | None, _option("--seconds", "S", "End exactly after S seconds.")],
    "scale": Annotated[str | None, _option("--scale", "SCALE", "Only notes of this scale, such as 'C minor' or 'D dorian'.")],
    "pitch_range": Annotated[str | None, _option("--pitch-range", "LOW-HIGH", "Only pitches from LOW to HIGH, such as C3-C6 or 48-84.")],
    "max_polyphony": Annotated[int | None, _option("--max-polyphony", "N", "At most N notes sounding at once, drums apart.", min=1)],
    "max_note_length": Annotated[
        str | None, _option("--max-note-length", "LENGTH", "Longest note: in beats, such as 2, or in seconds, such as 1.5s.")
    ],
    "instruments": Annotated[
        str | None, _option("--instruments", "NAMES", "Only these, such as 'piano, bass, drums' or 1,33; see lstmgen info FILE.mid.")
    ],
    "bpm": Annotated[float | None, _option("--bpm", "BPM", "Play the whole tune at this tempo.")],
    "png": Annotated[bool | None, _option("--png", None, "Draw its piano roll as PNG.", panel=_SEEN)],
    "svg": Annotated[bool | None, _option("--svg", None, "Draw its piano roll as SVG.", panel=_SEEN)],
    "wav": Annotated[bool | None, _option("--wav", None, "Make it sound, as WAV.", panel=_SEEN)],
}
"""Every option by the name of its parameter; None where it was not given."""


def takes_music_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options above; what was given arrives in its parameter `music`, by name."""
    hints = typing.get_type_hints(function, include_extras=True)
    own = [item.replace(annotation=hints[item.name]) for item in inspect.signature(function).parameters.values() if item.name != "music"]
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=None) for name, hint in OPTIONS.items()]

    def call(streams: Any, **values: Any) -> Any:
        music = {name: value for name in OPTIONS if (value := values.pop(name)) is not None}
        return function(streams, music=music, **values)

    return presented(call, function, [*own, *added])


def flag_of(name: str) -> str:
    """How an option is typed."""
    return f"--{name.replace('_', '-')}"


def constraints_of(music: dict[str, Any]) -> Constraints:
    """What the options ask of the notes.

    Raises:
        UsageError: one of them cannot be read, or together they leave nothing.
    """
    from lstmgen.music.instruments import parse_instruments
    from lstmgen.music.scales import parse_pitch_range, parse_scale

    pitches = None
    if "scale" in music or "pitch_range" in music:
        low, high = parse_pitch_range(music["pitch_range"]) if "pitch_range" in music else (0, 127)
        classes = parse_scale(music["scale"]) if "scale" in music else frozenset(range(12))
        pitches = frozenset(pitch for pitch in range(low, high + 1) if pitch % 12 in classes)
        if not pitches:
            raise UsageError("no pitch is in that scale and that range", remedy="a wider --pitch-range")
    programs, drums = parse_instruments(music["instruments"]) if "instruments" in music else (None, True)
    beats, seconds = _note_length(music["max_note_length"]) if "max_note_length" in music else (None, None)
    for name in ("seconds", "bpm"):
        if name in music and not 0 < music[name] < 100_000:
            raise UsageError(f"{flag_of(name)} is {music[name]:g}, expected more than 0", remedy=f"for example {flag_of(name)} 60")
    return Constraints(
        pitches=pitches, max_polyphony=music.get("max_polyphony"), max_note_beats=beats, max_note_s=seconds, programs=programs, drums=drums
    )


def _note_length(text: str) -> tuple[float | None, float | None]:
    """A length in beats, or in seconds."""
    in_seconds = text.strip().endswith("s")
    try:
        value = float(text.strip().removesuffix("s"))
    except ValueError:
        value = -1.0
    if not 0 < value < 100_000:
        raise UsageError(
            f"--max-note-length: expected beats or seconds above 0, found {text!r}", remedy="--max-note-length 2, or --max-note-length 1.5s"
        )
    return (None, value) if in_seconds else (value, None)
