"""The knobs of sampling, checked when they are set; no torch, so that a mistake on the command line is reported at once.

A temperature is a number, a ramp over the length of the sample, or a cycle of numbers; 0 means greedy: the most probable token.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lstmgen import limits
from lstmgen.choices import USUAL_TEMPERATURE
from lstmgen.errors import UsageError

_TEMPERATURE_REMEDY = "use 0 for greedy, a number such as 0.8, a ramp such as 1.2:0.6, or a cycle such as 1.0,0.5,0.2"


@dataclass(frozen=True)
class Ramp:
    """A temperature that goes evenly from `start`, at the first token, to `end`, at the last."""

    start: float
    end: float

    def __post_init__(self) -> None:
        _check_temperature(self.start)
        _check_temperature(self.end)


@dataclass(frozen=True)
class Cycle:
    """Temperatures that are used in turn, one a token, again and again."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise UsageError("a cycle of temperatures has no value", remedy=_TEMPERATURE_REMEDY)
        for value in self.values:
            _check_temperature(value)


Temperature = float | Ramp | Cycle


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Every knob of one sample. With a temperature of 1 and the rest as it is, tokens follow exactly the model's distribution.

    Attributes:
        temperature: logits are divided by it; 0 is greedy.
        top_k: number of most probable tokens to choose from; 0 means all.
        top_p: share of probability, most probable first, to choose from; 1 means all.
        min_p: least probability of a token, as a share of the most probable one's; 0 means all.
        typical_p: share of probability, most typical first, to choose from; 1 means all.
        repetition_penalty: above 1 makes recent tokens less likely, below 1 more likely; 1 changes nothing.
        repeat_last_n: how many of the last tokens, the prompt's included, the penalty looks at; 0 none, -1 all.

    Raises:
        UsageError: a value is of the wrong type or out of bounds.
    """

    temperature: Temperature = USUAL_TEMPERATURE
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    repeat_last_n: int = 64

    def __post_init__(self) -> None:
        if not isinstance(self.temperature, (Ramp, Cycle)):
            _check_temperature(self.temperature)
        _check("top-k", self.top_k, is_whole(self.top_k) and self.top_k >= 0, "a whole number, 0 for off", "40")
        _check("top-p", self.top_p, is_number(self.top_p) and 0 < self.top_p <= 1, "above 0 and at most 1", "0.95")
        _check("min-p", self.min_p, is_number(self.min_p) and 0 <= self.min_p <= 1, "between 0 and 1", "0.05")
        _check("typical-p", self.typical_p, is_number(self.typical_p) and 0 < self.typical_p <= 1, "above 0 and at most 1", "0.9")
        penalty = self.repetition_penalty
        allowed = is_number(penalty) and 1 / limits.MAX_REPETITION_PENALTY <= penalty <= limits.MAX_REPETITION_PENALTY
        _check("repetition-penalty", penalty, allowed, f"above 0 and at most {limits.MAX_REPETITION_PENALTY:g}", "1.1")
        last = self.repeat_last_n
        _check("repeat-last-n", last, is_whole(last) and last >= -1, "a whole number, 0 for none, -1 for all", "64")

    def to_json(self) -> dict[str, Any]:
        """Plain values; the temperature as it is typed."""
        return {**vars(self), "temperature": temperature_text(self.temperature)}

    @staticmethod
    def of(given: Mapping[str, Any], usual: Mapping[str, float]) -> Sampling:
        """The settings that are given; where no temperature is, with those that are usual beside them. Raises UsageError."""
        return Sampling(**(given if "temperature" in given else {**usual, **given}))

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Sampling:
        """The settings that `to_json` gave; a temperature may be a number too. Raises UsageError."""
        refuse_unknown(Sampling, values, what="sampling")
        temperature = values.get("temperature", Sampling.temperature)
        return Sampling(**{**values, "temperature": parse_temperature(temperature) if isinstance(temperature, str) else temperature})


def temperature_text(temperature: Temperature) -> str:
    """A temperature as it is typed; `parse_temperature` reads it."""
    if isinstance(temperature, Ramp):
        return f"{temperature.start!r}:{temperature.end!r}"
    if isinstance(temperature, Cycle):
        return ",".join(map(repr, temperature.values)) + ("," if len(temperature.values) == 1 else "")
    return repr(temperature)


def parse_temperature(text: str) -> Temperature:
    """A temperature as it is typed: `0.8`, `1.2:0.6` or `1.0,0.5,0.2`.

    Raises:
        UsageError: it is none of these, or a number is negative, infinite or not a number.
    """
    if ":" in text:
        start, _, end = text.partition(":")
        return Ramp(_parse_number(start, text), _parse_number(end, text))
    if "," in text:
        return Cycle(tuple(_parse_number(part, text) for part in text.removesuffix(",").split(",")))
    value = _parse_number(text, text)
    _check_temperature(value)
    return value


def temperature_at(temperature: Temperature, position: int, *, length: int | None) -> float:
    """The temperature of the token at `position` (from 0) in a sample of `length` tokens.

    Raises:
        UsageError: a ramp is asked for over a sample without a length.
    """
    if isinstance(temperature, Cycle):
        return temperature.values[position % len(temperature.values)]
    if isinstance(temperature, Ramp):
        if length is None:
            raise UsageError("a temperature ramp needs a length to run over", remedy="give a length with -n, or use a single temperature")
        share = position / (length - 1) if length > 1 else 0.0
        return temperature.start + (temperature.end - temperature.start) * share
    return temperature


def _parse_number(part: str, whole: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise UsageError(f"the temperature {whole!r} is not a number, a ramp or a cycle", remedy=_TEMPERATURE_REMEDY) from None


def _check_temperature(value: Any) -> None:
    if not (is_number(value) and value >= 0):
        raise UsageError(f"the temperature is {value!r}, expected a finite number, 0 or above", remedy=_TEMPERATURE_REMEDY)


def _check(name: str, value: Any, allowed: bool, expected: str, example: str) -> None:  # noqa: FBT001 - a private helper, read in place
    if not allowed:
        raise UsageError(f"{name} is {value!r}, expected {expected}", remedy=f"for example --{name} {example}")


def refuse_unknown(record: type[Any], values: Mapping[str, Any], *, what: str) -> None:
    """Refuses values that are no fields of a dataclass. Raises UsageError."""
    known = {item.name for item in fields(record)}
    if unknown := sorted(set(values) - known):
        raise UsageError(f"{what} has no {', '.join(unknown)}", remedy=f"it has {', '.join(sorted(known))}")


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)
