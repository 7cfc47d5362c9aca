"""What the tests of the command line share: events of a run that never was, and a way to run a command line and catch its bytes."""

import io
import json
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from lstmgen.training.events import Evaluated, Prepared, Sampled, Stepped, Stopped, Warned
from lstmgen.version import JSON_SCHEMA


def prepared(**changes):
    values = {
        "model": "checkpoints/story/model.safetensors",
        "run": "checkpoints/story",
        "tokenizer": "char",
        "vocab_size": 65,
        "parameters": 2_400_000,
        "train_tokens": 1_000_000,
        "val_tokens": 111_540,
        "documents": 1,
        "device": "cpu",
        "precision": "fp32",
        "settings": {"model": {"cell": "gru", "num_layers": 3, "hidden_size": 384}},
    }
    return Prepared(**(values | changes))


def stepped(step, progress, *, loss=2.0, elapsed=None, remaining=30.0):
    return Stepped(
        step=step,
        progress=progress,
        loss_nats=loss,
        lr=0.001,
        tokens_seen=step * 1024,
        tokens_per_second=18_432.0,
        epoch=progress,
        elapsed_s=100 * progress if elapsed is None else elapsed,
        remaining_s=remaining,
        skipped_steps=0,
    )


def evaluated(step, nats, *, best=True):
    return Evaluated(step=step, val_nats=nats, is_best=best, elapsed_s=step / 10)


def summary(**changes):
    values = {
        "model": "checkpoints/story/model.safetensors",
        "tokenizer": "char",
        "steps": 400,
        "seconds": 95.0,
        "stopped": "time",
        "opening": "Once upon",
        "val": {"tokens": 100, "nats_per_token": 1.5, "perplexity": 4.48, "nats_per_char": 1.5},
    }
    return values | changes


def whole_run():
    """A run of 50 reports with two evaluations, a sample, a warning and an end."""
    events = [prepared(notes=("byte order mark removed",))]
    for report in range(1, 51):
        events.append(stepped(8 * report, report / 50, loss=1.4 + 3 * math.exp(-report / 8)))
        if report in (20, 40):
            events.append(evaluated(8 * report, 2.2 - report / 50))
        if report == 25:
            events += [Sampled(step=200, text="Once [bold]upon\x1b[2J a\ntime"), Warned(step=201, message="a step was left out")]
    return [*events, Stopped(reason="time", step=400, summary=summary())]


@pytest.fixture
def fake():
    return SimpleNamespace(prepared=prepared, stepped=stepped, evaluated=evaluated, summary=summary, whole_run=whole_run)


TEXT = "The sea is wide, the sea is deep.\nIt rocks the little boats to sleep.\n\n" * 12


@pytest.fixture
def run_folder(finished_run, tmp_path_factory):
    """A run folder of one's own, for conversations keep texts in it."""
    return Path(shutil.copytree(finished_run, tmp_path_factory.mktemp("run") / finished_run.name))


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """A run folder whose model is random, but in every other way a real one; knows the characters of `TEXT`."""
    import torch

    from lstmgen.checkpoint.model_file import save_model
    from lstmgen.media.text import tokenizers
    from lstmgen.model.language_model import Architecture, LanguageModel

    folder = tmp_path_factory.mktemp("runs") / "sea"
    folder.mkdir()
    tokenizer = tokenizers.build("char", lambda: iter([TEXT]))
    architecture = Architecture(vocab_size=tokenizer.vocab_size, embedding_size=5, hidden_size=7, num_layers=2)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = LanguageModel(architecture)
    figures = {"tokens": 90, "nats_per_token": 1.5, "perplexity": 4.48, "chars": 90, "nats_per_char": 1.5}
    facts = {"steps": 40, "tokens_seen": 1280, "seconds": 3.5, "sources": ["sea.txt"], "val": figures}
    save_model(folder / "model.safetensors", network.tensors(), architecture, tokenizer, facts)
    lines = [json.dumps({"event": "stepped", "step": n, "loss_nats": 3 - n / 20}) for n in range(1, 41)]
    (folder / "metrics.jsonl").write_text("\n".join([*lines, '{"event": "evaluated", "val_nats": 1.5}', '{"torn']))
    return folder


@dataclass(frozen=True)
class Outcome:
    code: int
    out: bytes
    err: str

    @property
    def text(self):
        return self.out.decode("utf-8")


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.fixture
def cli(monkeypatch, tmp_path):
    """A function that runs a command line in this process, as if nothing but the given streams were there."""
    return caller(monkeypatch, tmp_path / "home")


@pytest.fixture(scope="session")
def command_line():
    """Makes what `cli` gives, for fixtures that several tests share."""
    return caller


def caller(monkeypatch, home):
    from lstmgen.cli import run

    def call(*argv, stdin=b"", terminal=(), environ=None):
        for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LSTMGEN_HOME", str(home))
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        raw = {"stdin": io.BytesIO(stdin), "stdout": io.BytesIO(), "stderr": io.BytesIO()}
        for name, buffer in raw.items():
            wrapper = Terminal if name in terminal else io.TextIOWrapper
            monkeypatch.setattr(f"sys.{name}", wrapper(buffer, encoding="utf-8", write_through=True))
        code = run([str(word) for word in argv])
        return Outcome(code, raw["stdout"].getvalue(), raw["stderr"].getvalue().decode("utf-8"))

    return call


class PageOfJson:
    """The section of docs/formats.md on JSON: for each object the fields that it always has, and those that it may have."""

    def __init__(self):
        page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
        self.text = page[page.index("## JSON of the commands") :].partition("\n## ")[0]
        self.fields = {
            name: (set(re.findall(r"`(\w+)`", always)), set(re.findall(r"`(\w+)`", sometimes)))
            for name, always, sometimes in re.findall(r"^\| ([^|`][^|]*?) \| ([^|]*) \| ([^|]*)\|$", self.text, re.MULTILINE)
        }

    def check(self, name, found):
        always, sometimes = self.fields[name]
        assert found["schema"] == JSON_SCHEMA
        assert always <= set(found), name
        assert set(found) <= always | sometimes | {"schema"}, name


@pytest.fixture
def page_of_json():
    return PageOfJson()
