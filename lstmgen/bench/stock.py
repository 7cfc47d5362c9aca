"""Stock PyTorch, as most projects that generate text with an LSTM write it, and as its documentation advises at best.

Letters: T window, B streams, E embedding, H hidden, V vocabulary.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor, nn

USUAL: Final = "usual"
"""Training as most projects do it: batches first, fp32, Adam as it comes."""


class Stock(nn.Module):
    """An embedding, `nn.LSTM` and a linear layer; batches first as in tutorials, or time first as its kernels want it."""

    def __init__(self, *, vocab_size: int, embedding_size: int, hidden_size: int, num_layers: int, batch_first: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        self.lstm = nn.LSTM(embedding_size, hidden_size, num_layers, batch_first=batch_first)
        self.head = nn.Linear(hidden_size, vocab_size)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits and the next state."""
        y, after = self.lstm(self.embedding(ids), state)
        return self.head(y), after


def network_of(sizes: dict[str, int], *, batch_first: bool) -> Stock:
    """One of these sizes, always with the same weights."""
    torch.manual_seed(0)
    return Stock(**sizes, batch_first=batch_first)


def text(tokens: int, vocab_size: int) -> NDArray[np.uint8]:
    """Eight times so many ids, and one more: a boundary, and others at random, always the same ones."""
    ids = np.random.default_rng(0).integers(1, vocab_size, tokens * 8 + 1).astype(np.uint8)
    ids[0] = 0
    return ids


def training_of(*, sizes: dict[str, int], streams: int, window: int, precision: str, device: torch.device) -> Callable[[int], int]:
    """`training` of a new network on that text, as (repetitions) -> tokens.

    Args:
        sizes: what `Stock` is made of.
        streams: side by side.
        window: tokens.
        precision: as `training` has it.
        device: where it runs.
    """
    ids = text(streams * window, sizes["vocab_size"])
    ids_TB = torch.from_numpy(ids[:-1].astype(np.int64)).view(streams, -1).t().contiguous().to(device)
    return training(network_of(sizes, batch_first=precision == USUAL).to(device), ids_TB, window=window, precision=precision)


def sampling(network: Stock, lanes: int, *, temperature: float) -> Callable[[int], int]:
    """The usual loop: the module once a token, softmax, `torch.multinomial`."""
    network.eval()

    def side(repetitions: int) -> int:
        ids_B1, state = torch.zeros(lanes, 1, dtype=torch.int64, device=network.head.weight.device), None
        with torch.inference_mode():
            for _ in range(repetitions):
                logits_B1V, state = network(ids_B1, state)
                ids_B1 = torch.multinomial(F.softmax(logits_B1V[:, -1] / temperature, dim=-1), 1)
                ids_B1.tolist()
        return repetitions * lanes

    return side


def training(network: Stock, ids_TB: Tensor, *, window: int, precision: str) -> Callable[[int], int]:
    """Windows with the state carried on, and clipping.

    Args:
        network: time first, or batches first for `USUAL`.
        ids_TB: the text of each stream.
        window: tokens.
        precision: of products: `bf16` or `fp16` by autocast, or `fp32`, all with fused AdamW; or `USUAL`.
    """
    network.train()
    device, is_usual = ids_TB.device.type, precision == USUAL
    number_type = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3) if is_usual else torch.optim.AdamW(network.parameters(), 1e-3, fused=True)
    scaler = torch.amp.GradScaler(device, enabled=precision == "fp16")
    carried: list[tuple[Tensor, Tensor] | None] = [None]
    windows, tokens = len(ids_TB) // window - 1, window * ids_TB.shape[1]

    def side(repetitions: int) -> int:
        for step in range(repetitions):
            first = step % windows * window
            parts = ids_TB[first : first + window], ids_TB[first + 1 : first + window + 1]
            inputs, targets = (part_TB.t().contiguous() for part_TB in parts) if is_usual else parts
            with contextlib.nullcontext() if number_type is None else torch.autocast(device, dtype=number_type):
                logits, (h, c) = network(inputs, carried[0])
            carried[0] = h.detach(), c.detach()
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        return repetitions * tokens

    return side
