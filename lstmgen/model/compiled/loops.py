"""A token as one compiled function, and a block of tokens that it draws itself: the numbers of the usual path, bit for bit.

The twins are `decoder.py`, and `generation/draw.py` with its filters; `numbers.py` has the parts.

Letters: B lanes, L layers, H hidden, G stacked gates, V vocabulary, K tokens of a block.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lstmgen.model.compiled.numbers import EXP, LOG, OPTIONS, Matrices, W, each, gates, normalise, product

BUILT_ON: Final = "79da84db"
"""The beginning of the SHA-256 of `vectors.py`, `rows.py` and `numbers.py`. numba compiles anew what it has kept only where the file itself
has changed, so this one has to change with those."""
_KEPT: Final[dict[str, Any]] = OPTIONS | {"cache": True}
_LARGEST: Final = 1e300
"""As in `generation/blocks.py`."""


class Network(NamedTuple):
    """What a token needs.

    Attributes:
        addresses: of numpy's loops.
        table_VG: what the first layer makes of every token.
        embedding_VE: what is added to the first layer's output, where `residual[0]` is 1.
        layers: the matrix of each: of the state alone in the first, of input and state in all others.
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
    layers: Matrices
    bias_LG: NDArray[np.float32]
    norm_L2H: NDArray[np.float32]
    eps: float
    residual_L: NDArray[np.int64]
    head: Matrices
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
        uniform_KB: a number in [0, 1) for each.
        token_KB: room for their ids.
        nats_KB: room for their surprisals.
    """

    uniform_KB: NDArray[np.float64]
    token_KB: NDArray[np.int64]
    nats_KB: NDArray[np.float64]


@njit(**_KEPT)
def token(network: Any, id_B: Any, state_BL2H: Any, logits_BV: Any) -> None:
    """Reads one token in every lane: the states after it, in place, and the logits of the next ones."""
    _read(network, id_B, state_BL2H, logits_BV, _room(state_BL2H, logits_BV))


@njit(**OPTIONS)
def _room(state_BL2H: Any, logits_BV: Any) -> Any:
    """Of `_read`: for products, inputs of a layer, inputs beside states, and logits."""
    lanes, _, _, size = state_BL2H.shape
    return (
        np.empty((lanes, 4 * size + W), np.float32),
        np.empty((lanes, size), np.float32),
        np.empty((lanes, 2 * size), np.float32),
        np.empty((lanes, logits_BV.shape[1] + W), np.float32),
    )


@njit(**OPTIONS)
def _read(network: Any, id_B: Any, state_BL2H: Any, logits_BV: Any, room: Any) -> None:
    addresses, (lanes, last, _, size), vocab_size = network.addresses, state_BL2H.shape, logits_BV.shape[1]
    sum_BG, x_BH, row_BI, sum_BV = room
    for layer in range(last):
        for lane in range(lanes):
            h_H, into_H = state_BL2H[lane, layer, 0], row_BI[lane, size:] if layer else x_BH[lane]
            if layer:
                _normalise(network, layer - 1, x_BH[lane], row_BI[lane, :size])
            for k in range(size):
                into_H[k] = h_H[k]
        product(network.layers, layer, row_BI if layer else x_BH, size, sum_BG)
        for lane in range(lanes):
            rest_G = network.bias_LG[layer - 1] if layer else network.table_VG[id_B[lane]]
            for g in range(4 * size):
                sum_BG[lane, g] += rest_G[g]
            h_H, x_H = state_BL2H[lane, layer, 0], x_BH[lane]
            gates(addresses, sum_BG[lane, : 4 * size], state_BL2H[lane, layer, 1], h_H)
            before_H = x_H if layer else network.embedding_VE[id_B[lane]]
            for k in range(size):
                x_H[k] = before_H[k] + h_H[k] if network.residual_L[layer] else h_H[k]
    for lane in range(lanes):
        _normalise(network, last - 1, x_BH[lane], x_BH[lane])
    product(network.head, 0, x_BH, size, sum_BV)
    for lane in range(lanes):
        for v in range(vocab_size):
            logits_BV[lane, v] = sum_BV[lane, v] + network.head_bias_V[v]


@njit(**OPTIONS)
def _normalise(network: Any, number: int, x_H: Any, out_H: Any) -> None:
    """The normalisation with this number, where there is any."""
    if len(network.norm_L2H):
        normalise(network.addresses, x_H, network.norm_L2H[number], network.eps, out_H)
    else:
        for k in range(len(x_H)):
            out_H[k] = x_H[k]


@njit(**_KEPT)
def block(network: Any, choice: Any, state_BL2H: Any, logits_BV: Any, drawn: Any) -> bool:
    """Draws and reads a block of tokens in every lane; states, logits and block are changed in place. False: no logit was a number."""
    room = _room(state_BL2H, logits_BV)
    for k in range(drawn.uniform_KB.shape[0]):
        for lane in range(len(logits_BV)):
            if not _draw(network.addresses, choice, logits_BV[lane], drawn, k, lane):
                return False
        _read(network, drawn.token_KB[k], state_BL2H, logits_BV, room)
    return True


@njit(**OPTIONS)
def _draw(addresses: Any, choice: Any, logits_V: Any, drawn: Any, *place: int) -> bool:
    """A token of a block and its surprisal, as `generation/draw.pick` has them."""
    size, any_number = len(logits_V), False
    raw_V, weight_V, kept_V, log_1 = np.empty(size), np.empty(size), np.empty(size), np.empty(1)
    for v in range(size):
        x = np.float64(logits_V[v])
        raw_V[v] = -np.inf if np.isnan(x) else min(x, _LARGEST) if x == np.inf else x
        any_number |= raw_V[v] > -np.inf
        kept_V[v] = raw_V[v]
    if not any_number:
        return False
    largest = _most(raw_V)
    log_1[0] = _weighed(addresses, raw_V, weight_V)
    each(addresses, LOG, log_1, log_1)
    _filter(addresses, choice, kept_V, weight_V)
    total = _weighed(addresses, kept_V, weight_V)
    point, chosen = drawn.uniform_KB[place] * total, 0
    while weight_V[chosen] <= point and weight_V[chosen] < total:
        chosen += 1
    drawn.token_KB[place], drawn.nats_KB[place] = chosen, log_1[0] - (raw_V[chosen] - largest)
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
