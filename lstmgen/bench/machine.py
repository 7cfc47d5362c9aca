"""What the machine itself shows: products a second in each precision, and bytes a second that are read from where weights lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from lstmgen.bench.rounds import Side

_SIZE: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one step has to do at the least.

    Attributes:
        tokens: of one step.
        multiplications: in its products, each with its addition.
        weight_bytes: that it reads.
        precision: of the products: fp32, bf16 or int8.
        threads: that it may use.
    """

    tokens: int
    multiplications: float
    weight_bytes: int
    precision: str
    threads: int

    def sides(self) -> tuple[Side, Side]:
        """What measures multiplications a second, and bytes a second."""
        return _multiplying(self.precision, self.threads), _reading(self.weight_bytes, self.threads)

    def limit(self, multiplications_a_second: float, bytes_a_second: float) -> float:
        """Tokens a second, were there nothing else to do."""
        return self.tokens / max(self.multiplications / multiplications_a_second, self.weight_bytes / bytes_a_second)


def _multiplying(precision: str, threads: int) -> Side:
    """Products of square matrices."""
    left, right = torch.randn(_SIZE, _SIZE), torch.randn(_SIZE, _SIZE)
    if precision == "int8":
        whole, other = left.mul(30).to(torch.int8), right.mul(30).to(torch.int8).t()
        return _side(lambda: torch.ops.aten._int_mm(whole, other), _SIZE**3, threads)  # noqa: SLF001 - torch's name
    if precision == "bf16":
        left, right = left.bfloat16(), right.bfloat16()
    return _side(lambda: left @ right, _SIZE**3, threads)


def _reading(size_bytes: int, threads: int) -> Side:
    """Reads so many bytes again and again: few from a cache, many from memory."""
    numbers = max(1, size_bytes // 8)
    one, other = torch.ones(numbers), torch.ones(numbers)
    return _side(lambda: torch.dot(one, other), 8 * numbers, threads)


def _side(call: Callable[[], object], units: int, threads: int) -> Side:
    def side(repetitions: int) -> int:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            for _ in range(repetitions):
                call()
        finally:
            torch.set_num_threads(before)
        return repetitions * units

    return side
