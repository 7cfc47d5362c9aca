"""Compiles loops before they are wanted, in a process of its own: see `ahead.py`."""

from __future__ import annotations

import numpy as np

from lstmgen.model.compiled import loops
from lstmgen.model.compiled.numbers import FP32, Matrices, W
from lstmgen.model.compiled.numpy_loops import addresses


def prepare() -> None:
    """Compiles a token and a block, for all networks, and keeps them where numba keeps such things."""
    size = W // 4
    state_BL2H, logits_BV = np.zeros((1, 1, 2, size), np.float32), np.zeros((1, 1), np.float32)
    matrices = Matrices(FP32, np.zeros((1, 1, size, W), np.uint32), np.zeros((1, 0), np.float32), np.zeros((1, 0, 0), np.int32))
    network = loops.Network(
        addresses=addresses(),
        table_VG=np.zeros((1, W), np.float32),
        embedding_VE=np.zeros((1, size), np.float32),
        layers=matrices,
        bias_LG=np.zeros((0, W), np.float32),
        norm_L2H=np.zeros((0, 2, size), np.float32),
        eps=1e-5,
        residual_L=np.zeros(1, np.int64),
        head=matrices,
        head_bias_V=np.zeros(1, np.float32),
    )
    choice = loops.Choice(1.0, 0, 1.0, -np.inf, np.zeros(0, np.bool_))
    loops.token(network, np.zeros(1, np.int64), state_BL2H, logits_BV)
    loops.block(network, choice, state_BL2H, logits_BV, loops.Block(np.zeros((1, 1)), np.zeros((1, 1), np.int64), np.zeros((1, 1))))
