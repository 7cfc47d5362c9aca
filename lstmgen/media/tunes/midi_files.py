"""Reads many MIDI files, on several cores where an executor is given and there is enough to do."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Final

from lstmgen import limits
from lstmgen.media.base import MakeExecutor
from lstmgen.music.midi.reader import MidiError, Reading, read_midi
from lstmgen.opening import open_regular

Result = tuple[str, Reading | str]
"""The sha256 of a file, and what it holds or why it cannot be used."""

_NO_PROCESSES: Final = (BrokenExecutor, ImportError, NotImplementedError, OSError)
"""What an executor raises whose processes died, or could not be started, as where the machine has no semaphores."""
_WORTH_A_PROCESS_BYTES: Final = 8 * 2**20
"""Of files: reading so much takes much longer than starting processes."""
_BATCH: Final = 64


def read_all(
    paths: Sequence[Path], *, executor: MakeExecutor | None = None, progress: Callable[[int, int], None] | None = None
) -> Generator[Result, None, None]:
    """What every file holds, in order.

    Args:
        paths: of the files.
        executor: makes what reads large collections, in batches; None: everything is read here.
        progress: called with (bytes read, bytes in all).
    """
    sizes = [_size(path) for path in paths]
    total, done = sum(sizes), 0
    for size, result in zip(sizes, _read_with(executor if total >= _WORTH_A_PROCESS_BYTES else None, paths), strict=True):
        done += size
        if progress is not None:
            progress(done, total)
        yield result


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_with(executor: MakeExecutor | None, paths: Sequence[Path]) -> Iterator[Result]:
    """By the executor as long as it lasts; what it does not deliver is read here."""
    done = 0
    if executor is not None:
        with contextlib.suppress(*_NO_PROCESSES), executor() as pool:
            for result in pool.map(_read, paths, chunksize=_BATCH):
                yield result
                done += 1
    yield from map(_read, paths[done:])


def _read(path: Path) -> Result:
    try:
        with open_regular(path) as stream:
            content = stream.read(limits.MAX_MIDI_BYTES + 1)
    except OSError as error:
        return "", f"cannot be read: {(error.strerror or str(error)).lower()}"
    if len(content) > limits.MAX_MIDI_BYTES:
        return "", f"larger than {limits.MAX_MIDI_BYTES:,} bytes"
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        return sha256, read_midi(content)
    except MidiError as error:
        return sha256, error.message
