"""Reads many MIDI files, on several cores where there is enough to do.

The other cores are reached by processes of our own, `python -m lstmgen.media.tunes.midi_worker`, which take paths and give columns through
pipes: starting by fork is unsafe beside torch's threads, and by spawn would run the user's script again. What a worker does not deliver is
read here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np

from lstmgen import limits
from lstmgen.corpus.opening import open_regular
from lstmgen.music.midi.reader import Finding, MidiError, Reading, read_midi
from lstmgen.music.score import Key, Meter, Notes, Pedals, Score, TempoMap, Track

Result = tuple[str, Reading | str]
"""The sha256 of a file, and what it holds or why it cannot be used."""

_WORTH_A_WORKER_BYTES: Final = 4 * 2**20
"""Of files: reading so much takes longer than starting a process."""
_BATCH: Final = 64
_FRAME: Final = struct.Struct("<II")


def read_all(paths: Sequence[Path], *, workers: int | None = None, progress: Callable[[int, int], None] | None = None) -> Iterator[Result]:
    """What every file holds, in order.

    Args:
        paths: of the files.
        workers: processes; None: one for each core where there is enough to do.
        progress: called with (bytes read, bytes in all).
    """
    sizes = [_size(path) for path in paths]
    total, done = sum(sizes), 0
    if workers is None:
        workers = max(1, min(os.cpu_count() or 1, total // _WORTH_A_WORKER_BYTES))
    for place, result in enumerate(_read_here(paths) if workers == 1 else _read_with(workers, paths)):
        done += sizes[place]
        if progress is not None:
            progress(done, total)
        yield result


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_here(paths: Sequence[Path]) -> Iterator[Result]:
    return (_read(path) for path in paths)


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


def _read_with(workers: int, paths: Sequence[Path]) -> Iterator[Result]:
    """Batches go to whichever worker is free; their results come back in order."""
    batches = [paths[begin : begin + _BATCH] for begin in range(0, len(paths), _BATCH)]
    crew = [_Worker() for _ in range(min(workers, len(batches)))]
    free = list(crew)

    def work(batch: Sequence[Path]) -> list[Result]:
        worker = free.pop()
        try:
            return worker.read(batch)
        finally:
            free.append(worker)

    try:
        with ThreadPoolExecutor(len(crew)) as pool:
            for results in pool.map(work, batches):
                yield from results
    finally:
        for worker in crew:
            worker.close()


class _Worker:
    """One process that reads; where it fails, its batch is read here."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "lstmgen.media.tunes.midi_worker"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module

    def read(self, batch: Sequence[Path]) -> list[Result]:
        """What the files of a batch hold."""
        to, back = cast("BinaryIO", self._process.stdin), cast("BinaryIO", self._process.stdout)
        try:
            _send(to, {"paths": [os.fsencode(path).hex() for path in batch]}, b"")
            return [_unpacked(*_receive(back)) for _ in batch]
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            self._process.kill()
            return list(_read_here(batch))

    def close(self) -> None:
        """Ends the process."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what a process that has died was never told
                    stream.close()
        self._process.kill()
        self._process.wait()


def _send(stream: BinaryIO, header: dict[str, Any], body: bytes) -> None:
    text = json.dumps(header).encode()
    stream.write(_FRAME.pack(len(text), len(body)) + text + body)
    stream.flush()


def _receive(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Raises EOFError where the other side has gone."""
    head = stream.read(_FRAME.size)
    if len(head) < _FRAME.size:
        raise EOFError
    text_bytes, body_bytes = _FRAME.unpack(head)
    text, body = stream.read(text_bytes), stream.read(body_bytes)
    if len(body) < body_bytes:
        raise EOFError
    return json.loads(text), body


def _packed(result: Result) -> tuple[dict[str, Any], bytes]:
    sha256, reading = result
    if isinstance(reading, str):
        return {"sha256": sha256, "reason": reading}, b""
    score = reading.score
    header = {
        "sha256": sha256,
        "count": len(score.notes),
        "ticks_per_beat": score.ticks_per_beat,
        "tempos": [score.tempos.ticks.tolist(), score.tempos.us_per_beat.tolist()],
        "meters": [astuple(meter) for meter in score.meters],
        "keys": [astuple(key) for key in score.keys],
        "pedals": [column.tolist() for column in (score.pedals.ticks, score.pedals.track, score.pedals.down)],
        "tracks": [astuple(track) for track in score.tracks],
        "length_ticks": score.length_ticks,
        "findings": [astuple(finding) for finding in reading.findings],
    }
    return header, b"".join(getattr(score.notes, item.name).tobytes() for item in fields(Notes))


def _unpacked(header: dict[str, Any], body: bytes) -> Result:
    if "reason" in header:
        return header["sha256"], header["reason"]
    columns: dict[str, Any] = {}
    at, empty = 0, Notes.empty()
    for item in fields(Notes):
        dtype = getattr(empty, item.name).dtype
        columns[item.name] = np.frombuffer(body, dtype, header["count"], at)
        at += header["count"] * dtype.itemsize
    score = Score(
        notes=Notes(**columns),
        ticks_per_beat=header["ticks_per_beat"],
        tempos=TempoMap(*(np.array(column, np.int64) for column in header["tempos"])),
        meters=tuple(Meter(*values) for values in header["meters"]),
        keys=tuple(Key(*values) for values in header["keys"]),
        pedals=Pedals.of(*header["pedals"]),
        tracks=tuple(Track(*values) for values in header["tracks"]),
        length_ticks=header["length_ticks"],
    )
    return header["sha256"], Reading(score, tuple(Finding(*values) for values in header["findings"]))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers batches of paths until there are no more."""
    while True:
        try:
            header, _ = _receive(requests)
        except EOFError:
            return
        for name in header["paths"]:
            _send(answers, *_packed(_read(Path(os.fsdecode(bytes.fromhex(name))))))


if __name__ == "__main__":
    with os.fdopen(0, "rb") as requests, os.fdopen(1, "wb") as answers:
        serve(requests, answers)
