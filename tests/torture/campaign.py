"""What every campaign has: a result, a folder of its own, a tiny run, and children.

Children are forked from a process that has done the work once, so that everything is loaded: that takes two seconds, and a run one half.

A campaign is a function `campaign(folder, size, chance)` of a module of this folder, listed in `run.py`.
"""

import hashlib
import json
import os
import random
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from safetensors.numpy import load_file

import lstmgen
from lstmgen import run_files
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.runs.session import Training  # noqa: F401 - loads torch before the first fork

Campaign = Callable[[Path, int, random.Random], "Result"]

TEXT = "".join(f"{number} ships, {number + 1} lamps, and the sea.\n" for number in range(40))
SETTINGS = {
    "model.hidden_size": 8,
    "model.embedding_size": 8,
    "model.num_layers": 1,
    "model.dropout": 0.2,
    "training.batch_size": 3,
    "training.seq_length": 5,
    "training.max_steps": 24,
    "training.eval_every": 7,
    "training.save_every_s": 1e-6,
    "training.sample_every_s": 0.0,
    "runtime.threads": 1,
    "runtime.precision": "fp32",
}
"""Of a run that takes a fifth of a second and saves after every step."""


@dataclass
class Result:
    """What a campaign found.

    Attributes:
        cases: how many were tried.
        wrong: a line for each that went wrong.
        figures: further counts, by what they count.
    """

    cases: int = 0
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    latest: ClassVar["Result"]
    """Of the campaign that runs, so that one that is interrupted can be reported."""

    def __post_init__(self) -> None:
        Result.latest = self

    def count(self, what: str, number: int = 1) -> None:
        """Add to a figure."""
        self.figures[what] = self.figures.get(what, 0) + number


def in_child(work: Callable[[], int | None]) -> int:
    """Forks; returns the process id of the child that does the work. It ends with the number that the work gives, or 70 and a traceback."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        code = work() or 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def ended(child: int) -> int:
    """How a child ended: its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def train_to_the_end(run: Path, source: Path, cache: Path, **settings: object) -> None:
    """Starts the run, or resumes it when there is something to resume; one that was killed when nothing was left to do has ended."""
    try:
        RunFolder.open(run)
    except ModelFileError:
        training = lstmgen.train([source], out=run, overwrite=True, settings=SETTINGS | settings, cache=cache)
    else:
        training = lstmgen.train(resume=run, cache=cache)
    try:
        for _ in training:
            pass
    except UsageError as error:
        if "used up its budget" not in error.message:
            raise


def silently(work: Callable[[], int]) -> int:
    """Does work in this process whose words nobody reads, so that what it loads is there in every child; the folder and the environment
    stay as they are."""
    sys.stdout.flush()
    folder, environment, kept = Path.cwd(), dict(os.environ), [os.dup(number) for number in range(3)]
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for number in range(3):
            os.dup2(nowhere, number)
        return work()
    finally:
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(nowhere)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)


def left_by(run: Path) -> str:
    """What a run has come to: its weights, its model's, and every evaluation in its metrics."""
    lines = [json.loads(line) for line in (run / run_files.METRICS).read_text().splitlines()]
    evaluations = [(line["step"], line["val_nats"], line["is_best"]) for line in lines if line["event"] == "evaluated"]
    return f"{weights_of(run)} {weights_of(run, run_files.MODEL)} {evaluations}"


def weights_of(run: Path, name: str = "last.safetensors") -> str:
    """The hash of the weights in a file of a run."""
    tensors = load_file(run / name)
    digest = hashlib.sha256()
    for key in sorted(tensors):
        if name != "last.safetensors" or key.startswith("network."):
            digest.update(key.encode() + tensors[key].tobytes())
    return digest.hexdigest()
