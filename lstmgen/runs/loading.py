"""From a model file to a model that can be used, on a device and in a precision.

A model whose samples compiled loops draw (`model/compiled`), as was proven on this machine, is loaded without torch. Whatever else is
asked of it loads torch then.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from lstmgen.checkpoint.model_file import Weights, find_model, load_model, read_weights
from lstmgen.choices import OBJECTIVES, Device, SamplingPrecision
from lstmgen.errors import MachineError, UsageError
from lstmgen.model.compiled import code
from lstmgen.model.compiled.step import CompiledStep, facts
from lstmgen.model.cores import physical_cores
from lstmgen.runs.model import TrainedModel

if TYPE_CHECKING:
    from lstmgen.model.language_model import LanguageModel
    from lstmgen.model.products import Precision as ProductPrecision

_ON_CUDA: Final = {"auto": "float32", "fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
_ON_THE_CPU: Final[dict[SamplingPrecision, ProductPrecision]] = {"auto": "fp32", "fp32": "fp32", "bf16": "bf16", "int8": "int8"}
_CUDA_DRIVERS: Final = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
"""By system; on others there is no CUDA."""
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
    if (device == "cpu" or (device == "auto" and not _may_have_cuda())) and _ON_THE_CPU.get(precision) == "fp32":
        model = _without_torch(file, threads=threads, objectives=objectives)
        if model is not None:
            return model
    return _with_torch(file, path, device=device, precision=precision, threads=threads, objectives=objectives)


def _with_torch(
    file: Path, path: str | Path, *, device: Device, precision: SamplingPrecision, threads: int | None, objectives: Sequence[str]
) -> TrainedModel:
    import torch

    from lstmgen.model.arithmetic import choose_device, set_threads

    chosen = choose_device(device)
    known, elsewhere = (_ON_THE_CPU, "CUDA") if chosen.type == "cpu" else (_ON_CUDA, "the CPU")
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
    network = model.network.to(getattr(torch, _ON_CUDA[precision]))
    return TrainedModel(network, model.tokenizer, path=file, summary=model.summary)


def _without_torch(file: Path, *, threads: int | None, objectives: Sequence[str]) -> TrainedModel | None:
    """A model whose samples compiled loops draw; None: that was not proven here, or something else has to be said of the model."""
    loops = code.load() if "torch" not in sys.modules else None
    if loops is None:
        return None
    found = read_weights(file, lambda wanted: wanted.objective in objectives and code.is_proven(loops, facts(wanted, "fp32")))
    if found is None:
        return None
    if not loops.flush():
        return None
    count = threads or physical_cores()
    return TrainedModel(
        lambda: _network_of(found, threads),
        found.tokenizer,
        path=file,
        summary=found.summary,
        loops=lambda: CompiledStep(loops, found.arrays, found.architecture, threads=lambda: count),
    )


def _network_of(weights: Weights, threads: int | None) -> LanguageModel:
    from lstmgen.model.arithmetic import set_threads

    set_threads(threads)
    return weights.network()


def _may_have_cuda() -> bool:
    """Whether there is a driver of GPUs, so that only torch can say whether there is one that it can use."""
    try:
        ctypes.CDLL(_CUDA_DRIVERS[sys.platform])
    except (KeyError, OSError):
        return False
    return True
