"""What a run folder holds to go on from, looked at before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from lstmgen.checkpoint.model_file import check_shapes
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.errors import ModelFileError
from lstmgen.media.base import Tokenizer
from lstmgen.media.registry import tokenizer_from_json
from lstmgen.model.architecture import Architecture
from lstmgen.schema import anything, table, text, whole
from lstmgen.training.state_check import REMEDY, refused

_META: Final = table(
    {
        "trainer": table({"counters": table({"step": whole()}, others=True)}, others=True),
        "architecture": anything,
        "tokenizer": anything,
        "sources_sha256": text(100),
        "metrics_bytes": whole(),
        "processes": whole(1),
        "standard_input": text(100),
        "settings": table({}, others=True),
    },
    needed=("trainer", "architecture", "tokenizer", "sources_sha256"),
    others=True,
)


@dataclass(frozen=True)
class Resumable:
    """A state, and what it says of itself.

    Attributes:
        tensors: by name; those of the network are of the architecture.
        values: everything else; what belongs to the trainer is looked at by the trainer.
        architecture: of the network.
        tokenizer: of its vocabulary.
    """

    tensors: dict[str, Tensor]
    values: dict[str, Any]
    architecture: Architecture
    tokenizer: Tokenizer


def read(folder: RunFolder, *, warn: Callable[[str], None]) -> Resumable:
    """The state in a folder.

    Raises:
        ModelFileError: there is no good one.
    """
    tensors, values = folder.load_state(warn=warn)
    with refused():
        _META(values, "the state")
    architecture = Architecture.from_json(values["architecture"])
    tokenizer = tokenizer_from_json(values["tokenizer"])
    if tokenizer.vocab_size != architecture.vocab_size:
        raise ModelFileError(
            f"the tokenizer in {folder.path} has {tokenizer.vocab_size} ids, its network {architecture.vocab_size}", remedy=REMEDY
        )
    for room in ("network.", "good."):
        found = {name.removeprefix(room): tensor for name, tensor in tensors.items() if name.startswith(room)}
        if found or room == "network.":
            shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
            today = architecture.shapes()
            check_shapes(shapes, today if found.keys() <= today.keys() else architecture.former_shapes(), folder.path)
        if any(tensor.dtype != torch.float32 for tensor in found.values()):
            raise ModelFileError(f"the weights of the state in {folder.path} are not of single precision", remedy=REMEDY)
    return Resumable(tensors, values, architecture, tokenizer)
