"""The second half of `lstmgen demo`: from the bundled tunes to one that can be seen and heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import lstmgen
from lstmgen.cli.output import Streams
from lstmgen.cli.progress import short_path
from lstmgen.cli.wording import command, duration
from lstmgen.errors import CorpusError
from lstmgen.generation.sampling import Sampling

BARS: Final = 16
TEMPERATURE: Final = 0.9
_ROLL_COLUMNS: Final = 100
_KINDS: Final = (".png", ".wav")


def bundled_tunes() -> str:
    """The name of the first bundled corpus of music.

    Raises:
        CorpusError: the installation carries none.
    """
    from lstmgen.corpus import catalog

    for entry in catalog.entries():
        if entry.kind == "bundled" and entry.content == "music":
            return entry.name
    raise CorpusError("this installation carries no tunes", remedy="install it again, or train on your own: lstmgen train FOLDER")


def compose(streams: Streams, run: str, *, seed: int) -> Path:
    """Draw a tune of `BARS` bars from a run, and write it, its picture and its sound into the folder of the run."""
    from lstmgen.music.midi.writer import write_midi
    from lstmgen.music.rendering import render_file
    from lstmgen.music.roll import draw_terminal

    model = lstmgen.load(run)
    tune = model.compose(bars=BARS, seed=seed, sampling=Sampling(temperature=TEMPERATURE))[0]
    path = Path(run) / "tune.mid"
    write_midi(tune.score, path)
    streams.own_line(draw_terminal(tune.score, width=_ROLL_COLUMNS, colour=streams.out_colour))
    for kind in _KINDS:
        render_file(tune.score, path.with_suffix(kind), title=f"Tune {seed}")
    streams.say(f"{tune.notes} notes, {tune.bars:g} bars, {tune.seconds:.1f} seconds")
    for suffix, meaning in ((".mid", "for any music program"), (".png", "to see"), (".wav", "to hear")):
        streams.say(f"  {short_path(str(path.with_suffix(suffix)))}  {meaning}")
    for warning in tune.warnings:
        streams.say(f"note: {warning}")
    return path


def verdict(summary: dict[str, Any]) -> list[str]:
    """How good the model is, in words."""
    val = summary.get("val")
    if not val or not val.get("nats_per_note"):
        return ["There were too few tunes to measure it on."]
    return [
        f"It needs {float(val['nats_per_note']):.2f} nats to guess a note of a tune that it never saw: place, pitch, length and loudness.",
        f"It learned that in {duration(float(summary['seconds']))}, from {int(summary['tokens_seen']):,} events read.",
    ]


def next_steps(run: str, tune: Path) -> list[str]:
    """Commands that go on from here."""
    place, file = short_path(run), short_path(str(tune))
    rows = [
        (command("sample", place, "--bars", "32", "-o", "more.mid", "--png", "--wav"), "another tune"),
        (command("sample", place, "-f", file, "--bars", "16", "-o", "longer.mid"), "go on with this one"),
        (command("sample", place, "--scale", "D minor", "--num-samples", "8", "-o", "tunes/"), "eight in D minor"),
        (command("score", place, "--novelty", file), "what it copied from the tunes it learned"),
        (command("train", "YOUR-FOLDER"), "your own MIDI files, five minutes"),
    ]
    width = max(len(words) for words, _ in rows) + 2
    return [f"  {words:<{width}} # {meaning}" for words, meaning in rows]
