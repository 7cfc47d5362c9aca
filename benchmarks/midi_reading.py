"""How fast MIDI files are read, beside mido, and how fast their notes become tokens; on one core.

    python benchmarks/midi_reading.py FOLDER [--rounds 5]

The two readers take turns on the same bytes, so that what else the machine does meets both; the ratio is that of the medians. mido's time
is that of parsing alone, without pairing the keys into notes. Memory is what Python and numpy hold for the largest file, by tracemalloc.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import mido

from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.tidy import with_pedal, without_overlaps


def main() -> None:
    """Reads a folder again and again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    files = [path.read_bytes() for path in sorted(arguments.folder.rglob("*.mid*")) if path.is_file()]
    if not files:
        sys.exit(f"there are no MIDI files in {arguments.folder}")
    scores = [read_midi(content).score for content in files]
    notes = sum(len(score.notes) for score in scores)
    print(f"{len(files)} files, {sum(map(len, files)):,} bytes, {notes:,} notes")
    own, other = [], []
    for _ in range(arguments.rounds):
        own.append(seconds(lambda: [read_midi(content) for content in files]))
        other.append(seconds(lambda: [mido.MidiFile(file=io.BytesIO(content)) for content in files]))
    reading, parsing = statistics.median(own), statistics.median(other)
    ratios = sorted(theirs / ours for ours, theirs in zip(own, other, strict=True))
    print(f"lstmgen {notes / reading:12,.0f} notes/s")
    print(f"mido    {notes / parsing:12,.0f} notes/s; {parsing / reading:.1f} times as long ({ratios[0]:.1f} to {ratios[-1]:.1f})")
    memory(max(files, key=len))
    for tokenizer in (NotesTokenizer("beats", 24), NotesTokenizer("beats", 12), NotesTokenizer("seconds")):
        tidy = [without_overlaps(with_pedal(score, "extend")) for score in scores]
        times = [seconds(lambda: [tokenizer.encode(score) for score in tidy]) for _ in range(arguments.rounds)]  # noqa: B023 - used at once
        name = f"notes in {tokenizer.time_base}, {tokenizer.steps_per_beat} steps"
        print(f"tokenizing, {name}: {notes / statistics.median(times):,.0f} notes/s")


def memory(content: bytes) -> None:
    """What reading a file holds at most, and what stays."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    score = read_midi(content).score
    stays, peak = (value - before for value in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    events = 2 * len(score.notes) + len(score.pedals)
    print(
        f"memory, {len(content):,} bytes: {peak / events:.1f} bytes an event at most, {stays / events:.1f} stay, of {events:,} events kept"
    )


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
