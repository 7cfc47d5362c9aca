"""What a tokenizer learns from: the characters of a corpus, counted, and an even sample of a corpus too large to learn from whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

Texts = Callable[[], Iterable[str | None]]
"""Returns a fresh iterator over chunks of text; None and "" are passed over."""

WINDOW_CHARS: Final = 2**16
"""A sample keeps or drops this many characters at a time: long enough that cut edges do not matter, short enough to be even."""


def count_characters(texts: Texts) -> dict[str, int]:
    """How often each character occurs."""
    counts: Counter[str] = Counter()
    for chunk in texts():
        if chunk:
            counts.update(chunk)
    return dict(counts)


def sample(texts: Texts, *, total_chars: int, limit_chars: int) -> Iterator[str]:
    """Windows of a corpus: all of them, or about `limit_chars` characters' worth spread evenly over its `total_chars`.

    What comes out depends on the text alone, not on how it is cut into chunks, and on no random number.
    """
    share = min(1.0, limit_chars / total_chars)
    for index, window in enumerate(_windows(texts)):
        if int((index + 1) * share) > int(index * share):
            yield window


def _windows(texts: Texts) -> Iterator[str]:
    """The text of all chunks, cut every `WINDOW_CHARS` characters."""
    parts: list[str] = []
    held = 0
    for chunk in texts():
        start = 0
        while chunk and start < len(chunk):
            parts.append(chunk[start : start + WINDOW_CHARS - held])
            start += len(parts[-1])
            held += len(parts[-1])
            if held == WINDOW_CHARS:
                yield "".join(parts)
                parts, held = [], 0
    if parts:
        yield "".join(parts)
