"""What single notes of the built-in synthesizer measure, family by family and register by register.

    python benchmarks/timbre.py [--soundfont FILE.sf2] [--programs 0 19 73] [--pitches 48 60 72] [--velocities 50 80 110]

One row an instrument, pitch and velocity, as a Markdown table, from one sound in which all of them play one after the other:

    centroid    mean frequency of the power spectrum of the first 0.8 s, in hertz
    above 4 kHz the power there against all of it, in dB
    loudness    A-weighted power of the first 0.8 s (IEC 61672), in dB against the mean of all rows
    fold        what is lost when both channels become one, in dB
    strokes     power of the difference of two strokes of one note against that of the first, in dB; -inf where they are the same

With --soundfont a SoundFont plays instead (extra: audio), to be held against it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.instruments import program_name
from lstmgen.music.score import Notes, Score, Track
from lstmgen.music.sound import soundfont, synth

PROGRAMS = (0, 4, 6, 8, 9, 11, 12, 16, 19, 21, 24, 25, 27, 32, 33, 40, 42, 48, 52, 53, 56, 60, 65, 68, 71, 73, 74, 104)
RATE = 44_100
HELD_S = 0.8
SPACING_S = 2.0
STROKES = 2


def measured(strokes: list[NDArray[np.float64]]) -> list[float]:
    """Centroid, power above 4 kHz, A-weighted power, loss in mono and difference of the strokes of one note, each of shape (N, 2)."""
    power_F = sum(np.abs(np.fft.rfft(stroke, axis=0)) ** 2 for stroke in strokes).sum(axis=1)  # pyright: ignore[reportAttributeAccessIssue]
    hz = np.fft.rfftfreq(len(strokes[0]), 1 / RATE)
    whole = power_F.sum() + 1e-12
    both, one = (np.mean([np.mean(part**2) for part in parts]) for parts in (strokes, [stroke.mean(axis=1) for stroke in strokes]))
    first, second = (stroke.mean(axis=1) for stroke in strokes[:2])
    return [
        float((hz * power_F).sum() / whole),
        10 * np.log10(power_F[hz > 4000].sum() / whole + 1e-12),
        10 * np.log10((power_F * _a_weight(hz) ** 2).sum() / len(strokes[0]) ** 2 + 1e-12),
        10 * np.log10(one / (both + 1e-12) + 1e-12),
        10 * np.log10(np.mean((first - second) ** 2) / (np.mean(first**2) + 1e-12)) if (first - second).any() else -np.inf,
    ]


def _a_weight(hz: NDArray[Any]) -> NDArray[np.float64]:
    """The curve of IEC 61672, 1 at 1 kHz."""
    square = hz**2
    poles = (square + 20.6**2) * np.sqrt((square + 107.7**2) * (square + 737.9**2)) * (square + 12_194.0**2)
    return 1.2589 * 12_194.0**2 * square**2 / poles


def main() -> None:
    """Plays, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--programs", type=int, nargs="+", default=PROGRAMS)
    parser.add_argument("--pitches", type=int, nargs="+", default=(48, 60, 72))
    parser.add_argument("--velocities", type=int, nargs="+", default=(50, 80, 110))
    chosen = parser.parse_args()
    rows = [(program, pitch, velocity) for program in chosen.programs for pitch in chosen.pitches for velocity in chosen.velocities]
    program_N, pitch_N, velocity_N = np.repeat(np.array(rows), STROKES, axis=0).T
    start_ms = np.rint(np.arange(len(program_N)) * SPACING_S * 1000).astype(int)
    notes = Notes.of(start_ms, start_ms + round(HELD_S * 1000), pitch_N, velocity=velocity_N, program=program_N)
    score = Score.of(notes, ticks_per_beat=500, tracks=(Track(),))
    samples = soundfont.render(score, chosen.soundfont) if chosen.soundfont else synth.render(score)
    sound = samples.astype(np.float64) / 32_768
    begins = np.rint(start_ms * RATE / 1000).astype(int)
    strokes = [sound[begin : begin + round(HELD_S * RATE)] for begin in begins]
    figures = np.array([measured(strokes[place : place + STROKES]) for place in range(0, len(strokes), STROKES)])
    figures[:, 2] -= figures[:, 2].mean()
    print("| instrument | pitch | velocity | centroid | above 4 kHz | loudness | fold | strokes |")
    print("|---" * 8 + "|")
    for (program, pitch, velocity), (centroid, above, loudness, fold, difference) in zip(rows, figures, strict=True):
        cells = [program_name(program), pitch, velocity, f"{centroid:.0f}", f"{above:.1f}", f"{loudness:.1f}", f"{fold:.1f}"]
        print("| " + " | ".join(map(str, [*cells, f"{difference:.1f}"])) + " |")


if __name__ == "__main__":
    main()
