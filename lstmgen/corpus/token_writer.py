"""Documents and scores to token files, in one pass and bounded memory; a file appears only when it is complete."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lstmgen import limits, storage
from lstmgen.choices import OovPolicy
from lstmgen.corpus.token_file import MAGIC, PREFIX, VERSION, smallest_dtype, starts_offset
from lstmgen.errors import CorpusError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Tokenizer
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.tunes.base import ScoreTokenizer
from lstmgen.media.tokenizers import fingerprint
from lstmgen.music.score import Score


def write_token_file(
    path: Path,
    pieces: Iterable[Iterable[str]],
    tokenizer: TextTokenizer,
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
        writer = _Writer(stream, tokenizer)
        measures = {"chars": 0, "bytes": 0}
        for document in pieces:
            writer.begin_document()
            for text in _stretches(document, tokenizer):
                writer.add_ids(tokenizer.encode(text, oov=oov))
                num_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
                measures["chars"] += len(text)
                measures["bytes"] += num_bytes
                if progress is not None:
                    progress(num_bytes)
        writer.finish(corpus_sha256=corpus_sha256, part=part, measures=measures)

    storage.atomic_write(path, write)


def write_score_file(
    path: Path,
    scores: Iterable[Score],
    tokenizer: ScoreTokenizer,
    *,
    corpus_sha256: str,
    part: str,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Encode scores into a token file; it appears only when it is complete.

    Args:
        path: the target; its folder must exist.
        scores: as they are to be learned.
        tokenizer: what encodes.
        corpus_sha256: hash of the collection, for the header.
        part: `train` or `val`, for the header.
        progress: called with the notes of each score that was encoded.

    Raises:
        CorpusError: there is no score.
        MachineError: the file cannot be written.
    """

    def write(stream: BinaryIO) -> None:
        writer = _Writer(stream, tokenizer)
        notes, frames, seconds = 0, 0, 0.0
        for score in scores:
            ids = tokenizer.encode(score)
            writer.begin_document()
            writer.add_ids(ids)
            measures = tokenizer.measure(ids)
            notes, seconds, frames = notes + measures.notes, seconds + measures.seconds, frames + (measures.frames or 0)
            if progress is not None:
                progress(len(score.notes))
        measured = {"notes": notes, "seconds": round(seconds, 3)} | ({"frames": frames} if frames else {})
        writer.finish(corpus_sha256=corpus_sha256, part=part, measures=measured)

    storage.atomic_write(path, write)


class _Writer:
    """Ids as they come, then the starts, then the header into the room that was left for it."""

    def __init__(self, stream: BinaryIO, tokenizer: Tokenizer) -> None:
        self._stream = stream
        self._tokenizer = tokenizer
        self._dtype = smallest_dtype(tokenizer.vocab_size)
        self._starts = array("Q")
        self._digest = hashlib.sha256()
        self._count = 0
        stream.write(bytes(limits.TOKEN_HEADER_BYTES))

    def begin_document(self) -> None:
        self._starts.append(self._count)
        self._write(np.array([BOUNDARY_ID]))

    def add_ids(self, ids: Ids) -> None:
        if ids.size and (int(ids.min()) <= BOUNDARY_ID or int(ids.max()) >= self._tokenizer.vocab_size):
            raise ValueError(f"the tokenizer {self._tokenizer.name} gave ids outside 1 .. {self._tokenizer.vocab_size - 1}")
        self._write(ids)

    def _write(self, ids: Ids) -> None:
        content = ids.astype(self._dtype).tobytes()
        self._digest.update(content)
        self._stream.write(content)
        self._count += len(ids)

    def finish(self, *, corpus_sha256: str, part: str, measures: Mapping[str, float]) -> None:
        if not self._starts:
            raise CorpusError("there is no document to write into a token file", remedy="name a source that holds text or music")
        starts = np.array(self._starts, "<u8").tobytes()
        header = {
            "dtype": self._dtype.name,
            "count": self._count,
            "documents": len(self._starts),
            "measures": dict(measures),
            "vocab_size": self._tokenizer.vocab_size,
            "part": part,
            "tokenizer": self._tokenizer.name,
            "tokenizer_sha256": fingerprint(self._tokenizer),
            "corpus_sha256": corpus_sha256,
            "ids_sha256": self._digest.hexdigest(),
            "starts_sha256": hashlib.sha256(starts).hexdigest(),
        }
        self._stream.write(bytes(starts_offset(header) - limits.TOKEN_HEADER_BYTES - self._count * self._dtype.itemsize))
        self._stream.write(starts)
        self._stream.seek(0)
        text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
        self._stream.write(PREFIX.pack(MAGIC, VERSION, len(text)) + text)


def _stretches(chunks: Iterable[str], tokenizer: TextTokenizer) -> Iterator[str]:
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
