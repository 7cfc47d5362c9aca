"""Rows of weights times the inputs of lanes, as vector instructions. A row of weights that was read serves all lanes."""

from __future__ import annotations

import itertools
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from lstmgen.model.compiled.layout import LANES, W
from lstmgen.model.compiled.vectors import Add, Vectors, add_bf16, add_fp32, add_int8


def _through_rows(add: Add, lanes: int) -> Any:
    """An intrinsic that goes through rows of W words of 32 bits.

    It takes where the rows are, where the inputs of the first lane are, how many bytes further on those of the next one are, the number of
    rows, and where totals of shape (lanes, W) go.
    """

    @intrinsic
    def run(_: Any, rows: Any, inputs: Any, stride: Any, count: Any, totals: Any) -> Any:
        def made(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            v = Vectors(builder)
            table, first, step, number, into = values
            zero = ir.Constant(v.words if add is add_int8 else v.floats, None)
            left = [v.row(first, step, lane) for lane in range(lanes)]
            found = v.product(add, [[zero] * (W // v.lanes)] * lanes, left, table, number)
            for place, total in enumerate(itertools.chain.from_iterable(found)):
                v.store(total, v.at(into, v.bytes * place))
            return context.get_dummy_value()

        return types.void(rows, inputs, stride, count, totals), made

    return run


fp32_rows: Any = _through_rows(add_fp32, LANES)
fp32_row: Any = _through_rows(add_fp32, 1)
bf16_rows: Any = _through_rows(add_bf16, LANES)
bf16_row: Any = _through_rows(add_bf16, 1)
int8_rows: Any = _through_rows(add_int8, LANES)
int8_row: Any = _through_rows(add_int8, 1)
