"""`lstmgen score --music`: whether samples are like what the model learned, statistic by statistic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lstmgen import api
from lstmgen.cli.bars import work_bar
from lstmgen.cli.options import cache, draw_seed
from lstmgen.cli.output import Streams, one_line
from lstmgen.cli.table import figure, write_table
from lstmgen.wording import counted

SAMPLES: Final = 50
_OUTSIDE: Final = "outside"


def report(
    streams: Streams,
    model: api.TrainedModel,
    items: Sequence[Any] | None,
    files: Sequence[str],
    *,
    count: int,
    seed: int | None,
    json: bool,
) -> None:
    """What items are like beside the corpus, as a table or as JSON.

    Args:
        streams: where it is told.
        model: with the corpus that it learned from.
        items: what the files hold; None: so many samples are drawn with the usual options.
        files: where the items come from.
        count: of samples.
        seed: of the samples; None draws one.
        json: as JSON.
    """
    told: dict[str, Any] = {"source": one_line(", ".join(files))}
    if items is None:
        seed = draw_seed() if seed is None else seed
        items, told = _drawn(streams, model, count, seed), {"source": f"{counted(count, 'sample')} of seed {seed}", "seed": seed}
    found = model.likeness(items, cache=cache())
    peers = found[0].peers
    if json:
        statistics = [each.to_json() for each in found]
        streams.object_line(told | {"samples": len(items), "peers": peers.to_json(), "statistics": statistics})
        return
    write_table(streams, _rows(found), dropped=(4,))
    inside = sum(not each.outside for each in found)
    if peers.seen is None:
        lengths = f"{peers.low:.0f} to {counted(round(peers.high), peers.unit)}"
        streams.say(f"compared with {peers.items:,} of what the model learned from, those of {lengths}")
    else:
        most = counted(round(peers.seen.amount), peers.unit)
        streams.say(f"compared with the first {most} of each of {peers.items:,}, as few are so short; how they end is how the whole ends")
    usual = "" if peers.usual is None else f", of which 95 in 100 have {peers.usual} or more"
    streams.say(f"{told['source']}: {inside} of {len(found)} statistics lie as near the corpus as its own random parts{usual}")


def _drawn(streams: Streams, model: api.TrainedModel, count: int, seed: int) -> list[Any]:
    items: list[Any] = []
    with work_bar(streams, "drawing", shown=lambda number: counted(round(number), "sample")) as progress:
        for sample in model.answer(api.Request(num_samples=count, seed=seed)):
            items.append(sample.item)
            progress(len(items), count)
    return items


def _rows(found: Sequence[api.Likeness]) -> list[list[str]]:
    rows = [["", "samples", "corpus", "apart", "spread", ""]]
    for each in found:
        apart, spread = (figure(value, ".3g") for value in (each.difference, each.spread))
        rows.append(
            [each.statistic.heading, _cell(each, each.samples), _cell(each, each.corpus), apart, spread, _OUTSIDE if each.outside else ""]
        )
    return rows


def _cell(each: api.Likeness, values: Any) -> str:
    """A ratio; of a distribution its largest part."""
    if values is None:
        return "-"
    if not each.statistic.parts:
        return figure(float(values[0]), ".3g")
    largest = int(values.argmax())
    return f"{each.statistic.parts[largest]}: {values[largest]:.0%}"
