"""Tensors and a document as the content of a safetensors file, piece by piece: a state is several times a model, and not in memory twice.

The bytes are those that safetensors' own writer gives. `lstmgen.checkpoint.tensor_file` reads them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from lstmgen import strict_json
from lstmgen.checkpoint.tensor_file import CHUNK_BYTES, LENGTH_BYTES, METADATA_KEY, TORCH_NAMES, is_finite
from lstmgen.errors import DivergedError

if TYPE_CHECKING:
    from torch import Tensor

_NAMES: Final = {f"torch.{theirs}": name for name, theirs in TORCH_NAMES.items()}
_ORDER: Final = ("I64", "F64", "F32", "I32", "BF16", "F16", "I16", "I8", "U8")
"""In which the data stands, and within a type by name: what needs a place that it divides comes first."""
_ALIGNMENT: Final = 8


class Packed:
    """The content of a file: iterating gives its pieces, the same ones every time as long as the tensors stay as they are.

    Args:
        tensors: named tensors on any device; none may hold a number that is not finite.
        document: JSON values, with `format` and `version`.

    Raises:
        DivergedError: a tensor holds a number that is not finite; it is named.
        ValueError: the document does.
    """

    def __init__(self, tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> None:
        def examine(name: str, chunk: memoryview) -> None:
            if not is_finite(chunk, _NAMES[str(tensors[name].dtype)]):
                raise DivergedError(
                    f"the tensor {name!a} holds a number that is not finite, so it was not saved",
                    remedy="train with a smaller --lr; the checkpoint before this one is kept",
                )

        document = json.loads(strict_json.dumps(document))  # as it will be read: text keys, lists for tuples
        sealed = {**document, "sha256": checksum(tensors, document, examine)}
        placed = sorted((_ORDER.index(_NAMES[str(tensor.dtype)]), name) for name, tensor in tensors.items())
        self._tensors = [tensors[name] for _, name in placed]
        header: dict[str, Any] = {"__metadata__": {METADATA_KEY: strict_json.dumps(sealed)}}
        begin = 0
        for (place, name), tensor in zip(placed, self._tensors, strict=True):
            end = begin + tensor.nbytes
            header[name] = {"dtype": _ORDER[place], "shape": list(tensor.shape), "data_offsets": [begin, end]}
            begin = end
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        text += b" " * (-len(text) % _ALIGNMENT)
        self._head = len(text).to_bytes(LENGTH_BYTES, "little") + text

    def __iter__(self) -> Iterator[bytes | memoryview]:
        """The header, then the tensors in pieces."""
        yield self._head
        for tensor in self._tensors:
            yield from _chunks(tensor)


def checksum(
    tensors: Mapping[str, Tensor], document: Mapping[str, Any], examine: Callable[[str, memoryview], None] = lambda _name, _chunk: None
) -> str:
    """sha256 of the document's canonical JSON and of every tensor's name, type, shape and bytes, in the order of the names.

    Args:
        tensors: by name.
        document: as `Packed` takes it.
        examine: is shown every piece of every tensor.
    """
    digest = hashlib.sha256(strict_json.dumps(document).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name}\n{tensor.dtype} {list(tensor.shape)}\n".encode("utf-8", "surrogatepass"))
        for chunk in _chunks(tensor):
            examine(name, chunk)
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(tensor: Tensor) -> Iterator[memoryview]:
    """The bytes of a tensor, as they stand in memory."""
    import torch

    content = tensor.detach().to("cpu").contiguous().reshape(-1).view(torch.uint8).numpy().data
    for begin in range(0, len(content), CHUNK_BYTES):
        yield content[begin : begin + CHUNK_BYTES]
