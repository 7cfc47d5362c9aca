"""What followed the last time, in compiled loops: the twin of `matches.advance`, for a token of a lane and for a window of streams.

Letters: T window, B streams, M numbers of a memory, N orders, R rows of vectors.
"""

# ruff: noqa: PLR0917 - numba takes them by place
from __future__ import annotations

from typing import Any

from numba import njit

from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.compiled.numbers import OPTIONS
from lstmgen.model.matches import CHECK_FROM, FOLD, HASH, MASK, RUNS


@njit(**OPTIONS)
def remember(token: int, memory_M: Any, order_N: Any, slots: int, known: int, checks: int, row_R: Any) -> None:
    """Reads a token into the memory of a stream, and writes the rows behind it; `known` is one more than there are ids."""
    orders = len(order_N)
    longest = order_N[orders - 1]
    context = orders * slots
    right = context + longest
    if token == BOUNDARY_ID:
        for place in range(len(memory_M)):
            memory_M[place] = 0
    else:
        number, order = 0, 0
        for place in range(longest):
            number = (number ^ (memory_M[context + place] + 1)) * HASH & MASK
            number ^= number >> FOLD
            if place + 1 == order_N[order]:
                at, value = order * slots + (number & (slots - 1)), (number >> CHECK_FROM) % checks * known + token + 1
                memory_M[right + order] = min(memory_M[right + order] + 1, RUNS - 1) if memory_M[at] == value else 0
                memory_M[at] = value
                order += 1
    for place in range(longest - 1, 0, -1):
        memory_M[context + place] = memory_M[context + place - 1]
    memory_M[context] = token
    number, order = 0, 0
    for place in range(longest):
        number = (number ^ (memory_M[context + place] + 1)) * HASH & MASK
        number ^= number >> FOLD
        if place + 1 == order_N[order]:
            follows = memory_M[order * slots + (number & (slots - 1))] - (number >> CHECK_FROM) % checks * known
            is_known = 0 < follows < known
            row_R[2 * order] = order * known + (follows if is_known else 0)
            row_R[2 * order + 1] = orders * known + order * RUNS + (memory_M[right + order] if is_known else 0)
            order += 1


@njit(cache=True, nogil=True, error_model="numpy")
def remember_window(id_TB: Any, memory_BM: Any, order_N: Any, slots: int, known: int, checks: int, row_TBR: Any) -> None:
    """Reads a window into the memories of streams, which change, and writes the rows behind each token."""
    for stream in range(id_TB.shape[1]):
        for place in range(id_TB.shape[0]):
            remember(id_TB[place, stream], memory_BM[stream], order_N, slots, known, checks, row_TBR[place, stream])
