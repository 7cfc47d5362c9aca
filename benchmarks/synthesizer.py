"""How fast the built-in synthesizer is, and what its sound measures.

    python benchmarks/synthesizer.py FILE.mid ... [--repeats 1] [--sample-rate 44100] [--keep FOLDER]

One row a file, as a Markdown table: notes, length of the sound, seconds of one core that rendering took (the best of the repeats), how many
times faster than real time that is; then the sound itself: peak and power in dB against full scale, the share of frames below -66 dB, the
largest step between neighbouring samples and the offset, both as a share of full scale. Reading the file is not counted, writing neither.
With --keep the sounds stay in a folder as WAV files, to be listened to.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is loaded: the figures are those of one core
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.midi.reader import read_midi
from lstmgen.music.sound import synth
from lstmgen.music.sound.wav import to_wav
from lstmgen.music.tidy import with_pedal

COLUMNS = ("file", "notes", "sound", "rendered in", "times real time", "peak dB", "RMS dB", "silent", "largest step", "offset")
_SILENT = 16


def measured(sound: NDArray[np.int16]) -> list[str]:
    """What a sound measures, as the last cells of a row."""
    peak = max(int(sound.max()), -int(sound.min())) / 32_768
    power = np.mean([np.mean(np.square(side.astype(np.float32) / 32_768)) for side in sound.T])
    silent = float(np.mean(np.maximum(sound.max(axis=1), -sound.min(axis=1)) < _SILENT))
    step = max(int(np.abs(np.diff(side.astype(np.int32))).max()) for side in sound.T) / 32_768
    offset = max(abs(float(side.mean())) for side in sound.T) / 32_768
    return [f"{20 * np.log10(peak + 1e-9):.2f}", f"{10 * np.log10(power + 1e-12):.1f}", f"{silent:.1%}", f"{step:.3f}", f"{offset:.1e}"]


def row(path: Path, *, repeats: int, sample_rate: int, keep: Path | None) -> str:
    """One file, rendered and measured."""
    score = with_pedal(read_midi(path.read_bytes()).score, "extend")
    sound, spent_s = np.zeros((0, 2), np.int16), []
    for _ in range(repeats):
        begin = time.process_time()
        sound = synth.render(score, sample_rate=sample_rate)
        spent_s.append(time.process_time() - begin)
    if keep is not None:
        (keep / f"{path.stem}.wav").write_bytes(to_wav(sound, sample_rate=sample_rate))
    length_s, best_s = len(sound) / sample_rate, min(spent_s)
    cells = [path.name, f"{len(score.notes):,}", f"{length_s:.1f} s", f"{best_s:.2f} s", f"{length_s / best_s:.0f}", *measured(sound)]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Renders, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--sample-rate", type=int, default=44_100)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    for path in chosen.files:
        print(row(path, repeats=max(1, chosen.repeats), sample_rate=chosen.sample_rate, keep=chosen.keep), flush=True)


if __name__ == "__main__":
    main()
