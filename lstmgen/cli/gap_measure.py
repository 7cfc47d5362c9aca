"""`lstmgen infill --measure` and `harmonize --measure`: how much it helps a model to be told what is kept around a gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lstmgen import api
from lstmgen.cli.bars import work_bar
from lstmgen.cli.options import cache
from lstmgen.cli.output import Streams
from lstmgen.cli.table import write_facts
from lstmgen.errors import UsageError
from lstmgen.options import Option
from lstmgen.wording import counted

MEASURE: Final = Option(
    name="measure",
    flags="--measure",
    type=int,
    unit="N",
    low=1,
    high=1_000_000,
    help="In place of FILE: cut N gaps into the held-out part, and tell how surprising what stood there is, with and without what follows.",
    panel="how good it is",
)


def report(streams: Streams, model: api.TrainedModel, values: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """What stood in gaps, in nats a token, as a table or as JSON.

    Args:
        streams: where it is told.
        model: what fills gaps.
        values: of the options of the command.
        options: of the medium, which say what of each item is a gap; none: gaps stand anywhere.
    """
    options = dict(options)
    length = options.pop("length", None)
    if length is not None and not str(length).isdecimal():
        raise UsageError(f"--length {length}: with --measure all gaps are of one length", remedy="--length 5")
    if unfit := [name for name in ("gap", "at") if name in options]:
        raise UsageError(f"--{unfit[0]} says where gaps of a FILE are, and --measure draws them", remedy="leave it out")
    options.pop("oov", None)
    how = {name: values[name] for name in ("candidates", "horizon", "method")} | {"length": None if length is None else int(length)}
    how |= {} if values["seed"] is None else {"seed": values["seed"]}
    with work_bar(streams, "filling gaps", shown=lambda number: counted(round(number), "gap")) as progress:
        found = api.measure_gaps(
            model, values["split"] or "val", count=values["measure"], cache=cache(), progress=progress, **how, **options
        ).to_json()
    if values["json"]:
        streams.object_line(found)
        return
    rows = [
        ("gaps", f"{found['gaps']:,} with {counted(found['tokens'], 'token')}, {found['candidates']:,} ways each"),
        ("left to right", f"{found['nats_before']:.4f} nats a token"),
        ("given all that is kept", f"{found['nats_both_low']:.4f} to {found['nats_both_high']:.4f} nats a token"),
        ("change", f"{found['change_low']:+.1%} to {found['change_high']:+.1%}"),
    ]
    write_facts(streams, rows, column=24)
