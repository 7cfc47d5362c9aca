"""What tunes add to the options of commands, and the constraints that these mean. No numpy: the command line declares itself with these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from lstmgen.bounds import Bounds
from lstmgen.choices import Kept
from lstmgen.errors import Mistake, UsageError
from lstmgen.music.constraints import Constraints
from lstmgen.music.form import form_of
from lstmgen.music.instruments import parse_instruments
from lstmgen.music.scales import parse_key, parse_pitch_range, parse_scale
from lstmgen.options import Option

_BOUNDS: Final = Bounds(low=0, high=100_000, above=True)
"""Of lengths and tempi."""

CLOSING: Final = 0.8
CLOSING_WITHOUT_TAILS: Final = 0.5
"""Share of the temperature in the last bar where none is given."""
PITCH_TEMPERATURE: Final = 0.92
PITCH_MIXED: Final = 0.8
PITCH_WITH_RETURNS: Final = 0.89
PITCH_CORRECTED: Final = 1.1
RHYTHM_TEMPERATURE: Final = 1.06
RHYTHM_TOGETHER: Final = 1.18
"""Shares of the temperature at which new models of notes in beats choose one of several pitches, pitches of tunes for different
instruments, the same where parts come back by themselves and the temperature is 0.9, and where they are put right (`corrections.py`),
positions or durations; the last one where all tracks rest only all at once, so that durations alone tell rhythm."""

TRAIN_OPTIONS: Final = (
    Option(
        name="data.augment",
        flags="--augment/--no-augment",
        help="Show each tune in another key and at another speed when it is read; with --common-key not before the fourth time.",
    ),
    Option(
        name="data.tracks",
        flags="--tracks",
        help="Learn from these tracks alone, such as melody,bass: by name, by instrument, or by number as lstmgen info FILE shows it.",
    ),
    Option(name="data.drums", flags="--drums/--no-drums", help="Learn from the drums, or leave them out."),
    Option(name="data.pedal", flags="--pedal", help="Let notes sound on while the sustain pedal is down, or drop the pedal."),
    Option(
        name="data.silent_ends",
        flags="--silent-ends/--no-silent-ends",
        help="Learn bars of silence behind a tune as a part of it; left out where not given.",
    ),
    Option(
        name="tokenizer.time_base",
        flags="--time-base",
        help="notes: time in beats for scores, in seconds for performances; by content where not given.",
    ),
    Option(
        name="tokenizer.steps_per_beat",
        flags="--steps-per-beat",
        help="notes in beats, grid: steps to a quarter note; by content where not given.",
    ),
    Option(
        name="tokenizer.repeats",
        flags="--repeats/--no-repeats",
        help="notes in beats: write a bar that comes back as one event; yes where not given.",
    ),
    Option(
        name="tokenizer.variants",
        flags="--variants/--no-variants",
        help="notes with repeats: bars come back with other velocities too, and their beginnings with another end; yes where not given.",
    ),
    Option(
        name="tokenizer.tails",
        flags="--tails/--no-tails",
        help="notes with variants: the end of a bar comes back behind another beginning; yes where not given.",
    ),
    Option(
        name="tokenizer.guides",
        flags="--guides/--no-guides",
        help="notes in beats: tell the model the key, and with each bar how many remain; yes where not given.",
    ),
    Option(
        name="tokenizer.apart",
        flags="--apart/--no-apart",
        help="notes: tell the tracks of one program apart, such as the hands of a piano piece; yes where not given.",
    ),
    Option(
        name="tokenizer.seats",
        flags="--seats/--no-seats",
        help="notes in beats: count parts from the lowest, in place of their instruments; where tunes differ in these if not given.",
    ),
    Option(
        name="tokenizer.returns",
        flags="--returns/--no-returns",
        help="notes with seats and variants: a part comes back by itself where the others do not; yes where not given.",
    ),
    Option(
        name="tokenizer.common_key",
        flags="--common-key/--no-common-key",
        help="notes with guides: write every tune as if it were in C, so that no key has to be learned by itself; yes where not given.",
    ),
    Option(
        name="tokenizer.grammar",
        flags="--grammar/--no-grammar",
        help="Give what cannot come next in a tune no probability, when it is scored too; yes where not given, but for a grid of voices.",
    ),
    Option(
        name="tokenizer.ages",
        flags="--ages/--no-ages",
        help="performance: say which key goes up by how long it has been down, not by its pitch; yes where not given.",
    ),
    Option(
        name="tokenizer.grid_form",
        flags="--grid-form",
        help="grid: one token for each voice of a step, or the notes of a step in ascending order; voices where not given.",
    ),
    Option(name="tokenizer.voices", flags="--voices", help="grid of voices: how many; by content where not given."),
    Option(
        name="tokenizer.hold",
        flags="--hold/--no-hold",
        help="grid: tell notes that continue from those that are struck again; yes where not given.",
    ),
)
"""By `section.key`; type, bounds and default are those of the setting."""
SAMPLE_OPTIONS: Final = (
    Option(
        name="bars",
        flags="--bars",
        type=int,
        unit="N",
        low=1,
        help="End exactly after N bars, an upbeat not counted; 16 where no length is given.",
    ),
    Option(name="seconds", flags="--seconds", type=float, unit="S", help="End exactly after S seconds."),
    Option(
        name="form",
        flags="--form",
        unit="LETTERS",
        help="Sections that come back, such as AABA: 8 bars a letter, or --bars divided among them.",
    ),
    Option(
        name="variation",
        flags="--variation",
        type=float,
        unit="SHARE",
        low=0,
        high=1,
        help="With --form: share of the bars of a section that comes back which are written anew, its last ones; 0 where not given.",
    ),
    Option(
        name="loop",
        flags="--loop",
        type=bool,
        help="A tune whose end leads into its beginning; its sound is just as long, so that it can be played on and on.",
    ),
    Option(
        name="closing",
        flags="--closing",
        type=float,
        unit="SHARE",
        low=0,
        high=1,
        help=f"Draw the last bar at this share of the temperature, so that it closes; where not given {CLOSING}, "
        f"{CLOSING_WITHOUT_TAILS} for models without --tails; 1: like all others.",
    ),
    *(
        Option(
            name=name,
            flags=f"--{name.replace('_', '-')}",
            type=float,
            unit="SHARE",
            low=0,
            high=2,
            help=f"Choose one of several {what} at this share of the temperature; where not given {usual} with "
            f"new models of notes in beats{besides}; 1: like all else.",
        )
        for name, what, usual, besides in (
            (
                "pitch_temperature",
                "pitches",
                PITCH_TEMPERATURE,
                f", {PITCH_MIXED} with seats, {PITCH_WITH_RETURNS} with returns, {PITCH_CORRECTED} with corrections",
            ),
            (
                "rhythm_temperature",
                "positions, lengths or waits",
                RHYTHM_TEMPERATURE,
                f", {RHYTHM_TOGETHER} of voices that rest all at once",
            ),
        )
    ),
    Option(
        name="correction",
        flags="--correction",
        type=float,
        unit="SHARE",
        low=0,
        high=1,
        help="Put right this share of what the model was found to expect otherwise than tunes are, such as leaps of a melody; 1 where not "
        "given; 0: nothing.",
    ),
    Option(name="key", flags="--key", unit="KEY", help="In this key, such as 'D minor', as the model has learned it."),
    Option(
        name="tempo",
        flags="--tempo",
        type=float,
        unit="BPM",
        help="Keep this tempo, as the model has learned it; --bpm plays any tune at a tempo.",
    ),
    Option(name="scale", flags="--scale", unit="SCALE", help="Only notes of this scale, such as 'C minor' or 'D dorian'."),
    Option(name="pitch_range", flags="--pitch-range", unit="LOW-HIGH", help="Only pitches from LOW to HIGH, such as C3-C6 or 48-84."),
    Option(
        name="max_polyphony",
        flags="--max-polyphony",
        type=int,
        unit="N",
        low=1,
        help="At most N notes sounding at once, drums apart.",
    ),
    Option(
        name="keep",
        flags="--keep",
        choices=get_args(Kept),
        help="With --max-polyphony: which notes of each track stay; highest where not given.",
    ),
    Option(
        name="max_note_length",
        flags="--max-note-length",
        unit="LENGTH",
        help="Longest note: in beats, such as 2, or in seconds, such as 1.5s.",
    ),
    Option(
        name="instruments",
        flags="--instruments",
        unit="NAMES",
        help="Only these, such as 'piano, bass, drums' or 1,33; see lstmgen info FILE.mid.",
    ),
    Option(
        name="bpm", flags="--bpm", type=float, unit="BPM", low=0, high=_BOUNDS.high, above=True, help="Play the whole tune at this tempo."
    ),
)
SCORE_OPTIONS: Final = (
    Option(
        name="tracks",
        flags="--tracks",
        unit="NAMES",
        help="Score these tracks of a file, or all; those that the model has learned where not given.",
    ),
    Option(
        name="keys",
        flags="--keys",
        type=int,
        unit="N",
        low=1,
        high=12,
        help="Average what grid and performance models predict of a tune over this many keys, 12 at most.",
    ),
)
INFILL_OPTIONS: Final = (
    Option(
        name="bars",
        flags="--bars",
        unit="FIRST-LAST",
        help="Write these bars anew, an upbeat counted as 0; every bar where not given.",
    ),
    Option(
        name="seconds",
        flags="--seconds",
        unit="FIRST-LAST",
        help="In place of --bars: write these seconds anew, such as 12-15.5 or 1:05-1:10; models of notes in beats know bars alone.",
    ),
    Option(
        name="tracks",
        flags="--tracks",
        unit="NAMES",
        help="Write these tracks anew: by name, by instrument, or by number as lstmgen info FILE shows it; every track where not given.",
    ),
)
HARMONIZE_OPTIONS: Final = (
    Option(
        name="keep",
        flags="--keep",
        unit="NAMES",
        help="The tracks that stay: by name, by instrument, or by number; the highest one where not given.",
    ),
)


def constraints_of(options: Mapping[str, Any]) -> Constraints:
    """What the options ask of the notes; `constraints`, where a Python caller gives some, are what they add to.

    Raises:
        UsageError: one of them cannot be read, or together they leave nothing.
    """
    base: Constraints = options.get("constraints") or Constraints()
    pitches, programs, drums = base.pitches, base.programs, base.drums
    if "scale" in options or "pitch_range" in options:
        low, high = parse_pitch_range(options["pitch_range"]) if "pitch_range" in options else (0, 127)
        classes = parse_scale(options["scale"]) if "scale" in options else frozenset(range(12))
        pitches = frozenset(pitch for pitch in range(low, high + 1) if pitch % 12 in classes)
        if not pitches:
            raise UsageError("no pitch is in that scale and that range", remedy="a wider --pitch-range")
    if "instruments" in options:
        programs, drums = parse_instruments(options["instruments"])
    beats, seconds = base.max_note_beats, base.max_note_s
    if "max_note_length" in options:
        beats, seconds = _note_length(str(options["max_note_length"]))
    if "keep" in options and "max_polyphony" not in options and base.max_polyphony is None:
        raise UsageError("--keep says which notes stay with --max-polyphony, which is not given", remedy="add --max-polyphony 1")
    for name in ("seconds", "bpm", "tempo"):
        if options.get(name) is not None and (mistake := _BOUNDS.mistake(options[name])):
            raise UsageError(mistakes=[Mistake(f"--{name}", mistake)], remedy=f"for example --{name} 60")
    alike: dict[str, Any] = {name: options[name] for name in ("max_polyphony", "keep", "bars", "seconds", "loop") if name in options}
    if "variation" in options and "form" not in options:
        raise UsageError("--variation says how much of a section changes, and there is no --form", remedy="add --form AABA")
    if "form" in options:
        form = form_of(options["form"], bars=options.get("bars"), variation=options.get("variation", 0.0))
        alike |= {"form": form, "bars": form.length}
    if "key" in options:
        alike["key"] = parse_key(options["key"])
    if "tempo" in options:
        alike["tempo_us"] = max(1, round(60e6 / options["tempo"]))
    return replace(base, pitches=pitches, max_note_beats=beats, max_note_s=seconds, programs=programs, drums=drums, **alike)


def _note_length(text: str) -> tuple[float | None, float | None]:
    """A length in beats, or in seconds."""
    in_seconds = text.strip().endswith("s")
    try:
        value = float(text.strip().removesuffix("s"))
    except ValueError:
        value = -1.0
    if not _BOUNDS.holds(value):
        raise UsageError(
            f"--max-note-length: expected {_BOUNDS} beats or seconds, found {text!r}",
            remedy="--max-note-length 2, or --max-note-length 1.5s",
        )
    return (None, value) if in_seconds else (value, None)
