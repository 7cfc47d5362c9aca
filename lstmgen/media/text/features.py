"""Features of a text at each of its characters, once that has been read. They take prose and source code alike; none is a parser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids
from lstmgen.media.features import Feature
from lstmgen.media.matching import matches
from lstmgen.media.text.base import TextTokenizer

Values = NDArray[np.float64]

_SPANS: Final = re.compile(
    r'(?P<quotes>"""[\s\S]*?"""'
    r"|'''[\s\S]*?'''"
    r'|"(?:\\[\s\S]|[^"\\\n]|\n(?![ \t]*\n))*"'
    r"|(?:(?<!\w)|(?<=\b[bfruBFRU])|(?<=\b[bfrBFR][bfrBFR]))'(?:\\.|[^'\\\n])*'(?!\w)"
    r"|“[^”]*”|«[^»]*»)"
    r"|(?P<comment>\#[^\n]*)"
)
"""A text in quotes, or a comment. Triple quotes go on to the next, double ones to the end of a paragraph at most, single ones to that of a
line. An apostrophe opens nothing behind a letter, but for the prefixes of Python's literals."""
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_WORD: Final = re.compile(r"\w+")
_OPENING, _CLOSING = "([{", ")]}"


def _inside(kind: str, *, end: int) -> Callable[[str], Values]:
    """From the first character of spans of a kind to so many before their end."""

    def values(text: str) -> Values:
        inside = np.zeros(len(text))
        for match in _SPANS.finditer(text):
            if match.lastgroup == kind:
                inside[match.start() : match.end() - end] = 1.0
        return inside

    return values


_quotes = _inside("quotes", end=1)
_comment = _inside("comment", end=0)


def _brackets(text: str) -> Values:
    """Whether a bracket is open; those in quotes and comments are none, and an empty line closes all."""
    hidden = _quotes(text) + _comment(text)
    inside, depth, before = np.zeros(len(text)), 0, ""
    for place, character in enumerate(text):
        if not hidden[place]:
            depth = max(0, depth + (character in _OPENING) - (character in _CLOSING))
            if character == before == "\n":
                depth = 0
            before = character if not character.isspace() or character == "\n" else before
        inside[place] = depth > 0
    return inside


def _by_line(count: Callable[[str], Values]) -> Callable[[str], Values]:
    def values(text: str) -> Values:
        return np.concatenate([np.zeros(0), *map(count, _LINE.findall(text))])

    return values


def _column(line: str) -> Values:
    """Characters of the line that have been read; a line feed begins the next one."""
    return np.where(np.array(list(line)) == "\n", 0.0, np.arange(1.0, len(line) + 1))


def _line_end(line: str) -> Values:
    """Characters up to the end of the line."""
    return len(line.rstrip("\n")) - np.minimum(np.arange(1.0, len(line) + 1), len(line.rstrip("\n")))


def _indent(line: str) -> Values:
    """Blanks that the line has begun with, as far as they have been read."""
    return np.minimum(np.arange(1.0, len(line) + 1), len(line) - len(line.lstrip(" \t")))


def _word(text: str) -> Values:
    """Letters of the word that have been read; 0 between words."""
    letters = np.zeros(len(text))
    for match in _WORD.finditer(text):
        letters[match.start() : match.end()] = np.arange(1.0, match.end() - match.start() + 1)
    return letters


_FEATURES: Final = (
    (Feature(name="quotes", about="within quotes"), _quotes),
    (Feature(name="brackets", about="within (, [ or {"), _brackets),
    (Feature(name="comment", about="behind a # up to the end of the line"), _comment),
    (Feature(name="column", about="how far into the line", yes_or_no=False), _by_line(_column)),
    (Feature(name="indent", about="blanks at the beginning of the line", yes_or_no=False), _by_line(_indent)),
    (Feature(name="line-end", about="characters up to the end of the line", yes_or_no=False), _by_line(_line_end)),
    (Feature(name="word", about="how far into the word", yes_or_no=False), _word),
)
FEATURES: Final = tuple(feature for feature, _ in _FEATURES)


def readable(tokenizer: TextTokenizer, ids: Ids) -> list[str]:
    """The text that each token completes."""
    decoder = tokenizer.decoder()
    return [decoder.push(token) for token in ids.tolist()]


def follow(tokenizer: TextTokenizer, ids: Ids, feature: str) -> tuple[Feature, Values]:
    """A feature at the last character of each token; see `media.features`."""
    text = tokenizer.decode(ids)
    for known, values in _FEATURES:
        if known.name == feature:
            found, at_character = known, values(text)
            break
    else:
        found, at_character = matches(feature, text, FEATURES)
    ends_T = np.cumsum(np.array(list(map(len, readable(tokenizer, ids))), np.int64))
    at_end = np.concatenate([[np.nan], at_character])
    return found, at_end[np.minimum(ends_T, len(text))]
