"""Every tokenizer of scores.

=============  ==========================================================  ===============================================
name           one id for each                                             what it leaves out of a score
=============  ==========================================================  ===============================================
`notes`        bar, position or time, pitch, velocity, length, program...  what its steps cannot tell apart
`performance`  key down, key up, time that passes, velocity                drums, instruments, tempo, meter
`grid`         voice, or sounding pitch, of every step                     the same, velocity, and what is between the steps
=============  ==========================================================  ===============================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from lstmgen import choices
from lstmgen.choices import GridForm, TimeBase
from lstmgen.errors import UsageError
from lstmgen.media import checks
from lstmgen.media.tunes.endings import endings_of
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.grid.options import best_cycle_beats, best_steps_per_beat, best_voices
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer, best_options
from lstmgen.media.tunes.notes.voices import voices_of
from lstmgen.media.tunes.options import (
    CLOSING,
    CLOSING_WITHOUT_TAILS,
    PITCH_CORRECTED,
    PITCH_MIXED,
    PITCH_TEMPERATURE,
    PITCH_WITH_RETURNS,
    RHYTHM_TEMPERATURE,
    RHYTHM_TOGETHER,
)
from lstmgen.media.tunes.parts import lines_of, most_tracks
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.media.tunes.slot_names import usual_names
from lstmgen.music.score import Score

NAMES: Final = choices.MEDIA["tunes"].tokenizers
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "notes": (
        "time_base",
        "steps_per_beat",
        "repeats",
        "variants",
        "tails",
        "guides",
        "common_key",
        "apart",
        "seats",
        "returns",
        "grammar",
    ),
    "performance": ("ages", "grammar"),
    "grid": ("steps_per_beat", "grid_form", "voices", "hold", "grammar"),
}
"""Which options of `build` apply to which tokenizer."""
OPTIONS: Final = tuple(dict.fromkeys(option for options in _OPTIONS.values() for option in options))


SHARES: Final = {"pitch_temperature": PITCH_TEMPERATURE, "rhythm_temperature": RHYTHM_TEMPERATURE}
_COMPARED: Final = 64
"""Tunes, or up to twice as many, in which ways to write them are compared."""
_COOL: Final = {"temperature": choices.USUAL_TEMPERATURE}
_WARM: Final = {"temperature": 1.0}
_PLAIN: Final = {"temperature": 0.9, "min_p": 0.02}
_SHARP: Final = {"temperature": 1.0, "min_p": 0.02}


def usual(tokenizer: EventTokenizer) -> Mapping[str, float]:
    """How samples are drawn where no temperature is given.

    Where time is in hundredths of a second each is unlikely, so that to favour some distorts it. Of notes in beats little is favoured
    too, or nothing where a grammar was learned with, and what is improbable is left out instead: wrong notes, and none of the rarer
    rhythms. Where parts come back by themselves a little is favoured again: who comes back, and from where.
    """
    if tokenizer.name == "grid":
        return _COOL
    if tokenizer.to_json().get("time_base") != "beats":
        return _WARM
    return _SHARP if tokenizer.grammar and not tokenizer.to_json().get("returns") else _PLAIN


def usual_closing(tokenizer: EventTokenizer) -> float:
    """The share of the temperature at which a last bar is drawn where none is given: with tails little helps it to close."""
    return CLOSING if tokenizer.to_json().get("tails") else CLOSING_WITHOUT_TAILS


def usual_shares(tokenizer: EventTokenizer, *, corrected: bool = False) -> dict[str, float]:
    """At which shares of the temperature pitches and rhythm are chosen where none are given.

    A model of notes in beats is less sure of pitches than tunes are, and surer of rhythm. Where durations alone tell that, because voices
    rest only all at once, they have to do what positions do elsewhere. Tunes for different instruments have less in common, and leave a
    model less sure of pitches still; but where its pitches are put right there is no need to favour some.
    """
    values = tokenizer.to_json()
    if not values.get("length_first"):
        return dict.fromkeys(SHARES, 1.0)
    rhythm = {"rhythm_temperature": RHYTHM_TOGETHER} if values.get("together") else {}
    mixed = {"pitch_temperature": PITCH_WITH_RETURNS if values.get("returns") else PITCH_MIXED} if values.get("seats") else {}
    put_right = {"pitch_temperature": PITCH_CORRECTED} if corrected else {}
    return SHARES | rhythm | mixed | put_right


def from_json(values: Mapping[str, Any]) -> EventTokenizer:
    """The tokenizer that its `to_json` described, whose name is known already. Raises ModelFileError."""
    return _CLASSES[values["name"]].from_json(values)


def build(name: str, scores: Sequence[Score], **options: Any) -> EventTokenizer:
    """The tokenizer that fits some scores.

    Args:
        name: one of `NAMES`.
        scores: what it is to be fitted to.
        options: some of `OPTIONS`; None counts as not given.
            time_base: of `notes`: `beats` or `seconds`; else what fits the scores, and beats where `steps_per_beat` is given.
            steps_per_beat: of `notes` in beats and of `grid`: how fine time is; else what fits the scores.
            apart: of `notes`: whether the tracks of one program stay apart, as many as there are in any of the scores; else yes.
            seats: of `notes` in beats: whether notes say the part, counted by how high it is, in place of the instrument; else where no
                half of the tunes is for the same instruments.
            returns: with seats and variants: whether a part comes back by itself; else yes.
            ages: of `performance`: whether keys go up by their age, not by their pitch; else yes.
            grid_form: of `grid`: `voices` or `chords`; else voices.
            voices: of `grid` in voices: how many; else the largest number that is usual among the scores, 1 to 8.
            hold: of `grid`: whether held notes and repeated ones are told apart; else yes.
            grammar: whether a model gives what the grammar forbids no probability; else yes, but for voices, where that changes nothing.

    Raises:
        UsageError: there is no such tokenizer of scores, or an option does not apply to it or is out of range.
    """
    checks.known_name(name, NAMES, needs="text, and the source holds MIDI")
    given = {option: value for option, value in options.items() if value is not None}
    for option in given:
        if option not in _OPTIONS[name]:
            owners = [owner for owner in NAMES if option in _OPTIONS[owner]]
            raise _inapplicable(option, f"the {name} tokenizer", instead=f"--tokenizer {' or '.join(owners)}")
    return _FITTED[name](scores, **given)


def _performance(_: Sequence[Score], *, ages: bool = True, grammar: bool = True) -> EventTokenizer:
    return PerformanceTokenizer(ages, grammar)


def _notes(
    scores: Sequence[Score],
    *,
    time_base: TimeBase | None = None,
    steps_per_beat: int | None = None,
    repeats: bool | None = None,
    variants: bool | None = None,
    tails: bool | None = None,
    guides: bool | None = None,
    common_key: bool | None = None,
    apart: bool = True,
    seats: bool | None = None,
    returns: bool | None = None,
    grammar: bool = True,
) -> EventTokenizer:
    # Whoever says how fine a beat is to be, or asks for what needs bars, wants beats.
    of_bars = {"repeats": repeats, "variants": variants, "tails": tails, "guides": guides}
    of_bars |= {"common_key": common_key, "seats": seats, "returns": returns}
    needs_bars = any(of_bars.values())
    wants_beats = time_base == "beats" or (time_base is None and (steps_per_beat is not None or needs_bars))
    tracks = most_tracks(scores) if apart else 1
    names = usual_names(scores, tracks) if apart else ()
    best = {"time_base": "seconds", "steps_per_beat": 24} if time_base == "seconds" else best_options(scores)
    if not wants_beats and best["time_base"] == "seconds":
        if steps_per_beat is not None:
            raise _inapplicable("steps_per_beat", "notes in seconds", instead="--time-base beats")
        said: dict[str, Any] = {name: bool(value) for name, value in of_bars.items()}
        return NotesTokenizer("seconds", tracks=tracks, names=names, grammar=grammar, **said)
    told, again = guides is not False, repeats is not False
    varies = again if variants is None else variants
    seated = _are_mixed(scores) if seats is None else seats
    halves = NotesTokenizer(
        "beats",
        best["steps_per_beat"] if steps_per_beat is None else steps_per_beat,
        repeats=again,
        variants=varies,
        tails=varies if tails is None else tails,
        guides=told,
        length_first=told,
        full_bars=told,
        ending_key=told,
        common_key=told if common_key is None else common_key,
        tracks=tracks,
        names=names,
        grammar=grammar,
        seats=seated,
        returns=varies and seated if returns is None else returns,
    )
    lone, together = voices_of(map(halves.notation.expressed, scores))
    halves = replace(halves, lone=lone, together=together, endings=endings_of(scores) if told else ())
    if not varies:
        return halves
    # Heads are longer, halves may differ in loudness too: what comes back more often takes fewer ids.
    heads, some = replace(halves, heads=True), scores[:: max(1, len(scores) // _COMPARED)]
    return min(heads, halves, key=lambda tokenizer: sum(len(tokenizer.encode(score)) for score in some))


def _are_mixed(scores: Sequence[Score]) -> bool:
    """Whether no half of the tunes is for the same instruments."""
    ensembles = Counter(tuple(np.unique(lines_of(score, 1)).tolist()) for score in scores)
    return bool(ensembles) and 2 * max(ensembles.values()) < len(scores)


def _grid(
    scores: Sequence[Score],
    *,
    steps_per_beat: int | None = None,
    grid_form: GridForm = "voices",
    voices: int | None = None,
    hold: bool = True,
    grammar: bool | None = None,
) -> EventTokenizer:
    steps = best_steps_per_beat(scores) if steps_per_beat is None else steps_per_beat
    grammar = grid_form != "voices" if grammar is None else grammar
    grid = GridTokenizer(steps, grid_form, hold=hold, cycle_beats=best_cycle_beats(scores), grammar=grammar)
    if grid_form == "voices":
        return replace(grid, voices=best_voices(scores, steps_per_beat=steps) if voices is None else voices)
    if voices is not None:
        raise _inapplicable("voices", "the grid of chords", instead="--grid-form voices")
    return grid


def _inapplicable(option: str, owner: str, *, instead: str) -> UsageError:
    flag = "--" + option.replace("_", "-")
    return UsageError(f"{flag} does not apply to {owner}", remedy=f"leave {flag} out, or choose {instead}")


_CLASSES: Final[dict[str, type[EventTokenizer]]] = {"notes": NotesTokenizer, "performance": PerformanceTokenizer, "grid": GridTokenizer}
_FITTED: Final[dict[str, Callable[..., EventTokenizer]]] = {"notes": _notes, "performance": _performance, "grid": _grid}
