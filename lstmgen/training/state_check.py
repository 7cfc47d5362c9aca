"""What a saved state must be before training goes on from it: a state may be damaged, of another run, or made to do harm.

Its checksum says that it is whole, and not that anybody's training wrote it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

import torch
from torch import Tensor

from lstmgen.errors import ModelFileError
from lstmgen.schema import Check, SchemaError, anything, number, table, whole

_SCALER: Final = table(
    {
        "scale": number(1e-30, 1e30),
        "growth_factor": number(1, 1e6),
        "backoff_factor": number(1e-6, 1),
        "growth_interval": whole(1),
        "_growth_tracker": whole(),
    },
    needed=(),
)
_LOWEST: Final = {"evaluated_step": -1}
"""Of whole numbers that may be below 0."""
_MOST_STEPS: Final = 2**53
"""Up to which a floating-point number counts exactly."""
_MOST: Final = 1e30
"""Of steps and squared gradients in the optimiser."""


def check_values(values: Any, counters: type) -> None:
    """Refuses plain values that no trainer gave.

    Args:
        values: as `Trainer.state` gives them; what belongs to the reader is looked at by the reader.
        counters: the record whose fields the counters are.

    Raises:
        ModelFileError: something is missing, unknown, of the wrong type, or out of range.
    """
    known: dict[str, Check] = {
        field.name: whole(_LOWEST.get(field.name, 0), _MOST_STEPS) if field.type in ("int", int) else number(finite=False)
        for field in fields(counters)
    }
    known["lr_scale"] = number(0, 1)
    state = table({"counters": table(known, needed=("step", "tokens")), "reader": anything, "elapsed_s": number(0), "scaler": _SCALER})
    with refused():
        state(values, "the trainer's state")


def check_tensors(
    tensors: Mapping[str, Tensor], *, carried: Mapping[str, Tensor], parameters: list[Tensor], must_have_moments: bool
) -> None:
    """Refuses tensors that no trainer gave; those of the network are compared with its architecture before it is built.

    Args:
        tensors: of the whole state, by name.
        carried: what the carried state has at the beginning, by name.
        parameters: of the optimiser, in its order.
        must_have_moments: whether a step was taken, after which no parameter is without.

    Raises:
        ModelFileError: one is missing, unknown, or of another shape or type, or moments are no moments.
    """
    found = {name: tensor for name, tensor in tensors.items() if name.startswith(("carried.", "optimizer."))}
    expected = {f"carried.{name}": (tuple(tensor.shape), tensor.dtype) for name, tensor in carried.items()}
    if must_have_moments or any(name.startswith("optimizer.") for name in found):
        for place, parameter in enumerate(parameters):
            shape, dtype = tuple(parameter.shape), parameter.dtype
            expected[f"optimizer.{place}.step"] = ((), torch.float32)
            expected |= {f"optimizer.{place}.{moment}": (shape, dtype) for moment in ("exp_avg", "exp_avg_sq")}
    for name in sorted(expected.keys() ^ found.keys()):
        raise ModelFileError(f"the state {'lacks' if name in expected else 'holds'} the tensor {name!r}", remedy=REMEDY)
    for name, tensor in found.items():
        if (tuple(tensor.shape), tensor.dtype) != expected[name]:
            raise ModelFileError(f"the tensor {name!r} of the state has another shape or type than its run", remedy=REMEDY)
        if name.endswith((".step", ".exp_avg_sq")) and bool((tensor < 0).any() or (tensor > _MOST).any()):
            raise ModelFileError(f"the tensor {name!r} of the state holds what no training gives", remedy=REMEDY)


REMEDY: Final = "start a new run from the model: lstmgen train SOURCE --init-from RUN"


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """A context in which a SchemaError becomes a ModelFileError."""
    try:
        yield
    except SchemaError as error:
        raise ModelFileError(f"the state is damaged: {error}", remedy=REMEDY) from error
