"""How the text of a file is divided into documents: not at all, at every line, at blank lines, or at a text that stands between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lstmgen import limits
from lstmgen.choices import Documents
from lstmgen.config import DataConfig
from lstmgen.errors import CorpusError, UsageError

_LINE_END: Final = r"(?:\r?\n|\r)"
_BORDERS: Final[dict[Documents, str]] = {"line": _LINE_END, "blank-line": rf"{_LINE_END}(?:[ \t]*{_LINE_END})+"}
"""What stands between two documents."""
_BETWEEN: Final[dict[Documents, str]] = {"file": "\n\n", "line": "\n", "blank-line": "\n\n"}
_PHRASES: Final[dict[Documents, str]] = {"file": "", "line": "one a line", "blank-line": "set apart by blank lines"}


@dataclass(frozen=True)
class Division:
    """A rule by which files become documents.

    Attributes:
        documents: the rule.
        separator: a text that stands between documents, in place of the rule.
    """

    documents: Documents = "file"
    separator: str | None = None

    @staticmethod
    def of(data: DataConfig) -> Division:
        """What the settings ask for.

        Raises:
            UsageError: the separator is empty, or there is another rule beside it.
        """
        if data.separator == "":
            raise UsageError("--separator is empty, expected the text that stands between documents", remedy="--documents line")
        if data.separator is not None and data.documents != "file":
            raise UsageError(
                f"--documents {data.documents} and --separator both say where documents end, expected one of them",
                remedy="leave one of them out",
            )
        return Division(data.documents, data.separator)

    @property
    def divides(self) -> bool:
        """Whether a file may hold several documents, each of which is learned whole."""
        return self.documents != "file" or self.separator is not None

    @property
    def between(self) -> str:
        """What sets documents apart where several are written one after the other."""
        return _BETWEEN[self.documents] if self.separator is None else self.separator

    @property
    def phrase(self) -> str:
        """The rule in words, behind a number of documents; empty where a file is one."""
        return _PHRASES[self.documents] if self.separator is None else f"set apart by {self.separator!r}"

    @cached_property
    def _border(self) -> re.Pattern[str]:
        return re.compile(_BORDERS[self.documents] if self.separator is None else re.escape(self.separator))

    def divided(self, chunks: Iterable[str]) -> Iterator[list[str]]:
        """The documents of one file, as many at a time as a chunk completes; those that hold nothing but spaces are left out.

        Line ends before and behind a document belong to what sets it apart.

        Args:
            chunks: the text, cut anywhere.

        Raises:
            CorpusError: a document is longer than `limits.MAX_DOCUMENT_CHARS`.
        """
        held = ""
        for chunk in chunks:
            text = held + chunk
            settled = len(text.rstrip())  # the spaces behind it may be the beginning of a longer border
            *whole, last = self._border.split(text[:settled])
            held = last + text[settled:]
            if len(held) > limits.MAX_DOCUMENT_CHARS:
                raise CorpusError(
                    f"a document is longer than {limits.MAX_DOCUMENT_CHARS:,} characters",
                    remedy="--documents file reads texts of any length, each file as one",
                )
            if found := _documents(whole):
                yield found
        if found := _documents(self._border.split(held)):
            yield found

    def around(self, before: str, after: str) -> tuple[str, str, bool]:
        """What stands of one document before and behind a place in a file, and whether the document ends there before the file does."""
        if not self.divides:
            return before, after, False
        *_, begun = self._border.split(before)
        rest, *others = self._border.split(after)
        return begun.lstrip("\r\n"), rest if others else rest.rstrip("\r\n"), bool(others)


def _documents(texts: Iterable[str]) -> list[str]:
    return [text.strip("\r\n") for text in texts if text and not text.isspace()]
