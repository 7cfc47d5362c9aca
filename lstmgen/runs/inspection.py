"""A look inside a trained model: what it computes at each token, which unit follows what, how far its gradient and its context reach.

Letters: T tokens, B streams, K distances.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from lstmgen import storage
from lstmgen.analysis.gradient import LAGS, Kept, fresh, gradient_kept
from lstmgen.analysis.page import Follower, page
from lstmgen.analysis.probing import Find, best_units
from lstmgen.analysis.trace import Channel, Trace, read_trace
from lstmgen.errors import InputError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.features import Feature
from lstmgen.media.legal import legal_at
from lstmgen.media.writing import Encoded, Item
from lstmgen.model.cells import cell_of
from lstmgen.model.reading import surprisals
from lstmgen.runs.model import TrainedModel
from lstmgen.wording import counted

CONTEXTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Tokens that a network may look back on."""
_CONTEXT_PLACES: Final = 500
_STREAMS: Final = 8
_OWN_SEED: Final = 0
_LEAST_AREA, _LEAST_CORRELATION = 0.6, 0.3
"""From which on a unit of a page is said to follow something, on the half on which it was not chosen."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Inspection:
    """Items that a model has read with its gates in sight.

    Attributes:
        model: whose.
        items: each whole item, and how many of its tokens were read.
        trace: what was computed, item after item.
    """

    model: TrainedModel
    items: tuple[tuple[Encoded, int], ...]
    trace: Trace

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the items."""
        return tuple(note for encoded, _ in self.items for note in encoded.notes)

    @property
    def tokens(self) -> int:
        """Those of the whole items."""
        return sum(len(encoded.ids) for encoded, _ in self.items)

    @cached_property
    def shown(self) -> list[str]:
        """What each token adds to its item, as a person reads it."""
        medium, tokenizer = self.model.medium, self.model.tokenizer
        return [text for encoded, count in self.items for text in medium.readable(tokenizer, encoded.ids)[:count]]

    @cached_property
    def row_T(self) -> NDArray[np.int64]:
        """The line or bar of each token, from 0 on, through all items."""
        rows, first = [], 0
        for number, (encoded, count) in enumerate(self.items, 1):
            row_T, _ = self.model.medium.places(self.model.tokenizer, encoded.ids, encoded.item, number=number, first=0)
            rows.append(first + row_T[:count])
            first = int(rows[-1].max()) + 1
        return np.concatenate(rows)

    def feature(self, name: str) -> tuple[Feature, NDArray[np.float64]]:
        """A feature at each token that was read. Raises UsageError: there is none of this name, and it is no regular expression."""
        medium, tokenizer = self.model.medium, self.model.tokenizer
        found = [(medium.follow(tokenizer, encoded.ids, encoded.item, name), count) for encoded, count in self.items]
        return found[0][0][0], np.concatenate([values_T[:count] for (_, values_T), count in found])

    def find(self, name: str, *, top: int = 5, progress: Progress | None = None) -> tuple[Feature, list[Find], list[Find]]:
        """The feature, the units that follow it best, and those of an untrained network of the same shape.

        Raises:
            UsageError: there is no such feature.
            InputError: it is everywhere the same.
        """
        feature, values_T = self.feature(name)
        finds = best_units(self.trace, values_T, yes_or_no=feature.yes_or_no, top=top)
        untrained = fresh(self.model.network.architecture, seed=_OWN_SEED).to(self.model.network.device)
        read = [encoded.ids[:count] for encoded, count in self.items]
        control = read_trace(untrained, *read, only={name for _, name in self.trace.values}, progress=progress)
        return feature, finds, best_units(control, values_T, yes_or_no=feature.yes_or_no, top=top)

    def followers(self, *, each: int = 3) -> list[Follower]:
        """For every named feature the units that follow it best on the first half, those that do so on the second."""
        carried = {place: series for place, series in self.trace.values.items() if self.trace.cell.quantity(place[1]).part is not None}
        trace = replace(self.trace, values=carried or self.trace.values)
        found: list[Follower] = []
        for feature in self.model.medium.features:
            with contextlib.suppress(InputError):
                _, values_T = self.feature(feature.name)
                finds = best_units(trace, values_T, yes_or_no=feature.yes_or_no, top=each)
                unit, least = ("AUC", _LEAST_AREA) if feature.yes_or_no else ("r", _LEAST_CORRELATION)
                found += [
                    Follower(find.layer, find.quantity, find.unit, f"{feature.name} ({unit} {find.verified:.2f})")
                    for find in finds
                    if find.verified >= least
                ]
        return found

    def page(self, *, title: str, shown: Channel | None = None) -> bytes:
        """The whole as one HTML page that loads nothing: the text by any gate or unit, a map of units by time, units by what they follow.

        Args:
            title: at its head.
            shown: what it shows first; None: the surprisal.

        Raises:
            UsageError: the network has nothing of the kind that is to be shown.
        """
        shown = shown or Channel()
        shown.of(self.trace)
        return page(self.trace, self.shown, self.row_T.tolist(), title=title, shown=shown, followers=self.followers())

    def save_page(self, path: str | Path, *, title: str, shown: Channel | None = None) -> int:
        """Writes the page; returns its bytes. Raises as `page`, and MachineError."""
        content = self.page(title=title, shown=shown)
        storage.atomic_write(Path(path), content)
        return len(content)


def inspect(
    model: TrainedModel,
    item: Item | None = None,
    *,
    first: int | None = None,
    carried: bool = False,
    seed: int = _OWN_SEED,
    progress: Progress | None = None,
    **options: Any,
) -> Inspection:
    """Reads an item with every gate in sight; of no item what the model writes itself.

    Args:
        model: whose gates.
        item: a text; of music a score, the path of a MIDI file, or notes as they are typed.
        first: so many tokens of it; None: all.
        carried: keep only what is carried from token to token, which takes less room.
        seed: of what the model writes.
        progress: called with the number of tokens done and of all.
        options: of the medium, as in `TrainedModel.score`.

    Raises:
        UnseenSymbolError: the text holds unseen symbols and `oov` is `error`.
        InputError: it is empty, too long, or cannot be read.
    """
    if item is None:
        item = model.generate(seed=seed)[0].item
    return inspect_all(model, (item,), first=first, carried=carried, progress=progress, **options)


def inspect_all(
    model: TrainedModel,
    items: Iterable[Item],
    *,
    first: int | None = None,
    carried: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Inspection:
    """As `inspect`, for items that are read apart, such as the tunes of a collection, until `first` tokens of them were read."""
    read: list[tuple[Encoded, int]] = []
    left = sys.maxsize if first is None else first
    for item in items:
        encoded = model.medium.encode(model.tokenizer, model.prepare(item), options)
        if count := min(left, len(encoded.ids)):
            read.append((encoded, count))
            left -= count
        if not left:
            break
    quantities = cell_of(model.network.architecture.cell).quantities
    only = {name for name, quantity in quantities.items() if quantity.part is not None} if carried and quantities else None
    trace = read_trace(
        model.network,
        *(encoded.ids[:count] for encoded, count in read),
        only=only,
        legal=model.medium.legal(model.tokenizer),
        progress=progress,
    )
    return Inspection(model, tuple(read), trace)


def held_out(model: TrainedModel, *, cache: Path | None = None) -> Iterator[Item]:
    """The items that a model's own run held out.

    Args:
        model: the model.
        cache: where token files are kept; None: in the user's cache folder.

    Raises:
        ModelFileError: the model does not lie in the folder of its run.
        CorpusError: its sources have changed since, or it held nothing out.
    """
    ids = ids_to_read(model, cache=cache)
    parts = np.split(ids, np.flatnonzero(ids == BOUNDARY_ID))
    return (model.medium.decode(model.tokenizer, part[1:]) for part in parts if len(part) > 1)


def ids_to_read(model: TrainedModel, item: Item | None = None, *, cache: Path | None = None, **options: Any) -> Ids:
    """The ids of an item behind its boundary, or of what the model's own run held out.

    Args:
        model: the model.
        item: as in `inspect`; None: what the run held out.
        cache: where token files are kept; None: in the user's cache folder.
        options: of the medium.

    Raises:
        ModelFileError: the model does not lie in the folder of its run.
        CorpusError: the sources of the run have changed, or it held nothing out.
        InputError: the item cannot be read.
    """
    if item is None:
        return model.origin.token_file("val", cache=cache or storage.cache_folder({})).ids[:].astype(np.int64)
    return np.concatenate([[BOUNDARY_ID], model.medium.encode(model.tokenizer, model.prepare(item), options).ids])


def gradients(
    model: TrainedModel, ids: Ids, *, against: Sequence[str] = (), lags: Sequence[int] = LAGS, seed: int = _OWN_SEED
) -> list[tuple[str, Kept]]:
    """How much of the gradient reaches back: of the model, of the same network before it learned, and of others that have not.

    Args:
        model: the model.
        ids: what it reads, in eight stretches.
        against: cells of the others, in networks of the same shape.
        lags: distances.
        seed: of the networks that have not learned.

    Raises:
        InputError: there is too little to read.
    """
    length = max(lags) + 2
    if len(ids) < length:
        raise InputError(f"{counted(len(ids), 'token')}: too few to look back {max(lags):,}", remedy="give a longer text")
    starts_B = np.linspace(0, len(ids) - length, _STREAMS).astype(np.int64)
    ids_TB = torch.from_numpy(ids[starts_B + np.arange(length)[:, None]])
    architecture = model.network.architecture
    networks = {"trained": model.network, "before training": fresh(architecture, seed=seed)}
    networks |= {f"{cell}, untrained": fresh(replace(architecture, cell=cell), seed=seed) for cell in against}
    return [(name, kept) for name, network in networks.items() for kept in gradient_kept(network, ids_TB, lags=lags)]


def loss_by_context(
    model: TrainedModel, ids: Ids, *, contexts: Sequence[int] = CONTEXTS, progress: Progress | None = None
) -> list[tuple[int, float]]:
    """The mean surprisal in nats of the same tokens, where the state is emptied so many tokens before each.

    Args:
        model: the model.
        ids: what it reads; the tokens are spread evenly over it.
        contexts: tokens that it may look back on; those that the ids do not reach are left out.
        progress: called with the tokens read and those of all.

    Raises:
        InputError: there is too little to read.
    """
    contexts = [context for context in contexts if 2 * context < len(ids)]
    if not contexts:
        raise InputError(f"{counted(len(ids), 'token')}: too few", remedy="give a longer text")
    targets = np.arange(max(contexts), len(ids))
    told_V = model.medium.told(model.tokenizer)
    targets = targets[(ids[targets] != BOUNDARY_ID) & (True if told_V is None else ~told_V[ids[targets]])]
    targets = targets[:: max(1, len(targets) // _CONTEXT_PLACES)][:_CONTEXT_PLACES]
    spans, found, done = np.stack([targets - 1, targets], axis=1), [], 0
    legal = legal_at(model.medium.legal(model.tokenizer), ids, np.flatnonzero(ids == BOUNDARY_ID))
    for context in contexts:
        nats = [part for _, part in surprisals(model.network, ids, spans, run_in=context - 1, legal=legal)]
        found.append((context, float(np.concatenate(nats).mean())))
        done += context
        if progress is not None:
            progress(done, sum(contexts))
    return found
