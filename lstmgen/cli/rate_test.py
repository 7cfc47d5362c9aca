"""`lstmgen train --lr-range`: the loss by the learning rate, in the terminal and as a picture, and a suggestion."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import lstmgen
from lstmgen.cli.bars import work_bar
from lstmgen.cli.options import cache
from lstmgen.cli.output import Streams
from lstmgen.cli.processes import reading_pool
from lstmgen.cli.sparkline import chart, plain
from lstmgen.cli.wording import counted
from lstmgen.cli.wrapping import PAGE_COLUMNS, wrapped

_HEIGHT: Final = 14


def show_rate_test(streams: Streams, call: Mapping[str, Any], *, out: str | None, json: bool) -> None:
    """Run the test with the arguments of `lstmgen.train`, and show what it found."""
    how = {"stdin": streams.stdin, "cache": cache(), "executor": reading_pool(), "started_at": time.monotonic()}
    with work_bar(streams, "trying rates", shown=lambda steps: counted(round(steps), "step"), patience_s=0.0) as progress:
        found = lstmgen.train(**call, **how).rate_test(progress=progress)
    if out is not None:
        found.save(Path(out))
        streams.say(f"wrote {out}")
    if json:
        streams.object_line(found.to_json())
        return
    columns = min(streams.out_columns, PAGE_COLUMNS)
    points = [(math.log10(rate), loss) for rate, loss in zip(found.rates, found.smoothed_nats, strict=True)]
    for line in plain(chart(points, width=columns, height=_HEIGHT, x_label=lambda power: f"{10**power:.1e}")):
        streams.product_line(line)
    said = (
        f"nats a token by learning rate, smoothed over {counted(len(found.rates), 'step')}; least {min(found.smoothed_nats):.3f} "
        f"at {found.least_at:.2g}. A tenth of that rate is suggested: --lr {found.suggestion:g}; the run would have taken {found.usual:g}"
    )
    for line in wrapped(said, columns):
        streams.product_line(line)
