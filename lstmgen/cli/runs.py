"""`lstmgen runs`: what was trained here, runs side by side, their curves, and taking one away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from lstmgen import api, choices, run_files
from lstmgen.cli.command import Command
from lstmgen.cli.complete import paths
from lstmgen.cli.complete import runs as offered_runs
from lstmgen.cli.options import JSON, TENSORBOARD
from lstmgen.cli.output import Streams, Styled, one_line
from lstmgen.cli.sparkline import Points, chart, plain, scale_of
from lstmgen.cli.table import aligned, clipped, terminal_width, write_table
from lstmgen.cli.wording import amount, counted, duration, size
from lstmgen.errors import UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen runs                                     # newest first",
    "lstmgen runs --sort loss --folder experiments",
    "lstmgen runs compare story story-2               # what differs, and the curves side by side",
    "lstmgen runs rm story-2                          # asks first",
    "lstmgen runs --json | jq -r 'select(.state == \"finished\") | .path'",
)
_COMPARE_EXAMPLES: Final = (
    "lstmgen runs compare story story-2               # names of runs",
    "lstmgen runs compare RUN/ OTHER/model.safetensors --json | jq .different",
)
_PLOT_EXAMPLES: Final = (
    "lstmgen runs plot story                          # in the terminal",
    "lstmgen runs plot story story-2 -o curves.svg    # or .png; training and validation, with axes",
    "lstmgen runs plot story --x time -o curves.png --dark",
    "lstmgen runs plot story --tensorboard events/    # then: tensorboard --logdir events",
)
_RM_EXAMPLES: Final = (
    "lstmgen runs rm story-2                          # asks first",
    "lstmgen runs rm story-2 story-3 --yes            # for scripts",
)
_CHART_HEIGHT: Final = 10
_LEAST_CHART: Final = 28
_NOTHING: Final = "-"

_FOLDER: Final = Option(
    name="folder", flags="--folder", type=Path, unit="FOLDER", default=run_files.RUNS, help="Where the runs lie.", complete=paths
)


def _newest(run: api.RunFacts) -> Any:
    return -run.changed_s


_SORTS: Final[dict[str, Callable[[api.RunFacts], Any]]] = {
    "date": _newest,
    "name": lambda run: run.name,
    "loss": lambda run: (run.loss is None, run.loss_unit or "", run.loss or 0.0),
    "size": lambda run: -(run.parameters or 0),
    "steps": lambda run: -(run.steps or 0),
}
_SORT: Final = Option(
    name="sort",
    flags="--sort",
    choices=tuple(_SORTS),
    default="date",
    help="Newest first, by name, lowest loss first (of one unit after the other), largest first, or most steps first.",
)
RUN: Final = Option(
    name="names",
    unit="RUN...",
    repeated=True,
    required=True,
    help=f"Run folders, or names of runs under {run_files.RUNS}/; to compare, model files too.",
    complete=offered_runs,
)
_PICTURES: Final = get_args(choices.CurvePicture)
_PLOT: Final = (
    Option(
        name="outs",
        flags="-o --output",
        unit="OUT",
        repeated=True,
        help="A name that ends in .svg or .png. May be repeated.",
        complete=paths,
    ),
    Option(name="x", flags="--x", choices=get_args(choices.CurveAxis), default="steps", help="What the horizontal axis counts."),
    TENSORBOARD,
    Option(name="title", flags="--title", unit="TEXT", help="At the head.", panel="pictures"),
    Option(name="dark", flags="--dark", type=bool, help="Light on dark.", panel="pictures"),
    Option(name="width", flags="--width", type=int, unit="N", low=1, help="Pixels. [1200]", panel="pictures"),
)
_YES: Final = Option(name="yes", flags="-y --yes", type=bool, help="Do not ask.")
_STATES: Final = {"training": "training now", "unfinished": "unfinished", "finished": "", "damaged": "damaged"}


def list_runs(streams: Streams, *, folder: Path, sort: str, json: bool) -> None:
    """List the runs in a folder: what each has learned, how good it became, its size, its steps and its date.

    The loss is that of the validation part, in the unit that fits: nats a character of text, nats a note of music, otherwise nats a token.
    """
    found = sorted(api.list_runs(folder), key=_SORTS[sort])
    if json:
        for run in found:
            streams.object_line(run.to_json())
        return
    if not found:
        streams.say(f"there are no runs in {folder}; lstmgen train FILE makes one")
        return
    rows = [["run", "learned", "loss", "parameters", "steps", "date", ""], *map(_row, found)]
    write_table(streams, rows, dropped=(3, 4, 1, 5))
    for run in found:
        if run.problem:
            streams.say(f"{run.name}: {run.problem}")


def _row(run: api.RunFacts) -> list[str]:
    return [
        run.name,
        f"{run.kind}, {run.tokenizer}" if run.kind else _NOTHING,
        _loss(run),
        amount(run.parameters) if run.parameters is not None else _NOTHING,
        f"{run.steps:,}" if run.steps is not None else _NOTHING,
        time.strftime("%Y-%m-%d %H:%M", time.localtime(run.changed_s)),
        _STATES[run.state],
    ]


def _loss(run: api.RunFacts) -> str:
    return _NOTHING if run.loss is None else f"{run.loss:.4f} {run.loss_unit}"


def compare(streams: Streams, *, names: tuple[str, ...], json: bool) -> None:
    """Show what differs between runs: settings, results, and the curves of their losses side by side on one scale.

    Curves: columns are the training loss, dots the validation loss, in nats a token.
    """
    first, *others = names
    if not others:
        raise UsageError(f"there is nothing to compare {first} with", remedy=f"lstmgen runs compare {first} OTHER")
    paths = [api.find_run(name) for name in names]
    found = api.compare_runs(paths)
    histories = [api.read_history(path) for path in paths]
    if json:
        different = {key: [settings.get(key) for settings in found.settings] for key in found.different}
        runs = [run.to_json() | _curves(history) for run, history in zip(found.runs, histories, strict=True)]
        streams.object_line({"different": different, "runs": runs})
        return
    width = terminal_width(streams) or 100
    for line in _compared(found, names, width):
        streams.product_line(one_line(line))
    for line in _side_by_side(histories, names, width):
        streams.product_line(line)


def _curves(history: api.History) -> dict[str, Any]:
    return {name: [[point.step, point.nats] for point in getattr(history, name)] for name in ("training", "validation")}


def _compared(found: api.Comparison, names: Sequence[str], width: int) -> list[str]:
    """The tables of settings and results."""
    room = max(8, (width - 28) // len(names) - 2)
    heading = ["", *(clipped(name, room, end=True) for name in names)]
    settings = [[key, *(clipped(_said(each.get(key)), room) for each in found.settings)] for key in found.different]
    lost = [name for name, each in zip(names, found.settings, strict=True) if not each]
    results = [
        ["loss", *map(_loss, found.runs)],
        ["steps", *(_or_nothing(run.steps, lambda steps: f"{steps:,}") for run in found.runs)],
        ["time", *(_or_nothing(run.seconds, duration) for run in found.runs)],
        ["parameters", *(_or_nothing(run.parameters, lambda number: f"{number:,}") for run in found.runs)],
        ["model file", *(_or_nothing(run.model_bytes, size) for run in found.runs)],
        ["state", *(run.state for run in found.runs)],
    ]
    rows = [heading, *(settings or [["no setting differs", *([""] * len(names))]]), [""] * len(heading), *results]
    return [*aligned(rows, columns=width), *(f"the settings of {name} are not known" for name in lost)]


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return _NOTHING if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _or_nothing(value: Any, words: Callable[[Any], str]) -> str:
    return _NOTHING if value is None else words(value)


def _side_by_side(histories: Sequence[api.History], names: Sequence[str], width: int, *, x: choices.CurveAxis = "steps") -> list[str]:
    """Charts on one scale, as many beside each other as have room."""
    label = step_label if x == "steps" else duration
    curves = [(name, *curves_of(history, x=x)) for name, history in zip(names, histories, strict=True)]
    curves = [(name, training, validation) for name, training, validation in curves if training or validation]
    abreast = max(1, min(len(curves), width // _LEAST_CHART))
    each = width // abreast - 2
    scale = scale_of([points for _, *both in curves for points in both], width=each)
    charts = [
        [
            f"{clipped(name, each, end=True)}",
            *plain(chart(training, validation, width=each, height=_CHART_HEIGHT, scale=scale, x_label=label)),
        ]
        for name, training, validation in curves
    ]
    lines: list[str] = []
    for first in range(0, len(charts), abreast):
        row = charts[first : first + abreast]
        lines += ["", *("  ".join(f"{line:<{each}}" for line in together).rstrip() for together in zip(*row, strict=True))]
    return lines


def curves_of(history: api.History, *, x: choices.CurveAxis = "steps") -> tuple[Points, Points]:
    """Steps, or seconds, and nats a token of training and of validation."""
    training, validation = (
        [(point.step if x == "steps" else point.elapsed_s, point.nats) for point in points]
        for points in (history.training, history.validation)
    )
    return training, validation


def step_label(step: float) -> str:
    """`1,240`, or `18.4k` where it is long."""
    return f"{step:,.0f}" if step < 10_000 else amount(step)


def plot(
    streams: Streams,
    *,
    names: tuple[str, ...],
    outs: tuple[str, ...],
    tensorboard: Path | None,
    x: choices.CurveAxis,
    **look: Any,
) -> None:
    """Draw the losses of runs, of training and of validation, by steps or by time.

    Without -o and --tensorboard the curves are drawn in the terminal.
    """
    paths = [api.find_run(name) for name in names]
    chosen = {name: value for name, value in look.items() if value not in (None, False)}
    if chosen and not outs:
        raise UsageError(f"--{next(iter(chosen))} is for pictures, and none is drawn", remedy="-o curves.svg, or leave it out")
    files = [_picture(out) for out in outs]
    if tensorboard is not None:
        api.require_tensorboard()
    for file in files:
        api.make_folder(file.parent)
        api.save_curves(paths, file, x=x, **chosen)
        streams.say(f"wrote {file}: {size(file.stat().st_size)}")
    if tensorboard is not None:
        for path in paths:
            streams.say(f"wrote {api.export_run(path, tensorboard)}")
        streams.say(f"next: tensorboard --logdir {tensorboard}")
    if not files and tensorboard is None:
        histories = [api.read_history(path) for path in paths]
        for line in _side_by_side(histories, names, terminal_width(streams) or 100, x=x):
            streams.product_line(line)


def _picture(out: str) -> Path:
    """Where a picture goes.

    Raises:
        UsageError: its name does not say what it is to be.
    """
    if Path(out).suffix.lower().removeprefix(".") not in _PICTURES:
        endings = " or ".join(f".{kind}" for kind in _PICTURES)
        raise UsageError(f"-o {out}: expected a name that ends in {endings}", remedy=f"-o {Path(out).stem or 'curves'}.{_PICTURES[0]}")
    return Path(out)


def remove(streams: Streams, *, names: tuple[str, ...], yes: bool) -> None:
    """Remove runs: the files that training wrote, and the folder where nothing else is in it.

    Only the folder of a run of lstmgen is removed, never one in training, and no link is followed.
    """
    paths = list(dict.fromkeys(api.find_run(name) for name in names))
    for path in paths:
        api.check_removable(path)
    if not yes and not _agreed(streams, paths):
        streams.say("nothing is removed")
        return
    for path in paths:
        left = api.remove_run(path)
        kept = f"; the folder stays, for it holds {', '.join(left[:3])}{' and more' if len(left) > 3 else ''}" if left else ""
        streams.say(f"removed {path}{kept}")


def _agreed(streams: Streams, paths: Sequence[Path]) -> bool:
    """Whether a person at the terminal says yes.

    Raises:
        UsageError: nobody can be asked.
    """
    if not (streams.in_is_terminal and streams.err_is_terminal):
        raise UsageError("nobody is there to be asked whether to remove it", remedy=f"lstmgen runs rm {paths[0]} --yes")
    for path in paths:
        number, total = api.size_of_run(path)
        streams.insist(f"{path}: {counted(number, 'file')}, {size(total)}")
    which = "it" if len(paths) == 1 else f"these {counted(len(paths), 'run')}"
    streams.insist(Styled("bold", f"remove {which}? [y/N]"), end=" ")
    return streams.stdin.readline().strip().lower() in {b"y", b"yes"}


COMMAND: Final = Command(
    name="runs",
    run=list_runs,
    examples=_EXAMPLES,
    options=(_FOLDER, _SORT, JSON),
    commands=(
        Command(name="compare", run=compare, examples=_COMPARE_EXAMPLES, options=(RUN, JSON)),
        Command(name="plot", run=plot, examples=_PLOT_EXAMPLES, options=(RUN, *_PLOT)),
        Command(name="rm", run=remove, examples=_RM_EXAMPLES, options=(RUN, _YES)),
    ),
)
