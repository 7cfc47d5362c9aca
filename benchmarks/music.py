"""How well the program learns music: the rows of the table in the README, each with the settings that it was trained with.

    python benchmarks/music.py chorales-quarter     --data FOLDER [--max-time 10m]     joint nats a frame, quarter notes
    python benchmarks/music.py chorales-sixteenth   --data FOLDER [--max-time 15m]     nats a token, sixteenths, four voices
    python benchmarks/music.py performance          --data FOLDER [--max-time 10m]     nats an event, piano pieces held out
    python benchmarks/music.py tunes                --data FOLDER [--max-time 5m]      100 tunes of 16 bars: valid, and like the corpus

For the chorales FOLDER holds jsb-chorales-quarter.json and Jsb16thSeparated.json (229 train, 76 valid, 77 test pieces; the split of
Boulanger-Lewandowski et al. 2012); for `performance` and `tunes` it holds MIDI files. Every chorale is written as a MIDI file first, and
trained on by `lstmgen.train`, as the command line does. Of performances the tenth file by name and the last one are held out.

Factorisation. Quarter notes: the notes of a frame in ascending order and then an end-of-step mark, each given all before, which is the
joint distribution of the frame's notes. The published figures do not count the first frame of a piece; both ways are printed.
Sixteenths: soprano, alto, tenor, bass, frame after frame, one token each; held and repeated notes are one, as in the published data.

Beside the figure of the model stand those of several predictions at once: in each of twelve keys (a transposition maps tokens one to one,
so the mean of the twelve probabilities, each given what is before in its key, is a distribution too), and of models named with --with.
With --adapt stand beside them those of copies that go on learning from what they have predicted, each piece by copies of its own.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import lstmgen
from lstmgen import config
from lstmgen.analysis.evaluation import combined
from lstmgen.cli.wording import parse_duration
from lstmgen.config import DataConfig
from lstmgen.generation.sampling import Sampling
from lstmgen.media.base import Access
from lstmgen.model.learning_rule import LearningRule
from lstmgen.music.bars import Bars
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Score
from lstmgen.runs.sources import gather
from lstmgen.training.events import Evaluated, Stopped

PERFORMANCE = {"tokenizer.name": "performance", "model.hidden_size": 384}
HELD_OUT = (9, -1)
TICKS = 480
KEYS = 12
SPLITS = ("train", "valid", "test")
CHORALES = {
    "chorales-quarter": {
        "file": "jsb-chorales-quarter.json",
        "time": "10m",
        "settings": {
            "tokenizer.name": "grid",
            "tokenizer.grid_form": "chords",
            "tokenizer.steps_per_beat": 1,
            "tokenizer.hold": False,
            "model.hidden_size": 384,
            "model.dropout": 0.25,
            "optimizer.lr": 6e-3,
            "optimizer.weight_decay": 0.8,
        },
    },
    "chorales-sixteenth": {
        "file": "Jsb16thSeparated.json",
        "time": "15m",
        "settings": {
            "tokenizer.name": "grid",
            "tokenizer.grid_form": "voices",
            "tokenizer.voices": 4,
            "tokenizer.steps_per_beat": 4,
            "tokenizer.hold": False,
            "model.hidden_size": 384,
            "model.dropout": 0.1,
            "optimizer.lr": 4e-3,
            "optimizer.weight_decay": 0.7,
            "data.max_transpose": 4,
        },
    },
}


def score_of_frames(frames: list[list[int]]) -> Score:
    """Quarter notes: every note of every frame is one beat long, for the data do not tell held from repeated notes."""
    notes = [(place * TICKS, pitch) for place, frame in enumerate(frames) for pitch in sorted(set(frame))]
    starts, pitches = np.array([start for start, _ in notes]), np.array([pitch for _, pitch in notes])
    return Score.of(Notes.of(starts, starts + TICKS, pitches), ticks_per_beat=TICKS, length_ticks=TICKS * len(frames))


def score_of_voices(frames: list[list[int]]) -> Score:
    """Sixteenths: each voice a track; a pitch that goes on from frame to frame is one note, -1 is silence."""
    step = TICKS // 4
    columns: list[tuple[int, int, int, int]] = []
    for voice in range(4):
        begun = 0
        line = [frame[voice] for frame in frames]
        for place in range(1, len(line) + 1):
            if place == len(line) or line[place] != line[begun]:
                if line[begun] >= 0:
                    columns.append((begun * step, place * step, line[begun], voice))
                begun = place
    starts, ends, pitches, voices = (np.array(column) for column in zip(*columns, strict=True))
    return Score.of(
        Notes.of(starts, ends, pitches, track=voices), ticks_per_beat=TICKS, length_ticks=step * len(frames), meters=(Meter(0),)
    )


def main() -> None:
    """Runs one row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=[*CHORALES, "performance", "tunes"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--max-time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value")
    parser.add_argument("--out", type=Path, help="keep the run here")
    parser.add_argument("--with", dest="beside", action="append", default=[], metavar="RUN", help="predict together with this run too")
    parser.add_argument("--adapt", action="store_true", help="what copies predict that learn as they read, too")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        sys.exit(f"there is no folder {arguments.data}; see --help for what it should hold")
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}; python {' '.join(sys.argv)}")
    settings = dict(config.parse_assignment(text) for text in arguments.set) | {"training.seed": arguments.seed}
    with tempfile.TemporaryDirectory() as scratch:
        run = arguments.out or Path(scratch) / "run"
        {"performance": performances, "tunes": tunes}.get(arguments.row, chorales)(arguments, Path(scratch), run, settings)


def chorales(arguments: argparse.Namespace, scratch: Path, run: Path, settings: dict[str, Any]) -> None:
    """Trains on one form of the chorales and scores the test part."""
    row = CHORALES[arguments.row]
    source = arguments.data / row["file"]
    if not source.is_file():
        sys.exit(f"{source} is missing; see --help for what the folder should hold")
    data = json.loads(source.read_text())
    build = score_of_frames if arguments.row == "chorales-quarter" else score_of_voices
    for part in SPLITS:
        (scratch / part).mkdir()
        for number, frames in enumerate(data[part]):
            (scratch / part / f"{number:03}.mid").write_bytes(to_midi_bytes(build(frames)))
    settings = row["settings"] | {"data.val": str(scratch / "valid")} | settings
    train(scratch / "train", run, settings, arguments.max_time or row["time"])
    for part in ("valid", "test"):
        frames = report(part, arguments, run, sorted((scratch / part).glob("*.mid")))
        if frames != (expected := sum(map(len, data[part]))):
            sys.exit(f"{part} has {expected} frames, but {frames} came out of the MIDI files")


def performances(arguments: argparse.Namespace, scratch: Path, run: Path, settings: dict[str, Any]) -> None:
    """Trains on piano pieces and scores those that are held out, each by itself and all together."""
    files = sorted(arguments.data.glob("*.mid"))
    held = [files[place] for place in HELD_OUT]
    for part in ("train", "valid"):
        (scratch / part).mkdir()
        for path in files:
            if (path in held) == (part == "valid"):
                shutil.copy(path, scratch / part)
    train(scratch / "train", run, PERFORMANCE | {"data.val": str(scratch / "valid")} | settings, arguments.max_time or "10m")
    for pieces in [*([path] for path in held), held]:
        report(" and ".join(path.stem for path in pieces), arguments, run, pieces)


def report(name: str, arguments: argparse.Namespace, run: Path, files: list[Path]) -> int | None:
    """Prints how well these files are predicted by one model and by several, in one key and in twelve; gives their number of frames."""
    model, beside = lstmgen.load(run), tuple(lstmgen.load(other) for other in arguments.beside)
    pieces, rule = [read_midi(path.read_bytes()).score for path in files], LearningRule() if arguments.adapt else None
    frames = None
    for others, keys in dict.fromkeys([((), 1), ((), KEYS), (beside, 1), (beside, KEYS)]):
        found = combined(model.score(piece, beside=others, keys=keys, adapt=rule) for piece in pieces)
        frames = found.frames
        for how, figures in (("", found), (", learning", found.adapted)):
            if figures is None:
                continue
            named = f"{name}, models {1 + len(others)}, keys {keys}{how}"
            print(f"{named}: {figures.nats_per_token:.4f} nats a token over {figures.tokens:,} tokens", flush=True)
            if frames is not None:
                print(
                    f"  {figures.nats_per_frame:.3f} nats a frame over all {frames:,} frames, {figures.nats_per_frame_after_first:.3f}"
                    " without the first frame of each piece"
                )
    return frames


def train(source: Path, run: Path, settings: dict[str, Any], max_time: str) -> None:
    """Trains as `lstmgen train` does, and prints each evaluation."""
    settings = {"training.max_time_s": parse_duration(max_time), "training.sample_every_s": 0.0} | settings
    print("settings:", " ".join(f"{key}={value}" for key, value in settings.items() if not str(value).startswith("/")))
    begun = time.monotonic()
    for event in lstmgen.train([source], out=run, settings=settings, started_at=begun):
        if isinstance(event, Evaluated):
            print(f"  {event.elapsed_s:6.0f} s, step {event.step:,}: {event.val_nats:.4f} nats a token", flush=True)
        if isinstance(event, Stopped):
            facts = event.summary
            print(
                f"{facts['steps']:,} steps, best {facts['best_step']:,}, {facts['tokens_per_second']:,.0f} tokens/s, {facts['precision']}"
            )
    print(f"the whole command took {time.monotonic() - begun:.0f} s")


def tunes(arguments: argparse.Namespace, scratch: Path, run: Path, settings: dict[str, Any]) -> None:
    """Trains `notes` on a folder, draws 100 tunes of 16 bars, and looks at each as a stranger's program would."""
    train(arguments.data, run, settings, arguments.max_time or "5m")
    model = lstmgen.load(run)
    begun = time.monotonic()
    drawn = model.compose(bars=16, num_samples=100, seed=arguments.seed, sampling=Sampling(temperature=1.0))
    print(f"100 tunes of 16 bars at temperature 1 in {time.monotonic() - begun:.1f} s")
    valid, hanging, zero, wrong_length, histogram = 0, 0, 0, 0, np.zeros(12)
    for tune in drawn:
        reading = read_midi(to_midi_bytes(tune.score))
        valid += not reading.findings
        hanging += sum(finding.count for finding in reading.findings if "end" in finding.reason)
        zero += int((reading.score.notes.end_ticks <= reading.score.notes.start_ticks).sum())
        wrong_length += Bars(reading.score).count != 16
        histogram += np.bincount(reading.score.notes.pitch % 12, minlength=12)
    corpus = np.zeros(12)
    access = Access(folder=scratch, cache=scratch)
    for _, score in gather(DataConfig(sources=(str(arguments.data),)), access).material.items():  # noqa: PERF102 - no dictionary
        corpus += np.bincount(score.notes.pitch % 12, minlength=12)
    overlap = float(np.minimum(histogram / histogram.sum(), corpus / corpus.sum()).sum())
    print(f"valid files {valid} of 100, hanging notes {hanging}, notes of no length {zero}, not 16 bars long {wrong_length}")
    print(f"{histogram.sum():,.0f} notes, overlap of their pitch-class histogram with the corpus's {overlap:.3f}")


if __name__ == "__main__":
    main()
