"""`lstmgen lab`: generated tasks that tell cells apart, and the gradient that reaches back, measured here and now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, get_args

from lstmgen import api, choices
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpora_and_files, paths
from lstmgen.cli.inspect import share_of
from lstmgen.cli.options import JSON, cache
from lstmgen.cli.output import Streams
from lstmgen.cli.table import write_table
from lstmgen.cli.wording import amount, counted, duration
from lstmgen.cli.wrapping import PAGE_COLUMNS, wrapped
from lstmgen.errors import UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen lab                                     # what there is",
    "lstmgen lab reber                               # LSTM against the plain RNN",
    "lstmgen lab parity --cell lstm --cell minlstm   # what a linear recurrence cannot do",
    "lstmgen lab reber-continual --cell lstm --cell lstm-1997 --seeds 5",
    "lstmgen lab cells --cell lstm --cell gru        # all figures of cells side by side",
    "lstmgen lab gradient                            # how much of the gradient reaches back",
)
GRADIENT: Final = "gradient"
CELLS: Final = "cells"
_OWN: Final = {
    GRADIENT: "how much of the gradient reaches a token k steps back, in networks that have learned nothing yet",
    CELLS: "every cell in one table: size, speed, loss after as many steps and after as much time, parity, Reber, gradient",
}
"""What is no task."""
_USUAL: Final = ("lstm", "rnn")
_GRADIENT_ROWS: Final = (("rnn", None), ("gru", None), ("lstm-1997", None), ("lstm", 0.0), ("lstm", None), ("lstm", 3.0))
_TASK: Final = Option(
    name="task",
    unit="TASK",
    help="What to measure; all are listed where none is named.",
    complete=lambda incomplete: [name for name in (*choices.LAB_TASKS, *_OWN) if name.startswith(incomplete)],
)
_CELLS: Final = Option(
    name="cells", flags="--cell", choices=choices.cell_names(), repeated=True, help="A cell to try; several may be given. [lstm and rnn]"
)
_SEEDS: Final = Option(name="seeds", flags="--seeds", type=int, unit="N", low=1, high=100, default=1, help="Trials of each cell.")
_STEPS: Final = Option(
    name="steps", flags="--steps", type=int, unit="N", low=1, help="Training steps; enough for the task where not given."
)
_SOURCES: Final = Option(
    name="sources",
    flags="--source",
    unit="SOURCE",
    repeated=True,
    help="With cells: what they learn; several may be given. [underlamp and lanterns]",
    complete=corpora_and_files,
)
_OUT: Final = Option(name="out", flags="-o --out", unit="FILE", type=Path, help="With gradient: draw it, as .svg or .png.", complete=paths)
_SEED: Final = Option(name="seed", flags="--seed", type=int, unit="N", low=0, default=0, help="Seed of the first trial.")


def run(
    streams: Streams,
    *,
    task: str | None,
    cells: tuple[str, ...],
    seeds: int,
    steps: int | None,
    sources: tuple[str, ...],
    seed: int,
    out: Path | None,
    json: bool,
) -> None:
    """Try cells on generated tasks that tell them apart, each in about a minute.

    A fresh network of one layer learns the task and is tested on what it has not seen. Beside its figure stand the share of right answers
    of who guesses and what the literature reports.
    """
    if task in _OWN and (seeds > 1 or (task == GRADIENT and steps is not None)):
        raise UsageError(f"{'--seeds' if seeds > 1 else '--steps'} is for tasks, which {task} is not", remedy="leave it out")
    if sources and task != CELLS:
        raise UsageError("--source is for cells: tasks are generated", remedy="leave it out")
    kinds = [f".{kind}" for kind in get_args(choices.CurvePicture)]
    if out is not None and (task != GRADIENT or out.suffix.lower() not in kinds):
        raise UsageError(f"-o draws the gradient, as {' or '.join(kinds)}", remedy="lstmgen lab gradient -o gradient.svg")
    if task is None:
        _list(streams, json=json)
    elif task == GRADIENT:
        _gradient(streams, cells, seed=seed, out=out, json=json)
    elif task == CELLS:
        _cells(streams, cells or choices.cell_names(), sources or None, steps=steps, seed=seed, json=json)
    elif task in choices.LAB_TASKS:
        _try(streams, task, list(dict.fromkeys(cells or _USUAL)), range(seed, seed + seeds), steps=steps, json=json)
    else:
        raise UsageError(f"there is no task {task!r}, expected one of {', '.join((*choices.LAB_TASKS, *_OWN))}", remedy="lstmgen lab")


def _list(streams: Streams, *, json: bool) -> None:
    tasks = {name: api.lab_task(name) for name in choices.LAB_TASKS}
    if json:
        for name, task in tasks.items():
            streams.object_line({"task": name, "about": task.about, "shows": task.shows, "published": task.published})
        return
    for name, task in tasks.items():
        streams.product_line(name)
        _tell(streams, f"{task.about}; tells {task.shows}", indent=4)
    for name, about in _OWN.items():
        streams.product_line(name)
        _tell(streams, about, indent=4)


def _tell(streams: Streams, text: str, *, indent: int = 0) -> None:
    for line in wrapped(" " * indent + text, min(streams.out_columns, PAGE_COLUMNS)):
        streams.product_line(line)


def _try(streams: Streams, name: str, cells: Sequence[str], seeds: range, *, steps: int | None, json: bool) -> None:
    task = api.lab_task(name)
    trials = [(cell, seed) for cell in cells for seed in seeds]
    streams.say(f"{name}: {task.about}")
    results: list[api.Trial] = []
    with work_bar(streams, "trials", shown=lambda done: counted(round(done / 100), "trial"), patience_s=0.0) as progress:
        for number, (cell, seed) in enumerate(trials):
            for trial in api.lab_trial(task, cell, seed=seed, steps=steps):
                progress(round(100 * (number + trial.step / trial.steps)), 100 * len(trials))
                if trial.figure is not None:
                    results.append(trial)
                    streams.explain(f"{cell}, seed {seed}: {_shown(task, trial.figure)} after {counted(trial.steps, 'step')}")
    if json:
        for trial in results:
            facts = {"task": name, "unit": task.unit, "chance": task.chance, "published": task.published}
            streams.object_line(facts | asdict(trial))
        return
    rows = [["cell", "parameters", "right", "worst", "best", "loss", "state norm", "time a trial"]]
    for cell in cells:
        own = [trial for trial in results if trial.cell == cell]
        figures = [trial.figure or 0.0 for trial in own]
        rows.append(
            [
                cell,
                amount(own[0].parameters),
                *(_shown(task, value) for value in (math.fsum(figures) / len(own), min(figures), max(figures))),
                f"{math.fsum(trial.loss_nats for trial in own) / len(own):.3f}",
                f"{math.fsum(trial.state_norm for trial in own) / len(own):.1f}",
                duration(math.fsum(trial.seconds for trial in own) / len(own)),
            ]
        )
    rows.append(["guessing", "", _shown(task, task.chance), *[""] * 5])
    write_table(streams, rows, dropped=(6, 7, 1, 5, 4, 3))
    _tell(streams, f"published: {task.published}")


def _shown(task: api.LabTask, figure: float) -> str:
    return f"{figure:.0f}" if task.unit == "length" else f"{100 * figure:.1f} %"


def _gradient(streams: Streams, cells: tuple[str, ...], *, seed: int, out: Path | None, json: bool) -> None:
    rows = tuple((cell, None) for cell in dict.fromkeys(cells)) or _GRADIENT_ROWS
    measured = [(cell, bias, api.untrained_gradient(cell, seed=seed, forget_bias=bias)) for cell, bias in rows]
    if out is not None:
        api.save_gradient_picture([(_label(cell, bias), kept) for cell, bias, kept in measured], out)
        streams.say(f"wrote {out}")
    if json:
        for cell, bias, kept in measured:
            streams.object_line({"cell": cell, "forget_bias": bias, **asdict(kept)})
        return
    lags = measured[0][2].lags
    rows = [["share left after k steps", *(f"k = {lag}" for lag in lags)]]
    for cell, bias, kept in measured:
        rows.append([_label(cell, bias), *map(share_of, kept.median)])
    for name, factor in api.CLOSED_FORMS:
        rows.append([name, *(share_of(factor**lag) for lag in lags)])
    write_table(streams, rows, dropped=(1, 3, 6, 2, 5))


def _cells(streams: Streams, cells: Sequence[str], sources: Sequence[str] | None, *, steps: int | None, seed: int, json: bool) -> None:
    given: dict[str, Any] = {"steps": steps, "seed": seed, "cache": cache()} | ({} if sources is None else {"sources": sources})
    found: list[api.CellRow] = []
    with work_bar(streams, "networks", shown=lambda number: counted(round(number), "network"), patience_s=0.0) as progress:
        for row in api.cell_table(list(dict.fromkeys(cells)), progress=progress, **given):
            found.append(row)
            streams.explain(f"{row.cell}: {amount(row.tokens_per_second)} tokens a second")
            if json:
                streams.object_line(asdict(row))
    if json:
        return
    first = found[0]
    heads = ["cell", "parameters", "tokens/s"]
    heads += [f"{Path(source).name}, {kind}" for source in first.equal_steps for kind in ("equal steps", "equal time")]
    table = [[*heads, *first.tasks, *(f"gradient at {lag}" for lag in first.gradient)]]
    for row in found:
        losses = [f"{loss:.3f}" for source in row.equal_steps for loss in (row.equal_steps[source], row.equal_time[source])]
        tasks = [_shown(api.lab_task(name), figure) for name, figure in row.tasks.items()]
        table.append(
            [row.cell, amount(row.parameters), amount(row.tokens_per_second), *losses, *tasks, *map(share_of, row.gradient.values())]
        )
    write_table(streams, table)
    baselines = ", ".join(f"{name} {_shown(api.lab_task(name), api.lab_task(name).chance)}" for name in first.tasks)
    _tell(
        streams,
        f"nats a token of what was held out, after {counted(first.steps, 'step')}, and in the time that {first.cell} takes for them; "
        f"guessing: {baselines}",
    )


def _label(cell: str, forget_bias: float | None) -> str:
    return cell if forget_bias is None else f"{cell}, forget bias {forget_bias:g}"


COMMAND: Final = Command(name="lab", run=run, examples=_EXAMPLES, options=(_TASK, _CELLS, _SEEDS, _STEPS, _SOURCES, _SEED, _OUT, JSON))
