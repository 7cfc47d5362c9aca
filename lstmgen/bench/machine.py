"""What the machine itself shows: products a second in each precision, and bytes a second that are read from where weights lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from lstmgen.bench.rounds import Side
from lstmgen.model.fp32 import by_onednn

CPU: Final = torch.device("cpu")
_SIZE: Final = 1024
_GPU_SIZE: Final = 8192
_GPU_BYTES: Final = 2**30
"""A GPU launches many small reads no faster than a few large ones."""
_NUMBERS: Final = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one step has to do at the least.

    Attributes:
        tokens: of one step.
        multiplications: in its products, each with its addition.
        weight_bytes: that it reads.
        precision: of the products: fp32, fp16, bf16 or int8.
        threads: that it may use.
        device: that does it.
    """

    tokens: int
    multiplications: float
    weight_bytes: int
    precision: str
    threads: int
    device: torch.device = CPU

    def sides(self) -> tuple[list[Side], Side]:
        """What measures multiplications a second, in each way of multiplying that there is, and bytes a second."""
        is_gpu = self.device.type == "cuda"
        size_bytes = max(self.weight_bytes, _GPU_BYTES) if is_gpu else self.weight_bytes
        with self.device:
            ways, reading = _multiplying(self.precision, _GPU_SIZE if is_gpu else _SIZE, self.threads), _reading(size_bytes, self.threads)
        return [awaited(side, self.device) for side in ways], awaited(reading, self.device)

    def limit(self, multiplications_a_second: float, bytes_a_second: float) -> float:
        """Tokens a second, were there nothing else to do."""
        return self.tokens / max(self.multiplications / multiplications_a_second, self.weight_bytes / bytes_a_second)


def awaited(side: Side, device: torch.device) -> Side:
    """A side that is over when the device has done what it was told."""
    if device.type != "cuda":
        return side

    def to_the_end(repetitions: int) -> int:
        units = side(repetitions)
        torch.cuda.synchronize(device)
        return units

    return to_the_end


def _multiplying(precision: str, size: int, threads: int) -> list[Side]:
    """Products of square matrices: torch's, and in fp32 on a CPU those of oneDNN too, which may be faster."""
    left, right = torch.randn(size, size), torch.randn(size, size)
    if precision == "int8":
        whole, other = left.mul(30).to(torch.int8), right.mul(30).to(torch.int8).t()
        return [_side(lambda: torch.ops.aten._int_mm(whole, other), size**3, threads)]  # noqa: SLF001 - torch's name
    number_type = _NUMBERS.get(precision, torch.float32)
    left, right = left.to(number_type), right.to(number_type)
    ways = [_side(lambda: left @ right, size**3, threads)]
    linear = by_onednn() if number_type == torch.float32 and left.device.type == "cpu" else None
    return ways if linear is None else [*ways, _side(lambda: linear(left, right), size**3, threads)]


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
