"""How good the model is on what it does not learn from.

Text is one long stream. The validation part is cut into lanes that are read side by side. A lane starts `RUN_IN` tokens before its first
counted token, so that by then its state is what it would be had the text been read in one go: the figure agrees with the exact one of
`score`, and takes a second instead of many. Nothing in training changes: no generator is drawn from, no weight and no state is touched.

Pieces that have nothing to do with one another are read side by side instead, each from an empty state.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.ids import BOUNDARY_ID, IdSequence
from lstmgen.model import reading
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.reading import LegalBits, Spans
from lstmgen.training.distributed import ALONE, Group

MakeContext = Callable[[], AbstractContextManager]
"""Gives the context in which the network runs."""


@dataclass(frozen=True)
class HeldOut:
    """What is held out.

    Attributes:
        ids: at least two token ids.
        starts: where each piece begins, for pieces that are read apart; None for text, which is read as one stream.
        told_V: which ids are only ever inputs and are not counted; None: all are.
        ends: whether the end of a piece that is read apart counts like any other token.
        legal: which ids may come where; None: all of them.
    """

    ids: IdSequence
    starts: NDArray[np.integer] | None = None
    told_V: NDArray[np.bool_] | None = None
    ends: bool = False
    legal: LegalBits | None = None

    @property
    def positions(self) -> int:
        """Tokens that could be counted, boundaries included."""
        return len(self.ids) - 1


@dataclass(frozen=True)
class Validation(HeldOut):
    """How it is read from left to right."""

    def __call__(
        self, network: LanguageModel, *, arithmetic: MakeContext, max_tokens: int | None = None, group: Group = ALONE
    ) -> tuple[float, int]:
        """Sum of surprisals in nats, and the number of tokens counted.

        Args:
            network: the model; its training mode is put back afterwards.
            arithmetic: gives the context in which the network runs.
            max_tokens: count about this many at most, in stretches of text or in pieces that are spread evenly over the ids.
            group: the processes that read, each a share.

        Raises:
            LostProcessError: a process that reads too has gone.
        """
        if self.starts is None:
            spans, run_in = reading.lanes(self.positions, max_tokens=max_tokens), reading.RUN_IN
        else:
            spans, run_in = reading.spread(reading.documents(self.starts, len(self.ids), ends=self.ends), max_tokens), 0
        ids: IdSequence = self.ids
        if self.ends:  # the last document gets its boundary, in the type that the others have
            held = self.ids[:]
            ids = np.append(held, held.dtype.type(BOUNDARY_ID))
        share = Share(ids, spans, run_in=run_in, told_V=self.told_V, ends=self.ends, legal=self.legal)
        if group.size > 1:
            share = share.packed()
            group.tell(*share.order())
            share = share.of_process(group)
        found = share(network, arithmetic=arithmetic)
        group.add(found)
        nats, counted = found.tolist()
        return nats, int(counted)


@dataclass(frozen=True)
class Share:
    """Spans of ids that are read, and which of their tokens count.

    Attributes:
        ids: what they lie in.
        spans_S2: as `reading.surprisals` takes them.
        run_in: as there.
        told_V: as `Validation`.
        ends: as there.
        legal: as there.
    """

    ids: IdSequence
    spans_S2: Spans
    run_in: int
    told_V: NDArray[np.bool_] | None
    ends: bool
    legal: LegalBits | None = None

    def __call__(self, network: LanguageModel, *, arithmetic: MakeContext) -> Tensor:
        """The sum of surprisals in nats and the number of tokens counted, as a tensor of double precision."""
        ids, nats, counted = self.ids, 0.0, 0
        how = {"run_in": self.run_in, "arithmetic": arithmetic, "legal": self.legal}
        for places, surprisals in reading.surprisals(network, ids, self.spans_S2, **how):
            # Boundaries in one stream are read and not counted.
            inside = (ids[places] != BOUNDARY_ID) | self.ends
            if self.told_V is not None:
                inside &= ~self.told_V[ids[places]]
            nats, counted = nats + float(surprisals[inside].sum()), counted + int(inside.sum())
        return torch.tensor([nats, counted], dtype=torch.float64)

    def packed(self) -> Share:
        """The same with no more ids than are read. Only the first span may stand so near the beginning that it has no full run-in."""
        from_S = np.maximum(self.spans_S2[:, 0] - self.run_in, 0)
        lengths_S = self.spans_S2[:, 1] + 1 - from_S
        parts = [self.ids[begin : begin + length] for begin, length in zip(from_S.tolist(), lengths_S.tolist(), strict=True)]
        moved_S = np.cumsum(lengths_S) - lengths_S - from_S
        legal = None
        if self.legal is not None:
            places = np.concatenate([np.arange(begin, begin + length) for begin, length in zip(from_S, lengths_S, strict=True)])
            legal = self.legal(np.maximum(places, 1)).__getitem__  # the very first is no place that is asked for
        return replace(self, ids=np.concatenate(parts).astype(np.int32), spans_S2=self.spans_S2 + moved_S[:, None], legal=legal)

    def of_process(self, group: Group) -> Share:
        """Every so many of the spans."""
        return replace(self, spans_S2=self.spans_S2[group.rank :: group.size])

    def order(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What another process is told, of ids that are packed."""
        tensors = {"ids": torch.from_numpy(self.ids[:]), "spans_S2": torch.from_numpy(self.spans_S2)}
        if self.told_V is not None:
            tensors["told_V"] = torch.from_numpy(self.told_V.astype(np.uint8))
        if self.legal is not None:
            tensors["legal_NK"] = torch.from_numpy(self.legal(np.arange(len(self.ids))))
        return {"do": "validate", "run_in": self.run_in, "ends": self.ends}, tensors

    @staticmethod
    def of(order: dict[str, Any], tensors: dict[str, Tensor], group: Group) -> Share:
        """The share of this process of what `order` gave."""
        told = tensors.get("told_V")
        told_V = None if told is None else told.numpy().astype(np.bool_)
        legal = tensors["legal_NK"].numpy().__getitem__ if "legal_NK" in tensors else None
        how = {"run_in": order["run_in"], "told_V": told_V, "ends": order["ends"], "legal": legal}
        share = Share(tensors["ids"].numpy(), tensors["spans_S2"].numpy(), **how)
        return share.of_process(group)
