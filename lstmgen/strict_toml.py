"""TOML from files that may be hostile: sections of plain values and lists of them, which is all that settings are."""

from __future__ import annotations

import re
import reprlib
import tomllib
from typing import Any, Final

from lstmgen import limits

# Content with an end of line or text instead of closing quotes, and nothing is tried twice: linear in time on any input.
_NO_KEY: Final = re.compile(
    r"""
    \"{3} (?: [^"\\] | \\. | "(?!"") )*+ (?: "{3,5} | \\?\Z )
    | '{3} (?: [^'] | '(?!'') )*+ (?: '{3,5} | \Z )
    | " (?: [^"\\\n] | \\[^\n] )*+ (?: " | \\?$ )
    | ' [^'\n]*+ (?: ' | $ )
    | \# [^\n]*+
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
"""Texts of all four kinds, and comments."""
_LONG_KEY: Final = re.compile(r"(?<![\w-])[\w-]++(?:[ \t]*+\.[ \t]*+[\w-]++){8}")
"""A key of n parts takes tomllib n² steps; ours have two."""
_REPR: Final = reprlib.Repr()
_REPR.maxlevel = 2
_REPR.maxstring = _REPR.maxlong = _REPR.maxother = 80


class StrictTomlError(ValueError):
    """The text is not TOML that is accepted here; the message says why, as in "it holds ..."."""


def shown(value: Any) -> str:
    """A value as it may stand in a message, however large or deep it is."""
    return _REPR.repr(value)


def loads(text: str) -> dict[str, Any]:
    """The table of a TOML text.

    Raises:
        StrictTomlError: it is not TOML, too large, or nested deeper than a list in a section.
    """
    if len(text) > limits.MAX_CONFIG_BYTES:
        raise StrictTomlError(f"it has more than {limits.MAX_CONFIG_BYTES:,} characters")
    if _LONG_KEY.search(_NO_KEY.sub("text", text)):
        raise StrictTomlError("it holds a key of too many parts")
    try:
        table = tomllib.loads(text)
    except RecursionError as error:
        raise StrictTomlError("it is nested too deep") from error
    except ValueError as error:  # what tomllib raises itself is one; a number of too many digits another
        raise StrictTomlError(str(error)) from error
    if _depth(table) > _DEEPEST:
        raise StrictTomlError("it is nested too deep")
    return table


_DEEPEST: Final = 3
"""The file, a section, a list."""


def _depth(table: dict[str, Any]) -> int:
    """How deep tables and lists are nested, as far as it matters; level by level, for the nesting may be any."""
    level: list[Any] = [table]
    depth = 0
    while level and depth <= _DEEPEST:
        depth += 1
        inside = [item for value in level for item in (value.values() if isinstance(value, dict) else value)]
        level = [item for item in inside if isinstance(item, (dict, list))]
    return depth


def toml_value(value: Any) -> str:
    """A plain value, or a list of such, as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        escaped = "".join(_toml_character(character) for character in value)
        return f'"{escaped}"'
    return repr(value)


def _toml_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character < " " or character == "\x7f":
        return f"\\u{ord(character):04x}"
    return character
