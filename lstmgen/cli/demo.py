"""`lstmgen demo`: the whole journey on the bundled corpora, text first, then a tune, in about two minutes."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any, Final

import lstmgen
from lstmgen import run_files
from lstmgen.cli import demo_tune
from lstmgen.cli.command import Command
from lstmgen.cli.output import Streams, Styled
from lstmgen.cli.progress import short_path
from lstmgen.cli.settings import MAX_TIME_KEY
from lstmgen.cli.train import follow, tell_stop
from lstmgen.cli.wording import bits, command, duration, parse_duration, size
from lstmgen.errors import CorpusError, UsageError
from lstmgen.generation.sampling import Sampling
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen demo                       # learn for a minute at most, then write and measure",
    "lstmgen demo --max-time 15s        # the same in a hurry",
)

TRAINING_TIME: Final = "60s"
_SAMPLE_TOKENS: Final = 400
_TEMPERATURES: Final = ((0.5, "careful"), (0.8, "bolder"))
_SEED: Final = 7
_PASSES: Final = 12.0
"""Enough for a text of this length; on a fast machine they end before the time does."""
_MAX_RUNS: Final = 10_000

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
    settings = {MAX_TIME_KEY: time_s} | ({} if chosen else {"training.epochs": _PASSES})
    exit_code, stopped, run = follow(streams, sources=(name,), out=str(free_run("demo")), settings=settings)
    if exit_code:
        tell_stop(streams, stopped, run, cause="stopped", insist=True)
        return exit_code
    model = lstmgen.load(run)
    prompt = usual_line(text)
    _head(streams, 2, f"Writing, from the prompt {prompt.strip()!r}")
    for temperature, mood in _TEMPERATURES:
        streams.say(Styled("dim", f"temperature {temperature}: {mood}, seed {_SEED}"))
        drawn = model.generate(prompt, length=_SAMPLE_TOKENS, seed=_SEED, sampling=Sampling(temperature=temperature))[0]
        streams.product(f"{prompt}{drawn.text.rstrip()}\n\n")
    _head(streams, 3, "Measuring, on the last tenth of the text, which it never read", gap=False)
    _tell(streams, verdict(stopped.summary))
    _head(streams, 4, "What to type next")
    _tell(streams, next_steps(run, prompt))
    return 0


def _tune_half(streams: Streams, time_s: float) -> int:
    name = demo_tune.bundled_tunes()
    _head(streams, 5, f"Learning from the tunes of {name}, for {duration(time_s)}")
    exit_code, stopped, run = follow(streams, sources=(name,), out=str(free_run("demo-tunes")), settings={MAX_TIME_KEY: time_s})
    if exit_code:
        tell_stop(streams, stopped, run, cause="stopped", insist=True)
        return exit_code
    _head(streams, 6, f"Composing {demo_tune.BARS} bars, at temperature {demo_tune.TEMPERATURE}, seed {_SEED}")
    tune = demo_tune.compose(streams, run, seed=_SEED)
    _head(streams, 7, "Measuring, on every tenth tune, which it never saw")
    _tell(streams, demo_tune.verdict(stopped.summary))
    _head(streams, 8, "What to type next")
    _tell(streams, demo_tune.next_steps(run, tune))
    return 0


def _tell(streams: Streams, lines: list[str]) -> None:
    for line in lines:
        streams.say(line)


def _head(streams: Streams, number: int, title: str, *, gap: bool = True) -> None:
    """A heading between empty lines; without `gap` there is one before it already."""
    if gap:
        streams.say()
    streams.say(Styled("bold", f"{number}. {title}"))
    streams.say()


def bundled_text() -> tuple[str, str]:
    """The name of the first bundled corpus, and all of its text.

    Raises:
        CorpusError: the installation carries none.
    """
    from lstmgen.corpus import catalog

    for entry in catalog.entries():
        if entry.kind == "bundled" and entry.content == "text":
            files = catalog.path_of(entry.name, None)
            return entry.name, "".join(path.read_text(encoding="utf-8") for path in files)
    raise CorpusError("this installation carries no corpus", remedy="install it again, or train on a file of your own: lstmgen train FILE")


def free_run(name: str) -> Path:
    """`checkpoints/NAME`, or the first `checkpoints/NAME-N` that is free."""
    names = (name, *(f"{name}-{number}" for number in range(2, _MAX_RUNS)))
    for candidate in names:
        path = run_files.RUNS / candidate
        if not path.exists():
            return path
    raise UsageError(f"{run_files.RUNS} holds {_MAX_RUNS:,} demos", remedy=f"rm -r {run_files.RUNS}/demo-*")


def usual_line(text: str) -> str:
    """The line that the text repeats most often, such as the name of its main speaker: a prompt that the model will know."""
    lines = Counter(line for line in text.splitlines() if line.strip())
    return f"{lines.most_common(1)[0][0]}\n"


def verdict(summary: dict[str, Any]) -> list[str]:
    """How good the model is, beside one that knows nothing, in words."""
    val = summary.get("val")
    if not val or val.get("nats_per_char") is None:
        return ["There was too little text to measure it on."]
    nats = float(val["nats_per_char"])
    symbols = int(summary["vocab_size"]) - 1
    nothing = f"Knowing nothing, each of the {symbols} characters is as likely as any other"
    learned = f"as unsure as if only {math.exp(nats):.1f} characters were left to choose from"
    return [
        f"{nothing}: {math.log2(symbols):.2f} bits to guess the next one.",
        f"This model needs {bits(nats):.2f} bits ({nats:.3f} nats): {learned}.",
        f"It learned that in {duration(float(summary['seconds']))}, from {int(summary['tokens_seen']):,} characters read.",
    ]


def next_steps(run: str, prompt: str) -> list[str]:
    """Commands that go on from here."""
    place = short_path(run)
    line = prompt.rstrip("\n")
    rows = [
        (command("sample", place, "-e", "-p", f"{line}\\n", "-t", "0.7", "-n", "1000"), "more of it"),
        (command("sample", place, "--interactive"), "take turns with the model"),
        (command("info", place), "what it is"),
        (command("score", place, "--split", "val", "--per-line"), "what surprised it"),
        (command("train", "YOUR-FILE.txt"), "your own text, five minutes"),
    ]
    width = max(len(words) for words, _ in rows) + 2
    return [f"  {words:<{width}} # {meaning}" for words, meaning in rows]
