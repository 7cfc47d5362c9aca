"""Everything that one call of generation is asked, as a plain value that can be written as JSON. No torch."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lstmgen.errors import UsageError
from lstmgen.generation.sampling import Sampling, is_number, is_whole, refuse_unknown

NOVEL_TRIES: Final = 10
"""How often a sample is drawn that copies too much."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate, whatever the medium.

    Attributes:
        prompt: what the samples continue: a text, or notes as they are typed; a path; or the content of a file. None: nothing.
        length: most tokens to draw for each; None: what is usual where nothing else ends a sample; -1: no end.
        num_samples: how many. Sample i is the same whatever their number is.
        seed: what the random numbers are made from; None draws one, which every sample reports.
        first: the number of the first sample.
        sampling: how tokens are chosen; None: as is usual for the model.
        echo: whether an item begins with the prompt, where its medium lets it.
        novel: draw again what has copied more than this share of the training data; None: any may be copied.
        options: those of the medium, by name; see `media.declared`.

    Raises:
        UsageError: a number is out of bounds.
    """

    prompt: Any = None
    length: int | None = None
    num_samples: int = 1
    seed: int | None = None
    first: int = 0
    sampling: Sampling | None = None
    echo: bool = True
    novel: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
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
        if not isinstance(self.options, Mapping):
            raise UsageError(f"the options are {self.options!r}, expected a table of names and values", remedy='for example {"bars": 8}')

    def to_json(self) -> dict[str, Any]:
        """Plain values. A prompt that is the content of a file is written in base 64.

        Raises:
            UsageError: the prompt or an option is no plain value.
        """
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        prompt = self.prompt
        if isinstance(prompt, bytes):
            prompt = {"base64": base64.b64encode(prompt).decode()}
        elif isinstance(prompt, Path):
            prompt = {"path": str(prompt)}
        elif not isinstance(prompt, (str, type(None))):
            raise UsageError(f"a prompt that is a {type(prompt).__name__} cannot be written as JSON", remedy="give the bytes of its file")
        sampling = None if self.sampling is None else self.sampling.to_json()
        return values | {"prompt": prompt, "sampling": sampling, "options": dict(self.options)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Request:
        """The request that `to_json` gave.

        Raises:
            UsageError: a field is unknown or out of bounds.
        """
        refuse_unknown(Request, values, what="a request")
        changed = dict(values)
        if isinstance(prompt := changed.get("prompt"), Mapping):
            changed["prompt"] = _prompt_from_json(prompt)
        if changed.get("sampling") is not None:
            changed["sampling"] = Sampling.from_json(changed["sampling"])
        return Request(**changed)


def _prompt_from_json(values: Mapping[str, Any]) -> Path | bytes:
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
