"""Numbers, durations and commands as people read and type them."""

from __future__ import annotations

import math
import re
import shlex
from typing import Final

from lstmgen.errors import UsageError
from lstmgen.wording import counted, duration

__all__ = ["amount", "bits", "command", "counted", "duration", "parse_duration", "size"]

_UNIT_S: Final = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION: Final = re.compile("".join(rf"(?:(?P<{unit}>\d+(?:\.\d+)?){unit})?" for unit in _UNIT_S))


def parse_duration(text: str) -> float:
    """Seconds meant by `90s`, `10m`, `2h`, `1h30m`, `1.5h`, or by a plain number.

    Raises:
        UsageError: the text is none of these.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    numbers = {unit: float(number) for unit, number in match.groupdict().items() if number} if match else {}
    try:
        seconds = sum(number * _UNIT_S[unit] for unit, number in numbers.items()) if numbers else float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise UsageError(f"{text!r} is not a length of time", remedy="write it like 90s, 10m, 2h or 1h30m; a plain number counts seconds")
    return seconds


def amount(number: float) -> str:
    """`512`, `18.4k`, `2.4M`, `1.1G`: three figures and a letter."""
    if abs(number) < 999.5:
        return f"{number:.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.1f}"
    for value, letter in ((number / 1e3, "k"), (number / 1e6, "M")):
        if abs(value) < 999.5:
            return f"{value:.{1 if abs(value) < 99.95 else 0}f}{letter}"
    return f"{number / 1e9:.1f}G"


def size(count_bytes: float) -> str:
    """`512 bytes`, `1.1 MB`: powers of ten, as file managers show them."""
    if count_bytes < 1000:
        return counted(round(count_bytes), "byte")
    for value, unit in ((count_bytes / 1e3, "kB"), (count_bytes / 1e6, "MB"), (count_bytes / 1e9, "GB")):
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{count_bytes / 1e12:.1f} TB"


def bits(nats: float) -> float:
    """Nats as bits."""
    return nats / math.log(2)


def command(*words: str) -> str:
    """A command line that a shell reads as these words."""
    return shlex.join(("lstmgen", *words))
