r"""Gaps in a text: where a mark stands, or between two characters; what is written there is so many characters long.

    kept text  [gap]  kept text  [gap]  kept text

The kept text stays as it is, whatever its line ends and its bytes; the model reads it as its sources were read. What is written gets the
line ends of the text.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.text.division import Division
from lstmgen.media.writing import Outcome
from lstmgen.wording import counted

USUAL_MARK: Final = "___"
_USUAL_LENGTH: Final = (1, 20)
"""Of what is written where a mark stands."""
_MOST: Final = 10_000
"""Characters of a gap."""
_MOST_GAPS: Final = 1_000
_SPAN: Final = re.compile(r"(\d{1,15}):(\d{1,15})")
_LENGTH: Final = re.compile(r"(\d{1,9})(?::(\d{1,9}))?")

Known = Callable[[str], tuple[Ids, tuple[str, ...]]]
"""A text -> its ids, as the model knows texts, and what the user should know of that."""


@dataclass(frozen=True)
class Lengths:
    """How long the text in a gap may be, in characters.

    Attributes:
        least: at least 0.
        most: at least `least`.
    """

    least: int
    most: int

    @staticmethod
    def of(text: str) -> Lengths:
        """`5`, or `3:8`. Raises UsageError: it is neither."""
        match = _LENGTH.fullmatch(str(text))
        least, most = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not least <= most <= _MOST or not most:
            raise UsageError(f"--length {text}: expected characters, 1 to {_MOST:,}, or MIN:MAX", remedy="--length 5, or --length 3:8")
        return Lengths(least, most)


@final
class Letters:
    """What ids spell, as far as gaps ask. Letters: V vocabulary.

    Attributes:
        tokenizer: of the ids.
        entries: the bytes of each.
        chars_V: characters that begin in each.
    """

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self.tokenizer, self.entries = tokenizer, tokenizer.entries()
        self.chars_V = np.array([sum(byte & 0xC0 != 0x80 for byte in entry) for entry in self.entries])
        self._behind: dict[bytes, NDArray[np.bool_]] = {}

    def behind(self, begun: bytes) -> NDArray[np.bool_]:
        """Which ids may follow the bytes that begin a character, or nothing, of shape (V,)."""
        if begun not in self._behind:
            self._behind[begun] = np.array([bool(entry) and unfinished(begun + entry) is not None for entry in self.entries])
        return self._behind[begun]


_LETTERS: Final = WeakKeyDictionary[Any, Letters]()


def _letters_of(tokenizer: TextTokenizer) -> Letters:
    """The letters of a tokenizer, looked at once."""
    if tokenizer not in _LETTERS:
        _LETTERS[tokenizer] = Letters(tokenizer)
    return _LETTERS[tokenizer]


def unfinished(content: bytes) -> bytes | None:
    """The bytes at the end that begin a character and do not end it; None: it is no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(content)
    except UnicodeDecodeError:
        return None
    return decoder.getstate()[0]


@final
class TextFilling:
    """A text in a gap while it is written; see `media.gaps.Filling`."""

    stage: int = 0

    def __init__(self, letters: Letters, lengths: Lengths, behind: Ids) -> None:
        self.ids: list[int] = []
        self._letters, self._lengths, self._behind = letters, lengths, behind
        self._chars, self._open = 0, b""

    @property
    def complete(self) -> bool:
        """Whether it is as long as it may be."""
        return self._lengths.least <= self._chars <= self._lengths.most and not self._open

    @property
    def ended(self) -> bool:
        """Whether it may not be longer."""
        return self._chars >= self._lengths.most and not self._open

    def allowed(self) -> NDArray[np.bool_]:
        """All that is not too long, and spells whole characters."""
        letters = self._letters
        return letters.behind(self._open) & (letters.chars_V <= self._lengths.most - self._chars)

    def push(self, token_id: int) -> None:
        """One more id."""
        self.ids.append(token_id)
        self._chars += int(self._letters.chars_V[token_id])
        self._open = unfinished(self._open + self._letters.entries[token_id]) or b""

    def fork(self) -> Self:
        """Another one."""
        other = type(self)(self._letters, self._lengths, self._behind)
        other.ids, other._chars, other._open = [*self.ids], self._chars, self._open  # noqa: SLF001 - of its own kind
        return other

    def behind(self, most: int) -> Ids:
        """The text behind the gap."""
        return self._behind[:most]

    def legal(self) -> None:
        """A text has no grammar."""

    def legal_behind(self, most: int) -> None:
        """Nor has what follows."""
        del most

    def shown(self) -> str:
        """The text."""
        return self._letters.tokenizer.decode(self.ids)


@final
@dataclass(frozen=True, kw_only=True)
class TextGap:
    """A gap in a text; see `media.gaps.Gap`.

    Attributes:
        letters: of the tokenizer.
        before: ids of the document up to the gap.
        after: ids of what follows.
        lengths: of what is written.
        removed: ids of the text that stood there.
    """

    usual: ClassVar = 128
    short: ClassVar = True

    letters: Letters
    before: Ids
    after: Ids
    lengths: Lengths
    removed: Ids

    @staticmethod
    def of(tokenizer: TextTokenizer, before: Ids, removed: Ids, after: Ids) -> TextGap:
        """A gap in place of some ids, as long as their text."""
        letters = _letters_of(tokenizer)
        length = int(letters.chars_V[removed].sum())
        return TextGap(letters=letters, before=before, after=after, lengths=Lengths(length, length), removed=removed)

    def filling(self) -> TextFilling:
        """Nothing is written yet."""
        return TextFilling(self.letters, self.lengths, self.after)

    def true(self) -> Ids | None:
        """The text that stood there."""
        return self.removed if len(self.removed) else None


@final
class GappedText:
    """A text with gaps; see `media.gaps.Gapped`.

    Args:
        tokenizer: the model's.
        text: as it is in its file.
        options: `gap`, the mark; `at`, places in its stead; `length`; `oov`.
        data: how the model's sources were read.
        known: the text as it counts, with its ids and notes.

    Raises:
        UsageError: there is no such gap.
    """

    def __init__(self, tokenizer: TextTokenizer, text: str, options: Mapping[str, Any], data: DataConfig, known: Known) -> None:
        spans = _spans(text, options)
        lengths = None if options.get("length") is None else Lengths.of(options["length"])
        self.count = len(spans)
        self._letters, self._known, self._division = _letters_of(tokenizer), known, Division.of(data)
        self._removed = [text[span] if "at" in options else "" for span in spans]
        self._lengths = [lengths or (Lengths(len(gone), len(gone)) if gone else Lengths(*_USUAL_LENGTH)) for gone in self._removed]
        begins, ends = [*(span.start for span in spans), len(text)], [0, *(span.stop for span in spans)]
        self._kept = [text[end:begin] for end, begin in zip(ends, begins, strict=True)]
        self._line_end = _line_end("".join(self._kept))
        self.notes = tuple(dict.fromkeys(note for part in self._kept for note in known(part)[1]))

    def gap(self, filled: Sequence[TextFilling]) -> TextGap:
        """The next one."""
        number = len(filled)
        before, after, ends = self._division.around(self._up_to(filled), self._kept[number + 1])
        behind, _ = self._known(after)
        if ends or (self._division.divides and number + 1 == self.count):
            behind = np.append(behind, BOUNDARY_ID)
        known, _ = self._known(before)
        return TextGap(
            letters=self._letters, before=known, after=behind, lengths=self._lengths[number], removed=self._known(self._removed[number])[0]
        )

    def _up_to(self, filled: Sequence[TextFilling]) -> str:
        """The text up to the next gap, or to its end."""
        texts = [each.shown().replace("\n", self._line_end) for each in filled]
        return "".join(part for pair in zip(self._kept, [*texts, ""], strict=False) for part in pair)

    def outcome(self, filled: Sequence[TextFilling]) -> Outcome:
        """The whole text."""
        text = self._up_to(filled)
        gaps = [{"begin": len(self._up_to(filled[:number])), "text": each.shown()} for number, each in enumerate(filled)]
        return Outcome(item=text, facts={"text": text, "gaps": gaps})


def _spans(text: str, options: Mapping[str, Any]) -> list[slice]:
    """Where the gaps are: from the first character to before the second, in order."""
    if "at" not in options:
        mark = options.get("gap", USUAL_MARK)
        found = [slice(*match.span()) for match in re.finditer(re.escape(mark), text)] if mark else []
        if not found:
            raise UsageError(f"the text has no gap: {mark!r} stands nowhere in it", remedy="--gap MARK, or --at BEGIN:END")
        return _few(found)
    if "gap" in options:
        raise UsageError("--gap and --at both say where gaps are, expected one of them", remedy="leave one of them out")
    given = options["at"]
    spans = sorted((_span(text, each) for each in ((given,) if isinstance(given, str) else given)), key=lambda span: span.start)
    if any(one.stop > other.start for one, other in itertools.pairwise(spans)):
        raise UsageError("two gaps of --at overlap", remedy="make one of them")
    return _few(spans)


def _span(text: str, given: str) -> slice:
    match = _SPAN.fullmatch(str(given))
    begin, end = (int(match[1]), int(match[2])) if match else (1, 0)
    if not begin <= end <= len(text):
        raise UsageError(
            f"--at {given}: expected BEGIN:END within the {counted(len(text), 'character')} of the text, from 0", remedy="--at 120:125"
        )
    return slice(begin, end)


def _few(spans: list[slice]) -> list[slice]:
    if len(spans) > _MOST_GAPS:
        raise UsageError(f"the text has {len(spans):,} gaps, expected at most {_MOST_GAPS:,}", remedy="another mark: --gap MARK")
    return spans


def _line_end(text: str) -> str:
    """The line end that a text has most often."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=counts.__getitem__)
