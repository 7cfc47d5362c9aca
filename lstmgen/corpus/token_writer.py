"""Ids of documents to token files, in one pass and bounded memory; a file appears only when it is complete."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from lstmgen import limits, storage, strict_json
from lstmgen.corpus.token_file import MAGIC, PREFIX, VERSION, sealed, smallest_dtype, starts_offset
from lstmgen.errors import CorpusError
from lstmgen.ids import BOUNDARY_ID, Ids

_MEASURE_DECIMALS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What makes the ids.

    Attributes:
        name: of the tokenizer.
        vocab_size: number of ids, the boundary included.
        sha256: fingerprint of the tokenizer.
    """

    name: str
    vocab_size: int
    sha256: str


@dataclass(frozen=True)
class Stretch:
    """Consecutive ids of one document.

    Attributes:
        ids: without any boundary.
        measures: what they stand for, by unit (`chars`, `bytes`; `notes`, `seconds`, `frames`); the header holds the sums.
        work: how much was done, in the unit of the progress.
    """

    ids: Ids
    measures: Mapping[str, float]
    work: int


def write_token_file(
    path: Path,
    documents: Iterable[Iterable[Stretch]],
    encoding: Encoding,
    *,
    corpus_sha256: str,
    part: str,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write the ids of documents, in one pass and bounded memory; the file appears only when it is complete.

    Args:
        path: the target; its folder must exist.
        documents: the ids of every document, one stretch after the other.
        encoding: what made the ids, for the header.
        corpus_sha256: hash of what the ids were made from, for the header.
        part: `train` or `val`, for the header.
        progress: called with the work of each stretch.

    Raises:
        CorpusError: there is no document.
        MachineError: the file cannot be written.
        ValueError: an id is none of the encoding's, or the boundary.
    """

    def write(stream: BinaryIO) -> None:
        writer = _Writer(stream, encoding)
        for document in documents:
            writer.begin_document()
            for stretch in document:
                writer.add(stretch)
                if progress is not None:
                    progress(stretch.work)
        writer.finish(corpus_sha256=corpus_sha256, part=part)

    storage.atomic_write(path, write)


class _Writer:
    """Ids as they come, then the starts, then the header into the room that was left for it."""

    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        self._stream = stream
        self._encoding = encoding
        self._dtype = smallest_dtype(encoding.vocab_size)
        self._measures: dict[str, float] = {}
        self._starts = array("Q")
        self._digest = hashlib.sha256()
        self._count = 0
        stream.write(bytes(limits.TOKEN_HEADER_BYTES))

    def begin_document(self) -> None:
        self._starts.append(self._count)
        self._write(np.array([BOUNDARY_ID]))

    def add(self, stretch: Stretch) -> None:
        ids, encoding = stretch.ids, self._encoding
        if ids.size and (int(ids.min()) <= BOUNDARY_ID or int(ids.max()) >= encoding.vocab_size):
            raise ValueError(f"the tokenizer {encoding.name} gave ids outside 1 .. {encoding.vocab_size - 1}")
        self._write(ids)
        for unit, amount in stretch.measures.items():
            self._measures[unit] = self._measures.get(unit, 0) + amount

    def _write(self, ids: Ids) -> None:
        content = ids.astype(self._dtype).tobytes()
        self._digest.update(content)
        self._stream.write(content)
        self._count += len(ids)

    def finish(self, *, corpus_sha256: str, part: str) -> None:
        if not self._starts:
            raise CorpusError("there is no document to write into a token file", remedy="name a source that holds text or music")
        starts = np.array(self._starts, "<u8").tobytes()
        header = {
            "dtype": self._dtype.name,
            "count": self._count,
            "documents": len(self._starts),
            "measures": {unit: round(amount, _MEASURE_DECIMALS) for unit, amount in self._measures.items()},
            "vocab_size": self._encoding.vocab_size,
            "part": part,
            "tokenizer": self._encoding.name,
            "tokenizer_sha256": self._encoding.sha256,
            "corpus_sha256": corpus_sha256,
            "ids_sha256": self._digest.hexdigest(),
            "starts_sha256": hashlib.sha256(starts).hexdigest(),
        }
        self._stream.write(bytes(starts_offset(header) - limits.TOKEN_HEADER_BYTES - self._count * self._dtype.itemsize))
        self._stream.write(starts)
        self._stream.seek(0)
        text = strict_json.dumps(sealed(header)).encode()
        self._stream.write(PREFIX.pack(MAGIC, VERSION, len(text)) + text)
