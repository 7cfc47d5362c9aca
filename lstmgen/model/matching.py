"""What followed the last time, for whole windows and on any device: the twin of `matches.advance`, without a number that the host reads.

A window is taken in parts, within which each place is compared with each before it.

Letters: T window, B streams, M numbers of a memory, C tokens looked back on, N orders, R rows of vectors.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final

import numpy as np
import torch
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.matches import CHECK_FROM, FOLD, HASH, MASK, RUNS, Matches
from lstmgen.model.matching_on_gpu import remembered

_ENOUGH: Final = 512
"""Tokens for which compiled loops are worth loading."""
_PART: Final = 32
"""Tokens that are compared with one another."""


def matched(ids_TB: Tensor, memory_BM: Tensor, matches: Matches) -> tuple[Tensor, Tensor]:
    """The rows of vectors of shape (T, B, 2 N) behind each token, and the memories after the last one."""
    if ids_TB.device.type == "cpu" and ids_TB.numel() >= _ENOUGH and importlib.util.find_spec("numba") is not None:
        return _compiled(ids_TB, memory_BM, matches)
    if ids_TB.is_cuda and (found := remembered(ids_TB, memory_BM, matches)) is not None:
        return found
    rows: list[Tensor] = []
    for part_TB in ids_TB.split(_PART):
        rows_TBR, memory_BM = _part(part_TB, memory_BM, matches)
        rows.append(rows_TBR)
    return torch.cat(rows), memory_BM


def _compiled(ids_TB: Tensor, memory_BM: Tensor, matches: Matches) -> tuple[Tensor, Tensor]:
    remembering = importlib.import_module("lstmgen.model.compiled.remembering")
    memory_BM, rows_TBR = memory_BM.clone(), ids_TB.new_empty(*ids_TB.shape, 2 * len(matches.orders))
    order_N, known = np.array(matches.orders), matches.vocab_size + 1
    ids_TB = ids_TB.contiguous()
    remembering.remember_window(ids_TB.numpy(), memory_BM.numpy(), order_N, matches.slots, known, matches.checks, rows_TBR.numpy())
    return rows_TBR, memory_BM


def _part(ids_TB: Tensor, memory_BM: Tensor, matches: Matches) -> tuple[Tensor, Tensor]:
    orders, slots, known, (count, streams) = len(matches.orders), matches.slots, matches.vocab_size + 1, ids_TB.shape
    table_BL, context_BC, right_BN = memory_BM.split([orders * slots, matches.context, orders], dim=1)
    item_TB, writes_TB = (ids_TB == BOUNDARY_ID).cumsum(0), ids_TB != BOUNDARY_ID
    place_T1 = torch.arange(1, count + 1, device=ids_TB.device)[:, None]
    place_T11, place_1T1 = place_T1[:, None], place_T1[None]
    # Of the places that are written before a place is read, those of the same item.
    seen_TTB = (place_1T1 <= place_T11) & (item_TB[None] == item_TB[:, None]) & writes_TB[None]
    tokens, items = torch.cat([context_BC.t().flip(0).long(), ids_TB]), torch.cat([torch.zeros_like(context_BC.t()).long(), item_TB])
    hash_NTB = _hashes(tokens, items, count, matches)
    slot_NTB, least_NTB = hash_NTB & (slots - 1), (hash_NTB >> CHECK_FROM) % matches.checks * known
    into_NTB, value_NTB = slot_NTB[:, :-1], least_NTB[:, :-1] + ids_TB + 1
    latest_NTB = ((into_NTB[:, None] == slot_NTB[:, 1:, None]) & seen_TTB).mul(place_1T1).amax(2)
    index_BL = slot_NTB.permute(2, 0, 1) + torch.arange(orders, device=ids_TB.device)[:, None] * slots
    held_NTB = table_BL.gather(1, index_BL.flatten(1)).long().view(streams, orders, -1).permute(1, 2, 0)
    now_NTB = torch.where(latest_NTB > 0, value_NTB.gather(1, (latest_NTB - 1).clamp(min=0)), held_NTB[:, 1:] * (item_TB == 0))
    follows_NTB = torch.cat([held_NTB[:, :1], now_NTB], dim=1) - least_NTB
    follows_NTB = torch.where((follows_NTB > 0) & (follows_NTB < known), follows_NTB, 0)
    wrong_NTB = torch.where((follows_NTB[:, :-1] == ids_TB + 1) & writes_TB, 0, place_T1).cummax(1).values
    run_NTB = place_T1 - wrong_NTB + torch.where(wrong_NTB > 0, 0, right_BN.t()[:, None])
    run_NTB, follows_NTB = run_NTB.clamp(max=RUNS - 1), follows_NTB[:, 1:]
    number_N11 = torch.arange(orders, device=ids_TB.device)[:, None, None]
    rows_NTB = number_N11 * known + follows_NTB, matches.run_row(0) + number_N11 * RUNS + torch.where(follows_NTB > 0, run_NTB, 0)
    rows_TBR = torch.stack(rows_NTB, dim=-1).permute(1, 2, 0, 3).flatten(2)
    # Of several values for one slot the last one stays; what is not kept goes where the next part writes anew.
    keeps_TB = writes_TB & (item_TB == item_TB[-1])
    later_NTB = ((into_NTB[:, None] == into_NTB[:, :, None]) & keeps_TB[None] & (place_1T1 > place_T11)).any(2)
    nowhere = orders * slots
    index_NTB = torch.where(keeps_TB & ~later_NTB, into_NTB + number_N11 * slots, nowhere)
    memory_BM = memory_BM * (item_TB[-1] == 0)[:, None]
    memory_BM.scatter_(1, index_NTB.permute(2, 0, 1).flatten(1), value_NTB.permute(2, 0, 1).flatten(1).to(memory_BM.dtype))
    context = torch.where(items[-matches.context :] == items[-1], tokens[-matches.context :], 0).flip(0).t()
    memory_BM[:, nowhere:] = torch.cat([context, run_NTB[:, -1].t()], dim=1)
    return rows_TBR, memory_BM


def _hashes(tokens: Tensor, items: Tensor, count: int, matches: Matches) -> Tensor:
    """A number of 32 bits for each order, place and stream, of shape (N, 1 + T, B): before the first place and behind each.

    Tokens of another item are none.
    """
    first, found = len(tokens) - count - 1, list[Tensor]()
    hash_TB = torch.zeros_like(tokens[first:])
    for place in range(matches.context):
        begin = first - place
        token_TB = torch.where(items[begin : begin + count + 1] == items[first:], tokens[begin : begin + count + 1], 0)
        hash_TB = (hash_TB ^ (token_TB + 1)) * HASH & MASK
        hash_TB = hash_TB ^ (hash_TB >> FOLD)
        if place + 1 in matches.orders:
            found.append(hash_TB)
    return torch.stack(found)
