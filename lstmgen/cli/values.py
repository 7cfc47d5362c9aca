"""What was typed, or stands in a variable of the environment, as the values of options: read, held to their bounds, and every mistake told.

`lstmgen train --max-time 10m` may be given as `LSTMGEN_TRAIN_MAX_TIME=10m`: the words of the command, and the option's first long name.
What is typed wins, and an empty variable is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lstmgen.errors import Mistake, UsageError
from lstmgen.options import Option

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})
_NUMBERS: Final = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Values:
    """The values of the options of a command.

    Attributes:
        by_name: every option's, by its name.
        variables: the variables that were read, by the name of their option.
    """

    by_name: dict[str, Any]
    variables: dict[str, str]

    def named(self, error: UsageError, options: Iterable[Option]) -> UsageError:
        """The same mistake, with variables where it names options that were read from them."""
        names = {option.flag: f"{self.variables[option.name]} ({option.flag})" for option in options if option.name in self.variables}
        if not names:
            return error
        mistakes = [replace(mistake, key=names.get(mistake.key, mistake.key)) for mistake in error.mistakes]
        first, space, rest = error.message.partition(" ")
        first = names.get(first.strip(":,"), names.get(f"--{first}", first))
        message = "" if mistakes else first + space + " ".join(names.get(word.strip(":,"), word) for word in rest.split(" "))
        return type(error)(message, mistakes=mistakes, remedy=error.remedy)


def variable_of(command_path: str, option: Option) -> str:
    """The variable of the environment that stands for an option of a command; an argument has none."""
    return "_".join([*command_path.split(), option.flag.removeprefix("--")]).replace("-", "_").upper() if option.flags else ""


def values_of(command_path: str, options: Iterable[Option], typed: Mapping[str, Any], environ: Mapping[str, str]) -> Values:
    """Reads every option.

    Args:
        command_path: such as `lstmgen train`.
        options: of the command.
        typed: what stands in the command line, by the option's name: texts, and whether a switch was given.
        environ: the environment.

    Raises:
        UsageError: naming every option and variable whose value is wrong.
    """
    values: dict[str, Any] = {}
    variables: dict[str, str] = {}
    mistakes: list[Mistake] = []
    remedies: list[str] = []
    for option in options:
        found, variable = typed[option.name], variable_of(command_path, option)
        key = option.flag
        if found in (None, (), []) or (option.is_switch and not found):
            found = None
            if content := environ.get(variable, ""):
                found, key, variables[option.name] = content.split("\n") if option.repeated else content, variable, variable
        try:
            values[option.name] = _value(option, found)
        except UsageError as error:
            mistakes += [replace(mistake, key=key) for mistake in error.mistakes] or [Mistake(key, error.message)]
            remedies.append(error.remedy or f"{command_path} --help")
    if mistakes:
        raise UsageError(mistakes=mistakes, remedy=remedies[0])
    return Values(values, variables)


def _value(option: Option, found: Any) -> Any:
    if option.repeated:
        return tuple(read(option, item) for item in found or ())
    if found is None:
        return False if option.is_switch else option.default
    return read(option, found)


def read(option: Option, found: Any) -> Any:
    """One value in the option's type.

    Raises:
        UsageError: it cannot be read, is out of bounds, or is not among the choices.
    """
    if isinstance(found, bool):
        return found
    text = str(found)
    if option.type is bool:
        if text.lower() not in _YES | _NO:
            raise _refused(option, f"expected 1 or 0, found {text!r}")
        return text.lower() in _YES
    if option.choices and text not in option.choices:
        raise UsageError(
            mistakes=[Mistake(option.flag, f"expected one of {', '.join(option.choices)}, found {text!r}")],
            remedy=f"{option.flag} {option.choices[0]}",
        )
    try:
        value = option.type(text)
    except ValueError:
        raise _refused(option, f"expected {_NUMBERS.get(option.type, 'another value')}, found {text!r}") from None
    if isinstance(value, (int, float)) and (mistake := option.bounds.mistake(value)) is not None:
        raise _refused(option, mistake)
    return value


def _refused(option: Option, message: str) -> UsageError:
    return UsageError(mistakes=[Mistake(option.flag, message)])
