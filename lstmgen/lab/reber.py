"""The embedded Reber grammar (Cleeremans et al. 1989; Hochreiter and Schmidhuber 1997), and its endless form (Gers et al. 2000).

    whole string:   B, then T or P, then a string of the grammar, then the same T or P again, then E
    grammar:        B, then a way through the graph below, then E

The second T or P follows from the first one alone, over a string of any length in between.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmgen.lab.task import Batch, Task, foretold, side_by_side

_SYMBOLS = "BTPSXVE"
_GRAPH = {0: (("T", 1), ("P", 2)), 1: (("S", 1), ("X", 3)), 2: (("T", 2), ("V", 4)), 3: (("X", 2), ("S", 5)), 4: (("P", 3), ("V", 5))}
_END = 5
_LONGEST = 40
"""Of one string, so that batches stay narrow; a string in a thousand is longer."""
_STREAM = 4_000
"""Symbols of an endless stream."""


def string(random: np.random.Generator) -> str:
    """One whole string."""
    while True:
        node, inner = 0, ["B"]
        while node != _END:
            symbol, node = _GRAPH[node][random.integers(2)]
            inner.append(symbol)
        outer = "TP"[random.integers(2)]
        found = f"B{outer}{''.join(inner)}E{outer}E"
        if len(found) <= _LONGEST:
            return found


def _ids(text: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    scored = np.zeros(len(text), dtype=np.bool_)
    scored[-2] = True
    return np.array([_SYMBOLS.index(symbol) for symbol in text], dtype=np.int64), scored


def embedded(random: np.random.Generator, count: int) -> Batch:
    """Strings one by one."""
    return side_by_side([foretold(*_ids(string(random))) for _ in range(count)])


def _stream(random: np.random.Generator, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """String after string, up to this length; nothing marks that a string has ended."""
    parts, total = [], 0
    while total <= length:
        parts.append(_ids(string(random)))
        total += len(parts[-1][0])
    ids, scored = (np.concatenate(column) for column in zip(*parts, strict=True))
    return foretold(ids[: length + 1], scored[: length + 1])


def endless(random: np.random.Generator, count: int) -> Batch:
    """Streams side by side."""
    return side_by_side([_stream(random, _STREAM) for _ in range(count)])


def last_half(random: np.random.Generator, count: int) -> Batch:
    """Streams of which the second half is scored, when the state has long had time to fill up."""
    batch = endless(random, count)
    batch.scored_TB[: _STREAM // 2] = False
    return batch


EMBEDDED = Task(
    about="strings of the embedded Reber grammar: the last letter but one is the second one again",
    shows="whether a cell keeps one symbol over a string of any length",
    symbols=len(_SYMBOLS),
    train=embedded,
    test=embedded,
    chance=0.5,
    published="LSTM of 1997: 148 of 150 trials solved, after 8,440 strings (Hochreiter and Schmidhuber 1997)",
    hidden_size=32,
    steps=1_200,
    batch_size=32,
    lr=1e-2,
)
ENDLESS = Task(
    about="the same strings as one endless stream, with nothing to mark where one ends",
    shows="the forget gate from the LSTM of 1997",
    symbols=len(_SYMBOLS),
    train=endless,
    test=last_half,
    chance=0.5,
    published="99.7 % with a forget gate, 55 % without (repeated from Gers et al. 2000, mean of 5 seeds)",
    unit="places",
    window=25,
    hidden_size=12,
    steps=2_000,
    batch_size=16,
    lr=1e-2,
    test_size=32,
)
