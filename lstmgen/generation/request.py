"""Everything that one call of generation is asked, as a plain value that can be written as JSON. No torch."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import EllipsisType
from typing import Any, Final

from lstmgen import limits
from lstmgen.errors import UsageError
from lstmgen.generation.clamps import Clamp
from lstmgen.generation.sampling import Sampling, is_number, is_whole, refuse_unknown
from lstmgen.model.learning_rule import LearningRule

NOVEL_TRIES: Final = 10
"""How often a sample is drawn that copies too much."""

_KEYWORDS: Final = frozenset({"prompts", "num_samples", "seed", "first", "sampling", "echo", "novel", "clamp", "adapt"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate, whatever the medium.

    Attributes:
        prompt: what the samples continue: a text, or notes as they are typed; a path; or the content of a file. None: nothing.
        prompts: several of them, in place of one; there are `num_samples` of each.
        length: most tokens to draw for each; None: what is usual where nothing else ends a sample; -1: no end.
        num_samples: how many. Sample i is the same whatever their number is.
        seed: what the random numbers are made from; None draws one, which every sample reports.
        first: the number of the first sample.
        sampling: how tokens are chosen; None: as is usual for the model.
        echo: whether an item begins with the prompt, where its medium lets it.
        clamp: units that are held at a value while it writes, each as `2:37=1.5`.
        novel: draw again what has copied more than this share of the training data; None: any may be copied.
        adapt: how a copy of the model learns from each prompt before it continues that; None: it does not.
        options: those of the medium, by name; see `media.declared`.

    Raises:
        UsageError: a number is out of bounds.
    """

    prompt: Any = None
    prompts: Sequence[Any] | None = None
    length: int | None = None
    num_samples: int = 1
    seed: int | None = None
    first: int = 0
    sampling: Sampling | None = None
    echo: bool = True
    clamp: Sequence[str] = ()
    novel: float | None = None
    adapt: LearningRule | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if self.prompts is not None and (isinstance(self.prompts, (str, bytes)) or not isinstance(self.prompts, Sequence)):
            raise UsageError(f"the prompts are {str(self.prompts)[:40]!r}, expected a list of them", remedy="prompt= for a single one")
        if self.prompts is not None and (self.prompt is not None or not 1 <= len(self.prompts) <= limits.MAX_PROMPTS):
            expected = "no prompt beside them" if self.prompt is not None else f"1 to {limits.MAX_PROMPTS:,}"
            raise UsageError(f"there are {len(self.prompts):,} prompts, expected {expected}", remedy="give one prompt, or some prompts")
        _check("number of samples", self.num_samples, low=1, example="--num-samples 3")
        _check("number of the first sample", self.first, low=0, example="first=0")
        if self.seed is not None:
            _check("seed", self.seed, low=0, example="--seed 1")
        if self.length is not None and (not is_whole(self.length) or self.length < -1):
            raise UsageError(
                f"the length is {self.length!r}, expected a whole number of tokens, or -1 for no end", remedy="for example --length 500"
            )
        if self.novel is not None and not (is_number(self.novel) and 0 <= self.novel <= 1):
            raise UsageError(f"the share that may be copied is {self.novel!r}, expected 0 to 1", remedy="--novel 0.5")
        if isinstance(self.clamp, (str, bytes)) or not isinstance(self.clamp, Sequence):
            raise UsageError(f"the clamps are {self.clamp!r}, expected a list of them", remedy='for example ["2:37=1.5"]')
        object.__setattr__(self, "clamp", tuple(self.clamp))
        for clamp in self.clamp:
            Clamp.parse(clamp)
        if not isinstance(self.options, Mapping):
            raise UsageError(f"the options are {self.options!r}, expected a table of names and values", remedy='for example {"bars": 8}')

    def to_json(self) -> dict[str, Any]:
        """Plain values. A prompt that is the content of a file is written in base 64.

        Raises:
            UsageError: the prompt or an option is no plain value.
        """
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        prompts = None if self.prompts is None else list(map(_prompt_to_json, self.prompts))
        own = {
            "prompt": _prompt_to_json(self.prompt),
            "prompts": prompts,
            "clamp": list(self.clamp),
            "sampling": None if self.sampling is None else self.sampling.to_json(),
            "adapt": None if self.adapt is None else self.adapt.to_json(),
            "options": dict(self.options),
        }
        return values | own

    @staticmethod
    def of(prompt: Any, length: int | EllipsisType | None, options: Mapping[str, Any]) -> Request:
        """A request from keyword arguments: what is none of its own fields is an option of the medium; a length of None is no end.

        Raises:
            UsageError: a value is out of bounds.
        """
        given = {name: value for name, value in options.items() if value is not None}
        own = {name: given.pop(name) for name in _KEYWORDS & given.keys()}
        tokens = None if isinstance(length, EllipsisType) else -1 if length is None else length
        return Request(prompt=prompt, length=tokens, options=given, **own)

    @property
    def every_prompt(self) -> Sequence[Any]:
        """All prompts, at least one."""
        return (self.prompt,) if self.prompts is None else self.prompts

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Request:
        """The request that `to_json` gave.

        Raises:
            UsageError: a field is unknown or out of bounds.
        """
        refuse_unknown(Request, values, what="a request")
        changed = dict(values)
        if "prompt" in changed:
            changed["prompt"] = _prompt_from_json(changed["prompt"])
        if isinstance(prompts := changed.get("prompts"), list):
            changed["prompts"] = tuple(map(_prompt_from_json, prompts))
        if changed.get("sampling") is not None:
            changed["sampling"] = Sampling.from_json(changed["sampling"])
        if changed.get("adapt") is not None:
            refuse_unknown(LearningRule, changed["adapt"], what="the rule of learning")
            changed["adapt"] = LearningRule(**changed["adapt"])
        return Request(**changed)


def _prompt_to_json(prompt: Any) -> Any:
    match prompt:
        case bytes():
            return {"base64": base64.b64encode(prompt).decode()}
        case Path():
            return {"path": str(prompt)}
        case str() | None:
            return prompt
        case _:
            raise UsageError(f"a prompt that is a {type(prompt).__name__} cannot be written as JSON", remedy="give the bytes of its file")


def _prompt_from_json(values: Any) -> Any:
    if not isinstance(values, Mapping):
        return values
    match values:
        case {"path": str(path)}:
            return Path(path)
        case {"base64": str(content)}:
            with contextlib.suppress(ValueError):
                return base64.b64decode(content, validate=True)
        case _:
            pass
    raise UsageError(f"the prompt is {str(values)[:40]}, expected a text, a path or base 64", remedy='for example {"path": "tune.mid"}')


def _check(name: str, value: Any, *, low: int, example: str) -> None:
    if not is_whole(value) or value < low:
        raise UsageError(f"the {name} is {value!r}, expected a whole number, {low} or more", remedy=f"for example {example}")
