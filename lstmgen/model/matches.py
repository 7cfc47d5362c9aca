"""What followed the last time: memories of what came behind the last few tokens, beside the state of a network. No torch.

For each order n a stream has a table from the last n tokens to the one that followed them last (the match models of Mahoney's PAQ
compressors, 2005; in networks the tables of n-grams of Roy et al. 2022, arXiv:2207.06366). Behind every token the network is told what each
table knows of the tokens read so far, and how often in a row that table has been right. An LSTM forgets what it read some hundred tokens
ago; a name, a refrain or a theme that comes back it then knows from its first few tokens on.

Tables have a fixed number of slots, which tokens share by a hash; a few bits more of the hash keep most of the others from being taken for
them, and who comes later stays. A boundary (id 0) empties all of them, so nothing of one item is known in the next.

The memory of a stream is a row of whole numbers: the tables, the last tokens, the latest first, and for each order how often in a row it
was right. A token gives each order two rows of a table of vectors: what follows, if anything is known, and how often it was right. Twins
of `advance`: `matching.py` for whole windows on any device, `matching_on_gpu.py` in a kernel, `compiled/remembering.py` in compiled loops.

Letters: B streams, M numbers of a memory, N orders, R rows of vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import BOUNDARY_ID

RUNS: Final = 8
"""So many numbers of times in a row are told apart."""
HASH: Final = 0x9E3779B1
"""Odd, its bits as evenly spread as those of the golden ratio."""
MASK: Final = 0xFFFFFFFF
FOLD: Final = 15
CHECK_FROM: Final = 21
"""The bit of a hash from which on those lie that tell contexts of one slot apart."""
SLOTS: Final = 2**14
"""Of new networks."""
MOST_SLOTS: Final = 2**18
_LARGEST: Final = 2**24
"""Numbers below it are exact in fp32, in which processes add up their states."""
_MOST_CHECKS: Final = 256


@dataclass(frozen=True)
class Matches:
    """Which memories a network has.

    Attributes:
        orders: how many tokens each goes by, ascending.
        slots: of each table, a power of two, at most `MOST_SLOTS`.
        vocab_size: ids; others are never known.
    """

    orders: tuple[int, ...]
    slots: int
    vocab_size: int

    @property
    def context(self) -> int:
        """Tokens that are looked back on."""
        return max(self.orders)

    @property
    def size(self) -> int:
        """M."""
        return len(self.orders) * (self.slots + 1) + self.context

    @property
    def rows(self) -> int:
        """R: of each order what may follow, 0: nothing is known, and how often it was right."""
        return len(self.orders) * (self.vocab_size + 1 + RUNS)

    @property
    def checks(self) -> int:
        """How many contexts of one slot are told apart; with what follows a number that fp32 holds exactly."""
        return min(_MOST_CHECKS, _LARGEST // (self.vocab_size + 1))

    def run_row(self, order: int) -> int:
        """The first row of how often an order, by its number, was right."""
        return len(self.orders) * (self.vocab_size + 1) + order * RUNS

    def places_of(self, fewer: Matches) -> NDArray[np.int64]:
        """Where the rows of the same memories of fewer ids stand among these, of shape (R,) of those."""
        follows = [np.arange(fewer.vocab_size + 1) + order * (self.vocab_size + 1) for order in range(len(self.orders))]
        return np.concatenate([*follows, np.arange(self.run_row(0), self.rows)])

    def start(self, streams: int) -> NDArray[np.int32]:
        """The memories of streams before their first token, of shape (B, M)."""
        return np.zeros((streams, self.size), np.int32)


def advance(token: int, memory_M: NDArray[np.int32], matches: Matches) -> list[int]:
    """Reads a token into the memory of a stream, which changes; the 2 N rows of vectors behind it."""
    if token == BOUNDARY_ID:
        memory_M[:] = 0
    orders, slots, known = len(matches.orders), matches.slots, matches.vocab_size + 1
    context, right = slice(orders * slots, orders * slots + matches.context), orders * slots + matches.context
    tokens, rows = memory_M[context].tolist(), list[int]()
    if token != BOUNDARY_ID:
        for order, (place, least) in enumerate(_places(tokens, matches)):
            followed = int(memory_M[place]) == least + token + 1
            memory_M[right + order] = min(int(memory_M[right + order]) + 1, RUNS - 1) if followed else 0
            memory_M[place] = least + token + 1
    tokens = [token, *tokens[:-1]]
    memory_M[context] = tokens
    for order, (place, least) in enumerate(_places(tokens, matches)):
        follows = int(memory_M[place]) - least
        is_known = 0 < follows < known
        rows.append(order * known + (follows if is_known else 0))
        rows.append(matches.run_row(order) + (int(memory_M[right + order]) if is_known else 0))
    return rows


def _places(tokens: list[int], matches: Matches) -> list[tuple[int, int]]:
    """For each order where its memory of the last tokens, the latest first, lies, and the number for which nothing followed."""
    number, found = 0, list[tuple[int, int]]()
    for place, token in enumerate(tokens):
        number = (number ^ (token + 1)) * HASH & MASK
        number ^= number >> FOLD
        if place + 1 in matches.orders:
            check = (number >> CHECK_FROM) % matches.checks
            found.append((len(found) * matches.slots + (number & (matches.slots - 1)), check * (matches.vocab_size + 1)))
    return found


def after(ids_T: NDArray[np.integer], memory_M: NDArray[np.int32], matches: Matches) -> NDArray[np.int32]:
    """The memory of a stream behind more tokens, as `advance` would have left it, but for how often it was right: that is not counted."""
    ids_T = np.asarray(ids_T, np.int64)
    begins = np.flatnonzero(ids_T == BOUNDARY_ID)
    memory_M = matches.start(1)[0] if len(begins) else memory_M.copy()
    ids_T = ids_T[begins[-1] + 1 if len(begins) else 0 :]
    slots, known, context = matches.slots, matches.vocab_size + 1, slice(len(matches.orders) * matches.slots, -len(matches.orders))
    token_TC = np.lib.stride_tricks.sliding_window_view(np.concatenate([memory_M[context][::-1], ids_T]), matches.context)[:, ::-1]
    hash_T, order = np.zeros(len(ids_T), np.int64), 0
    for place in range(matches.context):
        hash_T = (hash_T ^ (token_TC[:-1, place] + 1)) * HASH & MASK
        hash_T ^= hash_T >> FOLD
        if place + 1 in matches.orders:
            value_T = (hash_T >> CHECK_FROM) % matches.checks * known + ids_T + 1
            memory_M[order * slots + (hash_T & (slots - 1))] = value_T  # of several for one slot the last one stays
            order += 1
    memory_M[context] = token_TC[-1]
    memory_M[-len(matches.orders) :] = 0
    return memory_M
