"""Token ids on disk: memory-mapped, in the smallest dtype, with a header that says what they are made of.

The format is described in docs/formats.md. A token file is built in one pass and bounded memory, appears only when it is complete, and
is kept in the cache under a name made from its text and its tokenizer, so that a second run starts at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits, storage
from lstmgen.corpus.sources import Corpus
from lstmgen.corpus.splits import Span, spans
from lstmgen.errors import CorpusError, MachineError
from lstmgen.tokenizers import fingerprint
from lstmgen.tokenizers.base import BOUNDARY_ID, Ids, OovPolicy, Tokenizer

MAGIC: Final = b"\x93LSTMTOK"
VERSION: Final = 1

_PREFIX: Final = struct.Struct("<8sII")
"""Magic, version, length of the JSON."""
_DTYPES: Final = ("uint8", "uint16", "uint32")
_FIELDS: Final[Mapping[str, type]] = {
    "dtype": str,
    "count": int,
    "documents": int,
    "chars": int,
    "bytes": int,
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
    """Ids of one part of a corpus, memory-mapped and read-only; every document stands as its boundary followed by its ids."""

    path: Path
    ids: NDArray[Any]
    """One-dimensional; uint8, uint16 or uint32."""
    starts: NDArray[np.uint64]
    """Index in `ids` of every document's boundary."""
    header: Mapping[str, Any]

    @property
    def chars(self) -> int:
        """Characters of the text, boundaries not counted."""
        return int(self.header["chars"])

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of the text, boundaries not counted."""
        return int(self.header["bytes"])

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
            with path.open("rb") as stream:
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
            starts = np.memmap(path, "<u8", "r", offset=_starts_offset(header), shape=(header["documents"],))
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


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A corpus as token files."""

    train: TokenFile
    val: TokenFile | None
    """None when nothing is held out."""
    cached: bool
    """Whether they were there already."""


def write_token_file(
    path: Path,
    pieces: Iterable[Iterable[str]],
    tokenizer: Tokenizer,
    *,
    corpus_sha256: str,
    part: str,
    oov: OovPolicy = "error",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Encode documents into a token file, in one pass and bounded memory; the file appears only when it is complete.

    Args:
        path: the target; its folder must exist.
        pieces: for every document its text in chunks.
        tokenizer: what encodes; its `safe_cut` says where a document may be encoded in parts. A document in which it finds no place
            within `limits.MAX_UNCUT_CHARS` is cut there all the same.
        corpus_sha256: hash of the corpus, for the header.
        part: `train` or `val`, for the header.
        oov: what to do with symbols without an id.
        progress: called with the UTF-8 bytes of each stretch of text that was encoded.

    Raises:
        CorpusError: there is no document.
        UnseenSymbolError: the tokenizer cannot express a symbol and `oov` is `error`.
        MachineError: the file cannot be written.
    """

    def write(stream: BinaryIO) -> None:
        writer = _Writer(stream, tokenizer, oov=oov, progress=progress)
        for document in pieces:
            writer.add_document(document)
        writer.finish(corpus_sha256=corpus_sha256, part=part)

    storage.atomic_write(path, write)


def prepare(
    corpus: Corpus,
    tokenizer: Tokenizer,
    *,
    val_frac: float,
    val: Corpus | None = None,
    cache: Path,
    fallback: Path | None = None,
    oov: OovPolicy = "error",
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """The token files of a corpus: those in the cache where they are there and sound, else new ones.

    Args:
        corpus: the text.
        tokenizer: what encodes it.
        val_frac: share of every document's characters, at its end, that is held out; see `splits.split_at`.
        val: a separate corpus to validate on; then nothing of `corpus` is held out.
        cache: the files go to `cache/tokens/KEY/`.
        fallback: used in the same way when the cache cannot be written.
        oov: what to do with symbols without an id.
        progress: called with (bytes of text encoded, bytes in all).

    Raises:
        CorpusError: a source has changed or gone since it was gathered.
        UnseenSymbolError: the tokenizer cannot express a symbol and `oov` is `error`.
        MachineError: neither the cache nor the fallback can be written.
        UsageError: `val_frac` is out of range.
    """
    training, validation = spans(corpus, 0.0 if val else val_frac)
    parts = {"train": (corpus, training), "val": (val or corpus, spans(val, 0.0)[0] if val else validation)}
    parts = {name: part for name, part in parts.items() if part[1]}
    tokenizer_sha256 = fingerprint(tokenizer)
    identity: dict[str, Any] = {
        "version": VERSION,
        "corpus": corpus.sha256,
        "tokenizer": tokenizer_sha256,
        "val": val.sha256 if val else None,
        "val_frac": None if val else float(val_frac),
        "oov": oov,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
    folders = [base / "tokens" / key for base in (cache, fallback) if base is not None]
    total = corpus.bytes + (val.bytes if val else 0)
    for folder in folders:
        with contextlib.suppress(CorpusError):
            prepared = _open_parts(folder, parts, tokenizer_sha256, cached=True)
            _metered(total, progress)(total)
            return prepared
    try:
        _build(folders[0], parts, tokenizer, oov=oov, progress=_metered(total, progress))
    except MachineError:
        if fallback is None:
            raise
        _build(folders[-1], parts, tokenizer, oov=oov, progress=_metered(total, progress))
        return _open_parts(folders[-1], parts, tokenizer_sha256, cached=False)
    return _open_parts(folders[0], parts, tokenizer_sha256, cached=False)


_Parts = Mapping[str, tuple[Corpus, tuple[Span, ...]]]


def _open_parts(folder: Path, parts: _Parts, tokenizer_sha256: str, *, cached: bool) -> Prepared:
    """Raises CorpusError where a file is missing, damaged, or not what its name says."""
    opened: dict[str, TokenFile] = {}
    for name, (corpus, _) in parts.items():
        tokens = TokenFile.open(_file(folder, name), tokenizer_sha256=tokenizer_sha256)
        if (tokens.header["part"], tokens.header["corpus_sha256"]) != (name, corpus.sha256):
            raise _damaged(tokens.path, "it holds another text")
        if tokens.ids.nbytes <= limits.VERIFY_TOKENS_BYTES:
            tokens.verify()
        opened[name] = tokens
    return Prepared(train=opened["train"], val=opened.get("val"), cached=cached)


def _build(folder: Path, parts: _Parts, tokenizer: Tokenizer, *, oov: OovPolicy, progress: Callable[[int], None]) -> None:
    storage.make_folder(folder)
    storage.remove_leftovers(folder)
    try:
        for name, (corpus, held) in parts.items():
            pieces = (corpus.read(span.document, span.start, span.stop) for span in held)
            path = _file(folder, name)
            write_token_file(path, pieces, tokenizer, corpus_sha256=corpus.sha256, part=name, oov=oov, progress=progress)
    except BaseException:
        # a source that changed is noticed at its end, when the training part is written already
        for name in parts:
            with contextlib.suppress(OSError):
                _file(folder, name).unlink(missing_ok=True)
        raise


def _file(folder: Path, part: str) -> Path:
    return folder / f"{part}.tokens"


def _metered(total: int, report: Callable[[int, int], None] | None) -> Callable[[int], None]:
    """Turns the bytes of each stretch into (bytes done, bytes in all)."""
    done = 0

    def advance(num_bytes: int) -> None:
        nonlocal done
        done += num_bytes
        if report is not None:
            report(done, total)

    return advance


class _Writer:
    """Ids as they come, then the starts, then the header into the room that was left for it."""

    def __init__(self, stream: BinaryIO, tokenizer: Tokenizer, *, oov: OovPolicy, progress: Callable[[int], None] | None) -> None:
        self._stream = stream
        self._tokenizer = tokenizer
        self._oov: OovPolicy = oov
        self._progress = progress
        self._dtype = smallest_dtype(tokenizer.vocab_size)
        self._starts = array("Q")
        self._digest = hashlib.sha256()
        self._count = self._chars = self._bytes = 0
        stream.write(bytes(limits.TOKEN_HEADER_BYTES))

    def add_document(self, chunks: Iterable[str]) -> None:
        self._starts.append(self._count)
        self._add_ids(np.array([BOUNDARY_ID]))
        for text in _stretches(chunks, self._tokenizer):
            ids = self._tokenizer.encode(text, oov=self._oov)
            if ids.size and (int(ids.min()) <= BOUNDARY_ID or int(ids.max()) >= self._tokenizer.vocab_size):
                raise ValueError(f"the tokenizer {self._tokenizer.name} gave ids outside 1 .. {self._tokenizer.vocab_size - 1}")
            self._add_ids(ids)
            num_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
            self._chars += len(text)
            self._bytes += num_bytes
            if self._progress is not None:
                self._progress(num_bytes)

    def _add_ids(self, ids: Ids) -> None:
        content = ids.astype(self._dtype).tobytes()
        self._digest.update(content)
        self._stream.write(content)
        self._count += len(ids)

    def finish(self, *, corpus_sha256: str, part: str) -> None:
        if not self._starts:
            raise CorpusError("there is no document to write into a token file", remedy="name a source that holds text")
        starts = np.array(self._starts, "<u8").tobytes()
        header = {
            "dtype": self._dtype.name,
            "count": self._count,
            "documents": len(self._starts),
            "chars": self._chars,
            "bytes": self._bytes,
            "vocab_size": self._tokenizer.vocab_size,
            "part": part,
            "tokenizer": self._tokenizer.name,
            "tokenizer_sha256": fingerprint(self._tokenizer),
            "corpus_sha256": corpus_sha256,
            "ids_sha256": self._digest.hexdigest(),
            "starts_sha256": hashlib.sha256(starts).hexdigest(),
        }
        self._stream.write(bytes(_starts_offset(header) - limits.TOKEN_HEADER_BYTES - self._count * self._dtype.itemsize))
        self._stream.write(starts)
        self._stream.seek(0)
        text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
        self._stream.write(_PREFIX.pack(MAGIC, VERSION, len(text)) + text)


def _stretches(chunks: Iterable[str], tokenizer: Tokenizer) -> Iterator[str]:
    """The text of a document in stretches whose ids, one after the other, are the ids of the whole."""
    held = ""
    fresh: list[str] = []
    fresh_chars = 0
    for chunk in chunks:
        fresh.append(chunk)
        fresh_chars += len(chunk)
        if fresh_chars < limits.READ_CHUNK_BYTES // 16:  # many small chunks must not be joined over and over
            continue
        held = "".join((held, *fresh))
        fresh, fresh_chars = [], 0
        cut = tokenizer.safe_cut(held)
        if not cut and len(held) >= limits.MAX_UNCUT_CHARS:
            cut = len(held)
        if cut:
            yield held[:cut]
            held = held[cut:]
    held = "".join((held, *fresh))
    if held:
        yield held


def smallest_dtype(vocab_size: int) -> np.dtype[Any]:
    """The smallest unsigned little-endian dtype that holds ids below `vocab_size`."""
    return next(np.dtype(name).newbyteorder("<") for name in _DTYPES if vocab_size - 1 <= np.iinfo(name).max)


def _starts_offset(header: Mapping[str, Any]) -> int:
    """Behind the ids, at the next multiple of eight."""
    end = limits.TOKEN_HEADER_BYTES + header["count"] * np.dtype(header["dtype"]).itemsize
    return end + -end % 8


def _size_bytes(header: Mapping[str, Any]) -> int:
    return _starts_offset(header) + 8 * header["documents"]


def _parse_header(path: Path, head: bytes) -> dict[str, Any]:
    if not head.startswith(MAGIC):
        raise CorpusError(f"{path}: not a token file", remedy="name a file that lstmgen wrote into its cache")
    if len(head) < limits.TOKEN_HEADER_BYTES:
        raise _damaged(path, "it ends within its header")
    _, version, length = _PREFIX.unpack_from(head)
    if version != VERSION:
        raise CorpusError(f"{path}: token file of version {version}, expected {VERSION}", remedy=_REBUILD)
    try:
        found: Any = json.loads(head[_PREFIX.size : _PREFIX.size + length])
    except (ValueError, RecursionError):
        raise _damaged(path, "its header is not JSON") from None
    header = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if any(type(header.get(name)) is not kind for name, kind in _FIELDS.items()):
        raise _damaged(path, "its header lacks what it must hold")
    if header["dtype"] not in _DTYPES or not 0 < header["documents"] <= header["count"] or min(header["chars"], header["bytes"]) < 0:
        raise _damaged(path, "its header makes no sense")
    return header


def _damaged(path: Path, why: str) -> CorpusError:
    return CorpusError(f"{path}: the token file is damaged: {why}", remedy=_REBUILD)
