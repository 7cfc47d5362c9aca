"""What an item has copied from what its model was trained on.

Items are compared as sequences of symbols, which their medium makes: the words of a text, the steps from note to note of a tune. A run is
a stretch of symbols that stands in the training data just so. Runs are looked up by their first eight symbols in sorted hashes, and every
find is compared symbol by symbol. Shingles of eight: the twin test of symbolic-music corpora.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from lstmgen import limits, storage, strict_json
from lstmgen.checkpoint.tensor_file import open_file
from lstmgen.errors import InputError, ModelFileError
from lstmgen.media.base import Symbols
from lstmgen.schema import SchemaError, list_of, table, text
from lstmgen.strict_json import StrictJsonError

SHINGLE: Final = 8
"""Symbols from which on a run counts as copied."""

_VERSION: Final = "1"
_FACTS: Final = table({"version": text(), "unit": text(100), "complete": text(), "names": text(limits.MAX_NOVELTY_BYTES)})
_CANDIDATES: Final = 64
"""Places of the training data at which a run is followed up."""
_END: Final = 0
"""A symbol that stands between documents and never in one."""


@dataclass(frozen=True, kw_only=True)
class Novelty:
    """What was copied.

    Attributes:
        unit: what a symbol stands for: `words`, `notes`, ...
        symbols: how many there are.
        longest_run: the longest copied run, in units; 0 where none has at least eight.
        where: the document of the training data that holds it; empty without one.
        begins: the unit of the examined item at which it begins, from 0.
        copied_share: share of the symbols that lie in copied runs of eight and more.
        complete: whether all of the training data is in the index.
    """

    unit: str
    symbols: int
    longest_run: int
    where: str
    begins: int
    copied_share: float
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def line(self) -> str:
        """The same in words."""
        part = "" if self.complete else " (the index holds a part of the training data)"
        if self.symbols < SHINGLE:
            return f"{f'a copy: it stands so in {self.where}' if self.longest_run else 'no copy: the training data does not hold it'}{part}"
        if not self.longest_run:
            return f"nothing copied: no {SHINGLE} {self.unit} in a row occur in the training data in this order{part}"
        run = f"longest copied run {self.longest_run} {self.unit}, from {self.where}"
        return f"{self.copied_share:.0%} of {self.symbols:,} {self.unit} in copied runs of {SHINGLE} and more; {run}{part}"


class NoveltyIndex:
    """The symbols of the training data, to look up what was copied from it.

    Args:
        unit: what a symbol stands for.
        symbols: of all documents, each followed by a symbol that stands nowhere else.
        starts: where the documents of each file begin.
        names: of the files.
        complete: whether all of the training data is there.
    """

    def __init__(self, unit: str, symbols: Symbols, starts: NDArray[np.int64], names: tuple[str, ...], *, complete: bool) -> None:
        self.unit = unit
        self.symbols = symbols
        self.starts = starts
        self.names = names
        self.complete = complete

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The hashes in order, and where each stands; made when something is looked up, for saving takes none of it."""
        hashes = _shingles(self.symbols)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    @staticmethod
    def of(unit: str, documents: Iterable[tuple[str, Symbols]]) -> NoveltyIndex:
        """An index of documents, as many as the limit lets in."""
        parts: list[Symbols] = []
        starts: list[int] = []
        names: list[str] = []
        total, complete = 0, True
        for name, symbols in documents:
            if total + len(symbols) > limits.MAX_NOVELTY_SYMBOLS:
                complete = False
                symbols = symbols[: limits.MAX_NOVELTY_SYMBOLS - total]  # noqa: PLW2901 - the same document, cut
            if len(symbols):
                if name not in names[-1:]:  # documents of one file are found under its name
                    starts.append(total)
                    names.append(name)
                parts += [symbols, np.array([_END], np.uint32)]
                total += len(symbols) + 1
            if not complete:
                break
        joined = np.concatenate(parts) if parts else np.zeros(0, np.uint32)
        return NoveltyIndex(unit, joined, np.array(starts, np.int64), tuple(names), complete=complete)

    def save(self, path: Path) -> None:
        """Write the index. Raises MachineError."""
        facts = {"version": _VERSION, "unit": self.unit, "complete": str(int(self.complete)), "names": json.dumps(self.names)}
        storage.atomic_write(path, save({"symbols": self.symbols, "starts": self.starts}, metadata=facts), follow=False)

    @staticmethod
    def open(path: Path) -> NoveltyIndex:
        """Read an index.

        Raises:
            InputError: there is none.
            ModelFileError: it is damaged, or of another version.
        """
        if not path.exists():
            raise InputError(
                f"{path.parent} keeps no index of the training data", remedy="name the folder of the run, not a model file that was copied"
            )
        with open_file(path, at_most=limits.MAX_NOVELTY_BYTES, what="an index of training data") as stream:
            content = stream.read()
        try:
            length = int.from_bytes(content[:8], "little")
            facts = strict_json.loads(content[8 : 8 + length])["__metadata__"]
            _FACTS(facts, "the index")
            names = strict_json.loads(facts["names"].encode())
            list_of(text())(names, "names")
            tensors = load(content)
            symbols, starts = tensors["symbols"], tensors["starts"]
        except (SafetensorError, StrictJsonError, SchemaError, KeyError, TypeError) as error:
            raise ModelFileError(f"{path}: the index is damaged", remedy="train the model again to have it made again") from error
        sound = symbols.dtype == np.uint32 and starts.dtype == np.int64 and symbols.ndim == starts.ndim == 1 and len(names) == len(starts)
        if facts["version"] != _VERSION or not sound or not _ascending(starts, len(symbols)):
            raise ModelFileError(f"{path}: the index is damaged, or of another version", remedy="train the model again")
        unit, names = facts["unit"], tuple(names)
        return NoveltyIndex(unit, symbols, starts, names, complete=facts["complete"] == "1")

    def examine(self, symbols: Symbols, *, offset: int = 0) -> Novelty:
        """What an item has copied; of one of fewer than eight symbols, whether the training data holds the very same item.

        Args:
            symbols: of the item.
            offset: how many more units there are than symbols: of notes one more than steps between them.
        """
        copied, longest, begins, place = self._runs(symbols) if len(symbols) >= SHINGLE else self._same(symbols)
        return Novelty(
            unit=self.unit,
            symbols=len(symbols) + (offset if len(symbols) else 0),
            longest_run=longest + offset if longest else 0,
            where=self.names[int(np.searchsorted(self.starts, place, side="right")) - 1] if longest else "",
            begins=begins,
            copied_share=float(copied.mean()) if len(symbols) else 0.0,
            complete=self.complete,
        )

    def _same(self, symbols: Symbols) -> tuple[NDArray[np.bool_], int, int, int]:
        """As `_runs`, of an item that is too short for a run: all of it, where some document holds it and nothing else."""
        wanted, held = np.append(symbols, np.uint32(_END)), self.symbols
        places = np.flatnonzero(np.append(np.uint32(_END), held[:-1]) == _END) if len(symbols) else np.zeros(0, np.int64)
        places = places[places + len(wanted) <= len(held)]
        for offset, symbol in enumerate(wanted.tolist()):
            places = places[held[places + offset] == symbol]
        found = len(places) > 0
        return np.full(len(symbols), found), len(symbols) * found, 0, int(places[0]) if found else 0

    def _runs(self, symbols: Symbols) -> tuple[NDArray[np.bool_], int, int, int]:
        """Which symbols were copied; the longest run, where it begins, and where it stands in the training data."""
        copied = np.zeros(len(symbols), np.bool_)
        longest = begins = found = 0
        hashes = _shingles(symbols)
        sorted_hashes, order = self._sorted
        firsts = np.searchsorted(sorted_hashes, hashes, side="left")
        lasts = np.searchsorted(sorted_hashes, hashes, side="right")
        for at in np.flatnonzero(lasts > firsts).tolist():
            for place in order[firsts[at] : min(lasts[at], firsts[at] + _CANDIDATES)].tolist():
                if at and place and symbols[at - 1] == self.symbols[place - 1] and copied[at : at + SHINGLE].all():
                    continue  # followed up from further left
                length = _common_length(symbols[at:], self.symbols[place:])
                if length >= SHINGLE:
                    copied[at : at + length] = True
                if length > longest and length >= SHINGLE:
                    longest, begins, found = length, at, place
        return copied, longest, begins, found


def _ascending(starts: NDArray[np.int64], end: int) -> bool:
    """Whether documents begin one behind the other, before the end."""
    return not len(starts) or (int(starts[0]) >= 0 and int(starts[-1]) < end and bool((starts[1:] > starts[:-1]).all()))


def _shingles(symbols: Symbols) -> NDArray[np.uint64]:
    """A hash of the eight symbols that begin at each place; 64 bits, so that false finds are rare, and they are compared anyway."""
    count = max(0, len(symbols) - SHINGLE + 1)
    hashes = np.zeros(count, np.uint64)
    factor = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        for offset in range(SHINGLE):
            mixed = symbols[offset : offset + count].astype(np.uint64) * factor
            hashes = (hashes ^ (mixed ^ (mixed >> np.uint64(29)))) * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(offset)
    return hashes


def _common_length(one: Symbols, other: Symbols) -> int:
    """How many symbols agree from the beginning."""
    length, step = 0, 64
    while True:
        left, right = one[length : length + step], other[length : length + step]
        count = min(len(left), len(right))
        differ = np.flatnonzero(left[:count] != right[:count])
        if len(differ):
            return length + int(differ[0])
        length += count
        if count < step:
            return length
        step *= 2
