"""What may be given to a command, as plain data. Media declare their options with it; the command line makes flags of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lstmgen.bounds import Bounds
from lstmgen.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing that may be given.

    Attributes:
        name: what its value is called, such as `max_polyphony`.
        flags: how it is typed, such as `-n --length --max-tokens`; `--echo/--no-echo` is a switch with its opposite. An argument, which
            is known by its place, has none.
        help: what it means.
        type: `str`, `int`, `float`, `bool`, or a function that reads what was typed and raises UsageError.
        unit: what stands for the value in the help; of a choice the words to choose from do.
        low: least number.
        high: largest number.
        above: whether it must be more than `low`.
        default: the value where it is not given; the help shows it. None: there is none, and what happens then is the command's choice.
        repeated: it may be given several times; the value is a tuple.
        required: of an argument, that the command needs it.
        choices: the only words that it may have.
        panel: the heading that it stands under in the help.
        complete: what a shell may offer for the beginning of a value; of a choice its words.
    """

    name: str
    help: str
    flags: str = ""
    type: Callable[[str], Any] = str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    above: bool = False
    default: Any = None
    repeated: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    panel: str = ""
    complete: Callable[[str], Iterable[str]] | None = None

    @property
    def flag(self) -> str:
        """How messages call it: by its first long name, without the opposite; an argument by its unit."""
        long_names = [name for name in self.flags.split() if name.startswith("--")]
        return long_names[0].partition("/")[0] if long_names else self.unit

    @property
    def bounds(self) -> Bounds:
        """Within which its number must lie."""
        return Bounds(low=self.low, high=self.high, above=self.above)

    @property
    def is_switch(self) -> bool:
        """Whether giving it means yes, and nothing means no."""
        return self.type is bool and "/" not in self.flags


def given(options: Iterable[Option], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of those options that were given: without None, empty tuples, and switches that were not set."""
    found = {option.name: values[option.name] for option in options}
    return {name: value for name, value in found.items() if value is not None and value is not False and value != ()}


def check_known(values: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raises UsageError where something was given that has none of these names."""
    known = tuple(names)
    if unknown := sorted(set(values) - set(known)):
        raise UsageError(f"there is no option {', '.join(unknown)}", remedy=f"choose from {', '.join(known)}")
