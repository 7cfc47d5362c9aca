"""Files to documents: read once to check and count them, and read again, in chunks or document by document, as normalised text."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from lstmgen import limits
from lstmgen.choices import ErrorsPolicy
from lstmgen.corpus.known_files import known_or
from lstmgen.corpus.locate import Candidate
from lstmgen.corpus.prepared import metered
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.text.decoding import SCAN, BadByteError, CharacterCounter, Normaliser, Scan, decoded, known_encoding, place_of, scan
from lstmgen.media.text.division import Division
from lstmgen.media.text.recognise import UTF_8, RefusedError, require_text
from lstmgen.opening import open_regular
from lstmgen.wording import counted

_NORMALISATION_VERSION: Final = 1
"""Part of a corpus's hash; to be raised when the same bytes would become another text."""
_REASONS_SHOWN: Final = 5
_WHOLE: Final = Division()


@dataclass(frozen=True, kw_only=True)
class TextFile:
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
    documents: int = 1
    """How many it holds."""
    notes: tuple[str, ...] = ()
    """What normalisation changed, for the user to know."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Files in their order, with all that is needed to read them again in the same way."""

    files: tuple[TextFile, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    """Name and reason of every file that was found but is not text."""
    errors: str = "strict"
    """What is done with bytes that are not UTF-8: one of `choices.ErrorsPolicy`."""
    keep_newlines: bool = False
    encoding: str = UTF_8
    """As `decoding.known_encoding` gives it."""
    division: Division = _WHOLE
    counts: Mapping[str, int] = field(default_factory=dict[str, int], repr=False)
    """The characters of all documents and how often each occurs, in the order of their code points."""

    @property
    def sha256(self) -> str:
        """Hash of the files' hashes in order, of the normalisation and of the division: equal hashes mean equal documents."""
        identity = {
            "normalisation": _NORMALISATION_VERSION,
            "errors": self.errors,
            "keep_newlines": self.keep_newlines,
            "documents": [file.sha256 for file in self.files],
        }
        if self.encoding != UTF_8:
            identity["encoding"] = self.encoding
        if self.division.divides:
            identity["division"] = asdict(self.division)
        return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def num_documents(self) -> int:
        """How many documents there are."""
        return sum(file.documents for file in self.files)

    @property
    def chars(self) -> int:
        """Characters of all files."""
        return sum(file.chars for file in self.files)

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of all files, normalised."""
        return sum(file.bytes for file in self.files)

    def documents(self) -> Iterator[tuple[str, str]]:
        """Every document whole, and the name of the file that holds it. Raises as `read`."""
        for file in self.files:
            if self.division.divides:
                for texts in self.division.divided(self.read(file)):
                    yield from ((file.name, text) for text in texts)
            else:
                yield file.name, "".join(self.read(file))

    def character_counts(self) -> dict[str, int]:
        """How often each character occurs, in the order of their code points; from the scan, without a second read."""
        return dict(self.counts)

    def read(self, file: TextFile, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The normalised text of characters [start, stop), in chunks of about `limits.READ_CHUNK_BYTES`.

        Where the text is read to its end, the file's hash is checked again.

        Raises:
            CorpusError: while reading; the file has changed since it was scanned, or cannot be read any more.
            ValueError: at once; the range does not lie within the file.
        """
        stop = file.chars if stop is None else stop
        if not 0 <= start <= stop <= file.chars:
            raise ValueError(f"characters [{start}, {stop}) do not lie within the {file.chars} of {file.name}")
        return self._read(file, start, stop)

    def _read(self, file: TextFile, start: int, stop: int) -> Iterator[str]:
        if start == stop:
            return
        digest = hashlib.sha256()
        normaliser = Normaliser(errors=self.errors, keep_newlines=self.keep_newlines, encoding=self.encoding)
        to_the_end = stop == file.chars
        at = 0
        try:
            for text in decoded(file.path, normaliser, digest=digest):
                begin, at = at, at + len(text)
                if piece := text[max(0, start - begin) : max(0, stop - begin)]:
                    yield piece
                if at >= stop and not to_the_end:
                    return
        except BadByteError:
            at = -1
        except OSError as error:
            raise CorpusError(f"{file.name}: {_words(error)}", remedy="bring the file back, or start a new run") from error
        if at != file.chars or digest.hexdigest() != file.sha256:
            raise CorpusError(f"{file.name}: the file has changed since it was first read", remedy="start again with the file as it is now")


def gather(
    candidates: Sequence[Candidate],
    *,
    errors: str = "strict",
    keep_newlines: bool = False,
    encoding: str = UTF_8,
    division: Division = _WHOLE,
    progress: Callable[[int, int], None] | None = None,
    cache: Path | None = None,
) -> Corpus:
    """Check and count what was found. Every file is read once, in bounded memory.

    A file that was named is read whatever its ending, and refused when it is not text; of a folder, a glob or a corpus what is not text
    is listed in `skipped`.

    Args:
        candidates: the files.
        errors: what to do with bytes that are not UTF-8: one of `choices.ErrorsPolicy`.
        keep_newlines: leave CRLF and CR as they are instead of turning them into LF.
        encoding: of all files, by any name that Python knows it by.
        division: how each is divided into documents.
        progress: called with (bytes read, bytes in all) of the raw files.
        cache: where it is kept what large files hold, which then are not read again while they stay as they were.

    Raises:
        CorpusError: a file that was named is unreadable, empty, binary, of another encoding, or holds a byte that is not UTF-8; or no
            file is text.
        UsageError: an unknown policy or encoding.
    """
    if errors not in get_args(ErrorsPolicy):
        expected = ", ".join(get_args(ErrorsPolicy))
        raise UsageError(f"errors: expected one of {expected}, found {errors!r}", remedy="--errors strict is the default")
    encoding = known_encoding(encoding)
    how = {"errors": errors, "keep_newlines": keep_newlines, "encoding": encoding, "division": division}
    advance = metered(sum(_size(candidate.path) for candidate in candidates) if progress else 0, progress)
    counter = CharacterCounter()
    files: list[TextFile] = []
    skipped: list[tuple[str, str]] = []
    for candidate in candidates:
        try:
            found = _examine(candidate, **how, progress=advance, cache=cache)
        except RefusedError as refusal:
            if candidate.named:
                raise CorpusError(f"{candidate.name}: {refusal.reason}", remedy=refusal.remedy) from refusal
            skipped.append((candidate.name, refusal.reason))
            continue
        counter.merge(found.learned)
        files.append(_file(candidate, found))
    if not files:
        raise _nothing_usable(skipped)
    return Corpus(
        files=tuple(files),
        skipped=tuple(skipped),
        **how,
        counts=counter.to_dict(),
    )


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _file(candidate: Candidate, found: Scan) -> TextFile:
    return TextFile(
        name=candidate.name,
        path=candidate.path,
        chars=found.counter.chars,
        bytes=found.counter.bytes,
        sha256=found.sha256,
        documents=found.documents,
        notes=found.notes,
    )


def _examine(candidate: Candidate, *, encoding: str, progress: Callable[[int], None], cache: Path | None, **how: Any) -> Scan:
    """Scan one file, or say why it is not usable text. Raises RefusedError."""
    if candidate.obstacle:
        raise RefusedError(candidate.obstacle, remedy="name it itself")
    path = candidate.path
    try:
        with open_regular(path) as stream:
            head = stream.read(limits.BINARY_PROBE_BYTES)
        require_text(head, str(path), encoding=encoding)
        decided = {**how, "encoding": encoding, "division": asdict(how["division"]), "version": _NORMALISATION_VERSION}
        read = partial(scan, path, encoding=encoding, progress=progress, **how)
        found = Scan.from_json(known_or(lambda: read().to_json(), path, how=decided, schema=SCAN, cache=cache))
    except OSError as error:
        raise RefusedError(_words(error), remedy="make the file readable (chmod u+r), or name another") from error
    except BadByteError as bad:
        offset, _, where = place_of(path, bad.offset, encoding=encoding).partition(", ")
        raise RefusedError(
            f"byte 0x{bad.value:02X} at {offset}{f' ({where})' if where else ''} is not {encoding.upper()}",
            remedy=f"--encoding {'cp1252, for what Windows wrote' if encoding == UTF_8 else 'utf-8, or another one'};"
            " or --errors replace puts U+FFFD for each such byte, --errors ignore leaves them out, --errors surrogateescape keeps them",
        ) from bad
    if not found.learned.chars:
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
