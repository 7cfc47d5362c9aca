"""A token as one compiled function, and a block of tokens that it draws itself: the numbers of the usual path, bit for bit.

The twins are `decoder.py`, and `generation/draw.py` with its filters; `numbers.py` has the parts.

Letters: B lanes, L layers, H hidden, G stacked gates, V vocabulary, K tokens of a block.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lstmgen.model.compiled.numbers import EXP, F32, LOG, OPTIONS, Matrix, W, each, gates, normalise, product, step_of

BUILT_ON: Final = "0"
"""The beginning of the SHA-256 of `rows.py` and `numbers.py`. numba compiles anew what it has kept only where the file itself has changed, so
this one has to change with those."""
_KEPT: Final[dict[str, Any]] = OPTIONS | {"cache": True}
_LARGEST: Final = 1e300
"""As in `generation/blocks.py`."""


class Network(NamedTuple):
    """What a token needs.

    Attributes:
        addresses: of numpy's loops.
        table_VG: what the first layer makes of every token.
        embedding_VE: what is added to the first layer's output, where `residual[0]` is 1.
        matrix_L: of each layer: of the state alone in the first, of input and state in all others.
        bias_LG: of each layer but the first.
        norm_L2H: scale and shift before each layer but the first, and before the head; empty: there is no normalisation.
        eps: of the normalisation.
        residual_L: whether a layer's input is added to its output.
        head: the product that gives logits.
        head_bias_V: what is added to them.
    """

    addresses: NDArray[np.int64]
    table_VG: NDArray[np.float32]
    embedding_VE: NDArray[np.float32]
    matrix_L: tuple[Matrix, ...]
    bias_LG: NDArray[np.float32]
    norm_L2H: NDArray[np.float32]
    eps: float
    residual_L: NDArray[np.int64]
    head: Matrix
    head_bias_V: NDArray[np.float32]


class Choice(NamedTuple):
    """How a token is drawn; see `generation/sampling.py`.

    Attributes:
        temperature: 0: the most probable token.
        top_k: of so many tokens; 0: of all.
        top_p: of tokens that have this probability together.
        least: by how much a logit may lie below the largest: the logarithm of `min_p`.
        allowed_V: which may be drawn; empty: all.
    """

    temperature: float
    top_k: int
    top_p: float
    least: float
    allowed_V: NDArray[np.bool_]


class Block(NamedTuple):
    """Tokens that are drawn.

    Attributes:
        uniform_K: a number in [0, 1) for each.
        token_K: room for their ids.
        nats_K: room for their surprisals.
    """

    uniform_K: NDArray[np.float64]
    token_K: NDArray[np.int64]
    nats_K: NDArray[np.float64]


@njit(**_KEPT)
def token(network: Any, number: int, state_L2H: Any, logits_V: Any) -> None:
    """Reads one token: the state after it, in place, and the logits of the next one."""
    addresses, size, last = network.addresses, state_L2H.shape[2], state_L2H.shape[0]
    sum_G, x_H, row_I = np.empty(4 * size + W, np.float32), np.empty(size, np.float32), np.empty(2 * size, np.float32)
    sum_V = np.empty(len(logits_V) + W, np.float32)
    for layer in range(last):
        h_H, c_H = state_L2H[layer, 0], state_L2H[layer, 1]
        if layer == 0:
            product(network.matrix_L[0], h_H, sum_G)
            rest_G = network.table_VG[number]
        else:
            row_I[size:] = h_H
            if len(network.norm_L2H):
                normalise(addresses, x_H, network.norm_L2H[layer - 1, 0], network.norm_L2H[layer - 1, 1], network.eps, row_I[:size])
            else:
                row_I[:size] = x_H
            product(network.matrix_L[layer], row_I, sum_G)
            rest_G = network.bias_LG[layer - 1]
        for g in range(4 * size):
            sum_G[g] += rest_G[g]
        gates(addresses, sum_G[: 4 * size], c_H, h_H)
        if layer == 0 and network.residual_L[0]:
            x_H[:] = network.embedding_VE[number]
        for k in range(size):
            x_H[k] = x_H[k] + h_H[k] if network.residual_L[layer] else h_H[k]
    if len(network.norm_L2H):
        normalise(addresses, x_H, network.norm_L2H[last - 1, 0], network.norm_L2H[last - 1, 1], network.eps, x_H)
    product(network.head, x_H, sum_V)
    for v in range(len(logits_V)):
        logits_V[v] = sum_V[v] + network.head_bias_V[v]


@njit(**_KEPT)
def lanes_gated(addresses: Any, sum_BG: Any, rest_BG: Any, c_BH: Any) -> Any:
    """An LSTM's outputs and cells of lanes; one row of `rest_BG` is for all. The sums are used up."""
    h_BH, c_BH = np.empty_like(c_BH), c_BH.copy()
    for lane in range(len(sum_BG)):
        rest_G = rest_BG[lane if len(rest_BG) > 1 else 0]
        for g in range(len(rest_G)):
            sum_BG[lane, g] += rest_G[g]
        gates(addresses, sum_BG[lane], c_BH[lane], h_BH[lane])
    return h_BH, c_BH


@njit(**_KEPT)
def lanes_normalised(addresses: Any, x_BH: Any, scale_H: Any, shift_H: Any, eps: float) -> Any:
    """The layer normalisation of lanes."""
    out_BH = np.empty_like(x_BH)
    for lane in range(len(x_BH)):
        normalise(addresses, x_BH[lane], scale_H, shift_H, eps, out_BH[lane])
    return out_BH


@njit(**_KEPT)
def lanes_whole(x_BI: Any) -> Any:
    """Rows in whole numbers up to 127, and what a row's largest number is; see `products.Int8Product`."""
    whole_BI, largest_B = np.empty(x_BI.shape, np.int8), np.empty(len(x_BI), np.float32)
    for lane in range(len(x_BI)):
        largest_B[lane], scale = step_of(x_BI[lane])
        for i in range(x_BI.shape[1]):
            whole_BI[lane, i] = np.int8(np.rint(x_BI[lane, i] * scale))
    return whole_BI, largest_B


@njit(**_KEPT)
def lanes_scaled(sum_BG: Any, largest_B: Any, total_BG: Any, scale_G: Any) -> None:
    """Adds a product in whole numbers to totals, and scales them where there is a scale."""
    for lane in range(len(sum_BG)):
        for g in range(sum_BG.shape[1]):
            total_BG[lane, g] += F32(sum_BG[lane, g]) * largest_B[lane]
        for g in range(len(scale_G)):
            total_BG[lane, g] *= scale_G[g]


@njit(**_KEPT)
def block(network: Any, choice: Any, state_L2H: Any, logits_V: Any, drawn: Any) -> bool:
    """Draws and reads a block of tokens; state, logits and block are changed in place. False: no logit was a number."""
    for k in range(len(drawn.uniform_K)):
        if not _draw(network.addresses, choice, logits_V, drawn, k):
            return False
        token(network, drawn.token_K[k], state_L2H, logits_V)
    return True


@njit(**OPTIONS)
def _draw(addresses: Any, choice: Any, logits_V: Any, drawn: Any, k: int) -> bool:
    """Token k of a block and its surprisal, as `generation/draw.pick` has them."""
    size, any_number = len(logits_V), False
    raw_V, weight_V, kept_V, log_1 = np.empty(size), np.empty(size), np.empty(size), np.empty(1)
    for v in range(size):
        x = np.float64(logits_V[v])
        raw_V[v] = -np.inf if np.isnan(x) else min(x, _LARGEST) if x == np.inf else x
        any_number |= raw_V[v] > -np.inf
    if not any_number:
        return False
    largest = _most(raw_V)
    log_1[0] = _weighed(addresses, raw_V, weight_V)
    each(addresses, LOG, log_1, log_1)
    kept_V[:] = raw_V
    _filter(addresses, choice, kept_V, weight_V)
    total = _weighed(addresses, kept_V, weight_V)
    point, chosen = drawn.uniform_K[k] * total, 0
    while weight_V[chosen] <= point and weight_V[chosen] < total:
        chosen += 1
    drawn.token_K[k], drawn.nats_K[k] = chosen, log_1[0] - (raw_V[chosen] - largest)
    return True


@njit(**OPTIONS)
def _most(x_V: Any) -> float:
    """The largest number."""
    most = x_V[0]
    for v in range(len(x_V)):
        most = max(most, x_V[v])
    return most


@njit(**OPTIONS)
def _weighed(addresses: Any, logits_V: Any, weight_V: Any) -> float:
    """What softmax divides: powers of e, the largest of which is 1, added up from the first on; their sum."""
    most, total = _most(logits_V), 0.0
    for v in range(len(logits_V)):
        weight_V[v] = logits_V[v] - most
    each(addresses, EXP, weight_V, weight_V)
    for v in range(len(logits_V)):
        total += weight_V[v]
        weight_V[v] = total
    return total


@njit(**OPTIONS)
def _filter(addresses: Any, choice: Any, logits_V: Any, room_V: Any) -> None:
    """Does to logits what `generation/filters.py` does. What is removed is minus infinity."""
    size = len(logits_V)
    if len(choice.allowed_V):
        lost = True
        for v in range(size):
            lost &= not (choice.allowed_V[v] and logits_V[v] > -np.inf)
        for v in range(size):
            logits_V[v] = (0.0 if lost else logits_V[v]) if choice.allowed_V[v] else -np.inf
    if choice.temperature not in (0.0, 1.0):
        most = _most(logits_V)
        for v in range(size):
            logits_V[v] = (logits_V[v] - most) / choice.temperature
    for count in (1 if choice.temperature == 0 else 0, choice.top_k):
        if 0 < count < size:
            for v in _ordered(logits_V)[count:]:
                logits_V[v] = -np.inf
    if choice.top_p < 1:
        _keep_mass(addresses, choice.top_p, logits_V, room_V)
    if choice.least > -np.inf:
        least = _most(logits_V) + choice.least
        for v in range(size):
            logits_V[v] = -np.inf if logits_V[v] < least else logits_V[v]


@njit(**OPTIONS)
def _keep_mass(addresses: Any, mass: float, logits_V: Any, weight_V: Any) -> None:
    """Keeps the most probable tokens until their probabilities sum to at least `mass`; always the first."""
    total, most, reached = _weighed(addresses, logits_V, weight_V), _most(logits_V), 0.0
    for v in range(len(logits_V)):
        weight_V[v] = logits_V[v] - most
    each(addresses, EXP, weight_V, weight_V)
    for v in range(len(logits_V)):
        weight_V[v] /= total
    for v in _ordered(weight_V):
        if reached >= mass:
            logits_V[v] = -np.inf
        reached += weight_V[v]


@njit(**OPTIONS)
def _ordered(x_V: Any) -> Any:
    """The places of numbers from the largest to the smallest; of equals the first one first. Sorted by merging."""
    size, width = len(x_V), 1
    order_V, merged_V = np.empty(size, np.int64), np.empty(size, np.int64)
    for v in range(size):
        order_V[v] = v
    while width < size:
        for first in range(0, size, 2 * width):
            middle, last = min(first + width, size), min(first + 2 * width, size)
            left, right = first, middle
            for place in range(first, last):
                if right == last or (left < middle and x_V[order_V[left]] >= x_V[order_V[right]]):
                    merged_V[place], left = order_V[left], left + 1
                else:
                    merged_V[place], right = order_V[right], right + 1
        order_V, merged_V, width = merged_V, order_V, 2 * width
    return order_V
