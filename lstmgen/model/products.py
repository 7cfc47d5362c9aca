"""Products of a matrix with the rows of a batch, in which every row gives the same numbers, bit for bit, whatever the other rows are.

torch's usual products choose their kernel, and with it the order of summation, by the number of rows: one, two or three rows differ in
their last bits from the same rows among four or more. Here every number is a sum of products taken one after the other, each added with a
fused multiply-add. Two kernels of torch do exactly that:

* the weighted sum of the rows of a table, made for embeddings: for one row about twice as fast as a matrix-vector product;
* oneDNN's product with weights packed beforehand: for several rows.

The first treats every row by itself, so it keeps the promise everywhere. The second does so on the processors seen, but nothing
guarantees it: whoever mixes the two checks first (`model/decoder.py` does), and can turn it off. It adds in turn up to 512 products, and
so do both here: a longer row is cut into equal parts, whose sums are added.

Weights may be kept in bf16 or int8, which halves or quarters what has to be read for a token. In bf16 oneDNN's product gives every row the
same numbers on the processors seen, a single row too; in int8 sums are exact.

Letters: B rows, I input, G output.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import numpy as np
import torch
from torch import Tensor

from lstmgen.model.arrays import TENSORS, Array, arrays_for
from lstmgen.model.summing import LEAST_SCALE, MIN_SHARED, STEPS, part_of

ALIGNED: Final = 32
"""torch takes functions such as the sigmoid for whole vectors of numbers, and what is left over in another way, with other last bits. Where
the length of rows is a multiple of this nothing is left over, so every row is treated alike."""
_WIDTH: Final = 256
"""Columns of a table, or half as many at the least, that are summed side by side: as many as a processor's registers hold."""
_MOST_DIVIDED: Final = 2**13
"""Columns of a table from which they stay together: each part needs the numbers by which rows are multiplied once more."""
_ROWS: Final = 64
"""Rows that are taken together where there are many."""

Precision = Literal["fp32", "bf16", "int8"]


class Products:
    """How all products of a decoder are computed.

    Args:
        precision: of the weights: `bf16`, `int8`, or `fp32`, which leaves them as they are.

    Attributes:
        packed: use oneDNN where it is there.
        threads: CPU threads that a large product may use; all else runs with those that are set.
    """

    def __init__(self, precision: Precision = "fp32") -> None:
        self.precision = precision
        self.packed = True
        self.threads = 1

    def of(self, *weights_GI: Tensor, least: int = 0) -> Product | Int8Product:
        """The product with a copy of this matrix, which takes x_BI; with several side by side it takes as many inputs.

        Inputs and the result are arrays of the kind that suits the matrix (`arrays_for`).

        Args:
            weights_GI: the matrix, or its parts.
            least: a matrix of fewer numbers keeps its number type, whatever the precision.
        """
        sizes = [weight_GI.shape[1] for weight_GI in weights_GI]
        precision = self.precision if sum(sizes) * len(weights_GI[0]) >= least else "fp32"
        if precision == "int8":
            return Int8Product(weights_GI, self)
        dtype = torch.bfloat16 if precision == "bf16" else weights_GI[0].dtype
        table_IG = weights_GI[0].new_empty(sum(sizes), len(weights_GI[0]), dtype=dtype)
        for rows_IG, weight_GI in zip(table_IG.split(sizes), weights_GI, strict=True):
            rows_IG.copy_(weight_GI.detach().t())
        return Product(table_IG, self, like=weights_GI[0])

    @property
    def path(self) -> str:
        """Which kernels run, for people."""
        if self.precision == "int8":
            return "int8 products" if vnni() else "int8 weights in fp32 products: the processor multiplies no int8"
        return f"{self.precision} products" + (", packed by oneDNN" if self.packed else "")

    def shared(self, multiplications: int, product: Callable[..., Tensor], *given: Any) -> Tensor:
        """What the product gives, with all threads where it is large enough."""
        if self.threads == 1 or multiplications < MIN_SHARED:
            return product(*given)
        torch.set_num_threads(self.threads)
        try:
            return product(*given)
        finally:
            torch.set_num_threads(1)


class Product:
    """`x_BI -> x_BI W^T`, of shape (B, G), for the transposed matrix, in the matrix's number type.

    Arrays are of the kind of `like`, and results of its type or a wider one.

    Attributes:
        precision: of the matrix.
        size: its numbers.
    """

    def __init__(self, table_IG: Tensor, ways: Products, *, like: Tensor) -> None:
        (self._inputs, outputs), self._dtype = table_IG.shape, table_IG.dtype
        self._matrix_IG = table_IG if table_IG.is_cuda else None  # there its product as it is is fastest
        self._bf16, self._ways = self._dtype == torch.bfloat16, ways
        self.precision: Precision = "bf16" if self._bf16 else "fp32"
        self.size = table_IG.numel()
        self._by, self._given = arrays_for(like), like.dtype if self._bf16 else torch.promote_types(self._dtype, like.dtype)
        self._part = part_of(self._inputs, self.precision)
        self._parts = -(-self._inputs // self._part)
        # Columns that are read together lie together, so that memory is read from one end to the other.
        widths = [width for width in range(_WIDTH // 2, _WIDTH + 1) if outputs % width == 0]
        self._width = widths[-1] if widths and outputs <= _MOST_DIVIDED else outputs
        self._table_ND = table_IG.view(self._inputs, -1, self._width).transpose(0, 1).reshape(-1, self._width)
        self._packed: list[Any] | None = None
        self._make_room(1)

    def _make_room(self, rows: int) -> None:
        """Which rows of the table each sum takes, where each sum begins, and room for what they are multiplied with."""
        device, blocks = self._table_ND.device, len(self._table_ND) // self._inputs
        begins = torch.arange(rows * blocks, device=device)[:, None] * self._inputs + torch.arange(self._parts, device=device) * self._part
        self._rows, self._begins = rows, begins.flatten()
        self._places = torch.arange(blocks * self._inputs, device=device).repeat(rows)
        self._factors = self._table_ND.new_empty(rows, blocks, self._inputs)
        self._room = self._factors if self._bf16 else self._by.view(self._factors)

    def __call__(self, *parts_BI: Array) -> Array:
        """The product with the parts side by side; B is at least 1."""
        if self._matrix_IG is not None:
            return (parts_BI[0] if len(parts_BI) == 1 else torch.cat(parts_BI, dim=1)) @ self._matrix_IG
        rows = len(parts_BI[0])
        if (rows > 1 or self._bf16) and self._ways.packed and self._pack():
            return self._by.view(self._by_packed_weights([self._by.tensor(part_BI) for part_BI in parts_BI]))
        if rows != self._rows:
            self._make_room(rows)
        first = 0
        for part_BI in parts_BI:
            last = first + part_BI.shape[1]
            self._room[:, :, first:last] = self._by.tensor(part_BI)[:, None] if self._bf16 else part_BI[:, None]
            first = last
        sums = torch.embedding_bag(self._table_ND, self._places, self._begins, False, 0, False, self._factors.view(-1))[0]
        if self._parts > 1:
            sums = _added(sums.view(-1, self._parts, self._width).unbind(1))
        return self._by.view(sums.to(self._given)).reshape(rows, -1)

    def of_many(self, x_BI: Array) -> Array:
        """The product with any number of rows, each of which is what it is alone: that is looked at in some."""
        if self._matrix_IG is not None:
            return self(x_BI)
        groups = [x_BI[first : first + _ROWS] for first in range(0, len(x_BI), _ROWS)]
        products = list(map(self, groups))
        for group, product in ((groups[0], products[0]), (groups[-1], products[-1])):
            for row in {0, len(group) // 2, len(group) - 1}:
                if self._ways.packed and not (self(group[row : row + 1])[0] == product[row]).all():
                    self._ways.packed = False
                    return self.of_many(x_BI)
        return self._by.view(torch.cat([self._by.tensor(product) for product in products]))

    def _pack(self) -> bool:
        """Packs the weights once; False where oneDNN has no such product."""
        if self._packed is None:
            self._packed = []
            if self._table_ND.device.type == "cpu" and self._dtype in (torch.float32, torch.bfloat16):
                with contextlib.suppress(RuntimeError, AttributeError):  # not built in, or not for this processor
                    if not self._bf16 or torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001 - torch's name
                        weight_GI = self._table_ND.view(-1, self._inputs, self._width).transpose(1, 2).reshape(-1, self._inputs)
                        parts = [part_GI.contiguous() for part_GI in weight_GI.split(self._part, dim=1)]
                        self._packed = [torch.ops.mkldnn._reorder_linear_weight(part_GI, None) for part_GI in parts]  # noqa: SLF001 - torch's name
        return bool(self._packed)

    def _by_packed_weights(self, parts_BI: Sequence[Tensor]) -> Tensor:
        parts = parts_BI
        if self._parts == 1:
            parts = parts_BI if len(parts_BI) == 1 else (torch.cat(tuple(parts_BI), dim=1),)
        elif len(parts_BI) != self._parts or any(part_BI.shape[1] != self._part for part_BI in parts_BI):
            parts = torch.cat(tuple(parts_BI), dim=1).split(self._part, dim=1)
        parts = [part_BI.to(self._dtype) for part_BI in parts]
        return self._ways.shared(len(parts[0]) * self._table_ND.numel(), _added_products, parts, self._packed or (), self._given)


class Int8Product:
    """The same with weights of eight bits: one scale for each output, and for each row of every input one scale of its own.

    Sums of whole numbers are exact, so a row is the same whatever kernel takes them and whatever the other rows are. Where the processor
    multiplies no int8, products in fp32 give the very same numbers, as long as no sum reaches 2^24: rows are cut where it could.
    """

    precision: Final = "int8"

    def __init__(self, weights_GI: Sequence[Tensor], ways: Products) -> None:
        joined_GI = torch.cat([weight_GI.detach() for weight_GI in weights_GI], dim=1).to(torch.float32)
        steps_G1 = joined_GI.abs().amax(1, keepdim=True).div_(STEPS).clamp_min_(LEAST_SCALE)
        self.size = joined_GI.numel()
        self._like, self._by, self._ways = weights_GI[0].detach(), arrays_for(weights_GI[0]), ways
        self._scale_G = self._by.view((steps_G1 / STEPS).flatten())
        whole_GI = (joined_GI / steps_G1).round_().to(torch.int8)
        self._products = [self._whole(part_GI) for part_GI in whole_GI.split([weight_GI.shape[1] for weight_GI in weights_GI], dim=1)]

    def _whole(self, whole_GI: Tensor) -> Callable[[Array], Array]:
        """The product of whole numbers up to 127 with this matrix of such."""
        if not vnni() or self._by is TENSORS:
            return Product(whole_GI.t().to(torch.float32).contiguous(), self._ways, like=self._like)
        weight_IG = whole_GI.contiguous().t()
        multiply: Any = torch.ops.aten._int_mm.default  # noqa: SLF001 - torch's name

        def sums(x_BI: Array) -> Array:
            whole_BI = torch.from_numpy(x_BI.astype(np.int8))
            return self._ways.shared(len(x_BI) * weight_IG.numel(), multiply, whole_BI, weight_IG).numpy().astype(np.float32)

        return sums

    def __call__(self, *parts_BI: Array) -> Array:
        """The product with the parts side by side; B is at least 1."""
        by, total_BG = self._by, None
        for x_BI, product in zip(parts_BI, self._products, strict=True):
            largest_B1 = by.largest(abs(x_BI), LEAST_SCALE)
            sums_BG = product(by.rounded(x_BI * (STEPS / largest_B1)))
            sums_BG = by.multiply(sums_BG, largest_B1, out=sums_BG)
            total_BG = sums_BG if total_BG is None else by.add(total_BG, sums_BG, out=total_BG)
        total_BG = by.multiply(total_BG, self._scale_G, out=total_BG)
        return total_BG.to(self._like.dtype) if by is TENSORS else total_BG


def vnni() -> bool:
    """Whether the processor multiplies int8 by itself."""
    return bool(getattr(torch.cpu, "_is_vnni_supported", lambda: False)())


def _added_products(parts: Sequence[Tensor], packed: Sequence[Any], dtype: torch.dtype) -> Tensor:
    """The sum of the products of oneDNN with packed weights, in this number type."""
    product: Any = torch.ops.mkldnn._linear_pointwise.default  # noqa: SLF001 - torch's name
    return _added([product(x_BI, weight, None, "none", [], "").to(dtype) for x_BI, weight in zip(parts, packed, strict=True)])


def _added(sums: Sequence[Tensor]) -> Tensor:
    """Their sum, from the first to the last."""
    total = sums[0]
    for other in sums[1:]:
        total = total + other
    return total
