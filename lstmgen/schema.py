"""What values from outside must be: a schema is a check made of smaller ones, and the first value that is something else is named.

table({"step": whole(), "loss": number(), "names": list_of(text())})
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from lstmgen.strict_toml import shown
from lstmgen.wording import counted

Check = Callable[[Any, str], None]
"""Takes a value and what it is called. Raises SchemaError."""


class SchemaError(ValueError):
    """A value is not what it must be; the message names it, what it is and what was expected."""


def refuse(value: Any, name: str, expected: str) -> None:
    """Raises SchemaError."""
    raise SchemaError(f"{name} is {ascii(shown(value))[1:-1]}, expected {expected}")


def whole(low: int = 0, high: int = 2**62) -> Check:
    """A whole number in [low, high]."""

    def check(value: Any, name: str) -> None:
        if type(value) is not int or not low <= value <= high:
            refuse(value, name, f"a whole number from {low} to {high}")

    return check


def number(low: float = -1e18, high: float = 1e18, *, finite: bool = True) -> Check:
    """A number in [low, high]; where it need not be finite, any floating-point number."""

    def check(value: Any, name: str) -> None:
        if not finite and type(value) is float and not math.isfinite(value):
            return
        if type(value) not in (int, float) or not low <= value <= high:
            refuse(value, name, f"a number from {low:g} to {high:g}")

    return check


def text(at_most: int = 65_536) -> Check:
    """A text of so many characters."""

    def check(value: Any, name: str) -> None:
        if type(value) is not str or len(value) > at_most:
            refuse(value, name, f"a text of at most {counted(at_most, 'character')}")

    return check


def flag(value: Any, name: str) -> None:
    """True or false."""
    if type(value) is not bool:
        refuse(value, name, "true or false")


def anything(value: Any, name: str) -> None:
    """Whatever it is; others look at it."""


def optional(check: Check) -> Check:
    """None, or what the check takes."""
    return lambda value, name: None if value is None else check(value, name)


def list_of(check: Check, *, at_most: int = 1_000_000, exactly: int | None = None) -> Check:
    """A list whose every item the check takes."""

    def check_list(value: Any, name: str) -> None:
        if type(value) is not list or len(value) > at_most or exactly not in (None, len(value)):
            most = counted(at_most if exactly is None else exactly, "entry", "entries")
            refuse(value, name, f"a list of {'at most ' if exactly is None else ''}{most}")
        for place, item in enumerate(value):
            check(item, f"{name}[{place}]")

    return check_list


def table(known: Mapping[str, Check], *, needed: tuple[str, ...] | None = None, others: bool = False) -> Check:
    """A table with these keys.

    Args:
        known: what the value of each key must be.
        needed: keys that may not be missing; None: all that are known.
        others: whether further keys may be there, with any value.
    """

    def check_table(value: Any, name: str) -> None:
        if type(value) is not dict:
            refuse(value, name, "a table")
        for key in known if needed is None else needed:
            if key not in value:
                raise SchemaError(f"{name} lacks {key}")
        for key, item in value.items():
            if key in known:
                known[key](item, f"{name}.{key}")
            elif not others:
                raise SchemaError(f"{name} holds {ascii(key)[:40]}, which is not known")

    return check_table
