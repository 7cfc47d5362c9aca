"""Products of a matrix with the rows of a batch, in which every row gives the same numbers, bit for bit, whatever the other rows are.

torch's usual products choose their kernel, and with it the order of summation, by the number of rows: one, two or three rows differ in
their last bits from the same rows among four or more. Here every number is a sum of products taken one after the other, each added with a
fused multiply-add. Two kernels of torch do exactly that:

* the weighted sum of the rows of a table, made for embeddings: for one row about twice as fast as a matrix-vector product;
* oneDNN's product with weights packed beforehand: for several rows.

The first treats every row by itself, so it keeps the promise everywhere. The second does so on the processors seen, but nothing
guarantees it: whoever mixes the two checks first (`model/decoder.py` does), and can turn it off.

Letters: B rows, I input, G output.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

import torch
from torch import Tensor

MIN_SHARED: Final = 2**25
"""Multiplications from which a product is worth several threads. Below, waiting for one another costs more than the work, and many times
more where other programs use the same cores."""


class Products:
    """How all products of a decoder are computed.

    Attributes:
        packed: use oneDNN where it is there.
        threads: CPU threads that a large product may use; all else runs with those that are set.
    """

    def __init__(self) -> None:
        self.packed = True
        self.threads = 1

    def of(self, weight_GI: Tensor) -> Product:
        """The product with a copy of this matrix."""
        return Product(weight_GI, self)


class Product:
    """`x_BI -> x_BI W^T`, of shape (B, G)."""

    def __init__(self, weight_GI: Tensor, ways: Products) -> None:
        self._table_IG = weight_GI.detach().t().clone(memory_format=torch.contiguous_format)
        self._ways = ways
        self._packed: Any = None
        self._one = self._bags(1)
        self._some = self._one

    def _bags(self, rows: int) -> tuple[Tensor, Tensor]:
        """Which rows of the table each sum takes, and where each sum begins."""
        inputs, device = len(self._table_IG), self._table_IG.device
        return torch.arange(inputs, device=device).repeat(rows), torch.arange(rows, device=device) * inputs

    def __call__(self, x_BI: Tensor) -> Tensor:
        """The product; B is at least 1."""
        rows = len(x_BI)
        if rows == 1:
            return torch.embedding_bag(self._table_IG, *self._one, False, 0, False, x_BI.view(-1))[0]
        if self._ways.packed and self._pack():
            return self._by_packed_weights(x_BI)
        if len(self._some[1]) != rows:
            self._some = self._bags(rows)
        return torch.embedding_bag(self._table_IG, *self._some, False, 0, False, x_BI.reshape(-1))[0]

    def _pack(self) -> bool:
        """Packs the weights once; False where oneDNN has no such product."""
        if self._packed is None:
            self._packed = False
            if self._table_IG.device.type == "cpu" and self._table_IG.dtype == torch.float32:
                with contextlib.suppress(RuntimeError, AttributeError):  # not built in, or not for this processor
                    self._packed = torch.ops.mkldnn._reorder_linear_weight(self._table_IG.t().contiguous(), None)  # noqa: SLF001 - torch's name
        return self._packed is not False

    def _by_packed_weights(self, x_BI: Tensor) -> Tensor:
        shared = self._ways.threads > 1 and len(x_BI) * self._table_IG.numel() >= MIN_SHARED
        if shared:
            torch.set_num_threads(self._ways.threads)
        try:
            return torch.ops.mkldnn._linear_pointwise.default(x_BI, self._packed, None, "none", [], "")  # noqa: SLF001 - torch's name
        finally:
            if shared:
                torch.set_num_threads(1)
