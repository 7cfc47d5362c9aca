"""Parity and counting: what needs a state that turns over, and a state that counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen.lab.task import IGNORED, Batch, Task, side_by_side

_SHORTEST, _LONGEST, _TESTED = 3, 40, 256
_COUNTED, _MOST = 10, 100


def _bits(random: np.random.Generator, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Bits, and after each one whether the number of ones so far is odd; the last answer is scored."""
    bits = random.integers(2, size=length)
    scored = np.zeros(length, dtype=np.bool_)
    scored[-1] = True
    return bits, bits.cumsum() % 2, scored


def parity(random: np.random.Generator, count: int) -> Batch:
    """Short rows of bits."""
    return side_by_side([_bits(random, int(length)) for length in random.integers(_SHORTEST, _LONGEST + 1, size=count)])


def long_parity(random: np.random.Generator, count: int) -> Batch:
    """Rows more than six times as long."""
    return side_by_side([_bits(random, _TESTED) for _ in range(count)])


def _counted(number: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """A mark, a n times, b n times, the mark. What follows a b is certain, and scored."""
    ids = np.array([0] + [1] * number + [2] * number + [0], dtype=np.int64)
    targets = ids[1:].copy()
    scored = ids[:-1] == 2
    targets[0] = IGNORED  # n is at least one: nothing to learn
    return ids[:-1], targets, scored


def counting(random: np.random.Generator, count: int) -> Batch:
    """Up to ten of each."""
    return side_by_side([_counted(int(number)) for number in random.integers(1, _COUNTED + 1, size=count)])


def long_counting(random: np.random.Generator, count: int) -> Batch:
    """Sequence i has i + 1 of each."""
    del random
    return side_by_side([_counted(number + 1) for number in range(count)])


PARITY = Task(
    about=f"whether the number of ones is odd, learned on {_SHORTEST} to {_LONGEST} bits, tested on {_TESTED}",
    shows="recurrences that are not linear from linear ones, which cannot",
    symbols=2,
    train=parity,
    test=long_parity,
    chance=0.5,
    published="sLSTM solves it and mLSTM does not (Beck et al. 2024, who ask for the last answer only)",
    hidden_size=32,
    steps=1_500,
    lr=1e-2,
)
COUNTING = Task(
    about=f"as many b as a, learned up to {_COUNTED} of each, tested up to {_MOST}: how many are right without a gap",
    shows="cells that count from cells that only recognise",
    symbols=3,
    train=counting,
    test=long_counting,
    chance=0.0,
    published="n up to 65 (repeated from Gers and Schmidhuber 2001, 3 of 5 seeds)",
    unit="length",
    hidden_size=12,
    steps=1_500,
    lr=1e-2,
    test_size=_MOST,
)
