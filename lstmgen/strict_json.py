"""JSON from files that may be hostile: bounded before it is parsed, strict when it is.

Python's parser takes duplicate keys (the last one wins), NaN and Infinity, and any number of nested or empty lists, each of which
costs sixty bytes for two. Here these are refused, and what would be large in memory is counted in the text first.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from lstmgen import limits
from lstmgen.wording import counted

# Possessive, and content with the end of the text instead of a closing quote: linear in time and small in memory on any input.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


class StrictJsonError(ValueError):
    """The text is not JSON that is accepted here; the message says why, as in "it holds ..."."""


def loads(text: bytes, *, max_containers: int = limits.MAX_JSON_CONTAINERS, max_values: int = limits.MAX_JSON_VALUES) -> Any:
    """The value of a JSON text in UTF-8.

    Args:
        text: the whole text; its length is the caller's to bound.
        max_containers: objects and lists that it may hold.
        max_values: values that it may hold, roughly.

    Raises:
        StrictJsonError: it is not JSON, too large or too deep, repeats a key, or holds a number that is not finite.
    """
    _check_size(text, max_containers=max_containers, max_values=max_values)
    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole
        )
    except UnicodeDecodeError as error:
        raise StrictJsonError(f"it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise StrictJsonError(f"it is not JSON at character {error.pos}") from error


def dumps(value: Any) -> str:
    """The one text of a value: sorted keys, no spaces, ASCII only.

    Raises:
        ValueError: a number is not finite.
        TypeError: something is no JSON value.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _check_size(text: bytes, *, max_containers: int, max_values: int) -> None:
    # At least half of the quotes that are real are counted, so what the next line makes is bounded too.
    if text.count(b'"') - text.count(b'\\"') > 2 * (max_values + max_containers):
        raise StrictJsonError(f"it holds more than {counted(max_values, 'text')}")
    bare = _STRING.sub(b'""', text)
    if bare.count(b"{") + bare.count(b"[") > max_containers:
        raise StrictJsonError(f"it holds more than {max_containers:,} objects and lists")
    if bare.count(b",") > max_values:
        raise StrictJsonError(f"it holds more than {max_values:,} values")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > limits.MAX_JSON_DEPTH:
            raise StrictJsonError(f"it is nested more than {limits.MAX_JSON_DEPTH} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise StrictJsonError(f"it holds the key {ascii(twice)[:60]} twice")
    return table


def _refuse_constant(name: str) -> Any:
    raise StrictJsonError(f"it holds the number {name}")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise StrictJsonError(f"it holds the number {digits[:40]}")
    return value


def _whole(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= (value := int(digits)) < 2**64:
        raise StrictJsonError("it holds a whole number of more than 64 bits")
    return value
