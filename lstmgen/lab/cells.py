"""Every cell in one table: size, speed, what it learns in as many steps and in as much time, what it can learn at all, and its gradient.

Two layers of 128 units in fp32, the same settings and the same windows for all. Equal time is a number of steps: as many as a cell takes
while the first one takes its own, by the medians of steps that all cells take in turns, so that it does not depend on what else runs.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch

from lstmgen.analysis.gradient import untrained
from lstmgen.lab.learn import trial
from lstmgen.lab.task import task_of
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import Architecture
from lstmgen.runs.pace import timed_steps
from lstmgen.runs.session import train
from lstmgen.runs.sources import require_sources

SOURCES: Final = ("underlamp", "lanterns")
"""What cells learn where nothing else is named: a text and tunes that come with the package."""
STEPS: Final = 500
TASKS: Final = ("parity", "reber")
LAGS: Final = (10, 100)
_WIDTH, _LAYERS, _EMBEDDING, _BATCH, _LENGTH, _SYMBOLS = 128, 2, 64, 32, 32, 96
_ROUNDS: Final = 9

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class CellRow:
    """What was measured of a cell.

    Attributes:
        cell: its name.
        parameters: numbers in a network of it with 96 symbols.
        tokens_per_second: in training.
        steps: that it took.
        equal_steps: by source, nats a token of what was held out, after as many steps.
        time_steps: steps that it takes in the time in which the first cell takes its own.
        equal_time: by source, nats a token after as much time.
        tasks: by task, what the test gave.
        gradient: by distance, the share of the gradient that is left, before anything was learned.
    """

    cell: str
    parameters: int
    tokens_per_second: float
    steps: int
    equal_steps: dict[str, float]
    time_steps: int
    equal_time: dict[str, float]
    tasks: dict[str, float]
    gradient: dict[int, float]


def cell_table(
    cells: Sequence[str],
    *,
    sources: Sequence[str] = SOURCES,
    steps: int | None = None,
    seed: int = 0,
    cache: Path,
    progress: Progress | None = None,
) -> Iterator[CellRow]:
    """A row for each cell, as soon as it is known.

    Args:
        cells: which; the others are given the time of the first.
        sources: what is learned.
        steps: of the first cell, and of every task; None: 500, and as many as each task needs.
        seed: of everything that is drawn.
        cache: where token files and corpora are kept.
        progress: called with the networks that have learned and all of them.

    Raises:
        CorpusError: a source cannot be used; where it is not there, nothing was learned before.
    """
    require_sources(sources, cache=cache)  # the last of them is read after minutes
    architecture = Architecture(vocab_size=_SYMBOLS, embedding_size=_EMBEDDING, hidden_size=_WIDTH, num_layers=_LAYERS)
    speeds = _speeds([replace(architecture, cell=cell) for cell in cells])
    total, done = len(cells) * (2 * len(sources) + len(TASKS)), itertools.count(1)

    def counted(value: float) -> float:
        if progress is not None:
            progress(next(done), total)
        return value

    for cell, speed in zip(cells, speeds, strict=True):
        own_steps = steps or STEPS
        time_steps = max(1, round(own_steps * speed / speeds[0]))
        learned = {
            (source, count): counted(_learned(source, cell, steps=count, seed=seed, cache=cache))
            for source in sources
            for count in dict.fromkeys((own_steps, time_steps))
        }
        if time_steps == own_steps:
            list(map(counted, [0.0] * len(sources)))
        yield CellRow(
            cell=cell,
            parameters=replace(architecture, cell=cell).num_parameters,
            tokens_per_second=speed,
            steps=own_steps,
            equal_steps={source: learned[source, own_steps] for source in sources},
            time_steps=time_steps,
            equal_time={source: learned[source, time_steps] for source in sources},
            tasks={task: counted(_solved(task, cell, seed=seed, steps=steps)) for task in TASKS},
            gradient=dict(zip(LAGS, untrained(cell, seed=seed, lags=LAGS).median, strict=True)),
        )


def _speeds(architectures: Sequence[Architecture]) -> list[float]:
    """Tokens a second in training: medians of steps that all take in turns, the first of each not counted."""
    arithmetic = Arithmetic(torch.device("cpu"), "fp32", "")
    timed = [timed_steps(architecture, arithmetic, batch_size=_BATCH, seq_length=_LENGTH) for architecture in architectures]
    rounds = [[next(steps) for steps in timed] for _ in range(_ROUNDS + 1)]
    return [_BATCH * _LENGTH / statistics.median(seconds[1:]) for seconds in zip(*rounds, strict=True)]


def _learned(source: str, cell: str, *, steps: int, seed: int, cache: Path) -> float:
    """Nats a token of what is held out, of the best model of a run that is thrown away."""
    settings: dict[str, Any] = {
        "model.cell": cell,
        "model.hidden_size": _WIDTH,
        "model.num_layers": _LAYERS,
        "model.embedding_size": _EMBEDDING,
        "training.batch_size": _BATCH,
        "training.seq_length": _LENGTH,
        "training.max_steps": steps,
        "training.seed": seed,
        "training.sample_every_s": 0.0,
        "runtime.precision": "fp32",
        "runtime.device": "cpu",
    }
    with tempfile.TemporaryDirectory(prefix="lstmgen-") as folder:
        training = train(source, out=Path(folder) / "run", settings=settings, cache=cache)
        for _ in training:
            pass
        return training.summary["val"]["nats_per_token"]


def _solved(task: str, cell: str, *, seed: int, steps: int | None) -> float:
    """What the test of a task gave."""
    *_, last = trial(task_of(task), cell, seed=seed, steps=steps)
    return last.figure or 0.0
