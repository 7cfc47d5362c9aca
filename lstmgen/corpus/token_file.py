"""Token ids on disk, in the smallest dtype, with a header that says what they are made of.

They are read where they are needed, and not mapped: a file that becomes shorter while it is in use is an error like any other, and not the
death of the process. The format is described in docs/formats.md. `token_writer.py` makes such files, `prepared.py` keeps them in the cache.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import struct
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits, strict_json
from lstmgen.errors import CorpusError
from lstmgen.opening import open_regular
from lstmgen.schema import SchemaError, number, table, text, whole
from lstmgen.strict_json import StrictJsonError
from lstmgen.wording import counted

MAGIC: Final = b"\x93LSTMTOK"
VERSION: Final = 3

PREFIX: Final = struct.Struct("<8sII")
"""Magic, version, length of the JSON."""
_DTYPES: Final = ("uint8", "uint16", "uint32")
_HEADER: Final = table(
    {
        "dtype": text(),
        "count": whole(1),
        "documents": whole(1),
        "measures": table({}, others=True),
        "vocab_size": whole(2, limits.MAX_VOCABULARY),
        "part": text(),
        "tokenizer": text(),
        "tokenizer_sha256": text(),
        "corpus_sha256": text(),
        "ids_sha256": text(),
        "starts_sha256": text(),
        "sha256": text(),
    }
)
_AMOUNT: Final = number(0)
_NEAR: Final = 1024
"""Ids that lie no further apart are read together."""
_PIECE: Final = 2**17
"""Ids that are verified at a time."""
_REBUILD: Final = "delete the file; it is built again when it is needed"


class StoredIds:
    """Ids that lie in a file, read where they are asked for; indexed like an array, by a slice or by whole numbers of any shape.

    Args:
        path: of the file; it is held open, so a new file that takes its place changes nothing.
        descriptor: of the file; closed with this object.
        dtype: of the ids.
        count: of the ids.
        vocab_size: ids lie below it.
    """

    def __init__(self, path: Path, descriptor: int, *, dtype: np.dtype[Any], count: int, vocab_size: int) -> None:
        self.dtype = dtype
        self._path = path
        self._descriptor = descriptor
        self._count = count
        self._vocab_size = vocab_size
        weakref.finalize(self, os.close, descriptor)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, places: slice | NDArray[np.integer]) -> NDArray[Any]:
        """A copy of these ids.

        Raises:
            CorpusError: the file has become shorter, or holds others than it did.
        """
        if isinstance(places, slice):
            begin, end, step = places.indices(self._count)
            return self._checked(self._read(begin, end))[::step]
        flat = np.asarray(places).ravel(order="F")  # in windows neighbours in time stand in one column
        order = np.argsort(flat, kind="stable")
        ascending = flat[order]
        borders = [0, *(np.flatnonzero(np.diff(ascending) > _NEAR) + 1).tolist(), len(flat)]
        gathered = np.empty(len(flat), self.dtype)
        for first, last in itertools.pairwise(borders if len(flat) else []):
            begin, end = int(ascending[first]), int(ascending[last - 1]) + 1
            block = self._read(begin, end)
            gathered[first:last] = block if end - begin == last - first else block[ascending[first:last] - begin]
        found = np.empty(len(flat), self.dtype)
        found[order] = self._checked(gathered)
        return found.reshape(places.shape, order="F")

    def _read(self, begin: int, end: int) -> NDArray[Any]:
        wanted = max(0, end - begin) * self.dtype.itemsize
        try:
            content = _read_at(self._descriptor, wanted, limits.TOKEN_HEADER_BYTES + begin * self.dtype.itemsize)
        except OSError as error:
            raise CorpusError(f"{self._path}: cannot be read: {(error.strerror or str(error)).lower()}", remedy=_REBUILD) from error
        if len(content) < wanted:
            raise CorpusError(f"{self._path}: the token file became shorter while it was in use", remedy=_REBUILD)
        return np.frombuffer(content, self.dtype)

    def _checked(self, ids: NDArray[Any]) -> NDArray[Any]:
        if len(ids) and int(ids.max()) >= self._vocab_size:
            raise CorpusError(f"{self._path}: the token file has changed while it was in use", remedy=_REBUILD)
        return ids


def _read_at(descriptor: int, size: int, offset: int) -> bytes:
    """So many bytes of a file, fewer at its end."""
    parts: list[bytes] = []
    while size > 0:
        if hasattr(os, "pread"):
            part = os.pread(descriptor, min(size, 2**30), offset)
        else:
            os.lseek(descriptor, offset, os.SEEK_SET)
            part = os.read(descriptor, min(size, 2**30))
        if not part:
            break
        parts.append(part)
        size, offset = size - len(part), offset + len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@dataclass(frozen=True, kw_only=True)
class TokenFile:
    """Ids of one part of a corpus; every document or piece stands as its boundary followed by its ids."""

    path: Path
    ids: StoredIds
    starts: NDArray[np.uint64]
    """Index in `ids` of every document's boundary."""
    header: Mapping[str, Any]

    @property
    def measures(self) -> Mapping[str, float]:
        """What the ids stand for, boundaries not counted, by unit: such as `chars` and `bytes`, or `notes` and `seconds`."""
        return self.header["measures"]

    @staticmethod
    def open(path: Path, *, tokenizer_sha256: str | None = None) -> TokenFile:
        """Open a token file. Header, sizes and starts are checked; the ids are not read, see `verify`.

        Args:
            path: the file.
            tokenizer_sha256: fingerprint of the tokenizer that the ids must come from.

        Raises:
            CorpusError: it is missing, not a token file, of another version, damaged, or made by another tokenizer.
        """
        try:
            with open_regular(path) as stream:
                header = _parse_header(path, stream.read(limits.TOKEN_HEADER_BYTES))
                size_bytes = stream.seek(0, os.SEEK_END)
                if size_bytes != _size_bytes(header):
                    raise _damaged(path, f"it has {counted(size_bytes, 'byte')}, and its header says {_size_bytes(header):,}")
                if tokenizer_sha256 not in {None, header["tokenizer_sha256"]}:
                    raise CorpusError(
                        f"{path}: made by the tokenizer {header['tokenizer_sha256']}, expected {tokenizer_sha256}", remedy=_REBUILD
                    )
                starts = _starts(path, _read_at(stream.fileno(), 8 * header["documents"], starts_offset(header)), header)
                dtype = np.dtype(header["dtype"]).newbyteorder("<")
                held = os.dup(stream.fileno())
        except OSError as error:
            raise CorpusError(f"{path}: cannot be opened: {(error.strerror or str(error)).lower()}", remedy=_REBUILD) from error
        ids = StoredIds(path, held, dtype=dtype, count=header["count"], vocab_size=header["vocab_size"])
        return TokenFile(path=path, ids=ids, starts=starts, header=header)

    @property
    def ids_bytes(self) -> int:
        """The size of the ids."""
        return len(self.ids) * self.ids.dtype.itemsize

    def verify(self) -> None:
        """Read all ids and compare them with their hash in the header.

        Raises:
            CorpusError: they have changed since they were written.
        """
        digest = hashlib.sha256()
        for begin in range(0, len(self.ids), _PIECE):
            digest.update(self.ids[begin : begin + _PIECE].data)
        if digest.hexdigest() != self.header["ids_sha256"]:
            raise _damaged(self.path, "its ids do not have the hash that its header says")


def _starts(path: Path, content: bytes, header: Mapping[str, Any]) -> NDArray[np.uint64]:
    if hashlib.sha256(content).hexdigest() != header["starts_sha256"]:
        raise _damaged(path, "its starts do not have the hash that its header says")
    starts = np.frombuffer(content, "<u8")
    if starts[0] != 0 or starts[-1] >= header["count"] or not (starts[1:] > starts[:-1]).all():
        raise _damaged(path, "its documents do not begin one behind the other")
    return starts


def sealed(header: Mapping[str, Any]) -> dict[str, Any]:
    """A header with its own checksum, as `sha256`."""
    return {**header, "sha256": hashlib.sha256(strict_json.dumps(header).encode()).hexdigest()}


def smallest_dtype(vocab_size: int) -> np.dtype[Any]:
    """The smallest unsigned little-endian dtype that holds ids below `vocab_size`."""
    return next(np.dtype(name).newbyteorder("<") for name in _DTYPES if vocab_size - 1 <= np.iinfo(name).max)


def starts_offset(header: Mapping[str, Any]) -> int:
    """Where the starts begin: behind the ids, at the next multiple of eight."""
    end = limits.TOKEN_HEADER_BYTES + header["count"] * np.dtype(header["dtype"]).itemsize
    return end + -end % 8


def _size_bytes(header: Mapping[str, Any]) -> int:
    return starts_offset(header) + 8 * header["documents"]


def _parse_header(path: Path, head: bytes) -> dict[str, Any]:
    if not head.startswith(MAGIC):
        raise CorpusError(f"{path}: not a token file", remedy="name a file that lstmgen wrote into its cache")
    if len(head) < limits.TOKEN_HEADER_BYTES:
        raise _damaged(path, "it ends within its header")
    _, version, length = PREFIX.unpack_from(head)
    if version != VERSION:
        raise CorpusError(f"{path}: token file of version {version}, expected {VERSION}", remedy=_REBUILD)
    try:
        header: Any = strict_json.loads(head[PREFIX.size : PREFIX.size + length])
        _HEADER(header, "its header")
        for unit, amount in header["measures"].items():
            _AMOUNT(amount, f"the amount of {unit}")
    except (StrictJsonError, SchemaError) as error:
        raise _damaged(path, str(error)) from error
    if sealed({name: value for name, value in header.items() if name != "sha256"}) != header:
        raise _damaged(path, "its header does not have the checksum that it was written with")
    if header["dtype"] not in _DTYPES or header["documents"] > header["count"]:
        raise _damaged(path, "its header makes no sense")
    return header


def _damaged(path: Path, why: str) -> CorpusError:
    return CorpusError(f"{path}: the token file is damaged: {why}", remedy=_REBUILD)
