"""Numbers and amounts as people read them: every message of every room takes its words from here."""

from __future__ import annotations

import unicodedata


def rounded(number: float) -> str:
    """`32.4`, `4`, `0.25`, `1,240`: to three figures, and to thousandths at most."""
    return f"{number:,.0f}" if abs(number) >= 999.5 else f"{round(number, 3):.3g}"


def counted(number: float, noun: str, plural: str = "") -> str:
    """`1 step`, `1,240 steps`, `32.4 bars`; the plural is the noun with an s where it is not given."""
    shown = f"{number:,}" if isinstance(number, int) else rounded(number)
    return f"{shown} {noun if shown == '1' else plural or f'{noun}s'}"


def duration(seconds: float) -> str:
    """`8.4s`, `52s`, `3m05s`, `2h10m`, `3d4h`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600}h"


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
