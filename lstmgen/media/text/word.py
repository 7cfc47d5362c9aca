"""The word tokenizer: one id for each frequent word; rare words are spelled. Nothing is lost, and nothing is unknown.

A text is cut into units by `_UNIT`: words with the one space before them, short runs of digits, of punctuation, of white space. The units
that the corpus holds often have an id each. Any other is spelled: with an id for each character where the corpus held that character
often enough, with an id for each byte of UTF-8 elsewhere. Decoding is therefore plain joining.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, final

import numpy as np

from lstmgen import limits
from lstmgen.choices import OovPolicy
from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.text.byte_table import FIRST_BYTE_ID, FIRST_UNIT_ID, EndsInBytes, spell
from lstmgen.media.text.sampling import Texts, sample
from lstmgen.media.text.symbols import has_byte_escapes, settle_strays, stray_surrogates

_DEFAULT_MAX_VOCABULARY: Final = 16_384
_DEFAULT_MIN_COUNT: Final = 3
"""A unit seen twice teaches a network little; spelled, it still teaches it its letters."""
_CHOSEN_MIN_COUNT: Final = 2
"""Where the user asked for a size, it is filled with what occurs at least this often."""
_SAMPLE_CHARS: Final = 64 * 2**20
_MAX_COUNTED_UNITS: Final = 2**20
"""Above this many different units, those seen once so far are forgotten: memory stays bounded, frequent ones stay counted."""

_MAX_EMPTY_LINES: Final = 64
"""How many empty lines are skipped in the search for a line to start at, before the search starts at the beginning instead."""

_LOOKAHEAD_CHARS: Final = 2
"""How far behind the end of a unit `_UNIT` looks to decide that it ends there."""


@cache
def _unit_pattern() -> re.Pattern[str]:
    """What a text is cut into. Every character falls into exactly one unit, and no unit is longer than a few hundred characters."""
    codes = (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))
    marks = "".join(chr(code) for code in codes if unicodedata.category(chr(code)).startswith("M"))
    mark = rf"(?![\0-\u02ff])[{marks}\u200c\u200d]"  # the first test is the quick one, and fails for most text
    letter = r"[^\W\d_]"
    return re.compile(
        "|".join(
            (
                # A word: letters, what modifies them (marks, joiners), and apostrophes that have a letter on either side.
                rf" ?{letter}{{1,32}}(?:['\u2019]{letter}{{1,32}}|(?:{mark}){{1,8}}{letter}{{0,32}}){{0,8}}",
                r" ?\d{1,4}",
                r" ?(?:[^\w\s]|_){1,16}",
                r"(?:\r\n){1,8}",
                r"\n{1,8}",
                # Of a run of spaces the last belongs to the word behind it.
                r" {1,64}(?= \S)",
                r" {1,64}",
                r"\t{1,16}",
                r"\s",
            )
        )
    )


@final
@dataclass(frozen=True)
class WordTokenizer(EndsInBytes):
    """The boundary, the 256 bytes, then one id for each of `units`.

    ASCII characters are bytes, so they need no further id.

    Args:
        units: different texts: characters beyond ASCII in the order of their code points, then words by falling frequency.
        raw_bytes: whether bytes that are not UTF-8 decode back to byte escapes; else they decode to U+FFFD.
    """

    name = "word"
    units: tuple[str, ...]
    raw_bytes: bool = False

    @staticmethod
    def train(texts: Texts, *, counts: Mapping[str, int], vocab_size: int | None = None) -> WordTokenizer:
        """The words and characters that a corpus holds most often.

        Args:
            texts: chunks of the corpus.
            counts: how often each character occurs in it.
            vocab_size: most ids that may be used; None: as many as there are units seen at least 3 times, at most 16384.

        Raises:
            UsageError: fewer ids than the bytes need.
        """
        if vocab_size is not None and vocab_size < FIRST_UNIT_ID:
            raise UsageError(
                f"a word vocabulary of {vocab_size} has no room for the {FIRST_UNIT_ID} ids of the bytes and the boundary",
                remedy=f"--vocab-size {FIRST_UNIT_ID} or more; 4096 is a good start",
            )
        room = (vocab_size or _DEFAULT_MAX_VOCABULARY) - FIRST_UNIT_ID
        min_count = _CHOSEN_MIN_COUNT if vocab_size else _DEFAULT_MIN_COUNT
        frequent = [symbol for symbol, count in counts.items() if count >= min_count and not symbol.isascii() and _is_text(symbol)]
        # Characters may take at most half: every word would be spelled otherwise.
        characters = sorted(frequent, key=lambda symbol: (-counts[symbol], symbol))[: (room + 1) // 2]
        unit_counts = _count_units(sample(texts, total_chars=sum(counts.values()), limit_chars=_SAMPLE_CHARS))
        words = [unit for unit, count in unit_counts.items() if count >= min_count and len(unit) > 1 and _is_text(unit)]
        words.sort(key=lambda unit: (-unit_counts[unit], unit))
        units = (*sorted(characters), *words[: room - len(characters)])
        return WordTokenizer(units, raw_bytes=any(has_byte_escapes(symbol) for symbol in counts))

    def _units(self) -> tuple[str, ...]:
        return self.units

    @cached_property
    def _id_of_unit(self) -> dict[str, int]:
        ascii_ids = {chr(byte): FIRST_BYTE_ID + byte for byte in range(128)}
        return ascii_ids | {unit: FIRST_UNIT_ID + index for index, unit in enumerate(self.units)}

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """The ids of the units of a text, rare ones spelled. Raises UnseenSymbolError: it holds a stray surrogate and `oov` is `error`."""
        known, spelled = self._id_of_unit, dict[str, list[int]]()
        ids: list[int] = []
        for unit in _unit_pattern().findall(settle_strays(text, oov)):
            token_id = known.get(unit)
            if token_id is not None:
                ids.append(token_id)
                continue
            spelling = spelled.get(unit)
            if spelling is None:
                spelling = spelled[unit] = self._spell(unit)
            ids.extend(spelling)
        return np.array(ids, dtype=np.int64)

    def _spell(self, unit: str) -> list[int]:
        ids: list[int] = []
        for character in unit:
            token_id = self._id_of_unit.get(character)
            ids.extend(spell(character).tolist() if token_id is None else [token_id])
        return ids

    def safe_cut(self, text: str) -> int:
        """The last border between units that no later text can move."""
        return _last_fixed_border(text)

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it; the units stand in the order of their ids."""
        return {"name": "word", "version": checks.VERSION, "units": list(self.units), "raw_bytes": self.raw_bytes}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> WordTokenizer:
        """The tokenizer that `to_json` described. Raises ModelFileError."""
        checks.only_keys(values, "units", "raw_bytes")
        units = checks.distinct_texts(values, "units", at_most=limits.MAX_VOCABULARY - FIRST_UNIT_ID)
        for unit in units:
            if not _is_text(unit) or (len(unit) == 1 and unit.isascii()):
                checks.refuse(f"the unit {ascii(unit)[:40]} is no text or has the id of a byte already")
        return WordTokenizer(units, checks.typed(values, "raw_bytes", bool))


def _is_text(unit: str) -> bool:
    return not has_byte_escapes(unit) and not stray_surrogates(unit)


def _count_units(chunks: Iterator[str]) -> Counter[str]:
    """How often each unit occurs in chunks that continue one another."""
    find_all = _unit_pattern().findall
    counts: Counter[str] = Counter()
    rest = ""
    for chunk in chunks:
        text = rest + chunk
        cut = _last_fixed_border(text)
        counts.update(find_all(text[:cut]))
        rest = text[cut:]
        if len(counts) > _MAX_COUNTED_UNITS:
            counts = Counter({unit: count for unit, count in counts.items() if count > 1})
    counts.update(find_all(rest))
    return counts


def _last_fixed_border(text: str) -> int:
    """The largest end of a unit of a text that stays one whatever follows the text; 0 when there is none."""
    newest = len(text) - _LOOKAHEAD_CHARS
    border = start = _line_start(text, newest)
    for match in _unit_pattern().finditer(text, start):
        if match.end() > newest:
            break
        border = match.end()
    return border


def _line_start(text: str, newest: int) -> int:
    """A place not after `newest` where a line with something on it starts, a border whatever stands before it; 0 when none is near."""
    end = newest
    for _ in range(_MAX_EMPTY_LINES):
        place = text.rfind("\n", 0, max(end, 0)) + 1
        if place == 0 or text[place] not in "\r\n":
            return place
        end = place - 1
    return 0
