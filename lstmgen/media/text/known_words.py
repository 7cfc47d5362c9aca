"""Words that were encoded before, found again by their bytes: most of a text is words that it held before.

Byte pairs are joined by the ranks of pieces alone, and none over the border of a word, so the ids of words are those of the whole text.
Words begin where a run of spaces or of line ends does, and where a line or such a run is cut because it is too long (`segments.py`). A
character that must not stand in a text with others, such as NUL, is a word of its own, and so is what follows it. Words
of at most 32 bytes are looked for many at a time by arrays: their bytes are whole numbers of 64 bits, whose product with a constant says
where a table has the number of the word. All other words, and those that are new, go through a dictionary.

Letters: N bytes of a text, W its words, P some of them, Q their bytes in eights, K words that are known, I their ids.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.text.segments import LONGEST_LINE, MOST_LINE_ENDS, SEGMENT

_SPACE, _LINE_END = b" \n"
_SURROGATES: Final = "surrogatepass"
_LINE_ENDS: Final = re.compile(rb"\n{%d,}" % (MOST_LINE_ENDS + 1))
_MOST_WORDS: Final = 2**18
"""Whose ids are kept."""
_AT_ONCE: Final = 2**15
"""Words of a text; what is known of them fits into a core's cache."""
_SLOT_BITS: Final = 19
_PROBES: Final = 8
"""Slots one behind the other in which a word may stand; one that finds none has its place in the dictionary alone."""
_TOGETHER: Final = 64
"""New words that are encoded as one text, in a third of the time."""
_EIGHTS: Final = (1, 4)
"""Bytes of a table's words, in eights."""
_FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
_MASKS: Final = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
"""Of so many bytes."""


class KnownWords:
    """Encodes a text word by word, each different word once.

    Args:
        encode: texts -> the ids of each.
        bytes_of_id: how many bytes an id stands for.
        alone: the characters that are words of their own, as bytes; surrogates are passed on.
    """

    def __init__(self, encode: Callable[[list[str]], list[list[int]]], bytes_of_id: Sequence[int], *, alone: re.Pattern[bytes]) -> None:
        self._encode, self._bytes_of_id, self._alone = encode, np.array(bytes_of_id), alone
        self._forget()

    def _forget(self) -> None:
        self._number_of = {b"": 0}
        self._tables = [_Table(eights) for eights in _EIGHTS]
        self._first_K, self._length_K = np.zeros((2, _MOST_WORDS + _AT_ONCE + 2), np.int64)
        self._ids_I, self._last_i = np.zeros(_AT_ONCE, np.int64), 0

    def __len__(self) -> int:
        return len(self._number_of) - 1

    def encode(self, text: str, *, some_alone: bool) -> Ids:
        """The ids of a text, which has the ids of its words one behind the other; `some_alone`: it may hold characters that stand alone."""
        content = text.encode("utf-8", _SURROGATES)
        border_W = np.append(_starts(content, self._alone if some_alone else None), len(content))
        eight_Q = np.frombuffer(content + bytes(-len(content) % 8 + 8 * max(_EIGHTS) + 8), "<u8")
        found: list[Ids] = []
        for first in range(0, len(border_W) - 1, _AT_ONCE):
            if len(self) > _MOST_WORDS:
                self._forget()
            found.append(self._ids(self._numbers(content, eight_Q, border_W[first : first + _AT_ONCE + 1])))
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _numbers(self, content: bytes, eight_Q: NDArray[np.uint64], border_W: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of each word; those that are new have one after that."""
        start_W, length_W = border_W[:-1], np.diff(border_W)
        number_W = np.zeros(len(start_W), np.int64)
        above = 0
        for table in self._tables:
            place_P = np.flatnonzero((length_W > above) & (length_W <= table.bytes))
            number_W[place_P] = table.find(list(_keys(eight_Q, start_W[place_P], length_W[place_P], table.eights)))
            above = table.bytes
        rest_P = np.flatnonzero(number_W == 0)
        if len(rest_P):
            borders = zip(start_W[rest_P].tolist(), border_W[1:][rest_P].tolist(), strict=True)
            number_W[rest_P] = self._looked_up([content[begin:end] for begin, end in borders])
        return number_W

    def _looked_up(self, words: list[bytes]) -> list[int]:
        """The number of each word, by the dictionary; those that are new are encoded."""
        number_of = self._number_of
        new = [word for word in dict.fromkeys(words) if word not in number_of]
        if new:
            new.sort(key=_stands_alone)
            length_P, above = np.fromiter(map(len, new), np.int64, len(new)), 0
            number_P = np.arange(len(number_of), len(number_of) + len(new))
            number_of.update(zip(new, number_P.tolist(), strict=True))
            self._keep(number_P, new)
            for table in self._tables:
                fits_P = (length_P > above) & (length_P <= table.bytes)
                table.add(list(itertools.compress(new, fits_P.tolist())), number_P[fits_P])
                above = table.bytes
        return [number_of[word] for word in words]

    def _keep(self, number_P: NDArray[np.int64], new: list[bytes]) -> None:
        """The ids of new words, of which those that may be put together come first."""
        together = sum(not _stands_alone(word) for word in new)
        parts = [b"".join(new[first : min(first + _TOGETHER, together)]) for first in range(0, together, _TOGETHER)]
        found = self._encode([part.decode("utf-8", _SURROGATES) for part in (*parts, *new[together:])])
        ids_I = np.fromiter(itertools.chain.from_iterable(found), np.int64)
        each = np.cumsum([0, *map(len, found)])[len(parts) :]  # behind the parts, and behind each word that stands alone
        byte_P = np.cumsum([len(word) for word in new[:together]])
        joined_P = np.searchsorted(np.cumsum(self._bytes_of_id[ids_I[: each[0]]]), byte_P, side="right")
        behind_P = np.append(joined_P, each[1:])
        begin, self._last_i = self._last_i, self._last_i + len(ids_I)
        self._first_K[number_P], self._length_K[number_P] = begin + np.append(0, behind_P[:-1]), np.diff(behind_P, prepend=0)
        if self._last_i > len(self._ids_I):
            self._ids_I = np.append(self._ids_I[:begin], np.zeros(2 * self._last_i - begin, np.int64))
        self._ids_I[begin : self._last_i] = ids_I

    def _ids(self, number_W: NDArray[np.int64]) -> Ids:
        length_W = self._length_K[number_W]
        behind_W = np.cumsum(length_W)
        moved_W = self._first_K[number_W] - (behind_W - length_W)
        return self._ids_I[np.repeat(moved_W, length_W) + np.arange(behind_W[-1])]


def _stands_alone(word: bytes) -> bool:
    """Whether no other word may stand before it, or none behind it: it begins with no space, or has nothing else."""
    return word[0] != _SPACE or word[-1] == _SPACE


class _Table:
    """Numbers of words, by their bytes; open addressing.

    Args:
        eights: of bytes that a word has at most.
    """

    def __init__(self, eights: int) -> None:
        self.eights, self.bytes = eights, 8 * eights
        self._slots = np.zeros(2**_SLOT_BITS, np.int32)
        self._keys_of = np.zeros((eights, _MOST_WORDS + _AT_ONCE + 2), np.uint64)  # by number

    def find(self, keys: list[NDArray[np.uint64]]) -> NDArray[np.int64]:
        """The number of each word; 0: it has none here."""
        slot_P = self._slot(keys)
        number_P = self._slots[slot_P].astype(np.int64)
        wrong_P = np.flatnonzero(self._differ(number_P, keys))
        for _ in range(_PROBES - 1):
            wrong_P = wrong_P[number_P[wrong_P] != 0]
            if not len(wrong_P):
                break
            slot_P[wrong_P] = (slot_P[wrong_P] + 1) % len(self._slots)
            number_P[wrong_P] = self._slots[slot_P[wrong_P]]
            wrong_P = wrong_P[self._differ(number_P[wrong_P], [key[wrong_P] for key in keys])]
        number_P[wrong_P] = 0
        return number_P

    def add(self, words: list[bytes], number_P: NDArray[np.int64]) -> None:
        """New words, each where the first slot is free."""
        keys = list(np.array(words, f"S{self.bytes}").view("<u8").reshape(-1, self.eights).T)
        for of, key in zip(self._keys_of, keys, strict=True):
            of[number_P] = key
        slot_P = self._slot(keys)
        for _ in range(_PROBES):
            free_P = self._slots[slot_P] == 0
            self._slots[slot_P[free_P]] = number_P[free_P]  # of those that meet there the last one
            left_P = self._slots[slot_P] != number_P
            slot_P, number_P = (slot_P[left_P] + 1) % len(self._slots), number_P[left_P]

    def _slot(self, keys: list[NDArray[np.uint64]]) -> NDArray[np.int64]:
        total = keys[0] * _FACTORS[0]
        for key, factor in zip(keys[1:], _FACTORS[1:], strict=False):
            total += (key ^ key >> np.uint64(29)) * factor
        return (total >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)

    def _differ(self, number_P: NDArray[np.int64], keys: list[NDArray[np.uint64]]) -> NDArray[np.bool_]:
        """Whether words are others than those with these numbers."""
        found = self._keys_of[0][number_P] != keys[0]
        for of, key in zip(self._keys_of[1:], keys[1:], strict=True):
            found |= of[number_P] != key
        return found


def _keys(
    eight_Q: NDArray[np.uint64], start_P: NDArray[np.int64], length_P: NDArray[np.int64], eights: int
) -> Iterator[NDArray[np.uint64]]:
    """The bytes of words in eights, filled up with zeros."""
    first_P, shift_P = start_P >> 3, ((start_P & 7) << 3).astype(np.uint64)
    back_P, left_P = np.uint64(63) - shift_P, eight_Q[first_P]
    for eight in range(eights):
        right_P = eight_Q[first_P + (eight + 1)]
        key_P = left_P >> shift_P | right_P << back_P << np.uint64(1)
        yield key_P & _MASKS[np.clip(length_P - 8 * eight, 0, 8)]
        left_P = right_P


def _starts(content: bytes, alone: re.Pattern[bytes] | None) -> NDArray[np.int64]:
    """Where words begin; `alone` finds the characters that are words of their own."""
    byte_N = np.frombuffer(content, np.uint8)
    is_end_N = byte_N == _LINE_END
    is_start_N = is_end_N | (byte_N == _SPACE)
    is_start_N[1:] &= byte_N[1:] != byte_N[:-1]
    is_start_N[:1] = True
    is_start_N[_cuts(content, np.flatnonzero(is_end_N))] = True
    if alone is not None:
        borders = [border for match in alone.finditer(content) for border in match.span() if border < len(content)]
        is_start_N[borders] = True
    return np.flatnonzero(is_start_N)


def _cuts(content: bytes, end_L: NDArray[np.int64]) -> list[int]:
    """Where runs of line ends and lines are cut because they are too long; `end_L` has all line ends."""
    found: list[int] = []
    if b"\n" * (MOST_LINE_ENDS + 1) in content:
        for match in _LINE_ENDS.finditer(content):
            found.extend(range(match.start() + MOST_LINE_ENDS, match.end(), MOST_LINE_ENDS))
    border_L = np.concatenate([[-1], end_L, [len(content)]])
    for line in np.flatnonzero(np.diff(border_L) > LONGEST_LINE + 1).tolist():
        place, end = int(border_L[line]) + 1, int(border_L[line + 1])
        for segment in SEGMENT.findall(content[place:end].decode("utf-8", _SURROGATES)):
            place += len(segment.encode("utf-8", _SURROGATES))
            found.append(place)
        found.pop()  # the end of the line
    return found
