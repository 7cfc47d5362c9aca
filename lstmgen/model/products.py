"""Products of a matrix with the rows of a batch, in which every row gives the same numbers, bit for bit, whatever the other rows are.

torch's usual products choose their kernel, and with it the order of summation, by the number of rows: one, two or three rows differ in
their last bits from the same rows among four or more. Here every number is a sum of products taken one after the other, each added with a
fused multiply-add. Two kernels of torch do exactly that:

* the weighted sum of the rows of a table, made for embeddings: for one row about twice as fast as a matrix-vector product;
* oneDNN's product with weights packed beforehand: for several rows.

The first treats every row by itself, so it keeps the promise everywhere. The second does so on the processors seen, but nothing
guarantees it: whoever mixes the two checks first (`model/decoder.py` does), and can turn it off. It adds in turn up to 512 products, and
so do both here: a longer row is cut into equal parts, whose sums are added.

Letters: B rows, I input, G output.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

MIN_SHARED: Final = 2**25
"""Multiplications from which a product is worth several threads. Below, waiting for one another costs more than the work, and many times
more where other programs use the same cores."""
ALIGNED: Final = 32
"""torch takes functions such as the sigmoid for whole vectors of numbers, and what is left over in another way, with other last bits. Where
the length of rows is a multiple of this nothing is left over, so every row is treated alike."""
_LONGEST: Final = 512
"""Products that oneDNN adds in turn."""


class Products:
    """How all products of a decoder are computed.

    Attributes:
        packed: use oneDNN where it is there.
        threads: CPU threads that a large product may use; all else runs with those that are set.
    """

    def __init__(self) -> None:
        self.packed = True
        self.threads = 1

    def of(self, *weights_GI: Tensor) -> Product:
        """The product with a copy of this matrix, or of several side by side."""
        return Product(torch.cat([weight_GI.detach().t().contiguous() for weight_GI in weights_GI]), self)


class Product:
    """`x_BI -> x_BI W^T`, of shape (B, G), for the transposed matrix."""

    def __init__(self, table_IG: Tensor, ways: Products) -> None:
        self._table_IG = table_IG
        inputs = len(table_IG)
        self._parts = -(-inputs // _LONGEST)
        self._part = -(-inputs // self._parts)
        self._ways = ways
        self._packed: list[Any] | None = None
        self._rows, (self._places, self._begins) = 1, self._bags(1)

    def _bags(self, rows: int) -> tuple[Tensor, Tensor]:
        """Which rows of the table each sum takes, and where each sum begins."""
        inputs, device = self._table_IG.shape[0], self._table_IG.device
        begins = torch.arange(rows, device=device)[:, None] * inputs + torch.arange(self._parts, device=device) * self._part
        return torch.arange(inputs, device=device).repeat(rows), begins.flatten()

    def __call__(self, x_BI: Tensor) -> Tensor:
        """The product; B is at least 1."""
        rows = x_BI.shape[0]
        if rows > 1 and self._ways.packed and self._pack():
            return self._by_packed_weights(x_BI)
        if rows != self._rows:
            self._rows, (self._places, self._begins) = rows, self._bags(rows)
        sums = torch.embedding_bag(self._table_IG, self._places, self._begins, False, 0, False, x_BI.reshape(-1))[0]
        return sums if self._parts == 1 else _added(sums.view(rows, self._parts, -1).unbind(1))

    def _pack(self) -> bool:
        """Packs the weights once; False where oneDNN has no such product."""
        if self._packed is None:
            self._packed = []
            if self._table_IG.device.type == "cpu" and self._table_IG.dtype == torch.float32:
                with contextlib.suppress(RuntimeError, AttributeError):  # not built in, or not for this processor
                    parts = [part_IG.t().contiguous() for part_IG in self._table_IG.split(self._part)]
                    self._packed = [torch.ops.mkldnn._reorder_linear_weight(part_GI, None) for part_GI in parts]  # noqa: SLF001 - torch's name
        return bool(self._packed)

    def _by_packed_weights(self, x_BI: Tensor) -> Tensor:
        shared = self._ways.threads > 1 and x_BI.shape[0] * self._table_IG.numel() >= MIN_SHARED
        if shared:
            torch.set_num_threads(self._ways.threads)
        try:
            product, parts = torch.ops.mkldnn._linear_pointwise.default, x_BI.split(self._part, dim=1)  # noqa: SLF001 - torch's name
            return _added([product(x, packed, None, "none", [], "") for x, packed in zip(parts, self._packed or (), strict=True)])
        finally:
            if shared:
                torch.set_num_threads(1)


def _added(sums: Sequence[Tensor]) -> Tensor:
    """Their sum, from the first to the last."""
    total = sums[0]
    for other in sums[1:]:
        total = total + other
    return total
