"""Files to documents: found, read once to check and count them, and read again, in chunks, as normalised text."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

from lstmgen import limits
from lstmgen.choices import ErrorsPolicy
from lstmgen.corpus.locate import Candidate
from lstmgen.corpus.prepared import metered
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.text.decoding import BadByteError, CharacterCounter, Normaliser, Scan, decoded, position_of, scan
from lstmgen.media.text.recognise import RefusedError, require_text
from lstmgen.opening import open_regular
from lstmgen.wording import counted

_NORMALISATION_VERSION: Final = 1
"""Part of a corpus's hash; to be raised when the same bytes would become another text."""
_REASONS_SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class Document:
    """One file; standard input is kept in one."""

    name: str
    """As the user would recognise it; printable."""
    path: Path
    chars: int
    """Characters after normalisation."""
    bytes: int
    """UTF-8 bytes of the normalised text."""
    sha256: str
    """Of the raw bytes."""
    notes: tuple[str, ...] = ()
    """What normalisation changed, for the user to know."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Documents in their order, with all that is needed to read them again in the same way."""

    documents: tuple[Document, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    """Name and reason of every file that was found but is not text."""
    errors: str = "strict"
    """What is done with bytes that are not UTF-8: one of `choices.ErrorsPolicy`."""
    keep_newlines: bool = False
    counts: Mapping[str, int] = field(default_factory=dict[str, int], repr=False)
    """Characters of all documents and how often each occurs, in the order of their code points."""

    @property
    def sha256(self) -> str:
        """Hash of the documents' hashes in order and of the normalisation: equal hashes mean equal texts."""
        identity = {
            "normalisation": _NORMALISATION_VERSION,
            "errors": self.errors,
            "keep_newlines": self.keep_newlines,
            "documents": [document.sha256 for document in self.documents],
        }
        return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def chars(self) -> int:
        """Characters of all documents."""
        return sum(document.chars for document in self.documents)

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of all documents, normalised."""
        return sum(document.bytes for document in self.documents)

    def character_counts(self) -> dict[str, int]:
        """How often each character occurs, in the order of their code points; from the scan, without a second read."""
        return dict(self.counts)

    def read(self, document: Document, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The normalised text of characters [start, stop), in chunks of about `limits.READ_CHUNK_BYTES`.

        Where the text is read to its end, the file's hash is checked again.

        Raises:
            CorpusError: while reading; the file has changed since it was scanned, or cannot be read any more.
            ValueError: at once; the range does not lie within the document.
        """
        stop = document.chars if stop is None else stop
        if not 0 <= start <= stop <= document.chars:
            raise ValueError(f"characters [{start}, {stop}) do not lie within the {document.chars} of {document.name}")
        return self._read(document, start, stop)

    def _read(self, document: Document, start: int, stop: int) -> Iterator[str]:
        if start == stop:
            return
        digest = hashlib.sha256()
        normaliser = Normaliser(errors=self.errors, keep_newlines=self.keep_newlines)
        to_the_end = stop == document.chars
        at = 0
        try:
            for text in decoded(document.path, normaliser, digest=digest):
                begin, at = at, at + len(text)
                if piece := text[max(0, start - begin) : max(0, stop - begin)]:
                    yield piece
                if at >= stop and not to_the_end:
                    return
        except BadByteError:
            at = -1
        except OSError as error:
            raise CorpusError(f"{document.name}: {_words(error)}", remedy="bring the file back, or start a new run") from error
        if at != document.chars or digest.hexdigest() != document.sha256:
            raise CorpusError(
                f"{document.name}: the file has changed since it was first read", remedy="start again with the file as it is now"
            )


def gather(
    candidates: Sequence[Candidate],
    *,
    errors: str = "strict",
    keep_newlines: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Check and count what was found. Every file is read once, in bounded memory.

    A file that was named is read whatever its ending, and refused when it is not text; of a folder, a glob or a corpus what is not text
    is listed in `skipped`.

    Args:
        candidates: the files.
        errors: what to do with bytes that are not UTF-8: one of `choices.ErrorsPolicy`.
        keep_newlines: leave CRLF and CR as they are instead of turning them into LF.
        progress: called with (bytes read, bytes in all) of the raw files.

    Raises:
        CorpusError: a file that was named is unreadable, empty, binary, of another encoding, or holds a byte that is not UTF-8; or no
            file is text.
        UsageError: an unknown policy.
    """
    if errors not in get_args(ErrorsPolicy):
        expected = ", ".join(get_args(ErrorsPolicy))
        raise UsageError(f"errors: expected one of {expected}, found {errors!r}", remedy="--errors strict is the default")
    advance = metered(sum(_size(candidate.path) for candidate in candidates) if progress else 0, progress)
    counter = CharacterCounter()
    documents: list[Document] = []
    skipped: list[tuple[str, str]] = []
    for candidate in candidates:
        try:
            found = _examine(candidate, errors=errors, keep_newlines=keep_newlines, progress=advance)
        except RefusedError as refusal:
            if candidate.named:
                raise CorpusError(f"{candidate.name}: {refusal.reason}", remedy=refusal.remedy) from refusal
            skipped.append((candidate.name, refusal.reason))
            continue
        counter.merge(found.counter)
        documents.append(_document(candidate, found))
    if not documents:
        raise _nothing_usable(skipped)
    return Corpus(
        documents=tuple(documents),
        skipped=tuple(skipped),
        errors=errors,
        keep_newlines=keep_newlines,
        counts=counter.to_dict(),
    )


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _document(candidate: Candidate, found: Scan) -> Document:
    return Document(
        name=candidate.name,
        path=candidate.path,
        chars=found.counter.chars,
        bytes=found.counter.bytes,
        sha256=found.sha256,
        notes=found.notes,
    )


def _examine(candidate: Candidate, *, errors: str, keep_newlines: bool, progress: Callable[[int], None]) -> Scan:
    """Scan one file, or say why it is not usable text. Raises RefusedError."""
    if candidate.obstacle:
        raise RefusedError(candidate.obstacle, remedy="name it itself")
    path = candidate.path
    try:
        with open_regular(path) as stream:
            head = stream.read(limits.BINARY_PROBE_BYTES)
        require_text(head, str(path))
        found = scan(path, errors=errors, keep_newlines=keep_newlines, progress=progress)
    except OSError as error:
        raise RefusedError(_words(error), remedy="make the file readable (chmod u+r), or name another") from error
    except BadByteError as bad:
        line, column = position_of(path, bad.offset)
        raise RefusedError(
            f"byte 0x{bad.value:02X} at offset {bad.offset} (line {line}, column {column}) is not UTF-8",
            remedy="--errors replace puts U+FFFD for each such byte, --errors ignore leaves them out, --errors surrogateescape keeps them;"
            f" or convert the file: iconv -f WINDOWS-1252 -t UTF-8 {shlex.quote(str(path))} > out.txt",
        ) from bad
    if not found.counter.chars:
        left = f" ({'; '.join(found.notes)})" if found.notes else ""
        raise RefusedError(f"empty{left}, expected text", remedy="name a file that holds some text")
    return found


def _words(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or str(error) or os.strerror(error.errno or 0)).lower()}"


def _nothing_usable(skipped: Sequence[tuple[str, str]]) -> CorpusError:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped[:_REASONS_SHOWN])
    more = f"; and {len(skipped) - _REASONS_SHOWN} more" if len(skipped) > _REASONS_SHOWN else ""
    return CorpusError(
        f"no usable text among {counted(len(skipped), 'file')} ({reasons}{more})",
        remedy="name a file or a folder that holds UTF-8 text, or see lstmgen corpora",
    )
