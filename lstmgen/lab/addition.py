"""Sums of numbers, written as text: the example that every introduction shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen.lab.task import IGNORED, Batch, Task, side_by_side

_SYMBOLS = "0123456789+= "
_DIGITS = 3
_KNOWN = 50_000
"""Different sums that are learned from; those of the test are other ones."""


def _sum(one: int, other: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """`012+345=` and the answer from its last digit on, which is the order in which it is worked out; every digit of it is scored."""
    text = f"{one:0{_DIGITS}}+{other:0{_DIGITS}}={f'{one + other:0{_DIGITS + 1}}'[::-1]}"
    ids = np.array([_SYMBOLS.index(symbol) for symbol in text], dtype=np.int64)
    targets = ids[1:].copy()
    asked = np.arange(len(targets)) >= text.index("=")
    targets[~asked] = IGNORED
    return ids[:-1], targets, asked


def _is_known(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether pairs (rows) belong to the sums that are learned: a fixed twentieth of all million."""
    place = numbers[:, 0] * 10**_DIGITS + numbers[:, 1]
    return (place * 7_919 % 10 ** (2 * _DIGITS)) < _KNOWN


def _batch(random: np.random.Generator, count: int, *, known: bool) -> Batch:
    found: list[NDArray[np.int64]] = []
    while len(found) < count:
        numbers = random.integers(10**_DIGITS, size=(64 * count, 2))
        found.extend(numbers[_is_known(numbers) == known])
    return side_by_side([_sum(int(one), int(other)) for one, other in found[:count]])


def learned(random: np.random.Generator, count: int) -> Batch:
    """Of the known sums."""
    return _batch(random, count, known=True)


def unseen(random: np.random.Generator, count: int) -> Batch:
    """Of the others."""
    return _batch(random, count, known=False)


ADDITION = Task(
    about=f"sums of two numbers of {_DIGITS} digits, {_KNOWN:,} learned and others tested; an answer counts when every digit is right",
    shows="how fast a cell finds a rule",
    symbols=len(_SYMBOLS),
    train=learned,
    test=unseen,
    chance=10.0 ** -(_DIGITS + 1),
    published="99 % of three-digit sums after 100 passes over 50,000, 1 layer of 128, encoder and decoder (the example of Keras)",
    hidden_size=128,
    steps=6_000,
    lr=4e-3,
    batch_size=128,
)
