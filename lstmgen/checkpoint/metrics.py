"""The metrics of a run, read as a stream: one JSON object a line, whatever a line that is none holds."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from lstmgen import limits
from lstmgen.opening import open_regular

Row = dict[str, Any]
_MOST_MISSED: Final = 1_000
"""Places in lines that no run wrote, after which a file is given up."""


def rows(stream: BinaryIO, end: float = math.inf) -> Iterator[tuple[bytes, Row]]:
    """Every line that holds a JSON object, and the object. What a crash left torn is passed over, and so is what no run wrote.

    Args:
        stream: at the beginning.
        end: bytes; what goes on behind is not given.
    """
    while stream.tell() < end and (line := stream.readline(limits.MAX_METRICS_LINE_BYTES)):
        if line.endswith(b"\n") or len(line) < limits.MAX_METRICS_LINE_BYTES:
            if stream.tell() <= end and (row := _parsed(line)) is not None:
                yield line, row
        else:
            _pass_line_end(stream, end)


def glimpse(path: Path) -> Iterator[Row]:
    """The rows of a file of metrics in order; of a long file as many as make a curve, evenly spread. None where it cannot be read."""
    with contextlib.suppress(OSError), open_regular(path, follow=False) as stream:
        size = os.fstat(stream.fileno()).st_size
        yield from (row for _, row in rows(stream)) if size <= limits.MAX_METRICS_READ_BYTES else _spread(stream, size)


def _spread(stream: BinaryIO, size: int) -> Iterator[Row]:
    seen, missed = -1, 0
    for point in range(limits.MAX_CURVE_POINTS):
        stream.seek(size * point // limits.MAX_CURVE_POINTS)
        if not stream.readline(limits.MAX_METRICS_LINE_BYTES).endswith(b"\n"):
            missed += 1  # in a line that no run wrote
            if missed > _MOST_MISSED:
                return
            continue
        begin = stream.tell()
        if begin > seen and (row := _parsed(stream.readline(limits.MAX_METRICS_LINE_BYTES))) is not None:
            seen = begin
            yield row


def _pass_line_end(stream: BinaryIO, end: float) -> None:
    while stream.tell() < end and (rest := stream.readline(limits.MAX_METRICS_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def _parsed(line: bytes) -> Row | None:
    try:
        row = json.loads(line)  # the strict reader is four times as slow, and a line is too short to do harm
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
