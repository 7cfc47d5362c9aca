"""What files hold, for commands that read it as training does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from lstmgen import api, config
from lstmgen.cli.options import STANDARD_INPUT, cache, typed_to_the_end
from lstmgen.cli.output import Streams
from lstmgen.cli.processes import reading_pool

DATA_FIELDS: Final = frozenset(field.name for field in fields(config.DataConfig))


def read_items(
    streams: Streams,
    trained: api.TrainedModel,
    files: Sequence[str],
    options: Mapping[str, Any],
    *,
    told: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[str, Any]]:
    """The name and the content of everything that the files hold, read in the same way as for training; `told` is given their number."""
    if STANDARD_INPUT in files:
        streams = typed_to_the_end(streams, f"the {trained.kind}")
    how = {"errors": "strict", "encoding": "utf-8"} | {name: value for name, value in options.items() if name in DATA_FIELDS}
    data = replace(trained.data, sources=tuple(files), val=None, **how)
    with tempfile.TemporaryDirectory(prefix="lstmgen-") as spool:
        kept = api.keep_input(data, streams.stdin, Path(spool))
        access = api.Access(folder=Path(spool), cache=cache(), kept=kept, executor=reading_pool())
        material = api.gather(data, access, medium=trained.medium).material
        described = list(material.files())
        told(sum(file["read"] for file in described))
        for file in described:
            for reason in file.get("reasons", ()):
                streams.say(f"note: {file['file']}: {reason}" if file["read"] else f"skipped {file['file']}: {reason}")
        yield from material.items()
