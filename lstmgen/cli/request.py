"""Everything that one call of `lstmgen sample` was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lstmgen.cli.options import draw_seed
from lstmgen.cli.sample_options import FILTERS
from lstmgen.errors import UsageError
from lstmgen.generation.sampling import Sampling


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate from which model, and where it goes.

    Attributes:
        model: run folder, model file or name.
        prompt: what to continue, as it was typed.
        prompt_file: what to continue, in a file, or `-`.
        echo: whether the result begins with it.
        length: most tokens; None: as the medium has it.
        num_samples: how many.
        seed: of the random numbers.
        novel: largest share that may be copied from the training data; None: any.
        sampling: how tokens are chosen.
        out: a file, a folder, `-`, or None.
        json: one object a sample.
        stream: write it as it is drawn.
        own: what was given of the options of the model's medium, by name.
        runtime: device, precision and threads.
    """

    model: str
    prompt: str | None
    prompt_file: str | None
    echo: bool
    length: int | None
    num_samples: int
    seed: int
    novel: float | None
    sampling: Sampling
    out: str | None
    json: bool
    stream: bool
    own: Mapping[str, Any]
    runtime: Mapping[str, Any]

    @staticmethod
    def of(values: Mapping[str, Any], *, own: Mapping[str, Any]) -> Request:
        """The request in the values of all options.

        Raises:
            UsageError: a value is out of bounds, or two prompts are given.
        """
        if values["prompt"] is not None and values["prompt_file"] is not None:
            raise UsageError("-p and -f both give a prompt, expected one of them", remedy="leave one of them out")
        made = {
            "sampling": Sampling(**{option.name: values[option.name] for option in FILTERS}),
            "seed": draw_seed() if values["seed"] is None else values["seed"],
            "own": own,
            "runtime": {name: values[name] for name in ("device", "precision", "threads")},
        }
        return Request(**made, **{field.name: values[field.name] for field in dataclasses.fields(Request) if field.name not in made})
