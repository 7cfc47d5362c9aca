"""What is remembered over a distance: which of two marks came first, a rhythm, and a row of symbols."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen.lab.task import IGNORED, Batch, Task, side_by_side

_NOISE = 4
"""Ids 0 to 3 are noise."""
_MARKS = (4, 5)
_ASKED = 6
_CLASSES = 4
_LAG = 100
_SHORTEST_BEAT, _LONGEST_BEAT, _BEATS = 5, 15, 8
_COPIED, _DELAY, _LETTERS = 8, 20, 8


def _order(random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Noise with two marks in it, each X or Y; the end asks for both, in their order."""
    inputs = random.integers(_NOISE, size=_LAG + 1)
    first, second = random.integers(2, size=2)
    inputs[random.integers(_LAG // 10, 2 * _LAG // 10)] = _MARKS[first]
    inputs[random.integers(5 * _LAG // 10, 6 * _LAG // 10)] = _MARKS[second]
    inputs[-1] = _ASKED
    targets, scored = np.full(len(inputs), IGNORED, dtype=np.int64), np.zeros(len(inputs), dtype=np.bool_)
    targets[-1], scored[-1] = 2 * first + second, True
    return inputs, targets, scored


def order(random: np.random.Generator, count: int) -> Batch:
    """Two marks far from each other and from the end."""
    return side_by_side([_order(random) for _ in range(count)])


def _rhythm(random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Beats at one distance; from the second on the next one is certain, and its place is scored, as is the place before it."""
    distance = int(random.integers(_SHORTEST_BEAT, _LONGEST_BEAT + 1))
    beats = np.zeros(distance * _BEATS + 1, dtype=np.int64)
    beats[::distance] = 1
    scored = np.zeros(len(beats) - 1, dtype=np.bool_)
    scored[distance:] = (beats[1:] + np.append(beats[2:], 0))[distance:] > 0
    targets = beats[1:].copy()
    targets[:distance] = IGNORED
    return beats[:-1], targets, scored


def timing(random: np.random.Generator, count: int) -> Batch:
    """Rhythms, each with its own beat."""
    return side_by_side([_rhythm(random) for _ in range(count)])


def _copied(random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Letters, a wait, and then the letters again on demand."""
    letters = random.integers(2, _LETTERS + 2, size=_COPIED)
    inputs = np.concatenate([letters, np.zeros(_DELAY, np.int64), np.ones(_COPIED, np.int64)])
    targets = np.concatenate([np.full(_COPIED + _DELAY, IGNORED), letters])
    return inputs, targets, targets != IGNORED


def copying(random: np.random.Generator, count: int) -> Batch:
    """Rows of letters."""
    return side_by_side([_copied(random) for _ in range(count)])


ORDER = Task(
    about=f"which of X and Y came first and which second, in {_LAG} symbols of noise",
    shows="a plain RNN from cells with gates",
    symbols=_ASKED + 1,
    train=order,
    test=order,
    chance=1 / _CLASSES,
    published="LSTM of 1997: solved after 31,390 sequences; a plain RNN guesses (Hochreiter and Schmidhuber 1997)",
    hidden_size=32,
    steps=800,
)
TIMING = Task(
    about=f"when the next beat of a rhythm comes, of {_SHORTEST_BEAT} to {_LONGEST_BEAT} steps, from hearing two",
    shows="cells that measure time; peepholes were made for it",
    symbols=2,
    train=timing,
    test=timing,
    chance=0.5,
    published="peepholes 0.998, without 0.900 (repeated from Gers et al. 2002, who say that a plain LSTM fails)",
    unit="places",
    hidden_size=32,
    steps=800,
)
COPYING = Task(
    about=f"{_COPIED} letters of {_LETTERS} again after {_DELAY} steps",
    shows="how much a state holds",
    symbols=_LETTERS + 2,
    train=copying,
    test=copying,
    chance=1 / _LETTERS,
    published="no figure for these sizes is known",
    unit="places",
    hidden_size=64,
    steps=1_500,
)
