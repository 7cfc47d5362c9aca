"""A token as one compiled function, and a block of tokens that it draws itself: the numbers of the usual path, bit for bit.

Each function takes the address of its words (`layout.py`), and says whether all went well. The twins are `decoder.py`, and
`generation/draw.py` with its filters; `numbers.py` has the parts.

Letters: B lanes, L layers, H hidden, G stacked gates, V vocabulary, K tokens of a block.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from lstmgen.model.compiled.layout import Draw, Inputs, Token
from lstmgen.model.compiled.numbers import EXP, LOG, OPTIONS, each, flush, gates, given, normalise, product, room_at
from lstmgen.model.compiled.remembering import remember

_LARGEST: Final = 1e300
"""As in `generation/blocks.py`."""
_token_at: Any = given(Token)
_draw_at: Any = given(Draw)
_inputs_at: Any = given(Inputs)


@njit(**OPTIONS)
def token(address: int) -> int:
    """`layout.Token`: reads one token in every lane."""
    task = _token_at(address)
    _read(_room(task.network, task.lanes), task.network, task.lanes, task.lanes.id_B)
    return 1


@njit(**OPTIONS)
def inputs(address: int) -> int:
    """`layout.Inputs`: what the first layer makes of embeddings."""
    task = _inputs_at(address)
    (rows, size), gates_size = task.x_BE.shape, len(task.bias_G)
    room = room_at(task.room, task.addresses, rows, size, (size, gates_size, 0))
    for row in range(rows):
        if len(task.norm_L2E):
            normalise(room, task.x_BE[row], task.norm_L2E[0], task.eps, room.x_BH[row])
        else:
            for k in range(size):
                room.x_BH[row, k] = task.x_BE[row, k]
    product(room, task.matrix, room.x_BH, room.sum_BG, 0, size)
    for row in range(rows):
        for g in range(gates_size):
            task.out_BG[row, g] = room.sum_BG[row, g] + task.bias_G[g]
    return 1


@njit(**OPTIONS)
def flushed(address: int) -> int:
    """From now on numbers that are almost zero are zero in this thread, as torch sets it too; whether there is such a setting here."""
    return flush(address)


@njit(**OPTIONS)
def _room(network: Any, lanes: Any) -> Any:
    count, _, _, size = lanes.state_BL2H.shape
    return room_at(lanes.room, network.addresses, count, size, (size, 4 * size, lanes.logits_BV.shape[1]))


@njit(**OPTIONS)
def _read(room: Any, network: Any, streams: Any, id_B: Any) -> None:
    state_BL2H, logits_BV = streams.state_BL2H, streams.logits_BV
    (lanes, last, _, size), vocab_size = state_BL2H.shape, logits_BV.shape[1]
    told = 2 * len(network.order_N)
    if told:
        for lane in range(lanes):
            memory_M, row_R = streams.memory_BM[lane], streams.row_BR[lane]
            remember(id_B[lane], memory_M, network.order_N, network.slots, network.known, network.checks, row_R)
    sum_BG, x_BH, row_BI, sum_BV = room.sum_BG, room.x_BH, room.row_BI, room.sum_BV
    for layer in range(last):
        for lane in range(lanes):
            h_H, into_H = state_BL2H[lane, layer, 0], row_BI[lane, size:] if layer else x_BH[lane]
            if layer:
                _normalise(room, network, layer - 1, x_BH[lane], row_BI[lane, :size])
            for k in range(size):
                into_H[k] = h_H[k]
        product(room, network.layers, row_BI if layer else x_BH, sum_BG, layer, size)
        for lane in range(lanes):
            rest_G, more = network.bias_LG[layer - 1] if layer else network.table_VG[id_B[lane]], 0 if layer else told
            for g in range(4 * size):
                rest = rest_G[g]
                for k in range(more):
                    rest += network.told_RG[streams.row_BR[lane, k], g]
                sum_BG[lane, g] += rest
            h_H, x_H = state_BL2H[lane, layer, 0], x_BH[lane]
            gates(room, sum_BG[lane, : 4 * size], state_BL2H[lane, layer, 1], h_H)
            before_H = x_H if layer else network.embedding_VE[id_B[lane]]
            for k in range(size):
                x_H[k] = before_H[k] + h_H[k] if network.residual_L[layer] else h_H[k]
    for lane in range(lanes):
        _normalise(room, network, last - 1, x_BH[lane], x_BH[lane])
    product(room, network.head, x_BH, sum_BV, 0, size)
    for lane in range(lanes):
        for v in range(vocab_size):
            logits_BV[lane, v] = sum_BV[lane, v] + network.head_bias_V[v]


@njit(**OPTIONS)
def _normalise(room: Any, network: Any, number: int, x_H: Any, out_H: Any) -> None:
    """The normalisation with this number, where there is any."""
    if len(network.norm_L2H):
        normalise(room, x_H, network.norm_L2H[number], network.eps, out_H)
    else:
        for k in range(len(x_H)):
            out_H[k] = x_H[k]


@njit(**OPTIONS)
def block(address: int) -> int:
    """`layout.Draw`: draws and reads a block of tokens in every lane. 0: no logit was a number."""
    task = _draw_at(address)
    network, lanes, drawn = task.network, task.lanes, task.block
    room = _room(network, lanes)
    for k in range(drawn.uniform_KB.shape[0]):
        for lane in range(len(lanes.logits_BV)):
            if not _draw(room, task.choice, lanes.logits_BV[lane], drawn, k, lane):
                return 0
        _read(room, network, lanes, drawn.token_KB[k])
    return 1


@njit(**OPTIONS)
def _draw(room: Any, choice: Any, logits_V: Any, drawn: Any, *place: int) -> bool:
    """A token of a block and its surprisal, as `generation/draw.pick` has them."""
    size, any_number = len(logits_V), False
    raw_V, weight_V, kept_V, log_1 = room.raw_V, room.weight_V, room.kept_V, room.log_1
    for v in range(size):
        x = np.float64(logits_V[v])
        raw_V[v] = -np.inf if np.isnan(x) else min(x, _LARGEST) if x == np.inf else x
        any_number |= raw_V[v] > -np.inf
        kept_V[v] = raw_V[v]
    if not any_number:
        return False
    largest = _most(raw_V)
    log_1[0] = _weighed(room, raw_V, weight_V)
    each(room, LOG, log_1, log_1)
    _filter(room, choice, kept_V, weight_V)
    total = _weighed(room, kept_V, weight_V)
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
def _weighed(room: Any, logits_V: Any, weight_V: Any) -> float:
    """What softmax divides: powers of e, the largest of which is 1, added up from the first on; their sum."""
    most, total = _most(logits_V), 0.0
    for v in range(len(logits_V)):
        weight_V[v] = logits_V[v] - most
    each(room, EXP, weight_V, weight_V)
    for v in range(len(logits_V)):
        total += weight_V[v]
        weight_V[v] = total
    return total


@njit(**OPTIONS)
def _filter(room: Any, choice: Any, logits_V: Any, weight_V: Any) -> None:
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
            for v in _ordered(room, logits_V)[0][count:]:
                logits_V[v] = -np.inf
    if choice.top_p < 1:
        _keep_mass(room, choice.top_p, logits_V, weight_V)
    if choice.least > -np.inf:
        least = _most(logits_V) + choice.least
        for v in range(size):
            logits_V[v] = -np.inf if logits_V[v] < least else logits_V[v]


@njit(**OPTIONS)
def _keep_mass(room: Any, mass: float, logits_V: Any, weight_V: Any) -> None:
    """Keeps the most probable tokens until their probabilities sum to at least `mass`; always the first."""
    total, most, reached = _weighed(room, logits_V, weight_V), _most(logits_V), 0.0
    for v in range(len(logits_V)):
        weight_V[v] = logits_V[v] - most
    each(room, EXP, weight_V, weight_V)
    for v in range(len(logits_V)):
        weight_V[v] /= total
    for v in _ordered(room, weight_V)[0]:
        if reached >= mass:
            logits_V[v] = -np.inf
        reached += weight_V[v]


@njit(**OPTIONS)
def _ordered(room: Any, x_V: Any) -> Any:
    """The places of numbers from the largest to the smallest; of equals the first one first. Sorted by merging."""
    size, width = len(x_V), 1
    order_V, merged_V = room.order_V, room.merged_V
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
    return (order_V,)  # an array by itself would want to be counted
