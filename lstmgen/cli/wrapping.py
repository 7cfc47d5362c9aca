"""Lines that fit a terminal: broken between words, and each continued under what it says, not under its label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lstmgen.wording import cells

PAGE_COLUMNS: Final = 100
"""Width of our own pages where nothing says how wide their place is, as in a pipe."""
LEAST_COLUMNS: Final = 24
"""What is written for narrower terminals is as wide as for this one."""
_START: Final = re.compile(r"(?P<margin>\s*(?:\| )?)(?P<label>[a-z]+(?: [a-z]+){0,2}: )?")
"""Indentation, the bar of a quotation, and a label, such as `note: `."""
_WORD: Final = re.compile(r"\s*\S+")
_CHOICE: Final = re.compile(r"\s*[^\s|]*\|?")
_SHELL_WORD: Final = re.compile(r"""\s*(?:[^\s'"\\]|\\.|'[^']*'|"(?:\\.|[^"\\])*"|['"\\])+""")
_COMMAND: Final = re.compile(r"(?:cat \S+ \| )?lstmgen (?!.*(?:, |; | or ))")
_LEAST: Final = 16
"""Columns that a continued line has at least; where its label leaves fewer, it begins at the margin."""


def wrapped(line: str, columns: int) -> list[str]:
    """A line as one or several of at most so many columns.

    A continued line begins like the first: with its indentation, the bar of a quotation, and the room of its label. A command of the shell
    is continued behind a backslash, so that it can be copied as it stands. A word that is too long stays whole.
    """
    if cells(line) <= columns:
        return [line]
    start = _START.match(line)
    margin, label = (start["margin"], start["label"] or "") if start else ("", "")
    hang = margin + " " * cells(label)
    return _text(margin + label, line[len(margin + label) :], columns, hang=hang if columns - cells(hang) >= _LEAST else margin)


def examples(lines: Sequence[str], columns: int, *, margin: str = "  ") -> list[str]:
    """Commands with comments; the comments go above the commands where they do not all fit beside them."""
    shown = [f"{margin}{line}" for line in lines]
    if all(cells(line) <= columns for line in shown):
        return shown
    parts = [(command.rstrip(), comment) for command, _, comment in (line.partition(" # ") for line in lines)]
    shown = []
    for command, comment in parts:
        shown += broken(f"{margin}# ", comment, columns, hang=f"{margin}# ") if comment else []
        shown += _text(margin, command, columns, hang=margin)
    return shown


def _text(start: str, body: str, columns: int, *, hang: str) -> list[str]:
    """A start, and behind it words or a command of the shell."""
    if _COMMAND.match(body):
        return broken(start, body, columns, hang=f"{hang}  ", words=_SHELL_WORD, end=" \\")
    return broken(start, body, columns, hang=hang)


def broken(start: str, body: str, columns: int, *, hang: str = "", words: re.Pattern[str] = _WORD, end: str = "") -> list[str]:
    """The start and the body, broken between words into lines that end with `end` and go on behind `hang`; spaces at a break go.

    Args:
        start: nothing is broken in it.
        body: the words.
        columns: of a line; a word that is too long stays whole.
        hang: what the second line and all others begin with.
        words: what is a word, with the spaces before it.
        end: of every line but the last.
    """
    lines: list[str] = []
    current, filled = start, False
    for word in words.findall(body):
        if filled and cells(current + word) + len(end) > columns:
            lines.append(current + end)
            current = hang + word.lstrip()
        else:
            current, filled = current + word, True
    return [*lines, current]


def listed(rows: Sequence[tuple[str, str]], columns: int, *, column: int, indent: int = 0) -> Iterator[str]:
    """What things are called, and beside it, from this column on, what is said about them; below it where there is no room."""
    usual = column if columns - column >= _LEAST + _LEAST // 2 else indent + 4
    for name, text in rows:
        continued = 4 if _COMMAND.match(text) else 0  # a line of a command that goes on is indented, and ends with a backslash
        widest = max(map(cells, text.split()), default=0) + continued
        column = usual if widest <= columns - usual else min(usual, indent + 4)
        start = f"{'':{indent}}{name}"
        if cells(start) + (2 if indent else 1) > column:
            yield from (part.rstrip() for part in broken("", start, columns, hang=" " * (indent + 2), words=_CHOICE))
            start = ""
        head, *more = _text("", text, columns - column, hang="")
        yield f"{start}{'':{column - cells(start)}}{head}".rstrip()
        yield from (f"{'':{column}}{part}".rstrip() for part in more)
