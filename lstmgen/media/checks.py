"""The JSON of a tokenizer, checked: it comes from a model file, and a model file may be damaged or hostile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar

from lstmgen import choices, limits
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media.text.symbols import stray_surrogates
from lstmgen.wording import counted

VERSION: Final = 1
"""Of the JSON of most tokenizers."""

_TYPE_NAMES: Final = {bool: "true or false", int: "a whole number", str: "text", list: "a list"}
_T = TypeVar("_T")


def refuse(found: str) -> NoReturn:
    """Raises ModelFileError: the tokenizer in the model file is not usable, because of what was found."""
    raise ModelFileError(f"the tokenizer of the model file is damaged: {found}", remedy="fetch the model file again, or train it again")


def version(values: Mapping[str, Any], newest: int = VERSION) -> int:
    """The version of a tokenizer's JSON, refused where this program does not read it."""
    found = values.get("version")
    if type(found) is not int or not 1 <= found <= newest:
        refuse(f"its version is {ascii(found)[:40]}, expected {newest}")
    return found


def known_name(name: str, expected: tuple[str, ...], *, needs: str) -> None:
    """Refuses a tokenizer that does not exist, or is one of another medium. Raises UsageError."""
    if name in expected:
        return
    listed, remedy = ", ".join(expected), f"--tokenizer {expected[0]}"
    if name in choices.tokenizer_names():
        raise UsageError(f"the {name} tokenizer needs {needs}; expected one of {listed}", remedy=remedy)
    raise UsageError(f"there is no tokenizer {name!r}, expected one of {listed}", remedy=remedy)


def only_keys(values: Mapping[str, Any], *keys: str, newest: int = VERSION) -> None:
    """Refuses a table above the newest version, or with other keys than these beside `name` and `version`."""
    version(values, newest)
    expected = {"name", "version", *keys}
    if set(values) != expected:
        names = ", ".join(sorted(ascii(key)[:40] for key in list(values)[:20]))
        refuse(f"found the entries {names}, expected {', '.join(sorted(expected))}")


def typed(values: Mapping[str, Any], key: str, expected: type[_T]) -> _T:
    """The value of a key, of exactly this type."""
    value = values[key]
    if type(value) is not expected:
        refuse(f"{key} is {type(value).__name__}, expected {_TYPE_NAMES[expected]}")
    return value


def distinct_texts(values: Mapping[str, Any], key: str, *, at_most: int) -> tuple[str, ...]:
    """A list of different, non-empty, bounded texts; surrogates other than byte escapes are refused."""
    entries = typed(values, key, list)
    if len(entries) > at_most:
        refuse(f"{key} has {counted(len(entries), 'entry', 'entries')}, expected at most {at_most}")
    for index, entry in enumerate(entries):
        if type(entry) is not str:
            refuse(f"entry {index} of {key} is {type(entry).__name__}, expected text")
        if not entry or len(entry) > limits.MAX_PIECE_BYTES:
            refuse(f"entry {index} of {key} has {counted(len(entry), 'character')}, expected 1 to {limits.MAX_PIECE_BYTES}")
        if stray_surrogates(entry):
            refuse(f"entry {index} of {key} holds half a character")
    if len(set(entries)) != len(entries):
        refuse(f"{key} holds the same entry twice")
    return tuple(entries)
