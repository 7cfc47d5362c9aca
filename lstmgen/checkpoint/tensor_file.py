"""The container of model files and run states: a safetensors file whose metadata holds one JSON document and a checksum of everything.

    8 bytes         length of the header, little endian
    header          JSON: for each tensor its type, shape and place; and the metadata, text to text
    data            the tensors, without gaps

The metadata has one key, `lstmgen`, whose value is the document. `docs/formats.md` describes it. Reading goes from the cheap to the
costly: kind of file, size, header as JSON, document, header as safetensors' own reader sees it; nothing is allocated for tensors before all
of that is right. torch is loaded only where tensors are.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import safetensors

from lstmgen import limits
from lstmgen.checkpoint import strict_json
from lstmgen.errors import DivergedError, MachineError, ModelFileError
from lstmgen.storage import machine_errors
from lstmgen.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY: Final = "lstmgen"
_LENGTH_BYTES: Final = 8
_TYPES: Final = frozenset(("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"))
_MAX_DIMENSIONS: Final = 8
_REMEDY: Final = "name a run folder, or a model.safetensors that lstmgen wrote"
_DAMAGED: Final = "fetch or copy the file again, or train the model again"
_KINDS: Final = (
    (b"PK\x03\x04", "a ZIP archive (a PyTorch .pt file is one)"),
    *((bytes([0x80, protocol]), "a Python pickle") for protocol in range(2, 6)),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x1f\x8b", "gzip data"),
    (b"MThd", "a MIDI file"),
    (b"GGUF", "a GGUF model"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
)


@dataclass(frozen=True)
class Entry:
    """One tensor in the header: safetensors' name of its type, and its shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """What a file says of itself, checked as far as that is possible without reading its tensors.

    Attributes:
        entries: every tensor by name.
        document: the JSON document, its checksum taken out.
        sha256: the checksum that the file claims.
        file_bytes: size of the whole file.
    """

    entries: dict[str, Entry]
    document: dict[str, Any]
    sha256: str
    file_bytes: int


def pack(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> bytes:
    """The content of a file that holds these tensors and this document.

    Args:
        tensors: named tensors on any device; none may hold a number that is not finite.
        document: JSON values, with `format` and `version`.

    Raises:
        DivergedError: a tensor holds a number that is not finite; it is named.
        ValueError: the document does.
    """
    import safetensors.torch
    import torch

    # A tensor that is a part of a larger one is cut out; what stands alone is not copied, for a state is several times a model.
    plain = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    plain = {name: tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone() for name, tensor in plain.items()}
    for name, tensor in plain.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DivergedError(
                f"the tensor {name!a} holds a number that is not finite, so it was not saved",
                remedy="train with a smaller --lr; the checkpoint before this one is kept",
            )
    document = json.loads(strict_json.dumps(document))  # as it will be read: text keys, lists for tuples
    sealed = {**document, "sha256": checksum(plain, document)}
    return safetensors.torch.save(plain, {METADATA_KEY: strict_json.dumps(sealed)})


def checksum(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> str:
    """sha256 of the document's canonical JSON and of every tensor's name, type, shape and bytes, in the order of the names."""
    import torch

    digest = hashlib.sha256(strict_json.dumps(document).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name}\n{tensor.dtype} {list(tensor.shape)}\n".encode("utf-8", "surrogatepass"))
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def open_file(path: Path) -> BinaryIO:
    """An existing, regular file of bounded size, open for reading.

    Raises:
        ModelFileError: it is missing, a folder, a pipe or a device, or too large.
        MachineError: the machine does not let it be read.
    """
    with machine_errors("read", path):
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                kind = "folder" if stat.S_ISDIR(status.st_mode) else "pipe, socket or device"
                raise ModelFileError(f"{str(path)!r} is a {kind}, expected a model file", remedy=_REMEDY)
            if status.st_size > limits.MAX_MODEL_FILE_BYTES:
                raise ModelFileError(
                    f"{str(path)!r} has {counted(status.st_size, 'byte')}, at most {limits.MAX_MODEL_FILE_BYTES:,} are read",
                    remedy=_REMEDY,
                )
            # Should a pipe have taken its place since, opening it does not wait for a writer.
            return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise ModelFileError(f"there is no file {str(path)!r}", remedy=_REMEDY) from error


def read_header(stream: BinaryIO, path: Path, *, form: str, version: int) -> Header:
    """The header of a file, checked; the stream stands at the data afterwards.

    Args:
        stream: as `open_file` gave it.
        path: for messages.
        form: the `format` that the document must name.
        version: the newest version of it that is read.

    Raises:
        ModelFileError: it is another kind of file, damaged, hostile, or newer than this program.
    """
    with machine_errors("read", path):
        start = stream.read(_LENGTH_BYTES + 1)
        file_bytes = os.fstat(stream.fileno()).st_size
        length = int.from_bytes(start[:_LENGTH_BYTES], "little")
        if len(start) <= _LENGTH_BYTES or start[_LENGTH_BYTES:] != b"{":
            raise _other_kind(path, start + stream.read(1000))
        if length > min(limits.MAX_MODEL_HEADER_BYTES, file_bytes - _LENGTH_BYTES):
            raise ModelFileError(
                f"{str(path)!r} is damaged or cut off: its header claims {counted(length, 'byte')}, the file has {file_bytes:,}, "
                f"and at most {limits.MAX_MODEL_HEADER_BYTES:,} are read",
                remedy=_DAMAGED,
            )
        header = b"{" + stream.read(length - 1)
    # The header and the metadata are objects; a tensor is one, with two lists.
    table = _parse(header, path, "header", max_containers=2 + 3 * limits.MAX_TENSORS, max_values=16 * limits.MAX_TENSORS)
    document, sha256 = _document(table.pop("__metadata__", None), path, form=form, version=version)
    return Header(_entries(table, path), document, sha256, file_bytes)


def read_tensors(stream: BinaryIO, header: Header, path: Path) -> dict[str, Tensor]:
    """Every tensor, after the checksum has been found right.

    Raises:
        ModelFileError: the content does not have the checksum that the file claims, or a number is not finite.
        MachineError: there is not enough memory, or the file cannot be read.
    """
    import safetensors.torch
    import torch

    try:
        with machine_errors("read", path):
            stream.seek(0)
            tensors = safetensors.torch.load(stream.read(header.file_bytes))
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise _damaged(error, path) from error
    except MemoryError as error:
        raise MachineError(
            f"there is not enough memory to read {str(path)!r}, which needs {counted(2 * header.file_bytes, 'byte')}",
            remedy="close other programs, or read it on a machine with more memory",
        ) from error
    if checksum(tensors, header.document) != header.sha256:
        raise ModelFileError(f"{str(path)!r} is damaged: its content does not have the checksum that it was saved with", remedy=_DAMAGED)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ModelFileError(f"the tensor {name!a} in {str(path)!r} holds a number that is not finite", remedy=_DAMAGED)
    return tensors


def _parse(text: bytes, path: Path, what: str, **bounds: int) -> dict[str, Any]:
    try:
        table = strict_json.loads(text, **bounds)
    except strict_json.StrictJsonError as error:
        raise ModelFileError(f"the {what} of {str(path)!r} is damaged: {error}", remedy=_DAMAGED) from error
    if not isinstance(table, dict):
        raise ModelFileError(f"the {what} of {str(path)!r} is damaged: it is no JSON object", remedy=_DAMAGED)
    return table


def _document(metadata: Any, path: Path, *, form: str, version: int) -> tuple[dict[str, Any], str]:
    """The document without its checksum, and the checksum."""
    text = metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelFileError(f"{str(path)!r} is a safetensors file, but lstmgen did not write it", remedy=_REMEDY)
    if len(text) > limits.MAX_DOCUMENT_BYTES:
        raise ModelFileError(
            f"the description in {str(path)!r} has {counted(len(text), 'byte')}, at most {limits.MAX_DOCUMENT_BYTES:,} are read",
            remedy=_DAMAGED,
        )
    document = _parse(text.encode("utf-8", "surrogatepass"), path, "description")
    found, number = document.get("format"), document.get("version")
    if found != form:
        raise ModelFileError(f"{str(path)!r} holds {ascii(found)[:60]}, expected {form!r}", remedy=_REMEDY)
    if type(number) is not int or number < 1:
        raise ModelFileError(f"{str(path)!r} has the format version {ascii(number)[:40]}, expected a whole number", remedy=_DAMAGED)
    if number > version:
        raise ModelFileError(
            f"{str(path)!r} has format version {str(number)[:40]}, this lstmgen reads up to version {version}",
            remedy="use a newer lstmgen: pip install --upgrade lstmgen",
        )
    sha256 = document.pop("sha256", None)
    if not isinstance(sha256, str):
        raise ModelFileError(f"{str(path)!r} is damaged: it has no checksum", remedy=_DAMAGED)
    return document, sha256


def _entries(table: dict[str, Any], path: Path) -> dict[str, Entry]:
    """Every tensor of the header; safetensors finds whether types are known, bytes fit shapes, and all together fill the file."""
    try:
        with machine_errors("read", path), safetensors.safe_open(path, framework="numpy"):
            pass
    except safetensors.SafetensorError as error:
        raise _damaged(error, path) from error
    for name, values in table.items():
        # safetensors also takes lists for objects, passes over keys that it does not know, and has types that torch cannot count with.
        if not isinstance(values, dict) or len(values) != 3 or values["dtype"] not in _TYPES or len(values["shape"]) > _MAX_DIMENSIONS:
            message = f"the tensor {ascii(name)[:60]} in {str(path)!r} is described as {ascii(values)[:120]}, which lstmgen never writes"
            raise ModelFileError(message, remedy=_DAMAGED)
    return {name: Entry(values["dtype"], tuple(values["shape"])) for name, values in table.items()}


def _damaged(error: Exception, path: Path) -> ModelFileError:
    said = ascii(str(error).removeprefix("Error while deserializing header: "))[:200]
    return ModelFileError(f"{str(path)!r} is damaged or cut off: safetensors found {said}", remedy=_DAMAGED)


def _other_kind(path: Path, start: bytes) -> ModelFileError:
    """The error for a file that is no safetensors file, naming what it seems to be."""
    kind = next((words for magic, words in _KINDS if start.startswith(magic)), None)
    if kind is None:
        kind = "an empty file" if not start else "text" if _is_text(start) else "something else, or a damaged file"
    return ModelFileError(f"{str(path)!r} is not a model file: expected safetensors, found {kind}", remedy=_REMEDY)


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    return len(text.encode()) >= len(start) - 3 and all(character.isprintable() or character in "\n\r\t\f" for character in text)
