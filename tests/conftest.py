"""What every test can rely on: one thread, since tests run side by side, tiny numbers treated as torch does at its start, and a small
model of every kind of tokenizer."""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.append(str(Path(__file__).parent))
settings.register_profile("seeded", derandomize=True, deadline=None)  # the gate finds the same on every machine
settings.register_profile("search", deadline=None, print_blob=True, max_examples=1000)  # `make torture` looks for what nobody thought of
settings.load_profile("seeded")
os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded, here and in every process that a test starts
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # where a test has two threads, they do not spin on cores that other tests are using
# A shell starts jobs in the background with Ctrl-C ignored, and nohup with hang-ups; so would be what they start.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


def pytest_configure(config):
    """Tests compare bit for bit what the CPU computes; a GPU is seen by those that are marked for it, when they are asked for."""
    if config.getoption("markexpr") != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    gc.disable()  # while tests are collected, of which nothing goes


def pytest_sessionstart(session):
    """No process that a test starts has loops compiled in the background: those of the tests compile them once (`loops`)."""
    if not hasattr(session.config, "workerinput"):
        with contextlib.suppress(ImportError):
            from lstmgen.model.compiled import code

            code.is_first_to_make()


def pytest_collection_finish():
    """What was collected stays to the end, so the garbage collector need not look at it again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def width_of_nobody(monkeypatch):
    """What runs tests side by side says a width, and whoever starts them may."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def nothing_is_compiled_ahead(monkeypatch):
    """A decoder that has read much, and a command at its end, have loops compiled by another process: only tests of that want it."""
    monkeypatch.setattr("lstmgen.model.compiled.ahead._AFTER", float("inf"))
    monkeypatch.setattr("lstmgen.runs.model.TrainedModel.keep_ready", lambda _: None)


@pytest.fixture
def few_samples(monkeypatch):
    """Of models that go on learning: how many are drawn to see how large gradients usually are, which changes no law."""
    monkeypatch.setattr("lstmgen.runs.adapting._SAMPLES", 4)


@pytest.fixture(scope="session")
def loops(tmp_path_factory):
    """Compiled tokens, which are kept; of the processes that run tests side by side one compiles, and the others wait for it."""
    prepare = pytest.importorskip("lstmgen.model.compiled.prepare", exc_type=ImportError)
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path_factory.getbasetemp().parent / "compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare.prepare()


@pytest.fixture(autouse=True)
def torch_as_it_starts():
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
        torch.set_num_threads(1)


@pytest.fixture
def watchdog():
    """Turns a hang into a failure, such as the wait for someone to write into a FIFO."""

    def give_up(*_):
        raise AssertionError("it hangs")  # not an OSError, which a reader of files may pass over

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Case:
    """A tokenizer and an untrained model of it, small enough to draw from at once, and what both may be given.

    Attributes:
        model: a `lstmgen.runs.model.TrainedModel`; its medium and its tokenizer come with it.
        prompt: what a person might type.
        items: three, of different lengths; the tokenizer can express them.
        joined: several pieces as one.
    """

    model: Any
    prompt: str
    items: tuple[Any, ...]
    joined: Callable[[list[Any]], Any]

    @property
    def medium(self):
        return self.model.medium

    @property
    def tokenizer(self):
        return self.model.tokenizer


TEXTS = ("char", "byte", "bpe")
TUNES = ("notes-beats", "notes-seconds", "performance", "grid-voices", "grid-chords")
LINES = "the quick brown fox jumps over the lazy dog.\n" * 3


@cache
def case_of(name):
    return text_case_of(name) if name in TEXTS else tune_case_of(name)


def text_case_of(name):
    from lstmgen.media.text import tokenizers

    tokenizer = tokenizers.build(name, lambda: iter([LINES]), vocab_size=300 if name == "bpe" else None)
    return Case(untrained(tokenizer), "the fox ", ("a lazy dog\nran.\n", "fox", "quick dogs\n\njump over"), "".join)


def tune_case_of(name):
    from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
    from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
    from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
    from lstmgen.music.score import Notes

    tokenizer = {
        "notes-beats": lambda: NotesTokenizer("beats", 12),
        "notes-seconds": lambda: NotesTokenizer("seconds", 24),
        "performance": PerformanceTokenizer,
        "grid-voices": lambda: GridTokenizer(form="voices", voices=2, steps_per_beat=2),
        "grid-chords": lambda: GridTokenizer(form="chords", steps_per_beat=2),
    }[name]()
    return Case(untrained(tokenizer), "C4 E4 G4:2", (waltz(6), waltz(1), waltz(3)), Notes.joined)


def waltz(bars):
    """A scale in 3/4 at 90 beats a minute, one note a beat, over a held bass."""
    import numpy as np

    from lstmgen.music.score import Meter, Notes, Score

    beat, bar = 480 * np.arange(3 * bars), 1440 * np.arange(bars)
    melody = Notes.of(beat, beat + 480, 60 + np.arange(3 * bars) % 12, track=0)
    bass = Notes.of(bar, bar + 1440, 36 + np.arange(bars), track=1)
    return Score.of(Notes.joined([melody, bass]), meters=[Meter(0, 3, 4)], tempos=[(0, 666_667)], length_ticks=1440 * bars)


def untrained(tokenizer, *, seed=4):
    import torch

    from lstmgen.media.registry import medium_of
    from lstmgen.model.language_model import Architecture, LanguageModel
    from lstmgen.runs.model import TrainedModel

    clock = medium_of(tokenizer).clock(tokenizer)
    ticking = {} if clock is None else {"clock_period": clock.period, "clock_low": clock.low, "clock_high": clock.high}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        shape = Architecture(vocab_size=tokenizer.vocab_size, embedding_size=5, hidden_size=7, num_layers=2, **ticking)
        return TrainedModel(LanguageModel(shape), tokenizer)


@pytest.fixture(params=[*TEXTS, *TUNES])
def case(request):
    """One case of every medium and every kind of tokenizer."""
    return case_of(request.param)


@pytest.fixture(params=TUNES)
def tune_case(request):
    """One case of every tokenizer of tunes."""
    return case_of(request.param)


@pytest.fixture(params=["char", "notes-beats"])
def medium_case(request):
    """One case of every medium."""
    return case_of(request.param)
