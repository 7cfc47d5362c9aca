"""What a value of a setting must be, by the type that is declared for it and what stands beside it: words, and bounds."""

from __future__ import annotations

import itertools
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, Literal

from lstmgen.bounds import Bounds
from lstmgen.strict_toml import shown


def options_of(hint: Any) -> tuple[Any, ...]:
    """The types that a setting may have, `NoneType` among them where it may be None."""
    return typing.get_args(hint) if typing.get_origin(hint) in {types.UnionType, typing.Union} else (hint,)


def choices_of(hint: Any, metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that a setting may have; none where it is no choice of words."""
    if (choices := metadata.get("choices")) is not None:
        return choices()
    return next((typing.get_args(option) for option in options_of(hint) if typing.get_origin(option) is Literal), ())


def checked(value: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    """The value in its declared type. Raises ValueError saying what was expected."""
    options = options_of(hint)
    if value is None:
        if types.NoneType in options:
            return None
        raise ValueError("a value is needed")
    expected = next(option for option in options if option is not types.NoneType)
    if choices := choices_of(hint, metadata):
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, found {shown(value)}")
        return value
    if typing.get_origin(expected) is tuple:
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"expected a list of strings, found {shown(value)}")
        return tuple(value)
    if isinstance(value, int) and abs(value) >= 2**64:
        raise ValueError(f"expected a number of at most 64 bits, found {shown(value)}")
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise ValueError(f"expected {_TYPE_NAMES[expected]}, found {shown(value)}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_bounds(value, metadata)
    if (read := metadata.get("read")) is not None:
        read(value)
    return value


def orders_of(words: str) -> tuple[int, ...]:
    """Numbers with commas between, each larger than the one before. Raises ValueError: they are none, too many or too large."""
    try:
        orders = tuple(int(word) for word in words.split(","))
    except ValueError as error:
        raise ValueError(f"expected whole numbers with commas between, found {shown(words)}") from error
    if not 0 < len(orders) <= _MOST_ORDERS or not all(0 < low < high for low, high in itertools.pairwise((*orders, LARGEST_ORDER + 1))):
        raise ValueError(f"expected at most {_MOST_ORDERS} numbers from 1 to {LARGEST_ORDER}, the smaller ones first, found {shown(words)}")
    return orders


def orders_or_none(words: str) -> tuple[int, ...]:
    """The same; none of `none`."""
    return () if words == NONE else orders_of(words)


def power_of_two(value: int) -> None:
    """Raises ValueError: it is none."""
    if value < 1 or value & (value - 1):
        raise ValueError(f"expected a power of two, found {value}")


NONE: Final = "none"
_MOST_ORDERS: Final = 4
LARGEST_ORDER: Final = 16
_TYPE_NAMES: Final = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def bounds_of(metadata: Mapping[str, Any]) -> Bounds:
    """The bounds of a number."""
    return Bounds(low=metadata.get("low"), high=metadata.get("high"), above=bool(metadata.get("open_low")))


def _check_bounds(value: float, metadata: Mapping[str, Any]) -> None:
    if (mistake := bounds_of(metadata).mistake(value)) is not None:
        raise ValueError(mistake)


def did_you_mean(word: str, known: list[str]) -> str:
    """What stands behind an unknown word in a message: the known one that is nearest, where one is near."""
    import difflib

    return "".join(f", did you mean {match}?" for match in difflib.get_close_matches(word, known, n=1))
