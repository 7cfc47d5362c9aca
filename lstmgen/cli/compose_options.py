"""The options of `lstmgen sample` that are for models of music, and what they mean together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lstmgen.errors import UsageError
from lstmgen.music.constraints import Constraints
from lstmgen.options import Option

_MUSIC: Final = "music"
_SEEN: Final = "music: beside the MIDI file"

TUNES: Final = tuple(
    Option(name=flag.removeprefix("--").replace("-", "_"), flags=flag, type=kind, unit=unit, low=low, help=text, panel=panel)
    for flag, kind, unit, low, text, panel in (
        ("--bars", int, "N", 1, "End exactly after N bars; 16 where no length is given.", _MUSIC),
        ("--seconds", float, "S", None, "End exactly after S seconds.", _MUSIC),
        ("--scale", str, "SCALE", None, "Only notes of this scale, such as 'C minor' or 'D dorian'.", _MUSIC),
        ("--pitch-range", str, "LOW-HIGH", None, "Only pitches from LOW to HIGH, such as C3-C6 or 48-84.", _MUSIC),
        ("--max-polyphony", int, "N", 1, "At most N notes sounding at once, drums apart.", _MUSIC),
        ("--max-note-length", str, "LENGTH", None, "Longest note: in beats, such as 2, or in seconds, such as 1.5s.", _MUSIC),
        ("--instruments", str, "NAMES", None, "Only these, such as 'piano, bass, drums' or 1,33; see lstmgen info FILE.mid.", _MUSIC),
        ("--bpm", float, "BPM", None, "Play the whole tune at this tempo.", _MUSIC),
        ("--png", bool, "", None, "Draw its piano roll as PNG.", _SEEN),
        ("--svg", bool, "", None, "Draw its piano roll as SVG.", _SEEN),
        ("--wav", bool, "", None, "Make it sound, as WAV.", _SEEN),
    )
)


def constraints_of(music: Mapping[str, Any]) -> Constraints:
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
            raise UsageError(f"--{name} is {music[name]:g}, expected more than 0", remedy=f"for example --{name} 60")
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
