"""The container of model files and run states: a safetensors file whose metadata holds one JSON document and a checksum of everything.

    8 bytes         length of the header, little endian
    header          JSON: for each tensor its type, shape and place; and the metadata, text to text
    data            the tensors, without gaps

The metadata has one key, `lstmgen`, whose value is the document. `docs/formats.md` describes it. Reading goes from the cheap to the
costly: kind of file, size, header as JSON, document, types, shapes and places of the tensors; nothing is allocated for tensors before all
of that is right. The data is read once, in pieces, for the checksum and into the tensors where they are wanted, so that no file takes more
memory than its tensors, and what is verified is what is used. torch is loaded only where tensors are.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits, strict_json
from lstmgen.errors import MachineError, ModelFileError
from lstmgen.opening import NotRegularError, open_regular
from lstmgen.schema import SchemaError, list_of, table, text, whole
from lstmgen.storage import machine_errors
from lstmgen.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY: Final = "lstmgen"
LENGTH_BYTES: Final = 8
TORCH_NAMES: Final = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
}
"""Types of numbers by safetensors' name, and torch's."""
_BYTES: Final = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "I8": 1, "U8": 1}
_EXPONENTS: Final = {"F64": ("<u8", 0x7FF << 52), "F32": ("<u4", 0xFF << 23), "F16": ("<u2", 0x1F << 10), "BF16": ("<u2", 0xFF << 7)}
"""Of floating-point types, the bits that are all set where a number is not finite."""
_IN_FP32: Final[dict[str, Callable[[NDArray[np.uint8]], NDArray[np.float32]]]] = {
    "F32": lambda content: content.view(np.float32),
    "F16": lambda content: content.view(np.float16).astype(np.float32),
    "BF16": lambda content: (content.view(np.uint16).astype(np.uint32) << 16).view(np.float32),
}
"""Exact."""
_NAME: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_ENTRY: Final = table({"dtype": text(), "shape": list_of(whole(), at_most=8), "data_offsets": list_of(whole(), exactly=2)})
CHUNK_BYTES: Final = 2**20
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
    """One tensor in the header: safetensors' name of its type, its shape, and where its bytes begin and end in the data."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """What a file says of itself, checked as far as that is possible without reading its tensors.

    Attributes:
        entries: every tensor by name.
        document: the JSON document, its checksum taken out.
        sha256: the checksum that the file claims.
        file_bytes: size of the whole file.
        data_begin: where the data begins.
    """

    entries: dict[str, Entry]
    document: dict[str, Any]
    sha256: str
    file_bytes: int
    data_begin: int


def open_file(path: Path, *, at_most: int = limits.MAX_MODEL_FILE_BYTES, what: str = "a model file") -> BufferedReader:
    """A file of a run, open for reading: regular, no link, of bounded size.

    Args:
        path: of the file.
        at_most: bytes that it may have.
        what: is expected, for messages.

    Raises:
        ModelFileError: it is missing, something else, or too large.
        MachineError: the machine does not let it be read.
    """
    with machine_errors("read", path):
        try:
            stream = open_regular(path, follow=False)
        except NotRegularError as error:
            found = str(error.strerror).partition(",")[0]
            raise ModelFileError(f"{str(path)!r} is {found}, expected {what}", remedy=_REMEDY) from error
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise ModelFileError(f"there is no file {str(path)!r}", remedy=_REMEDY) from error
        size = os.fstat(stream.fileno()).st_size
        if size > at_most:
            stream.close()
            raise ModelFileError(f"{str(path)!r} has {counted(size, 'byte')}, at most {at_most:,} are read", remedy=_REMEDY)
        return stream


def read_header(stream: BufferedReader, path: Path, *, form: str, version: int) -> Header:
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
        start = stream.read(LENGTH_BYTES + 1)
        file_bytes = os.fstat(stream.fileno()).st_size
        length = int.from_bytes(start[:LENGTH_BYTES], "little")
        if len(start) <= LENGTH_BYTES or start[LENGTH_BYTES:] != b"{":
            raise _other_kind(path, start + stream.read(1000))
        room = file_bytes - LENGTH_BYTES - length
        at_most = min(limits.MAX_MODEL_HEADER_BYTES, limits.MIN_MODEL_HEADER_BYTES + limits.MAX_HEADER_SHARE * max(0, room))
        if room < 0 or length > at_most:
            raise ModelFileError(
                f"{str(path)!r} is damaged or cut off: its header claims {counted(length, 'byte')}, the file has {file_bytes:,}, "
                f"and at most {at_most:,} are read",
                remedy=_DAMAGED,
            )
        header = b"{" + stream.read(length - 1)
    data_begin = LENGTH_BYTES + length
    data_bytes = file_bytes - data_begin
    # The header and the metadata are objects; a tensor is one, with two lists.
    described = _parse(header, path, "header", max_containers=2 + 3 * limits.MAX_TENSORS, max_values=16 * limits.MAX_TENSORS)
    # An id has an entry or two in the tokenizer and at least three numbers in the tensors, so an honest document is no larger than these.
    max_values = limits.MIN_DOCUMENT_VALUES + data_bytes // 3
    document, sha256 = _document(described.pop("__metadata__", None), path, form=form, version=version, max_values=max_values)
    return Header(_entries(described, path, data_bytes), document, sha256, file_bytes, data_begin)


def read_tensors(stream: BufferedReader, header: Header, path: Path) -> dict[str, Tensor]:
    """Every tensor, verified.

    Raises:
        ModelFileError: as `verify`.
        MachineError: there is not enough memory, or the file cannot be read.
    """
    import torch

    room = _room(header, path, lambda size: torch.empty(size, dtype=torch.uint8))
    verify(stream, header, path, into={name: tensor.numpy().data for name, tensor in room.items()})
    types = {name: getattr(torch, TORCH_NAMES[entry.dtype]) for name, entry in header.entries.items()}
    return {name: room[name].view(types[name]).reshape(entry.shape) for name, entry in header.entries.items()}


def read_fp32(stream: BufferedReader, header: Header, path: Path) -> dict[str, NDArray[np.float32]]:
    """The same of a file that holds floating-point numbers of 32 bits or fewer, in fp32 and without torch."""
    room = _room(header, path, lambda size: np.empty(size, dtype=np.uint8))
    verify(stream, header, path, into={name: content.data for name, content in room.items()})
    return {name: _IN_FP32[entry.dtype](room[name]).reshape(entry.shape) for name, entry in header.entries.items()}


def _room(header: Header, path: Path, make: Callable[[int], Any]) -> dict[str, Any]:
    """So many bytes for each tensor. Raises MachineError: there is not enough memory."""
    try:
        return {name: make(entry.end - entry.begin) for name, entry in header.entries.items()}
    except (MemoryError, RuntimeError) as error:
        raise MachineError(
            f"there is not enough memory to read {str(path)!r}, which needs {counted(header.file_bytes, 'byte')}",
            remedy="close other programs, or read it on a machine with more memory",
        ) from error


def verify(stream: BufferedReader, header: Header, path: Path, *, into: Mapping[str, memoryview] | None = None) -> None:
    """Reads the data once, in pieces.

    Args:
        stream: of the file, open.
        header: its header.
        path: for messages.
        into: for every tensor a place of its size to put its bytes; None keeps none.

    Raises:
        ModelFileError: the content does not have the checksum that the file claims, or a number is not finite.
        MachineError: the file cannot be read.
    """
    digest = hashlib.sha256(strict_json.dumps(header.document).encode())
    scratch, endless = memoryview(bytearray(CHUNK_BYTES)), ""
    with machine_errors("read", path):
        for name in sorted(header.entries):
            entry = header.entries[name]
            digest.update(f"\n{name}\ntorch.{TORCH_NAMES[entry.dtype]} {list(entry.shape)}\n".encode())
            stream.seek(header.data_begin + entry.begin)
            for at in range(0, entry.end - entry.begin, CHUNK_BYTES):
                size = min(CHUNK_BYTES, entry.end - entry.begin - at)
                chunk = scratch[:size] if into is None else into[name][at : at + size]
                if stream.readinto(chunk) < size:
                    raise ModelFileError(f"{str(path)!r} became shorter while it was read", remedy=_DAMAGED)
                digest.update(chunk)
                if not endless and not is_finite(chunk, entry.dtype):
                    endless = name
    if digest.hexdigest() != header.sha256:
        raise ModelFileError(f"{str(path)!r} is damaged: its content does not have the checksum that it was saved with", remedy=_DAMAGED)
    if endless:
        raise ModelFileError(f"the tensor {endless!r} in {str(path)!r} holds a number that is not finite", remedy=_DAMAGED)


def is_finite(chunk: memoryview, dtype: str) -> bool:
    """Whether every number is, of a type by safetensors' name."""
    if dtype not in _EXPONENTS:
        return True
    whole, exponent = _EXPONENTS[dtype]
    bits = np.frombuffer(chunk, whole)
    return not ((bits & bits.dtype.type(exponent)) == exponent).any()


def _parse(text: bytes, path: Path, what: str, **bounds: int) -> dict[str, Any]:
    try:
        table = strict_json.loads(text, **bounds)
    except strict_json.StrictJsonError as error:
        raise ModelFileError(f"the {what} of {str(path)!r} is damaged: {error}", remedy=_DAMAGED) from error
    if not isinstance(table, dict):
        raise ModelFileError(f"the {what} of {str(path)!r} is damaged: it is no JSON object", remedy=_DAMAGED)
    return table


def _document(metadata: Any, path: Path, *, form: str, version: int, max_values: int) -> tuple[dict[str, Any], str]:
    """The document without its checksum, and the checksum."""
    text = metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelFileError(f"{str(path)!r} is a safetensors file, but lstmgen did not write it", remedy=_REMEDY)
    if len(text) > limits.MAX_DOCUMENT_BYTES:
        raise ModelFileError(
            f"the description in {str(path)!r} has {counted(len(text), 'byte')}, at most {limits.MAX_DOCUMENT_BYTES:,} are read",
            remedy=_DAMAGED,
        )
    document = _parse(text.encode("utf-8", "surrogatepass"), path, "description", max_values=max_values)
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


def _entries(described: dict[str, Any], path: Path, data_bytes: int) -> dict[str, Entry]:
    """Every tensor of the header: the types are ours, the bytes fit the shapes, and all together they fill the data without a gap."""
    entries = {name: _entry(name, values, path, data_bytes) for name, values in described.items()}
    at = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != at:
            raise _damaged(path, f"the data of the tensor {name!r} begins at byte {entry.begin:,}, expected {at:,}")
        at = entry.end
    if at != data_bytes:
        raise _damaged(path, f"its tensors have {counted(at, 'byte')}, its data has {data_bytes:,}")
    return entries


def _entry(name: str, values: Any, path: Path, data_bytes: int) -> Entry:
    shown = f"the tensor {ascii(name)[:60]}"
    if len(name) > limits.MAX_TENSOR_NAME_CHARS or not _NAME.fullmatch(name):
        raise _damaged(path, f"a tensor is called {ascii(name)[:60]}")
    try:
        _ENTRY(values, shown)
    except SchemaError as error:
        raise _damaged(path, str(error)) from error
    dtype, shape, (begin, end) = values["dtype"], values["shape"], values["data_offsets"]
    if dtype not in _BYTES:
        raise _damaged(path, f"{shown} has the type {dtype!a}, which lstmgen never writes")
    if not begin <= end <= data_bytes or math.prod(shape) * _BYTES[dtype] != end - begin:
        raise _damaged(path, f"{shown} of shape {str(shape)[:60]} and type {dtype} does not fit its bytes {begin:,} to {end:,}")
    return Entry(dtype, tuple(shape), begin, end)


def _damaged(path: Path, found: str) -> ModelFileError:
    return ModelFileError(f"{str(path)!r} is damaged or cut off: {found}", remedy=_DAMAGED)


def _other_kind(path: Path, start: bytes) -> ModelFileError:
    """The error for a file that is no safetensors file, naming what it seems to be."""
    kind = next((words for magic, words in _KINDS if start.startswith(magic)), None)
    if kind is None:
        kind = "an empty file" if not start else "text" if _is_text(start) else "something else, or a damaged file"
    return ModelFileError(f"{str(path)!r} is not a model file: expected safetensors, found {kind}", remedy=_REMEDY)


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    return len(text.encode()) >= len(start) - 3 and all(character.isprintable() or character in "\n\r\t\f" for character in text)
