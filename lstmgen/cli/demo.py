"""`lstmgen demo`: the whole journey on the bundled corpora, text first, then a tune, in about two minutes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import lstmgen
from lstmgen import api, run_files
from lstmgen.cli.command import Command
from lstmgen.cli.output import Streams, Styled
from lstmgen.cli.progress import short_path
from lstmgen.cli.settings import MAX_TIME_KEY
from lstmgen.cli.train import follow, tell_stop
from lstmgen.cli.wording import bits, command, counted, duration, parse_duration, size
from lstmgen.errors import CorpusError, UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen demo                       # learn for a minute at most, then write and measure",
    "lstmgen demo --max-time 15s        # the same in a hurry",
)

TRAINING_TIME: Final = "60s"
_SEED: Final = 7
_PASSES: Final = 12.0
"""Enough for a text of this length; on a fast machine they end before the time does."""
_MAX_RUNS: Final = 10_000
_SAMPLE_TOKENS: Final = 400
_TEMPERATURES: Final = ((0.5, "careful"), (0.8, "bolder"))
_BARS: Final = 16
_FORM: Final = "AABA"
"""What is learned in half a minute knows no sections by itself."""
_TUNE_TEMPERATURE: Final = 0.9
_TUNE_FILES: Final = {".mid": "for any music program", ".png": "to see", ".wav": "to hear"}

MAX_TIME: Final = Option(
    name="max_time", flags="--max-time", type=parse_duration, unit="TIME", help=f"Time to learn, such as 90s or 5m. [{TRAINING_TIME}]"
)


def demo(streams: Streams, *, max_time: float | None) -> int:
    """Train on a bundled text and write; train on bundled tunes and compose; measure both.

    The runs are kept in checkpoints/demo and checkpoints/demo-tunes (or demo-2, demo-3 ...), ready for every other command. What the
    models make goes to standard output, what is said about it to standard error.
    """
    time_s = parse_duration(TRAINING_TIME) if max_time is None else max_time
    if time_s <= 0:
        raise UsageError("--max-time: expected more than 0 seconds", remedy="lstmgen demo --max-time 60s")
    return _text_half(streams, time_s, chosen=max_time is not None) or _tune_half(streams, time_s / 2)


COMMAND: Final = Command(name="demo", run=demo, examples=_EXAMPLES, options=(MAX_TIME,))


def _text_half(streams: Streams, time_s: float, *, chosen: bool) -> int:
    name, text = bundled_text()
    _head(streams, 1, f"Learning from {name}, {size(len(text.encode()))} of text, for {duration(time_s)} at most")
    exit_code, summary, run = _learn(streams, name, "demo", {MAX_TIME_KEY: time_s} | ({} if chosen else {"training.epochs": _PASSES}))
    if exit_code:
        return exit_code
    prompt = usual_line(text)
    _head(streams, 2, f"Writing, from the prompt {prompt.strip()!r}")
    model = lstmgen.load(run)
    for temperature, mood in _TEMPERATURES:
        streams.say(Styled("dim", f"temperature {temperature}: {mood}, seed {_SEED}"))
        drawn = model.generate(prompt, length=_SAMPLE_TOKENS, seed=_SEED, sampling=api.Sampling(temperature=temperature))[0]
        streams.product(f"{prompt}{drawn.text.rstrip()}\n\n")
    _head(streams, 3, "Measuring, on the last tenth of the text, which it never read", verdict(summary))
    _head(streams, 4, "Next commands", next_steps(run, prompt))
    return 0


def _tune_half(streams: Streams, time_s: float) -> int:
    name = bundled("music")
    _head(streams, 5, f"Learning from the tunes of {name}, for {duration(time_s)}")
    exit_code, summary, run = _learn(streams, name, "demo-tunes", {MAX_TIME_KEY: time_s})
    if exit_code:
        return exit_code
    _head(streams, 6, f"Composing {_BARS} bars in the form {_FORM}, at temperature {_TUNE_TEMPERATURE}, seed {_SEED}")
    tune = lstmgen.load(run).generate(bars=_BARS, form=_FORM, seed=_SEED, sampling=api.Sampling(temperature=_TUNE_TEMPERATURE))[0]
    streams.own_line(tune.medium.show(tune.item, width=streams.out_columns, colour=streams.out_colour))
    files = {str(Path(run) / f"tune{suffix}"): meaning for suffix, meaning in _TUNE_FILES.items()}
    for file in files:
        tune.save(file, title=f"Tune {_SEED}")
    streams.say(f"{counted(tune.notes, 'note')}, {counted(tune.bars, 'bar')}, {counted(tune.seconds, 'second')}")
    for line in (*(f"  {short_path(file)}  {meaning}" for file, meaning in files.items()), *(f"note: {each}" for each in tune.warnings)):
        streams.say(line)
    _head(streams, 7, "Measuring, on every tenth tune, which it never saw", tune_verdict(summary))
    _head(streams, 8, "Next commands", tune_next_steps(run, next(iter(files))))
    return 0


def _learn(streams: Streams, corpus: str, name: str, settings: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    """Train on a corpus; returns the exit code, the summary, and the run folder."""
    exit_code, stopped, run = follow(streams, sources=(corpus,), out=str(free_run(name)), settings=settings)
    if exit_code:
        tell_stop(streams, stopped, run, cause="stopped", insist=True)
    return exit_code, stopped.summary, run


def _head(streams: Streams, number: int, title: str, lines: Sequence[str] = ()) -> None:
    """A heading between empty lines, and lines below it."""
    for line in ("", Styled("bold", f"{number}. {title}"), "", *lines):
        streams.say(line)


def bundled(content: str) -> str:
    """The name of the first bundled corpus of text, or of music.

    Raises:
        CorpusError: the installation carries none.
    """
    for entry in api.corpora():
        if entry.kind == "bundled" and entry.content == content:
            return entry.name
    raise CorpusError(
        f"this installation carries no corpus of {content}", remedy="install it again, or train on a file of your own: lstmgen train FILE"
    )


def bundled_text() -> tuple[str, str]:
    """The name of the first bundled corpus of text, and all of its text. Raises CorpusError: there is none."""
    name = bundled("text")
    return name, "".join(path.read_text(encoding="utf-8") for path in api.corpus_files(name, None))


def free_run(name: str) -> Path:
    """`checkpoints/NAME`, or the first `checkpoints/NAME-N` that is free."""
    for candidate in (name, *(f"{name}-{number}" for number in range(2, _MAX_RUNS))):
        path = run_files.RUNS / candidate
        if not path.exists():
            return path
    raise UsageError(f"{run_files.RUNS} holds {_MAX_RUNS:,} demos", remedy=f"rm -r {run_files.RUNS}/demo-*")


def usual_line(text: str) -> str:
    """The line that the text repeats most often, such as the name of its main speaker: a prompt that the model will know."""
    lines = Counter(line for line in text.splitlines() if line.strip())
    return f"{lines.most_common(1)[0][0]}\n"


def verdict(summary: dict[str, Any]) -> list[str]:
    """How good a model of text is, beside one that knows nothing, in words."""
    val = summary.get("val")
    if not val or val.get("nats_per_char") is None:
        return ["There was too little text to measure it on."]
    nats = float(val["nats_per_char"])
    symbols = int(summary["vocab_size"]) - 1
    nothing = f"Knowing nothing, each of the {counted(symbols, 'character')} is as likely as any other"
    learned = f"as unsure as if only {counted(math.exp(nats), 'character')} were left to choose from"
    return [
        f"{nothing}: {math.log2(symbols):.2f} bits to guess the next one.",
        f"This model needs {bits(nats):.2f} bits ({nats:.3f} nats): {learned}.",
        f"It learned that in {duration(float(summary['seconds']))}, from {counted(int(summary['tokens_seen']), 'character')} read.",
    ]


def tune_verdict(summary: dict[str, Any]) -> list[str]:
    """How good a model of tunes is, in words."""
    val = summary.get("val")
    if not val or not val.get("nats_per_note"):
        return ["There were too few tunes to measure it on."]
    return [
        f"It needs {float(val['nats_per_note']):.2f} nats to guess a note of a tune that it never saw: place, pitch, length and loudness.",
        f"It learned that in {duration(float(summary['seconds']))}, from {counted(int(summary['tokens_seen']), 'event')} read.",
    ]


def next_steps(run: str, prompt: str) -> list[str]:
    """Commands that continue from a model of text."""
    place = short_path(run)
    line = prompt.rstrip("\n")
    return _commands(
        (command("sample", place, "-e", "-p", f"{line}\\n", "-t", "0.7", "-n", "1000"), "more of it"),
        (command("sample", place, "--interactive"), "take turns with the model"),
        (command("info", place), "what it is"),
        (command("score", place, "--split", "val", "--per-line"), "the least expected lines"),
        (command("train", "YOUR-FILE.txt"), "your own text, five minutes"),
    )


def tune_next_steps(run: str, tune: str) -> list[str]:
    """Commands that continue from a model of tunes."""
    place, file = short_path(run), short_path(tune)
    return _commands(
        (command("sample", place, "--bars", "32", "-o", "more.mid", "--png", "--wav"), "another tune"),
        (command("sample", place, "-f", file, "--bars", "16", "-o", "longer.mid"), "continue this one"),
        (command("sample", place, "--scale", "D minor", "--num-samples", "8", "-o", "tunes/"), "eight in D minor"),
        (command("score", place, "--novelty", file), "what it copied from the tunes it learned"),
        (command("train", "YOUR-FOLDER"), "your own MIDI files, five minutes"),
    )


def _commands(*rows: tuple[str, str]) -> list[str]:
    width = max(len(words) for words, _ in rows) + 2
    return [f"  {words:<{width}} # {meaning}" for words, meaning in rows]
