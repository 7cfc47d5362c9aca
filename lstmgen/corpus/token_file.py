"""Token ids on disk: memory-mapped, in the smallest dtype, with a header that says what they are made of.

The format is described in docs/formats.md. `token_writer.py` makes such files, `prepared.py` keeps them in the cache.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.errors import CorpusError
from lstmgen.opening import open_regular

MAGIC: Final = b"\x93LSTMTOK"
VERSION: Final = 2

PREFIX: Final = struct.Struct("<8sII")
"""Magic, version, length of the JSON."""
_DTYPES: Final = ("uint8", "uint16", "uint32")
_FIELDS: Final[Mapping[str, type]] = {
    "dtype": str,
    "count": int,
    "documents": int,
    "measures": dict,
    "vocab_size": int,
    "part": str,
    "tokenizer": str,
    "tokenizer_sha256": str,
    "corpus_sha256": str,
    "ids_sha256": str,
    "starts_sha256": str,
}
_REBUILD: Final = "delete the file; it is built again when it is needed"


@dataclass(frozen=True, kw_only=True)
class TokenFile:
    """Ids of one part of a corpus, memory-mapped and read-only; every document or piece stands as its boundary followed by its ids."""

    path: Path
    ids: NDArray[Any]
    """One-dimensional; uint8, uint16 or uint32."""
    starts: NDArray[np.uint64]
    """Index in `ids` of every document's boundary."""
    header: Mapping[str, Any]

    @property
    def measures(self) -> Mapping[str, float]:
        """What the ids stand for, boundaries not counted, by unit: such as `chars` and `bytes`, or `notes` and `seconds`."""
        return self.header["measures"]

    @staticmethod
    def open(path: Path, *, tokenizer_sha256: str | None = None) -> TokenFile:
        """Map a token file. Header and sizes are checked; the ids are not read, see `verify`.

        Args:
            path: the file.
            tokenizer_sha256: fingerprint of the tokenizer that the ids must come from.

        Raises:
            CorpusError: it is missing, not a token file, of another version, damaged, or made by another tokenizer.
        """
        try:
            with open_regular(path) as stream:
                head = stream.read(limits.TOKEN_HEADER_BYTES)
                size_bytes = stream.seek(0, 2)
            header = _parse_header(path, head)
            if size_bytes != _size_bytes(header):
                raise _damaged(path, f"it has {size_bytes:,} bytes, and its header says {_size_bytes(header):,}")
            if tokenizer_sha256 not in {None, header["tokenizer_sha256"]}:
                raise CorpusError(
                    f"{path}: made by the tokenizer {header['tokenizer_sha256']}, expected {tokenizer_sha256}", remedy=_REBUILD
                )
            ids = np.memmap(
                path, np.dtype(header["dtype"]).newbyteorder("<"), "r", offset=limits.TOKEN_HEADER_BYTES, shape=(header["count"],)
            )
            starts = np.memmap(path, "<u8", "r", offset=starts_offset(header), shape=(header["documents"],))
        except OSError as error:
            raise CorpusError(f"{path}: cannot be opened: {(error.strerror or str(error)).lower()}", remedy=_REBUILD) from error
        return TokenFile(path=path, ids=ids, starts=starts, header=header)

    def verify(self) -> None:
        """Read everything and compare it with the hashes of the header.

        Raises:
            CorpusError: the ids or the starts have changed since they were written.
        """
        for name, content in (("ids", self.ids), ("starts", self.starts)):
            if hashlib.sha256(content.data).hexdigest() != self.header[f"{name}_sha256"]:
                raise _damaged(self.path, f"its {name} do not have the hash that its header says")


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
        found: Any = json.loads(head[PREFIX.size : PREFIX.size + length])
    except (ValueError, RecursionError):
        raise _damaged(path, "its header is not JSON") from None
    header = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if any(type(header.get(name)) is not kind for name, kind in _FIELDS.items()):
        raise _damaged(path, "its header lacks what it must hold")
    if header["dtype"] not in _DTYPES or not 0 < header["documents"] <= header["count"] or not _sensible(header["measures"]):
        raise _damaged(path, "its header makes no sense")
    return header


def _sensible(measures: Mapping[Any, Any]) -> bool:
    return all(type(name) is str and type(amount) in {int, float} and 0 <= amount < float("inf") for name, amount in measures.items())


def _damaged(path: Path, why: str) -> CorpusError:
    return CorpusError(f"{path}: the token file is damaged: {why}", remedy=_REBUILD)
