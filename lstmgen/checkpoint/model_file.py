"""A model in one file: weights, architecture, tokenizer and training summary. Nothing else is needed to use it, and nothing in it is run.

What a file says is believed step by step: its kind and size, its header, the bounds of the architecture, that every tensor has exactly
the name, shape and type which that architecture has, the tokenizer, and that both agree on the vocabulary. Only then is memory taken;
afterwards the checksum and every number are checked. Whoever only wants to know what a file says gets it verified in the same way.
`docs/formats.md` describes the format.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lstmgen import limits, run_files, storage
from lstmgen.checkpoint import tensor_file
from lstmgen.checkpoint.tensor_file import Header
from lstmgen.checkpoint.tensor_writer import Packed
from lstmgen.errors import ModelFileError
from lstmgen.media.base import Tokenizer
from lstmgen.media.registry import tokenizer_from_json
from lstmgen.model.architecture import Architecture, stacked_shapes
from lstmgen.model.memory import refuse_loading
from lstmgen.schema import SchemaError, anything, list_of, number, optional, table, text, whole

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from lstmgen.model.language_model import LanguageModel

FORMAT: Final = "lstmgen-model"
VERSION: Final = 2
"""The newest version of the format that is read, and the one that is written. Version 1 named a layer's tensors as torch does."""
_WEIGHT_TYPES: Final = {"F32": "fp32", "BF16": "bf16", "F16": "fp16"}
_FIGURES: Final = ("nats_per_token", "nats_per_char", "nats_per_note", "perplexity")
_SUMMARY: Final = table(
    {
        "steps": whole(),
        "tokens_seen": whole(),
        "train_tokens": whole(),
        "documents": whole(),
        "seconds": number(0),
        "sources": list_of(text()),
        "corpus_sha256": text(),
        "standard_input": text(),
        "settings": table({"data": table({}, others=True)}, needed=(), others=True),
        "val_nats_per_token": optional(number()),
        "val_nats_per_char": optional(number()),
        "val": optional(table({name: optional(number(0, 1e308)) for name in _FIGURES}, needed=(), others=True)),
    },
    needed=(),
    others=True,
)
_DOCUMENT: Final = table(
    {"format": anything, "version": anything, "architecture": anything, "tokenizer": anything, "summary": _SUMMARY},
)
_DAMAGED: Final = "fetch or copy the file again, or train the model again"


@dataclass(frozen=True)
class Model:
    """What a model file holds.

    Attributes:
        network: in evaluation mode, in fp32.
        tokenizer: the one it was trained with.
        summary: what its training wrote about itself.
    """

    network: LanguageModel
    tokenizer: Tokenizer
    summary: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a model file says of itself.

    Attributes:
        path: the file.
        bytes: its size.
        architecture: the fields of `lstmgen.model.architecture.Architecture`.
        parameters: numbers that are stored.
        precision: number type of the stored weights: `fp32`, `bf16` or `fp16`.
        tokenizer: the tokenizer, ready to use.
        summary: what its training wrote about itself.
    """

    path: Path
    bytes: int
    architecture: dict[str, Any]
    parameters: int
    precision: str
    tokenizer: Tokenizer
    summary: dict[str, Any]


def save_model(
    path: Path, network_tensors: Mapping[str, Tensor], architecture: Architecture, tokenizer: Tokenizer, summary: Mapping[str, Any]
) -> None:
    """Writes a model file, completely or not at all; weights are stored in fp32.

    Args:
        path: the file; its folder exists.
        network_tensors: every tensor, by the names of `Architecture.shapes`.
        architecture: what the network is.
        tokenizer: its vocabulary is the network's.
        summary: JSON values about the training.

    Raises:
        DivergedError: a weight is not finite; the old file is untouched.
        MachineError: the file cannot be written; the old file is untouched.
        ValueError: tensors, architecture and tokenizer do not belong together, or the summary is not JSON.
    """
    import torch

    if {name: tuple(tensor.shape) for name, tensor in network_tensors.items()} != architecture.shapes():
        raise ValueError("the tensors are not those of the architecture")
    if tokenizer.vocab_size != architecture.vocab_size:
        raise ValueError("the tokenizer's vocabulary is not the network's")
    weights = {name: tensor.detach().to("cpu", torch.float32) for name, tensor in network_tensors.items()}
    document = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": architecture.to_json(),
        "tokenizer": tokenizer.to_json(),
        "summary": dict(summary),
    }
    storage.atomic_write(path, Packed(weights, document), follow=False)


def load_model(path: Path, *, device: str | torch.device = "cpu") -> Model:
    """The model in a file, in fp32 on a device, with everything checked.

    Raises:
        ModelFileError: the file is missing, no model, damaged, hostile, or newer than this program.
        MachineError: the machine cannot read or hold it.
    """
    path = Path(path)
    with tensor_file.open_file(path) as stream:
        header = _read_header(stream, path)
        refuse_loading(path, header.file_bytes)
        architecture = Architecture.from_json(header.document["architecture"])
        shapes = {name: entry.shape for name, entry in header.entries.items()}
        check_shapes(shapes, architecture.former_shapes() if header.document["version"] == 1 else architecture.shapes(), path)
        tokenizer = _tokenizer(header, architecture.vocab_size, path)
        tensors = architecture.renamed(tensor_file.read_tensors(stream, header, path))
    return Model(_network(architecture, tensors).to(device), tokenizer, header.document["summary"])


@dataclass(frozen=True)
class Weights:
    """What a model file holds, without torch.

    Attributes:
        architecture: of the network.
        arrays: every tensor in fp32, by the names of `Architecture.shapes`.
        tokenizer: the one it was trained with.
        summary: what its training wrote about itself.
    """

    architecture: Architecture
    arrays: dict[str, NDArray[np.float32]]
    tokenizer: Tokenizer
    summary: dict[str, Any]

    def network(self) -> LanguageModel:
        """The network with a copy of the weights, in evaluation mode; loads torch."""
        import torch

        return _network(self.architecture, {name: torch.tensor(array) for name, array in self.arrays.items()})


def read_weights(path: Path, wanted: Callable[[Architecture], bool]) -> Weights | None:
    """What a model file holds of a network of LSTM layers, without torch, with everything checked.

    Args:
        path: of the file.
        wanted: whether such a network is.

    Returns:
        None where the network is not wanted, or `load_model` has to see to the file.

    Raises:
        ModelFileError: as `load_model`.
        MachineError: as `load_model`.
    """
    with tensor_file.open_file(path) as stream:
        header = _read_header(stream, path)
        architecture = Architecture.described(header.document["architecture"])
        if header.document["version"] == 1 or not wanted(architecture):
            return None
        refuse_loading(path, header.file_bytes)
        if {name: entry.shape for name, entry in header.entries.items()} != architecture.shapes(stacked_shapes(4)):
            return None
        tokenizer = _tokenizer(header, architecture.vocab_size, path)
        return Weights(architecture, tensor_file.read_fp32(stream, header, path), tokenizer, header.document["summary"])


def read_description(path: Path) -> Description:
    """What a model file says of itself, read without torch; the weights are verified, and not kept.

    Raises:
        ModelFileError: the file is missing, no model, damaged, hostile, or newer than this program.
        MachineError: the machine cannot read it.
    """
    path = Path(path)
    with tensor_file.open_file(path) as stream:
        header = _read_header(stream, path)
        architecture = Architecture.described(header.document["architecture"])
        _check_around_cells(header, architecture, path)
        tokenizer = _tokenizer(header, architecture.vocab_size, path)
        tensor_file.verify(stream, header, path)
    types = {entry.dtype for entry in header.entries.values()}
    return Description(
        path=path,
        bytes=header.file_bytes,
        architecture=header.document["architecture"],
        parameters=sum(math.prod(entry.shape) for entry in header.entries.values()),
        precision=_WEIGHT_TYPES[types.pop()],
        tokenizer=tokenizer,
        summary=header.document["summary"],
    )


def find_model(spec: str, *, runs: Path = run_files.RUNS) -> Path:
    """The model file that a user means.

    Args:
        spec: a run folder, a model file, or the name of a run.
        runs: the folder of the runs that are known by name.

    Raises:
        ModelFileError: there is none; the nearest names are suggested.
    """
    if not spec.strip() or "\0" in spec:
        raise ModelFileError("no model was named", remedy=f"name a run folder, a model file, or a run under {run_files.RUNS}/")
    path = Path(spec)
    for folder in (path, runs / spec):
        if _exists(folder / run_files.MODEL):
            return folder / run_files.MODEL
    found = next((folder for folder in (path, runs / spec) if _exists(folder) and folder.is_dir()), None)
    if found is not None:
        raise ModelFileError(f"the folder {str(found)!r} holds no {run_files.MODEL}", remedy="name a folder that lstmgen train wrote")
    if _exists(path):
        return path.resolve() if path.is_symlink() else path  # a link that is named is meant; one within a run is not followed
    raise ModelFileError(f"there is no model {spec!r}", remedy=_suggestion(spec, path, runs))


def _exists(path: Path) -> bool:
    """Whether something is there; false where the machine does not say, for example of a name that is too long."""
    try:
        return path.exists()
    except OSError:
        return False


def _suggestion(spec: str, path: Path, runs: Path) -> str:
    """What the user may have meant."""
    known = [folder.name for folder in _listing(runs) if _exists(folder / run_files.MODEL)]
    beside = [str(item) for item in _listing(path.parent) if item.suffix == ".safetensors" or _exists(item / run_files.MODEL)]
    near = difflib.get_close_matches(spec, known + beside, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    if known:
        return f"runs here: {', '.join(sorted(known)[:8])}"
    return "train one first: lstmgen train SOURCE"


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())[: limits.MAX_NAMES_COMPARED]
    except OSError:
        return []


def _read_header(stream: Any, path: Path) -> Header:
    header = tensor_file.read_header(stream, path, form=FORMAT, version=VERSION)
    try:
        _DOCUMENT(header.document, "the description")
    except SchemaError as error:
        raise ModelFileError(f"{str(path)!r} is damaged: {error}", remedy=_DAMAGED) from error
    types = {entry.dtype for entry in header.entries.values()}
    if len(types) != 1 or not types <= set(_WEIGHT_TYPES):
        found, expected = ", ".join(sorted(types)) or "nothing", ", ".join(_WEIGHT_TYPES)
        raise ModelFileError(f"the weights in {str(path)!r} are stored as {found}, expected one of {expected}", remedy=_DAMAGED)
    return header


def check_shapes(found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]], path: Path) -> None:
    """Raises ModelFileError where tensors are not those of an architecture."""
    for name in expected.keys() - found.keys():
        raise ModelFileError(f"{str(path)!r} lacks the tensor {name!r} that its architecture has", remedy=_DAMAGED)
    for name in found.keys() - expected.keys():
        raise ModelFileError(f"{str(path)!r} holds the tensor {ascii(name)[:60]} that its architecture has not", remedy=_DAMAGED)
    for name, shape in expected.items():
        if found[name] != shape:
            message = f"the tensor {name!r} in {str(path)!r} has the shape {found[name]}, its architecture wants {shape}"
            raise ModelFileError(message, remedy=_DAMAGED)


def _check_around_cells(header: Header, architecture: Architecture, path: Path) -> None:
    """What can be checked of the tensors without the cells' own tables, which load torch: all of them are there for every layer."""
    layers: dict[str, set[str]] = {
        f"{stack}layers.{number}": set() for stack in architecture.stacks for number in range(architecture.num_layers)
    }
    around: dict[str, tuple[int, ...]] = {}
    for name, entry in header.entries.items():
        layer = next((layer for layer in layers if name.startswith(f"{layer}.")), None)
        if layer is None:
            around[name] = entry.shape
        else:
            layers[layer].add(name.removeprefix(layer))
    check_shapes(around, architecture.shapes_around_cells(), path)
    if not layers["layers.0"] or any(names != layers["layers.0"] for names in layers.values()):
        raise ModelFileError(f"{str(path)!r} lacks tensors of a layer that its architecture has", remedy=_DAMAGED)


def _tokenizer(header: Header, vocab_size: Any, path: Path) -> Tokenizer:
    tokenizer = tokenizer_from_json(header.document["tokenizer"])
    if tokenizer.vocab_size != vocab_size:
        raise ModelFileError(
            f"the tokenizer in {str(path)!r} has {tokenizer.vocab_size} ids, its architecture {ascii(vocab_size)[:40]}", remedy=_DAMAGED
        )
    return tokenizer


def _network(architecture: Architecture, tensors: dict[str, Tensor]) -> LanguageModel:
    """A network with these weights; no time is spent on drawing initial ones, and no generator is touched."""
    import torch
    from torch.overrides import TorchFunctionMode

    from lstmgen.model.language_model import LanguageModel

    drawing = {torch.Tensor.normal_, torch.Tensor.uniform_, torch.nn.init.normal_, torch.nn.init.uniform_, torch.nn.init.kaiming_uniform_}

    class Undrawn(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            del types
            if func in drawing:
                return args[0] if args else kwargs["tensor"]
            return func(*args, **(kwargs or {}))

    with torch.device("meta"), Undrawn():
        network = LanguageModel(architecture)
    weights = {name: tensor.to(torch.float32) for name, tensor in tensors.items()}
    if architecture.tied:
        weights["head.weight"] = weights["embedding.weight"]
    network.load_state_dict(weights, assign=True)
    if architecture.tied:
        network.embedding.weight = network.head.weight
    return network.eval()
