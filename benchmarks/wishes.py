"""Whether samples follow `--key` and `--tempo`, beside samples that nobody asked for a key and beside tunes in keys of the same mode.

    python benchmarks/wishes.py RUN FOLDER --samples 96 --keys "D major,A minor" --tempi 60,120

FOLDER holds the tunes that the run learned from. For each key: in how many samples it is the key that is heard, how many end on its
tonic, and how much of what sounds, by semitones above the tonic, is as in the tunes of that mode; in brackets what samples have that were
asked for nothing. Each key has a seed of its own: of one seed half of the tunes are the same in all keys, as all are written in C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import lstmgen
from lstmgen.music.keys import key_of
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.scales import parse_key
from lstmgen.music.score import Score
from lstmgen.music.tonality import Tonality, ends_on, pitch_classes, tonality_of

SEED = 5


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=96)
    parser.add_argument("--keys", default="D major,G major,Bb major,F# major,A minor,D minor")
    parser.add_argument("--tempi", default="60,96,120,180")
    asked = parser.parse_args()
    corpus = [read_midi(path.read_bytes()).score for path in sorted(asked.folder.rglob("*.mid"))]
    model = lstmgen.load(asked.run)
    free = [sample.item for sample in model.generate(num_samples=asked.samples, seed=SEED)]
    for minor in (False, True):
        own = [score for score in corpus if (key_of(score) >= 12) == minor]
        heard, ends = (
            np.mean([[_heard(score, key_of(score)), ends_on(score, key_of(score) % 12)] for score in own], axis=0) if own else (0, 0)
        )
        _print(f"{len(own)} tunes in {'minor' if minor else 'major'}: heard so {heard:.2f}, end on their tonic {ends:.2f}")
    for number, name in enumerate(asked.keys.split(",")):
        key = parse_key(name)
        ours = [sample.item for sample in model.generate(num_samples=asked.samples, seed=SEED + 1 + number, key=name)]
        peers = _degrees([(score, key_of(score)) for score in corpus if (key_of(score) >= 12) == (key >= 12)])
        told = " ".join(f"{label} {one:.2f} ({other:.2f})" for label, one, other in _beside(ours, free, key, peers))
        _print(f"{name}: {told}")
    for tempo in asked.tempi.split(","):
        samples = model.generate(num_samples=8, seed=SEED, tempo=float(tempo))
        _print(f"tempo {tempo}: {sorted({round(60e6 / sample.item.tempos.tempo_at(0), 1) for sample in samples})}")


def _beside(ours: Sequence[Score], free: Sequence[Score], key: int, peers: np.ndarray) -> list[tuple[str, float, float]]:
    """What of samples follows a key, of those that were asked for it and of those that were not."""

    def of(scores: Sequence[Score]) -> list[float]:
        alike = np.minimum(_degrees([(score, key) for score in scores]), peers).sum()
        return [np.mean([_heard(score, key) for score in scores]), np.mean([ends_on(score, key % 12) for score in scores]), alike]

    return list(zip(("heard", "ends on it", "overlap"), of(ours), of(free), strict=True))


def _heard(score: Score, key: int) -> bool:
    return tonality_of(score.notes) == Tonality(key % 12, minor=key >= 12)


def _degrees(scores: Sequence[tuple[Score, int]]) -> np.ndarray:
    """What share of the time each semitone above the tonic sounds, the mean of all, of shape (12,)."""
    heard = [np.roll(pitch_classes(score.notes), -(key % 12)) for score, key in scores]
    return np.mean([each / max(1.0, each.sum()) for each in heard], axis=0) if heard else np.zeros(12)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
