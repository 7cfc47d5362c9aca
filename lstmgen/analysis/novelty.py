"""What a text or a tune has copied from what its model was trained on.

Both become a sequence of symbols: a text its words, a tune the step from each pitched note to the next one, as an interval in semitones and
as the ratio of the time between them to the time before. So a copy is found in whatever key and at whatever speed. The notes go in the
order of their onsets, and from the lowest to the highest where several begin together.

A run is a stretch of symbols that stands in the training data just so. Runs are looked up by their first eight symbols in sorted hashes,
and every find is compared symbol by symbol. Shingles of eight: the twin test of symbolic-music corpora.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lstmgen import limits, storage
from lstmgen.errors import InputError, ModelFileError
from lstmgen.music.score import Score

SHINGLE: Final = 8
"""Symbols from which on a run counts as copied."""

_VERSION: Final = "1"
_CANDIDATES: Final = 64
"""Places of the training data at which a run is followed up."""
_END: Final = 0
"""A symbol that stands between documents and never in one."""
_WORD: Final = re.compile(r"\S+")
_HALF: Final = 2
"""Ratios of times are told apart to half an octave."""

Symbols = NDArray[np.uint32]


@dataclass(frozen=True, kw_only=True)
class Novelty:
    """What was copied.

    Attributes:
        unit: what a symbol stands for: `words` or `notes`.
        symbols: how many there are.
        longest_run: the longest copied run, in words or notes; 0 where none has at least eight.
        where: the document of the training data that holds it; empty without one.
        begins: the word or note of the examined piece at which it begins, from 0.
        copied_share: share of the symbols that lie in copied runs of eight and more.
        complete: whether all of the training data is in the index.
    """

    unit: Literal["words", "notes"]
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
        if not self.longest_run:
            return f"nothing copied: no {SHINGLE} {self.unit} in a row stand so in the training data{part}"
        run = f"longest copied run {self.longest_run} {self.unit}, from {self.where}"
        return f"{self.copied_share:.0%} of {self.symbols:,} {self.unit} in copied runs of {SHINGLE} and more; {run}{part}"


def symbols_of_text(text: str) -> Symbols:
    """One symbol a word, whatever its case."""
    return np.array(
        [1 + zlib.crc32(word.encode("utf-8", "surrogatepass")) % (2**32 - 1) for word in _WORD.findall(text.casefold())], np.uint32
    )


def symbols_of_chunks(chunks: Iterable[str]) -> Symbols:
    """The same of a text in chunks that are cut anywhere, up to the limit of an index."""
    parts: list[Symbols] = []
    held, total = "", 0
    for chunk in chunks:
        text = held + chunk
        # What comes after the last space may go on in the next chunk.
        cut = max(text.rfind(" "), text.rfind("\n")) + 1
        parts.append(symbols_of_text(text[:cut]))
        held, total = text[cut:], total + len(parts[-1])
        if total > limits.MAX_NOVELTY_SYMBOLS:
            break
    parts.append(symbols_of_text(held))
    return np.concatenate(parts)


def symbols_of_score(score: Score) -> Symbols:
    """One symbol for each pitched note after the first."""
    notes = score.notes.take(~score.notes.drum)
    order = np.lexsort((notes.pitch, notes.start_ticks))
    pitch, start = notes.pitch[order].astype(np.int64), notes.start_ticks[order].astype(np.int64)
    if len(pitch) < 2:
        return np.zeros(0, np.uint32)
    steps = np.diff(start)
    moves = np.flatnonzero(steps > 0)
    before = np.searchsorted(moves, np.arange(len(steps)), side="left") - 1
    earlier = np.where(before >= 0, steps[moves[np.maximum(before, 0)]] if len(moves) else 1, 0)
    # 0: together with the note before; 1: the first time that passes; else half octaves of the ratio to the time before.
    known = (steps > 0) & (earlier > 0)
    ratio = np.log2(np.where(known, steps, 1) / np.where(known, earlier, 1))
    pace = np.where(steps == 0, 0, np.where(known, 2 + np.clip(np.rint(_HALF * ratio) + 16, 0, 32), 1)).astype(np.int64)
    return (1 + (np.diff(pitch) + 128) + 256 * pace).astype(np.uint32)


class NoveltyIndex:
    """The symbols of the training data, to look up what was copied from it.

    Args:
        unit: what a symbol stands for.
        symbols: of all documents, each followed by a symbol that stands nowhere else.
        starts: where each document begins.
        names: of the documents.
        complete: whether all of the training data is there.
    """

    def __init__(
        self, unit: Literal["words", "notes"], symbols: Symbols, starts: NDArray[np.int64], names: tuple[str, ...], *, complete: bool
    ) -> None:
        self.unit: Literal["words", "notes"] = unit
        self.symbols = symbols
        self.starts = starts
        self.names = names
        self.complete = complete
        hashes = _shingles(symbols)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    @staticmethod
    def of(unit: Literal["words", "notes"], documents: Iterable[tuple[str, Symbols]]) -> NoveltyIndex:
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
        storage.atomic_write(path, save({"symbols": self.symbols, "starts": self.starts}, metadata=facts))

    @staticmethod
    def open(path: Path) -> NoveltyIndex:
        """Read an index.

        Raises:
            InputError: there is none.
            ModelFileError: it is damaged, or of another version.
        """
        if not path.is_file():
            raise InputError(
                f"{path.parent} keeps no index of the training data", remedy="name the folder of the run, not a model file that was copied"
            )
        try:
            with safe_open(path, framework="numpy") as file:
                facts = file.metadata() or {}
                symbols, starts = file.get_tensor("symbols"), file.get_tensor("starts")
            names = tuple(str(name) for name in json.loads(facts["names"]))
            unit = facts["unit"]
        except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
            raise ModelFileError(f"{path}: the index is damaged", remedy="train the model again to have it made again") from error
        sound = symbols.dtype == np.uint32 and starts.dtype == np.int64 and symbols.ndim == starts.ndim == 1 and len(names) == len(starts)
        in_range = not len(starts) or (int(starts.min()) >= 0 and int(starts.max()) < len(symbols))
        if facts.get("version") != _VERSION or unit not in {"words", "notes"} or not sound or not in_range:
            raise ModelFileError(f"{path}: the index is damaged, or of another version", remedy="train the model again")
        return NoveltyIndex("words" if unit == "words" else "notes", symbols, starts, names, complete=facts.get("complete") == "1")

    def examine(self, thing: str | Score) -> Novelty:
        """What a text or a tune has copied.

        Raises:
            InputError: it is a tune and the index of texts, or the other way round.
        """
        if isinstance(thing, str) != (self.unit == "words"):
            raise InputError(f"the model was trained on something else: its index is of {self.unit}", remedy="name another file")
        symbols = symbols_of_text(thing) if isinstance(thing, str) else symbols_of_score(thing)
        # Of notes there is one more than steps between them.
        extra = 0 if isinstance(thing, str) else 1
        copied, longest, begins, place = self._runs(symbols)
        return Novelty(
            unit=self.unit,
            symbols=len(symbols) + (extra if len(symbols) else 0),
            longest_run=longest + extra if longest else 0,
            where=self.names[int(np.searchsorted(self.starts, place, side="right")) - 1] if longest else "",
            begins=begins,
            copied_share=float(copied.mean()) if len(symbols) else 0.0,
            complete=self.complete,
        )

    def _runs(self, symbols: Symbols) -> tuple[NDArray[np.bool_], int, int, int]:
        """Which symbols were copied; the longest run, where it begins, and where it stands in the training data."""
        copied = np.zeros(len(symbols), np.bool_)
        longest = begins = found = 0
        hashes = _shingles(symbols)
        firsts = np.searchsorted(self._hashes, hashes, side="left")
        lasts = np.searchsorted(self._hashes, hashes, side="right")
        for at in np.flatnonzero(lasts > firsts).tolist():
            for place in self._order[firsts[at] : min(lasts[at], firsts[at] + _CANDIDATES)].tolist():
                if at and place and symbols[at - 1] == self.symbols[place - 1] and copied[at : at + SHINGLE].all():
                    continue  # followed up from further left
                length = _common_length(symbols[at:], self.symbols[place:])
                if length >= SHINGLE:
                    copied[at : at + length] = True
                if length > longest and length >= SHINGLE:
                    longest, begins, found = length, at, place
        return copied, longest, begins, found


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
