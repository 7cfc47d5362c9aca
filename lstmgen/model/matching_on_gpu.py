"""What followed the last time, in one kernel for GPUs of NVIDIA: the twin of `matches.advance` for whole windows.

`matching.py` says the same in functions of torch, which take some sixty launches for a token; a block of threads for each stream takes one
for a window. The compiler of CUDA that comes with PyTorch translates it where it is first wanted; where there is none, or where
PyTorch cannot launch what is not its own, those functions stay.

Letters: T window, B streams, M numbers of a memory, N orders, R rows of vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.matches import CHECK_FROM, FOLD, HASH, RUNS, Matches

_THREADS: Final = 256
"""Of a stream, of which each empties its share, and the first N have one order each."""
_LONGEST: Final = 2**20
"""Tokens of a window for which places are whole numbers of 32 bits."""
SOURCE: Final = f"""
struct Memory {{
    const long long *ids_TB;
    const int *context_C;
    int streams, stream;
    int boundary;

    // The token so many places before one of the window; what stands before a boundary is none.
    __device__ unsigned token(int place, int back) const {{
        const int at = place - back;
        if (at <= boundary) return 0;
        return at < 0 ? context_C[-at - 1] : (unsigned)ids_TB[(long long)at * streams + stream];
    }}

    __device__ unsigned hash(int place, int order) const {{
        unsigned number = 0;
        for (int back = 0; back < order; back++) {{
            number = (number ^ (token(place, back) + 1u)) * {HASH}u;
            number ^= number >> {FOLD};
        }}
        return number;
    }}
}};

extern "C" __global__ void remember(
    const long long *ids_TB, const int *before_BM, const int *order_N, int *after_BM, long long *row_TBR,
    int count, int streams, int orders, int slots, int known, int checks, int longest)
{{
    const int stream = blockIdx.x, mine = threadIdx.x, size = orders * (slots + 1) + longest, context = orders * slots;
    const int *before_M = before_BM + (long long)stream * size;
    int *after_M = after_BM + (long long)stream * size;  // begins as a copy
    Memory memory = {{ids_TB, before_M + context, streams, stream, -0x7fffffff}};

    const bool has_order = mine < orders;
    const int order = has_order ? order_N[mine] : 0;
    int right = has_order ? before_M[context + longest + mine] : 0;
    unsigned number = memory.hash(-1, order);
    for (int place = 0; place < count; place++) {{
        const int token = (int)ids_TB[(long long)place * streams + stream];
        if (token == {BOUNDARY_ID}) {{  // of every thread of the block, or of none
            __syncthreads();
            for (int at = mine; at < context; at += blockDim.x) after_M[at] = 0;
            __syncthreads();
            memory.boundary = place;
            right = 0;
        }} else if (has_order) {{
            int *slot = after_M + mine * slots + (number & (unsigned)(slots - 1));
            const int value = (int)((number >> {CHECK_FROM}) % (unsigned)checks) * known + token + 1;
            right = *slot == value ? min(right + 1, {RUNS - 1}) : 0;
            *slot = value;
        }}
        if (has_order) {{
            number = memory.hash(place, order);
            const int least = (int)((number >> {CHECK_FROM}) % (unsigned)checks) * known;
            const int follows = after_M[mine * slots + (number & (unsigned)(slots - 1))] - least;
            const bool is_known = 0 < follows && follows < known;
            long long *row_R = row_TBR + ((long long)place * streams + stream) * 2 * orders + 2 * mine;
            row_R[0] = mine * known + (is_known ? follows : 0);
            row_R[1] = orders * known + mine * {RUNS} + (is_known ? right : 0);
        }}
    }}
    for (int back = mine; back < longest; back += blockDim.x) after_M[context + back] = (int)memory.token(count - 1, back);
    if (has_order) after_M[context + longest + mine] = right;
}}
"""


def remembered(ids_TB: Tensor, memory_BM: Tensor, matches: Matches) -> tuple[Tensor, Tensor] | None:
    """As `matching.matched`, on a GPU; None where there is no kernel for it."""
    count, streams = ids_TB.shape
    orders, known = len(matches.orders), matches.vocab_size + 1
    if orders > _THREADS or not 0 < count <= _LONGEST or (kernel := _kernel(ids_TB.device)) is None:
        return None
    after_BM = memory_BM.clone(memory_format=torch.contiguous_format)
    row_TBR = torch.empty(count, streams, 2 * orders, dtype=torch.int64, device=ids_TB.device)
    order_N = _orders(matches.orders, ids_TB.device)
    tensors = [ids_TB.long().contiguous(), memory_BM.contiguous(), order_N, after_BM, row_TBR]
    numbers = [count, streams, orders, matches.slots, known, matches.checks, matches.context]
    with torch.cuda.device(ids_TB.device):
        kernel(grid=(streams, 1, 1), block=(_THREADS, 1, 1), args=[*tensors, *numbers])
    return row_TBR, after_BM


@cache
def _orders(orders: tuple[int, ...], device: torch.device) -> Tensor:
    """On the device once and for all: what is recorded must not be copied from the host."""
    return torch.tensor(orders, dtype=torch.int32, device=device)


@cache
def _kernel(device: torch.device) -> Callable[..., None] | None:
    """What launches it; None: it cannot be had."""
    compile_kernel: Any = getattr(torch.cuda, "_compile_kernel", None)
    if device.type != "cuda" or torch.version.hip is not None or compile_kernel is None:
        return None
    try:
        with torch.cuda.device(device):
            return compile_kernel(SOURCE, "remember")
    except (RuntimeError, OSError, ImportError, AttributeError, AssertionError):
        return None
