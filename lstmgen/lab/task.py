"""What a task is: sequences of symbols that are made from random numbers, and what of them has to be foretold.

Letters: T tokens, B sequences.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import LAB_TASKS

IGNORED = -100
"""A target that asks nothing."""


@dataclass(frozen=True)
class Batch:
    """Sequences side by side, filled up to one length.

    Attributes:
        inputs_TB: ids.
        targets_TB: what is learned at each place; `IGNORED` where nothing is.
        scored_TB: the places that the figure is made of, where exactly one answer is right: the target.
    """

    inputs_TB: NDArray[np.int64]
    targets_TB: NDArray[np.int64]
    scored_TB: NDArray[np.bool_]


Make = Callable[[np.random.Generator, int], Batch]
"""(random numbers, B) -> a batch."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task.

    Attributes:
        about: what has to be done, in a sentence.
        shows: what it tells apart.
        symbols: number of ids.
        train: makes what is learned.
        test: makes what is tested; longer, where the task is to carry on beyond what was seen.
        chance: the share of right answers of who guesses; the baseline.
        published: what the literature reports, with its source.
        unit: what the figure counts: `places` one by one, `sequences` of which every scored place is right, or the `length` up to which
            all sequences are right, where test sequence i is the one of length i + 1.
        window: tokens of a window of truncated backpropagation, over whose borders the state is carried; 0: every sequence is read whole,
            from an empty state.
        hidden_size: units that suffice.
        steps: steps that suffice.
        lr: peak learning rate.
        batch_size: sequences of a step.
        test_size: sequences of the test.
    """

    about: str
    shows: str
    symbols: int
    train: Make
    test: Make
    chance: float
    published: str
    unit: str = "sequences"
    window: int = 0
    hidden_size: int = 32
    steps: int = 1_000
    lr: float = 1e-2
    batch_size: int = 64
    test_size: int = 500

    def figure(self, right_TB: NDArray[np.bool_], scored_TB: NDArray[np.bool_]) -> float:
        """The figure of a test: a share from 0 to 1, or a length."""
        if self.unit == "places":
            return float(right_TB[scored_TB].mean())
        all_right_B = np.all(right_TB | ~scored_TB, axis=0)
        if self.unit == "sequences":
            return float(all_right_B.mean())
        return float(len(all_right_B) if np.all(all_right_B) else np.argmin(all_right_B))


def side_by_side(sequences: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]]) -> Batch:
    """A batch of sequences of (inputs, targets, scored places), each of its own length."""
    longest = max(len(inputs) for inputs, _, _ in sequences)
    inputs_TB = np.zeros((longest, len(sequences)), dtype=np.int64)
    targets_TB = np.full_like(inputs_TB, IGNORED)
    scored_TB = np.zeros(inputs_TB.shape, dtype=np.bool_)
    for column, (inputs, targets, scored) in enumerate(sequences):
        inputs_TB[: len(inputs), column], targets_TB[: len(inputs), column] = inputs, targets
        scored_TB[: len(inputs), column] = scored
    return Batch(inputs_TB, targets_TB, scored_TB)


def foretold(ids: NDArray[np.int64], scored: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """A sequence in which every symbol is learned from those before it; `scored` marks symbols that follow from them."""
    return ids[:-1], ids[1:], scored[1:]


def task_of(name: str) -> Task:
    """The record of a task.

    Raises:
        KeyError: no task has this name.
    """
    module, _, record = LAB_TASKS[name].partition(":")
    return getattr(importlib.import_module(module), record)
