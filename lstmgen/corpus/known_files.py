"""What was found in large files when they were read, so that they need not be read again while they stay as they were.

A file counts as unchanged while it is the same file of the file system, of the same size, and neither its content nor its record there was
changed at another time; the time of the record is one that no program can set. What was changed in the seconds before it was read is not
remembered, for a further change could bear the same time. So only a disk that loses bits by itself would go unnoticed here, and whoever
reads a file to its end again compares its hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lstmgen import limits, storage, strict_json
from lstmgen.errors import MachineError
from lstmgen.opening import open_regular
from lstmgen.schema import Check, SchemaError, list_of, table, text, whole
from lstmgen.strict_json import StrictJsonError

_VERSION: Final = 1
_WORTH_BYTES: Final = 2**20
"""Smaller files are read as fast as looked up."""
_SETTLED_NS: Final = 2 * 10**9
_STAMP: Final = list_of(whole(), exactly=5)


def known_or(
    read: Callable[[], dict[str, Any]], path: Path, *, how: Mapping[str, Any], schema: Check, cache: Path | None
) -> dict[str, Any]:
    """What is known of a file, or what reading it finds.

    Args:
        read: reads the file; gives JSON values.
        path: of the file.
        how: JSON values that decide what is found in it.
        schema: of what is found.
        cache: what is known stands in `cache/read/`; None: nothing is.

    Raises:
        OSError: the file is not there.
        Exception: as `read`.
    """
    stamp = _stamp(path)
    if cache is None or stamp is None:
        return read()
    real = os.path.realpath(path)
    place = cache / "read" / f"{hashlib.sha256(strict_json.dumps([_VERSION, ascii(real), how]).encode()).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, StrictJsonError, SchemaError), open_regular(place) as stream:
        known = strict_json.loads(stream.read(limits.MAX_DOCUMENT_BYTES))
        table({"stamp": _STAMP, "found": schema, "sha256": text(64)})(known, "what is known of a file")
        if known["stamp"] == stamp and known["sha256"] == _sha256(known["found"]):
            return known["found"]
    began_ns = time.time_ns()
    found = read()
    if _stamp(path) == stamp and began_ns - max(stamp[3:]) > _SETTLED_NS:
        with contextlib.suppress(MachineError):
            storage.make_folder(place.parent)
            content = strict_json.dumps({"stamp": stamp, "found": found, "sha256": _sha256(found)})
            storage.atomic_write(place, content.encode())
    return found


def _stamp(path: Path) -> list[int] | None:
    """What changes with a file; None where that is not worth it, or where the system does not tell."""
    status = path.stat()
    if os.name == "nt" or status.st_size < _WORTH_BYTES:
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _sha256(found: Mapping[str, Any]) -> str:
    return hashlib.sha256(strict_json.dumps(found).encode()).hexdigest()
