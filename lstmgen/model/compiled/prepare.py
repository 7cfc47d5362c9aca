"""Compiles loops before they are wanted, in a process of its own: see `ahead.py`."""

from __future__ import annotations

import numpy as np

from lstmgen.model.compiled import loops
from lstmgen.model.compiled.numbers import Matrix, W
from lstmgen.model.compiled.numpy_loops import addresses


def prepare(precision: str, head: str, layers: int) -> None:
    """Compiles a token and a block for networks of this kind, and keeps them where numba keeps such things."""
    size, state_L2H = W // 4, np.zeros((layers, 2, W // 4), np.float32)
    rows = {"fp32": (2 * size, np.float32), "bf16": (size, np.uint32), "int8": (size // 2, np.int32)}

    def matrix(kind: str, parts: int) -> Matrix:
        eight, (count, dtype) = parts if kind == "int8" else 0, rows[kind]
        scale_G, zero_PG = np.zeros(eight and W, np.float32), np.zeros((eight, W), np.int32)
        return Matrix(np.zeros((1, count, W), dtype), scale_G, np.full(eight, size), zero_PG)

    network = loops.Network(
        addresses=addresses(),
        table_VG=np.zeros((1, W), np.float32),
        embedding_VE=np.zeros((1, size), np.float32),
        matrix_L=(matrix(precision, 1), *[matrix(precision, 2)] * (layers - 1)),
        bias_LG=np.zeros((layers - 1, W), np.float32),
        norm_L2H=np.zeros((layers, 2, size), np.float32),
        eps=1e-5,
        residual_L=np.zeros(layers, np.int64),
        head=matrix(head, 1),
        head_bias_V=np.zeros(1, np.float32),
    )
    logits_V = np.zeros(1, np.float32)
    loops.token(network, 0, state_L2H, logits_V)
    choice = loops.Choice(1.0, 0, 1.0, -np.inf, np.zeros(0, np.bool_))
    rows_BG, rows_BH = np.zeros((1, W), np.float32), np.zeros((1, size), np.float32)
    loops.lanes_gated(network.addresses, rows_BG, rows_BG, rows_BH)
    loops.lanes_normalised(network.addresses, rows_BH, rows_BH[0], rows_BH[0], 1e-5)
    if precision == "int8":
        _, largest_B = loops.lanes_whole(rows_BH)
        loops.lanes_scaled(np.zeros((1, W), np.int32), largest_B, rows_BG, rows_BG[0])
    loops.block(network, choice, state_L2H, logits_V, loops.Block(np.zeros(1), np.zeros(1, np.int64), np.zeros(1)))
