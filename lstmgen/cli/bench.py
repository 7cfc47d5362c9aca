"""`lstmgen bench`: how fast this is on this machine, beside stock PyTorch doing the same work at the same time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import lstmgen
from lstmgen import api
from lstmgen.choices import BENCH_TASKS
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.options import DEVICE, JSON, THREADS
from lstmgen.cli.output import Streams
from lstmgen.cli.table import write_table
from lstmgen.cli.wording import amount, counted, size
from lstmgen.cli.wrapping import PAGE_COLUMNS, wrapped
from lstmgen.errors import UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen bench                    # everything, in about five minutes",
    "lstmgen bench sample lanes       # one sample, and 64 side by side",
    "lstmgen bench train --quick      # fewer and shorter rounds",
    "lstmgen bench --json > here.json",
)
_ABOUT: Final = (
    "Both do the same work in turns; ratio is ours to stock, the median of all rounds with the least and the largest. Of limit is the share"
    " of what products, in the fastest way that is known, and the reading of weights alone would allow, measured in the same rounds."
)
_TASK: Final = Option(
    name="tasks",
    unit="TASK...",
    repeated=True,
    help=f"What to measure: {', '.join(BENCH_TASKS)}; all of it where none is named.",
    complete=lambda incomplete: [name for name in BENCH_TASKS if name.startswith(incomplete)],
)
_QUICK: Final = Option(name="quick", flags="--quick", type=bool, help="Three short rounds, for a first look.")


def run(streams: Streams, *, tasks: tuple[str, ...], quick: bool, device: str, threads: int | None, json: bool) -> None:
    """Measure how fast this is here, beside stock PyTorch and what the machine could do.

    Stock is nn.LSTM: for sampling called once a token, with torch.multinomial; for training with time first, the state carried on, fused
    AdamW, and autocast where bf16 is faster; "usual" is training with batches first and Adam as it comes. On a CPU stock trains in a
    process of its own, as it does where nothing else runs. With --json there is one object for each comparison.
    """
    for task in tasks:
        if task not in BENCH_TASKS:
            raise UsageError(f"there is no task {task!r}, expected one of {', '.join(BENCH_TASKS)}", remedy="lstmgen bench")
    chosen = [task for task in BENCH_TASKS if task in tasks or not tasks]
    used, where = api.set_threads(threads), api.choose_device(device)
    found: list[api.BenchComparison] = []
    with work_bar(streams, "measuring", shown=lambda done: counted(done, "task"), patience_s=0.0) as progress:
        for number, task in enumerate(chosen):
            for comparison in api.bench(task, quick=quick, device=where):
                found.append(comparison)
                if json:  # at once, so that what was measured is not lost when the rest is interrupted
                    machine = {"device": where.type, "threads": used, "peak_bytes": api.peak_bytes(), "torch": api.torch_version()}
                    streams.object_line(asdict(comparison) | machine | {"version": lstmgen.__version__})
            progress(number + 1, len(chosen))
    if json:
        return
    peak = api.peak_bytes()
    rows = [["task", "shape", "ours", "a second", "stock", "a second", "ratio", "least", "largest", "of limit"]]
    rows += [_row(comparison) for comparison in found]
    write_table(streams, rows, labels=2, dropped=(8, 7, 5))
    for said in dict.fromkeys(f"{each.task} {each.ours}: {each.path}" for each in found if each.path):
        streams.say(said)
    memory = "" if peak is None else f", {size(peak)} of memory at most"
    streams.say(f"{where.type}, {counted(used, 'thread')}{memory}")
    for line in wrapped(_ABOUT, min(streams.err_columns, PAGE_COLUMNS)):
        streams.explain(line)


def _row(comparison: api.BenchComparison) -> list[str]:
    ratio = comparison.ratio
    return [
        comparison.task,
        comparison.shape,
        comparison.ours,
        amount(round(comparison.per_second.median)),
        comparison.stock,
        amount(round(comparison.stock_per_second.median)),
        *(f"{value:.2f}" for value in (ratio.median, ratio.low, ratio.high)),
        "" if comparison.share is None else f"{100 * comparison.share.median:.0f} %",
    ]


COMMAND: Final = Command(name="bench", run=run, examples=_EXAMPLES, options=(_TASK, _QUICK, DEVICE, THREADS, JSON))
