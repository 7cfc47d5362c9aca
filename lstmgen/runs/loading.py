"""From a model file to a model that can be used, on a device and in a precision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import torch

from lstmgen.checkpoint.model_file import find_model, load_model
from lstmgen.choices import OBJECTIVES, Device, SamplingPrecision
from lstmgen.errors import MachineError, UsageError
from lstmgen.model.arithmetic import choose_device, set_threads
from lstmgen.model.products import Precision as ProductPrecision
from lstmgen.runs.model import TrainedModel

_DTYPES: Final = {"auto": torch.float32, "fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_ON_THE_CPU: Final[dict[SamplingPrecision, ProductPrecision]] = {"auto": "fp32", "fp32": "fp32", "bf16": "bf16", "int8": "int8"}


_USUAL: Final = (next(iter(OBJECTIVES)),)


def load(
    path: str | Path,
    *,
    device: Device = "auto",
    precision: SamplingPrecision = "auto",
    threads: int | None = None,
    objectives: Sequence[str] = _USUAL,
) -> TrainedModel:
    """A trained model.

    Args:
        path: a run folder, a model file, or the name of a run under `checkpoints/`.
        device: `auto` takes CUDA where there is some.
        precision: what the weights are multiplied in; `auto` is `fp32`, which is exact. On the CPU `bf16` and `int8` draw faster: tokens
            are drawn, and scores measured, with weights of 16 or 8 bits and all else in fp32. On CUDA everything is in this number
            type, and there is no `int8`.
        threads: CPU threads; None: one for each physical core.
        objectives: what the model may have been trained for.

    Raises:
        ModelFileError: there is no such model, or its file is damaged.
        MachineError: the device or the precision is not to be had here.
        UsageError: the device or the precision is none that exists, or the model is for something else.
    """
    for name, value, allowed in (("device", device, get_args(Device)), ("precision", precision, get_args(SamplingPrecision))):
        if value not in allowed:
            raise UsageError(f"the {name} is {value!r}, expected one of {', '.join(allowed)}", remedy=f"for example --{name} auto")
    file = find_model(str(path))
    chosen = choose_device(device)
    known, elsewhere = (_ON_THE_CPU, "CUDA") if chosen.type == "cpu" else (_DTYPES, "the CPU")
    if precision not in known:
        raise MachineError(f"{precision} is for {elsewhere} only", remedy=f"use --precision {', '.join(known)} here")
    set_threads(threads)
    model = load_model(file, device=chosen)
    learned = model.network.architecture.objective
    if learned not in objectives:
        objective = OBJECTIVES[learned]
        wanted = f"train SOURCE --objective {objectives[0]}" if learned in _USUAL else f"{objective.use} {path} FILE"
        raise UsageError(f"{str(path)!r} is a model that {objective.about}", remedy=f"lstmgen {wanted}")
    if chosen.type == "cpu":
        return TrainedModel(model.network, model.tokenizer, path=file, summary=model.summary, precision=_ON_THE_CPU[precision])
    return TrainedModel(model.network.to(_DTYPES[precision]), model.tokenizer, path=file, summary=model.summary)
